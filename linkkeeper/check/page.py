"""What a page says: title, text, where it sends its readers, its anchors. beautifulsoup4 on lxml reads it."""

import html
import re
import warnings
from collections import deque
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin

from msgspec import Struct

from linkkeeper.check import charset
from linkkeeper.models.verdict import Reply
from linkkeeper.urls import parse

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

MARKUP_LIMIT = 300_000
"""Characters of markup that are read: error pages are short, and a hostile one shall not cost seconds."""

_TAGS_LIMIT = 15_000
_HTML_TYPES = ("text/html", "application/xhtml+xml")
_MARKUP = re.compile(
    rb"^\s{0,200}(?:\xef\xbb\xbf)?\s{0,200}<(?:!doctype|html|head|meta|title|body|script|!--|\?xml)", re.IGNORECASE
)
_TITLE = re.compile(r"<title(?:\s[^>]{0,500})?>([^<]{0,1000})", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_UNSEEN = ("script", "style", "noscript", "template", "svg", "iframe", "title")
_AROUND = ("nav", "footer", "aside", "form", "select")
_REFRESH = re.compile(r"\s*+(?:[0-9]++(?:\.[0-9.]*+)?|\.[0-9.]++)\s*+[;,]?\s*+(?:url\s*+=\s*+)?([\"']?)", re.IGNORECASE)
_SECONDS = re.compile(r"\s*+([0-9]{1,9})")


class Refresh(Struct, frozen=True):
    """A page's order to go on to another one."""

    after_s: int
    url: str
    """Absolute, without fragment resolved away; empty if the page only reloads itself."""


class Page(Struct, frozen=True):
    """What a reader sees of an HTML page, as far as rules look at it."""

    title: str = ""
    headings: tuple[str, ...] = ()
    """Texts of h1 to h3, white space folded."""
    text: str = ""
    """All visible text, white space folded."""
    blocks: tuple[str, ...] = ()
    """Visible text of the middle (no navigation, no footer), one entry per element that holds text itself."""
    prose_chars: int = 0
    """Length of the middle's text outside links."""
    canonical: str = ""
    """Absolute URL that the page gives as its own (link rel=canonical, else og:url)."""
    password: bool = False
    """It has a field for a password."""
    scripted: bool = False
    """Little is visible and scripts will fill it in: what we see is not what a reader sees."""


class View:
    """One reply as a page; each part is made when first asked for."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.parts = parse.split(reply.final_url or reply.url)
        kind = reply.header("content-type").partition(";")[0].strip().lower()
        self.html = kind in _HTML_TYPES or (not kind and bool(_MARKUP.match(reply.body[:1000])))
        """The answer is, or by its first bytes looks like, an HTML page."""

        self._seen: dict[str, tuple[str, ...]] = {}

    def signs(self, name: str, look: "Callable[[View], tuple[str, ...]]") -> tuple[str, ...]:
        """Return what look finds here, looked for once: several rules ask for the same signs."""
        if name not in self._seen:
            self._seen[name] = look(self)
        return self._seen[name]

    @cached_property
    def source(self) -> str:
        """The body as text, cut at `MARKUP_LIMIT`."""
        body = self.reply.body
        return charset.decode(body, self.reply.header("content-type"), self.parts.host)[:MARKUP_LIMIT] if body else ""

    @cached_property
    def lower(self) -> str:
        """The source in lower case."""
        return self.source.lower()

    @cached_property
    def title(self) -> str:
        """The page's title, or the empty string; cheap, nothing else is read."""
        found = _TITLE.search(self.source) if self.html else None
        return _folded(html.unescape(found[1])) if found else ""

    @cached_property
    def page(self) -> Page:
        """All that rules look at. Damaged markup yields what can be read."""
        return _read(self)


_views: deque[View] = deque(maxlen=4)
"""The last replies looked at, the newest first: several rules ask for the same one, and a sibling beside it."""


def view(reply: Reply) -> View:
    """Return reply as a page, the same object for the same reply as long as nobody else is asked for."""
    for known in _views:
        if known.reply is reply:
            return known
    made = View(reply)
    _views.appendleft(made)
    return made


def is_html(reply: Reply) -> bool:
    """Tell whether the answer is, or by its first bytes looks like, an HTML page."""
    return view(reply).html


def title(reply: Reply) -> str:
    """Return the page's title, or the empty string; cheap, nothing else is read."""
    return view(reply).title


def read(reply: Reply) -> Page:
    """Read an HTML page. Damaged markup yields what can be read; never raises."""
    return view(reply).page


def _read(seen: View) -> Page:
    soup = _soup(seen.source)
    canonical = _canonical(soup, seen.reply.final_url or seen.reply.url)
    password = soup.find("input", attrs={"type": "password"}) is not None
    scripts = len(soup.find_all("script"))
    _drop(soup, _UNSEEN)
    text = _folded(soup.get_text(" "))
    headings = tuple(_folded(tag.get_text(" ")) for tag in soup.find_all(["h1", "h2", "h3"], limit=20))
    _drop(soup, _AROUND)
    blocks, prose = _middle(soup)
    scripted = bool(scripts) and len(text) < 200
    return Page(seen.title, headings, text, blocks, prose, canonical, password, scripted)


def refresh(reply: Reply) -> Refresh | None:
    """Return where the `Refresh` header, else the page's meta refresh, sends readers; None if nowhere."""
    base = reply.final_url or reply.url
    if reply.header("refresh"):
        return parse_refresh(reply.header("refresh"), base)
    if not is_html(reply) or b"http-equiv" not in reply.body.lower():
        return None
    soup = _soup(view(reply).source)
    _drop(soup, ("noscript", "template"))
    for meta in soup.find_all("meta", attrs={"http-equiv": re.compile(r"^\s*refresh\s*$", re.IGNORECASE)}):
        order = parse_refresh(_attribute(meta, "content"), _base(soup, base))
        if order is not None:
            return order
    return None


def parse_refresh(value: str, base: str) -> Refresh | None:
    """Read the value of a refresh (WHATWG HTML 4.2.5.3); None for what browsers would ignore."""
    head = _REFRESH.match(value[:8192])
    if head is None:
        return None
    seconds = _SECONDS.match(value)
    written = value[head.end() : 8192]
    if head[1]:
        written = written.partition(head[1])[0]
    written = written.strip()
    target = _joined(base, written) if written else ""
    return Refresh(int(seconds[1]) if seconds else 0, target)


def anchors(reply: Reply) -> frozenset[str]:
    """Return the ids and names of the page, GitHub's also without their `user-content-`."""
    found: set[str] = set()
    for tag in _soup(view(reply).source).find_all(True):
        for name in ("id", "name") if tag.name in {"a", "map"} else ("id",):
            value = _attribute(tag, name)
            if value:
                found |= {value, value.removeprefix("user-content-")}
    return frozenset(found)


def has_anchor(known: frozenset[str], fragment: str) -> bool:
    """Tell whether a fragment leads somewhere: `#top`, an id or name, percent-decoded or as it stands."""
    decoded = unquote(fragment)
    return decoded.lower() in {"", "top"} or fragment in known or decoded in known


def _soup(markup: str) -> "BeautifulSoup":
    from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning  # 60 ms, which a run from the cache does not need

    if markup.count("<") > _TAGS_LIMIT:
        markup = "<".join(markup.split("<", _TAGS_LIMIT)[:-1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        return BeautifulSoup(markup, "lxml")


def _drop(soup: "BeautifulSoup", names: tuple[str, ...]) -> None:
    for tag in soup.find_all(list(names)):
        tag.extract()


def _middle(soup: "BeautifulSoup") -> tuple[tuple[str, ...], int]:
    """Return the texts of elements that hold text of their own, and how long the text outside links is."""
    from bs4 import Comment, NavigableString

    blocks: dict[int, list[str]] = {}
    prose = 0
    for text in soup.find_all(string=True):
        folded = _folded(text)
        holder = text.parent
        if not folded or holder is None or type(text) is not NavigableString or isinstance(text, Comment):
            continue
        inline = _block_of(holder)
        blocks.setdefault(id(inline), []).append(folded)
        if holder.name != "a":
            prose += len(folded)
    return tuple(" ".join(parts) for parts in blocks.values()), prose


_INLINE = frozenset(
    {
        "a",
        "abbr",
        "b",
        "bdi",
        "br",
        "code",
        "em",
        "font",
        "i",
        "mark",
        "q",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "tt",
        "u",
    }
)


def _block_of(tag: "Tag") -> "Tag":
    for _ in range(4):
        if tag.name not in _INLINE or tag.parent is None:
            break
        tag = tag.parent
    return tag


def _canonical(soup: "BeautifulSoup", base: str) -> str:
    for link in soup.find_all("link", limit=200):
        if "canonical" in (link.get("rel") or []):
            return _joined(base, _attribute(link, "href"))
    said = soup.find("meta", attrs={"property": "og:url"})
    return _joined(base, _attribute(said, "content")) if said is not None else ""


def _base(soup: "BeautifulSoup", base: str) -> str:
    tag = soup.find("base", href=True)
    return _joined(base, _attribute(tag, "href")) or base if tag is not None else base


def _attribute(tag: object, name: str) -> str:
    from bs4 import Tag

    value = tag.get(name) if isinstance(tag, Tag) else None
    return value if isinstance(value, str) else ""


def _joined(base: str, written: str) -> str:
    try:
        return urljoin(base, written.strip())
    except ValueError:  # a bracketed host that is none
        return ""


def _folded(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
