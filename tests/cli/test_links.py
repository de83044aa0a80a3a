"""`linkkeeper links` as a process."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_links_of_a_folder_are_printed_with_their_bytes(run: Run) -> None:
    Path("posts").mkdir()
    Path("posts/a.md").write_text("看 [a](https://a.example/?utm_source=x) 和 www.b.example，好\n", encoding="utf-8")
    done = run("links", "posts")
    assert done.returncode == 0
    found = [json.loads(line) for line in done.stdout.splitlines()]
    data = Path("posts/a.md").read_bytes()
    assert [data[one["start"] : one["end"]].decode() for one in found] == [one["raw"] for one in found]
    assert [(one["url"], one["clean"]) for one in found] == [
        ("https://a.example/?utm_source=x", "https://a.example/"),
        ("http://www.b.example", "http://www.b.example"),
    ]


def test_a_second_run_prints_the_same(run: Run) -> None:
    Path("a.md").write_text("[a](https://a.example)")
    first = run("links", ".")
    assert first.stdout
    assert run("links", ".").stdout == first.stdout == run("links", "--no-cache", ".").stdout


def test_a_document_comes_from_stdin(run: Run) -> None:
    done = run("links", "-", "--stdin-name", "a.html", stdin="<a href=b>c</a>")
    assert [json.loads(line)["url"] for line in done.stdout.splitlines()] == ["b"]
    assert json.loads(done.stdout)["file"] == "a.html"


def test_nothing_to_read_is_wrong_usage_unless_allowed(run: Run) -> None:
    Path("a.png").write_bytes(b"")
    assert run("links", ".").returncode == 2
    assert "1 file," in run("links", ".").stderr
    assert run("links", "--allow-empty", ".").returncode == 0
    assert run("links", "nowhere.md").returncode == 2


def test_a_file_that_cannot_be_read_is_named_and_the_rest_goes_on(run: Run) -> None:
    Path("a.md").write_bytes(b"\x89PNG\0\0")
    Path("b.md").write_text("[a](b)")
    done = run("links", ".")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1)
    assert "a.md: binary, not text" in done.stderr
