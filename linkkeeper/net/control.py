"""Is it them or us? Look-ups and connections that must work on any machine with a network."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum

from linkkeeper.models.verdict import Failure, Reply
from linkkeeper.net import addresses
from linkkeeper.net.dial import dial
from linkkeeper.net.resolver import NameLookupError, Resolver, SystemResolver

CONTROL_NAMES = ("www.google.com", "www.cloudflare.com", "www.baidu.com", "www.wikipedia.org", "example.com")
"""Names of different owners in different countries; one that works proves the network."""
PORTAL_URL = "http://www.google.com/generate_204"
"""Made for this question: answers 204 and nothing else, wherever no portal stands in between (RFC 8952, 1)."""
PATIENCE_S = 4.0
Ask = Callable[[str], Awaitable[Reply]]
_log = logging.getLogger(__name__)


class Network(Enum):
    """What the control found."""

    WORKS = "works"
    OFFLINE = "offline"
    CAPTIVE = "captive"


class Control:
    """Asks the control questions."""

    def __init__(self, resolver: Resolver, ask: Ask | None = None, names: Sequence[str] = CONTROL_NAMES) -> None:
        # Threads of our own: look-ups that hang must not hold up the question whether all look-ups hang.
        self._resolver = SystemResolver() if isinstance(resolver, SystemResolver) else resolver
        self._ask = ask
        self._names = names

    async def portal(self) -> bool:
        """Say whether something answers in place of the web. A question that fails proves nothing."""
        if self._ask is None:
            return False
        reply = await self._ask(PORTAL_URL)
        return reply.status is not None and reply.status < 400 and reply.status != 204

    async def network(self, private_ok: bool = False, connect: bool = True) -> Network:
        """Look well-known names up; with `connect`, also reach one of them.

        `private_ok`: where private addresses are allowed, names that lead to them prove no portal.
        """
        found = await self._first_wave()
        if not found:
            return Network.OFFLINE
        public = [address for address in found if not addresses.reserved(addresses.parse(address))]
        if not public:
            return Network.WORKS if private_ok else Network.CAPTIVE
        if connect and not await _any_connects(public):
            return Network.OFFLINE
        return Network.WORKS

    async def _first_wave(self) -> list[str]:
        """Return the addresses of the control names that were found in time."""
        tasks = [asyncio.ensure_future(self._addresses(name)) for name in self._names]
        done, late = await asyncio.wait(tasks, timeout=PATIENCE_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return [address for task in tasks if task in done for address in task.result()]

    async def _addresses(self, name: str) -> tuple[str, ...]:
        try:
            return await self._resolver.resolve(name)
        except NameLookupError as failure:
            _log.debug("control look-up of %s: %s", name, failure.detail)
            return ()


async def _any_connects(found: Sequence[str]) -> bool:
    tries = [asyncio.ensure_future(_connects(address)) for address in found[:6]]
    try:
        async with asyncio.timeout(PATIENCE_S):
            for attempt in asyncio.as_completed(tries):
                if await attempt:
                    return True
    except TimeoutError:
        return False
    finally:
        for attempt in tries:
            attempt.cancel()
        await asyncio.gather(*tries, return_exceptions=True)
    return False


async def _connects(address: str) -> bool:
    try:
        made = await dial((address,), 443)
    except OSError:
        return False
    made.close()
    return True


SENTENCES = {
    Network.OFFLINE: "This machine has no working network: links that need one were not judged.",
    Network.CAPTIVE: "Something on this network answers in place of the web (a log-in page?): links were not judged.",
}
RULE_IDS = {Network.OFFLINE: "offline", Network.CAPTIVE: "captive-portal"}
US = frozenset(
    {Failure.TIMEOUT, Failure.REFUSED, Failure.RESET, Failure.UNREACHABLE}
    | {Failure.NO_NAME, Failure.NO_ADDRESS, Failure.DNS_FAILED}
)
"""Failures at the connection level: with enough of them, it may be us."""
