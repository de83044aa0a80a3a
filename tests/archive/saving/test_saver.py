"""From a list of URLs to captures that were seen: with keys."""

from itertools import pairwise
from typing import Any

import pytest

from linkkeeper.archive.saving.base import SaveOutcome as Outcome
from linkkeeper.demo.captures import Capture
from linkkeeper.models.ticket import SaveState as State

URL = "http://living.example/a"


async def test_a_page_is_submitted_captured_and_seen(bench: Any) -> None:
    found = await bench.save(URL)
    assert found[URL].outcome is Outcome.VERIFIED, found
    stamp = bench.tickets()[URL].timestamp
    assert found[URL].copy == f"{bench.archive.url}/web/{stamp}/{URL}"
    assert [one.url for one in bench.saving.submissions] == [URL]
    sent = bench.saving.submissions[0].fields
    assert (sent["skip_first_archive"], sent["capture_outlinks"], sent["capture_all"]) == ("1", "0", "0")
    assert int(sent["if_not_archived_within"]) > 0
    assert bench.tickets()[URL].state is State.VERIFIED


async def test_the_next_run_asks_nobody_about_it(bench: Any) -> None:
    await bench.save(URL)
    asked = len(bench.archive.log)
    found = await bench.save(URL, URL + "#part")
    assert {one.outcome for one in found.values()} == {Outcome.RECENT}
    assert len(bench.archive.log) == asked


async def test_a_page_with_a_recent_capture_is_not_submitted(make_bench: Any, clock: Any) -> None:
    old, new = URL + "/old", URL + "/new"
    bench = await make_bench(Capture(old, clock.digits(400 * 86_400)), Capture(new, clock.digits(30 * 86_400)))
    found = await bench.save(old, new, older_than_s=365 * 86_400.0)
    assert (found[old].outcome, found[new].outcome) == (Outcome.VERIFIED, Outcome.RECENT)
    assert [one.url for one in bench.saving.submissions] == [old]
    assert bench.saving.submissions[0].fields["if_not_archived_within"] == str(365 * 86_400)


async def test_any_capture_will_do_unless_an_age_is_given(make_bench: Any) -> None:
    bench = await make_bench(Capture(URL, "20140101000000"))
    assert (await bench.save(URL))[URL].outcome is Outcome.RECENT
    assert bench.saving.submissions == []
    assert (await bench.save(URL, older_than_s=86_400.0))[URL].outcome is Outcome.VERIFIED


async def test_an_excluded_page_is_not_submitted(make_bench: Any) -> None:
    bench = await make_bench(excluded=[URL])
    assert (await bench.save(URL))[URL].outcome is Outcome.FORBIDDEN
    asked = len(bench.archive.log)
    assert (await bench.save(URL))[URL].outcome is Outcome.FORBIDDEN
    assert (bench.saving.submissions, len(bench.archive.log)) == ([], asked)


async def test_a_page_that_redirects_is_seen_through_its_redirect(bench: Any) -> None:
    bench.saving.redirects[URL] = "https://www.living.example/b/"
    found = await bench.save(URL)
    assert found[URL].outcome is Outcome.VERIFIED
    assert bench.tickets()[URL].original == "https://www.living.example/b/"


@pytest.mark.speed(40)
async def test_thirty_pages_are_never_more_than_six_a_minute(bench: Any) -> None:
    bench.saving.job_s = 33.0
    urls = [f"http://living{n}.example/" for n in range(30)]
    found = await bench.save(*urls)
    assert {one.outcome for one in found.values()} == {Outcome.VERIFIED}
    assert bench.saving.busiest() <= 6
    assert sorted(one.url for one in bench.saving.submissions) == sorted(urls)
    times = [one.at for one in bench.saving.submissions]
    assert times[-1] - times[0] < 30 * 14, "and not much slower"


async def test_never_more_sessions_than_the_account_has(bench: Any) -> None:
    bench.saving.job_s, bench.saving.sessions = 60.0, 2
    busy = []
    bench.archive.on_request = lambda phase, route, path: busy.append(bench.saving.under_way())
    found = await bench.save(*[f"{URL}{n}" for n in range(6)])
    assert {one.outcome for one in found.values()} == {Outcome.VERIFIED}
    assert max(busy) <= 2
    assert all(one.outcome == "job" for one in bench.saving.submissions), "no submission was refused"


