"""Pages that say 200 and mean 404. Two signs make dead, one makes suspect (docs/verdicts.md). Pure.

The signs: an error page's title; its text; a deep link sent to the home page; a redirect to an address
that is an error page's by its name; a page beside it that cannot exist and looks the same; many
different links sent to one place. A sibling that the server does call missing speaks against it.
"""

import hashlib
import html
import os
import re
from collections import defaultdict
from datetime import date
from functools import cache, lru_cache
from urllib.parse import parse_qsl, urlencode

from msgspec import Struct

from linkkeeper.check import doors, page, parked, tables
from linkkeeper.check.phrases import Phrases
from linkkeeper.check.rule import RuleDoc
from linkkeeper.models.verdict import Judgement, Reply, Verdict
from linkkeeper.urls import parse

SOFT_404 = RuleDoc(
    "soft-404",
    Verdict.DEAD,
    "The server says 200, and at least two signs say that the page is an error page.",
    "check/data/soft404.toml; measured on the sample in docs/verdicts.md",
)
SOFT_404_SIGN = RuleDoc(
    "soft-404-sign",
    Verdict.SUSPECT,
    "The server says 200, and one sign says that the page may be an error page.",
    "check/data/soft404.toml; measured on the sample in docs/verdicts.md",
)
PROSE_LIMIT = 1500
"""Characters outside links in the middle of the page: what has more to say is no error page."""
_BLOCK_LIMIT = 300
_APART = 60
_NAME_LIMIT = 40
_ENOUGH_TARGETS = 3

_PARTS = re.compile(r"\s[-–—~]+\s|\s?[|•·»«›‹｜–—_\\]+\s?|\s/\s|\s::\s|>>|【|】|\s-|-\s")
_COLON = re.compile(r"[:：]")
_NO_WORD = re.compile(r"[^\w' ]+|_")
_DIGITS = re.compile(r"\b[45]0[0-9]\b")
_NOISE = frozenset(
    {
        "404",
        "410",
        "4o4",
        "error",
        "errors",
        "http",
        "https",
        "status",
        "code",
        "page错误",
        "错误",
        "错误页",
        "錯誤",
        "エラー",
        "fehler",
        "erreur",
        "ошибка",
        "erro",
        "errore",
        "fout",
        "hata",
        "błąd",
        "chyba",
        "fel",
        "页",
        "code404",
        "error404",
        "http404",
    }
)
_ERROR_ADDRESS = re.compile(
    r"^(?:error[-_]?)?(?:404|410)(?:[-_]?(?:error|page|notfound))?$|^(?:page|file|error|site)?[-_]?not[-_]?found$|^error[-_]?page$|^(?:page)?missing$|^pagenotfound\w{0,8}$"
)
_TAGS = re.compile(r"<(script|style|svg|noscript)\b[^>]{0,2000}>.*?</\1|<[^>]{0,5000}>", re.IGNORECASE | re.DOTALL)
_TEXT_LIMIT = 12_000
"""Characters of visible text, navigation included: what shows more is no error page."""
_SALT = os.urandom(8)


class Language(Struct, frozen=True, forbid_unknown_fields=True):
    """What error pages say in one language. All lower case."""

    code: str
    source: str
    date: date
    titles: frozenset[str]
    subjects: tuple[str, ...]
    predicates: tuple[str, ...]
    sentences: tuple[str, ...]
    explains: tuple[str, ...]
    markup: tuple[str, ...] = ()
    weak: frozenset[str] = frozenset()


