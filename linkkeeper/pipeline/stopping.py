"""Ending long work early and in order: on Ctrl-C, on termination, when its time is over."""

import asyncio
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")
_END = object()


class Signals:
    """While open, the first Ctrl-C or termination calls `stop`; the second ends the program."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        for number in self._before:
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self._heard, number)

    def __exit__(self, *_: object) -> None:
        loop = asyncio.get_running_loop()
        for number, handler in self._before.items():
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.remove_signal_handler(number)
                signal.signal(number, handler)  # asyncio leaves the system's own behaviour behind

    def _heard(self, number: int) -> None:
        asyncio.get_running_loop().remove_signal_handler(number)
        self._stop()


async def until(stop: asyncio.Event, items: AsyncIterator[T]) -> AsyncGenerator[T, None]:
    """Yield items until stop is set; what is under way then is cancelled. To be closed (`aclosing`)."""
    stopping = asyncio.ensure_future(stop.wait())
    try:
        while not stop.is_set():
            following = asyncio.ensure_future(anext(items, _END))
            await asyncio.wait({following, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not following.done():
                following.cancel()
                with suppress(asyncio.CancelledError):
                    await following
                return
            item = following.result()
            if item is _END:
                return
            yield item  # type: ignore[misc]  # the sentinel is told apart above
    finally:
        stopping.cancel()
        if isinstance(items, AsyncGenerator):
            await items.aclose()
