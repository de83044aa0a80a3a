import json
from datetime import UTC, datetime
from typing import Any

import jsonschema
import msgspec
import pytest

from linkkeeper.extract.base import ExtractOptions
from linkkeeper.extract.lines import LinkLines
from linkkeeper.fix.apply import EditRow, FileRow, FixResult, FixSummary, RefusalRow
from linkkeeper.models.run import Run
from linkkeeper.report import json as json_report
from linkkeeper.report import jsonl, schemas


def _closed(schema: Any) -> Any:
    """Return schema with nothing allowed that it does not describe: a field without a description is a gap."""
    if isinstance(schema, dict):
        closed = {key: _closed(value) for key, value in schema.items()}
        return closed | {"additionalProperties": False} if "properties" in schema else closed
    return [_closed(item) for item in schema] if isinstance(schema, list) else schema


def _check(name: str, value: Any, part: str | None = None) -> None:
    schema = _closed(schemas.schema(name))
    if part:
        schema = {"$schema": schema["$schema"], "$defs": schema["$defs"], "$ref": f"#/$defs/{part}"}
    kinds = jsonschema.Draft202012Validator
    kinds.check_schema(schema)
    kinds(schema, format_checker=kinds.FORMAT_CHECKER).validate(value)


@pytest.mark.parametrize("which", ["run", "hostile"])
def test_the_json_report_holds_what_its_schema_describes_and_nothing_else(
    which: str, request: pytest.FixtureRequest
) -> None:
    _check("report", json.loads(json_report.render(request.getfixturevalue(which))))


def test_a_line_of_jsonl_is_a_url_of_the_report(run: Run) -> None:
    lines = jsonl.render(run).splitlines()
    assert len(lines) == len(run.urls)
    for line in lines:
        _check("report", json.loads(line), part="url")
    assert [json.loads(line) for line in lines] == json.loads(json_report.render(run))["urls"]


def test_a_report_without_a_required_field_is_refused(run: Run) -> None:
    value = json.loads(json_report.render(run))
    del value["urls"][0]["verdict"]
    with pytest.raises(jsonschema.ValidationError):
        _check("report", value)


def test_what_fix_says_holds_what_its_schema_describes_and_nothing_else() -> None:
    edit = EditRow(1, 1, 0, 9, "inline", "archive", "http-gone", "dead", "certain", "a", "b", "a", "b", None)
    refusal = RefusalRow(2, 3, "bare", "archive", "c", "no copy")
    row = FileRow("a.md", "written", None, None, [edit], [refusal])
    result = FixResult(files=[row], summary=FixSummary(1, repairs={"archive": 1}, refused=1), run="20261120T094500Z")
    _check("fix", json.loads(msgspec.json.encode(result)))


def test_the_lines_of_links_hold_what_their_schema_describes_and_nothing_else() -> None:
    job = LinkLines(ExtractOptions(), everything=True)
    lines = job.lines("a.md", b"[a](/b) <https://example.com/?utm_source=x> <a@example.com> [t]({{ x }})\n").text
    assert lines.count(b"\n") == 4
    for line in lines.splitlines():
        _check("links", json.loads(line))


def test_json_begins_with_its_schema_and_reads_back_as_the_run(run: Run) -> None:
    text = json_report.render(run)
    assert text.startswith('{\n  "schema": "linkkeeper/report/1",')
    assert msgspec.json.decode(text, type=Run) == run
    assert run.started == datetime(2026, 11, 20, 9, 45, tzinfo=UTC)
