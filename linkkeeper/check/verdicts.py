"""Every rule by which a link gets its verdict: what a report and docs/verdicts.md say of it."""

from collections.abc import Mapping

from linkkeeper.check import archived, classify, doors, evidence, fragments, gone, links, local, parked, soft404, walls
from linkkeeper.check.failures import FAILURE_RULES
from linkkeeper.check.rule import RuleDoc
from linkkeeper.check.statuses import STATUS_RULES, UNLISTED
from linkkeeper.models.verdict import Verdict

EXCLUDED = RuleDoc("excluded", Verdict.SKIPPED, "Excluded by `--exclude` or not matched by `--include`.", "settings")
CONFIRMED = RuleDoc(
    "failing-for-days",
    Verdict.DEAD,
    "It failed on as many different days as the setting `confirm` says, without one success in between.",
    "setting `confirm`, 3",
)
OFFLINE = RuleDoc(
    "offline",
    Verdict.UNCHECKED,
    "Most hosts could not be reached at all: our network is at fault, so nothing is said about the page.",
    "control look-ups of the run",
)
CAPTIVE = RuleDoc(
    "captive-portal",
    Verdict.UNCHECKED,
    "One machine answered for everybody: a log-in page of the network stands in between.",
    "RFC 8952",
)
INTERRUPTED = RuleDoc("interrupted", Verdict.UNCHECKED, "The run was stopped before this was asked.", "Ctrl-C")

_ALL = (
    *(row.doc for row in STATUS_RULES),
    UNLISTED,
    *FAILURE_RULES.values(),
    *classify.RULES,
    walls.BOT_WALL,
    doors.LOGIN_WALL,
    doors.CONSENT_WALL,
    gone.GONE_NOTICE,
    soft404.SOFT_404,
    soft404.SOFT_404_SIGN,
    parked.PARKED,
    parked.PARKED_SIGN,
    *fragments.RULES,
    *links.RULES,
    *local.RULES,
    *evidence.RULES,
    *archived.RULES,
    EXCLUDED,
    CONFIRMED,
    OFFLINE,
    CAPTIVE,
    INTERRUPTED,
)

RULES: Mapping[str, RuleDoc] = {rule.id: rule for rule in _ALL}

CONFIRMABLE: frozenset[str] = frozenset(rule.id for rule in _ALL if rule.confirms)
"""Rules whose suspects become dead after failing on enough days. Not the others: a page that looks like an
error page once looks so every day, and that proves nothing new."""


def meaning(rule: str) -> str:
    """Return what a rule means, or the empty string for an unknown one."""
    found = RULES.get(rule)
    return found.meaning if found else ""
