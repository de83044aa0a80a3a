"""What a verdict needs besides the page itself: the home page, a page that cannot exist, where others were sent."""

import re
from collections.abc import Iterable
from contextlib import suppress
from functools import cache

from linkkeeper.check import classify, soft404, walls
from linkkeeper.check.rule import RuleDoc
from linkkeeper.check.statuses import BY_STATUS
from linkkeeper.models.verdict import Judgement, Reply, Verdict

_KEPT_BODIES = 2000
ACCEPTED = RuleDoc(
    "accepted-status",
    Verdict.OK,
    "The settings say that this status means alive on this host.",
    "setting `host.NAME.accept`",
)
INTERNAL = RuleDoc(
    "internal-error",
    Verdict.UNCHECKED,
    "linkkeeper itself failed at this answer; please report it. Nothing is said about the page.",
    "check/crew.py",
)
RULES = (ACCEPTED, INTERNAL)


class Evidence:
    """Answers to errands, each asked once a run, and judgements made with them."""

    def __init__(self) -> None:
        self._replies: dict[str, Reply] = {}
        self._targets = soft404.RedirectTargets()

    def note(self, reply: Reply) -> None:
        """Take in any answer: where redirects end counts."""
        self._targets.add(reply)

    def learn(self, url: str, reply: Reply) -> None:
        """Take in the answer of an errand."""
        if len(self._replies) >= _KEPT_BODIES:
            del self._replies[next(iter(self._replies))]
        self._replies[url] = reply

    def missing(self, reply: Reply, judgement: Judgement, *, host_answers: bool) -> str | None:
        """Return the URL of an errand without which the judgement should not stand; None if all is known.

        host_answers: another page of the host was seen alive in this run, so its 404 means what it says.
        """
        if judgement is PLAIN:
            return None
        root = None if host_answers or judgement.verdict is not Verdict.DEAD else classify.needs_root(reply)
        if root is not None and root not in self._replies:
            return root
        sibling = soft404.wants_sibling(reply)
        return sibling if sibling is not None and sibling not in self._replies else None

    def judge(self, reply: Reply) -> Judgement:
        """Judge a reply with all that is known."""
        if plain(reply):
            return PLAIN
        if reply.redirects or reply.body or reply.status in (404, 410):
            root, sibling = classify.needs_root(reply), soft404.wants_sibling(reply)
            return classify.classify(
                reply,
                sibling=self._replies.get(sibling) if sibling else None,
                root=self._replies.get(root) if root else None,
                shared=self._targets.shared(reply),
            )
        return classify.classify(reply)


def prepare() -> None:
    """Read the tables that judging needs, as far as that can be done: later, there may be no file left to open."""
    page = Reply("http://a.example/b", status=200, headers=(("content-type", "text/html"),), body=b"<title>a</title>b")
    with suppress(OSError):
        tells((), "")
        Evidence().judge(page)


PLAIN = BY_STATUS[200].judge("HTTP 200")
"""The judgement, this very object, of a reply with nothing more to it."""


def plain(reply: Reply) -> bool:
    """Say whether a reply is a 200 to a HEAD about which no rule has more to say: nine in ten, and so the quick way."""
    if reply.status != 200 or reply.method != "HEAD" or reply.redirects or reply.failure is not None:
        return False
    return not tells([name for name, _ in reply.headers], reply.url)


def tells(names: Iterable[str], url: str) -> bool:
    """Say whether header fields of these (lower-case) names, or the URL itself, may show a wall without a page."""
    fields, _ = _telling()
    return not fields.isdisjoint(names) or place_tells(url)


def place_tells(url: str) -> bool:
    """Say the same of the URL alone."""
    return _telling()[1].search(url.lower()) is not None


@cache
def _telling() -> tuple[frozenset[str], re.Pattern[str]]:
    """Return the header fields by which walls show themselves without a page, and the hosts and paths of the others."""
    signals = [
        signal
        for wall in walls.walls()
        for signal in wall.signals
        if not (signal.body or signal.title) and (not signal.status or 200 in signal.status)
    ]
    places = {re.escape((signal.host or signal.path).lower()) for signal in signals if not signal.headers}
    fields = frozenset(name for signal in signals for name in signal.headers)
    return fields, re.compile("|".join(sorted(places)) or "$^")  # for lower case: ignoring case takes ten times as long
