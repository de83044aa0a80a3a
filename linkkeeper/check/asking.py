"""How each ask is made: its method and manner, its host's queue, its host's pace. Pure."""

import msgspec

from linkkeeper.check.base import CheckOptions
from linkkeeper.check.doubt import PEEK_BYTES
from linkkeeper.check.evidence import ACCEPTED
from linkkeeper.check.job import Job, Look
from linkkeeper.check.scheduler import Host
from linkkeeper.models.verdict import Failure, Judgement, Reply
from linkkeeper.net import politeness, target
from linkkeeper.net.options import NetOptions
from linkkeeper.net.politeness import Pace
from linkkeeper.net.target import Target
from linkkeeper.net.trip import How, Trip

_ANCHOR_BYTES = 2 * 1024 * 1024
"""Of a page that is needed whole, for its anchors."""
_BROWSER_LOOKS = frozenset({Look.SECOND, Look.WRITTEN})
_DOWN_AFTER = 3
"""Failed connections in a row, and none that worked, after which a host's other URLs share the answer."""
HEADS_REFUSED = 2
_SLOW_DOWN = frozenset({420, 429})


def how_of(job: Job, url: str, options: NetOptions) -> How:
    """Return the manner of a job's next ask, of url."""
    limit = options.body_limit
    if job.question.want_anchors:
        limit = max(limit, _ANCHOR_BYTES)
    elif job.look is Look.GET:
        limit = min(limit, PEEK_BYTES)
    head = job.look is Look.FIRST and job.base is None and not job.question.want_anchors
    return How(
        "HEAD" if head else "GET",
        browser=job.look in _BROWSER_LOOKS,
        body_limit=limit,
        max_redirects=options.max_redirects,
        bare=job.base is not None
        or job.then is not None
        or (bool(job.way) and not _same_origin(url, job.question.url)),
    )


def _same_origin(one: str, two: str) -> bool:
    """Compare as written: what is not surely the same is another."""
    return one.split("/", 3)[:3] == two.split("/", 3)[:3]


def host_key(where: Target) -> str:
    """Name the queue of a target."""
    return key_at(where.host, where.port)


def key_at(host: str, port: int) -> str:
    """Name the queue of a host; another machine may sit behind a port of its own."""
    return host if port in (80, 443) else f"{host}/{port}"


def pace_of(key: str, options: CheckOptions) -> Pace:
    """Return how a host may be asked at first: as the settings say, as is known of it, or as any other."""
    name = key.partition("/")[0]
    own, known = options.hosts.get(name), politeness.known(name)
    at_once = options.per_host
    if own is not None and own.per_host:
        at_once = own.per_host
    elif known is not None and known.per_host:
        at_once = min(at_once, known.per_host)
    return Pace(at_once, (own.rate if own else None) or (known.rate if known else None))


def better_get(host: Host, job: Job) -> bool:
    """Say whether a HEAD that is about to go out would only be refused, as others were."""
    return (
        host.heads_refused >= HEADS_REFUSED
        and job.look is Look.FIRST
        and job.trip is not None
        and not job.trip.requests
    )


def shares_failure(host: Host, job: Job) -> bool:
    """Say whether a job gets the answer of its neighbours, since their host cannot be reached at all."""
    return not host.up and host.down >= _DOWN_AFTER + (2 if job.look is Look.SECOND else 0)


def shared_answer(host: Host, trip: Trip) -> Reply:
    """Return what a host has for everybody, as the end of this trip."""
    shared = host.closed or trip.failed(host.last.failure or Failure.REFUSED, host.last.detail)
    return msgspec.structs.replace(shared, url=trip.url, final_url=trip.target.url, redirects=tuple(trip.redirects))


def accepted(job: Job, reply: Reply, options: CheckOptions) -> Judgement | None:
    """Return the judgement of a status that the settings accept on this host."""
    special = options.hosts.get(job.trip.first.host) if job.trip and options.hosts else None
    if special is None or reply.status not in special.accept or reply.failure is not None:
        return None
    return ACCEPTED.judge(f"HTTP {reply.status}")


def meant(job: Job, judgement: Judgement, options: CheckOptions) -> Judgement:
    """Return a judgement with the verdict that the settings give its rule on the host that the link names."""
    if not options.hosts:
        return judgement
    try:
        special = options.hosts.get(target.where(job.question.url)[0])
    except ValueError:
        return judgement
    verdict = special.verdicts.get(judgement.rule) if special else None
    return judgement if verdict is None else msgspec.structs.replace(judgement, verdict=verdict)


def may_go_quickly(job: Job) -> bool:
    """Say whether a job's next ask is its first one, or a first look at the page after that."""
    if job.then is not None or job.question.want_anchors:
        return False
    is_look = job.look is Look.GET and job.rest is None and job.trip is not None and not job.trip.requests
    return not job.asks or is_look


def told_to_wait_long(reply: Reply, pause_s: float) -> Reply:
    """Return what a refusal amounts to if nobody may come back after the pause that it asks for."""
    if reply.retry_after_s is None:
        return reply
    told = f"HTTP {reply.status}: told to come back in {pause_s:.0f} s"
    return msgspec.structs.replace(reply, failure=Failure.WAIT_TOO_LONG, detail=told)


def told_to_wait(reply: Reply) -> bool:
    """Say whether the host wants fewer requests, whatever they ask for."""
    return reply.status in _SLOW_DOWN or (reply.status == 503 and reply.retry_after_s is not None)
