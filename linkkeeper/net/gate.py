"""May this be asked? Every hop passes here, and connects to nothing but what was judged."""

from collections.abc import Iterable

from linkkeeper.models.verdict import Failure
from linkkeeper.net import addresses
from linkkeeper.net.options import NetOptions
from linkkeeper.net.resolver import LOOPBACK, Names
from linkkeeper.net.target import Target, parse


class ForbiddenError(Exception):
    """The address is not public and was not allowed."""

    failure = Failure.PRIVATE_ADDRESS


class Gate:
    """The rule about private addresses, as the settings have it."""

    def __init__(self, options: NetOptions, names: Names | None = None) -> None:
        """names: looks names up; without it nobody can be connected to."""
        self._private = options.allow_private
        self._allowed = frozenset(_entries(options.allow_hosts))
        self._names = names

    def allows(self, target: Target) -> bool:
        """Say whether the settings name this host, or all."""
        return self._private or (target.host, None) in self._allowed or (target.host, target.port) in self._allowed

    async def addresses(self, target: Target) -> tuple[str, ...]:
        """Return the addresses that may be connected to. Raises ForbiddenError or NameLookupError."""
        if target.address:
            self.judge_literal(target)
            return (target.address,)
        allowed = self.allows(target)
        reason = addresses.local_name(target.host)
        if reason and not allowed:
            raise ForbiddenError(f"{target.host}: {reason}")
        assert self._names is not None, "only literal addresses are judged without a resolver"
        found = await self._names.resolve(target.host)
        return found if allowed else _public(target.host, found)

    def known(self, target: Target) -> tuple[str, ...]:
        """Return what `addresses` would, where nobody need be waited for and nothing is forbidden; else nothing."""
        assert self._names is not None, "only literal addresses are judged without a resolver"
        if target.address:
            found: tuple[str, ...] = (target.address,)
        else:
            found = LOOPBACK if addresses.local_name(target.host) else self._names.found(target.host)
        try:
            return found if self.allows(target) else _public(target.host, found)
        except ForbiddenError:
            return ()

    def judge_literal(self, target: Target) -> None:
        """Raise ForbiddenError if target is written as an address, or a local name, that may not be asked."""
        reason = addresses.reserved(addresses.parse(target.address)) if target.address else ""
        reason = reason or addresses.local_name(target.host)
        if reason and not self.allows(target):
            raise ForbiddenError(f"{target.host}: {reason}")


def why_barred(url: str, options: NetOptions) -> str:
    """Return why a URL may not be asked for, as far as its text tells; empty if it may be, or is none."""
    if options.remap:  # it may lead elsewhere
        return ""
    try:
        Gate(options).judge_literal(parse(url))
    except ForbiddenError as error:
        return str(error)
    except ValueError:
        return ""
    return ""


def _public(host: str, found: Iterable[str]) -> tuple[str, ...]:
    public, reason = [], ""
    for address in found:
        why = addresses.reserved(addresses.parse(address))
        reason = reason or (f"{host} is {address}: {why}" if why else "")
        if not why:
            public.append(address)
    if not public:
        raise ForbiddenError(reason)
    return tuple(public)


def _entries(allowed: Iterable[str]) -> Iterable[tuple[str, int | None]]:
    for entry in allowed:
        host, port = _host_and_port(entry.strip().lower())
        try:
            address = addresses.literal(host)
        except ValueError:
            address = None
        if address is not None:
            host = f"[{address}]" if address.version == 6 else str(address)
        yield host, port


def _host_and_port(entry: str) -> tuple[str, int | None]:
    if entry.count(":") > 1 and not entry.startswith("["):
        return f"[{entry}]", None
    host, colon, port = entry.rpartition(":")
    if colon and port.isdecimal() and not host.endswith(":"):
        return host, int(port)
    return entry, None
