"""Redirect wrappers: pages whose only use is to lead on to a URL they carry."""

import re
from urllib.parse import unquote_to_bytes

from linkkeeper.urls import parse
from linkkeeper.urls.index import HostRules
from linkkeeper.urls.rule_set import WrapperRule
from linkkeeper.urls.tracking import parameters

_ABSOLUTE = re.compile(r"https?://[^/\\?#\s]", re.IGNORECASE)
_PLAIN = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.\-]*(?:[/?#]|\Z)")
"""A URL whose host is seen at once: most targets."""
_ESCAPED_RUN = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_MUST_STAY = re.compile(r"[\x00-\x20\"<>`\x7f-\xa0\u2028\u2029\ufeff]|\s")


def target(parts: parse.UrlParts, rules: HostRules) -> tuple[str, str] | None:
    """Return (rule, target) if parts is a wrapper with an absolute http(s) URL in it, else None.

    The value is decoded exactly once; escapes that stand for no text or for what may not stand in a
    URL stay escapes. A fragment of the wrapper goes on to a target without one, as in a redirect.
    """
    if parts.query is None:
        return None
    for wrapper, take in rules.wrappers:
        if take.holds(parts.path, (), ""):
            inner = _inner(parts.query, wrapper)
            if inner is not None:
                return take.rule, _with_fragment(inner, parts.fragment)
    return None


def _inner(query: str, wrapper: WrapperRule) -> str | None:
    if wrapper.query:
        return absolute(query) or absolute(decode_once(query))
    pieces = parameters(query)
    for name in wrapper.params:
        for piece in pieces:
            found = absolute(decode_once(piece.value)) if piece.name == name else None
            if found is not None:
                return found
    return None


def absolute(text: str) -> str | None:
    """Return text if it is an http(s) URL with a host, else None."""
    return text if _PLAIN.match(text) or (_ABSOLUTE.match(text) and parse.split(text).host) else None


def _with_fragment(url: str, fragment: str | None) -> str:
    return url if fragment is None or "#" in url else f"{url}#{fragment}"


def decode_once(value: str) -> str:
    """Undo one layer of percent-encoding where it stands for text that may stand in a URL."""
    return _ESCAPED_RUN.sub(_decoded, value) if "%" in value else value


def _decoded(run: re.Match[str]) -> str:
    try:
        text = unquote_to_bytes(run[0]).decode("utf-8")
    except UnicodeDecodeError:
        return run[0]
    return _MUST_STAY.sub(_escaped, text)


def _escaped(character: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in character[0].encode("utf-8"))
