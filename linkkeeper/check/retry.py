"""When to ask again what failed: tenacity's strategies, evaluated by the scheduler instead of slept through."""

from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt, wait_exponential, wait_random

from linkkeeper.check import classify
from linkkeeper.check.base import CheckOptions
from linkkeeper.models.verdict import Failure, Reply

_ALSO_PASSING = frozenset({Failure.REFUSED, Failure.PROTOCOL, Failure.UNREACHABLE})
"""Failures that another attempt in the same run may well not meet."""
_LONGEST_S = 10.0
_JITTER = 0.25


def can_pass(reply: Reply) -> bool:
    """Say whether the same question may well be answered a moment later."""
    return classify.may_pass(reply) or reply.failure in _ALSO_PASSING


class Retries:
    """How often, and how far apart, what can pass is asked again before the second look."""

    def __init__(self, options: CheckOptions) -> None:
        first = options.retry_delay_s
        self._retrying = Retrying(
            retry=retry_if_result(lambda reply: can_pass(reply) and reply.failure is not Failure.TIMEOUT),
            stop=stop_after_attempt(options.retries + 1),
            wait=wait_exponential(multiplier=first, max=_LONGEST_S) + wait_random(0, first * _JITTER),
        )

    def after_s(self, reply: Reply, attempt: int) -> float | None:
        """Return the seconds to wait before the next attempt; None if there is none. `attempt` counts from 1.

        A timeout has cost its time already: it waits for the second look.
        """
        state = RetryCallState(self._retrying, None, (), {})
        state.attempt_number = attempt
        state.set_result(reply)
        if not self._retrying.retry(state) or self._retrying.stop(state):
            return None
        return float(self._retrying.wait(state))
