import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.models.run import Run
from linkkeeper.report import safe


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 周刊\u3000é", "plain 周刊\u3000é"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb\r\t", "a\\x0ab\\x0d\\x09"),
        ("\u202egpj", "\\u202egpj"),
        ("\udcff", "\\udcff"),
        ("\U000e0041", "\\U000e0041"),
        ("##[error]x ##vso[task]", "#\\x23[error]x #\\x23vso[task]"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert safe.visible(text) == shown


@settings(max_examples=80, deadline=None)
@given(st.text(st.characters(codec="utf-8")))
def test_escaping_json_keeps_its_data(text: str) -> None:
    escaped = safe.json_text(json.dumps([text], ensure_ascii=False))
    assert json.loads(escaped) == [text]


def test_no_line_begins_with_a_runner_command() -> None:
    assert safe.log_lines("a\n  ::error::x\n::b") == "a\n  \\x3a:error::x\n\\x3a:b"


def test_masking_a_run_changes_nothing_else(run: Run) -> None:
    assert safe.masked(run) == run
    assert safe.shown(run) == run


def test_masking_reaches_every_string(hostile: Run) -> None:
    import msgspec

    text = msgspec.json.encode(safe.masked(hostile)).decode()
    assert "hunter2" not in text
    assert "***" in text
