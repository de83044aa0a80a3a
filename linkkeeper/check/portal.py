"""Could one machine have answered for everybody? A captive portal looks so: by its address, its page, its redirects."""

import zlib
from collections.abc import Callable, Iterable

from linkkeeper.models.verdict import Reply
from linkkeeper.net import addresses
from linkkeeper.net.target import Target
from linkkeeper.urls import parse

_ENOUGH = 100
"""Findings that are held back while only one domain was asked: no second one may come to compare with."""
AddressesOf = Callable[[str], Iterable[str]]


class Sameness:
    """What the answers of all named hosts have in common."""

    def __init__(self, addresses_of: AddressesOf) -> None:
        self._addresses_of = addresses_of
        self._common: frozenset[str] | None = None
        self._asked: set[str] = set()
        self._domains: set[str] = set()

    def ended(self, target: Target, reply: Reply) -> None:
        """Note where the question to a host ended."""
        settled = self._common is not None and not self._common
        if settled or target.address or reply.final_url is None or addresses.local_name(target.host):
            return
        marks = self._marks(target, reply)
        self._common = marks if self._common is None else self._common & marks
        self._asked.add(f"host {target.host}")
        self._domains.add(parse.registrable_domain(target.host))

    def _marks(self, target: Target, reply: Reply) -> frozenset[str]:
        final = parse.split(reply.final_url or "").host
        if parse.registrable_domain(final) != parse.registrable_domain(target.host):
            return frozenset({f"host {final}"})
        page = {f"page {zlib.crc32(reply.body)}"} if reply.body else set()
        return frozenset({f"address {one}" for one in self._addresses_of(target.host)} | page)

    @property
    def suspicious(self) -> bool:
        """True if a portal is to be asked for: several domains have their answers in common, or all were sent on."""
        common = (self._common or frozenset()) - self._asked
        return (len(self._domains) > 1 and bool(common)) or any(mark.startswith("host ") for mark in common)

    def holds_back(self, held: int) -> bool:
        """Say whether a finding should wait until more is known; so many do already."""
        return bool(self._common) and (held < _ENOUGH or self.suspicious)
