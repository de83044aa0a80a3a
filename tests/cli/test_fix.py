import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from linkkeeper.demo.story import Stage

Run = Callable[..., "subprocess.CompletedProcess[str]"]
QUICK = {"LINKKEEPER_WAYBACK_RATE": "6000", "LINKKEEPER_WAYBACK_PUBLIC_URL": "https://web.archive.org"}
COPY = "https://web.archive.org/web/20160620080000/"


@pytest.fixture
def post(run: Run, stage: Stage) -> bytes:
    del run  # it made the folder ours
    second = stage.web.url("gone", "/2016/second")
    data = (
        "\ufeff---\r\ndate: 2016-07-08\r\n---\r\n"
        f'见{second}，[二]({second}#top "title")\r\n'
        f"[longer]({second}-x) [clean]({stage.web.url('living', '/a?utm_source=x&id=1')})\r\n"
    ).encode()
    Path("post.md").write_bytes(data)
    return data


def test_fix_changes_the_links_bytes_and_nothing_else(run: Run, stage: Stage, trusted: list[str], post: bytes) -> None:
    second = stage.web.url("gone", "/2016/second")
    done = run("fix", "post.md", *trusted, **QUICK)
    expected = post.decode().replace(f"{second}，", f"{COPY}{second}，").replace(f"({second}#", f"({COPY}{second}#")
    expected = expected.replace("utm_source=x&", "")
    assert Path("post.md").read_bytes() == expected.encode()
    assert done.returncode == 1, "one dead link has no copy"


def test_fix_twice_is_fix_once_and_undo_gives_back_every_byte(
    run: Run, stage: Stage, trusted: list[str], post: bytes
) -> None:
    run("fix", "post.md", *trusted, **QUICK)
    once = Path("post.md").read_bytes()
    assert once != post
    again = run("fix", "post.md", *trusted, **QUICK)
    assert Path("post.md").read_bytes() == once
    assert "nothing to write" in again.stderr
    assert run("undo").returncode == 0
    assert Path("post.md").read_bytes() == post


def test_diff_shows_and_writes_nothing(run: Run, trusted: list[str], post: bytes) -> None:
    done = run("fix", "post.md", "--diff", *trusted, **QUICK)
    assert "+++ b/post.md" in done.stdout
    assert COPY in done.stdout
    assert Path("post.md").read_bytes() == post


def test_check_writes_nothing_and_exits_1_if_there_is_work(run: Run, trusted: list[str], post: bytes) -> None:
    done = run("fix", "post.md", "--check", "--format", "json", *trusted, **QUICK)
    assert done.returncode == 1
    assert json.loads(done.stdout)["summary"]["repairs"] == {"archive": 2, "clean": 1}
    assert Path("post.md").read_bytes() == post
    Path("post.md").write_text(f"[a]({trusted[1]})")
    assert run("fix", "post.md", "--check", *trusted, **QUICK).returncode == 0


def test_only_picks_the_repairs(run: Run, trusted: list[str], post: bytes) -> None:
    run("fix", "post.md", "--only", "clean", *trusted, **QUICK)
    assert Path("post.md").read_bytes() == post.replace(b"utm_source=x&", b"")


def test_cleaning_alone_asks_no_archive(run: Run, stage: Stage, trusted: list[str], post: bytes) -> None:
    flags = [*trusted[:-4], "--wayback-url", "http://127.0.0.1:9", "--timeout", "2"]
    done = run("fix", "post.md", "--only", "clean", *flags, **QUICK)
    assert done.returncode != 3, done.stderr
    assert "archive" not in done.stderr
    assert Path("post.md").read_bytes() == post.replace(b"utm_source=x&", b"")


def test_an_unreachable_archive_changes_nothing_and_is_exit_3(run: Run, stage: Stage, trusted: list[str]) -> None:
    Path("post.md").write_text(f"[a]({stage.web.url('gone', '/2016/second')})")
    before = Path("post.md").read_bytes()
    flags = [*trusted[:-4], "--wayback-url", "http://127.0.0.1:9", "--timeout", "2"]
    done = run("fix", "post.md", *flags, **QUICK)
    assert done.returncode == 3, done.stderr
    assert Path("post.md").read_bytes() == before


