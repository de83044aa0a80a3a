"""The import direction of the house: arrows point down, neighbours do not know each other."""

import ast
from collections.abc import Iterator
from pathlib import Path

import linkkeeper

ROOT = Path(linkkeeper.__file__).parent

LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"models", "errors"}),
    frozenset({"urls"}),
    frozenset({"extract", "net"}),
    frozenset({"check", "archive", "fix", "report", "store"}),
    frozenset({"config"}),
    frozenset({"pipeline"}),
    frozenset({"cli", "demo"}),
)
LEVEL_OF = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
FREE = {"__main__", "__init__"}
"""Entry points: they only hand over to `cli`."""
STANDALONE = "demo"
"""Serves the small web and the small archive: `cli.demo` drives it; it may look down, nobody below looks up."""


def _room(module: str) -> str:
    return module.split(".")[1]


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            if node.module == "linkkeeper":
                yield from (f"linkkeeper.{name.name}" for name in node.names)
            elif node.module.startswith("linkkeeper."):
                yield node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.startswith("linkkeeper."))


def _wrong_arrow(room: str, other: str) -> bool:
    if room == other or other == "errors":
        return False
    if (room, other) == ("cli", STANDALONE):
        return False
    return other not in LEVEL_OF or LEVEL_OF[other] >= LEVEL_OF[room]


def test_imports_point_down() -> None:
    wrong = []
    for path in sorted(ROOT.rglob("*.py")):
        relative = path.relative_to(ROOT)
        room = relative.parts[0].removesuffix(".py")
        if room in FREE:
            continue
        assert room in LEVEL_OF, f"{relative} is in a room that nobody named: add it to LEVELS"
        wrong += [f"{relative} imports {name}" for name in _imports(path) if _wrong_arrow(room, _room(name))]
    assert wrong == []


def test_every_package_init_is_empty() -> None:
    full = [str(path.relative_to(ROOT)) for path in ROOT.rglob("__init__.py") if path.read_text("utf-8").strip()]
    assert full == [], "a name has one home"
