"""What a rule is: one reason for a verdict, with its documentation. Rows live beside the code that applies them."""

from msgspec import Struct

from linkkeeper.models.verdict import Judgement, Verdict


class RuleDoc(Struct, frozen=True):
    """One reason for a verdict. Its id is the same word in code, tests, reports and docs."""

    id: str
    verdict: Verdict
    meaning: str
    """One sentence for the reader of a report."""
    source: str
    """An RFC section, a vendor's page, or "observed" with a date."""
    confirms: bool = False
    """A suspect by this rule on enough different days becomes dead (`store.history`)."""

    def judge(self, detail: str = "", signs: tuple[str, ...] = ()) -> Judgement:
        """Return the judgement of this rule; detail is one human line of what was seen."""
        return Judgement(self.verdict, self.id, detail, signs)


class StatusRule(Struct, frozen=True):
    """A rule and the status codes of a last answer that it covers."""

    doc: RuleDoc
    statuses: frozenset[int]
