"""Documents -> JSON lines, one a link (the machine format of `linkkeeper links`)."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from linkkeeper.errors import UsageError
from linkkeeper.extract import forked, portions
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.extract.job import Made, may_hold_credentials, portions_safely, preload, read_safely, with_credentials
from linkkeeper.extract.portions import Place
from linkkeeper.extract.remembered import Stamp
from linkkeeper.extract.scan import EXTRACTOR
from linkkeeper.models.about import VERSION
from linkkeeper.models.document import Document, FileProblem
from linkkeeper.urls.rule_set import CleanOptions

if TYPE_CHECKING:
    from linkkeeper.extract.registry import Reading
    from linkkeeper.extract.spans import Placed
    from linkkeeper.extract.withheld import Part

_ENCODER = msgspec.json.Encoder()
_NOTHING: frozenset[str] = frozenset()
_BATCH = 1024
"""Lines that are held at a time: a document may have millions, and a thousand fit into a processor's cache."""
_URLS = 1 << 9
"""URLs of which is remembered what is left of them: in many folders, documents share them."""
_PART_BYTES = 1 << 22
"""Lines of a large document that travel together."""


class Line(Struct, frozen=True, gc=False, omit_defaults=True):
    """One link as it is printed."""

    file: str
    start: int
    """Byte offsets of the destination as written, without `<>` or quotes."""
    end: int
    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    kind: str
    raw: str
    """The text of these bytes."""
    url: str
    """What a browser would request; relative ones as written."""
    clean: str
    """`url` without tracking parameters and wrappers."""
    skip: str = ""
    """Why nobody asks about this link; only with `--all`, and left out if empty."""


class Lines(Struct, frozen=True):
    """What one document gives."""

    text: bytes
    """JSON lines, each with its line end."""
    problems: tuple[FileProblem, ...] = ()


class LinkLines(Struct, frozen=True):
    """The job behind `linkkeeper links`: a file's `Lines`, as MessagePack."""

    options: ExtractOptions
    cleaning: CleanOptions = CleanOptions()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    everything: bool = False
    """Template code, mail and ignored links too."""

    @property
    def name(self) -> str:
        """All options, and the rules: files of the user's by what is in them."""
        return f"lines/{EXTRACTOR}/{VERSION}/{msgspec.json.encode(self).decode()}/{_digest(self.cleaning)}"

    @property
    def wants_digest(self) -> bool:
        """No: lines do not tell it."""
        return False

    def prepare(self) -> None:
        """Load the common formats and the cleaning rules."""
        preload()
        _cleaner(self.cleaning)

    def run(self, document: Document, data: bytes, remember: bool = False) -> Made:
        """Return the links of one file as lines."""
        reading = read_safely(document.path, data, self.options)
        some = list(self._texts(document.path, data, reading, remember))
        return _made(some, _problems(document.path, reading))

    def parts(self, document: Document, data: bytes, remember: bool = False) -> Iterator[Made]:
        """Yield the links of one large file as lines, some thousands at a time."""
        made = self._parts(document.path, data, remember)
        if not remember:
            return made
        from linkkeeper.extract import gathered  # few documents are so large

        return gathered.gathered(made)

    def _parts(self, path: str, data: bytes, remember: bool) -> Iterator[Made]:
        parts = portions_safely(path, data, self.options)
        first = list(islice(parts, portions.FEWEST))
        if len(first) > 1:
            read, where = partial(self.portion, path, data, remember), portions.places(data, chain(first, parts))
            yield from portions.run(read, where, len(first), forked.processors())
            return
        reading = read_safely(path, data, self.options, lazily=True)
        held: list[_Some] = []
        size = 0
        for some in self._texts(path, data, reading, remember):
            held.append(some)
            size += len(some.text)
            if size > _PART_BYTES:
                yield _made(held)
                held, size = [], 0
        yield _made(held, _problems(path, reading))

    def whole(self, path: str, safe: bytes, stamp: Stamp) -> bytes | None:
        """Return the lines of one file, of which those with credentials are read again."""
        from linkkeeper.extract import withheld  # here and in `_safe`: few documents hold credentials

        return withheld.whole(path, safe, stamp)

    def refused(self, problem: FileProblem) -> bytes:
        """Return no lines and a problem."""
        return msgspec.msgpack.encode(Lines(b"", (problem,)))

    def lines(self, path: str, data: bytes) -> Lines:
        """Return the links of one document as lines."""
        return decode(self.run(Document(path), data).value)

    def _texts(
        self, path: str, data: bytes, reading: "Reading", remember: bool = False, place: Place | None = None
    ) -> Iterator["_Some"]:
        """Yield the lines of a document (or of the portion at a place), some at a time."""
        placed = moved(reading.placed(), place) if place else reading.placed()
        while some := list(islice(placed, _BATCH)):
            batch = self._lines(path, data, some, reading.text.encoding)
            text = encoded(batch)
            suspect = remember and may_hold_credentials(text)
            hidden = frozenset(with_credentials(_spellings(batch))) if suspect else _NOTHING
            yield _apart(batch, text, hidden, reading.text.encoding) if hidden else _Some(text)

    def portion(self, path: str, data: bytes, remember: bool, place: Place) -> Made:
        """Return the links of one portion of a large document, as lines."""
        from linkkeeper.extract import registry

        reading = registry.portion(path, data, place.portion, self.options)
        return _made(list(self._texts(path, data, reading, remember, place)))

    def _lines(self, path: str, data: bytes, placed: Iterable["Placed"], charset: str) -> list[Line]:
        """Return the lines of some links of a document: those that are wanted."""
        clean, everything = _cleaner(self.cleaning), self.everything
        lines = [
            Line(
                path, start, end, line, column, one.kind, data[start:end].decode(charset, "replace"), one.url,
                one.url if one.skip else clean(one.url), one.skip,
            )
            for one, start, end, line, column in placed
            if everything or not one.skip
        ]  # fmt: skip
        return [line for line in lines if self._wants(line)] if self.include or self.exclude else lines

    def _wants(self, line: Line) -> bool:
        if any(_pattern(text).search(line.raw) for text in self.exclude):
            return False
        return not self.include or any(_pattern(text).search(line.raw) for text in self.include)


