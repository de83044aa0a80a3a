"""All that a run learns about the URLs of its collection."""

from msgspec import Struct, field

from linkkeeper.archive.base import Rescue, Wanted
from linkkeeper.check import verdicts
from linkkeeper.models.snapshot import Moved
from linkkeeper.models.verdict import Finding, Judgement, Verdict
from linkkeeper.pipeline.collect import Collection, Entry, Place

UNASKED = Judgement(Verdict.UNCHECKED, verdicts.INTERRUPTED.id, "the run ended before this was asked")


class Outcome(Struct):
    """All that was learned about the collection's URLs."""

    findings: dict[str, Finding] = field(default_factory=dict)
    """By `Entry.url`."""
    wanted: dict[tuple[str, int], Wanted] = field(default_factory=dict)
    """Document and start of the link's span -> what the archives were asked for it."""
    rescues: dict[Wanted, Rescue] = field(default_factory=dict)
    moved: dict[str, Moved] = field(default_factory=dict)
    """By `Entry.url`: the living successor, with the evidence."""
    requests: int = 0
    interrupted: bool = False
    network_at_fault: bool = False
    notes: list[str] = field(default_factory=list)

    def finding(self, entry: Entry) -> Finding:
        """Return what is known of an entry; an unasked one is unchecked."""
        if entry.judgement is not None:
            return Finding(entry.url, entry.judgement)
        return self.findings.get(entry.url) or Finding(entry.url, UNASKED)


def dead_places(collection: Collection, outcome: Outcome) -> list[tuple[Entry, Place]]:
    """Return the places that point at a dead page of the web: what archives are asked about."""
    if not any(finding.judgement.verdict is Verdict.DEAD for finding in outcome.findings.values()):
        return []
    return [
        (entry, place)
        for entry in collection.asked()
        if outcome.finding(entry).judgement.verdict is Verdict.DEAD
        for place in entry.places
    ]
