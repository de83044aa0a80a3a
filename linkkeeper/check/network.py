"""Whether failures are theirs or ours. Findings that hang on it are held until that is known."""

from functools import lru_cache

import msgspec

from linkkeeper.check.portal import AddressesOf, Sameness
from linkkeeper.models.verdict import Failure, Finding, Judgement, Reply, Verdict
from linkkeeper.net import addresses
from linkkeeper.net.control import RULE_IDS, SENTENCES, US, Control, Network
from linkkeeper.net.resolver import Names
from linkkeeper.net.target import Target
from linkkeeper.urls import parse

_SILENCE_S = 2.0
"""Without any answer for so long at the start, the control is asked before look-ups time out."""
_FEW = 10
MEANINGS = {
    "offline": "This machine had no working network; the page was not asked.",
    "captive-portal": "Something on the network answered in place of the web; the page was not asked.",
}


class Watch:
    """Follows which hosts answer, and asks the control questions when too few do."""

    def __init__(self, control: Control | None, private_ok: bool, addresses_of: AddressesOf = lambda _: ()) -> None:
        """addresses_of: what is known of a name's addresses."""
        self._control = control
        self._sameness = Sameness(addresses_of)
        self._private_ok = private_ok
        self.state = Network.WORKS
        self.held: list[Finding] = []
        self.notes: list[str] = []
        self._answered: set[str] = set()
        self._named: set[str] = set()
        self._far: set[str] = set()
        """Hosts that answered and are not this machine: only they show that there is a network."""
        self._failed: dict[str, Failure] = {}
        self._alarmed = False
        self._unproved = False
        """A bare address said that a page is gone, and no host with a name has answered."""
        self.expected = False
        """Some question needs a network."""
        self._intercepted: set[str] = set()

    @property
    def at_fault(self) -> bool:
        """True if our own network failed."""
        return self.state is not Network.WORKS

    @property
    def waits(self) -> bool:
        """True while one machine may have answered for all: findings wait until that is known."""
        return self._control is not None and self._sameness.holds_back(len(self.held))

    def ended(self, target: Target, reply: Reply) -> None:
        """Note where the question to a host ended."""
        if self._control is not None:
            self._sameness.ended(target, reply)

    def plainly_ended(self, target: Target, url: str) -> bool:
        """Note that the question to a host ended where it was asked; say whether the finding has to wait."""
        if self._control is None:
            return False
        if not target.address:
            self._sameness.ended(target, Reply(url, final_url=url))
        return self._sameness.holds_back(len(self.held))

    def answered(self, target: Target) -> None:
        """Note that a host answered."""
        if target.host not in self._answered:
            self._answered.add(target.host)
            self._failed.pop(target.host, None)
            if leaves(target):
                self._far.add(target.host)
                if not target.address:
                    self._named.add(target.host)

    def failed(self, target: Target, reply: Reply) -> None:
        """Note that a host could not be reached."""
        if reply.failure in _OURS and self.doubts(target, reply) and target.host not in self._answered:
            self._failed[target.host] = reply.failure
        if reply.failure in _INTERCEPTED and leaves(target):
            self._intercepted.add(target.host)

    def doubts(self, target: Target | None, reply: Reply) -> bool:
        """Say whether a broken network could be what this failure is."""
        if self._control is None or target is None:
            return False
        if reply.failure is None:
            return self._spoken_for(target, reply)
        if not leaves(target):
            return False
        if reply.failure is Failure.PRIVATE_ADDRESS and target.address:
            return False
        return reply.failure in _OURS | _INTERCEPTED and not target.host.endswith(".invalid")

    def _spoken_for(self, target: Target, reply: Reply) -> bool:
        """Say whether a gateway may have spoken for a bare address: it needs no name, so it proves no network."""
        if reply.status not in _GONE or not target.address or self._named or not leaves(target):
            return False
        self._unproved = True
        return True

    def expect(self, target: Target) -> None:
        """Note what is going to be asked."""
        self.expected = self.expected or leaves(target)

    def hold(self, finding: Finding) -> None:
        """Keep a finding back until the end."""
        self.held.append(finding)

    def alarming(self, running_s: float) -> bool:
        """Say whether to ask the control now: nobody answers at all. True once."""
        if self._alarmed or self._named or not self.expected or self._control is None:
            return False
        self._alarmed = bool(self._failed) or running_s > _SILENCE_S
        return self._alarmed

    async def alarm(self) -> bool:
        """Ask the control questions early; say whether there is no network. An answer meanwhile settles it."""
        await self.check()
        if self._named:
            self.state = Network.WORKS
        return self.at_fault

    async def check(self) -> Network:
        """Ask the control questions, and remember what they say."""
        if self._control is not None:
            reached = any(failure not in _OF_NAMES for failure in self._failed.values())
            self.state = await self._control.network(self._private_ok, connect=reached)
        return self.state

    async def judged(self, stopped: Judgement | None) -> list[Finding]:
        """Return the held findings: as they are, or as unchecked if our network is at fault.

        stopped: there is no time left to ask; what would need it is unchecked by this judgement.
        """
        if stopped is not None and not self.at_fault:
            held, self.held = self.held, []
            return (
                [msgspec.structs.replace(finding, judgement=stopped) for finding in held]
                if self._most_failed()
                else held
            )
        if not self.at_fault and (self._most_failed() or (self._unproved and not self._named)):
            await self.check()
        if self._control is not None and not self.at_fault and self._maybe_portal() and await self._control.portal():
            self.state = Network.CAPTIVE
        held, self.held = self.held, []
        return [self._after_all(finding) for finding in held] if self.at_fault else held

    def _after_all(self, finding: Finding) -> Finding:
        """Return a held finding as our network's fault, unless it stands with or without one."""
        private = finding.judgement.verdict is Verdict.SKIPPED and self.state is Network.OFFLINE
        return finding if private else self.unchecked(finding)

    def unchecked(self, finding: Finding) -> Finding:
        """Return a finding as one that our network kept from being made."""
        if SENTENCES[self.state] not in self.notes:
            self.notes.append(SENTENCES[self.state])
        detail = MEANINGS[RULE_IDS[self.state]]
        seen = f" ({finding.judgement.detail})" if finding.judgement.detail else ""
        return msgspec.structs.replace(
            finding, judgement=Judgement(Verdict.UNCHECKED, RULE_IDS[self.state], detail + seen)
        )

    def _maybe_portal(self) -> bool:
        """Say whether what was seen could be a portal's doing."""
        return self._sameness.suspicious or (len(self._intercepted) > 1 and len(self._intercepted) > len(self._named))

    def _most_failed(self) -> bool:
        """Say whether most hosts could not be reached; with few answers, names alone count."""
        failed, answered = len(self._failed), len(self._far)
        return failed > answered or (failed > len(self._named) and answered < _FEW)


