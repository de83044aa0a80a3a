"""A post as it lies on disk."""

from datetime import datetime

from msgspec import Struct


class Document(Struct, frozen=True):
    """One file that may hold links. Bytes are read when needed and not kept."""

    path: str
    """As the user gave it, with forward slashes; shown in reports. For stdin its `--stdin-name`."""
    digest: str = ""
    """SHA-256 hex of the bytes that were read; empty before reading."""
    size_bytes: int = 0


class Dated(Struct, frozen=True):
    """The day the author linked something, and how that is known."""

    until: datetime
    """UTC instant; a bare date stands for the last second of its day."""
    source: str
    """`front matter`, `file name`, `commit` or `file`; `archive URL` for a broken link into an archive."""
    text: str = ""
    """As it is shown to the user: the date as the source had it, in ISO 8601."""


class FileProblem(Struct, frozen=True):
    """A file, or a part of one, that could not be handled. A row in the report; the run goes on."""

    file: str
    problem: str
