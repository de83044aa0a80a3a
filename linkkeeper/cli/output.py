"""The only place that prints: what was asked for to stdout, all else to stderr."""

import logging
import os
import sys

_STATE = {"quiet": 0, "verbose": 0}


def setup(quiet: int, verbose: int) -> None:
    """Set how much is said: `-q` drops notes and progress, `-v` shows log lines, `-vv` debug ones."""
    _STATE.update(quiet=quiet, verbose=verbose)
    level = logging.DEBUG if verbose > 1 else logging.INFO if verbose else logging.ERROR
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Harmless("%(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("linkkeeper")
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False


class _Harmless(logging.Formatter):
    """Log lines hold text from outside: no secret and no control character gets through."""

    def format(self, record: logging.LogRecord) -> str:
        return harmless(super().format(record))


def harmless(text: str) -> str:
    """Return text with credentials masked, controls as escapes, and no command to a CI runner; newlines stay."""
    from linkkeeper.report.safe import log_lines
    from linkkeeper.urls import secrets

    return log_lines("".join(letter if _shows(letter) else _escaped(letter) for letter in secrets.mask(text)))


def _shows(letter: str) -> bool:
    return letter.isprintable() or letter in "\n\t\u3000\xa0"


def _escaped(letter: str) -> str:
    code = ord(letter)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def verbose() -> bool:
    """Return whether `-v` was given."""
    return _STATE["verbose"] > 0


def data(text: str) -> None:
    """Write what was asked for to stdout, as it is (renderers have made it harmless)."""
    sys.stdout.write(text)


def data_bytes(text: bytes) -> None:
    """Write UTF-8 to stdout as it is: for output that is long, and all of it written so. Small pieces are gathered."""
    sys.stdout.buffer.write(text)


def note(text: str) -> None:
    """Write a line for the user to stderr, unless `-q`."""
    if not _STATE["quiet"]:
        error(text)


def error(text: str) -> None:
    """Write a line to stderr even with `-q`."""
    sys.stderr.write(harmless(text) + "\n")
    sys.stderr.flush()


def ask(question: str) -> str:
    """Ask on the terminal and return the answer, lower-case, one letter or empty. Needs a terminal."""
    sys.stderr.write(harmless(question))
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower()[:1]


def animated() -> bool:
    """Return whether progress may be drawn: a terminal on stderr, and nobody asked for quiet."""
    return sys.stderr.isatty() and not _STATE["quiet"] and os.environ.get("TERM") != "dumb"


def coloured() -> bool:
    """Return whether stdout takes colour (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Return the columns of the terminal on stdout, 80 where there is none."""
    import shutil

    return max(40, shutil.get_terminal_size((80, 24)).columns) if sys.stdout.isatty() else 80


def hush_pipe() -> None:
    """Leave quietly when nobody reads stdout any more (`| head`)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
