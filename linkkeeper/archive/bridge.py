"""Between a thread in which waybackpy blocks and the event loop on which its requests go out."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Executor, Future
from threading import Event
from typing import Any, TypeVar

from linkkeeper.errors import ArchiveError
from linkkeeper.models.verdict import Reply

Ask = Callable[[Callable[[], Coroutine[Any, Any, Reply]]], Reply]
"""Called in the thread: has the question asked on the loop, and blocks until its reply is there."""
T = TypeVar("T")


async def in_thread(thread: Executor, work: Callable[[Ask], T]) -> T:
    """Return what work returns, run in a thread. Raises what it raises, and ArchiveError when it was cut short.

    When we are cancelled, the questions under way are, and with them the thread's work ends.
    """
    loop = asyncio.get_running_loop()
    asked: list[Future[Reply]] = []
    ended = Event()

    def ask(question: Callable[[], Coroutine[Any, Any, Reply]]) -> Reply:
        if ended.is_set():  # nobody runs the loop for us any more
            raise CancelledError
        asked.append(asyncio.run_coroutine_threadsafe(question(), loop))
        return asked[-1].result()

    def guarded() -> T:
        try:
            return work(ask)
        except CancelledError as error:
            raise ArchiveError("interrupted") from error

    try:
        return await loop.run_in_executor(thread, guarded)
    finally:
        ended.set()
        for future in asked:
            future.cancel()
