"""Writes the pages of docs/ that are made from the code; `--check` says which have drifted.

Every module beside this one with a `PAGE` and a `render()` is one page.
"""

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))


def pages() -> dict[Path, str]:
    """Return every generated page with the text it should have."""
    made = {}
    for module_file in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        module = importlib.import_module(module_file.stem)
        made[ROOT / module.PAGE] = module.render()
    return made


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` name those that differ. Return the exit code."""
    drifted = {page: text for page, text in pages().items() if not page.exists() or page.read_text("utf-8") != text}
    for page, text in drifted.items():
        if "--check" in arguments:
            print(f"{page.relative_to(ROOT)} has drifted from the code: run `python tests/docs`")  # noqa: T201 - the command's output
        else:
            page.write_text(text, "utf-8")
            print(f"wrote {page.relative_to(ROOT)}")  # noqa: T201 - the command's output
    return 1 if drifted and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
