"""Carrying plans out: every file gets its row, the rest goes on, the bytes come back."""

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkkeeper.extract import registry
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.fix import apply, disk, listing
from linkkeeper.fix.interactive import Chooser
from linkkeeper.fix.journal import Journal
from linkkeeper.fix.plan import FixOptions, Want, plan
from linkkeeper.models.edit import Plan

NEW = "https://web.archive.org/web/20200102030405/"


def planned(path: Path, style: str = "replace") -> Plan:
    """Plan a rescue for every link to the dead host in a file of the current folder."""
    data = path.read_bytes()
    links = registry.extract(path.name, data, ExtractOptions()).links
    wants = [Want(link, "archive", NEW + link.url.partition("#")[0], "http-gone", "HTTP 404") for link in links
             if link.url.startswith(("http://dead.example", "http://www.dead.example"))]  # fmt: skip
    options = FixOptions(style=style)  # type: ignore[arg-type]  # one of them
    return plan(path.name, disk.digest(data), links, wants, options, data)


def written(project: Path, count: int = 3) -> list[Plan]:
    for number in range(count):
        (project / f"{number}.md").write_bytes(b"[t](http://dead.example/%d) [u](http://dead.example/u)\r\n" % number)
    return [planned(project / f"{number}.md") for number in range(count)]


def test_every_file_has_a_row_and_the_result_is_json(project: Path, journal: Journal) -> None:
    plans = written(project, 4)
    (project / "1.md").write_bytes(b"changed")
    (project / "2.md").unlink()
    result = apply.apply(plans, journal)
    assert [(row.file, row.status, row.problem) for row in result.files] == [
        ("0.md", "written", None),
        ("1.md", "left alone", "it was changed meanwhile"),
        ("2.md", "left alone", "it is gone"),
        ("3.md", "written", None),
    ]
    assert (result.summary.files_written, result.summary.files_left_alone) == (2, 2)
    assert result.summary.repairs == {"archive": 4}
    told = json.loads(msgspec.json.encode(result))
    assert told["schema"] == "linkkeeper/fix/1"
    assert told["run"] == journal.runs()[0].id
    assert told["files"][0]["edits"][0] == {
        "line": 1, "column": 5, "start": 4, "end": 25, "kind": "inline", "repair": "archive", "rule": "http-gone",
        "reason": "HTTP 404", "confidence": "certain", "url": "http://dead.example/0",
        "url_after": f"{NEW}http://dead.example/0", "old": "http://dead.example/0",
        "new": f"{NEW}http://dead.example/0", "adds": None,
    }  # fmt: skip


def test_without_a_journal_nothing_is_written_and_the_rows_say_planned(project: Path) -> None:
    plans = written(project)
    before = [(project / f"{number}.md").read_bytes() for number in range(3)]
    result = apply.apply(plans, None)
    assert {row.status for row in result.files} == {"planned"}
    assert result.run is None
    assert [(project / f"{number}.md").read_bytes() for number in range(3)] == before
    assert sorted(path.name for path in project.iterdir()) == ["0.md", "1.md", "2.md"]


def test_nothing_to_do_writes_nothing_at_all(project: Path, journal: Journal) -> None:
    (project / "a.md").write_bytes(b"no link")
    result = apply.apply([planned(project / "a.md")], journal)
    assert [row.status for row in result.files] == ["unchanged"]
    assert result.run is None
    assert not (project / ".linkkeeper").exists()


def test_repairs_that_are_sound_alone_and_not_together_do_not_hold_up_the_others(
    project: Path, journal: Journal
) -> None:
    """The second attribute holds the first; the link at the end holds the third."""
    post = project / "a.adoc"
    post.write_text(
        "= T\n:docs: http://dead.example/docs/\n:ref: {docs}ref/\n:manual: http://dead.example/manual\n\n"
        "{docs}#about[a], {ref}[b], {manual}#part[c], http://dead.example/other[d]\n"
    )
    result = apply.apply([planned(post)], journal)
    [row] = result.files
    assert row.status == "written"
    assert f"{NEW}http://dead.example/other[d]" in post.read_text()
    journal.commit()
    once = post.read_text()
    assert all(one.status == "unchanged" for one in apply.apply([planned(post)], None).files)
    assert post.read_text() == once


def test_names_that_are_not_text_end_up_as_json_all_the_same(project: Path, journal: Journal) -> None:
    path = project / "caf\udce9.md"
    path.write_bytes(b"[t](http://dead.example/a)")
    result = apply.apply([planned(path)], journal)
    assert [(row.file, row.status) for row in result.files] == [("caf\\xe9.md", "written")]
    msgspec.json.encode(result)


