"""The manners at their real rates, with a clock that is wound by hand."""

import asyncio
import multiprocessing
import os
from itertools import pairwise
from pathlib import Path

import pytest

from linkkeeper.archive.base import ArchiveOptions, Clock, Pace
from linkkeeper.archive.clocks import FileClock, MemoryClock
from linkkeeper.archive.limiter import ArchiveClosedError, Limiter, Pool


class Time:
    """Moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def read(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


def limiter(time: Time, clock: Clock | None = None, **settings: float) -> Limiter:
    options = ArchiveOptions(**settings)  # type: ignore[arg-type]  # floats only
    return Limiter(options, clock or MemoryClock(), now=time.read, sleep=time.sleep)


async def take(limit: Limiter, time: Time, pool: Pool, count: int) -> list[float]:
    times = []
    for _ in range(count):
        async with limit.turn(pool):
            times.append(time.now)
    return times


def most_in_a_minute(times: list[float]) -> int:
    return max(sum(start <= other <= start + 60 for other in times) for start in times)


async def test_two_hundred_links_stay_below_the_rate_in_every_minute() -> None:
    time = Time()
    times = await take(limiter(time), time, Pool.INDEX, 200)
    assert most_in_a_minute(times) <= 24
    assert times[-1] - times[0] < 200 * 2.6


async def test_pages_keep_a_second_apart_at_the_real_rate() -> None:
    time = Time()
    times = await take(limiter(time), time, Pool.PAGE, 100)
    assert min(b - a for a, b in pairwise(times)) >= 0.99


async def test_a_refusal_silences_every_pool_and_each_one_doubles() -> None:
    time = Time()
    limit = limiter(time)
    await take(limit, time, Pool.INDEX, 1)
    limit.refused(None)
    refused = time.now
    (page,) = await take(limit, time, Pool.PAGE, 1)
    assert page - refused >= 60
    limit.refused(None)
    refused = time.now
    (index,) = await take(limit, time, Pool.INDEX, 1)
    assert index - refused >= 120
    limit.refused(None)
    with pytest.raises(ArchiveClosedError, match="refused three times"):
        await take(limit, time, Pool.PAGE, 1)


async def test_a_longer_retry_after_is_obeyed() -> None:
    time = Time()
    limit = limiter(time)
    limit.refused(500)
    begin = time.now
    assert (await take(limit, time, Pool.INDEX, 1))[0] - begin >= 500


async def test_nobody_waits_for_an_hour() -> None:
    time, clock = Time(), MemoryClock()
    limiter(time, clock).refused(1e12)
    begin = time.now
    with pytest.raises(ArchiveClosedError, match="may be asked again in 3600 s"):
        await take(limiter(time, clock), time, Pool.INDEX, 1)
    assert time.now == begin
    time.now += 3601
    await take(limiter(time, clock), time, Pool.INDEX, 1)


async def test_a_new_run_waits_for_the_pause_of_the_last() -> None:
    time, clock = Time(), MemoryClock()
    limiter(time, clock).refused(None)
    later = limiter(time, clock)
    begin = time.now
    assert (await take(later, time, Pool.INDEX, 1))[0] - begin >= 60


async def test_a_deadline_is_known_before_waiting_for_it() -> None:
    time = Time()
    limit = limiter(time)
    limit.stop_at(10)
    limit.refused(None)
    begin = time.now
    with pytest.raises(ArchiveClosedError, match="no time left"):
        await take(limit, time, Pool.INDEX, 1)
    assert time.now == begin
    assert limit.remaining_s() == 10


async def test_a_clock_that_was_set_back_does_not_block_for_ever() -> None:
    time, clock = Time(), MemoryClock()
    clock.update(lambda _: Pace(next_index=time.now + 1e9, paused_until=time.now + 1e9))
    begin = time.now
    await take(limiter(time, clock), time, Pool.INDEX, 1)
    assert time.now - begin < 10


async def test_somebody_elses_refusal_is_heard_while_waiting() -> None:
    time, clock = Time(), MemoryClock()
    mine, other = limiter(time, clock), limiter(time, clock)
    await take(mine, time, Pool.INDEX, 1)

    async def refuse_while_waiting(seconds: float) -> None:
        if not other.refusals:
            other.refused(None)
        await Time.sleep(time, seconds)

    mine._sleep = refuse_while_waiting
    begin = time.now
    assert (await take(mine, time, Pool.INDEX, 1))[0] - begin >= 60


async def test_a_damaged_clock_file_counts_as_a_fresh_one(tmp_path: Path) -> None:
    file = tmp_path / "pace"
    file.write_bytes(b'{"next_index": "soon"')
    assert FileClock(file).update(lambda pace: pace) == Pace()
    assert FileClock(file).update(lambda _: Pace(next_page=2.0)) == Pace(next_page=2.0)
    assert FileClock(file).update(lambda pace: pace) == Pace(next_page=2.0)


async def test_parallel_runs_have_one_index_request_under_way_between_them() -> None:
    time, clock = Time(), MemoryClock()
    mine, other = limiter(time, clock), limiter(time, clock)
    async with mine.turn(Pool.INDEX):
        waiting = asyncio.ensure_future(take(other, time, Pool.INDEX, 1))
        for _ in range(100):
            await asyncio.sleep(0)
        assert not waiting.done(), f"{time.now - 1_000_000:.0f} s later the first one is still under way"
        ended = time.now
    assert (await waiting)[0] >= ended


async def test_a_run_that_was_killed_during_a_request_holds_nobody_up_for_ever() -> None:
    time, clock = Time(), MemoryClock()
    killed = limiter(time, clock).turn(Pool.INDEX)
    await killed.__aenter__()  # and never left
    begin = time.now
    await take(limiter(time, clock), time, Pool.INDEX, 1)
    assert 60 <= time.now - begin < 65
    del killed


async def test_a_run_that_was_killed_on_this_machine_holds_nobody_up(tmp_path: Path) -> None:
    time, clock = Time(), FileClock(tmp_path / "pace")

    async def hold() -> None:
        async with limiter(time, clock).turn(Pool.INDEX):
            os._exit(0)

    process = multiprocessing.get_context("fork").Process(target=lambda: asyncio.run(hold()))
    process.start()
    await asyncio.to_thread(process.join)
    assert clock.update(lambda pace: pace).index_busy_until > time.now
    begin = time.now
    await take(limiter(time, clock), time, Pool.INDEX, 1)
    assert time.now - begin < 5


def saving(time: Time, clock: Clock, per_minute: float) -> Limiter:
    return Limiter(ArchiveOptions(), clock, saves_per_minute=per_minute, now=time.read, sleep=time.sleep)


@pytest.mark.parametrize("per_minute", [6, 3])
async def test_thirty_saves_stay_below_the_rate_in_every_minute(per_minute: int) -> None:
    time = Time()
    times = await take(saving(time, MemoryClock(), per_minute), time, Pool.SAVE, 30)
    assert most_in_a_minute(times) <= per_minute
    assert times[-1] - times[0] < 30 * 60 / per_minute * 1.05


async def test_saves_of_two_runs_share_one_rate() -> None:
    time, clock = Time(), MemoryClock()
    runs = [saving(time, clock, 6), saving(time, clock, 6)]
    taken = await asyncio.gather(*[take(run, time, Pool.SAVE, 12) for run in runs])
    times = sorted([*taken[0], *taken[1]])
    assert most_in_a_minute(times) <= 6


async def test_a_save_that_comes_late_keeps_its_distance_all_the_same() -> None:
    time, clock = Time(), MemoryClock()
    limit = saving(time, clock, 6)
    times = []
    for n in range(12):
        async with limit.turn(Pool.SAVE):
            times.append(time.now)
        time.now += 25 if n % 3 == 0 else 0  # the machine was asleep
    assert most_in_a_minute(times) <= 6
    assert min(b - a for a, b in pairwise(times)) >= 10


async def test_saves_wait_for_a_pause_and_keep_the_next_run_waiting() -> None:
    time, clock = Time(), MemoryClock()
    first = saving(time, clock, 6)
    await take(first, time, Pool.SAVE, 1)
    first.refused(90)
    begin = time.now
    assert (await take(saving(time, clock, 6), time, Pool.SAVE, 1))[0] - begin >= 90
    begin = time.now
    assert (await take(saving(time, clock, 6), time, Pool.SAVE, 1))[0] - begin >= 10
