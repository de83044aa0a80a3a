"""Credentials in URLs: masked wherever text is shown, stripped where a URL is stored or handed on."""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import unquote

import msgspec
import tomli
from msgspec import Struct

from linkkeeper.urls import parse
from linkkeeper.urls.tracking import parameters, without

MASK = "***"

_RUN = r"""[^\s/?#\\"'<>`]"""
_USERINFO = re.compile(
    rf"""( [/\\] (?<!\w[/\\]) (?: (?:(?<=http:[/\\])|(?<=https:[/\\])) [/\\]*+
                 | (?<=/) (?:(?<=:/)|(?<![^\s"'(<=\[@]/)) / ) )
    ({_RUN}*)@""",
    re.IGNORECASE | re.VERBOSE,
)
"""Behind `https:` and any slashes, `://`, or `//` where a URL begins. Slashes are rare: it begins at one."""
_MAYBE_USERINFO = re.compile(rf"[:/\\][/\\]{_RUN}*@")
_SLASHLESS = re.compile(rf":(?:(?<=http:)|(?<=https:))({_RUN}++)", re.IGNORECASE)
"""`https:u:p@host`, as browsers take it too. It goes to the end of its run, so that each is read once."""
# `%(?:25){0,3}XX`: a character escaped once to four times, as in a URL that is another's value.
_ESCAPED_USERINFO = re.compile(
    r"""(%(?:25){0,3}3A(?:%(?:25){0,3}(?:2F|5C))+)
    ((?: (?!%(?:25){0,3}(?:2F|5C|3F|23|26|40)) [^\s/?#\\"'<>`&@] )*)
    (@|%(?:25){0,3}40)""",
    re.IGNORECASE | re.VERBOSE,
)
_LETTER = r"[\w.\-\[\]]"
_ESCAPE = "%(?!(?:25){0,3}(?:26|3D|23|3F|3B))[0-9A-F]{2}"
_EQUALS = "%(?:25){0,3}3D"
_END = r"""&\s"<>#`"""
_QUOTE = r"""'(?=[^\s,;)\]}])"""
"""A single quote that goes on as part of a value, and does not close one."""
_NAME = rf"(?P<name>{_LETTER}{{1,64}}+(?==|{_EQUALS})|(?:{_LETTER}|{_ESCAPE}){{1,64}}+)"
_PARAMETER = re.compile(rf"""(?P<lead>[?&;#]){_NAME}=(?P<value>(?:[^{_END}']++|{_QUOTE})*+)""", re.IGNORECASE)
_ESCAPED_PARAMETER = re.compile(
    rf"""(?P<lead>%(?:25){{0,3}}(?:3F|26|23|3B)){_NAME}(?P<equals>=|{_EQUALS})
    (?P<value>(?:[^{_END}'%]++|(?!%(?:25){{0,3}}(?:26|23))%|{_QUOTE})*+)""",
    re.IGNORECASE | re.VERBOSE,
)
_NAMES = re.compile(
    rf"(?:[?&;#]|%(?:25){{0,3}}(?:3F|26|23|3B))({_LETTER}*+(?:{_ESCAPE}{_LETTER}*+)*+)(?:=|{_EQUALS})".lower()
)
"""The names in a text in lower case, of either kind of parameter. A name holds no beginning of another."""
_ESCAPED_NAME = re.compile(r"[?&;#][^?&;#=%]*+%")
_PATH_NAMES = ("jsessionid", "phpsessid", "sid")
_PATH_PARAMETER = re.compile(rf";(?:{'|'.join(_PATH_NAMES)})=[^;/?#]*", re.IGNORECASE)
_KEY_ESCAPES = re.compile(r"%(?:2[BF]|3D|7[CE])", re.IGNORECASE)
"""What Base64 and its kin need escaped: other escapes stand in texts."""
_CHUNK = re.compile(r"[A-Za-z0-9]{12,}")
_LONGER_IN_LOWER_CASE = "\u0130"
"""The only such letter: names that hold it are not told by the text in lower case."""
_NONE: frozenset[str] = frozenset()
_HARMLESS = 4096
_LONGEST = 64
_URLS = 512
"""Of which is remembered whether they hold a credential: documents share them."""
_harmless: set[str] = set()
"""Names that no credential has, in lower case: the few that make up most texts."""


