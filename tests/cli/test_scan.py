import html
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from linkkeeper.demo.story import Stage

Run = Callable[..., "subprocess.CompletedProcess[str]"]
QUICK = {"LINKKEEPER_WAYBACK_RATE": "6000"}


def _post(stage: Stage, name: str = "post.md") -> None:
    text = (
        "---\ndate: 2016-07-08\n---\n"
        f"[lives]({stage.web.url('living', '/a')}) [gone]({stage.web.url('gone', '/2016/second')}#top)\n"
        f"[walled]({stage.web.url('botwall')}) [nothing](#) [twice]({stage.web.url('gone', '/2016/second')})\n"
    )
    Path(name).write_text(text)


def test_a_scan_says_what_lives_and_finds_the_copy_of_the_dead(run: Run, stage: Stage, trusted: list[str]) -> None:
    _post(stage)
    done = run("scan", "post.md", "--format", "json", *trusted, **QUICK)
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["schema"] == "linkkeeper/report/1"
    verdicts = {row["url"]: row["verdict"] for row in report["urls"]}
    assert verdicts == {
        stage.web.url("living", "/a"): "ok",
        stage.web.url("gone", "/2016/second"): "dead",
        stage.web.url("botwall"): "blocked",
        "#": "placeholder",
    }
    [dead] = [row for row in report["urls"] if row["verdict"] == "dead"]
    assert [(link["line"], link["fragment"]) for link in dead["links"]] == [(4, "top"), (5, None)]
    assert {link["snapshot"]["captured"] for link in dead["links"]} == {"2016-06-20T08:00:00Z"}
    assert {link["date_from"] for link in dead["links"]} == {"front matter"}
    data = Path("post.md").read_bytes()
    assert all(
        data[link["start"] : link["end"]].decode() == link["raw"] for row in report["urls"] for link in row["links"]
    )


@pytest.mark.parametrize(("path", "state"), [("/2016/second", "verified"), ("/never/captured", "none")])
def test_archives_are_asked_about_a_dead_link_without_a_scheme(
    path: str, state: str, run: Run, stage: Stage, trusted: list[str]
) -> None:
    url = stage.web.url("gone", path)
    Path("post.md").write_text(f"---\ndate: 2016-07-08\n---\n[gone](//{url.partition('//')[2]})\n")
    done = run("scan", "post.md", "--format", "json", *trusted, **QUICK)
    [row] = json.loads(done.stdout)["urls"]
    assert (row["verdict"], row["links"][0]["snapshot"]["state"]) == ("dead", state)


def test_a_scan_changes_no_post(run: Run, stage: Stage, trusted: list[str]) -> None:
    _post(stage)
    before = Path("post.md").read_bytes()
    run("scan", "post.md", *trusted, **QUICK)
    assert Path("post.md").read_bytes() == before


def test_one_url_is_asked_once_however_often_it_stands_there(run: Run, stage: Stage, trusted: list[str]) -> None:
    url = stage.web.url("living", "/asked-once")
    Path("post.md").write_text(f"[a]({url}) [b]({url}#x) <{url}>\n")
    stage.web.seen.clear()
    assert run("scan", "post.md", *trusted).returncode == 0
    methods = [seen.method for seen in stage.web.seen if seen.path == "/asked-once"]
    assert sorted(methods) in (["HEAD"], ["GET", "HEAD"]), "the first page of a host may be read to see if HEAD lies"


def test_a_second_scan_asks_nobody(run: Run, stage: Stage, trusted: list[str]) -> None:
    _post(stage)
    run("scan", "post.md", *trusted, **QUICK)
    stage.web.seen.clear()
    done = run("scan", "post.md", "--format", "json", *trusted, **QUICK)
    assert done.returncode == 1
    assert stage.web.seen == []
    assert all(row["cached"] for row in json.loads(done.stdout)["urls"] if row["status"])


def test_without_rescue_no_archive_is_asked(run: Run, stage: Stage, trusted: list[str]) -> None:
    _post(stage)
    done = run("scan", "post.md", "--no-rescue", "--format", "json", *trusted)
    assert all(link["snapshot"] is None for row in json.loads(done.stdout)["urls"] for link in row["links"])


def test_private_addresses_are_skipped_unless_allowed(run: Run, stage: Stage) -> None:
    Path("post.md").write_text(f"<{stage.web.url('living', '/private')}> <http://127.1/> <http://[::ffff:10.0.0.1]/>\n")
    stage.web.seen.clear()
    done = run("scan", "post.md", "--format", "json")
    assert {row["verdict"] for row in json.loads(done.stdout)["urls"]} == {"skipped"}
    assert stage.web.seen == []
    assert done.returncode == 0


def test_a_document_on_stdin_is_scanned_under_its_name(run: Run, stage: Stage, trusted: list[str]) -> None:
    html = f'<a href="{stage.web.url("gone", "/x")}">x</a>'
    done = run("scan", "-", "--stdin-name", "page.html", "--format", "json", *trusted, stdin=html, **QUICK)
    [row] = json.loads(done.stdout)["urls"]
    assert (row["verdict"], row["links"][0]["file"]) == ("dead", "page.html")


def test_fail_on_decides_the_exit_code(run: Run, stage: Stage, trusted: list[str]) -> None:
    _post(stage)
    assert run("scan", "post.md", "--fail-on", "suspect", "--no-rescue", *trusted).returncode == 0
    assert run("scan", "post.md", "--fail-on", "placeholder", "--no-rescue", *trusted).returncode == 1


