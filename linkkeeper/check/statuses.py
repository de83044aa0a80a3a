"""The table of status codes: the first row that lists a status gives its verdict."""

from linkkeeper.check.rule import RuleDoc, StatusRule
from linkkeeper.models.verdict import Verdict


def _row(
    rule: str, statuses: set[int], verdict: Verdict, meaning: str, source: str, *, confirms: bool = False
) -> StatusRule:
    return StatusRule(RuleDoc(rule, verdict, meaning, source, confirms), frozenset(statuses))


STATUS_RULES: tuple[StatusRule, ...] = (
    _row(
        "http-success",
        set(range(200, 300)) | {300, 304},
        Verdict.OK,
        "The server answers with the page.",
        "RFC 9110, 15.3; 15.4.1 (a page of choices), 15.4.5 (unchanged)",
    ),
    _row(
        "http-gone",
        {404, 410},
        Verdict.DEAD,
        "The server says that the page is gone, and its home page answers normally.",
        "RFC 9110, 15.5.5 and 15.5.11",
    ),
    _row(
        "http-login",
        {401, 402, 407, 440, 561},
        Verdict.BLOCKED,
        "The server asks who we are or to be paid; what lies behind cannot be seen.",
        "RFC 9110, 15.5.2, 15.5.3, 15.5.8; 440: IIS session ended; 561: AWS load balancer, authentication",
    ),
    _row(
        "http-captive",
        {511},
        Verdict.UNCHECKED,
        "The network wants a log-in before it lets anything through; the page was not asked.",
        "RFC 6585, 6",
    ),
    _row(
        "http-refused",
        {403, 405, 406, 412, 418, 430, 450, 495, 496, 566, 567},
        Verdict.BLOCKED,
        "The server refuses us, by policy or as a robot; readers may well get the page.",
        "RFC 9110, 15.5.4, 15.5.6, 15.5.7; public reports: 412 bilibili, 418 douban and npm, 430 Shopify, "
        "450 parental controls, 495/496 nginx wants a client certificate, 566/567 Tencent EdgeOne",
    ),
    _row(
        "http-slow-down",
        {429, 420},
        Verdict.BLOCKED,
        "The server wants fewer requests from us and did not relent within this run.",
        "RFC 6585, 4; 420: Twitter's older spelling",
    ),
    _row(
        "http-legal",
        {451},
        Verdict.BLOCKED,
        "Withheld for legal reasons, often only in some countries.",
        "RFC 7725",
    ),
    _row(
        "http-linkedin-999",
        {999},
        Verdict.BLOCKED,
        "LinkedIn's refusal of anyone it takes for a robot.",
        "github.com/dkhamsing/awesome_bot issue 165: linkedin.com",
    ),
    _row(
        "http-moved-nowhere",
        {301, 302, 303, 305, 306, 307, 308},
        Verdict.SUSPECT,
        "A redirect that names no target.",
        "RFC 9110, 15.4",
        confirms=True,
    ),
    _row(
        "http-unavailable",
        {408, 425, 500, 502, 503, 504, 509, 529},
        Verdict.SUSPECT,
        "The server fails at the moment; such answers often pass.",
        "RFC 9110, 15.5.9, 15.6; RFC 8470, 5.2; 509: cPanel, bandwidth used up; 529: overloaded",
        confirms=True,
    ),
    _row(
        "http-origin-down",
        set(range(520, 529)) | {530},
        Verdict.SUSPECT,
        "The CDN in front answers; the server behind it does not.",
        "developers.cloudflare.com/support/troubleshooting/http-status-codes: 520 to 526, 530",
        confirms=True,
    ),
)

UNLISTED = RuleDoc(
    "http-unlisted",
    Verdict.SUSPECT,
    "A status that no rule lists: not a page, and no proof that it is gone.",
    "RFC 9110, 15: treat as the x00 of its class",
    confirms=True,
)

BY_STATUS: dict[int, RuleDoc] = {}
for _rule in STATUS_RULES:
    for _status in _rule.statuses:
        BY_STATUS.setdefault(_status, _rule.doc)
