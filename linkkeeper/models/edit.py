"""What a fix would change."""

from msgspec import Struct

from linkkeeper.models.link import Link, Span


class Edit(Struct, frozen=True):
    """New bytes for one span of one document. `span` is empty (start == end) for an insertion."""

    span: Span
    old: bytes
    new: bytes
    repair: str
    """`archive`, `clean`, `redirect` or `revert`."""
    rule: str
    """Id of the rule behind it, as in the report."""
    reason: str
    """One human line."""
    link: Link
    """The link this edit repairs, as it stands before the edit."""
    url_after: str
    """What `link` must point at when the new bytes are read again."""
    confidence: str = "certain"
    adds: str = ""
    """URL of a link that the edit adds beside it; empty if it adds none."""


class Refusal(Struct, frozen=True):
    """A repair that is wanted and not made, with the reason."""

    link: Link
    repair: str
    reason: str


class Plan(Struct, frozen=True):
    """All that a fix would do to one document."""

    document: str
    digest: str
    """SHA-256 hex of the bytes the plan was made for."""
    edits: tuple[Edit, ...]
    refusals: tuple[Refusal, ...] = ()
    settled: tuple[Link, ...] = ()
    """Links that already are as their repair would have them: a copy stands beside them."""
    links: tuple[Link, ...] = ()
    """Every link of the document as it was planned for, in order; empty where that is not kept."""
