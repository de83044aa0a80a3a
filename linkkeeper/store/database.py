"""The state database: opened, waited for, set aside when damaged, done without when nothing else helps.

Losing it loses no post (SPEC, section 7), so nothing here raises: reads of a lost database find
nothing, writes to it are kept for the rest of the run in memory, and `notes` says so in words.
"""

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Self

from linkkeeper.store import folder, schema

log = logging.getLogger(__name__)

NAME = "state.db"
WAIT_S = 10.0
"""All the waiting for other processes that one run may do."""
_POLL_S = 0.5
_GLANCE_S = 0.02
"""In the middle of a run, where waiting would hold up the network."""
_PAGE_BYTES = 8192
"""Of a new database: twice SQLite's own size saves a fifth of the time for 20,000 findings (2026-11)."""
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_ROWS = "{rows}"
"""In a statement: where many rows go at once, as `(?, ?), (?, ?)`."""
_VARIABLES = 900
"""Of one statement; SQLite allowed 999 until 3.32 (sqlite.org/limits.html)."""
Parameters = Sequence[object]
Work = tuple[tuple[str, Iterable[Parameters]], ...]
"""Statements, each with its rows."""


def open_state(directory: str | Path, wait_s: float = WAIT_S) -> "Database":
    """Open, or make, the database in a state directory. Never raises; look at `notes`."""
    return Database(Path(directory), wait_s)


