"""What each format says about an ordinary run."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lxml.etree
import pytest

from linkkeeper.models.run import Run, UrlRow
from linkkeeper.models.verdict import Verdict
from linkkeeper.report import csv as csv_report
from linkkeeper.report import github, jsonl, junit, markdown, sarif
from linkkeeper.report import json as json_report

POST = "content/_posts/2016-07-08-周刊.md"
COPY = "https://web.archive.org/web/20160709010203/https://example.com/gone"


def test_github_points_at_the_line_and_says_what_and_where_the_copy_is(run: Run) -> None:
    assert github.render(run).splitlines()[0] == (
        f"::error file={POST},line=12,col=5,endColumn=29,title=dead link::"
        f"https://example.com/gone is dead since 2026-03-01: HTTP 404%0AArchived 2016-07-09: {COPY}"
    )


def test_github_shows_errors_before_warnings_and_keeps_quiet_about_the_rest(run: Run) -> None:
    levels = [line.split(" ", 1)[0] for line in github.render(run).splitlines()]
    assert levels == ["::error"] * 5 + ["::warning"] * 2
    assert github.render(run).splitlines()[-1] == "::warning file=content/broken.bin::is not text"


def test_github_says_why_a_run_is_not_complete(run: Run) -> None:
    from msgspec.structs import replace

    offline = replace(run, complete=False, notes=["This machine has no working network."])
    assert github.render(offline).endswith("::warning title=linkkeeper::This machine has no working network.\n")


def test_the_job_summary_is_added_to_its_file_and_no_link_is_followed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary, elsewhere = tmp_path / "summary.md", tmp_path / "elsewhere.md"
    summary.write_text("before\n", "utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    github.append_summary(run)
    assert summary.read_text("utf-8") == "before\n" + github.summary(run)
    elsewhere.symlink_to(summary)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(elsewhere))
    github.append_summary(run)
    assert summary.read_text("utf-8") == "before\n" + github.summary(run)


def test_a_summary_fits_where_it_must(make: Callable[[list[UrlRow]], Run], run: Run) -> None:
    from msgspec.structs import replace

    row = run.urls[0]
    rows = [replace(row, links=[replace(row.links[0], file=f"post-{at}.md")]) for at in range(500)]
    whole = markdown.render(make(rows))
    cut = markdown.render(make(rows), max_chars=20_000)
    assert len(cut) <= 20_000 < len(whole)
    assert "more of the sections do not fit here" in cut
    assert cut.endswith(whole[-100:])


def test_markdown_links_the_copy_and_shows_the_rest_as_code(run: Run) -> None:
    text = markdown.render(run)
    assert "| 12:5 | `https://example.com/gone` | dead: `HTTP 404`, since 2026-03-01 | [2016-07-09]" in text
    assert f"]({COPY})" in text


def test_a_pipe_cannot_end_a_table_cell() -> None:
    assert markdown.cell("a|b") == "`a\\|b`"
    assert markdown.cell("a\\|b") == "`a\\\\x7cb`"


def test_csv_has_a_row_for_every_link(run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_report.render(run))))
    assert len(rows) == 10
    first = rows[0]
    assert (first["verdict"], first["file"], first["line"], first["snapshot"]) == ("dead", POST, "12", COPY)


def test_junit_fails_the_dead_and_the_invalid_and_passes_the_living(run: Run) -> None:
    tree = lxml.etree.fromstring(junit.render(run).encode())
    failed = [case.get("name") for case in tree.iter("testcase") if case.find("failure") is not None]
    assert failed == [
        "12:5 https://example.com/gone",
        "14:5 https://no-copy.example/a",
        "20:5 htp://example.com/typo",
        "22:5 /images/missing.png",
        "3:5 https://example.com/gone#part",
    ]
    first = tree.find("testsuite")
    assert first is not None
    counted = [first.get(name) for name in ("tests", "failures", "errors", "skipped")]
    assert counted == ["9", "4", "0", "2"]
    assert [suite.get("id") for suite in tree] == ["0", "1", "2"]


def _sarif(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sarif.render(run))["runs"][0]
    return found


def test_sarif_gives_the_region_in_columns_and_in_bytes(run: Run) -> None:
    result = _sarif(run)["results"][0]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "content/_posts/2016-07-08-%E5%91%A8%E5%88%8A.md"
    assert place["region"] == {
        "startLine": 12,
        "startColumn": 5,
        "endColumn": 29,
        "byteOffset": 300,
        "byteLength": 24,
    }
    assert (result["ruleId"], result["level"]) == ("http-gone", "error")


def test_sarif_offers_the_repair_that_fix_would_make(run: Run) -> None:
    results = _sarif(run)["results"]
    fixes = [result["fixes"][0]["artifactChanges"][0]["replacements"][0] for result in results if "fixes" in result]
    assert [fix["insertedContent"]["text"] for fix in fixes] == [COPY, COPY + "#part"]
    assert fixes[0]["deletedRegion"]["byteOffset"] == 300


@pytest.mark.parametrize("written", [None, "https://web.archive.org/web/1/https://e.example/?key=***"])
def test_sarif_offers_no_repair_that_fix_would_not_make_or_that_is_masked(
    written: str | None, run: Run, make: Callable[[list[UrlRow]], Run]
) -> None:
    from msgspec.structs import replace

    row = run.urls[0]
    link = replace(row.links[0], replacement=written)
    assert "fixes" not in _sarif(make([replace(row, links=[link])]))["results"][0]


def test_sarif_names_every_rule_it_uses(run: Run) -> None:
    found = _sarif(run)
    rules = [rule["id"] for rule in found["tool"]["driver"]["rules"]]
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in found["results"])
    assert not any(result["properties"]["verdict"] == Verdict.OK for result in found["results"])


@pytest.mark.parametrize(
    ("file", "uri"),
    [("posts/a b.md", "posts/a%20b.md"), ("/srv/a.md", "file:///srv/a.md"), ("a:b.md", "a%3Ab.md"), ("\udcff", "%FF")],
)
def test_sarif_names_files_by_uri(file: str, uri: str) -> None:
    assert sarif.uri(file) == uri


def test_a_large_json_report_has_a_line_for_each_url_and_says_the_same(run: Run) -> None:
    from msgspec.structs import replace

    odd = replace(run.urls[0], url='https://example.com/?access_token=hunter2secret#\n  "urls": []', detail="\ud800")
    few = replace(run, notes=['\n  "urls": []'], urls=[*run.urls, odd])
    many = replace(few, urls=[*few.urls, *run.urls * 200])
    small, large = json_report.render(few), json_report.render(many)
    assert "hunter2secret" not in small + large
    lines = [line.strip().removesuffix(",") for line in large.splitlines()]
    urls = [json.loads(line) for line in lines if line.startswith('{"url":')]
    assert len(urls) == len(many.urls)
    shared = len(few.urls)
    assert urls[:shared] == json.loads(small)["urls"]
    assert [json.loads(line) for line in jsonl.render(many).splitlines()] == urls
    assert json.loads(large) | {"urls": urls[:shared]} == json.loads(small)
