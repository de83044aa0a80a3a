"""Archives by name, in the order in which they are asked."""

from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from linkkeeper.archive.base import Answers, ArchiveOptions, ArchiveProvider, Clock, LooksDead, Rescue, Wanted
from linkkeeper.archive.client import INDEX_BODY_LIMIT, ArchiveClient, Web
from linkkeeper.archive.clocks import MemoryClock
from linkkeeper.archive.limiter import Limiter
from linkkeeper.archive.memento import TimeGate
from linkkeeper.archive.rescue import Rescuer
from linkkeeper.archive.wayback import Wayback
from linkkeeper.errors import UsageError
from linkkeeper.models.about import USER_AGENT
from linkkeeper.net.options import NetOptions

NEVER = frozenset(f"archive.{end}" for end in ("today", "is", "ph", "md", "li", "vn", "fo"))
"""One archive under many names: programs cannot look at its copies."""


def net_options(options: ArchiveOptions, general: NetOptions) -> NetOptions:
    """Return how archives are asked: as everybody, but they are trusted, slow, and none of the user's sites.

    Cookies, headers and per-host settings are meant for the sites that are checked, so they stay away.
    Raises UsageError as `check_options` does.
    """
    check_options(options)
    return msgspec.structs.replace(
        general,
        timeout_s=options.timeout_s,
        user_agent=general.user_agent or USER_AGENT,
        headers=(),
        cookies="",
        hosts={},
        client_cert="",
        remap=(),
        allow_hosts=tuple(urlsplit(url).netloc.rpartition("@")[2] for url in _addresses(options)),
        allow_private=general.allow_private,
        total_limit=max(general.total_limit, INDEX_BODY_LIMIT * 2),
    )


def rescuer(
    options: ArchiveOptions,
    web: Web,
    clock: Clock,
    *,
    answers: Answers | None = None,
    looks_dead: LooksDead = lambda _: "",
    extra: tuple[ArchiveProvider, ...] = (),
    on_wait: Callable[[float], None] = lambda _: None,
    on_done: Callable[[Wanted, Rescue], None] | None = None,
) -> Rescuer:
    """Put everything together. `web` is a Client with `net_options`.

    `extra` archives (the local one) are asked when all others said no.

    `clock` is the Wayback Machine's; what is asked of another host has manners of its own, for this run.
    Raises UsageError as `check_options` does.
    """
    check_options(options)
    limiters = {_host(options.wayback_url): Limiter(options, clock, on_wait=on_wait)}
    found: list[ArchiveProvider] = []
    if options.wayback_url:
        client = ArchiveClient("wayback", web, limiters[_host(options.wayback_url)], options)
        found.append(Wayback(client, options, looks_dead))
    for name, url in options.timegates.items():
        limiter = limiters.setdefault(_host(url), Limiter(options, MemoryClock(), on_wait=on_wait))
        found.append(TimeGate(name, url, ArchiveClient(name, web, limiter, options), options, looks_dead))
    return Rescuer(
        found,
        tuple(limiters.values()),
        last=extra,
        answers=answers,
        max_time_s=options.max_archive_time_s,
        on_done=on_done,
    )


def check_options(options: ArchiveOptions) -> None:
    """Raise UsageError for an archive that cannot be one: to be called before anything is asked."""
    named = {f"timegate.{name}": url for name, url in options.timegates.items()}
    named |= {"wayback.url": options.wayback_url} if options.wayback_url else {}
    for setting, url in named.items():
        host = _hostname(url)
        if not host or not url.lower().startswith(("http://", "https://")):
            raise UsageError(f"{setting}: not an http(s) URL: {url}", "give the archive's address, e.g. https://…/")
        if host in NEVER:
            raise UsageError(f"{setting}: links to {host} are never written", "name another archive")


def _hostname(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _host(url: str) -> str:
    """Return what shares manners: all of archive.org is one."""
    host = urlsplit(url).netloc.lower()
    return "archive.org" if host == "archive.org" or host.endswith(".archive.org") else host


def _addresses(options: ArchiveOptions) -> list[str]:
    return [options.wayback_url, *options.timegates.values()] if options.wayback_url else [*options.timegates.values()]
