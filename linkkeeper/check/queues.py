"""Which queue a URL waits in."""

from linkkeeper.check import asking
from linkkeeper.check.scheduler import Host, Scheduler
from linkkeeper.net.client import Client

_BEHIND_SCHEME = len("https://")


class Queues:
    """Finds the host of a URL, and remembers by sites: most URLs are not the first of theirs."""

    def __init__(self, client: Client, scheduler: Scheduler) -> None:
        self._client, self._scheduler = client, scheduler
        self._by_site: dict[str, Host] = {}
        """By scheme and authority, as written."""

    def of(self, url: str) -> Host:
        """Return the host that a URL is asked at first. Raises ValueError if it cannot be asked."""
        end = url.find("/", _BEHIND_SCHEME)
        site = url[:end] if end > 0 else ""
        host = self._by_site.get(site)
        if host is None:
            host = self._scheduler.host(asking.key_at(*self._client.where(url)))
            if self._client.is_site(site):
                self._by_site[site] = host
        return host
