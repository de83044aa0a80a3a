"""Carries plans out: reads, proves, writes, and says what became of each file."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct, structs

from linkkeeper.errors import DocumentError
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.fix import disk, proof, rewrite
from linkkeeper.fix.journal import BATCH_FILES, Change, Journal
from linkkeeper.fix.records import Note
from linkkeeper.fix.runlog import digest_now
from linkkeeper.fix.swap import Outcome
from linkkeeper.models.document import FileProblem
from linkkeeper.models.edit import Edit, Plan, Refusal
from linkkeeper.urls import secrets

SCHEMA = "linkkeeper/fix/1"
_MOST_PROOFS = 60
"""When the proof of a document fails, so many more are tried to find the edits at fault."""


class EditRow(Struct, frozen=True):
    """One repair, as reported. Credentials are masked."""

    line: int
    column: int
    start: int
    end: int
    kind: str
    repair: str
    rule: str
    reason: str
    confidence: str
    url: str
    url_after: str
    old: str
    """The bytes that were there, as text."""
    new: str
    adds: str | None = None
    """The link put beside it, in the style `append`."""


class RefusalRow(Struct, frozen=True):
    """One repair that is wanted and not made."""

    line: int
    column: int
    kind: str
    repair: str
    url: str
    reason: str


class FileRow(Struct, frozen=True):
    """What became of one file."""

    file: str
    status: str
    """`written`, `planned` (nothing was to be written), `unchanged` (no repair possible) or `left alone`."""
    problem: str | None = None
    warning: str | None = None
    edits: list[EditRow] = []
    refusals: list[RefusalRow] = []


class FixSummary(Struct, frozen=True):
    """The figures of a fix."""

    files_written: int = 0
    files_left_alone: int = 0
    files_failed: int = 0
    """Those of them that the system refused to read or write: a full disk, an input/output error."""
    repairs: dict[str, int] = {}
    """Repairs made (or planned, where nothing was to be written), by their kind."""
    refused: int = 0


class FixResult(Struct, frozen=True):
    """What a fix did; encodes to the JSON of `linkkeeper/fix/1`."""

    files: list[FileRow]
    summary: FixSummary
    run: str | None = None
    """Names the run for `undo RUN`; None if nothing was written."""
    interrupted: bool = False
    """The user stopped it; what was written by then stands and can be undone."""
    schema: str = SCHEMA
    rules: dict[str, str] = {}
    """What each rule named in the edits means."""


class Prepared(Struct, frozen=True):
    """A plan that was tried on the bytes it is for, and proved."""

    plan: Plan
    data: bytes
    new: bytes
    """The same as data where there is nothing to do."""
    problem: str | None = None
    """Why the file must be left alone."""
    failed: bool = False
    """The system refused to read it."""


Progress = Callable[[int], None]
"""Called with the number of files done since the last call."""


def prepare(plan: Plan, options: ExtractOptions = ExtractOptions()) -> Prepared:  # noqa: B008  # frozen
    """Read the plan's document, make the edits in memory and prove them.

    Edits that cannot be proved become refusals. A document that is gone, changed or must not be written has a problem.
    """
    try:
        data = _read(plan)
    except FileNotFoundError:
        return Prepared(plan, b"", b"", "it is gone")
    except DocumentError as error:
        return Prepared(plan, b"", b"", str(error))
    except OSError as error:
        return Prepared(plan, b"", b"", disk.reason(error), failed=True)
    return proved(plan, data, options)


def _read(plan: Plan) -> bytes:
    above, name = os.path.split(plan.document)
    with disk.directory(above) as folder:
        seen = disk.read(folder, name)
    if seen.digest != plan.digest:
        raise disk.ChangedError
    return seen.data


def proved(plan: Plan, data: bytes, options: ExtractOptions = ExtractOptions()) -> Prepared:  # noqa: B008  # frozen
    """Make a plan's edits on data and prove them; what cannot be proved is refused. Pure."""
    if not plan.edits:
        return Prepared(plan, data, data)
    doubt = _doubt(plan, plan.edits, data, options)
    if doubt is None:
        return Prepared(plan, data, rewrite.rewrite(data, plan.edits))
    sieve = _Sieve(plan, data, options)
    sieve.take(plan.edits, doubt)
    sieve.look_again()
    rest = structs.replace(plan, edits=tuple(sieve.sound), refusals=(*plan.refusals, *sieve.refusals()))
    doubt = _doubt(rest, rest.edits, data, options)
    if doubt is not None:
        return Prepared(plan, data, data, f"the result could not be proved: {doubt}")
    return Prepared(rest, data, rewrite.rewrite(data, rest.edits))


