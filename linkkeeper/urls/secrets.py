"""Credentials in URLs: masked wherever text is shown, stripped where a URL is stored or handed on."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import msgspec
import tomli
from msgspec import Struct

from linkkeeper.urls import parse
from linkkeeper.urls.tracking import parameters, without

MASK = "***"

# `%(?:25){0,3}XX`: a character escaped once to four times, as in a URL that is another's value.
_USERINFO = re.compile(r"""(https?:[/\\]*|://|(?<![^\s"'(<=\[@])//)([^\s/?#\\"'<>`]*)@""", re.IGNORECASE)
_ESCAPED_USERINFO = re.compile(
    r"""(%(?:25){0,3}3A(?:%(?:25){0,3}(?:2F|5C))+)
    ((?: (?!%(?:25){0,3}(?:2F|5C|3F|23|26|40)) [^\s/?#\\"'<>`&@] )*)
    (@|%(?:25){0,3}40)""",
    re.IGNORECASE | re.VERBOSE,
)
_END = r"""&\s"<>#`"""
_QUOTE = r"""'(?=[^\s,;)\]}])"""
"""A single quote that goes on as part of a value, and does not close one."""
_NAME = r"(?P<name>(?:[\w.\-\[\]]|%(?!(?:25){0,3}(?:26|3D|23|3F|3B))[0-9A-F]{2}){1,64}+)"
_PARAMETER = re.compile(rf"""(?P<lead>[?&;#]){_NAME}=(?P<value>(?:[^{_END}']|{_QUOTE})*+)""", re.IGNORECASE)
_ESCAPED_PARAMETER = re.compile(
    rf"""(?P<lead>%(?:25){{0,3}}(?:3F|26|23|3B)){_NAME}(?P<equals>=|%(?:25){{0,3}}3D)
    (?P<value>(?:(?!%(?:25){{0,3}}(?:26|23))(?:[^{_END}']|{_QUOTE}))*+)""",
    re.IGNORECASE | re.VERBOSE,
)
_PATH_PARAMETER = re.compile(r";(?:jsessionid|phpsessid|sid)=[^;/?#]*", re.IGNORECASE)
_KEY_ESCAPES = re.compile(r"%(?:2[BF]|3D|7[CE])", re.IGNORECASE)
"""What Base64 and its kin need escaped: other escapes stand in texts."""
_CHUNK = re.compile(r"[A-Za-z0-9]{12,}")


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
        text = _USERINFO.sub(rf"\1{MASK}@", text)
    if "%" in text and ("@" in text or "40" in text):
        text = _ESCAPED_USERINFO.sub(rf"\1{MASK}\3", text)
    if "=" not in text and "3D" not in text.upper():
        return text
    also = _names_near(text)

    def shown(found: re.Match[str]) -> str:
        name = unquote(found["name"]).lower()
        if not _opens_here(name, found["value"], also) and not is_secret(name, found["value"]):
            return found[0]
        return found[0][: found.start("value") - found.start()] + MASK

    text = _PARAMETER.sub(shown, text)
    return _ESCAPED_PARAMETER.sub(shown, text) if "%" in text else text


def _names_near(text: str) -> frozenset[str]:
    """Return the names that are credentials on a host that text speaks of."""
    found = (names for host, names in known_names().on_hosts.items() if host in text)
    return frozenset().union(*found)


def _opens_here(name: str, value: str, also: frozenset[str]) -> bool:
    """Tell whether this is one of the host's credentials. A `key` that is a number names a page: no key is one."""
    return bool(value) and name in also and not (name == "key" and value.isdigit())


def strip(url: str) -> str:
    """Return url without its credentials: userinfo and token parameters gone, all else as written.

    For keys of the state database and for what is handed on. Credentials of a URL inside a value are
    masked. `strip(strip(u)) == strip(u)`.
    """
    parts = parse.split(url)
    head = _PATH_PARAMETER.sub("", parse.without_userinfo(parts.head))
    also = _names_near(parts.host)
    query = _without_secrets(parts.query, also)
    fragment = _without_secrets(parts.fragment, also)
    return mask(parse.join(parse.UrlParts(head, query, fragment)))


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
