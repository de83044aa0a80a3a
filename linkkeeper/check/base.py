"""What the check asks, and what it asks for: questions in, findings out, and the neighbours it needs."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from linkkeeper.models.verdict import Finding, Verdict


class Question(Struct, frozen=True, gc=False):
    """One URL to be asked about, once."""

    url: str
    """Cleaned, without fragment."""
    written: str | None = None
    """As written, where cleaning changed it: asked too if the cleaned one fails."""
    wrong_rule: str = ""
    """Id of the cleaning rule that would then be wrong."""
    want_anchors: bool = False
    """Fetch the page for its anchors (`--fragments`)."""
    fragments: tuple[str, ...] = ()
    """The fragments (without `#`) that links give this URL, judged with `want_anchors`."""


class HostCheck(Struct, frozen=True):
    """What differs for one host."""

    per_host: int | None = None
    rate: float | None = None
    """Requests a second."""
    accept: frozenset[int] = frozenset()
    """Statuses that mean `ok` here."""
    verdicts: Mapping[str, Verdict] = {}
    """What rules, by their ids, mean here."""


class CheckOptions(Struct, frozen=True):
    """How much is asked, how often and for how long."""

    concurrency: int = 128
    """Requests under way, all hosts together."""
    per_host: int = 8
    retries: int = 1
    """Further attempts, before the second look, at what can pass."""
    max_time_s: float = 0.0
    """For the whole run; 0: no limit."""
    max_wait_s: float = 20.0
    """How long one URL may wait because its host said so."""
    retry_delay_s: float = 1.0
    look_delay_s: float = 1.0
    """Least time between a failure that can pass and the second look."""
    probes: bool = True
    """Ask for pages we know nothing of (roots, random siblings) where a verdict needs the comparison."""
    hosts: Mapping[str, HostCheck] = {}


class Memory(Protocol):
    """Something that remembers findings between runs (`store.cache`)."""

    def get(self, url: str) -> Finding | None:
        """Return what is known of url and still fresh."""

    def put(self, finding: Finding) -> None:
        """Keep a finding."""


class History(Protocol):
    """Something that knows how URLs fared before (`store.history`)."""

    def settle(self, finding: Finding) -> Finding:
        """Record a fresh finding; return it with `since`, and as dead if it failed on enough days."""


class Progress(Protocol):
    """Hears how the check goes on. Must not raise or block."""

    def advance(self, finding: Finding) -> None:
        """One URL is settled."""

    def waiting(self, hosts: Mapping[str, float]) -> None:
        """These hosts told us to wait: host -> seconds from now."""


class Tools(Struct, frozen=True):
    """The neighbours a run works with, introduced by the pipeline. None: do without."""

    memory: Memory | None = None
    history: History | None = None
    progress: Progress | None = None


class Forgetful:
    """A Memory that keeps nothing."""

    def get(self, url: str) -> Finding | None:  # noqa: ARG002 - the protocol's name
        """Know nothing."""
        return None

    def put(self, finding: Finding) -> None:
        """Keep nothing."""


class NoHistory:
    """A History without a past."""

    def settle(self, finding: Finding) -> Finding:
        """Return the finding as it is."""
        return finding


class Unwatched:
    """Progress that nobody hears."""

    def advance(self, finding: Finding) -> None:
        """Hear nothing."""

    def waiting(self, hosts: Mapping[str, float]) -> None:
        """Hear nothing."""
