"""What a reply means: the first rule that fits gives the verdict. Pure; docs/verdicts.md is made from the rules."""

from urllib.parse import unquote

from linkkeeper.check import doors, gone, page, parked, soft404, tables, walls
from linkkeeper.check.failures import FAILURE_RULES
from linkkeeper.check.rule import RuleDoc
from linkkeeper.check.statuses import BY_STATUS, UNLISTED
from linkkeeper.models.verdict import Failure, Judgement, Redirect, Reply, Verdict
from linkkeeper.urls import parse

MOVED = RuleDoc(
    "moved-permanently",
    Verdict.REDIRECTED,
    "Alive at a new address: permanent redirects (301, 308) all the way.",
    "RFC 9110, 15.4.2 and 15.4.9",
)
EMPTY = RuleDoc(
    "empty-page", Verdict.SUSPECT, "The server says 200 and sends an empty page.", "RFC 9110, 15.3.1: 200 has content"
)
GONE_UNPROVEN = RuleDoc(
    "gone-unproven",
    Verdict.BLOCKED,
    "The server says 404, but it refuses us its home page too: it may hide everything from us.",
    "public reports: bot walls that answer 404",
)
GONE_UNSURE = RuleDoc(
    "gone-unsure",
    Verdict.SUSPECT,
    "The server says 404, but its home page fails as well.",
    "SPEC of verdicts: dead needs a host that answers normally",
    confirms=True,
)
CUT_SHORT = RuleDoc(
    "cut-short", Verdict.OK, "The page came, less of it than announced; browsers show it all the same.", "RFC 9112, 8"
)
CONTESTED = RuleDoc(
    "contested",
    Verdict.SUSPECT,
    "One look said that it is gone, the other only that it failed.",
    "two looks in one run (`second look`)",
)

RULES: tuple[RuleDoc, ...] = (MOVED, EMPTY, GONE_UNPROVEN, GONE_UNSURE, CUT_SHORT, CONTESTED)

_MAY_PASS_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAY_PASS_FAILURE = frozenset({Failure.RESET, Failure.TIMEOUT, Failure.DNS_FAILED})
_PERMANENT = frozenset({301, 308})
_REFRESH_AT_MOST_S = 10
"""A page that waits longer before it sends readers on is a page to read."""


def classify(
    reply: Reply, *, sibling: Reply | None = None, root: Reply | None = None, shared: bool = False
) -> Judgement:
    """Judge a reply by the first rule that fits it.

    sibling: what the URL of `soft404.wants_sibling` answered; root: what the URL of `needs_root`
    answered; shared: what `soft404.RedirectTargets.shared` says. Not having them only makes the
    verdict more careful, except that a 404 without root counts: pass it where `needs_root` names one.
    """
    if reply.failure is not None and not _has_page(reply):
        return _failed(reply)
    if reply.status is None:
        return FAILURE_RULES[Failure.PROTOCOL].judge(reply.detail or "no answer")
    wall = walls.wall(reply)
    if wall:
        return walls.BOT_WALL.judge(f"{wall} (HTTP {reply.status})")
    door = doors.wall_at(reply.url, reply.final_url or "") if reply.redirects else None
    if door is not None and reply.status < 500:
        return door.judge(f"sent to {reply.final_url}")
    if reply.status in {404, 410}:
        return _missing(reply, root)
    rule = BY_STATUS.get(reply.status, UNLISTED)
    if rule.verdict is not Verdict.OK:
        return rule.judge(f"HTTP {reply.status}")
    return _page(reply, sibling, root, shared=shared)


def _has_page(reply: Reply) -> bool:
    """Tell whether a page arrived although its body broke off."""
    broke = reply.failure in {Failure.RESET, Failure.PROTOCOL, Failure.TIMEOUT}
    return broke and bool(reply.body) and reply.status is not None and 200 <= reply.status < 300


