"""Links that point into the web archive: judged by what the archive plays, not by what other servers would mean."""

from linkkeeper.check.rule import RuleDoc
from linkkeeper.models.verdict import Verdict

_SOURCE = "RFC 7089, 2.1.1; the archive's answers as docs/rescue.md lists them"

PLAYS = RuleDoc(
    "archive-link-plays", Verdict.OK, "The link points into the web archive, and the archive shows a capture.", _SOURCE
)
BROKEN = RuleDoc(
    "archive-link-broken",
    Verdict.DEAD,
    "The link points into the web archive, is not written as the archive writes its links, and shows no capture.",
    _SOURCE,
)
GONE = RuleDoc(
    "archive-link-gone",
    Verdict.DEAD,
    "The link points into the web archive, which says that it has no such capture, or may not show it.",
    _SOURCE,
)
UNASKED = RuleDoc(
    "archive-link-unasked",
    Verdict.UNCHECKED,
    "The link points into the web archive, which could not be asked.",
    _SOURCE,
)

RULES = (PLAYS, BROKEN, GONE, UNASKED)