def moved(placed: Iterator["Placed"], place: Place) -> Iterator["Placed"]:
    """Yield what was found in a portion of a document with its places in the document."""
    offset, lines, columns = place.portion.start, place.line - 1, place.column - 1
    for one, start, end, line, column in placed:
        yield one, start + offset, end + offset, line + lines, column + columns if line == 1 else column


class _Some(Struct, frozen=True):
    """Some lines of a document."""

    text: bytes
    secret: bool = False
    """They hold credentials. Only looked for if they are to be remembered."""
    safe: "Part | None" = None
    """If so, what a disk may keep of them; None: nothing."""


def _apart(lines: list[Line], text: bytes, hidden: frozenset[str], charset: str) -> _Some:
    """Return lines of which some show what is hidden."""
    from linkkeeper.extract import withheld

    return _Some(text, True, withheld.part(lines, text, hidden, charset))


def _made(some: list[_Some], problems: tuple[FileProblem, ...] = ()) -> Made:
    lines = Lines(b"".join([one.text for one in some]), problems)
    secret = any(one.secret for one in some)
    return Made(msgspec.msgpack.encode(lines), secret, _safe(some, problems) if secret else b"")


def _safe(some: list[_Some], problems: tuple[FileProblem, ...]) -> bytes:
    """Return what a disk may keep of the lines of a document that holds credentials."""
    from linkkeeper.extract import withheld

    parts = [one.safe if one.secret else withheld.Part(one.text) for one in some]
    return withheld.safe([part for part in parts if part], problems) if all(parts) else b""


def _problems(path: str, reading: "Reading") -> tuple[FileProblem, ...]:
    return (FileProblem(path, reading.problem),) if reading.problem else ()


def _spellings(lines: list[Line]) -> Iterable[str]:
    """Return the texts in which a line may show a credential; most are spelt in one way."""
    raw = [one.raw for one in lines if one.raw != one.url]
    return chain([one.url for one in lines], raw, [one.clean for one in lines if one.clean is not one.url])


def encoded(lines: list[Line]) -> bytes:
    """Return lines as they are printed."""
    return _ENCODER.encode_lines(lines)


def decode(value: bytes) -> Lines:
    """Read back what a job returned."""
    return msgspec.msgpack.decode(value, type=Lines)


@cache
def _cleaner(options: CleanOptions) -> Callable[[str], str]:
    """Return what cleans a URL. Those without query and fragment, as most are, stay as they are."""
    from linkkeeper.urls import rules
    from linkkeeper.urls.clean import Cleaner

    cleaner = Cleaner(rules.load(options))
    if cleaner.reads_paths:
        return cleaner.cleaned
    known: dict[str, str] = {}

    def clean(url: str) -> str:
        if "?" not in url and "#" not in url:
            return url
        cleaned = known.get(url)
        if cleaned is None:
            if len(known) >= _URLS:
                known.clear()
            cleaned = known[url] = cleaner.cleaned(url)
        return cleaned

    return clean


def _digest(options: CleanOptions) -> str:
    """Return a digest of the bytes of all rule files: cheaper than reading the rules."""
    import hashlib  # here, in `job` and in `scan`: only what is remembered needs it, and it takes 2 ms to load

    from linkkeeper.urls import rules

    digest = hashlib.sha256()
    folder = Path(rules.__file__).parent / "rules"
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        digest.update(file.read_bytes() if file.is_file() else b"")
    for name in options.rule_files:
        try:
            digest.update(Path(name).read_bytes())
        except OSError as error:
            raise UsageError(f"{name}: the rule file cannot be read: {error.strerror}") from error
    return digest.hexdigest()


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)