def _doubt(plan: Plan, edits: Sequence[Edit], data: bytes, options: ExtractOptions) -> str | None:
    """Return why these edits of a plan cannot be proved together, or None."""
    new = rewrite.rewrite(data, edits)
    tried = structs.replace(plan, edits=tuple(edits))
    doubt = proof.prove(plan.document, data, new, tried, options, plan.links or None)
    if doubt is not None and plan.links:  # were these links read in another way?
        doubt = proof.prove(plan.document, data, new, tried, options)
    return doubt


class _Sieve:
    """Tells edits that can be proved from those that cannot, by halves: `sound` has been proved as a whole.

    Edits may be sound alone and not together: two attributes of an AsciiDoc head of which one holds the other.
    """

    def __init__(self, plan: Plan, data: bytes, options: ExtractOptions) -> None:
        self._plan, self._data, self._options = plan, data, options
        self.sound: list[Edit] = []
        self.doubtful: list[tuple[Edit, str]] = []
        self.proofs_left = _MOST_PROOFS

    def take(self, edits: Sequence[Edit], doubt: str) -> None:
        """Sort edits (in order of position) that cannot be added to the sound ones, for the reason doubt."""
        if len(edits) == 1 or self.proofs_left <= 0:
            self.doubtful += ((edit, doubt) for edit in edits)
            return
        middle = len(edits) // 2
        for half in (edits[:middle], edits[middle:]):
            self.proofs_left -= 1
            doubt_now = _doubt(self._plan, (*self.sound, *half), self._data, self._options)
            if doubt_now is None:
                self.sound += half
            else:
                self.take(half, doubt_now)

    def look_again(self) -> None:
        """Try the doubtful ones once more: what stood in the way may be repaired. Else the next fix would find more."""
        tried = None
        while self.doubtful and tried != len(self.doubtful):
            tried = len(self.doubtful)
            again, self.doubtful = self.doubtful, []
            for edit, doubt in again:
                self._add(edit, doubt)

    def _add(self, edit: Edit, doubt: str) -> None:
        self.proofs_left -= 1
        together = sorted((*self.sound, edit), key=lambda one: one.span)
        if self.proofs_left < 0 or _doubt(self._plan, together, self._data, self._options) is not None:
            self.doubtful.append((edit, doubt))
        else:
            self.sound = together

    def refusals(self) -> tuple[Refusal, ...]:
        """Return the doubtful edits as what is not made."""
        return tuple(
            Refusal(edit.link, edit.repair, f"the result could not be proved: {doubt}") for edit, doubt in self.doubtful
        )


def apply(
    plans: Iterable[Plan],
    journal: Journal | None,
    options: ExtractOptions = ExtractOptions(),  # noqa: B008  # frozen
    progress: Progress = lambda _: None,
    show: Callable[[Prepared], None] = lambda _: None,
) -> FixResult:
    """Carry plans out one after the other and return what became of each file, in the order of plans.

    With journal None nothing is written: the files are read and the edits proved all the same. show gets each plan as
    it was proved, before it is carried out.
    Raises StateError before anything is written if another run is writing or the journal cannot be begun.
    """
    work = _Work(journal, options, show)
    for batch in _chunks(plans):
        work.do(batch)
        progress(len(batch))
    try:
        if journal is not None:
            journal.commit()
    except KeyboardInterrupt:  # all is written: `close` notes the end
        work.interrupted = True
    return FixResult(work.rows, _summary(work.rows, work.failed), work.run, work.interrupted)


