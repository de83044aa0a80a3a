"""What `archive save` and `archive status` say: harmless whatever stands in it, as the schemas describe it."""

import json
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest

from linkkeeper.models.document import FileProblem
from linkkeeper.models.saving import Copy, CopyState, Coverage, Saved, SavedRow, SaveSummary, Status
from linkkeeper.models.verdict import Verdict
from linkkeeper.report import saving, schemas

WHEN = datetime(2026, 11, 20, 9, 45, tzinfo=UTC)
HOSTILE = "http://a.example/\x1b[31m\u202e?token=0123456789abcdef0123456789abcdef"


def _closed(schema: Any) -> Any:
    if isinstance(schema, dict):
        closed = {key: _closed(value) for key, value in schema.items()}
        return closed | {"additionalProperties": False} if "properties" in schema else closed
    return [_closed(item) for item in schema] if isinstance(schema, list) else schema


def _check(name: str, text: str) -> None:
    jsonschema.Draft202012Validator(_closed(schemas.schema(name))).validate(json.loads(text))


def _saved(*copies: Copy, url: str = "http://a.example/", **more: Any) -> Saved:
    states: dict[str, dict[str, int]] = {"wayback": {}, "local": {}}
    for copy in copies:
        states[copy.archive][copy.state.value] = states[copy.archive].get(copy.state.value, 0) + 1
    values: dict[str, Any] = {
        "version": "0",
        "started": WHEN,
        "finished": WHEN,
        "complete": True,
        "to": ["wayback", "local"],
        "dry_run": False,
        "summary": SaveSummary(living=1, states=states),
        "urls": [SavedRow(url, Verdict.OK, ["posts/a.md", "posts/b.md"], list(copies))],
    }
    return Saved(**(values | more))


@pytest.mark.parametrize("state", list(CopyState))
@pytest.mark.parametrize("archive", ["wayback", "local"])
def test_every_state_has_words_and_fits_the_schema(state: CopyState, archive: str) -> None:
    saved = _saved(Copy(archive, state, "why", WHEN, "https://web.archive.org/web/2026/http://a.example/"))
    _check("archive-save", saving.as_json(saved))
    text = saving.of_save(saved, everything=True)
    assert "http://a.example/" in text
    assert "why" in text
    assert "in posts/a.md and 1 other post" in text


def test_what_went_well_is_only_counted_unless_everything_is_asked_for() -> None:
    saved = _saved(Copy("wayback", CopyState.SAVED), Copy("local", CopyState.RECENT))
    assert "http://" not in saving.of_save(saved)
    assert "1 saved" in saving.of_save(saved)
    assert "http://a.example/" in saving.of_save(saved, everything=True)


def test_nothing_from_outside_reaches_a_terminal_or_gives_a_secret_away() -> None:
    copy = Copy("wayback", CopyState.FAILED, f"no: {HOSTILE}\n::error::x")
    saved = _saved(copy, url=HOSTILE, files=[FileProblem("a\x1b.md", "bad\x07")])
    status = Status(Coverage(1, 0, 0, 1), 0, refused=[(HOSTILE, "why\x1b")], missing=[HOSTILE], directory="d\x1b")
    for text in (saving.of_save(saved), saving.as_json(saved), saving.of_status(status), saving.as_json(status)):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "0123456789abcdef" not in text
        assert not [line for line in text.splitlines() if line.startswith("::")]
    _check("archive-status", saving.as_json(status))


def test_only_the_first_links_of_a_long_list_are_named() -> None:
    rows = [
        SavedRow(f"http://a.example/{number}", Verdict.OK, [], [Copy("local", CopyState.FAILED)])
        for number in range(50)
    ]
    text = saving.of_save(_saved(urls=rows))
    assert "and 30 more" in text
    assert saving.of_save(_saved(urls=rows), everything=True).count("http://") == 50


@pytest.mark.parametrize(
    ("coverage", "words"),
    [
        (Coverage(0, 0, 0, 0), "no living link is known"),
        (Coverage(3, 3, 0, 0, {"wayback": 3, "local": 0}), "3 of 3 living links have a copy, 100% (wayback 3), 0 none"),
        (Coverage(1000, 999, 0, 1), "99%"),
        (Coverage(1000, 1, 9, 990), "1%, 9 an older one, 990 none"),
        (Coverage(1, 0, 0, 1), "0 of 1 living link has a copy, 0%"),
    ],
)
def test_coverage_is_never_rounded_to_all_or_nothing(coverage: Coverage, words: str) -> None:
    assert words in saving.coverage_line(coverage)


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 KB"), (25_000_000, "25 MB"), (1_234_000_000, "1.2 GB")],
)
def test_sizes_are_said_as_people_say_them(number: int, words: str) -> None:
    assert saving.size(number) == words
