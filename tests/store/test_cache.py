"""Findings are reused while they are fresh, and only then."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linkkeeper.models.verdict import Finding, Judgement, Redirect, Verdict
from linkkeeper.store import database
from linkkeeper.store.cache import Cache, CacheOptions
from linkkeeper.store.database import open_state


def _finding(
    url: str, verdict: Verdict = Verdict.OK, age: timedelta = timedelta(0), rule: str = "http-success"
) -> Finding:
    return Finding(url, Judgement(verdict, rule, "HTTP 200"), status=200, checked=datetime.now(UTC) - age)


def _again(directory: Path, finding: Finding, options: CacheOptions | None = None) -> Finding | None:
    with open_state(directory) as state:
        Cache(state).put(finding)
    with open_state(directory) as state:
        return Cache(state, options).get(finding.url)


def test_a_fresh_finding_comes_back_marked_as_cached(tmp_path: Path) -> None:
    finding = _finding("https://example.com/")
    known = _again(tmp_path, finding)
    assert known is not None
    assert known.cached
    assert known.judgement == finding.judgement
    assert known.checked == finding.checked


def test_the_newest_finding_is_known_before_it_is_written(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        cache = Cache(state)
        cache.put(_finding("https://example.com/", age=timedelta(days=2)))
        cache.flush()
        cache.put(_finding("https://example.com/", Verdict.DEAD))
        known = cache.get("https://example.com/")
        assert known is not None
        assert known.judgement.verdict is Verdict.DEAD


@pytest.mark.parametrize(
    ("verdict", "fresh", "stale"),
    [
        (Verdict.OK, timedelta(days=5), timedelta(days=8)),
        (Verdict.REDIRECTED, timedelta(days=5), timedelta(days=8)),
        (Verdict.DEAD, timedelta(hours=19), timedelta(hours=25)),
        (Verdict.BLOCKED, timedelta(hours=19), timedelta(hours=25)),
        (Verdict.SUSPECT, timedelta(minutes=45), timedelta(minutes=61)),
    ],
)
def test_each_verdict_has_its_own_age(tmp_path: Path, verdict: Verdict, fresh: timedelta, stale: timedelta) -> None:
    assert _again(tmp_path, _finding("https://example.com/fresh", verdict, fresh)) is not None
    assert _again(tmp_path, _finding("https://example.com/stale", verdict, stale)) is None


def test_not_everything_falls_due_at_once(tmp_path: Path) -> None:
    urls = [f"https://example.com/{number}" for number in range(200)]
    with open_state(tmp_path) as state:
        cache = Cache(state)
        for url in urls:
            cache.put(_finding(url, age=timedelta(days=6, hours=6)))
    with open_state(tmp_path) as state:
        cache = Cache(state)
        assert 20 < sum(cache.get(url) is not None for url in urls) < 180


@pytest.mark.parametrize("verdict", [Verdict.UNCHECKED, Verdict.SKIPPED, Verdict.INVALID, Verdict.PLACEHOLDER])
def test_what_no_server_said_is_not_kept(tmp_path: Path, verdict: Verdict) -> None:
    assert _again(tmp_path, _finding("https://example.com/", verdict)) is None


def test_max_age_overrides_every_other_limit(tmp_path: Path) -> None:
    old = _finding("https://example.com/", age=timedelta(days=20))
    assert _again(tmp_path, old, CacheOptions(max_age_s=30 * 86400)) is not None
    young = _finding("https://example.com/", age=timedelta(seconds=90))
    assert _again(tmp_path, young, CacheOptions(max_age_s=60)) is None


def test_other_options_are_another_question(tmp_path: Path) -> None:
    assert _again(tmp_path, _finding("https://example.com/"), CacheOptions(options="proxy")) is None


def test_options_that_hold_a_secret_are_not_written_down(tmp_path: Path) -> None:
    options = CacheOptions(options='["Authorization: Bearer hunter2secret"]')
    with open_state(tmp_path) as state:
        Cache(state, options).put(_finding("https://example.com/"))
    assert all(b"hunter2secret" not in path.read_bytes() for path in tmp_path.iterdir())
    with open_state(tmp_path) as state:
        assert Cache(state, options).get("https://example.com/") is not None


def test_a_finding_from_the_future_is_not_believed(tmp_path: Path) -> None:
    assert _again(tmp_path, _finding("https://example.com/", age=timedelta(days=-3))) is None


def test_no_credential_reaches_the_disk_and_urls_that_differ_by_one_stay_apart(tmp_path: Path) -> None:
    one, two = (
        f"https://user:{word}@example.com/a?access_token={word}" for word in ("hunter2secret", "otherwordsecret")
    )
    with open_state(tmp_path) as state:
        cache = Cache(state)
        for url in (one, two):
            redirects = (Redirect(url, 302),)
            cache.put(
                Finding(
                    url,
                    Judgement(Verdict.OK, "http-success", url),
                    final_url=url,
                    redirects=redirects,
                    checked=datetime.now(UTC),
                    title=url[8:12],
                )
            )
    for path in tmp_path.iterdir():
        assert b"hunter2secret" not in path.read_bytes()
    with open_state(tmp_path) as state:
        cache = Cache(state)
        known = cache.get(one)
        assert known is not None
        assert known.url == one
        assert cache.get(two) is not None
        assert cache.get("https://example.com/a") is None


def test_rows_of_another_version_are_asked_again(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        Cache(state).put(_finding("https://example.com/"))
    with open_state(tmp_path) as state:
        state.write(("UPDATE replies SET finding = ?", [(b"\x93what",)]))
        assert Cache(state).get("https://example.com/") is None


def test_twenty_thousand_known_urls_take_a_fraction_of_a_second(tmp_path: Path) -> None:
    urls = [f"https://host{number % 2000}.example.com/page/{number}" for number in range(20_000)]
    with open_state(tmp_path) as state:
        cache = Cache(state)
        for url in urls:
            cache.put(_finding(url))
    started = time.process_time()
    with open_state(tmp_path) as state:
        cache = Cache(state)
        cache.load(urls)
        assert all(cache.get(url) is not None for url in urls)
    assert time.process_time() - started < 1.5  # 0.2 s on an idle core


def test_a_busy_database_holds_nobody_up_and_is_written_when_it_is_free(tmp_path: Path) -> None:
    import sqlite3

    with open_state(tmp_path) as state:
        cache = Cache(state)
        other = sqlite3.connect(tmp_path / database.NAME, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        for number in range(3000):
            cache.put(_finding(f"https://example.com/{number or ''}"))
        other.execute("COMMIT")
        other.close()
    with open_state(tmp_path) as state:
        assert Cache(state).get("https://example.com/") is not None


def test_what_a_page_says_of_itself_reaches_no_disk_with_credentials(tmp_path: Path) -> None:
    says = "http://usr:hunter2secret@b.example/?access_token=hunter2secret"
    for number, part in enumerate(("detail", "signs", "title", "fragment")):
        judgement = Judgement(
            Verdict.SUSPECT, "soft-404-sign", says * (part == "detail"), (says,) if part == "signs" else ()
        )
        finding = Finding(
            "https://example.com/",
            judgement,
            checked=datetime.now(UTC),
            title=says * (part == "title"),
            missing_fragments=((says, judgement),) if part == "fragment" else (),
        )
        assert _again(tmp_path / str(number), finding) is not None
        for path in (tmp_path / str(number)).iterdir():
            assert b"hunter2secret" not in path.read_bytes(), part


def test_many_urls_are_found_again_under_their_own_names(tmp_path: Path) -> None:
    urls = [f"https://user:word{number}@example.com/{number}" for number in range(40)] + ["https://example.com/new"]
    with open_state(tmp_path) as state:
        cache = Cache(state)
        cache.load(urls)
        assert cache.get(urls[0]) is None
        for url in urls[:40]:
            cache.put(_finding(url))
    with open_state(tmp_path) as state:
        cache = Cache(state)
        cache.load(urls)
        state.write(("DELETE FROM replies", [()]))  # all of it was fetched by now
        assert [found.url if (found := cache.get(url)) else "" for url in urls] == [*urls[:40], ""]
