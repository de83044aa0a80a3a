"""`linkkeeper history`: what was seen of a URL, and how the collection fares."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from linkkeeper.demo.story import Stage
from linkkeeper.report import schemas

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def scanned(run: Run, stage: Stage, trusted: list[str]) -> Stage:
    """A blog of 30 dated posts with a living link each, and a dead one in every third."""
    Path("posts").mkdir()
    for at in range(30):
        dead = f"[d]({stage.web.url('gone', f'/{at}')})" if at % 3 == 0 else ""
        living = stage.web.url("living", f"/{at}?utm_source=x")
        Path(f"posts/post-{at}.md").write_text(f"---\ndate: {1997 + at}-03-01\n---\n[a]({living}) {dead}\n")
    assert run("scan", "posts", "--no-rescue", *trusted).returncode == 1
    return stage


def valid(text: str) -> dict[str, object]:
    value: dict[str, object] = json.loads(text)
    kinds = jsonschema.Draft202012Validator
    kinds(schemas.schema("history"), format_checker=kinds.FORMAT_CHECKER).validate(value)
    return value


def test_the_collection_s_trend_half_life_and_hosts(run: Run, scanned: Stage) -> None:
    done = run("history")
    assert done.returncode == 0, done.stderr
    assert "10 │ ███" in done.stdout
    assert "Of 40 links of known age 10 are dead" in " ".join(done.stdout.split())
    assert "10 of 10" in done.stdout
    report = valid(run("history", "--format", "json").stdout)
    assert report["worst_hosts"] == [{"host": scanned.web.url("gone", "/").split("/")[2], "broken": 10, "links": 10}]


def test_a_url_s_verdicts_and_places(run: Run, scanned: Stage, trusted: list[str]) -> None:
    done = run("history", scanned.web.url("gone", "/3") + "#part")
    assert done.returncode == 0, done.stderr
    assert "dead" in done.stdout
    assert "failing when last looked at, on 20" in done.stdout
    assert "in posts/post-3.md:4:" in done.stdout
    as_written = valid(run("history", scanned.web.url("living", "/4?utm_source=x"), "--format", "json").stdout)
    assert as_written["url"] == scanned.web.url("living", "/4")
    assert as_written["since"] is None


def test_a_url_that_was_never_seen_is_exit_1_with_its_neighbours(run: Run, scanned: Stage) -> None:
    done = run("history", scanned.web.url("gone", "/never"))
    assert (done.returncode, done.stdout) == (1, "")
    assert scanned.web.url("gone", "/0") in done.stderr


def test_credentials_are_neither_needed_nor_shown(run: Run, stage: Stage, trusted: list[str]) -> None:
    url = stage.web.url("gone", "/private?access_token=s3cr3tvalue")
    Path("post.md").write_text(f"<{url}>\n")
    run("scan", "post.md", "--no-rescue", *trusted)
    done = run("history", url)
    assert done.returncode == 0, done.stderr
    assert "s3cr3tvalue" not in done.stdout + done.stderr
    assert "dead" in done.stdout
    assert "in post.md:1:2" in done.stdout


def test_without_a_run_the_command_that_makes_one_is_named(run: Run) -> None:
    done = run("history")
    assert (done.returncode, "linkkeeper scan makes one" in done.stderr) == (2, True)
    assert not Path(".linkkeeper").exists()
    assert run("history", "--format", "html").returncode == 2


def test_the_collection_has_a_page_and_a_url_has_none(run: Run, scanned: Stage) -> None:
    done = run("history", "--format", "html")
    assert (done.returncode, done.stdout[:15]) == (0, "<!doctype html>")
    assert "10</b>" in done.stdout
    assert run("history", scanned.web.url("gone", "/3"), "--format", "html").returncode == 2
