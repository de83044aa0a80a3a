"""The keys of an archive.org account: from the environment, or from the `ia.ini` that `ia configure` writes.

Places as internetarchive 5.12.1 looks for them. Keys are never shown: not in logs, reports, messages or `repr`.
"""

import configparser
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from linkkeeper.errors import UsageError

ACCESS, SECRET, FILE = "IA_ACCESS_KEY_ID", "IA_SECRET_ACCESS_KEY", "IA_CONFIG_FILE"
WHERE = "archive.org/account/s3.php shows both; `ia configure` writes them to a file"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_LARGEST = 1 << 20


class Keys(Struct, frozen=True, repr_omit_defaults=True):
    """Both halves."""

    access: str
    secret: str

    @property
    def authorization(self) -> str:
        """Value of the header, as the service wants it."""
        return f"LOW {self.access}:{self.secret}"

    def __repr__(self) -> str:
        return "Keys(***)"

    __str__ = __repr__


def find(environment: Mapping[str, str], home: Path | None = None) -> Keys | None:
    """Return the keys, or None if nobody set any.

    The environment comes first; a variable that is set to nothing (a secret that a CI run may not see) is not set.
    Raises UsageError for half a pair, and for a file that cannot be read.
    """
    access, secret = environment.get(ACCESS, "").strip(), environment.get(SECRET, "").strip()
    if access or secret:
        lacking = "" if access and secret else SECRET if access else ACCESS
        if lacking:
            raise UsageError(f"{lacking} is not set, but its other half is", WHERE)
        return _checked(access, secret, f"{ACCESS} or {SECRET}")
    file = _file(environment, home)
    return _from_file(file) if file else None


def _file(environment: Mapping[str, str], home: Path | None) -> Path | None:
    named = environment.get(FILE, "")
    if named:
        if not _exists(Path(named)):
            raise UsageError(f"{FILE} names {named}, which is no file", "name the file that `ia configure` wrote")
        return Path(named)
    if home is None:
        with suppress(RuntimeError):
            home = Path.home()
    xdg = Path(environment.get("XDG_CONFIG_HOME", ""))
    places = [xdg / "internetarchive" / "ia.ini"] if xdg.is_absolute() else []
    if home is not None:
        places += [] if places else [home / ".config" / "internetarchive" / "ia.ini"]
        places += [home / ".config" / "ia.ini", home / ".ia"]
    return next((place for place in places if _exists(place)), None)


def _exists(place: Path) -> bool:
    """Tell whether a file is there, and count one that we may not look at: saying so is better than going without."""
    try:
        return place.is_file()
    except OSError:
        return True


def _from_file(file: Path) -> Keys | None:
    parser = configparser.RawConfigParser(strict=False)
    try:
        with file.open(encoding="utf-8-sig") as lines:
            parser.read_string(lines.read(_LARGEST))
    except OSError as error:
        raise UsageError(f"the keys in {file} cannot be read: {error.strerror or error}", WHERE) from error
    except (configparser.Error, ValueError):  # their messages quote lines, and so keys
        raise UsageError(f"{file} is no file that `ia configure` writes", "run `ia configure` again") from None
    access, secret = (parser.get("s3", half, fallback="").strip() for half in ("access", "secret"))
    if not access and not secret:
        return None
    if not access or not secret:
        lacking = "secret" if access else "access"
        raise UsageError(f"{file}: there is no {lacking} under [s3], but its other half", "run `ia configure` again")
    return _checked(access, secret, str(file))


def _checked(access: str, secret: str, where: str) -> Keys:
    if not _KEY.fullmatch(access) or not _KEY.fullmatch(secret):
        raise UsageError(f"{where}: holds characters that no key has", WHERE)
    return Keys(access, secret)
