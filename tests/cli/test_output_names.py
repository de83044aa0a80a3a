"""Which format a file of `--output` gets by its name alone."""

from pathlib import Path

import pytest

from linkkeeper.cli import reports
from linkkeeper.errors import UsageError


@pytest.mark.parametrize(
    ("file", "wanted"),
    [("r.html", "html"), ("r.HTM", "html"), ("r.md", "markdown"), ("a/r.sarif", "sarif"), ("junit=r.xyz", "junit")],
)
def test_the_suffix_names_the_format(file: str, wanted: str) -> None:
    assert reports._target(file, "terminal").format == wanted


def test_a_format_that_was_asked_for_goes_before_the_suffix() -> None:
    assert reports._target("report", "json") == reports.Target("json", Path("report"))


@pytest.mark.parametrize("file", ["r.xyz", "report", "r.txt", "a.b/report"])
def test_a_suffix_that_names_no_format_is_a_usage_error(file: str) -> None:
    with pytest.raises(UsageError, match="the suffix names no format") as raised:
        reports._target(file, "terminal")
    assert "FORMAT=FILE" in str(raised.value.hint)
