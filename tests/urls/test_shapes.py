"""What a URL's shape decides is what a look at the whole URL decides."""

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.urls import rules, shapes
from linkkeeper.urls.clean import Cleaner
from linkkeeper.urls.index import Index
from linkkeeper.urls.rule_set import CleanOptions, RuleSet
from linkkeeper.urls.shapes import Shapes

MINE = """
[[global]]
id = "mine"
strip = ["id"]
value = '\\d+'
needs = ["q"]
patterns = ['v\\d+']
why = "a"
source = "b"
date = 2026-11-20

[[global]]
id = "mine-fragment"
fragments = ['x(?:=y)?']
why = "a"
source = "b"
date = 2026-11-20

[[site]]
id = "mine-site"
hosts = ["example.com", "github.*"]
path = '/s.*'
keep = ["utm_source"]
keep_only = ["id", "q"]
needs = ["v"]
why = "a"
source = "b"
date = 2026-11-20

[[site]]
id = "mine-value"
hosts = ["example.org"]
strip = ["page"]
value = '\\d*'
why = "a"
source = "b"
date = 2026-11-20

[[site]]
id = "mine-path"
hosts = ["short.example"]
path = '/s'
whole_query = true
why = "a"
source = "b"
date = 2026-11-20

[[wrapper]]
id = "mine-wrapper"
hosts = ["go.example.net"]
path = '/(?:go|link)?'
params = ["q"]
credentials = ["key"]
why = "a"
source = "b"
date = 2026-11-20

[[untouched]]
id = "mine-untouched"
all_of = ["pa*", "lang"]
path = '/s.*'
why = "a"
source = "b"
date = 2026-11-20
"""
SAID = CleanOptions(
    strip=("own", "example.org:ref", "ab*"),
    exempt_hosts=("Download.example",),
    exempt_params=("utm_id", "mp.weixin.qq.com:scene", "example.com:v1"),
)


class _Unhurried(Cleaner):
    """Looks at every URL as a whole."""

    def _found_at(self, site: str) -> Shapes | None:
        return None


def _mine(tmp: Path) -> RuleSet:
    file = tmp / "mine.toml"
    file.write_text(MINE)
    return rules.load(CleanOptions(rule_files=(str(file),)))