def test_secrets_are_masked_in_the_result_and_in_its_text(project: Path, journal: Journal) -> None:
    (project / "a.md").write_bytes(b"[t](http://me:hunter2@dead.example/a)")
    made = planned(project / "a.md")
    links = registry.extract("a.md", (project / "a.md").read_bytes(), ExtractOptions()).links
    wants = [
        Want(links[0], "archive", NEW + "http://dead.example/a", "http-gone", "at http://me:hunter2@dead.example/")
    ]
    made = plan("a.md", made.digest, links, wants, FixOptions())
    result = apply.apply([made], journal)
    assert result.files[0].status == "written"
    assert "hunter2" not in msgspec.json.encode(result).decode() + listing.of_fix(result, everything=True)


def test_the_listing_names_what_was_left_alone_and_what_was_not_made(project: Path, journal: Journal) -> None:
    plans = written(project, 2)
    (project / "1.md").chmod(0o444)
    (project / "x.md").write_bytes(b"---\nlink: http://dead.example/x\n---\n")
    result = apply.apply([*plans, planned(project / "x.md", "append")], journal)
    text = listing.of_fix(result)
    assert "0.md: 2 repairs made\n" in text
    assert "1.md: left alone: it is read-only\n" in text
    assert "x.md:2:7: not rescued: http://dead.example/x: there is no place beside it" in text
    assert "2 archive: 1 file written; `linkkeeper undo` takes it back; 1 file left alone; 1 repair not made" in text


def test_an_interrupted_fix_says_what_it_wrote_and_that_can_be_undone(
    project: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = written(project, 70)
    before = {path.name: path.read_bytes() for path in project.iterdir()}
    real, calls = os.rename, []

    def rename(*args: Any, **kwargs: Any) -> None:
        calls.append(args)
        if len(calls) == 30:
            raise KeyboardInterrupt
        real(*args, **kwargs)

    monkeypatch.setattr(os, "rename", rename)
    result = apply.apply(plans, journal)
    assert result.interrupted
    assert [row.file for row in result.files] == [plan.document for plan in plans]
    told = {row.file: row.status for row in result.files}
    assert {name for name, data in before.items() if (project / name).read_bytes() != data} == {
        name for name, status in told.items() if status == "written"
    }
    assert list(told.values()).count("written") == 29
    assert {row.problem for row in result.files if row.status == "left alone"} == {"interrupted"}
    assert journal.undo(result.run).run
    assert {name: (project / name).read_bytes() for name in before} == before


@pytest.mark.parametrize(
    ("answers", "made"),
    [("yy", 2), ("nn", 0), ("yn", 1), ("a", 2), ("q", 0), ("yq", 1), ("?yxn", 1), ("", 0)],
)
def test_each_repair_is_made_or_not_as_answered(project: Path, answers: str, made: int) -> None:
    plans = written(project, 1)
    left = list(answers)
    asked: list[str] = []

    def ask(text: str) -> str:
        asked.append(text)
        return left.pop(0) if left else ""

    chosen = Chooser(ask).choose(plans[0])
    assert len(chosen.edits) == made
    assert len(chosen.refusals) == 2 - made
    assert "http://dead.example/0" in asked[0]


def test_after_quitting_the_rest_is_counted_and_not_listed(project: Path) -> None:
    plans = written(project, 3)
    left = ["n", "q"]
    chooser = Chooser(lambda _: left.pop(0))
    result = apply.apply([chooser.choose(plan) for plan in plans], None)
    assert listing.of_fix(result).splitlines() == [
        "0.md:1:5: not rescued: http://dead.example/0: declined",
        "0.md:1:32: not rescued: http://dead.example/u: declined",
        "nothing to write; 6 repairs not made, 4 of them not asked about any more",
    ]


PIECES = st.sampled_from(
    [
        *("[t](http://dead.example/a)", "![i](<http://dead.example/b c> 'T')", "<http://dead.example/d>", "# ", "1. "),
        *("http://dead.example/e", "www.dead.example/f?a=1&amp;b", "http://dead.example/(x)_y*z*", " ", "\t", "\n\n"),
        *("[r]: http://dead.example/g\n", "[r]", "[live](http://live.example/)", "[", "]", "(", ")", "_", "**", "`"),
        *('<a href="http://dead.example/h">', "</a>", "<!--", "-->", "| a | b |\n|---|---|\n| ", "> ", "\\", "~~~\n"),
        *("{{ x }}", "{.x}", "é", "中文，", "\x00", "\r\n"),
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(PIECES, max_size=25).map("".join),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
    st.sampled_from(["a.md", "a.html", "a.txt"]),
    st.sampled_from(["replace", "append", "robust"]),
)
def test_any_document_is_fixed_once_and_undone_to_the_byte(
    project: Path, text: str, encoding: str, name: str, style: str
) -> None:
    path = project / name
    before = text.encode(encoding, "replace")
    path.write_bytes(before)
    with Journal(project / ".linkkeeper") as journal:
        first = apply.apply([planned(path, style)], journal)
        if first.run is not None:
            assert path.read_bytes() != before
            second = apply.apply([planned(path, style)], journal)
            assert second.run is None, path.read_bytes()
            journal.undo(first.run)
    assert path.read_bytes() == before