class _Work:
    """The rows so far. Once interrupted, what follows is only listed."""

    def __init__(self, journal: Journal | None, options: ExtractOptions, show: Callable[[Prepared], None]) -> None:
        self._journal = journal
        self._options = options
        self._show = show
        self._begun: str | None = None
        self.failed = 0
        self.rows: list[FileRow] = []
        self.interrupted = False

    @property
    def run(self) -> str | None:
        """Id of the run, if it wrote anything."""
        return self._begun if any(row.status == "written" for row in self.rows) else None

    def do(self, batch: Sequence[Plan]) -> None:
        """Carry out some plans, or list them if the user has stopped it."""
        prepared: list[Prepared] = []
        outcomes: dict[int, Outcome] = {}
        try:
            for plan in () if self.interrupted else batch:
                prepared.append(prepare(plan, self._options))
                self._show(prepared[-1])
            outcomes = self._written(prepared)
        except KeyboardInterrupt:
            self.interrupted = True
            outcomes = _as_it_stands(prepared)
        prepared += (Prepared(plan, b"", b"", "interrupted") for plan in batch[len(prepared) :])
        self.rows += (_row(one, outcomes.get(number)) for number, one in enumerate(prepared))
        self.failed += sum(one.failed for one in prepared) + sum(one.failed for one in outcomes.values())

    def _written(self, prepared: Sequence[Prepared]) -> dict[int, Outcome]:
        ready = [number for number, one in enumerate(prepared) if one.problem is None and one.plan.edits]
        if self._journal is None or not ready:
            return {}
        self._begun = self._begun or self._journal.begin()
        outcomes = self._journal.save_all([_change(prepared[number]) for number in ready])
        return dict(zip(ready, outcomes, strict=True))


def _as_it_stands(prepared: Sequence[Prepared]) -> dict[int, Outcome]:
    """Say of files whose writing was interrupted what became of them, by looking."""
    outcomes = {}
    for number, one in enumerate(prepared):
        if one.problem is None and one.plan.edits:
            there = digest_now(one.plan.document) == disk.digest(one.new)
            outcomes[number] = Outcome(one.plan.document, None if there else "interrupted")
    return outcomes


def _chunks(plans: Iterable[Plan]) -> Iterator[list[Plan]]:
    batch: list[Plan] = []
    for plan in plans:
        batch.append(plan)
        if len(batch) == BATCH_FILES:
            yield batch
            batch = []
    if batch:
        yield batch


def _change(one: Prepared) -> Change:
    return Change(one.plan.document, one.plan.digest, one.new, tuple(map(_note, one.plan.edits)))


def _note(edit: Edit) -> Note:
    return Note(
        edit.repair,
        edit.rule,
        edit.link.url,
        edit.url_after,
        edit.old.decode("latin-1"),
        edit.new.decode("latin-1"),
    )


def _row(one: Prepared, outcome: Outcome | None) -> FileRow:
    plan = one.plan
    problem = one.problem or (outcome.reason if outcome else None)
    status = "left alone" if problem else "written" if outcome else "planned" if plan.edits else "unchanged"
    return FileRow(
        _shown(plan.document),
        status,
        problem,
        (outcome.warning or None) if outcome else None,
        [] if problem else [edit_row(edit) for edit in plan.edits],
        [_refusal_row(refusal) for refusal in plan.refusals],
    )


def _shown(document: str) -> str:
    return os.fsencode(document).decode("utf-8", "backslashreplace")


def edit_row(edit: Edit) -> EditRow:
    """Return an edit as it is reported."""
    link = edit.link
    return EditRow(
        link.line,
        link.column,
        link.span.start,
        link.span.end,
        link.kind,
        edit.repair,
        edit.rule,
        secrets.mask(edit.reason),
        edit.confidence,
        secrets.mask(link.url),
        secrets.mask(edit.url_after),
        secrets.mask(edit.old.decode("utf-8", "backslashreplace")),
        secrets.mask(edit.new.decode("utf-8", "backslashreplace")),
        secrets.mask(edit.adds) or None,
    )


def _refusal_row(refusal: Refusal) -> RefusalRow:
    link = refusal.link
    return RefusalRow(
        link.line, link.column, link.kind, refusal.repair, secrets.mask(link.url), secrets.mask(refusal.reason)
    )


def with_unread(result: FixResult, unread: Iterable[FileProblem]) -> FixResult:
    """Return the result with a row for each document that could not be read at all."""
    known = {row.file for row in result.files}
    rows = [FileRow(_shown(one.file), "left alone", one.problem) for one in unread if _shown(one.file) not in known]
    summary = structs.replace(result.summary, files_left_alone=result.summary.files_left_alone + len(rows))
    return structs.replace(result, files=[*result.files, *rows], summary=summary)


def _summary(rows: Sequence[FileRow], failed: int) -> FixSummary:
    repairs: dict[str, int] = {}
    for row in rows:
        for edit in row.edits:
            repairs[edit.repair] = repairs.get(edit.repair, 0) + 1
    return FixSummary(
        files_written=sum(row.status == "written" for row in rows),
        files_left_alone=sum(row.status == "left alone" for row in rows),
        files_failed=failed,
        repairs=dict(sorted(repairs.items())),
        refused=sum(len(row.refusals) for row in rows),
    )
