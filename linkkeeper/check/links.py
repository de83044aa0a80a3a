"""What a link says about itself, before anybody is asked. Pure."""

import re
from datetime import date
from functools import cache, lru_cache

from msgspec import Struct

from linkkeeper.check import tables
from linkkeeper.check.failures import FAILURE_RULES
from linkkeeper.check.rule import RuleDoc
from linkkeeper.extract.base import SKIP_TEMPLATE
from linkkeeper.models.link import Link
from linkkeeper.models.verdict import Failure, Judgement, Verdict
from linkkeeper.urls import normalise

PLACEHOLDER = RuleDoc(
    "placeholder",
    Verdict.PLACEHOLDER,
    "It points nowhere: `#` or nothing at all.",
    "RFC 3986, 4.4; PDF conversions leave them",
)
OTHER_SCHEME = RuleDoc(
    "other-scheme", Verdict.SKIPPED, "Not a web page (mail, telephone, script, …): nobody is asked.", "IANA URI schemes"
)
TEMPLATE = RuleDoc(
    "template-code", Verdict.SKIPPED, "Template code: only the built site has a URL here.", "Liquid, Hugo, Jinja, MDX"
)
IGNORED = RuleDoc("ignored", Verdict.SKIPPED, "The document asks to leave it alone.", "`<!-- linkkeeper-ignore -->`")
SCHEME_TYPO = RuleDoc("scheme-typo", Verdict.INVALID, "The scheme is misspelt.", "RFC 3986, 3.1; seen in public posts")
SCHEME_MISSING = RuleDoc(
    "scheme-missing",
    Verdict.INVALID,
    "Without `http://` before it, browsers take it for something else than a host.",
    "WHATWG URL, 4.4",
)
RULES = (PLACEHOLDER, OTHER_SCHEME, TEMPLATE, IGNORED, SCHEME_TYPO, SCHEME_MISSING)

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_GLUED = re.compile(r"(https?|ttps?|htt?ps?)(?:;//|：//|//|\.//|/:/)", re.IGNORECASE)
_DOUBLED = re.compile(r"https?:/{0,3}https?(?::|/)/?/", re.IGNORECASE)
_HOST_PORT = re.compile(r"[A-Za-z0-9.\-]+:\d{1,5}(?:[/?#]|$)")
_WEB = ("http", "https")
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PORT = r"(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2})"
_LABEL = r"(?!xn--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_BEHIND_SCHEME = len("https://")
_SOUND = re.compile(
    rf"https?://(?:(?:{_LABEL}\.){{1,4}}[a-z]{{2,63}}|{_OCTET}(?:\.{_OCTET}){{3}})(?::{_PORT})?",
    re.IGNORECASE,
)
"""URLs that nothing can be said against, nine in ten: the quick way."""


class Schemes(Struct, frozen=True, forbid_unknown_fields=True):
    """The file of known schemes that are not the web's."""

    source: str
    date: date
    known: frozenset[str]


def judge_link(link: Link) -> Judgement | None:
    """Judge a link by its own text; None: it must be asked, over the network or (`is_local`) on disk."""
    if link.skip:
        return _skipped(link.skip).judge(link.skip)
    url = link.url.strip()
    if url in {"", "#"}:
        return PLACEHOLDER.judge("empty" if not url else "#")
    return judge_url(url)


def _skipped(reason: str) -> RuleDoc:
    """Return the rule for a reason of the extraction; what it knows to be no page is no exemption by the author."""
    if reason == SKIP_TEMPLATE:
        return TEMPLATE
    return IGNORED if reason.startswith(IGNORED.id) else OTHER_SCHEME


def is_local(url: str) -> bool:
    """Tell whether a URL is answered by the files of the site: relative, from its root, or a bare `#anchor`."""
    return not url.startswith("//") and not _SCHEME.match(url) and not _GLUED.match(url)


def is_sound(link: Link) -> bool:
    """Tell whether nothing can be said against a link of the web, as of most: neither `judge_link` nor `is_local`."""
    if link.skip:
        return False
    url = link.url
    end = url.find("/", _BEHIND_SCHEME)
    if end < 0:
        return _is_sound_site(url)
    return _is_sound_site(url[:end]) and url.isascii() and url.isprintable() and " " not in url


@lru_cache(maxsize=1 << 12)
def _is_sound_site(url: str) -> bool:
    return _SOUND.fullmatch(url) is not None


def judge_url(url: str) -> Judgement | None:
    """Judge the text of a URL that is neither empty nor `#`; None: it must be asked."""
    if _SOUND.fullmatch(url):
        return None
    if _DOUBLED.match(url):
        return SCHEME_TYPO.judge("the scheme stands there twice")
    if _GLUED.match(url):
        return SCHEME_TYPO.judge(f"“{url[:8]}…” where :// is meant")
    scheme = _SCHEME.match(url)
    name = scheme[1].lower() if scheme else ""
    if scheme and name not in _WEB:
        return _other_scheme(url, name)
    if not scheme and not url.startswith("//"):
        return None
    try:
        normalise.request_url(f"https:{url}" if not scheme else url)
    except ValueError as error:
        return FAILURE_RULES[Failure.BAD_URL].judge(str(error))
    return None


def _other_scheme(url: str, name: str) -> Judgement:
    if name in _schemes() or "+" in name:
        return OTHER_SCHEME.judge(f"{name}:")
    if _is_typo(name):
        return SCHEME_TYPO.judge(f"unknown scheme {name}: (is http: meant?)")
    if _HOST_PORT.match(url) and ("." in name or name == "localhost"):
        return SCHEME_MISSING.judge(f"browsers take {name}: for a scheme")
    return OTHER_SCHEME.judge(f"{name}:")


@cache
def _schemes() -> frozenset[str]:
    return tables.load("schemes.toml", Schemes).known


def _is_typo(name: str) -> bool:
    return len(name) >= 3 and any(_distance(name, web) <= 2 for web in _WEB) and set(name) <= set("htpsjgyxlinkw")


def _distance(one: str, two: str) -> int:
    """Return how many letters to insert, delete, replace or swap (optimal string alignment); short words only."""
    if abs(len(one) - len(two)) > 2:
        return 3
    rows = [list(range(len(two) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(two, 1):
            cost = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == two[j - 2] and one[i - 2] == b:
                cost = min(cost, rows[i - 2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]
