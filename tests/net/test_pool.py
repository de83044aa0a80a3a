"""The pool: never more open than may be, and nobody who waits is passed over or forgotten."""

import asyncio

import pytest

from linkkeeper.net.pool import Pool
from linkkeeper.net.wire import Wire, Wires

ORIGIN = ("http", "127.0.0.1", 80)


def _idle(pool: Pool, count: int) -> None:
    """Keep some wires; nobody is at their other ends."""
    wires = Wires(pool.leave)
    for number in range(count):
        assert pool.enter_now()
        wire = Wire(wires, _Socket())  # type: ignore[arg-type]  # closing is all that is asked of it
        pool.give((*ORIGIN[:2], number), wire)


class _Socket:
    def fileno(self) -> int:
        return 1_000_000

    def close(self) -> None:
        pass


async def test_who_wants_a_place_gets_that_of_a_connection_at_rest() -> None:
    pool = Pool(4)
    _idle(pool, 4)
    assert pool.open == 4
    async with asyncio.timeout(5):
        await pool.enter()
    assert pool.open == 4


async def test_a_place_goes_to_who_waits_longest_and_to_nobody_in_between() -> None:
    pool = Pool(1)
    assert pool.enter_now()
    served: list[int] = []

    async def wait(number: int) -> None:
        await pool.enter()
        served.append(number)

    tasks = [asyncio.ensure_future(wait(number)) for number in range(3)]
    await asyncio.sleep(0)
    for number in range(3):
        pool.leave()
        assert not pool.enter_now(), "the place is somebody's already"
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert served == list(range(number + 1))
    await asyncio.gather(*tasks)
    pool.leave()
    assert pool.open == 0


@pytest.mark.parametrize("handed_over", [False, True])
async def test_who_waits_no_more_leaves_the_place_to_the_next(handed_over: bool) -> None:
    pool = Pool(1)
    assert pool.enter_now()
    first, second = (asyncio.ensure_future(pool.enter()) for _ in range(2))
    await asyncio.sleep(0)
    if handed_over:
        pool.leave()
        first.cancel()
    else:
        first.cancel()
        await asyncio.sleep(0)
        pool.leave()
    async with asyncio.timeout(5):
        await second
    assert (first.cancelled(), pool.open) == (True, 1)
    pool.leave()
    assert pool.open == 0


async def test_a_limit_that_was_lowered_is_kept_by_those_who_wait() -> None:
    pool = Pool(8)
    for _ in range(8):
        assert pool.enter_now()
    waiting = asyncio.ensure_future(pool.enter())
    await asyncio.sleep(0)
    pool.shrink()
    assert (pool.limit, pool.open) == (7, 7)
    await asyncio.sleep(0)
    assert not waiting.done()
    pool.leave()
    async with asyncio.timeout(5):
        await waiting
    assert pool.open == 7