@pytest.fixture(scope="module", params=["ours", "said", "mine"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Cleaner, Cleaner]:
    """Return two that clean by the same rules, the second slowly."""
    match request.param:
        case "ours":
            some = rules.load()
        case "said":
            some = rules.load(SAID)
        case _:
            some = _mine(tmp_path_factory.mktemp("rules"))
    return Cleaner(some), _Unhurried(some)


def _same(pair: tuple[Cleaner, Cleaner], url: str) -> None:
    quick, slow = pair
    expected = slow.clean(url)
    assert quick.clean(url) == expected
    assert quick.cleaned(url) == expected.url


SITES = st.sampled_from(
    [
        "https://a.example", "http://example.com", "https://www.example.org:81", "https://github.co.uk",
        "https://mp.weixin.qq.com", "https://mp.weixin.qq.com.", "https://www.youtube.com", "https://go.example.net",
        "https://link.zhihu.com", "https://x.com", "https://t.co", "https://x.download.example", "https://www.zhihu.com",
        "https://EXAMPLE.com", "https://u@example.org", "//example.org", "www.example.org", "https:\\\\example.org",
        "https://例子.example", "", "https://", "https:///a.example", "ftp://a.example",
    ]
)  # fmt: skip
_PATHS = "/ /s /s/AbC /go /link /watch /redirect /share /https://b.example /http%3a//b \\s"
PATHS = st.sampled_from(["", *_PATHS.split(" ")])
_NAMES = (
    "utm_source UTM_ID utm_ id q v v1 page lang pa pass own ref abc from isappinstalled source gi clicktime enterid "
    "__biz mid idx sn scene key chksm amp;utm_id amp;id %75tm_id st e X-Amz-Signature sig se target url t S 中 \u212a "
    "https: https://b.example/"
)
NAMES = st.sampled_from(["", "a b", *_NAMES.split(" ")])
_VALUES = " = =1 =x =timeline =0123456789ab =https://b.example/?a =/?a =https%3A%2F%2Fb.example%2F%3Fid"
VALUES = st.sampled_from(_VALUES.split(" "))
QUERIES = st.lists(st.tuples(NAMES, VALUES).map("".join), max_size=6).flatmap(
    lambda pieces: st.sampled_from(["&", "&", "&amp;", ";", "?"]).map(lambda between: between.join(pieces))
)
ARTICLE = st.just("__biz=a&mid=1&idx=2&sn=b&")
_FRAGMENTS = "   # #a #x #x=y #utm_source=a #/a?id=1 #a?utm_id=1 #:~:text=a"
FRAGMENTS = st.sampled_from(_FRAGMENTS.split(" "))
SHAPED = st.tuples(SITES, PATHS, st.sampled_from(["?", "?", "?", ""]), st.just("") | ARTICLE, QUERIES, FRAGMENTS).map(
    "".join
)


@settings(max_examples=1500, deadline=None)
@given(url=SHAPED)
def test_a_shape_decides_what_the_whole_url_would(pair: tuple[Cleaner, Cleaner], url: str) -> None:
    _same(pair, url)


@settings(max_examples=300, deadline=None)
@given(url=st.text("ahtps:/?#&=%3A.;\\ \n", max_size=40).map("https://a.example/".__add__) | st.text())
def test_so_it_does_of_any_text(pair: tuple[Cleaner, Cleaner], url: str) -> None:
    _same(pair, url)


def _mutations(urls: list[str]) -> Iterator[str]:
    for place, url in enumerate(urls):
        other = urls[(place * 7 + 3) % len(urls)]
        yield from (url, url + "&" + other, url + "#" + other, url[: len(url) // 2] + other, url + "&utm_source=a")
        yield from (url.replace("&", "&amp;"), url.upper(), url.replace("=", "=x"))


def test_so_it_does_of_real_urls(pair: tuple[Cleaner, Cleaner], urls: list[str]) -> None:
    for url in _mutations(urls):
        _same(pair, url)


def test_so_it_does_where_nothing_is_remembered_for_long(
    pair: tuple[Cleaner, Cleaner], urls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for bound in ("_QUIET", "_SHAPES", "_CLASSES"):
        monkeypatch.setattr(shapes, bound, 1)
    monkeypatch.setattr("linkkeeper.urls.clean._SITES", 1)
    for url in _mutations(urls):
        _same(pair, url)


def test_a_value_of_one_url_says_nothing_of_the_next(cleaner: Cleaner) -> None:
    for value, stays in (("1", True), ("rss----0123456789ab---4", False), ("2", True)):
        url = f"https://a.example/?source={value}"
        assert cleaner.cleaned(url) == (url if stays else "https://a.example/")
    assert cleaner.cleaned("https://a.example/?u=/b&utm_id=1") == "https://a.example/?u=/b"
    assert cleaner.cleaned("https://a.example/?u=/b?c&utm_id=1") == "https://a.example/?u=/b?c&utm_id=1"


def test_what_is_remembered_is_bounded() -> None:
    cleaner = Cleaner(rules.load())
    for number in range(12_000):
        cleaner.cleaned(f"https://h{number}.zhihu.com/{number}?n{number}=1&utm_id=2")
        cleaner.cleaned(f"https://mp.weixin.qq.com/s/{number}?{'n' * (number % 700)}{number}=1")
    assert len(cleaner._sites) <= 10_000
    for one in cleaner._shapes.values():
        assert len(one.quiet) <= 4096
        assert len(one._decided) <= 256
        assert len(one._classes) <= 512
        assert len(one._rules.strip._memo) <= 2048
        assert all(len(shape) <= 512 for shape in one._decided)
    assert len(cleaner._shapes) <= 3, "subdomains share what is said of their site"


def test_every_host_that_a_rule_names_is_found() -> None:
    said = rules.load(SAID)
    index = Index(said)
    named = {host.replace("*", "co.uk") for entry in said.entries() for host in entry.hosts}
    for host in named | {"example.org", "download.example", "mp.weixin.qq.com", "example.com"}:
        assert index.at(host) is not index.at("a.example"), host
        assert index.at(f"a.b.{host}.") is not index.at("a.example"), host


@pytest.mark.parametrize(
    "url",
    [
        "https://short.example/s?{}=1", "https://short.example/?{}=1", "https://a.example/s?pa{0}=1&lang={0}&v1=2",
        "https://a.example/s?pa{0}=1&lang={0}", "https://example.org/?page=", "https://example.org/?page={}",
        "https://a.example/?id={}&q", "https://a.example/?id=1&q={}", "https://a.example/{}#x", "https://a.example/?{}#x",
    ],
)  # fmt: skip
def test_the_users_rules_hold_in_turn(url: str, tmp_path: Path) -> None:
    mine = _mine(tmp_path)
    pair = Cleaner(mine), _Unhurried(mine)
    for word in ("12", "a", "12", ""):
        _same(pair, url.format(word))


@pytest.mark.parametrize("piece", ["&", "&a", "&utm_id=1", "&%75", "&amp;", "?", "/", "%3", "https://"])
def test_any_url_takes_linear_time(cleaner: Cleaner, piece: str) -> None:
    url = "https://mp.weixin.qq.com/s?" + piece * (200_000 // len(piece))
    started = time.perf_counter()
    cleaner.cleaned(url)
    cleaner.clean(url)
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("depth", [1, 2, 8, 9, 12])
def test_wrappers_in_wrappers_are_followed_as_far(cleaner: Cleaner, depth: int) -> None:
    url = "https://a.example/?utm_source=b&id=c"
    for _ in range(depth):
        url = f"https://link.zhihu.com/?target={quote(url, safe='')}"
    assert cleaner.cleaned(url) == cleaner.clean(url).url
    assert (cleaner.cleaned(url) == "https://a.example/?id=c") == (depth <= 8)
