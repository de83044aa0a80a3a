"""Settings -> the small options struct of each room."""

import difflib
import math
import os
import re
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from linkkeeper.archive.archive_urls import without_userinfo
from linkkeeper.archive.base import ArchiveOptions
from linkkeeper.check import verdicts
from linkkeeper.check.base import CheckOptions, HostCheck
from linkkeeper.check.local import LocalOptions
from linkkeeper.config.settings import HostSettings, Settings
from linkkeeper.config.values import remapping, seconds
from linkkeeper.errors import UsageError
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.models.verdict import Verdict
from linkkeeper.net.options import HostNet, NetOptions
from linkkeeper.urls.rule_set import CleanOptions

if TYPE_CHECKING:
    from linkkeeper.archive.capture.base import CaptureOptions, PaceFor
    from linkkeeper.archive.local.base import LocalOptions as ArchiveFiles
    from linkkeeper.archive.saving.base import SaveOptions

_MB = 1_000_000
_LEAST_S = 0.01
"""Of `max_time`, where reading has used it up: 0 would be no limit."""

SLOWEST_ARCHIVE_S = 60.0
"""The index was seen to take up to 52 s (2026-09-28)."""
_PATIENCE = 3
"""Archives are slower than other servers: they may take so many times the `timeout`."""


def extraction(settings: Settings) -> ExtractOptions:
    """Return what counts as a link."""
    return ExtractOptions(include_verbatim=settings.include_verbatim)


def cleaning(settings: Settings) -> CleanOptions:
    """Return the user's part of the cleaning rules."""
    return CleanOptions(
        strip=tuple(settings.clean.strip),
        exempt_hosts=tuple(settings.clean.keep_hosts),
        exempt_params=tuple(settings.clean.keep_params),
        rule_files=(settings.rules,) if settings.rules else (),
    )


def local(settings: Settings, scanned: tuple[str, ...]) -> LocalOptions:
    """Return where the site is."""
    return LocalOptions(root=settings.root, scanned=scanned)


def network(settings: Settings) -> NetOptions:
    """Return how servers are asked. Raises UsageError for a header's variable that is not set."""
    return NetOptions(
        timeout_s=settings.timeout,
        user_agent=settings.user_agent,
        headers=tuple(_header(line) for line in settings.header),
        proxy=settings.proxy,
        insecure=settings.insecure,
        cookies=settings.cookies,
        ca_file=settings.ca_file,
        client_cert=settings.client_cert,
        remap=tuple(remapping(rule) for rule in settings.remap),
        allow_hosts=tuple(settings.allow_host),
        allow_private=settings.allow_private,
        hosts={name.lower(): _host_net(name, one) for name, one in settings.host.items()},
    )


def from_now_on(settings: Settings, spent: timedelta) -> Settings:
    """Return the settings with what is left of `max_time`."""
    budget_s = seconds(settings.max_time)
    if not budget_s:
        return settings
    return msgspec.structs.replace(settings, max_time=max(_LEAST_S, budget_s - spent.total_seconds()))


_INTERNET_ARCHIVE = frozenset({"web.archive.org", "archive.org"})
"""Where no setting makes us less polite than we were asked to be."""


def check(settings: Settings) -> CheckOptions:
    """Return how much is asked at once, how often and for how long. Raises UsageError for an unknown rule."""
    return CheckOptions(
        concurrency=settings.concurrency,
        per_host=settings.per_host,
        retries=settings.retries,
        max_time_s=seconds(settings.max_time),
        max_wait_s=seconds(settings.max_wait),
        hosts={
            name.lower(): HostCheck(one.per_host, one.rate, frozenset(one.accept), _verdicts(name, one))
            for name, one in settings.host.items()
        },
    )


