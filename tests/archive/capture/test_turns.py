"""Whose turn it is at a host."""

import asyncio
import time

import pytest

from linkkeeper.archive.capture.turns import TooLongError, Turns
from linkkeeper.models.verdict import Reply
from linkkeeper.net.politeness import Pace

FINE = Reply(url="http://h/", status=200)


def turns(at_once: int = 1, rate: float | None = None, max_wait_s: float = 5.0) -> Turns:
    return Turns(lambda _: Pace(at_once, rate), max_wait_s)


async def test_no_more_than_may_at_once() -> None:
    made, busy, most = turns(2), 0, 0

    async def one() -> None:
        nonlocal busy, most
        started = await made.enter("h", 0, None)
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.001)
        busy -= 1
        made.leave("h", started, FINE)

    await asyncio.gather(*(one() for _ in range(30)))
    assert most == 2


async def test_a_page_under_way_goes_before_a_later_one() -> None:
    made, order = turns(), []
    started = await made.enter("h", 0, None)

    async def one(rank: int) -> None:
        began = await made.enter("h", rank, None)
        order.append(rank)
        made.leave("h", began, FINE)

    tasks = [asyncio.ensure_future(one(rank)) for rank in (5, 3, 4, 1, 2)]
    await asyncio.sleep(0)
    made.leave("h", started, FINE)
    await asyncio.gather(*tasks)
    assert order == [1, 2, 3, 4, 5]


async def test_requests_to_a_host_with_a_rate_stand_apart() -> None:
    made = turns(8, rate=20.0)
    began = time.monotonic()

    async def one() -> None:
        made.leave("h", await made.enter("h", 0, None), FINE)

    await asyncio.gather(*(one() for _ in range(6)))
    assert time.monotonic() - began >= 0.24
    assert made.single_file("h")
    assert not turns().single_file("h")


async def test_one_host_does_not_wait_for_another() -> None:
    made = turns()
    await made.enter("slow", 0, None)
    async with asyncio.timeout(10):
        made.leave("quick", await made.enter("quick", 0, None), FINE)


async def test_a_pause_that_is_too_long_sends_everybody_away() -> None:
    made = turns(max_wait_s=1.0)
    started = await made.enter("h", 0, None)
    waiting = asyncio.ensure_future(made.enter("h", 1, None))
    await asyncio.sleep(0)
    made.leave("h", started, Reply(url="http://h/", status=429, retry_after_s=60.0))
    with pytest.raises(TooLongError) as told:
        await waiting
    assert told.value.wait_s > 50
    with pytest.raises(TooLongError):
        await made.enter("h", 2, None)


async def test_a_short_pause_is_waited_for() -> None:
    made = turns(max_wait_s=30.0)
    started = await made.enter("h", 0, None)
    made.leave("h", started, Reply(url="http://h/", status=503, retry_after_s=0.2))
    began = time.monotonic()
    made.leave("h", await made.enter("h", 1, None), FINE)
    assert 0.15 <= time.monotonic() - began < 10


async def test_who_has_no_time_left_is_told_at_once() -> None:
    made = turns(rate=0.01)
    loop = asyncio.get_running_loop()
    made.leave("h", await made.enter("h", 0, None), FINE)
    began = time.monotonic()
    with pytest.raises(TooLongError) as told:
        await made.enter("h", 0, loop.time() + 20)
    assert (told.value.wait_s, time.monotonic() - began < 10) == (0.0, True)


async def test_a_turn_that_comes_too_late_is_given_up() -> None:
    made = turns()
    started = await made.enter("h", 0, None)
    with pytest.raises(TooLongError):
        await made.enter("h", 0, asyncio.get_running_loop().time() + 0.05)
    made.leave("h", started, FINE)
    made.leave("h", await made.enter("h", 0, None), FINE)


async def test_those_who_give_up_leave_no_place_behind() -> None:
    made = turns(1)
    for _ in range(20):
        started = await made.enter("h", 0, None)
        waiting = [asyncio.ensure_future(made.enter("h", 0, None)) for _ in range(5)]
        await asyncio.sleep(0)
        made.leave("h", started, None)  # admits one of them in the moment in which all are cancelled
        for task in waiting:
            task.cancel()
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        for result in ended:
            if isinstance(result, float):
                made.leave("h", result, FINE)
    async with asyncio.timeout(10):
        made.leave("h", await made.enter("h", 0, None), FINE)


async def test_a_host_that_refuses_again_and_again_is_left_alone() -> None:
    made = turns()
    for _ in range(4):
        started = await made.enter("h", 0, None)
        made.leave("h", started, Reply(url="http://h/", status=429, retry_after_s=0.0))
    with pytest.raises(TooLongError, match="again and again"):
        await made.enter("h", 0, None)
