import json

import msgspec
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
    text = msgspec.json.encode(safe.masked(hostile)).decode()
    assert "hunter2" not in text
    assert "***" in text


@pytest.mark.parametrize(
    "url",
    [
        "https://u:hunter2@a.example/",
        "https://a.example/?password=hunter2",
        "https://l.example/?u=a%3Fpassword%3Dhunter2",
    ],
)
def test_masking_reaches_a_secret_in_one_row_of_many(run: Run, url: str) -> None:
    plain = msgspec.structs.replace(run.urls[0], url="https://a.example/plain", final_url=None)
    told = msgspec.structs.replace(plain, url=url)
    mixed = msgspec.structs.replace(run, urls=[plain] * 3 + [told] + [plain])
    rows = safe.masked(mixed).urls
    assert "hunter2" not in rows[3].url
    assert rows[:3] + rows[4:] == [plain] * 4


def test_half_a_surrogate_pair_is_made_encodable_in_a_row_without_any_secret(run: Run) -> None:
    odd = msgspec.structs.replace(run.urls[0], url="https://a.example/\ud83d", final_url=None)
    msgspec.json.encode(safe.masked(msgspec.structs.replace(run, urls=[odd])))