async def test_jobs_are_not_asked_about_too_often(bench: Any) -> None:
    bench.saving.job_s = 45.0
    await bench.save(*[f"{URL}{n}" for n in range(4)])
    by_job: dict[str, list[float]] = {}
    for at, job in bench.saving.polls:
        by_job.setdefault(job, []).append(at)
    gaps = [b - a for times in by_job.values() for a, b in pairwise(times)]
    assert min(gaps) >= 5.9
    assert len(by_job) == 4


async def test_no_more_than_wanted_are_submitted(bench: Any) -> None:
    urls = [f"{URL}{n}" for n in range(5)]
    found = await bench.save(*urls, max_count=2)
    outcomes = [one.outcome for one in found.values()]
    assert (outcomes.count(Outcome.VERIFIED), outcomes.count(Outcome.QUEUED)) == (2, 3)
    found = await bench.save(*urls)
    assert sorted(one.url for one in bench.saving.submissions) == urls
    assert {one.outcome for one in found.values()} == {Outcome.RECENT, Outcome.VERIFIED}


async def test_a_run_ends_when_its_time_is_up_and_the_next_goes_on(bench: Any) -> None:
    urls = [f"{URL}{n}" for n in range(8)]
    begin = bench.clock.now()
    found = await bench.save(*urls, max_time_s=45.0)
    assert bench.clock.now() - begin < 90
    assert len(found) == 8
    assert 2 <= len(bench.saving.submissions) <= 5
    assert {one.outcome for one in found.values()} <= {
        Outcome.VERIFIED,
        Outcome.QUEUED,
        Outcome.SUBMITTED,
        Outcome.CAPTURED,
    }
    assert Outcome.QUEUED in {one.outcome for one in found.values()}
    await bench.save(*urls)
    assert sorted(one.url for one in bench.saving.submissions) == urls


async def test_whoever_stops_a_run_gets_the_rest_as_queued(bench: Any) -> None:
    urls = [f"{URL}{n}" for n in range(8)]
    made = await bench.saver()
    begin, found = bench.clock.now(), {}
    async for result in made.save(urls):
        found[result.url] = result
        made.stop("interrupted")
    assert bench.clock.now() - begin < 120
    assert sorted(found) == urls
    assert [one.outcome for one in found.values()].count(Outcome.QUEUED) >= 5
    assert made.notes == ["Wayback Machine: interrupted."]


@pytest.mark.speed(40)
async def test_two_runs_at_once_submit_nothing_twice_and_share_the_rate(bench: Any) -> None:
    import asyncio

    urls = [f"{URL}{n}" for n in range(6)]
    bench.saving.job_s = 20.0
    found = await asyncio.gather(bench.save(*urls), bench.save(*reversed(urls)))
    assert sorted(one.url for one in bench.saving.submissions) == urls
    assert bench.saving.busiest() <= 6
    for results in found:
        assert {one.outcome for one in results.values()} <= {Outcome.VERIFIED, Outcome.RECENT}


async def test_names_that_are_private_are_not_sent(bench: Any) -> None:
    class Names:
        async def resolve(self, host: str) -> tuple[str, ...]:
            return ("192.168.1.4",) if host.startswith("inside") else ("93.184.216.34",)

    inside = "http://inside.example/"
    found = await bench.save(inside, URL, names=Names())
    assert (found[inside].outcome, found[URL].outcome) == (Outcome.NOT_SENT, Outcome.VERIFIED)
    assert "private (RFC 1918)" in found[inside].detail
    assert all("inside" not in entry.path for entry in bench.archive.log)
    assert (await bench.save(inside, names=Names(), allow_private=True))[inside].outcome is Outcome.VERIFIED


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a",
        "http://[::1]/a",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://8.8.8.8/",
        "http://localhost:8000/",
        "http://wiki/page",
        "http://printer.local/",
        "http://nas.home.arpa/",
        "http://user:hunter2secret@living.example/",
        "http://living.example/?access_token=hunter2secret12345",
        "https://web.archive.org/web/2016/http://living.example/",
        "https://archive.org/details/x",
        "https://archive.ph/abc",
        "file:///etc/passwd",
        "http://[broken/",
        "mailto:a@living.example",
    ],
)
async def test_what_is_never_sent_is_never_sent(bench: Any, url: str) -> None:
    found = await bench.save(url, allow_private=True)
    assert found[url].outcome is Outcome.NOT_SENT
    assert found[url].detail
    assert bench.archive.log == []
    assert bench.tickets() == {}


