"""What is captured of a page, and what is said of what is held: the words of the local archive.

`archive.capture` makes a `PageCapture`; the modules of this folder take and give:

    store.LocalArchive(directory: Path, options: LocalOptions)   a context manager, the only writer meanwhile
        .repaired: tuple[str, ...]                               what a killed run left behind, a line each
        .keep(page: PageCapture) -> Kept                         whole or not at all
        .newest(url: str) -> Page | None                         what was kept last of a URL as posts have it
        .cite(url: str, posts: Iterable[str]) -> None            these posts cite it too: into the manifest, at the end
    manifest.read(directory: Path) -> Iterator[Page]             needs no lock, as everything below
    manifest.newest(directory: Path) -> dict[str, Page]          by URL, the last page of each: the coverage
    show.held(directory: Path, url: str) -> tuple[Held, ...]     the captures of a URL, oldest first
    show.extract(directory: Path, held: Held, target: Path)      its payload, decoded, into a file
    verify.verify(path: Path) -> Verification                    of a directory or a WACZ file
    verify.rebuild(directory: Path) -> Verification              writes the index anew from the WARCs (locks)
    wacz.export(directory: Path, target: Path) -> Exported       (locks)
    provider.LocalProvider(directory: Path, base: str, looks_dead: LooksDead)    an ArchiveProvider, for `fix`
    serve.Replay(directory: Path, port: int = 0)                 a context manager around pywb: `.url`, `.wait()`

Whatever cannot be done raises LinkkeeperError. All of it blocks, none of it needs an event loop; a LocalArchive is
for one thread at a time.
"""

from datetime import datetime
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from linkkeeper.errors import LinkkeeperError


class NotKeptError(LinkkeeperError):
    """This page is none that can be kept, whatever the state of the disk; others may follow."""


class Truncated(StrEnum):
    """Why a payload is not whole (WARC/1.1, section 5.13)."""

    LENGTH = "length"
    TIME = "time"
    DISCONNECT = "disconnect"


class Exchange(Struct, frozen=True):
    """One request and its answer, as they went over the wire: one hop of a redirect chain, or one requisite."""

    url: str
    """As requested: absolute, ASCII, without fragment and userinfo."""
    when: datetime
    """UTC; when the answer began."""
    request: bytes
    """Request line and header lines as sent, up to and with the empty line; credentials and cookies left out."""
    response: bytes
    """Status line and header lines as received (order, case, duplicates), up to and with the empty line."""
    payload: bytes | Path
    """The body with its transfer coding undone and its content coding (gzip, br, …) kept; a file if it is large."""
    address: str = ""
    """IP address of the server, where known."""
    truncated: Truncated | None = None


class PageCapture(Struct, frozen=True):
    """A page that was fetched whole: what `LocalArchive.keep` writes at once or not at all."""

    url: str
    """As in the posts, cleaned; a fragment is left out."""
    page: str
    """Where its redirects ended."""
    when: datetime
    """UTC; of the page's own answer."""
    title: str
    """Of the document, for the list of pages; may be empty."""
    exchanges: tuple[Exchange, ...]
    """The hops to the page, the page, then its requisites; nothing that robots.txt or `noarchive` forbids."""
    posts: tuple[str, ...] = ()
    """The documents that cite it."""


class LocalOptions(Struct, frozen=True):
    """How captures are kept (SPEC, section 8)."""

    warc_limit_bytes: int = 100_000_000
    """A WARC that has grown so large is followed by the next number of its month; a page is never divided."""
    sync_every_s: float = 5.0
    """Files are brought down to the disk so often, and at the end. A killed process loses nothing, a power cut this."""
    merge_every: int = 20_000
    """So many new index lines are merged into `index.cdxj` without waiting for the end of the run."""


class Page(Struct, frozen=True):
    """A line of `manifest.jsonl`: a page that is held whole."""

    url: str
    """As in the posts, cleaned, without fragment."""
    ts: str
    """14 digits, UTC; of the page's own answer."""
    digest: str
    """Of the page's payload: `sha1:` and 32 characters of base32, as the WARC record has it."""
    page: str
    """Where its redirects ended."""
    posts: tuple[str, ...] = ()
    """The documents that cite it, sorted."""


class Kept(Struct, frozen=True):
    """What `keep` did."""

    page: Page
    records: int
    """Responses and revisits written; less than the exchanges, where one was written with an earlier page."""
    revisits: int
    """Of these: payloads that were held already."""
    size_bytes: int
    """By how much the WARC grew."""


class Held(Struct, frozen=True):
    """One capture of a URL, as the index has it."""

    url: str
    """As captured."""
    ts: str
    """14 digits, UTC."""
    status: str
    mime: str
    digest: str
    file: str
    """Name of the WARC."""
    offset: int
    length: int
    """Compressed, in bytes."""
    revisit: bool = False
    """The payload lies with an earlier capture."""
    posts: tuple[str, ...] = ()
    """The documents that cite it; empty for what pages only load."""


class Problem(Struct, frozen=True):
    """Something that is not as it must be."""

    file: str
    """Relative to the archive's directory, or the name inside the WACZ."""
    kind: str
    """Id of the fault, one of `verify.KINDS`."""
    detail: str
    """One human line."""
    offset: int | None = None
    """Of the record in its file, in bytes; of a text file the line, counted from 1."""


class Verification(Struct, frozen=True):
    """What `verify` found."""

    problems: tuple[Problem, ...]
    """Damage: none means sound."""
    notes: tuple[str, ...]
    """Worth a word, but no damage: files that do not belong here, a run that was killed and will be repaired."""
    files: int
    records: int
    pages: int

    @property
    def sound(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.problems


class Exported(Struct, frozen=True):
    """What `export` wrote."""

    file: str
    pages: int
    records: int
    """Captures, as the index has them."""
    size_bytes: int
    repaired: tuple[str, ...] = ()
    """What a killed run had left behind, and what was done about it: a line each."""
    damaged: tuple[str, ...] = ()
    """Pages whose own payload is not what was written; exported all the same. `verify` finds everything else."""
