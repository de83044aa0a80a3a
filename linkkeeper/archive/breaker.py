"""Leaves an archive alone that does not answer (SPEC, section 8: three failures in a row)."""

from linkkeeper.archive.limiter import ArchiveClosedError

FAILURES_IN_A_ROW = 3


class Breaker:
    """Counts failures in a row; once open it stays open for the rest of the run."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._failures = 0
        self._why = ""

    @property
    def is_open(self) -> bool:
        """True once the archive is left alone."""
        return self._failures >= FAILURES_IN_A_ROW

    def check(self) -> None:
        """Raise ArchiveClosedError if the archive is left alone."""
        if self.is_open:
            raise ArchiveClosedError(f"{self._name} did not answer {FAILURES_IN_A_ROW} times in a row ({self._why})")

    def success(self) -> None:
        """Note an answer, whatever it says; an open breaker stays open."""
        if not self.is_open:
            self._failures = 0

    def failure(self, why: str) -> None:
        """Note that no usable answer came."""
        self._failures += 1
        self._why = self._why if self._failures > FAILURES_IN_A_ROW else why