def _failed(reply: Reply) -> Judgement:
    rule = FAILURE_RULES[reply.failure or Failure.PROTOCOL]
    where = f" (redirected to {reply.final_url})" if reply.redirects and reply.final_url else ""
    return rule.judge((reply.detail or rule.meaning.rstrip(".")) + where)


def _missing(reply: Reply, root: Reply | None) -> Judgement:
    if root is not None and not (root.status in {404, 410} and root.failure is None):
        judged = classify(root)
        if judged.verdict is Verdict.BLOCKED and judged.rule != doors.CONSENT_WALL.id:
            return GONE_UNPROVEN.judge(f"HTTP {reply.status}; the home page: {judged.detail}")
        if judged.verdict in {Verdict.SUSPECT, Verdict.UNCHECKED} and judged.rule not in _ROOT_MAY_BE:
            return GONE_UNSURE.judge(f"HTTP {reply.status}; the home page: {judged.detail}")
    return BY_STATUS[404].judge(f"HTTP {reply.status}")


_ROOT_MAY_BE = frozenset({EMPTY.id, soft404.SOFT_404_SIGN.id, parked.PARKED_SIGN.id, UNLISTED.id})
"""What a home page may look like on a host (of files, of an API) that answers normally."""


def _page(reply: Reply, sibling: Reply | None, root: Reply | None, *, shared: bool) -> Judgement:
    notice = gone.notice(reply)
    if notice is not None:
        return notice
    if reply.body and doors.login_form(reply):
        return doors.LOGIN_WALL.judge("a log-in form stands at the page's address")
    signs = parked.signs(reply)
    if signs:
        return _parked(signs, reply, sibling)
    soft = None if gone.is_there(reply) else soft404.judge(reply, sibling, root, shared=shared)
    if soft is not None:
        return soft
    if reply.method != "HEAD" and _is_empty(reply):
        return EMPTY.judge("an empty page")
    if reply.failure is not None:
        return CUT_SHORT.judge(reply.detail or "the body broke off")
    if reply.redirects and all(hop.status in _PERMANENT for hop in reply.redirects):
        return MOVED.judge(f"moved to {reply.final_url}")
    return BY_STATUS[200].judge(f"HTTP {reply.status}")


def _parked(signs: tuple[str, ...], reply: Reply, sibling: Reply | None) -> Judgement:
    if sibling is not None and soft404.same(reply, sibling):
        signs += ("sibling: a page beside it that cannot exist answers the same",)
    rule = parked.PARKED if len(signs) >= 2 else parked.PARKED_SIGN
    return rule.judge("; ".join(signs)[:200], signs)


def _is_empty(reply: Reply) -> bool:
    if reply.status != 200 or reply.truncated or reply.body.strip():
        return False
    kind = reply.header("content-type").lower()
    return not kind or "html" in kind


def doubtful(reply: Reply) -> bool:
    """Tell whether the answer to a HEAD is no ground for a verdict: ask again with GET, or read the page.

    Servers answer HEAD wrongly in both directions, so only a 2xx for what is plainly a file stands.
    """
    if reply.method != "HEAD":
        return False
    if reply.failure is not None:
        return reply.failure not in _SETTLED
    if reply.status is None or not 200 <= reply.status < 300:
        return True
    return not _is_file(reply)


_SETTLED = frozenset(
    {Failure.NO_NAME, Failure.BAD_URL, Failure.PRIVATE_ADDRESS, Failure.OUT_OF_TIME, Failure.WAIT_TOO_LONG}
)


def _is_file(reply: Reply) -> bool:
    kind = reply.header("content-type").partition(";")[0].strip().lower()
    length = reply.header("content-length").strip()
    return bool(kind) and not kind.startswith("text/") and kind != "application/xhtml+xml" and length != "0"