class Database:
    """One connection to the state. Used by one thread, and by one of its own for `write_later`.

    Several processes may have one each.
    """

    def __init__(self, directory: Path, wait_s: float = WAIT_S) -> None:
        self.path = directory / NAME
        self.notes: list[str] = []
        """Sentences for the user about what went wrong with the state; empty if nothing did."""
        self._patience_s = wait_s
        self._closing: list[Callable[[], None]] = []
        self._inode: int | None = None
        self._met: int | None = None
        self._lost = False
        self._guard = threading.RLock()
        """Held by whoever uses the connection."""
        self._later: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._undone: list[Work] = []
        """What `write_later` could not write, for another process was writing: tried once more at the end."""
        self._unwritten = 0
        """How much `write_later` was given and has not dealt with."""
        self._dealt = threading.Condition()
        self._connection = self._opened()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def kept(self) -> bool:
        """Tell whether what is written will be there for the next run."""
        return self._inode is not None and not self._lost

    def at_close(self, flush: Callable[[], None]) -> None:
        """Have flush called before the connection closes."""
        self._closing.append(flush)

    def close(self) -> None:
        """Write what is waiting, and let go of the file."""
        for flush in self._closing:
            flush()
        self._closing = []
        self._end_writer()
        with suppress(sqlite3.Error):
            self._connection.close()

    def read(self, statement: str, parameters: Parameters = ()) -> list[tuple[object, ...]]:
        """Return the rows of a SELECT; none if the state cannot be read."""
        self._catch_up()
        with self._guard:
            try:
                return self._connection.execute(statement, parameters).fetchall()
            except sqlite3.Error as error:
                self._failed(error)
                return []

    def write(self, *work: tuple[str, Iterable[Parameters]], patient: bool = True) -> bool:
        """Run statements, each over its rows, in one transaction; tell whether that is done.

        False means that another process is writing and patient is not set, or that the wait for it
        was over: try again later. After a full disk nothing is written any more (`notes`), which is True too.
        """
        self._catch_up()
        return self._write(work, patient=patient)

    def write_later(self, *work: tuple[str, Iterable[Parameters]]) -> None:
        """Do as `write`, beside the caller, who has the network to see to. Whatever is called next waits for it."""
        if self._writer is None:
            self._writer = threading.Thread(target=self._write_on, name="state", daemon=True)
            self._writer.start()
        with self._dealt:
            self._unwritten += 1
        self._later.put(tuple((statement, list(rows)) for statement, rows in work))

    def _write_on(self) -> None:
        """Write what comes, until None does."""
        while (work := self._later.get()) is not None:
            try:
                if not self._write(work, patient=True):
                    self._undone.append(work)
            except Exception as error:
                log.debug("state", exc_info=True)
                self._lose(f"{type(error).__name__}: {error}")
            finally:
                with self._dealt:
                    self._unwritten -= 1
                    self._dealt.notify_all()

    def _catch_up(self) -> None:
        """Wait until all is written that was to be written later."""
        if self._writer is not None and threading.current_thread() is not self._writer:
            with self._dealt:
                self._dealt.wait_for(lambda: not self._unwritten)

    def _end_writer(self) -> None:
        if self._writer is not None:
            self._later.put(None)
            self._writer.join()
            self._writer = None
        if self._undone:
            self._write(tuple(part for work in self._undone for part in work), patient=True)
        self._undone = []

    def _write(self, work: Work, *, patient: bool) -> bool:
        with self._guard:
            return self._written(work, patient=patient)

    def _written(self, work: Work, *, patient: bool) -> bool:
        if self._lost:
            return True
        rows = [(statement, list(parameters)) for statement, parameters in work]
        wait_s = _POLL_S if patient else _GLANCE_S
        for _ in range(3):
            try:
                return self._attempt(lambda: self._transaction(rows, wait_s), patient=patient)
            except sqlite3.Error as error:
                self._failed(error)
                if self._lost:
                    return True
        return False

    def exclusively(self, work: Callable[[sqlite3.Connection], None]) -> bool:
        """Run work in a write transaction that excludes other processes; tell whether it was committed."""
        self._catch_up()
        with self._guard:
            for _ in range(0 if self._lost else 3):
                try:
                    return self._attempt(lambda: self._within(work), patient=True)
                except sqlite3.Error as error:
                    self._failed(error)
        return False

    def _transaction(self, rows: list[tuple[str, list[Parameters]]], wait_s: float) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for statement, some in rows:
                _each(connection, statement, some)

        self._within(work, wait_s)

    def _within(self, work: Callable[[sqlite3.Connection], object], wait_s: float = _POLL_S) -> None:
        wait_s = max(0.0, min(wait_s, self._patience_s))
        self._connection.execute(f"PRAGMA busy_timeout = {int(wait_s * 1000)}")
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            work(self._connection)
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise

    def _attempt(self, work: Callable[[], None], *, patient: bool) -> bool:
        """Do work, waiting for other processes as long as the run's patience lasts."""
        while True:
            started = time.monotonic()
            try:
                work()
            except sqlite3.OperationalError as error:
                if _code(error) not in _LOCKED:
                    raise
                if not patient:
                    return False
                time.sleep(_GLANCE_S)  # some kinds of busy come back at once, whatever the timeout
                self._patience_s -= time.monotonic() - started
                if self._patience_s <= 0 and self._inode is not None:
                    self._note(f"{self.path} is locked by another process: not all of this run is remembered")
                if self._patience_s <= 0:
                    return False
            else:
                return True

    # When things go wrong.

    def _opened(self) -> sqlite3.Connection:
        """Return a connection that works: to the file, to a fresh one, or to memory."""
        for _ in range(5):
            try:
                return self._connected()
            except schema.NewerSchemaError:
                return self._without("was written by a newer linkkeeper; it is left alone and not used")
            except schema.NotOursError:
                return self._without("belongs to another program; it is left alone and not used")
            except OSError as error:
                return self._without(f"cannot be used ({error.strerror or error})")
            except sqlite3.Error as error:
                if self._moved():
                    continue
                if _code(error) not in _DAMAGED:
                    return self._without(f"cannot be used ({error})")
                if not self._set_aside():
                    break
        return self._without("is damaged and could not be set aside")

    def _connected(self) -> sqlite3.Connection:
        folder.make(self.path.parent)
        self._met = _inode_of(self.path)
        connection = sqlite3.connect(self.path, timeout=_POLL_S, isolation_level=None, check_same_thread=False)
        try:
            done = self._attempt(lambda: _prepare(connection), patient=True)
            if not done:
                raise sqlite3.OperationalError("locked by another process")
            self._met = self._inode = self.path.stat().st_ino
        except BaseException:
            connection.close()
            raise
        return connection

    def _failed(self, error: sqlite3.Error) -> None:
        """Go on after an error in the middle of a run: with a fresh file if this one is damaged, else read-only."""
        log.debug("state: %s", error)
        code = _code(error)
        if code in _LOCKED:
            return
        if self._inode is not None and self._moved():
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = self._opened()
            return
        if code not in _DAMAGED or self._inode is None:
            self._lose(str(error))
            return
        with suppress(sqlite3.Error):
            self._connection.close()
        self._connection = self._opened() if self._set_aside() else self._without("is damaged and cannot be set aside")

    def _lose(self, why: str) -> None:
        """Write nothing any more."""
        self._lost = True
        self._note(f"{self.path} can no longer be written ({why}): what this run finds is not remembered")

    def _moved(self) -> bool:
        """Tell whether the file is another one than when it was opened: set aside by another process, or deleted."""
        return _inode_of(self.path) != self._met

    def _without(self, why: str) -> sqlite3.Connection:
        self._note(f"{self.path} {why}: this run remembers nothing for the next one")
        self._inode = None
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        schema.migrate(connection)
        return connection

    def _set_aside(self) -> bool:
        """Rename a damaged file and its companions; tell whether the place is free now."""
        target = self.path.with_name(f"{NAME}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}")
        try:
            with _alone(self.path.with_name("state.lock")):
                if self._met is not None and self._moved():
                    return True  # another process has already put a fresh one there
                for companion in ("-wal", "-shm"):
                    with suppress(FileNotFoundError):
                        self.path.with_name(NAME + companion).rename(target.with_name(target.name + companion))
                self.path.rename(target)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        self._note(f"{self.path} was damaged and is set aside as {target.name}; linkkeeper starts afresh")
        return True

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)


def _each(connection: sqlite3.Connection, statement: str, rows: list[Parameters]) -> None:
    """Run a statement over rows, many at once where it says `{rows}`.

    For each row of `executemany` a thread takes the interpreter's lock again, which beside a busy loop costs up to
    5 ms (measured 2026-11: 10,000 rows 13 s, so 0.1 s).
    """
    if _ROWS not in statement or not rows:
        connection.executemany(statement, rows)
        return
    rows = sorted(rows, key=itemgetter(0))  # by key, as the tree has them
    group = f"({', '.join('?' * len(rows[0]))})"
    at_once = max(1, _VARIABLES // len(rows[0]))
    for start in range(0, len(rows), at_once):
        some = rows[start : start + at_once]
        values = [value for row in some for value in row]
        connection.execute(statement.replace(_ROWS, ", ".join([group] * len(some))), values)


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    schema.migrate(connection)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Keep other processes out meanwhile, where the system can (`flock`); the system lets go after a crash."""
    try:
        import fcntl
    except ImportError:  # Windows renames no file that another process has open, which is protection enough
        yield
        return
    with lock.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _inode_of(path: Path) -> int | None:
    with suppress(OSError):
        return path.stat().st_ino
    return None


def _code(error: sqlite3.Error) -> int:
    """Return the primary result code (sqlite.org/rescode.html)."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