async def test_what_the_user_excluded_is_not_sent(bench: Any) -> None:
    found = await bench.save(URL, excluded=lambda url: "excluded by the settings")
    assert (found[URL].outcome, found[URL].detail) == (Outcome.NOT_SENT, "excluded by the settings")
    assert bench.archive.log == []


async def test_keys_go_nowhere_but_into_their_header(bench: Any, caplog: Any) -> None:
    import logging

    caplog.set_level(logging.DEBUG)
    bench.saving.refusals["*"] = ["blocked-url"]
    made = await bench.saver()
    shown = [result async for result in made.save([URL])]
    assert bench.archive.seen("save")[0].headers["Authorization"] == "LOW accesskey:hunter2secret"
    assert all("Authorization" not in one.headers for one in bench.archive.seen("index") + bench.archive.seen("page"))
    everything = f"{shown} {made.notes} {bench.heard} {bench.tickets()} {caplog.text}"
    assert "hunter2secret" not in everything
    assert "accesskey" not in everything
    assert all(b"hunter2secret" not in file.read_bytes() for file in bench.folder.iterdir())


async def test_pages_that_wait_to_be_submitted_hold_up_nobody_else(make_bench: Any, clock: Any) -> None:
    known = [f"http://known{n}.example/" for n in range(12)]
    new = [f"http://new{n}.example/" for n in range(12)]
    bench = await make_bench(*[Capture(url, clock.digits(86_400)) for url in known])
    made = await bench.saver()
    order = [result.url async for result in made.save(new + known)]
    assert sorted(order) == sorted(new + known)
    assert sum(url in known for url in order[:21]) == 12, "before the last of the others are submitted"
    assert len(bench.saving.submissions) == 12


async def test_nothing_to_save_is_nothing_to_ask(bench: Any) -> None:
    assert await bench.save() == {}
    assert bench.archive.log == []


@pytest.mark.parametrize("with_keys", [True, False])
async def test_urls_of_every_kind_arrive_as_they_are(bench: Any, with_keys: bool) -> None:
    urls = {
        "http://living.example/a?x=1&y=%20b+c&&z": "http://living.example/a?x=1&y=%20b+c&&z",
        "http://living.example/路径?q=ü": "http://living.example/%E8%B7%AF%E5%BE%84?q=%C3%BC",
        "http://中文.example/": "http://xn--fiq228c.example/",
        "http://living.example/a b": "http://living.example/a%20b",
        "http://living.example/?next=http://other.example/x?y": "http://living.example/?next=http://other.example/x?y",
        "https://living.example:8443/UPPER//double/": "https://living.example:8443/UPPER//double/",
    }
    found = await bench.save(*urls, **({} if with_keys else {"keys": None}))
    assert {url: one.outcome for url, one in found.items()} == dict.fromkeys(urls, Outcome.VERIFIED)
    assert sorted(one.url for one in bench.saving.submissions) == sorted(urls.values())


async def test_an_age_of_nothing_captures_again_and_once(make_bench: Any, clock: Any) -> None:
    bench = await make_bench(Capture(URL, clock.digits(3600)))
    found = await bench.save(URL, older_than_s=0.0)
    assert found[URL].outcome is Outcome.VERIFIED
    assert len(bench.saving.submissions) == 1


async def test_a_second_machine_with_a_copy_of_the_state_makes_no_second_capture(bench: Any, tmp_path: Any) -> None:
    import asyncio
    import shutil

    urls = [f"{URL}{n}" for n in range(3)]
    bench.saving.job_s = 40.0
    first = asyncio.ensure_future(bench.save(*urls))
    while not bench.saving.submissions:  # noqa: ASYNC110 - the stand-in tells nobody
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.01)
    shutil.copytree(bench.folder, tmp_path / "copy")
    await first
    found = await bench.save(*urls, folder=tmp_path / "copy")
    assert {one.outcome for one in found.values()} <= {Outcome.VERIFIED, Outcome.RECENT}
    assert [bench.saving.count(url) for url in urls] == [1, 1, 1]