class SecretNames(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`rules/secrets/names.toml`: parameter names, in lower case, whose values are credentials."""

    always: frozenset[str]
    if_random: frozenset[str]
    """Content on many sites: a credential only if the value looks like one."""
    prefixes: tuple[str, ...]
    """Credentials whatever follows."""
    on_hosts: dict[str, frozenset[str]]
    """Credentials on this host and below it."""


def mask(text: str) -> str:
    """Return text with the credentials of every URL in it shown as `***`; any text, in linear time.

    Masked are userinfo and the values of known token parameters, also in a URL that is the escaped
    value of another. What only looks like a URL may be masked too: better so than the reverse.
    """
    if "@" in text:
        text = _without_userinfo(text)
    low = text.lower()
    if _may_escape_userinfo(low) and (shown := _ESCAPED_USERINFO.sub(rf"\1{MASK}\3", text)) != text:
        text, low = shown, shown.lower()
    if not _speaks(text, low):
        return text
    also = _names_near(text)

    def told(found: re.Match[str]) -> str:
        name = found["name"].lower()
        if name in _harmless:
            return found[0]
        name = unquote(name).lower()
        if not _opens_here(name, found["value"], also) and not is_secret(name, found["value"]):
            return found[0]
        return found[0][: found.start("value") - found.start()] + MASK

    text = _PARAMETER.sub(told, text)
    return _ESCAPED_PARAMETER.sub(told, text) if "%" in text else text


def holders(texts: Sequence[str]) -> Iterator[str]:
    """Yield those of texts (URLs) that hold a credential: those that `mask` changes."""
    signs = _signs(texts)
    for text in texts if signs else ():
        low = text.lower()
        if any(sign in low for sign in signs) and _holds_one(text):
            yield text


@lru_cache(_URLS)
def _holds_one(text: str) -> bool:
    return mask(text) != text


def _signs(texts: Sequence[str]) -> list[str]:
    """Return what some of texts hold, in lower case, and each does that holds a credential."""
    text = "\n".join(texts)
    if _LONGER_IN_LOWER_CASE in text:
        return [""]
    low = text.lower()
    names = _NAMES.findall(low)
    signs = [name for name in set(names) - _harmless if not _is_harmless(name)]
    if "@" in text and _may_hold_userinfo("\n".join(one for one in texts if "@" in one)):
        signs.append("@")
    if _may_escape_userinfo(low) and _ESCAPED_USERINFO.search(text):
        signs.append("3a%")
    return signs


def _may_hold_userinfo(text: str) -> bool:
    return _MAYBE_USERINFO.search(text) is not None or _SLASHLESS.search(text) is not None


def _without_userinfo(text: str) -> str:
    if _MAYBE_USERINFO.search(text):
        text = _USERINFO.sub(rf"\1{MASK}@", text)
    return _SLASHLESS.sub(_slashless, text)


def _slashless(found: re.Match[str]) -> str:
    _, at, after = found[1].rpartition("@")
    return f":{MASK}@{after}" if at else found[0]


def _may_escape_userinfo(low: str) -> bool:
    return ("3a%2" in low or "3a%5" in low) and ("@" in low or "40" in low)


def _speaks(text: str, low: str) -> bool:
    """Tell whether text, in lower case low, has a parameter whose name a credential may have."""
    if _LONGER_IN_LOWER_CASE in text:
        return True
    if "=" not in low and "3d" not in low:
        return False
    names = _NAMES.findall(low)
    return not _harmless.issuperset(names) and not all(map(_is_harmless, set(names) - _harmless))


def _is_harmless(name: str) -> bool:
    """Tell whether no credential has this name (in lower case, as written), and remember that."""
    suspicious = suspicious_names()
    plain = name if name in suspicious or "%" not in name else unquote(name).lower()
    if plain in suspicious or plain.startswith(known_names().prefixes):
        return False
    if len(name) <= _LONGEST:
        if len(_harmless) >= _HARMLESS:
            _harmless.clear()
        _harmless.add(name)
    return True


@cache
def suspicious_names() -> frozenset[str]:
    names = known_names()
    return names.always.union(names.if_random, _PATH_NAMES, *names.on_hosts.values())


def _names_near(text: str) -> frozenset[str]:
    """Return the names that are credentials on a host that text speaks of."""
    found = [names for host, names in known_names().on_hosts.items() if host in text]
    return frozenset().union(*found) if found else _NONE


def _opens_here(name: str, value: str, also: frozenset[str]) -> bool:
    """Tell whether this is one of the host's credentials. A `key` that is a number names a page: no key is one."""
    return bool(value) and name in also and not (name == "key" and value.isdigit())


def strip(url: str) -> str:
    """Return url without its credentials: userinfo and token parameters gone, all else as written.

    For keys of the state database and for what is handed on. Credentials of a URL inside a value are
    masked. `strip(strip(u)) == strip(u)`.
    """
    if "@" not in url and _is_plain(url):
        return url
    parts = parse.split(url)
    head = _PATH_PARAMETER.sub("", parse.without_userinfo(parts.head))
    also = _names_near(parts.host)
    query = _without_secrets(parts.query, also)
    fragment = _without_secrets(parts.fragment, also)
    return mask(parse.join(parse.UrlParts(head, query, fragment)))


def _is_plain(url: str) -> bool:
    """Tell whether a URL without `@` shows at once that it holds no credential."""
    low = url.lower()
    if _speaks(url, low) or any(prefix in low for prefix in known_names().prefixes):
        return False
    if "%" in url and (_ESCAPED_NAME.search(url) or _may_escape_userinfo(low)):
        return False
    return "\u0131" not in url and "\u017f" not in url  # which are i and s to `_PATH_PARAMETER`


def _without_secrets(query: str | None, also: frozenset[str]) -> str | None:
    if not query or "=" not in query:
        return query
    places = {
        place
        for place, piece in enumerate(parameters(query))
        if is_secret(piece.name, piece.value) or _opens_here(piece.name.lower(), piece.value, also)
    }
    return without(query, places) if places else query


def is_secret(name: str, value: str) -> bool:
    """Tell whether a parameter of this name and value is a credential. name in any case."""
    names = known_names()
    name = name.lower()
    if name in names.always or name.startswith(names.prefixes):
        return bool(value)
    return name in names.if_random and looks_random(value)


def looks_random(value: str) -> bool:
    """Tell whether value is made like a key: long, letters and digits mixed, unlike words, numbers, dates and texts."""
    plain = _KEY_ESCAPES.sub("", value)
    if len(plain) < 16 or "%" in plain:
        return False
    return any(not chunk.isdigit() and not chunk.isalpha() for chunk in _CHUNK.findall(plain))


@cache
def known_names() -> SecretNames:
    """Return the names that come with linkkeeper."""
    file = Path(__file__).parent / "rules" / "secrets" / "names.toml"
    return msgspec.convert(tomli.loads(file.read_text("utf-8")), SecretNames)
