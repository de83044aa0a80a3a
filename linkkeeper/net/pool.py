"""Connections kept for the next request to the same origin, and never more open than may be."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING, TypeAlias, Union

from linkkeeper.net.wire import Wire

if TYPE_CHECKING:
    from linkkeeper.net.connection import Connection  # with aiohttp, a tenth of a second

Origin = tuple[str, str, int]
Link: TypeAlias = Union["Connection", Wire]
_KEPT_PER_ORIGIN = 8
_FEWEST = 4


class Pool:
    """Counts open connections; closes the longest idle one when another is wanted and none is left."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.open = 0
        self._idle: dict[Origin, list[Link]] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()

    def take(self, origin: Origin) -> Link | None:
        """Return a kept connection that still looks alive, or None."""
        kept = self._idle.get(origin)
        while kept:
            connection = kept.pop()
            if not kept:
                del self._idle[origin]
            if connection.reusable:
                return connection
            self.discard(connection)
        return None

    def give(self, origin: Origin, connection: Link) -> None:
        """Keep a connection for the next request, if it can be used again."""
        kept = self._idle.setdefault(origin, []) if connection.reusable and not self._waiting else None
        if kept is None or len(kept) >= _KEPT_PER_ORIGIN:
            self.discard(connection)
        else:
            kept.append(connection)

    @staticmethod
    def discard(connection: Link) -> None:
        """Close a connection; its place is free once its socket is."""
        connection.abort()

    def rest(self, origin: Origin) -> None:
        """Close what is kept for an origin that nobody wants to ask any more."""
        for connection in self._idle.pop(origin, ()):
            self.discard(connection)

    def enter_now(self) -> bool:
        """Count one more connection, if it may be opened without waiting; say whether that is so."""
        if self._waiting:
            return False
        if self.open >= self.limit:
            self._close_one_idle()  # a wire's place is free at once
        if self.open >= self.limit:
            return False
        self.open += 1
        return True

    async def enter(self) -> None:
        """Wait until one more connection may be opened, and count it."""
        if self.enter_now():
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._close_one_idle()  # whose place goes to who waits longest
        try:
            await turn
        except BaseException:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif not turn.cancelled():  # it was handed a place meanwhile
                self.leave()
            raise

    def shrink(self) -> None:
        """Take back a place, and lower the limit: this machine lets us open fewer than it said."""
        self.limit = max(_FEWEST, min(self.limit, self.open - 1))
        self.leave()
        self.close()

    def leave(self) -> None:
        """Hand a place over to who waits longest for one, or count one connection less."""
        while self._waiting and self.open <= self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.open -= 1

    def close(self) -> None:
        """Close all that is kept."""
        for origin in list(self._idle):
            self.rest(origin)

    def _close_one_idle(self) -> None:
        origin = next(iter(self._idle), None)
        if origin is None:
            return
        kept = self._idle[origin]
        oldest = kept.pop(0)
        if not kept:
            del self._idle[origin]
        self.discard(oldest)
