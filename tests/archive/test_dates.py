"""The day a link was written, from the posts of many generators."""

import os
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.archive import line_history
from linkkeeper.archive.blame import GitBlame, parse_porcelain
from linkkeeper.archive.date_text import read
from linkkeeper.archive.dates import DateOptions, date_of, document_date, zone
from linkkeeper.archive.hunks import parse_diffs
from linkkeeper.errors import UsageError

SHANGHAI = DateOptions("Asia/Shanghai")
HEADS = [
    ("---\ndate: 2016-07-08\n---\n", "2016-07-08T23:59:59", "2016-07-08"),
    ("---\ndate: 2016-07-08 10:00:00\n---\n", "2016-07-08T10:00:00", "2016-07-08T10:00:00"),
    ("---\ndate: 2016-07-08 10:00:00 +0800\n---\n", "2016-07-08T02:00:00", "2016-07-08T10:00:00+08:00"),
    ("---\ndate: 2016-07-08 10:00:00 +08:00\n---\n", "2016-07-08T02:00:00", None),
    ("---\ndate: 2016-07-08T10:00:00Z\n---\n", "2016-07-08T10:00:00", None),
    ("---\ndate: '2016-07-08T10:00:00.123-0700'\n---\n", "2016-07-08T17:00:00", None),
    ("---\ndate: 2016/7/8 9:05\n---\n", "2016-07-08T09:05:00", "2016-07-08T09:05:00"),
    ("---\nDate: 2016/07/08\n---\n", "2016-07-08T23:59:59", None),
    ('---\ndate: "July 8, 2016"\n---\n', "2016-07-08T23:59:59", "2016-07-08"),
    ("---\ndate: 8th Jul 2016\n---\n", "2016-07-08T23:59:59", None),
    ("---\ndate: Fri, 08 Jul 2016 10:00:00 GMT\n---\n", "2016-07-08T10:00:00", None),
    ("---\ndate: Jul 8, 2016, 3:30 PM\n---\n", "2016-07-08T15:30:00", None),
    ("---\ndate: 2016年7月8日\n---\n", "2016-07-08T23:59:59", "2016-07-08"),
    ("---\ndate: 2016-07\n---\n", "2016-07-31T23:59:59", "2016-07"),
    ("---\ndate: 20160708\n---\n", "2016-07-08T23:59:59", None),
    ("---\ndate: 2016-07-08 10:00 Asia/Tokyo\n---\n", "2016-07-08T01:00:00", None),
    ("---\nlastmod: 2020-01-01\ndate: 2016-07-08\n---\n", "2016-07-08T23:59:59", None),
    ("---\npublished: 2016-07-08\n---\n", "2016-07-08T23:59:59", None),
    ("---\npublished: true\ndate: 2016-07-08\n---\n", "2016-07-08T23:59:59", None),
    ("---\npublished: 2012-01-01\ndate: 2016-07-08\n---\n", "2016-07-08T23:59:59", None),
    ("---\npubDatetime: 2016-07-08T10:00:00Z\n---\n", "2016-07-08T10:00:00", None),
    ("---\ndate: tomorrow\npublished: 2016-07-08\n---\n", "2016-07-08T23:59:59", None),
    ("+++\ndate = 2016-07-08\n+++\n", "2016-07-08T23:59:59", "2016-07-08"),
    ("+++\ndate = 2016-07-08T10:00:00+08:00\n+++\n", "2016-07-08T02:00:00", "2016-07-08T10:00:00+08:00"),
    ('+++\ndate = "2016-07-08T10:00:00"\n+++\n', "2016-07-08T10:00:00", None),
    ("+++\ndate = 2016-07-08T10:00:00\n+++\n", "2016-07-08T10:00:00", None),
    ('{\n"title": "x",\n"date": "2016-07-08T10:00:00+02:00"\n}\n', "2016-07-08T08:00:00", None),
    ("title: x\ndate: 2016-07-08 10:00:00\n---\n", "2016-07-08T10:00:00", None),
    ("\ufeff---\r\ndate: 2016-07-08\r\n---\r\n", "2016-07-08T23:59:59", None),
    ("---\ntitle: [broken\ndate: 2016-07-08\n---\n", "2016-07-08T23:59:59", None),
]