_GONE = frozenset({404, 410})
_INTERCEPTED = frozenset({Failure.TLS_SELF_SIGNED, Failure.TLS_WRONG_HOST, Failure.TLS_INCOMPLETE})
_OURS = US | {Failure.PRIVATE_ADDRESS}
"""Public names that lead inside are a portal's doing, or that of a network with names of its own."""
_OF_NAMES = frozenset({Failure.NO_NAME, Failure.NO_ADDRESS, Failure.DNS_FAILED, Failure.PRIVATE_ADDRESS})


async def vouched(names: Names, target: Target, reply: Reply) -> Reply:
    """Return the reply of a missing name, or a milder one if the servers of its domain are broken."""
    parent = parse.registrable_domain(target.host)
    broken = await names.vouched_for(parent) if parent and parent != target.host else None
    if broken is None:
        return reply
    return msgspec.structs.replace(reply, failure=broken.failure, detail=f"{parent}: {broken.detail}")


def leaves(target: Target) -> bool:
    """Say whether asking target needs a network at all."""
    return is_far(target.host, target.port)


@lru_cache(maxsize=1 << 16)
def is_far(host: str, port: int) -> bool:  # noqa: ARG001 - as `Client.where` says it
    """Say whether a host, as `net.target` writes it, is beyond this machine and its own network."""
    address = addresses.literal(host)
    return not (addresses.reserved(address) if address is not None else addresses.local_name(host))
