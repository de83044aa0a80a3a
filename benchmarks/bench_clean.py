"""How many URLs a second are cleaned, beside packages that do the like. One core, one run, ratios to ours.

    python benchmarks/bench_clean.py            # installs nothing: packages that are missing are left out

The mixture is that of real posts: 1 URL in 500 carries tracking, hosts repeat. The second figure is for URLs that all
have something to remove. Beside the speed stands how many of the cases of tests/urls come out as they must.
"""

import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

CASES = Path(__file__).resolve().parents[1] / "tests" / "urls" / "cases"
SECONDS = 1.0
Clean = Callable[[str], str]


def ours() -> Clean:
    """linkkeeper, by its built-in rules."""
    from linkkeeper.urls import rules
    from linkkeeper.urls.clean import Cleaner

    cleaner = Cleaner(rules.load())
    return lambda url: cleaner.clean(url).url


def unalix() -> Clean:
    """Unalix 0.9: ClearURLs rules of 2021."""
    clear_url = import_module("unalix").clear_url
    return lambda url: str(clear_url(url))


def courlan() -> Clean:
    """courlan 1.4: normalises, and drops some 40 names."""
    clean_url = import_module("courlan").clean_url
    return lambda url: str(clean_url(url))


def w3lib() -> Clean:
    """w3lib 2: canonicalises (sorts, re-encodes) and drops the names it is given."""
    url_query_cleaner = import_module("w3lib.url").url_query_cleaner
    names = ["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "fbclid", "gclid"]
    return lambda url: str(url_query_cleaner(url, names, remove=True))


def cases(name: str) -> list[tuple[str, str]]:
    """Return (written, expected) pairs of a file of cases."""
    lines = [line for line in (CASES / name).read_text("utf-8").splitlines() if line and not line.startswith("#")]
    pairs = [line.partition(" ")[::2] for line in lines]
    return [(before, after or before) for before, after in pairs]


def mixture(tracked: list[str]) -> list[str]:
    """Return 5,000 URLs on 400 hosts, of which 10 carry tracking."""
    plain = [f"https://www.host{place % 400}.example/posts/{place}.html" for place in range(5000)]
    for place in range(0, 5000, 3):
        plain[place] += f"?page={place}&sort=new"
    plain[::500] = tracked[:10]
    return plain


def rate(clean: Clean, urls: list[str]) -> float:
    """Return URLs a second of this core's time."""
    done, started = 0, time.process_time()
    while time.process_time() - started < SECONDS:
        for url in urls:
            _quietly(clean, url)
        done += len(urls)
    return done / (time.process_time() - started)


def _quietly(clean: Clean, url: str) -> str:
    try:
        return clean(url)
    except Exception as error:  # noqa: BLE001  # what others raise is their result
        return f"{type(error).__name__}"


def main() -> None:
    """Print one line per package."""
    kinds = {name: cases(f"{name}.txt") for name in ("keep", "strip", "unwrap")}
    tracked = [before for before, _ in kinds["strip"]]
    posts = mixture(tracked)
    print(f"{'':10}{'posts/s':>12}{'tracked/s':>12}{'ratio':>8}" + "".join(f"{name:>10}" for name in kinds))
    base = 0.0
    for maker in (ours, unalix, courlan, w3lib):
        try:
            clean = maker()
        except ImportError:
            print(f"{maker.__name__:10}{'not installed':>12}")
            continue
        speed, hard = rate(clean, posts), rate(clean, tracked)
        base = base or speed
        right = [sum(_quietly(clean, before) == after for before, after in pairs) for pairs in kinds.values()]
        figures = "".join(f"{good:>6}/{len(pairs):<3}" for good, pairs in zip(right, kinds.values(), strict=True))
        print(f"{maker.__name__:10}{speed:12,.0f}{hard:12,.0f}{speed / base:8.2f} {figures}")


if __name__ == "__main__":
    main()
