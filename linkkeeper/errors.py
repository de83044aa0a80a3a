"""What can stop linkkeeper from doing its work. A dead link is a result, never one of these."""


class LinkkeeperError(Exception):
    """Something linkkeeper could not do. The message is one line; `hint` says what to try next."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(LinkkeeperError):
    """A wrong flag, path, setting or rule file: exit 2 before any request is made."""


class DocumentError(LinkkeeperError):
    """One document could not be read, understood or written; a row in the report, the rest goes on."""


class ArchiveError(LinkkeeperError):
    """An archive could not be asked (down, refusing, too slow). Never means "no capture"."""


class StateError(LinkkeeperError):
    """The state directory cannot be used at all (and could not be set aside either)."""