class Languages(Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    language: tuple[Language, ...]


def languages() -> tuple[Language, ...]:
    """Return the table."""
    return tables.load("soft404.toml", Languages).language


def signs(
    reply: Reply, sibling: Reply | None = None, root: Reply | None = None, *, shared: bool = False
) -> tuple[str, ...]:
    """Return each sign that a 2xx page is an error page, as `name: what was seen`.

    sibling is what the URL of `wants_sibling` answered, root what the home page answered, shared what
    `RedirectTargets.shared` says; None and False: not known.
    """
    found = [*_address_signs(reply), *_page_signs(reply)]
    gate = bool(reply.redirects) and doors.is_gate(reply)
    if sibling is not None and not gate and same(reply, sibling, told=bool(found)):
        found.append("sibling: a page beside it that cannot exist answers the same")
    if (
        root is not None
        and not doors.is_home(reply.url)
        and not reply.redirects
        and same(reply, root, told=bool(found))
    ):
        found.append("home-page: the same as the home page")
    if found and shared and not gate:
        found.append("shared-target: other links end there too")
    return tuple(found)


def judge(
    reply: Reply, sibling: Reply | None = None, root: Reply | None = None, *, shared: bool = False
) -> Judgement | None:
    """Judge a 2xx page by its signs; None if nothing speaks against it."""
    found = signs(reply, sibling, root, shared=shared)
    if not found:
        return None
    if sibling is not None and sibling.status in {404, 410}:
        # This server knows how to say 404 and did not: pages about errors look like errors, too.
        if len(found) == 1 and found[0].startswith(("title:", "text:")):
            return None
        return SOFT_404_SIGN.judge(_line(found), found)
    return (SOFT_404 if len(found) >= 2 else SOFT_404_SIGN).judge(_line(found), found)


def _line(found: tuple[str, ...]) -> str:
    return "; ".join(found)[:200]


def wants_sibling(reply: Reply) -> str | None:
    """Return a URL beside reply's that cannot exist, if its answer would help to judge; else None.

    The same for all pages of a directory, so that one question serves them all.
    """
    if reply.status is None or not 200 <= reply.status < 300:
        return None
    return next(iter(page.view(reply).signs("sibling", _wanted_sibling)), None)


def _wanted_sibling(view: page.View) -> tuple[str, ...]:
    reply = view.reply
    alone = len(parked.signs(reply)) == 1
    if not alone and (doors.is_home(reply.url) or not (_address_signs(reply) or _page_signs(reply) or _hints(reply))):
        return ()
    sibling = sibling_url(reply.url)
    return () if sibling is None else (sibling,)


def sibling_url(url: str) -> str | None:
    """Return the URL of a page that cannot exist in the same directory, and by the same handler; None: no way."""
    parts = parse.split(url)
    if parts.scheme not in {"http", "https"} or not parts.host:
        return None
    base, _, name = parts.head.rstrip("/").rpartition("/")
    if parts.path in {"", "/"}:
        base, name = parts.head.rstrip("/"), ""
    token = "linkkeeper-" + hashlib.sha256(_SALT + base.encode("utf-8", "replace")).hexdigest()[:12]
    stem, dot, suffix = name.rpartition(".")
    if parts.query and suffix in {"php", "asp", "aspx", "jsp", "do", "cgi", "action", "cfm"}:
        pairs = parse_qsl(parts.query, keep_blank_values=True)[:20]
        return f"{parts.head}?{urlencode([(key, token) for key, _ in pairs])}" if pairs else None
    ending = f".{suffix}" if dot and stem and suffix.isalnum() and len(suffix) <= 5 else ""
    return f"{base}/{token}{ending}" + ("/" if parts.head.endswith("/") else "")


class RedirectTargets:
    """Which places the redirects of a run lead to: many different links to one place is how some sites say 404."""

    def __init__(self) -> None:
        self._asked: dict[str, set[str]] = defaultdict(set)

    def add(self, reply: Reply) -> None:
        """Take in one reply; only those that were redirected count."""
        if reply.redirects and reply.final_url and parse.split(reply.url).path != parse.split(reply.final_url).path:
            asked = self._asked[reply.final_url]
            if len(asked) < 10:
                asked.add(parse.split(reply.url).head)

    def shared(self, reply: Reply) -> bool:
        """Tell whether at least three different links ended where this one did."""
        return bool(reply.final_url) and len(self._asked.get(reply.final_url or "", ())) >= _ENOUGH_TARGETS


def _address_signs(reply: Reply) -> list[str]:
    final = reply.final_url or reply.url
    if final == reply.url or not reply.redirects:
        return []
    if doors.sent_home(reply.url, final):
        return [f"redirect-home: {final[:120]}"]
    if _is_error_address(final) and not _is_error_address(reply.url):
        return [f"error-address: {final[:120]}"]
    return []


def _is_error_address(url: str) -> bool:
    names = [name.partition(".")[0].lower() for name in parse.split(url).path.split("/") if name]
    return any(_ERROR_ADDRESS.match(name[:60]) for name in names[-2:])


def _page_signs(reply: Reply) -> tuple[str, ...]:
    return page.view(reply).signs("soft-404", _seen_in) if reply.body else ()


def _seen_in(view: page.View) -> tuple[str, ...]:
    if not view.html:
        plain = view.reply.header("content-type").lower().startswith("text/plain")
        return _plain_signs(view.source) if plain else ()
    named = is_error_title(view.title)
    if not named and not _may_say_missing(view.source):
        return ()
    said = _error_text(view)
    if said and _explains(view.page):
        said = ""
    named = named or bool(said and _says_only_error(view.title))
    found = (f"title: {view.title[:100]}",) if named else ()
    return (*found, f"text: {said[:100]}") if said else found


def _plain_signs(text: str) -> tuple[str, ...]:
    """A text file of one line that is an error message; web servers' defaults look so."""
    line = " ".join(text[:400].split())
    return (f"text: {line[:100]}",) if len(line) <= 80 and is_error_title(line) else ()


@lru_cache(maxsize=256)
def is_error_title(title: str) -> bool:
    """Tell whether one whole part of a title is what error pages are called, in any of the languages."""
    text = html.unescape(title).lower().replace("’", "'")[:300]
    parts = [part for part in _PARTS.split(text) if part and part.strip()]
    if len(parts) > 12:
        return False
    candidates = dict.fromkeys((text, *parts))
    for part in parts:
        if ":" in part or "：" in part:
            candidates |= dict.fromkeys(piece for piece in _COLON.split(part) if not _bare(piece).isdigit())
    return any(_is_error_name(part) for part in candidates)


def _says_only_error(title: str) -> bool:
    """Tell whether a title is no more than the word for an error: it adds to a text, and is no sign by itself."""
    words = _bare(title.lower()).split()
    if words and all(word in _NOISE for word in words):
        return True
    parts = [_bare(part.lower()) for part in _PARTS.split(title[:300]) if part]
    return any(part in language.weak for language in languages() for part in parts)


def _bare(text: str) -> str:
    return " ".join(_NO_WORD.sub(" ", text).split())


def _is_error_name(part: str) -> bool:
    words = _bare(part).split()
    kept = [word for word in words if word not in _NOISE]
    if not kept:
        return any(word in {"404", "410", "error404", "http404", "code404"} for word in words)
    joined = " ".join(kept)
    return joined in _titles() or "".join(kept) in _titles() or " ".join(words) in _titles()


@cache
def _titles() -> frozenset[str]:
    return frozenset(_bare(title) for language in languages() for title in language.titles)


@cache
def _clues() -> tuple[Phrases, Phrases]:
    """Return texts of which an error page has at least one: those in ASCII, and the others."""
    rows = languages()
    texts = {text for row in rows for text in (*row.predicates, *row.sentences, *row.markup)} | {"404"}
    return Phrases(filter(str.isascii, texts)), Phrases(text for text in texts if not text.isascii())


def _may_say_missing(markup: str) -> bool:
    """Tell whether a page is worth parsing: short enough as text, and with some word of an error page."""
    text = _TAGS.sub(" ", markup) if len(markup) > _TEXT_LIMIT else markup
    if len(text) > 2 * _TEXT_LIMIT and len(" ".join(text.split())) > _TEXT_LIMIT:
        return False
    text = html.unescape(text).lower().replace("’", "'")
    ascii_clues, others = _clues()
    return ascii_clues.any_in(text) or (not text.isascii() and others.any_in(text))


def _error_text(view: page.View) -> str:
    """Return the sentence by which a page with little prose says that something is missing; else the empty string."""
    seen = view.page
    if seen.prose_chars > PROSE_LIMIT:
        return ""
    for text in (*seen.headings, *seen.blocks):
        block = text.lower().replace("’", "'")
        if len(block) <= _BLOCK_LIMIT and any(_says_missing(language, block) for language in languages()):
            return text
        if len(block) <= _NAME_LIMIT and is_error_title(block):
            return text
    return next((mark for language in languages() for mark in language.markup if mark in view.lower), "")


def _says_missing(language: Language, block: str) -> bool:
    if any(sentence in block for sentence in language.sentences):
        return True
    for predicate in language.predicates:
        at = block.find(predicate)
        if at >= 0:
            near = block[max(0, at - _APART) : at + len(predicate) + _APART]
            if any(subject in near for subject in language.subjects):
                return True
    return False


def _explains(seen: page.Page) -> bool:
    text = " ".join(seen.blocks).lower()
    return any(word in text for language in languages() for word in language.explains)


def _hints(reply: Reply) -> bool:
    """Tell whether something weaker than a sign makes it worth one question more."""
    if not page.is_html(reply) or not reply.body:
        return False
    if _DIGITS.search(page.title(reply)):
        return True
    if reply.redirects and parse.split(reply.url).path != parse.split(reply.final_url or reply.url).path:
        old, new = parse.split(reply.url), parse.split(reply.final_url or "")
        return len(new.path.split("/")) < len(old.path.split("/")) - 1
    return False


def same(reply: Reply, other: Reply, *, told: bool = True) -> bool:
    """Tell whether other shows what reply shows: sent to the same place, or the same words.

    An application that fills an empty shell by script serves the same shell for every path: that is
    a sign only if something else was seen (told).
    """
    if other.status is None or not 200 <= other.status < 300:
        return False
    if reply.redirects and other.redirects and reply.final_url == other.final_url:
        return True
    if not page.is_html(reply) or not page.is_html(other):
        return bool(reply.body) and reply.body == other.body
    one, two = page.read(reply), page.read(other)
    if one.scripted and not told:
        return False
    return one.title == two.title and _alike(one.text, two.text)


def _alike(one: str, two: str) -> bool:
    left, right = set(one.split()), set(two.split())
    if not left and not right:
        return True
    return len(left & right) >= 0.85 * len(left | right)
