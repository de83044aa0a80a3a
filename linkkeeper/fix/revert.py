"""Archive links whose originals may live again: which ones linkkeeper wrote, and what stood there before. Pure."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from linkkeeper.fix.plan import Want
from linkkeeper.fix.records import Note
from linkkeeper.models.link import Link
from linkkeeper.urls import archive_links

RULE = "lives-again"
MEANING = "the page behind an archive link answers again, asked twice, and is no parked domain or error page"


class Candidate(Struct, frozen=True):
    """An archive link that may be taken back, if its original lives."""

    link: Link
    original: str
    """What to ask, and to put back: the URL that stood there, else the one that the archive URL names."""
    written: bytes | None
    """The very bytes that stood there, where the journal knows them."""
    ours: bool
    """A fix wrote it, by the journal."""

    def want(self, reason: str) -> Want:
        """Return the repair, for when the original was seen to live; reason says how."""
        return Want(self.link, "revert", self.original, RULE, reason, written=self.written)


def candidates(
    links: Iterable[Link],
    notes: Iterable[Note],
    take_any: bool = False,
    bases: Sequence[str] = archive_links.DEFAULT_BASES,
) -> list[Candidate]:
    """Return the archive links among links that fixes wrote; with take_any those of others that name an original, too.

    notes are the journal's, oldest first. A link that was copied elsewhere counts as written by us: its URL, capture
    time included, is one that we wrote.
    """
    ours = {note.url_after: note for note in notes if note.repair == "archive" and note.url_after != note.url}
    found: list[Candidate] = []
    for link in links:
        note = ours.get(link.url)
        if note is not None:
            found.append(Candidate(link, note.url, _bytes_before(note), ours=True))
        elif take_any and (original := archive_links.original_of(link.url, bases)) is not None:
            found.append(Candidate(link, original, None, ours=False))
    return found


def _bytes_before(note: Note) -> bytes:
    """Return the bytes of the link alone: a robust link's edit reaches over the closing quote."""
    old = note.old.encode("latin-1")
    return old[:-1] if old[-1:] in (b'"', b"'") and " data-originalurl=" in note.new else old
