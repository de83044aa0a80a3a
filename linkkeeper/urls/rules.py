"""The rules of a run: the entries of `rules/*.toml` and those of the user."""

from functools import cache
from pathlib import Path

from linkkeeper.errors import UsageError
from linkkeeper.urls import rule_files
from linkkeeper.urls.rule_set import CleanOptions, RuleSet

_NO_OPTIONS = CleanOptions()


def load(options: CleanOptions = _NO_OPTIONS) -> RuleSet:
    """Return the built-in rules and those of the user.

    Raises UsageError for a rule file that cannot be read or an entry that is refused: file, line, entry.
    """
    rule_files.check_options(options)
    rules = RuleSet(options=options).plus(builtin())
    for name in options.rule_files:
        try:
            data = Path(name).read_bytes()
        except OSError as error:
            raise UsageError(f"{name}: the rule file cannot be read: {error.strerror}") from error
        rules = rules.plus(rule_files.read_any(data, name))
    return rules


@cache
def builtin() -> RuleSet:
    """Return the rules that come with linkkeeper, read once per process."""
    rules = RuleSet()
    folder = Path(__file__).parent / "rules"
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            rules = rules.plus(rule_files.read(file.read_text("utf-8"), file.name, trusted=True))
    return rules
