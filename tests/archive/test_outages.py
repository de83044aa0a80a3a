"""An archive that cannot be asked: nothing is called "none", nothing hangs, and what it refused is left alone."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from linkkeeper.archive.base import Wanted
from linkkeeper.archive.clocks import FileClock, MemoryClock
from linkkeeper.archive.rescue import MemoryAnswers, Rescuer
from linkkeeper.archive.rows import CONTROLS
from linkkeeper.demo.archive import ArchiveServer, Fault
from linkkeeper.demo.captures import Capture
from linkkeeper.models.document import Dated
from linkkeeper.models.snapshot import SnapshotState as State

Start = Callable[..., Awaitable[ArchiveServer]]
Make = Callable[..., Awaitable[Rescuer]]
Day = Callable[[str], Dated]
KINDS = ("429", "503", "504", "500", "html", "truncated", "reset", "hang")


def captures(count: int) -> list[Capture]:
    return [Capture(f"http://host{n}.example/post", "20160101000000") for n in range(count)]


def wanted(count: int, near: Dated) -> list[Wanted]:
    return [Wanted(f"http://host{n}.example/post", near) for n in range(count)]


@pytest.mark.parametrize("kind", [*KINDS, "empty", "drip"])
async def test_an_index_that_cannot_be_asked_never_says_none(
    kind: str, start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    archive = await start_archive(*captures(6), faults={"index": Fault(kind)})
    rescuer = await make_rescuer(archive, timeout_s=0.3, pause_s=0.05)
    answers = await asyncio.wait_for(rescuer.rescue(wanted(6, day("2016-07-08"))), 10)
    states = {answer.snapshot.state for answer in answers.values()}
    if kind == "empty":  # the playback knows better, and so do we
        assert states == {State.VERIFIED}
    else:
        assert states == {State.UNKNOWN}
        assert all(answer.snapshot.detail for answer in answers.values())


@pytest.mark.parametrize("kind", [*KINDS, "drip"])
async def test_an_outage_of_everything_never_says_none(
    kind: str, start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    archive = await start_archive(*captures(6), faults={"all": Fault(kind)})
    rescuer = await make_rescuer(archive, timeout_s=0.3, pause_s=0.05)
    answers = await asyncio.wait_for(rescuer.rescue(wanted(6, day("2016-07-08"))), 10)
    assert {answer.snapshot.state for answer in answers.values()} == {State.UNKNOWN}
    assert len(archive.log) <= 6


async def test_an_archive_that_denies_everything_is_not_believed(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    archive = await start_archive(*captures(3), faults={"all": Fault("empty")})
    rescuer = await make_rescuer(archive)
    answers = await rescuer.rescue(wanted(3, day("2016-07-08")))
    assert {answer.snapshot.state for answer in answers.values()} == {State.UNKNOWN}
    assert len(archive.seen("index")) <= 3 + len(CONTROLS) + 1


async def test_a_none_is_believed_once_another_answer_shows_that_the_index_works(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    archive = await start_archive(*captures(1), control=False)
    rescuer = await make_rescuer(archive)
    near = day("2016-07-08")
    absent, present = Wanted("http://absent.example/", near), Wanted("http://host0.example/post", near)
    answers = await rescuer.rescue([absent, present])
    assert answers[absent].snapshot.state is State.NONE
    assert answers[present].snapshot.state is State.VERIFIED


@pytest.mark.parametrize("kind", ["429", "503", "504", "html", "truncated", "reset", "hang"])
async def test_a_playback_that_cannot_be_asked_leaves_the_capture_unverified(
    kind: str, start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    archive = await start_archive(*captures(1), faults={"page": Fault(kind)})
    rescuer = await make_rescuer(archive, timeout_s=0.3, pause_s=0.05)
    (answer,) = (await rescuer.rescue(wanted(1, day("2016-07-08")))).values()
    if kind == "truncated":  # half a page is a page
        assert answer.snapshot.state is State.VERIFIED
    else:
        assert answer.snapshot.state is State.UNVERIFIED
        assert answer.snapshot.url == f"{archive.url}/web/20160101000000/http://host0.example/post"


async def test_a_confirmation_that_cannot_be_asked_is_no_none(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    archive = await start_archive(faults={"page": Fault("503")})
    rescuer = await make_rescuer(archive)
    (answer,) = (await rescuer.rescue(wanted(1, day("2016-07-08")))).values()
    assert answer.snapshot.state is State.UNKNOWN


@pytest.mark.parametrize("kind", ["429", "503", "reset"])
async def test_one_failure_is_tried_again(kind: str, start_archive: Start, make_rescuer: Make, day: Day) -> None:
    archive = await start_archive(*captures(3), faults={"all": Fault(kind, times=1)})
    rescuer = await make_rescuer(archive, pause_s=0.05)
    answers = await rescuer.rescue(wanted(3, day("2016-07-08")))
    assert {answer.snapshot.state for answer in answers.values()} == {State.VERIFIED}


async def test_three_failures_in_a_row_and_the_archive_is_left_alone(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    archive = await start_archive(*captures(50), faults={"all": Fault("503")})
    rescuer = await make_rescuer(archive)
    answers = await rescuer.rescue(wanted(50, day("2016-07-08")))
    assert {answer.snapshot.state for answer in answers.values()} == {State.UNKNOWN}
    assert len(archive.log) == 3


async def test_the_third_refusal_ends_archive_work_and_the_next_run_goes_on(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    archive = await start_archive(*captures(20), faults={"index": Fault("429", after=5)})
    remembered, near = MemoryAnswers(), day("2016-07-08")
    first = await (await make_rescuer(archive, answers=remembered, pause_s=0.05)).rescue(wanted(20, near))
    states = [answer.snapshot.state for answer in first.values()]
    assert states.count(State.VERIFIED) == 5
    assert states.count(State.UNKNOWN) == 15
    assert sum(entry.status == 429 for entry in archive.log) == 3
    archive.faults.clear()
    asked_before = len(archive.seen("index"))
    second = await (await make_rescuer(archive, answers=remembered)).rescue(wanted(20, near))
    assert {answer.snapshot.state for answer in second.values()} == {State.VERIFIED}
    assert sum(answer.cached for answer in second.values()) == 5
    assert len(archive.seen("index")) == asked_before + 15


async def test_no_request_is_made_during_a_pause_and_pauses_double(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    archive = await start_archive(*captures(8), faults={"index": Fault("429", times=2, after=2)})
    rescuer = await make_rescuer(archive, pause_s=0.3)
    answers = await rescuer.rescue(wanted(8, day("2016-07-08")))
    assert {answer.snapshot.state for answer in answers.values()} == {State.VERIFIED}
    refusals = [entry.at for entry in archive.log if entry.status == 429]
    later = [[entry.at for entry in archive.log if entry.at > refusal + 0.02] for refusal in refusals]
    assert min(later[0]) - refusals[0] >= 0.29
    assert min(later[1]) - refusals[1] >= 0.59


async def test_requests_that_were_under_way_together_are_refused_once(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    urls = [f"http://host.example/{n}" for n in range(8)]
    pages = [Capture(url, "20160101000000") for url in urls]
    archive = await start_archive(*pages, latency_s=0.2, faults={"page": Fault("429", times=4)})
    rescuer = await make_rescuer(archive, pause_s=0.1)
    answers = await rescuer.rescue([Wanted(url, day("2016-07-08")) for url in urls])
    assert {answer.snapshot.state for answer in answers.values()} == {State.VERIFIED}


async def test_queries_for_whole_sites_that_time_out_do_not_stop_single_ones(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    urls = [f"http://host{host}.example/{page}" for host in range(4) for page in "ab"]
    archive = await start_archive(*(Capture(url, "20160101000000") for url in urls))
    archive.fails_on_prefixes = True
    rescuer = await make_rescuer(archive)
    answers = await rescuer.rescue([Wanted(url, day("2016-07-08")) for url in urls])
    assert {answer.snapshot.state for answer in answers.values()} == {State.VERIFIED}
    assert len(archive.seen("index")) == 1 + len(urls)


async def test_retry_after_is_obeyed_where_it_is_longer(start_archive: Start, make_rescuer: Make, day: Day) -> None:
    archive = await start_archive(*captures(1), faults={"index": Fault("429", times=1, retry_after="1")})
    rescuer = await make_rescuer(archive, pause_s=0.05)
    await rescuer.rescue(wanted(1, day("2016-07-08")))
    first, second, *_ = archive.log
    assert second.at - first.at >= 0.99


async def test_a_pause_outlives_the_process(start_archive: Start, make_rescuer: Make, day: Day, tmp_path: Path) -> None:
    archive = await start_archive(*captures(1), faults={"index": Fault("429", times=1)})
    near = day("2016-07-08")
    first = await make_rescuer(archive, clock=FileClock(tmp_path / "pace"), pause_s=5, max_archive_time_s=0.5)
    assert {answer.snapshot.state for answer in (await first.rescue(wanted(1, near))).values()} == {State.UNKNOWN}
    second = await make_rescuer(archive, clock=FileClock(tmp_path / "pace"), max_archive_time_s=0.5)
    assert {answer.snapshot.state for answer in (await second.rescue(wanted(1, near))).values()} == {State.UNKNOWN}
    assert len(archive.log) == 1


async def test_parallel_runs_share_one_rate(start_archive: Start, make_rescuer: Make, day: Day, tmp_path: Path) -> None:
    archive = await start_archive(*captures(12))
    near = day("2016-07-08")
    runs = [
        await make_rescuer(archive, clock=FileClock(tmp_path / "pace"), rate_per_minute=600) for _ in range(3)
    ]  # fmt: skip
    asked = wanted(12, near)
    await asyncio.gather(*(run.rescue(asked[n::3]) for n, run in enumerate(runs)))
    times = [entry.at for entry in archive.seen("index")]
    assert len(times) == 12
    assert times[-1] - times[0] > 11 * 0.1


async def test_the_time_for_archives_ends_and_the_rest_is_unknown(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    archive = await start_archive(*captures(100))
    rescuer = await make_rescuer(archive, rate_per_minute=600, max_archive_time_s=2)
    started = time.monotonic()
    answers = await rescuer.rescue(wanted(100, day("2016-07-08")))
    assert time.monotonic() - started < 7, "all would take 10"
    states = [answer.snapshot.state for answer in answers.values()]
    assert 3 <= states.count(State.VERIFIED) <= 21
    assert states.count(State.UNKNOWN) + states.count(State.UNVERIFIED) + states.count(State.VERIFIED) == 100


async def test_a_hanging_archive_ends_at_the_deadline(start_archive: Start, make_rescuer: Make, day: Day) -> None:
    archive = await start_archive(faults={"all": Fault("hang")})
    rescuer = await make_rescuer(archive, timeout_s=60, max_archive_time_s=0.5)
    started = time.monotonic()
    answers = await rescuer.rescue(wanted(3, day("2016-07-08")))
    assert {answer.snapshot.state for answer in answers.values()} == {State.UNKNOWN}
    assert time.monotonic() - started < 20, "its timeout is 60"


async def test_an_interruption_leaves_no_thread_behind(start_archive: Start, make_rescuer: Make, day: Day) -> None:
    archive = await start_archive(faults={"all": Fault("hang")})
    rescuer = await make_rescuer(archive, timeout_s=60)
    task = asyncio.create_task(rescuer.rescue(wanted(1, day("2016-07-08"))))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(asyncio.get_running_loop().shutdown_default_executor(), 20)


async def test_an_archive_that_is_not_there_is_unknown(make_rescuer: Make, day: Day) -> None:
    gone = ArchiveServer()
    await gone.start()
    await gone.stop()
    rescuer = await make_rescuer(gone, clock=MemoryClock())
    answers = await rescuer.rescue(wanted(10, day("2016-07-08")))
    assert {answer.snapshot.state for answer in answers.values()} == {State.UNKNOWN}


async def test_an_archive_of_one_site_can_show_that_its_index_works(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    archive = await start_archive(Capture("http://other.example/", "20200101000000"), control=False)
    rescuer = await make_rescuer(archive)
    (answer,) = (await rescuer.rescue([Wanted("http://absent.example/", day("2016-07-08"))])).values()
    assert answer.snapshot.state is State.NONE


async def test_an_index_that_knows_no_shared_queries_is_asked_one_by_one(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    urls = [f"http://a.example/{n}" for n in range(4)]
    archive = await start_archive(*(Capture(url, "20160101000000") for url in urls))
    archive.knows_prefixes = False
    rescuer = await make_rescuer(archive)
    answers = await rescuer.rescue([Wanted(url, day("2016-07-08")) for url in urls])
    assert {answer.snapshot.state for answer in answers.values()} == {State.VERIFIED}


@pytest.mark.parametrize("kind", ["302", "403", "404", "451"])
async def test_an_index_that_sends_everybody_away_is_left_alone(
    kind: str, start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    archive = await start_archive(*captures(50), faults={"all": Fault(kind)})
    rescuer = await make_rescuer(archive)
    answers = await rescuer.rescue(wanted(50, day("2016-07-08")))
    assert {answer.snapshot.state for answer in answers.values()} == {State.UNKNOWN}
    assert len(archive.log) == 3