def first_method(url: str) -> str:
    """Return the method to ask url with: HEAD for what its name says is a file, GET for what is probably a page.

    A page must be read in any case (soft-404), so a HEAD before would be one request too many.
    """
    suffix = unquote(parse.split(url).path).rpartition("/")[2].rpartition(".")[2].lower()
    return "HEAD" if suffix in tables.suffixes().downloads else "GET"


def may_pass(reply: Reply) -> bool:
    """Tell whether the same question may be answered better a little later."""
    if reply.failure is not None:
        return reply.failure in _MAY_PASS_FAILURE
    return reply.status in _MAY_PASS_STATUS


def needs_second_look(judgement: Judgement) -> bool:
    """Tell whether to ask once more at the end of the run, by GET as a browser would, before the verdict stands."""
    if judgement.rule == FAILURE_RULES[Failure.WAIT_TOO_LONG].id:
        return False
    return judgement.verdict in {Verdict.DEAD, Verdict.SUSPECT, Verdict.BLOCKED}


def needs_root(reply: Reply) -> str | None:
    """Return the URL of the home page whose answer decides whether a 404 is proof; None if none is needed.

    Of the host that gave the last answer. One question per host and run is enough.
    """
    if reply.failure is not None or reply.status not in {404, 410}:
        return None
    parts = parse.split(reply.final_url or reply.url)
    if parts.scheme not in {"http", "https"} or not parts.host or parts.path in {"", "/"}:
        return None
    scheme, _, rest = parts.head.partition("://")
    return f"{scheme}://{rest.partition('/')[0].rpartition('@')[2]}/"


def follow(reply: Reply) -> str | None:
    """Return the absolute URL that a page sends its readers on to within seconds (`Refresh`, meta refresh); else None.

    Ask it, and judge `joined(reply, answer)`.
    """
    if reply.failure is not None or reply.status is None or not 200 <= reply.status < 300:
        return None
    order = page.refresh(reply)
    if order is None or order.after_s > _REFRESH_AT_MOST_S or not order.url.lower().startswith(("http://", "https://")):
        return None
    here = parse.without_fragment(reply.final_url or reply.url)
    return order.url if parse.without_fragment(order.url) != here else None


def joined(first: Reply, second: Reply) -> Reply:
    """Return second as the end of the road that began with first: one reply, the page in between a hop."""
    hop = Redirect(first.final_url or first.url, first.status or 200)
    return Reply(
        url=first.url,
        method=second.method,
        status=second.status,
        final_url=second.final_url or second.url,
        redirects=(*first.redirects, hop, *second.redirects),
        headers=second.headers,
        body=second.body,
        truncated=second.truncated,
        failure=second.failure,
        detail=second.detail,
        requests=first.requests + second.requests,
        received_bytes=first.received_bytes + second.received_bytes,
        elapsed_ms=first.elapsed_ms + second.elapsed_ms,
        retry_after_s=second.retry_after_s,
    )


def combine(first: Judgement, second: Judgement) -> Judgement:
    """Return what two looks at one URL amount to: alive if either saw it so, dead only if neither objects."""
    for look in (second, first):
        if look.verdict in {Verdict.OK, Verdict.REDIRECTED}:
            return look
    verdicts = {first.verdict, second.verdict}
    if verdicts == {Verdict.DEAD, Verdict.BLOCKED}:
        return first if first.verdict is Verdict.BLOCKED else second
    if first.verdict is Verdict.DEAD and second.verdict is Verdict.SUSPECT:
        return CONTESTED.judge(f"first: {first.detail}; then: {second.detail}")
    if second.verdict is Verdict.UNCHECKED:
        return first if first.verdict is not Verdict.DEAD else second
    return second


def looks_dead(reply: Reply) -> str:
    """Return the rule by which a page that came with 200 is none (soft-404, parked, gone, a wall), else empty.

    For captures: an archived error page is no copy.
    """
    judged = classify(reply)
    return judged.rule if judged.verdict in {Verdict.DEAD, Verdict.BLOCKED} else ""
