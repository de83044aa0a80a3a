"""What is never sent to an archive (SPEC, sections 4 and 8)."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from linkkeeper.archive.saving.base import Names
from linkkeeper.net import addresses, target
from linkkeeper.net.resolver import NameLookupError
from linkkeeper.urls import archive_links, secrets

_LOCAL = {
    "local": "a name of the local network (RFC 6762)",
    "localhost": "a loopback name (RFC 6761)",
    "localdomain": "a loopback name",
    "internal": "a private name (ICANN, 2024)",
    "home.arpa": "a name of the home network (RFC 8375)",
    **dict.fromkeys(("intranet", "private", "corp", "home", "lan"), "a private name by custom (RFC 6762, appendix G)"),
    "onion": "a Tor name (RFC 7686)",
    "alt": "not a name of the DNS (RFC 9476)",
}
_ARCHIVES = ("archive.org", "archive-it.org")


def why_not(url: str, bases: Sequence[str]) -> str:
    """Return why a URL is never sent, in a few words; empty if it may be. Asks nobody. `bases`: of our archives."""
    try:
        where = target.parse(url)
    except ValueError as problem:
        return f"it cannot be requested: {problem}"
    if where.authorization or secrets.strip(url) != url or secrets.mask(url) != url:
        return "there is a credential in it"
    if where.address:
        return "its host is an address"
    name = where.host.rstrip(".")
    if "." not in name:
        return "its host has no domain"
    for end, reason in _LOCAL.items():
        if name.endswith("." + end):
            return f"its host is {reason}"
    return "it is an archive's own" if _is_an_archives(url, name, bases) else ""


def _is_an_archives(url: str, name: str, bases: Sequence[str]) -> bool:
    if name in _ARCHIVES or name.endswith(tuple("." + end for end in _ARCHIVES)):
        return True
    if any(_host(base) == name for base in bases):
        return True
    return archive_links.points_into(url, tuple(bases) or archive_links.DEFAULT_BASES)


def _host(base: str) -> str:
    try:
        return (urlsplit(base).hostname or "").rstrip(".")
    except ValueError:
        return ""


async def why_private(url: str, names: Names | None) -> str:
    """Return why a URL's name is not the public's: it resolves to a private address. Empty if nothing says so.

    A name that cannot be looked up is no private one: whoever calls it living reached it in another way.
    `names` is None where a proxy looks names up.
    """
    if names is None:
        return ""
    host = target.parse(url).host
    try:
        found = await names.resolve(host)
    except NameLookupError:
        return ""
    for address in found:
        reason = addresses.reserved(addresses.parse(address))
        if reason:
            return f"{host} is {address}: {reason}; --allow-private sends it all the same"
    return ""