@pytest.mark.parametrize(("head", "until", "text"), HEADS)
def test_front_matter_says_when(head: str, until: str, text: str | None) -> None:
    found = document_date("post.md", (head + "\nText.\n").encode(), DateOptions())
    assert found is not None
    assert (found.until, found.source) == (datetime.fromisoformat(until).replace(tzinfo=UTC), "front matter")
    assert text is None or found.text == text


@pytest.mark.parametrize(
    ("path", "head"),
    [
        ("post.rst", "Title\n=====\n\n:Author: me\n:Date: 2016-07-08\n"),
        ("post.adoc", "= Title\nMe\n:revdate: 2016-07-08\n"),
        ("post.org", "#+TITLE: x\n#+DATE: <2016-07-08 Fri>\n"),
        ("post.md", "Title: x\nDate: 2016-07-08\n\nText"),
        ("post.rst", ".. title: x\n.. date: 2016-07-08\n\nText"),
    ],
)
def test_heads_without_markers_say_when(path: str, head: str) -> None:
    found = document_date(path, head.encode(), DateOptions())
    assert found is not None
    assert (found.text, found.source) == ("2016-07-08", "front matter")


@pytest.mark.parametrize(
    "text",
    [
        "---\nlastmod: 2020-01-01\nupdated: 2020-01-01\n---\n",
        "---\ndate: 2016-13-45\n---\n",
        "---\ndate: 0001-01-01\n---\n",
        "---\ndate: 9999-12-31T23:59:59-12:00\n---\n",
        "---\ndate: []\n---\n",
        "Text.\n\nDate: 2016-07-08\n",
        "",
        "\x00\xff",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert document_date("post.md", text.encode(), DateOptions()) is None


def test_a_time_without_zone_is_in_the_configured_zone() -> None:
    for head, until in (("2016-07-08", "2016-07-08T15:59:59"), ("2016-07-08 10:00", "2016-07-08T02:00:00")):
        found = document_date("a.md", f"---\ndate: {head}\n---\n".encode(), SHANGHAI)
        assert found is not None
        assert found.until == datetime.fromisoformat(until).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("_posts/2016-07-08-title.md", "2016-07-08"),
        ("2016-07-08.md", "2016-07-08"),
        ("posts/2016-07-08-title/index.md", "2016-07-08"),
        ("posts/20160708-title.md", "2016-07-08"),
        ("posts/report_2016_07_08.html", "2016-07-08"),
        ("2016/07/08/title.md", "2016-07-08"),
        ("archive/2016/07/title.md", "2016-07"),
        ("2016/7/8/title.md", "2016-07-08"),
        ("2015/01/2016-07-08-title.md", "2016-07-08"),
        ("a\\2016\\07\\08\\title.md", "2016-07-08"),
    ],
)
def test_names_say_when(path: str, text: str) -> None:
    found = document_date(path, b"Text.", DateOptions())
    assert found is not None
    assert (found.text, found.source) == (text, "file name")


@pytest.mark.parametrize(
    "path",
    [
        "title.md",
        "2016.md",
        "12016-07-08.md",
        "2016-13-01.md",
        "2016-07-081.md",
        "v2.2016.07.md",
        "2016/x/title.md",
        "",
    ],
)
def test_names_without_a_date_say_nothing(path: str) -> None:
    assert document_date(path, b"Text.", DateOptions()) is None


def test_front_matter_comes_before_the_name() -> None:
    found = document_date("2010-01-01-x.md", b"---\ndate: 2016-07-08\n---\n", DateOptions())
    assert found is not None
    assert found.text == "2016-07-08"


