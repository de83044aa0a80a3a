"""`.gitignore` files as git reads them: nested, the deepest that says something decides (gitignore(5))."""

# paths stay the strings that they came as
# ruff: noqa: PTH118

import os
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import pathspec


class Ignored:
    """The ignore files that hold in one folder."""

    def __init__(self, specs: "tuple[tuple[str, pathspec.GitIgnoreSpec], ...]" = ()) -> None:
        self._specs = specs
        """Folder (with a separator at its end) and its patterns, the deepest first."""

    @classmethod
    def above(cls, folder: str) -> Self:
        """Return what holds in a folder because of the folders above it, up to the repository's root."""
        root = _repository(folder)
        if root is None:
            return cls()
        ignored = cls(_spec(root, os.path.join(root, ".git", "info", "exclude")))
        above = [str(parent) for parent in Path(folder).parents if _holds(root, str(parent))]
        for parent in reversed(above):
            ignored = ignored.below(parent)
        return ignored

    def below(self, folder: str) -> Self:
        """Return what holds when this folder's own `.gitignore`, if any, comes on top."""
        return type(self)(_spec(folder, os.path.join(folder, ".gitignore")) + self._specs)

    def has(self, path: str, folder: bool) -> bool:
        """Tell whether git would ignore this path."""
        for base, spec in self._specs:
            name = path[len(base) :].replace(os.sep, "/") + ("/" if folder else "")
            verdict = spec.check_file(name).include
            if verdict is not None:
                return verdict
        return False


def _spec(folder: str, file: str) -> "tuple[tuple[str, pathspec.GitIgnoreSpec], ...]":
    try:
        lines = Path(file).read_bytes()[:1_000_000].decode("utf-8", "replace").splitlines()
    except OSError:
        return ()
    if not any(map(_says_something, lines)):  # as in the file of a fresh repository
        return ()
    spec = _compiled(lines)
    return ((folder.rstrip(os.sep) + os.sep, spec),) if spec else ()


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _compiled(lines: list[str]) -> "pathspec.GitIgnoreSpec | None":
    """Compile the lines; one that git would not understand either is left out."""
    import pathspec  # 15 ms, where there is something to ignore only

    try:
        return pathspec.GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return pathspec.GitIgnoreSpec.from_lines(line for line in lines if _is_pattern(line))


def _is_pattern(line: str) -> bool:
    import pathspec

    try:
        pathspec.GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


def _repository(folder: str) -> str | None:
    """Return the root of the git repository that folder lies in, or None."""
    for place in (Path(folder), *Path(folder).parents):
        if os.path.exists(place / ".git"):  # noqa: PTH110 - a folder that may not be entered is no error
            return str(place)
    return None


def _holds(root: str, folder: str) -> bool:
    return folder == root or folder.startswith(root.rstrip(os.sep) + os.sep)
