"""What an answer teaches about its host, whatever it says of the page."""

from linkkeeper.check import asking
from linkkeeper.check.network import Watch
from linkkeeper.check.scheduler import Host
from linkkeeper.models.verdict import Failure, Reply
from linkkeeper.net import clock
from linkkeeper.net.target import Target
from linkkeeper.net.trip import Trip

_SAME_FOR_ALL = frozenset(
    {Failure.REFUSED, Failure.UNREACHABLE, Failure.NO_NAME, Failure.NO_ADDRESS, Failure.DNS_FAILED}
    | {Failure.TLS_EXPIRED, Failure.TLS_INCOMPLETE, Failure.TLS_SELF_SIGNED, Failure.TLS_WRONG_HOST}
)
"""Failures of a host, whichever of its pages is asked."""


def learn(network: Watch, host: Host, trip: Trip, target: Target, reply: Reply | None, started: float) -> float | None:
    """Teach the host's pace and the watch what an answer shows; return the pause if the host told us to slow down."""
    now = clock.now()
    if reply is not None and reply.status is None:
        host.pace.failed()
        if reply.failure in _SAME_FOR_ALL or (reply.failure is Failure.TIMEOUT and not trip.connected):
            host.down += 1
            host.last = reply
        network.failed(target, reply)
        return None
    host.up, host.down = True, 0
    network.answered(target)
    if reply is not None and host.closed is None and asking.told_to_wait(reply):
        return host.pace.refused(started, now, reply.retry_after_s)
    host.pace.accepted(now)
    return None
