"""What the shell offers for the values of flags. Runs at every press of a key: light, and silent about trouble."""

from collections.abc import Callable, Iterable
from pathlib import Path

Words = Callable[[str], list[str]]
_SUFFIXES = {"markdown": ".md", "junit": ".xml"} | {
    name: f".{name}" for name in ("html", "json", "jsonl", "csv", "sarif")
}
_ZSH = """\
#compdef %(prog_name)s

%(complete_func)s() {
  eval $(env _TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" %(autocomplete_var)s=complete_zsh %(prog_name)s)
}

if [[ $funcstack[1] == _%(prog_name)s ]]; then
  %(complete_func)s "$@"
else
  compdef %(complete_func)s %(prog_name)s
fi
"""


def mend() -> None:
    """Have Typer write a zsh script that answers the first Tab, too.

    Its own (0.28) only defines a function when zsh loads it at the first Tab of a shell, and offers nothing then.
    """
    from typer import _completion_classes, _completion_shared

    _completion_shared._completion_scripts["zsh"] = _ZSH  # tests/cli/test_shells.py asks a real zsh
    _completion_classes.ZshComplete.source_template = _ZSH


def one_of(*words: str) -> Words:
    """Return a completion of one word."""
    return lambda incomplete: [word for word in words if word.startswith(incomplete)]


def list_of(*words: str) -> Words:
    """Return a completion of words with commas between them; none twice."""

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        taken = set(before.split(","))
        return [before + comma + word for word in words if word.startswith(last) and word not in taken]

    return complete


def formats(incomplete: str) -> list[str]:
    """Return the report formats."""
    return one_of(*_formats())(incomplete)


def outputs(incomplete: str) -> list[str]:
    """Return the report formats as `--output` takes them, with a name that fits; nothing once there is another.

    A word that ends in `=` would be no offer: shells put a blank after it.
    """
    offers = [f"{name}=report{_SUFFIXES.get(name, '.txt')}" for name in _formats()]
    return [one for one in offers if one.startswith(incomplete)]


def _formats() -> Iterable[str]:
    from linkkeeper.report.registry import NAMES

    return NAMES


def runs(incomplete: str) -> list[tuple[str, str]]:
    """Return the runs whose report is kept, newest first, each with what it found."""
    if not Path(".linkkeeper", "state.db").is_file():
        return []
    from linkkeeper.store.database import open_state
    from linkkeeper.store.runs import Runs

    with open_state(".linkkeeper", wait_s=0.1) as database:
        kept = [one for one in Runs(database).figures() if one.report and one.id.startswith(incomplete)]
    return [(one.id, f"{one.verdicts.get('dead', 0)} dead of {one.links} links") for one in reversed(kept)]