def commit(folder: Path, when: str) -> None:
    env = os.environ | {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}
    for command in (["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=folder, env=env, check=True)


@pytest.mark.parametrize("name", ["post.md", "-odd name;$(x).md", "文章.md", ":(top)x.md", 'quo"te.md'])
def test_each_line_has_the_date_of_its_commit(tmp_path: Path, name: str) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    file = tmp_path / name
    file.write_text("one\n\n")
    commit(tmp_path, "2012-03-04T05:06:07+0800")
    file.write_text("one\n\ntwo\n")
    commit(tmp_path, "2014-03-04T05:06:07Z")
    file.write_text("one\n\ntwo\nthree, not committed\n")
    os.utime(file, (1_500_000_000, 1_500_000_000))
    blame = GitBlame()
    found = [date_of(str(file), b"", line, DateOptions(), blame) for line in (1, 3, 4)]
    assert [one.source for one in found] == ["commit", "commit", "file"]
    assert found[0].until == datetime(2012, 3, 3, 21, 6, 7, tzinfo=UTC)
    assert found[0].text == "2012-03-04T05:06:07+08:00"
    assert found[1].until == datetime(2014, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert found[2].until == datetime.fromtimestamp(1_500_000_000, UTC)


def test_a_repository_cannot_run_programs(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    file = tmp_path / "post.md"
    file.write_text("one\n")
    commit(tmp_path, "2012-03-04T05:06:07Z")
    (tmp_path / ".gitattributes").write_text("*.md diff=evil\n")
    marker = tmp_path / "ran"
    for setting in ("core.fsmonitor", "diff.evil.textconv", "core.pager"):
        subprocess.run(["git", "config", setting, f"touch {marker};cat"], cwd=tmp_path, check=True)
    assert GitBlame()(str(file), 1) is not None
    assert not marker.exists()


@pytest.mark.parametrize("name", ["evil", "e=v.il"])
@pytest.mark.parametrize("kind", ["clean", "process"])
def test_a_repository_cannot_have_files_filtered_by_programs(tmp_path: Path, name: str, kind: str) -> None:
    file = repository(tmp_path, (f"[a]({A}) [b]({B})", OLD))
    marker = tmp_path / "ran"
    settings = tmp_path / ".git" / "config"
    settings.write_text(f'{settings.read_text()}[filter "{name}"]\nrequired = true\n{kind} = "touch {marker};cat"\n')
    (tmp_path / ".gitattributes").write_text(f"*.md filter={name}\n")
    file.write_text(file.read_text("utf-8").replace(B, SNAPSHOT + B), "utf-8")
    assert str(GitBlame()(str(file), 3, A.encode())) == "2012-03-04 00:00:00+00:00"
    assert not marker.exists()


def test_a_partial_clone_cannot_fetch_through_a_program(tmp_path: Path) -> None:
    file = repository(tmp_path, (f"[a]({A}) [b]({B})", OLD), (f"[a]({A}) [b]({SNAPSHOT}{B})", FIXED))
    name = subprocess.run(
        ["git", "rev-parse", "HEAD~1:notes/文章.md"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout.strip()
    (tmp_path / ".git" / "objects" / name[:2] / name[2:]).unlink()
    marker = tmp_path / "ran"
    for setting in (
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.url", str(tmp_path)),
        ("remote.origin.promisor", "true"),
        ("remote.origin.uploadpack", f"touch {marker}; git-upload-pack"),
    ):
        subprocess.run(["git", "config", *setting], cwd=tmp_path, check=True)
    GitBlame()(str(file), 3, A.encode())
    assert not marker.exists()


def test_outside_git_the_file_says_when(tmp_path: Path) -> None:
    file = tmp_path / "post.md"
    file.write_text("one\n")
    os.utime(file, (1_500_000_000, 1_500_000_000))
    found = date_of(str(file), b"one\n", 1, SHANGHAI, GitBlame())
    assert (found.source, found.until) == ("file", datetime.fromtimestamp(1_500_000_000, UTC))
    assert found.text == "2017-07-14T10:40:00+08:00"


def test_a_document_without_a_file_is_of_today() -> None:
    found = date_of("no/such/post.md", b"", 1, DateOptions(), GitBlame())
    assert found.source == "file"
    assert abs((found.until - datetime.now(UTC)).total_seconds()) < 60


def test_without_git_nothing_is_blamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "post.md"
    file.write_text("one\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert GitBlame()(str(file), 1) is None


@pytest.mark.parametrize("name", ["Asia/Shanghia", "", "../etc/passwd", "+99:00", "Asia"])
def test_an_unknown_zone_is_a_wrong_setting(name: str) -> None:
    with pytest.raises(UsageError, match="time zone"):
        zone(name)


def test_an_offset_is_a_zone() -> None:
    assert (
        datetime(2016, 7, 8, tzinfo=zone("+08:00")).utcoffset()
        == datetime(2016, 7, 8, tzinfo=zone("UTC+8")).utcoffset()
    )


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d( ?[+-]\d{4})?", fullmatch=True))
def test_no_text_breaks_the_reader(text: str) -> None:
    read(text)
    document_date("a.md", b"---\ndate: " + text.encode("utf-8", "replace") + b"\n---\n", SHANGHAI)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_no_output_breaks_the_reading_of_blame(output: bytes) -> None:
    parse_porcelain(output)


OLD, FIXED, LATER = "2012-03-04T00:00:00Z", "2025-11-20T00:00:00Z", "2026-01-02T00:00:00Z"
A, B = "http://one.example/a?utm_source=x&id=1", "http://two.example/b"
SNAPSHOT = "https://web.archive.org/web/20120101000000/"
FIXES = {
    "the neighbour replaced by its copy": (f"看[a]({A})和[b]({B})。", f"看[a]({A})和[b]({SNAPSHOT}{B})。", A),
    "a copy put beside the neighbour": (f"[a]({A}) [b]({B})", f"[a]({A}) [b]({B}) ([archived]({SNAPSHOT}{B}))", A),
    "a copy put beside the link itself": (f"[a]({A})", f"[a]({A}) ([archived]({SNAPSHOT}{A}))", A),
    "bare links": (f"{A} and {B} x", f"{A} and {B} (archived: {SNAPSHOT}{B}) x", A),
    "a copy put beside a link of reStructuredText": (
        f"`a <{A}>`_ x",
        f"`a <{A}>`_ (`archived <{SNAPSHOT}{A}>`__) x",
        A,
    ),
    "a copy put beside a link of AsciiDoc": (f"{A}[a] x", f"{A}[a] ({SNAPSHOT}{A}[archived]) x", A),
    "a copy put beside a link of Org": (f"[[{A}][a]] x", f"[[{A}][a]] ([[{SNAPSHOT}{A}][archived]]) x", A),
    "robust": (
        f'<a href="{A}">a</a><a href="{B}">b</a>',
        f'<a href="{A}">a</a><a href="{SNAPSHOT}{B}" data-originalurl="{B}" data-versiondate="2012-01-01">b</a>',
        A,
    ),
    "the link itself cleaned": (f"[a]({A}) x", "[a](http://one.example/a?id=1) x", "http://one.example/a?id=1"),
    "the link itself unwrapped": (
        "[a](https://link.zhihu.com/?target=http%3A//one.example/a) x",
        "[a](http://one.example/a) x",
        "http://one.example/a",
    ),
    "the link itself taken back": (f"[b]({SNAPSHOT}{B})", f"[b]({B})", B),
    "the link itself by https": (f"[b]({B})", f"[b]({B.replace('http:', 'https:')})", B.replace("http:", "https:")),
    "brackets in the link": (f"[a](<{B}_(c)>) [b]({A})", f"[a](<{B}_(c)>) [b]({SNAPSHOT}{A})", f"{B}_(c)"),
}
EDITS = {
    "the line written anew": (f"see [b]({B})", f"look at [b]({B})", B),
    "another page linked": (f"[b]({B})", "[b](http://two.example/other)", "http://two.example/other"),
    "a link that was not there": (f"[b]({B})", f"[b]({B}) [c](http://three.example/)", "http://three.example/"),
}


def repository(folder: Path, *versions: tuple[str, str]) -> Path:
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    file = folder / "notes" / "文章.md"
    file.parent.mkdir()
    for text, when in versions:
        file.write_text(f"first\n\n{text}\n\nlast\n", "utf-8")
        commit(folder, when)
    return file


@pytest.mark.parametrize("name", FIXES)
def test_a_commit_that_only_changed_where_links_lead_did_not_bring_the_others(tmp_path: Path, name: str) -> None:
    old, new, link = FIXES[name]
    file = repository(tmp_path, (old, OLD), (new, FIXED))
    assert str(GitBlame()(str(file), 3, link.encode())) == "2012-03-04 00:00:00+00:00"
    assert str(GitBlame()(str(file), 3)) == "2025-11-20 00:00:00+00:00", "else this shows nothing"


@pytest.mark.parametrize("name", EDITS)
def test_a_commit_by_the_author_brought_what_it_wrote(tmp_path: Path, name: str) -> None:
    old, new, link = EDITS[name]
    file = repository(tmp_path, (old, OLD), (new, LATER))
    assert str(GitBlame()(str(file), 3, link.encode())) == "2026-01-02 00:00:00+00:00"


def test_many_fixes_are_passed_over_and_one_that_is_not_committed_yet(tmp_path: Path) -> None:
    lines = [
        f"[b]({B})" + "".join(f" [{n}]({SNAPSHOT if n < done else ''}{A}{n})" for n in range(6)) for done in range(7)
    ]
    versions = [(text, f"20{12 + n}-03-04T00:00:00Z") for n, text in enumerate(lines[:-1])]
    file = repository(tmp_path, *versions)
    file.write_text(f"first\n\n{lines[-1]}\n\nlast\n", "utf-8")
    blame = GitBlame()
    assert blame(str(file), 3) is None, "the line is not committed"
    assert str(blame(str(file), 3, B.encode())) == "2012-03-04 00:00:00+00:00"
    assert str(blame(str(file), 1, b"x")) == "2012-03-04 00:00:00+00:00"


def test_a_file_that_was_renamed_meanwhile_is_followed(tmp_path: Path) -> None:
    file = repository(tmp_path, (f"[a]({A}) [b]({B})", OLD), (f"[a]({A}) [b]({SNAPSHOT}{B})", FIXED))
    moved = file.with_name("moved.md")
    file.rename(moved)
    commit(tmp_path, LATER)
    assert str(GitBlame()(str(moved), 3, A.encode())) == "2012-03-04 00:00:00+00:00"


@pytest.mark.parametrize("then", ["New figures are [here]({})", "- <{}>", "{}"])
@pytest.mark.parametrize("scheme", ["http:", "https:"])
def test_a_line_written_again_while_the_older_one_still_stands_has_its_own_day(
    tmp_path: Path, then: str, scheme: str
) -> None:
    link = B.replace("http:", scheme)
    old, again = then.format(B), then.format(link)
    file = repository(tmp_path, (old, OLD), (f"{old}\n\n2026:\n\n{again}", LATER))
    blame = GitBlame()
    assert str(blame(str(file), 7, link.encode())) == "2026-01-02 00:00:00+00:00"
    assert str(blame(str(file), 3, B.encode())) == "2012-03-04 00:00:00+00:00"
    file.write_text(file.read_text("utf-8") + f"\n{again}\n", "utf-8")
    assert GitBlame()(str(file), 11, link.encode()) is None, "not committed, and nothing was removed"


def test_a_line_written_again_in_the_commit_of_a_fix_has_its_own_day(tmp_path: Path) -> None:
    middle = "between\nthe\ntwo"
    old, new = f"[b]({B})\n{middle}", f"[b]({SNAPSHOT}{B})\n{middle}\n[b]({B})"
    file = repository(tmp_path, (old, OLD), (new, FIXED))
    blame = GitBlame()
    assert str(blame(str(file), 7, B.encode())) == "2025-11-20 00:00:00+00:00"
    assert str(blame(str(file), 3, f"{SNAPSHOT}{B}".encode())) == "2012-03-04 00:00:00+00:00"


def test_lines_that_came_beside_repaired_ones_do_not_take_their_days(tmp_path: Path) -> None:
    old = [f"- [page]({A}{n})" for n in range(12)]
    new = [line.replace("](", f"]({SNAPSHOT}") for line in old]
    new[4:4] = [f"- [page](http://three.example/{n})" for n in range(9)] + [f"- [page]({A}x)"]
    file = repository(tmp_path, ("\n".join(old), OLD), ("\n".join(new), FIXED))
    blame = GitBlame()
    years = [str(blame(str(file), 3 + n, line[9:-1].encode()))[:4] for n, line in enumerate(new)]
    assert years == ["2012"] * 4 + ["2025"] * 10 + ["2012"] * 8


def test_one_removed_line_became_one_added_line() -> None:
    removed = [f"[b]({B})".encode()]
    added = [f"[b]({SNAPSHOT}{B})".encode(), f"[b]({B}?x)".encode(), f"[b]({SNAPSHOT}{B})".encode()]
    assert list(line_history.pairs(removed, added)) == [(0, 0)]
    assert list(line_history.pairs(removed * 2, added)) == [(0, 0), (2, 1)]


def test_the_older_version_of_a_line_is_found_behind_many_that_were_deleted() -> None:
    removed = [f"- [x](http://three.example/{n})".encode() for n in range(50)] + [f"- [x]({A})".encode()]
    assert list(line_history.pairs(removed, [f"- [x]({SNAPSHOT}{A})".encode()])) == [(0, 50)]


def test_a_renaming_commit_that_also_repairs_is_passed_over_although_the_old_name_is_in_use_again(
    tmp_path: Path,
) -> None:
    text = f"[a]({A}) [b]({B})"
    file = repository(tmp_path, (text + "\nmore\n" * 20, OLD))
    moved = file.with_name("moved ; $(x).md")
    file.rename(moved)
    moved.write_text(moved.read_text("utf-8").replace(B, SNAPSHOT + B), "utf-8")
    commit(tmp_path, FIXED)
    file.write_text(f"other\n{text}\n", "utf-8")
    commit(tmp_path, LATER)
    assert str(GitBlame()(str(moved), 3, A.encode())) == "2012-03-04 00:00:00+00:00"
    assert str(GitBlame()(str(file), 2, A.encode())) == "2026-01-02 00:00:00+00:00"


def test_what_a_commit_changed_in_a_file_of_an_earlier_name_dates_no_line(tmp_path: Path) -> None:
    link = f"[a]({A}) [b]({B})"
    file = repository(tmp_path, (link + "\nmore\n" * 20, OLD))
    moved = file.with_name("moved.md")
    file.rename(moved)
    moved.write_text(moved.read_text("utf-8").replace("more", "much", 1), "utf-8")
    commit(tmp_path, OLD)
    file.write_text(f"other\n\n{link}\n", "utf-8")
    commit(tmp_path, FIXED)
    file.write_text(file.read_text("utf-8").replace(B, SNAPSHOT + B), "utf-8")
    moved.write_text(moved.read_text("utf-8").replace(link, f"look at {link}"), "utf-8")
    commit(tmp_path, LATER)
    assert str(GitBlame()(str(moved), 3, A.encode())) == "2026-01-02 00:00:00+00:00"
    assert str(GitBlame()(str(file), 3, A.encode())) == "2025-11-20 00:00:00+00:00"


@pytest.mark.parametrize("encoding", ["latin-1", "gb18030", "utf-16-le"])
def test_what_git_takes_for_binary_is_compared_too(tmp_path: Path, encoding: str) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    file = tmp_path / "post.md"
    for text, when in ((f"é [a]({A}) [b]({B})", OLD), (f"é [a]({A}) [b]({SNAPSHOT}{B})", FIXED)):
        file.write_bytes(b"\x00\xff\n" + text.encode("latin-1" if "16" in encoding else encoding) + b"\n")
        commit(tmp_path, when)
    assert str(GitBlame()(str(file), 2, A.encode())) == "2012-03-04 00:00:00+00:00"


def test_a_shallow_clone_says_what_it_knows(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    file = repository(tmp_path / "whole", (f"[a]({A}) [b]({B})", OLD), (f"[a]({A}) [b]({SNAPSHOT}{B})", FIXED))
    url = (tmp_path / "whole").as_uri()
    subprocess.run(["git", "clone", "-q", "--depth=1", url, str(tmp_path / "clone")], check=True)
    name = file.relative_to(tmp_path / "whole")
    assert str(GitBlame()(str(tmp_path / "clone" / name), 3, A.encode())) == "2025-11-20 00:00:00+00:00"


@pytest.mark.parametrize(
    "setting",
    [
        "diff.external=false",
        "color.ui=always",
        "diff.noprefix=true",
        "diff.mnemonicPrefix=true",
        "diff.interHunkContext=9",
        "diff.context=9",
    ],
)
def test_settings_of_the_repository_change_no_day(tmp_path: Path, setting: str) -> None:
    file = repository(tmp_path, (f"[a]({A}) [b]({B})\n\n<{A}>", OLD), (f"[a]({A}) [b]({SNAPSHOT}{B})\n\n<{A}>", FIXED))
    subprocess.run(["git", "config", *setting.split("=")], cwd=tmp_path, check=True)
    assert str(GitBlame()(str(file), 3, A.encode())) == "2012-03-04 00:00:00+00:00"
    file.write_text(file.read_text("utf-8").replace(A, SNAPSHOT + A), "utf-8")
    assert str(GitBlame()(str(file), 3, f"{SNAPSHOT}{A}".encode())) == "2012-03-04 00:00:00+00:00"


def test_a_list_that_grew_by_one_line_per_commit_costs_few_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"- [{n}]({A}{n})" for n in range(40)]
    folder = tmp_path / "repository"
    folder.mkdir()
    file = repository(folder, *(("\n".join(lines[: n + 1]), f"20{12 + n // 12}-03-04T00:00:00Z") for n in range(40)))
    git, called = shutil.which("git"), tmp_path / "called"
    (tmp_path / "git").write_text(f'#!/bin/sh\necho x >> "{called}"\nexec "{git}" "$@"\n')
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    blame = GitBlame()
    days = [str(blame(str(file), 3 + n, f"{A}{n}".encode()))[:4] for n in range(40)]
    assert days == [f"20{12 + n // 12}" for n in range(40)]
    assert len(called.read_text()) // 2 <= 5


def test_thousands_of_links_of_one_file_are_dated_in_linear_time(tmp_path: Path) -> None:
    lines = [f"{'word ' * 30}[{n}]({A}{n})" for n in range(6000)]
    file = repository(tmp_path, ("x", OLD), ("\n".join(lines), LATER))
    blame, begun = GitBlame(), time.process_time()
    assert {str(blame(str(file), 3 + n, f"{A}{n}".encode()))[:4] for n in range(6000)} == {"2026"}
    assert time.process_time() - begun < 1.5, "seconds: it was 4 when the file was read for each link"


@pytest.mark.parametrize("name", ['quo"te.md', "new\nline\t\\x.md", "-\udcff文.md", "c:a b.md"])
def test_names_that_git_quotes_are_followed(tmp_path: Path, name: str) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    file = tmp_path / "a" / name
    file.parent.mkdir()
    for text, when in ((f"x\n[a]({A}) [b]({B})\n", OLD), (f"x\n[a]({A}) [b]({SNAPSHOT}{B})\n", FIXED)):
        file.write_text(text)
        commit(tmp_path, when)
    assert str(GitBlame()(str(file), 2, A.encode())) == "2012-03-04 00:00:00+00:00"
    file.write_text(f"x\n[a]({SNAPSHOT}{A}) [b]({SNAPSHOT}{B})\n")
    assert str(GitBlame()(str(file), 2, f"{SNAPSHOT}{B}".encode())) == "2012-03-04 00:00:00+00:00"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300) | st.text("@-+ ,12\nab/", max_size=300).map(str.encode))
def test_no_output_breaks_the_reading_of_diffs(output: bytes) -> None:
    list(parse_diffs(output))
    list(parse_diffs(b"0" * 40 + b"\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n" + output))


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=60) | st.text("htps:/[]() a", max_size=60).map(str.encode),
    st.lists(st.binary(max_size=60), max_size=4),
    st.binary(max_size=20),
)
def test_no_bytes_break_the_comparison(line: bytes, older: list[bytes], written: bytes) -> None:
    list(line_history.pairs(older, [line, line]))
    line_history.before(line, line, written)
    if b"http://a.example/" in line:
        assert line_history.before(line, line, b"http://a.example/") is not None
        assert len(list(line_history.pairs([line, *older], [line]))) == 1