def test_revert_takes_back_what_lives_again(run: Run, stage: Stage, trusted: list[str]) -> None:
    Path("2017-02-02-a.md").write_text(f"[a]({stage.web.url('gone', '/2016/menu.html')} 'x')\n")
    before = Path("2017-02-02-a.md").read_bytes()
    run("fix", ".", *trusted, **QUICK)
    fixed = Path("2017-02-02-a.md").read_bytes()
    assert fixed != before
    assert run("fix", ".", "--only", "revert", *trusted, **QUICK).returncode == 0
    assert Path("2017-02-02-a.md").read_bytes() == fixed, "it is still gone"
    stage.web.revived.add("/2016/menu.html")
    try:
        done = run("fix", ".", "--only", "revert", *trusted, **QUICK)
    finally:
        stage.web.revived.clear()
    assert Path("2017-02-02-a.md").read_bytes() == before, done.stderr


def test_clean_finds_the_parameters_but_a_wrong_rule_leaves_the_link(
    run: Run, stage: Stage, trusted: list[str]
) -> None:
    url = stage.web.url("picky", "/a?utm_source=needed")
    Path("post.md").write_text(f"[a]({url})")
    done = run("fix", "post.md", "--format", "json", *trusted, **QUICK)
    assert Path("post.md").read_text() == f"[a]({url})"
    assert done.returncode == 0, done.stderr
    report = json.loads(run("report", "--format", "json").stdout)
    [row] = report["urls"]
    assert (row["verdict"], bool(row["wrong_rule"])) == ("ok", True)


def test_a_wrapper_that_answers_for_any_target_does_not_speak_for_a_dead_one(
    run: Run, stage: Stage, trusted: list[str]
) -> None:
    Path("rules.toml").write_text(
        '[[wrapper]]\nid = "small"\nhosts = ["living.localhost"]\nparams = ["target"]\n'
        'why = "leads on"\nsource = "this test"\ndate = 2026-11-20\n'
    )
    gone, picky = stage.web.url("gone", "/2016/none"), stage.web.url("picky", "/a?utm_source=needed")
    wrapped = [stage.web.url("living", f"/go?target={quote(url, safe='')}") for url in (gone, picky)]
    Path("post.md").write_text(f"[a]({wrapped[0]}) [b]({wrapped[1]})")
    run("scan", "post.md", "--rules", "rules.toml", "--no-rescue", *trusted, **QUICK)
    dead, needed = json.loads(run("report", "--format", "json").stdout)["urls"]
    assert (dead["verdict"], bool(dead["wrong_rule"])) == ("dead", False)
    assert (needed["verdict"], bool(needed["wrong_rule"])) == ("ok", True), "asked with what its parameters were"


def test_without_a_network_fix_changes_no_file(run: Run) -> None:
    text = (
        "[a](https://gone.example/x?utm_source=y) [b](https://mp.weixin.qq.com/s?__biz=a&mid=1&idx=1&sn=b&key=0123abc)"
    )
    Path("post.md").write_text(text)
    done = run("fix", "post.md", "--timeout", "3")
    assert done.returncode == 3
    assert Path("post.md").read_text() == text


def test_dead_links_are_no_business_of_a_fix_that_only_cleans(run: Run, stage: Stage, trusted: list[str]) -> None:
    tracked = stage.web.url("living", "/a?utm_source=x")
    Path("post.md").write_text(f"[a]({tracked}) [b]({stage.web.url('gone', '/never')})\n")
    done = run("fix", "post.md", "--only", "clean", *trusted, **QUICK)
    assert (done.returncode, "stays as it is" in done.stderr) == (0, False)
    assert "utm_source" not in Path("post.md").read_text()
    assert run("fix", "post.md", *trusted, **QUICK).returncode == 1
