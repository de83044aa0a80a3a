"""What an input format is."""

from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from linkkeeper.models.document import FileProblem
from linkkeeper.models.link import Link

SKIP_MAIL = "mail address"
"""`skip` of what opens a mail program."""
SKIP_TEMPLATE = "template code"
"""`skip` of a destination that a site generator has yet to fill in."""

SKIP_LONG = "longer than any browser takes"
LONGEST_URL = 1 << 21
"""Characters of a URL that Chromium takes (`kMaxURLChars`, 2026-11); of a longer one only the beginning is shown."""


class ExtractOptions(Struct, frozen=True):
    """What counts as a link, as far as the user may say."""

    include_verbatim: bool = False
    """Links in Markdown code and comments count too (`--include-verbatim`)."""
    max_file_bytes: int = 100_000_000
    """A larger file is a row in the report."""
    today: str = ""
    """ISO date by which ignore comments expire; empty: the day it is (UTC)."""


class Found(Struct, frozen=True, gc=False):
    """A link as a format finds it in some bytes: `registry` makes it a `Link` of a document.

    Formats nest (HTML in Markdown in a notebook), so offsets are relative to the bytes handed in and
    whoever handed them in maps them back.
    """

    start: int
    end: int
    url: str
    kind: str
    context: tuple[str, ...] = ()
    skip: str = ""
    unwritable: str = ""


class Extraction(Struct, frozen=True):
    """What one document holds."""

    links: tuple[Link, ...] = ()
    """In order of position; spans do not overlap."""
    problems: tuple[FileProblem, ...] = ()


class LinkSource(Protocol):
    """One input format. A plain module can be one: these three names are all it needs."""

    @property
    def SUFFIXES(self) -> frozenset[str]: ...  # noqa: N802  # a module's constant

    def links(self, data: bytes, options: ExtractOptions) -> Iterable[Found]:
        """Yield every link in order of position; damaged markup yields what can be found. Never raises.

        data is UTF-8 (or ASCII-compatible bytes) without BOM; `registry` sees to encodings.
        """

    def anchors(self, data: bytes) -> frozenset[str]:
        """Return the fragment identifiers that the built page would have, without `#`."""
