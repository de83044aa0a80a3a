"""waybackpy's class for saving, with its transport handed in.

As it is (3.0.6, measured) it sets no timeout, asks up to 8 times with 5 to 10 s of sleep between, looks for a header
where it never stands, may name the *next* capture instead of the new one, and reads times in the local zone. Here it
asks once, at the archive that was configured; what it names is a claim that the playback has to prove.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from requests.structures import CaseInsensitiveDict
from waybackpy import WaybackMachineSaveAPI
from waybackpy.exceptions import TooManyRequestsError, WaybackError

from linkkeeper.archive.archive_urls import instant, read_memento, resolve
from linkkeeper.models.verdict import Reply

Fetch = Callable[[str], Reply]
"""URL → answer, redirects not followed. Blocks."""
_PLACES = ("content-location", "location")


def save(fetch: Fetch, base: str, url: str) -> tuple[Reply, str]:
    """Submit a URL once. Return the answer, and the 14 digits of the capture that it claims; empty if none."""
    saving = _Save(fetch, base, url)
    claimed = ""
    with suppress(WaybackError):
        claimed = saving.save()
    if saving.reply is None:
        raise AssertionError("waybackpy returned without having asked")
    memento = read_memento(claimed, base)
    return saving.reply, memento.timestamp if memento and len(memento.timestamp) == 14 else ""


class _Save(WaybackMachineSaveAPI):
    def __init__(self, fetch: Fetch, base: str, url: str) -> None:
        super().__init__(url, max_tries=1)
        self._fetch, self._base = fetch, base.rstrip("/")
        self.request_url = f"{self._base}/save/{self.url}"
        self.reply: Reply | None = None

    def get_save_request_headers(self) -> None:
        """Ask once, and keep the raw answer for who wants to know more than waybackpy does."""
        self.reply = self._fetch(self.request_url)
        self.headers = CaseInsensitiveDict(self.reply.headers)
        self.status_code, self.response_url = self.reply.status, self.reply.url
        if self.status_code == 429:
            raise TooManyRequestsError("refused")
        if self.status_code is None or self.status_code >= 400:
            raise WaybackError(f"HTTP {self.status_code}")

    def archive_url_parser(self) -> str | None:
        """Return the capture that the answer's own headers name, else what waybackpy makes of them."""
        for name in _PLACES:
            location = resolve(self.reply.header(name), self.request_url, self._base) if self.reply else ""
            if read_memento(location, self._base) is not None:
                return location
        found: str | None = super().archive_url_parser()
        return found if found is None or read_memento(found, self._base) else None

    def timestamp(self) -> datetime:
        """Return the time of the claimed capture, in UTC."""
        memento = read_memento(str(self._archive_url), self._base)
        moment = instant(memento.timestamp) if memento else datetime.now(UTC)
        self.cached_save = moment < self.instance_birth_time.replace(tzinfo=UTC)
        return moment

    @staticmethod
    def sleep(tries: int) -> None:
        """Sleep not at all: there is no second try."""
