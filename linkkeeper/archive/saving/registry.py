"""Puts the saver together."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import msgspec

from linkkeeper.archive.archive_urls import memento_url
from linkkeeper.archive.base import ArchiveOptions, Clock, LooksDead
from linkkeeper.archive.client import ArchiveClient, Web
from linkkeeper.archive.limiter import Limiter
from linkkeeper.archive.registry import check_options
from linkkeeper.archive.saving.base import (
    ANONYMOUS_A_DAY,
    CEILING_ANONYMOUS,
    CEILING_WITH_KEYS,
    Excluded,
    Names,
    OnProgress,
    Queue,
    SaveOptions,
    SaveProgress,
)
from linkkeeper.archive.saving.desk import Desk
from linkkeeper.archive.saving.keys import Keys
from linkkeeper.archive.saving.looking import Looker
from linkkeeper.archive.saving.planning import Limits
from linkkeeper.archive.saving.proof import Prover
from linkkeeper.archive.saving.saver import Saver
from linkkeeper.archive.saving.service import Service
from linkkeeper.errors import UsageError


def _unheard(progress: SaveProgress) -> None:
    del progress


def saver(
    options: SaveOptions,
    archive: ArchiveOptions,
    web: Web,
    clock: Clock,
    queue: Queue,
    keys: Keys | None,
    names: Names | None = None,
    *,
    excluded: Excluded = lambda _: "",
    looks_dead: LooksDead = lambda _: "",
    on_wait: Callable[[float], None] = lambda _: None,
    on_progress: OnProgress = _unheard,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Saver:
    """Put everything together; see base.

    `names` looks names up, to see which are private ones: `Client.names`; None behind a proxy, which does that itself.
    Raises UsageError for an archive that cannot be one.
    """
    check_options(archive)
    if not archive.wayback_url:
        raise UsageError("wayback.url is empty: nothing can be saved at the Wayback Machine", "set it, or save locally")
    rate = per_minute(options, archive, keys)
    options = msgspec.structs.replace(options, poll_s=poll_s(options, archive))
    limiter = Limiter(archive, clock, saves_per_minute=rate, on_wait=on_wait, now=now, sleep=sleep)
    # One for each, so that an index which is down does not keep captures from being looked at.
    index, playback = (ArchiveClient("wayback", web, limiter, archive) for _ in range(2))
    public = archive.public_url or archive.wayback_url
    desk = Desk(
        options,
        limiter,
        queue,
        Service(
            web,
            limiter,
            archive,
            keys,
            options.submit_timeout_s,
            lambda url: on_progress(SaveProgress(url, "submitting")),
        ),
        Prover(playback, archive.wayback_url, looks_dead),
        Looker(index, archive, looks_dead, now),
        names,
        public,
        60 / rate,
        sleep,
        on_progress,
    )
    limits = Limits(rate, archive.rate_per_minute, None if keys else ANONYMOUS_A_DAY)
    return Saver(desk, limits, (public, archive.wayback_url), excluded)


def per_minute(options: SaveOptions, archive: ArchiveOptions, keys: Keys | None) -> float:
    """Return how many saves a minute there may be; at archive.org never more than its documented ceilings."""
    ceiling = CEILING_WITH_KEYS if keys else CEILING_ANONYMOUS
    wanted = options.per_minute or ceiling
    return min(wanted, ceiling) if _is_theirs(archive) else wanted


def poll_s(options: SaveOptions, archive: ArchiveOptions) -> float:
    """Return the pause between two questions about one job; at archive.org never less than the service asks for."""
    return max(options.poll_s, SaveOptions().poll_s) if _is_theirs(archive) else options.poll_s


def _is_theirs(archive: ArchiveOptions) -> bool:
    host = urlsplit(memento_url(archive.wayback_url, "", "")).hostname or ""
    return host == "archive.org" or host.endswith(".archive.org")
