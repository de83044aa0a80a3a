"""Two hundred dead links: how many requests, how fast, and in whose name."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from itertools import pairwise
from typing import Any

from linkkeeper.archive.base import ArchiveOptions, Wanted
from linkkeeper.archive.clocks import MemoryClock
from linkkeeper.archive.registry import net_options, rescuer
from linkkeeper.archive.rescue import MemoryAnswers, Rescuer
from linkkeeper.demo.archive import ArchiveServer, Fault
from linkkeeper.demo.captures import Capture
from linkkeeper.models.document import Dated
from linkkeeper.models.snapshot import SnapshotState as State
from linkkeeper.models.verdict import Reply
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions

Start = Callable[..., Awaitable[ArchiveServer]]
Make = Callable[..., Awaitable[Rescuer]]
Day = Callable[[str], Dated]
STAMPS = ("20120101000000", "20160101000000", "20160601000000", "20180101000000")


def shared(hosts: int, pages: int) -> list[str]:
    """So many pages on each of so many hosts, in folders, with arguments, in mixed case."""
    forms = ("/a/{n}.html", "/2014/0{d}/Title-{n}", "/view?id={n}&x=1", "/p{n}/", "/deep/er/{n}")
    return [
        f"http://host{h}.example{forms[n % len(forms)].format(n=n, d=n % 9 + 1)}"
        for h in range(hosts)
        for n in range(pages)
    ]


def captures_of(urls: list[str]) -> list[Capture]:
    noise = [Capture(f"{url}/sub/{n}", "20150101000000") for url in urls for n in range(3)]
    return [Capture(url, stamp) for url in urls for stamp in STAMPS] + noise


async def test_links_that_share_hosts_cost_little_more_than_one_request(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    urls = shared(10, 20)
    archive = await start_archive(*captures_of(urls))
    rescuer = await make_rescuer(archive)
    wanted = [Wanted(url, day("2016-07-08")) for url in urls]
    answers = await rescuer.rescue(wanted)
    for question, answer in answers.items():
        assert answer.snapshot.url == f"{archive.url}/web/20160601000000/{question.url}", answer
    assert len(archive.log) <= 1.2 * len(urls), len(archive.log)


async def test_links_that_share_hosts_and_were_never_captured_cost_as_little(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    urls = shared(10, 20)
    archive = await start_archive(*captures_of(urls[::2]))
    rescuer = await make_rescuer(archive)
    answers = await rescuer.rescue([Wanted(url, day("2016-07-08")) for url in urls])
    states = [answer.snapshot.state for answer in answers.values()]
    assert (states.count(State.VERIFIED), states.count(State.NONE)) == (100, 100)
    assert len(archive.log) <= 1.2 * len(urls), len(archive.log)


async def test_links_of_many_hosts_cost_two_requests(start_archive: Start, make_rescuer: Make, day: Day) -> None:
    urls = shared(200, 1)
    archive = await start_archive(*captures_of(urls))
    rescuer = await make_rescuer(archive)
    answers = await rescuer.rescue([Wanted(url, day("2016-07-08")) for url in urls])
    assert {answer.snapshot.state for answer in answers.values()} == {State.VERIFIED}
    assert len(archive.log) <= 2 * len(urls) + 1


async def test_the_rate_is_never_exceeded(start_archive: Start, make_rescuer: Make, day: Day) -> None:
    urls = shared(40, 1)
    archive = await start_archive(*captures_of(urls))
    rescuer = await make_rescuer(archive, rate_per_minute=1200)
    await rescuer.rescue([Wanted(url, day("2016-07-08")) for url in urls])
    assert len(archive.seen("index")) == 40
    assert archive.busiest("index", window_s=1) <= 25  # a busy machine may read late what was sent in time


async def test_the_index_is_asked_one_thing_at_a_time(start_archive: Start, make_rescuer: Make, day: Day) -> None:
    urls = shared(10, 1)
    archive = await start_archive(*captures_of(urls), latency_s=0.05)
    rescuer = await make_rescuer(archive)
    await rescuer.rescue([Wanted(url, day("2016-07-08")) for url in urls])
    times = sorted(entry.at for entry in archive.seen("index"))
    assert all(later - earlier >= 0.049 for earlier, later in pairwise(times))


async def test_one_url_wanted_for_many_days_is_asked_once(start_archive: Start, make_rescuer: Make, day: Day) -> None:
    url = "http://gone.example/post"
    archive = await start_archive(*[Capture(url, stamp) for stamp in STAMPS])
    rescuer = await make_rescuer(archive)
    wanted = [Wanted(url, day(text)) for text in ("2012-02-01", "2016-03-01", "2016-07-08", "2019-01-01", "2010-01-01")]
    answers = await rescuer.rescue(wanted)
    stamps = [(answers[one].snapshot.url or "").split("/")[4] for one in wanted]
    assert stamps == [STAMPS[0], STAMPS[1], STAMPS[2], STAMPS[3], STAMPS[0]]
    assert len(archive.seen("index")) == 1


async def test_many_urls_of_one_host_wanted_for_many_days_each_are_all_answered(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    urls = [f"http://gone.example/{n:03d}/{'x' * 90}" for n in range(40)]
    archive = await start_archive(*captures_of(urls))
    rescuer = await make_rescuer(archive)
    wanted = [Wanted(url, day(f"2016-07-0{n}")) for url in urls for n in range(1, 6)]
    answers = await rescuer.rescue(wanted)
    assert {answer.snapshot.state for answer in answers.values()} == {State.VERIFIED}
    assert len(archive.seen("index")) <= 4


async def test_the_same_question_is_asked_once(start_archive: Start, make_rescuer: Make, day: Day) -> None:
    url = "http://gone.example/post"
    archive = await start_archive(Capture(url, STAMPS[0]))
    rescuer = await make_rescuer(archive)
    await rescuer.rescue([Wanted(url, day("2016-07-08"))] * 5)
    assert len(archive.log) == 2


async def test_what_was_answered_is_not_asked_again(start_archive: Start, make_rescuer: Make, day: Day) -> None:
    urls = shared(3, 1)
    archive = await start_archive(*captures_of(urls[:2]))
    remembered = MemoryAnswers()
    wanted = [Wanted(url, day("2016-07-08")) for url in urls]
    first = await (await make_rescuer(archive, answers=remembered)).rescue(wanted)
    asked = len(archive.log)
    second = await (await make_rescuer(archive, answers=remembered)).rescue(wanted)
    assert len(archive.log) == asked
    assert [a.snapshot for a in first.values()] == [a.snapshot for a in second.values()]
    assert all(answer.cached for answer in second.values())


async def test_a_shared_query_that_fails_falls_back_to_single_ones(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    urls = shared(1, 3)
    archive = await start_archive(*captures_of(urls), faults={"index": Fault("504", times=2)})
    rescuer = await make_rescuer(archive)
    answers = await rescuer.rescue([Wanted(url, day("2016-07-08")) for url in urls])
    assert {answer.snapshot.state for answer in answers.values()} == {State.VERIFIED}


async def test_an_excluded_site_is_seen_through_a_shared_query(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    urls = shared(1, 3)
    archive = await start_archive(*captures_of(urls), excluded=["http://host0.example/"])
    rescuer = await make_rescuer(archive)
    answers = await rescuer.rescue([Wanted(url, day("2016-07-08")) for url in urls])
    assert {answer.snapshot.state for answer in answers.values()} == {State.EXCLUDED}


async def test_a_shared_answer_that_is_cut_off_is_completed(start_archive: Start, make_rescuer: Make, day: Day) -> None:
    urls = ["http://host0.example/a", "http://host0.example/b"]
    flood = [
        Capture(urls[0], f"2015{m:02d}{d:02d}{h:02d}{n:02d}00")
        for m in range(1, 13)
        for d in (1, 2)
        for h in range(24)
        for n in range(0, 60, 6)
    ]
    archive = await start_archive(*flood, Capture(urls[1], "20160101000000"))
    assert len(flood) > 5000
    rescuer = await make_rescuer(archive)
    answers = await rescuer.rescue([Wanted(url, day("2016-07-08")) for url in urls])
    assert {answer.snapshot.state for answer in answers.values()} == {State.VERIFIED}


async def test_nothing_of_a_users_credentials_reaches_the_archive(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    archive = await start_archive(Capture("http://gone.example/post", STAMPS[0]))
    rescuer = await make_rescuer(archive)
    secret = Wanted("http://me:hunter2@gone.example/post?access_token=s3cr3ts3cr3t", day("2016-07-08"))
    answers = await rescuer.rescue([secret])
    assert answers[secret].snapshot.url == f"{archive.url}/web/{STAMPS[0]}/http://gone.example/post"
    assert not any("hunter2" in entry.path or "s3cr3t" in entry.path for entry in archive.log)


async def test_waiting_is_announced(start_archive: Start, make_rescuer: Make, day: Day) -> None:
    urls = shared(4, 1)
    archive = await start_archive(*captures_of(urls))
    waits: list[float] = []
    rescuer = await make_rescuer(archive, rate_per_minute=600, on_wait=waits.append)
    started = time.monotonic()
    await rescuer.rescue([Wanted(url, day("2016-07-08")) for url in urls])
    assert waits
    assert time.monotonic() - started < 20


async def test_archives_hear_our_name_and_none_of_the_users_headers(
    start_archive: Start, stack: AsyncExitStack, day: Day
) -> None:
    archive = await start_archive(Capture("http://gone.example/post", STAMPS[0]))
    options = ArchiveOptions(archive.url, rate_per_minute=60_000)
    general = NetOptions(headers=(("Authorization", "Bearer s3cr3t"),), cookies="/no/such/file")
    async with Client(net_options(options, general)) as web:
        await rescuer(options, web, MemoryClock()).rescue([Wanted("http://gone.example/post", day("2016-07-08"))])
    assert {entry.headers["User-Agent"].split("/")[0].split(" ")[0] for entry in archive.log} == {"linkkeeper"}
    assert len(archive.log) == 2
    assert not any({"Authorization", "Cookie"} & entry.headers.keys() for entry in archive.log)


async def test_questions_that_wait_leave_the_threads_for_names_free(start_archive: Start, day: Day) -> None:
    archive = await start_archive(*(Capture(f"http://host{n}.example/a", "20160101000000") for n in range(10)))
    options = ArchiveOptions(wayback_url=archive.url, rate_per_minute=60_000, timeout_s=2.0)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    async with Client(net_options(options, NetOptions())) as client:

        class NamesFirst:
            async def ask(self, url: str, method: str = "GET", **more: Any) -> Reply:
                await asyncio.to_thread(int)  # as a proxy's name is looked up
                return await client.ask(url, method, **more)

        asked = rescuer(options, NamesFirst(), MemoryClock())
        answers = await asked.rescue([Wanted(f"http://host{n}.example/a", day("2016-07-08")) for n in range(10)])
    assert {answer.snapshot.state for answer in answers.values()} == {State.VERIFIED}
