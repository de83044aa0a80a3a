"""Whether failures are theirs or ours. Findings that hang on it are held until that is known."""

import msgspec

from linkkeeper.models.verdict import Failure, Finding, Judgement, Reply, Verdict
from linkkeeper.net import addresses
from linkkeeper.net.control import RULE_IDS, SENTENCES, US, Control, Network
from linkkeeper.net.target import Target

_SILENCE_S = 2.0
"""Without any answer for so long at the start, the control is asked before look-ups time out."""
_FEW = 10
MEANINGS = {
    "offline": "This machine had no working network; the page was not asked.",
    "captive-portal": "Something on the network answered in place of the web; the page was not asked.",
}


class Watch:
    """Follows which hosts answer, and asks the control questions when too few do."""

    def __init__(self, control: Control | None, private_ok: bool) -> None:
        self._control = control
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

    @property
    def at_fault(self) -> bool:
        """True if our own network failed."""
        return self.state is not Network.WORKS

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
        if reply.failure is not None and self.doubts(target, reply) and target.host not in self._answered:
            self._failed[target.host] = reply.failure

    def doubts(self, target: Target | None, reply: Reply) -> bool:
        """Say whether a broken network could be what this failure is."""
        if self._control is None or target is None or reply.failure not in US:
            return False
        return leaves(target) and not target.host.endswith(".invalid")

    def hold(self, finding: Finding) -> None:
        """Keep a finding back until the end."""
        self.held.append(finding)

    def alarming(self, running_s: float) -> bool:
        """Say whether to ask the control now: nobody answers at all. True once."""
        if self._alarmed or self._answered or self._control is None:
            return False
        self._alarmed = bool(self._failed) or running_s > _SILENCE_S
        return self._alarmed

    async def check(self) -> Network:
        """Ask the control questions, and remember what they say."""
        if self._control is not None:
            reached = any(failure not in _OF_NAMES for failure in self._failed.values())
            self.state = await self._control.network(self._private_ok, connect=reached)
        return self.state

    async def judged(self) -> list[Finding]:
        """Return the held findings: as they are, or as unchecked if our network is at fault."""
        if self._most_failed() and not self.at_fault:
            await self.check()
        held, self.held = self.held, []
        return [self.unchecked(finding) for finding in held] if self.at_fault else held

    def unchecked(self, finding: Finding) -> Finding:
        """Return a finding as one that our network kept from being made."""
        if SENTENCES[self.state] not in self.notes:
            self.notes.append(SENTENCES[self.state])
        detail = MEANINGS[RULE_IDS[self.state]]
        seen = f" ({finding.judgement.detail})" if finding.judgement.detail else ""
        return msgspec.structs.replace(
            finding, judgement=Judgement(Verdict.UNCHECKED, RULE_IDS[self.state], detail + seen)
        )

    def _most_failed(self) -> bool:
        """Say whether most hosts could not be reached; with few answers, names alone count."""
        failed, answered = len(self._failed), len(self._far)
        return failed > answered or (failed > len(self._named) and answered < _FEW)


_OF_NAMES = frozenset({Failure.NO_NAME, Failure.NO_ADDRESS, Failure.DNS_FAILED})


def leaves(target: Target) -> bool:
    """Say whether asking target needs a network at all."""
    if target.address:
        return not addresses.reserved(addresses.parse(target.address))
    return not addresses.local_name(target.host)