def test_excluded_links_are_skipped_before_they_are_parsed(run: Run, stage: Stage, trusted: list[str]) -> None:
    _post(stage)
    done = run("scan", "post.md", "--exclude", "gone", "--format", "json", *trusted)
    assert done.returncode == 0
    assert {row["verdict"] for row in json.loads(done.stdout)["urls"] if "gone" in row["url"]} == {"skipped"}


def test_reports_go_to_files_whole(run: Run, stage: Stage, trusted: list[str]) -> None:
    _post(stage)
    done = run("scan", "post.md", "-o", "html=r.html", "-o", "r.json", "--no-rescue", *trusted)
    assert "r.html" in done.stderr
    assert Path("r.html").read_text().startswith("<!doctype html>")
    assert json.loads(Path("r.json").read_text())["summary"]["files"] == 1
    assert "post.md" in done.stdout, "stdout still has the terminal report"


def test_show_config_names_where_each_value_came_from(run: Run) -> None:
    Path("linkkeeper.toml").write_text("retries = 3\n")
    done = run("scan", "--show-config", "--timeout", "7", LINKKEEPER_CONCURRENCY="9")
    assert "timeout = 7.0  # flag --timeout" in done.stdout
    assert "retries = 3  # file linkkeeper.toml" in done.stdout
    assert "concurrency = 9  # environment LINKKEEPER_CONCURRENCY" in done.stdout
    assert "per_host = 8  # default" in done.stdout


def test_sarif_offers_what_fix_writes_escaped_for_its_place(run: Run, stage: Stage, trusted: list[str]) -> None:
    url = stage.web.url("gone", "/2016/second")
    Path("2016-07-08-a.html").write_text(f'<a href="{url}#a&amp;b">x</a> <a href={url}>y</a>\n')
    Path("2016-07-08-b.md").write_text(f"[x](<{url}#a)b>) {url}\uff0c\n")
    run("scan", ".", "-o", "sarif=r.sarif", *trusted, **QUICK)
    expected: dict[str, list[tuple[int, int, str]]] = {}
    for result in json.loads(Path("r.sarif").read_text())["runs"][0]["results"]:
        [change] = result["fixes"][0]["artifactChanges"]
        [edit] = change["replacements"]
        region = edit["deletedRegion"]
        where = (region["byteOffset"], region["byteOffset"] + region["byteLength"])
        expected.setdefault(change["artifactLocation"]["uri"], []).append((*where, edit["insertedContent"]["text"]))
    repaired = {}
    for file, edits in expected.items():
        data = Path(file).read_bytes()
        for start, end, text in sorted(edits, reverse=True):
            data = data[:start] + text.encode() + data[end:]
        repaired[file] = data
    assert [len(edits) for edits in expected.values()] == [2, 2]
    run("fix", ".", "--only", "archive", *trusted, **QUICK)
    assert {file: Path(file).read_bytes() for file in repaired} == repaired


def test_the_html_report_shows_what_fix_would_write(run: Run, stage: Stage, trusted: list[str]) -> None:
    url = stage.web.url("gone", "/2016/second")
    Path("2016-07-08-a.md").write_text(f"Read [it]({url}) & <b>more</b>.\n")
    run("scan", ".", "-o", "html=r.html", *trusted, **QUICK)
    page = Path("r.html").read_text()
    diff = run("fix", "--diff", ".", *trusted, **QUICK).stdout
    changed = [html.escape(line, quote=False) for line in diff.splitlines() if line.startswith(("-", "+"))]
    assert len(changed) == 4
    assert [line for line in changed if line not in page] == []


def test_a_report_among_the_documents_is_written_anew_and_not_read(run: Run) -> None:
    Path("a.md").write_text("[a](#)\n")
    names = {
        "html": "r.html",
        "markdown": "r.md",
        "json": "r.json",
        "jsonl": "r.jsonl",
        "csv": "r.csv",
        "junit": "r.xml",
    }
    flags = [flag for name, file in names.items() for flag in ("-o", f"{name}={file}")]
    first = run("scan", *flags)
    again = run("scan", *flags)
    assert (first.returncode, again.returncode) == (0, 0), again.stderr
    assert json.loads(Path("r.json").read_text())["summary"]["files"] == 1
    Path("r.md").write_text("## linkkeeper: my own words\n")
    assert "would be overwritten" in run("scan", *flags).stderr


def test_what_is_remembered_needs_no_network_to_be_loaded(run: Run, stage: Stage, trusted: list[str]) -> None:
    Path("2016-07-08-a.md").write_text(
        f"[gone]({stage.web.url('gone', '/2016/second')}) [lives]({stage.web.url('living', '/a')})\n"
    )
    flags = ["scan", ".", "--format", "json", *trusted]
    first = json.loads(run(*flags, LINKKEEPER_WAYBACK_RATE="60000").stdout)
    code = (
        "import sys\nfrom linkkeeper.cli.app import app\n"
        f"try:\n    app({flags!r})\nexcept SystemExit as leave:\n    assert leave.code == 1\n"
        "sys.stderr.write('loaded' if 'aiohttp' in sys.modules else 'spared')\n"
    )
    again = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env=os.environ | {"LINKKEEPER_WAYBACK_RATE": "60000"},
    )  # fmt: skip
    assert again.stderr == "spared"
    second = json.loads(again.stdout)
    assert second["summary"]["requests"] == 0
    assert [row["links"] for row in second["urls"]] == [row["links"] for row in first["urls"]], "copies, too"
    assert any(link["snapshot"] for row in second["urls"] for link in row["links"])
