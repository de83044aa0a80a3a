"""Pages and what they need, fetched politely and whole."""

from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from linkkeeper.archive.capture.base import CaptureOptions, Cited, Judge, Outcome, PaceFor
from linkkeeper.archive.local.base import PageCapture
from linkkeeper.net.client import Client


class Capturer:
    """Captures pages over one client; holds what a run knows of hosts, robots.txt and requisites.

    An async context manager. Payload files live in a folder of its own below `spool` (default: the system's place
    for temporary files) and are gone when it is left: keep a page before.
    """

    def __init__(
        self,
        client: Client,
        options: CaptureOptions | None = None,
        judge: Judge | None = None,
        pace_for: PaceFor | None = None,
        spool: Path | None = None,
    ) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def capture(self, page: Cited) -> Outcome:
        """Return the page with its requisites, or why not. Never raises for what servers do.

        A requisite that another page of this run brought minutes ago is left out: it is in the archive already.
        """
        raise NotImplementedError(page)

    async def capture_all(self, pages: Iterable[Cited]) -> AsyncIterator[Outcome]:
        """Yield an outcome for every page, as they become known; at most `options.pages_at_once` are under way.

        Call `done` on each page once it was kept.
        """
        raise NotImplementedError(pages)
        yield

    def done(self, page: PageCapture, *, kept: bool = True) -> None:
        """Delete the files of a page's payloads. With `kept` false its requisites are fetched again for others."""
