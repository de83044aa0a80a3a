"""Cookies within one question: just enough to pass a redirect that waits for its own cookie."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from linkkeeper.errors import UsageError
from linkkeeper.net.target import Target

if TYPE_CHECKING:
    from http.cookiejar import Cookie

_MAX = 32
_MAX_SIZE = 4096
"""Bytes of one cookie (RFC 6265, 6.1)."""

Pair = tuple[str, str]


def read(field: str) -> Pair | None:
    """Return name and value of a Set-Cookie field (RFC 6265, 5.2); None if it sets nothing or takes back."""
    pair, *attributes = field.split(";")
    name, equals, value = pair.partition("=")
    name, value = name.strip(), value.strip()
    if not equals or not name or len(pair) > _MAX_SIZE or not pair.isprintable() or not pair.isascii():
        return None
    for attribute in attributes:
        key, _, setting = attribute.partition("=")
        if key.strip().lower() == "max-age" and setting.strip().startswith(("0", "-")):
            return None
    return name, value


class Jar:
    """Cookies that servers set while one question was followed. They go back to their very origin only."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[tuple[str, str, int], dict[str, str]] = {}

    def take(self, target: Target, fields: Iterable[str]) -> None:
        """Keep what target sent in its Set-Cookie fields."""
        for field in fields:
            pair = read(field)
            held = self._held.setdefault(target.origin, {})
            if pair is not None and (len(held) < _MAX or pair[0] in held):
                held[pair[0]] = pair[1]

    def header(self, target: Target) -> str:
        """Value of the Cookie field for target, or the empty string."""
        return "; ".join(f"{name}={value}" for name, value in self._held.get(target.origin, {}).items())


class CookieFile:
    """The user's own cookies, from a file in Netscape format. Each goes where it belongs (RFC 6265, 5.4)."""

    def __init__(self, path: str) -> None:
        """Raises UsageError if the file cannot be read."""
        import http.cookiejar  # a hundredth of a second

        jar = http.cookiejar.MozillaCookieJar()
        try:
            jar.load(path, ignore_discard=True, ignore_expires=True)
        except (OSError, http.cookiejar.LoadError, ValueError) as problem:
            raise UsageError(f"cookies file {path}: {problem}", "export it in Netscape format") from problem
        self._cookies = list(jar)

    def header(self, target: Target) -> str:
        """Value of the Cookie field for target, or the empty string."""
        fitting = (cookie for cookie in self._cookies if _fits(cookie, target))
        return "; ".join(f"{cookie.name}={cookie.value or ''}" for cookie in fitting)


def _fits(cookie: "Cookie", target: Target) -> bool:
    domain = cookie.domain.lstrip(".").lower()
    inside = cookie.domain.startswith(".") and target.host.endswith("." + domain) and not target.address
    path = target.path.partition("?")[0]
    return (
        (target.host == domain or inside)
        and (not cookie.secure or target.scheme == "https")
        and (path == cookie.path or path.startswith(cookie.path.rstrip("/") + "/"))
        and (not cookie.expires or cookie.expires > time.time())  # 0: till the browser closes
    )
