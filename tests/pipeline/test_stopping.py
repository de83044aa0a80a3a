import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from linkkeeper.pipeline.stopping import until


async def test_items_flow_until_they_end() -> None:
    async def items() -> AsyncIterator[int]:
        for number in range(5):
            await asyncio.sleep(0)
            yield number

    assert [number async for number in until(asyncio.Event(), items())] == [0, 1, 2, 3, 4]


async def test_a_stop_ends_the_wait_for_the_next_item_and_tidies_up() -> None:
    stop, tidied = asyncio.Event(), asyncio.Event()

    async def items() -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.sleep(3600)
            yield 2
        finally:
            tidied.set()

    found = []
    async with asyncio.timeout(10):
        async for number in until(stop, items()):
            found.append(number)
            asyncio.get_running_loop().call_later(0.05, stop.set)
    assert found == [1]
    assert tidied.is_set()


async def test_an_error_of_the_source_is_passed_on() -> None:
    async def items() -> AsyncIterator[int]:
        yield 1
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        assert [number async for number in until(asyncio.Event(), items())]


async def test_who_leaves_early_closes_the_source() -> None:
    tidied = asyncio.Event()

    async def items() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
        finally:
            tidied.set()

    async with aclosing(until(asyncio.Event(), items())) as flow:
        async for _ in flow:
            break
    assert tidied.is_set()
