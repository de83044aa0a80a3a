"""robots.txt: what a site lets us fetch (RFC 9309). Pure; `robots_cache` fetches it.

Own code: the libraries for it match a product token by its beginning, so that a rule for `link` would hold for us.
"""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

LIMIT = 500 * 1024
"""Bytes of a file that are read (RFC 9309, 2.5: at least 500 KiB)."""
LONGEST_DELAY_S = 30.0
_MOST_SPECIAL = 4000
"""Patterns with wildcards that are heard; each is tried on every URL. Files in the wild have a few hundred at most."""
_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_LINE = re.compile(r"[^\r\n]++")
_TOKEN = re.compile(r"\*|[A-Za-z_-]+")
_ESCAPE = re.compile(rb"%([0-9a-fA-F]{2})|[^\x21-\x7e]")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PLAIN_IN_QUERY = _UNRESERVED | frozenset(b":/?@")
"""Escaped or not, they mean the same in a query (RFC 3986, 3.4), as in the table of RFC 9309, 2.2.2."""
_AGENT_KEYS = frozenset({"user-agent", "useragent", "user agent"})
_RULE_KEYS = {"allow": True, "disallow": False, "dissallow": False, "dissalow": False, "disalow": False}
"""With the misspellings that occur in the wild."""


class Rule(Struct, frozen=True, gc=False):
    """One line with a `*` or `$` in it."""

    pattern: str
    parts: tuple[str, ...]
    """What stands between the `*`."""
    at_end: bool
    """The pattern ended in `$`."""
    allow: bool


class Rules(Struct, frozen=True):
    """What holds for us on one site. The most specific rule wins: the longest; of equal ones the one that allows."""

    plain: dict[str, bool] = {}
    """Prefix of a path, normalised -> allowed."""
    lengths: tuple[int, ...] = ()
    """Of the prefixes, longest first."""
    special: tuple[Rule, ...] = ()
    everything: bool | None = None
    """All is allowed, or nothing is, whatever the rules."""
    delay_s: float = 0.0
    """Crawl-delay: seconds between visits. Not in the RFC, but asked for by many; `LONGEST_DELAY_S` at most."""

    def allows(self, path: str) -> bool:
        """Say whether a path (with its query, as in a request line) may be fetched."""
        if self.everything is not None:
            return self.everything
        path = _normalised(path)
        if path == "/robots.txt":
            return True
        best, allowed = self._plain(path)
        for rule in self.special:
            size = len(rule.pattern)
            if (size > best or (size == best and rule.allow and not allowed)) and _matches(rule, path):
                best, allowed = size, rule.allow
        return allowed

    def _plain(self, path: str) -> tuple[int, bool]:
        for length in self.lengths:
            found = self.plain.get(path[:length]) if length <= len(path) else None
            if found is not None:
                return length, found
        return -1, True


ALLOW_ALL = Rules(everything=True)
DISALLOW_ALL = Rules(everything=False)


def parse(data: bytes, agent: str) -> Rules:
    """Return the rules that a file has for agent: those of all groups that name it, else of all groups for `*`."""
    whole = data[:LIMIT]
    text = whole.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    ours, others = _Group(), _Group()
    for group in _groups(_lines(text, cut=len(data) > LIMIT)):
        if agent.lower() in group.agents:
            ours.take(group)
        elif "*" in group.agents:
            others.take(group)
    chosen = ours if ours.agents else others
    return _made(chosen.rules, chosen.delay_s)


def _lines(text: str, cut: bool) -> Iterator[tuple[str, str]]:
    """Yield key and value of each line; a last line that the limit cut is left out."""
    end = max(text.rfind("\n"), text.rfind("\r")) if cut else len(text)
    for line in _LINE.finditer(text, 0, max(end, 0)):
        key, colon, value = line[0].partition("#")[0].partition(":")
        if colon:
            yield key.strip().lower(), value.strip()


class _Group:
    """Lines that belong together: the agents that they name, lower case, and what holds for these."""

    def __init__(self) -> None:
        self.agents: set[str] = set()
        self.rules: list[tuple[str, bool]] = []
        self.delay_s = 0.0

    def take(self, other: "_Group") -> None:
        self.agents |= other.agents
        self.rules += other.rules
        self.delay_s = max(self.delay_s, other.delay_s)


def _groups(lines: Iterable[tuple[str, str]]) -> Iterator[_Group]:
    """Yield each group. Records other than rules end none (RFC 9309, 2.2.4)."""
    group, closed = _Group(), True
    for key, value in lines:
        if key in _AGENT_KEYS:
            if closed:
                yield group
                group, closed = _Group(), False
            token = _TOKEN.match(value)
            if token is not None:
                group.agents.add(token[0].lower())
        elif key in _RULE_KEYS:
            closed = True
            if value:
                group.rules.append((value, _RULE_KEYS[key]))
        elif key == "crawl-delay":
            closed = True  # its authors mean it as a rule of the group that it ends
            if _SECONDS.fullmatch(value):
                group.delay_s = min(float(value), LONGEST_DELAY_S)
    yield group


def _made(written: Iterable[tuple[str, bool]], delay_s: float) -> Rules:
    plain: dict[str, bool] = {}
    special: dict[str, bool] = {}
    for value, allow in written:
        if not value.startswith(("/", "*")):
            continue  # a path begins so; anything else can match nothing (2.2.2)
        pattern = _normalised(value)
        known = special if "*" in pattern or pattern.endswith("$") else plain
        if known is special and len(special) >= _MOST_SPECIAL:
            continue
        known[pattern] = allow or known.get(pattern, False)
    lengths = tuple(sorted({len(prefix) for prefix in plain}, reverse=True))
    return Rules(plain, lengths, tuple(_rule(pattern, allow) for pattern, allow in special.items()), None, delay_s)


def _rule(pattern: str, allow: bool) -> Rule:
    body = pattern.removesuffix("$")
    return Rule(pattern, tuple(body.split("*")), body != pattern, allow)


def _matches(rule: Rule, path: str) -> bool:
    """Match part by part, each at its first place: linear, whatever the pattern."""
    first, *rest = rule.parts
    if not path.startswith(first):
        return False
    position = len(first)
    if not rest:
        return not rule.at_end or position == len(path)
    *middle, last = rest
    for part in middle:
        found = path.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    if rule.at_end:
        return path.endswith(last) and len(path) - len(last) >= position
    return path.find(last, position) >= 0


def _normalised(path: str) -> str:
    """Return a path or pattern in the one spelling that is compared (RFC 9309, 2.2.2; RFC 3986, 6.2.2)."""
    if path.isascii() and "%" not in path and path.isprintable() and " " not in path:
        return path
    before, mark, query = path.encode("utf-8", "surrogateescape").partition(b"?")
    return (_ESCAPE.sub(_escape, before) + mark + _ESCAPE.sub(_escape_in_query, query)).decode("ascii")


def _escape(match: re.Match[bytes], plain: frozenset[int] = _UNRESERVED) -> bytes:
    byte = int(match[1], 16) if match[1] else match[0][0]
    return bytes([byte]) if byte in plain and match[1] else b"%%%02X" % byte


def _escape_in_query(match: re.Match[bytes]) -> bytes:
    return _escape(match, _PLAIN_IN_QUERY)