def _verdicts(host: str, one: HostSettings) -> dict[str, Verdict]:
    """Return what rules mean on this host."""
    for rule in one.verdicts:
        if rule not in verdicts.RULES:
            near = difflib.get_close_matches(rule, verdicts.RULES, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else "docs/verdicts.md lists the rules"
            raise UsageError(f"host {host}: verdicts names no rule {rule!r}", hint)
    return {rule: Verdict(verdict) for rule, verdict in one.verdicts.items()}


def archive(settings: Settings, left_s: float | None = None) -> ArchiveOptions:
    """Return how archives are asked. left_s: what is left of the whole run's time; None: it has no limit."""
    budgets = [budget for budget in (seconds(settings.max_archive_time) or None, left_s) if budget is not None]
    is_official = urlsplit(settings.wayback.url).hostname in _INTERNET_ARCHIVE
    polite = ArchiveOptions()
    return ArchiveOptions(
        wayback_url=settings.wayback.url.rstrip("/"),
        public_url=archive_bases(settings)[0],
        rate_per_minute=min(settings.wayback.rate, polite.rate_per_minute if is_official else math.inf),
        pause_s=max(settings.wayback.pause, polite.pause_s if is_official else 0),
        timeout_s=min(SLOWEST_ARCHIVE_S, _PATIENCE * settings.timeout),
        max_archive_time_s=min(budgets, default=None),
        timegates=dict(settings.timegate),
    )


def capture(settings: Settings) -> "CaptureOptions":
    """Return how much of each page is kept, and what forbids it."""
    from linkkeeper.archive.capture.base import CaptureOptions

    chosen = settings.archive
    return CaptureOptions(
        max_requisites=chosen.page_files,
        max_page_bytes=round(chosen.page_size * _MB),
        max_file_bytes=round(min(chosen.file_size, chosen.page_size) * _MB),
        max_page_s=seconds(chosen.page_time) or CaptureOptions().max_page_s,
        max_fetch_s=min(CaptureOptions().max_fetch_s, 2 * settings.timeout),
        per_host=min(settings.per_host, CaptureOptions().per_host),
        max_wait_s=seconds(settings.max_wait),
        retries=settings.retries,
        obey_robots=chosen.robots,
        obey_noarchive=chosen.noarchive,
    )


def capture_pace(settings: Settings) -> "PaceFor":
    """Return how each host may be asked at first: as in a check, but for the fewer requests at once."""
    from linkkeeper.check.asking import pace_of

    slower = msgspec.structs.replace(check(settings), per_host=capture(settings).per_host)
    return partial(pace_of, options=slower)


def capture_network(settings: Settings) -> NetOptions:
    """Return how pages are fetched to be kept: as a stranger. What needs a login or a cookie is nobody's to publish."""
    general = network(settings)
    hosts = {name: msgspec.structs.replace(one, headers=()) for name, one in general.hosts.items()}
    return msgspec.structs.replace(general, headers=(), cookies="", client_cert="", hosts=hosts)


def local_archive(settings: Settings) -> "ArchiveFiles":
    """Return how captures are kept."""
    from linkkeeper.archive.local.base import LocalOptions as ArchiveFiles

    return ArchiveFiles(warc_limit_bytes=round(settings.archive.warc_size * _MB))


def older_than_s(settings: Settings) -> float | None:
    """Return the age from which on a copy counts for nothing; None: any copy will do."""
    return None if settings.archive.older_than == "" else seconds(settings.archive.older_than)


def saving(settings: Settings, max_count: int | None = None, left_s: float | None = None) -> "SaveOptions":
    """Return how pages are saved at the Wayback Machine. left_s: what is left of the whole run's time."""
    from linkkeeper.archive.saving.base import SaveOptions

    budgets = [budget for budget in (seconds(settings.max_archive_time) or None, left_s) if budget is not None]
    return SaveOptions(
        older_than_s=older_than_s(settings),
        max_count=max_count,
        max_time_s=min(budgets, default=None),
        allow_private=settings.allow_private,
        per_minute=settings.wayback.save_rate or None,
        poll_s=settings.wayback.poll,
        patience_s=seconds(settings.wayback.patience),
    )


def local_base(settings: Settings) -> tuple[str, ...]:
    """Return what links into the local archive's replay begin with, if that is known."""
    return (settings.archive.local_base,) if settings.archive.local_base else ()


def archive_bases(settings: Settings) -> tuple[str, ...]:
    """Return what links into our archives begin with: the public base first, then the one we ask."""
    asked = settings.wayback.url.rstrip("/")
    public = settings.wayback.public_url.rstrip("/") or without_userinfo(asked)
    return tuple(dict.fromkeys((public, without_userinfo(asked), asked)))


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.strip()


def _host_net(host: str, one: HostSettings) -> HostNet:
    return HostNet(
        headers=tuple((name, _from_environment(host, value)) for name, value in one.headers.items()),
        timeout_s=one.timeout,
    )


def _from_environment(host: str, value: str) -> str:
    """Replace `$NAME` and `${NAME}` by variables, so that no secret stands in a file."""

    def replaced(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in os.environ:
            raise UsageError(f"host {host}: the environment variable {name} is not set", "set it, or drop the header")
        return os.environ[name]

    return re.sub(r"\$(?:\{(\w+)\}|([A-Za-z_]\w*))", replaced, value)
