"""Bad input gets one clear line that names the file or flag and what to try, and exit 2; never a traceback."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["scan", "nowhere"], "nowhere"),
        (["scan", "@nolist.txt"], "nolist.txt"),
        (["scan", "empty"], "nothing to scan"),
        (["scan", ".", "--format", "pdf"], "pdf"),
        (["scan", ".", "--output", "no/such/dir/r.json"], "no/such/dir"),
        (["scan", ".", "-o", "json=a", "-o", "html=a"], "two outputs"),
        (["scan", ".", "--timeout", "0"], "timeout"),
        (["scan", ".", "--max-time", "soon"], "max_time"),
        (["scan", ".", "--exclude", "("], "exclude"),
        (["scan", ".", "--config", "none.toml"], "none.toml"),
        (["scan", ".", "--fail-on", "ded"], "fail_on"),
        (["scan", ".", "--header", "nocolon"], "header"),
        (["scan", ".", "--wayback-url", "gopher://x"], "wayback.url"),
        (["scan", ".", "--concurrency", "many"], "--concurrency"),
        (["scan", ".", "--allow-host", "http://127.0.0.1/"], "allow_host"),
        (["scan", ".", "--user-agent", "a\r\nX: b"], "user_agent"),
        (["demo", "--keep", "/proc/self/none/x"], "/proc/self/none/x"),
        (["scan", ".", "--frobnicate"], "--frobnicate"),
        (["fix", "nowhere"], "nowhere"),
        (["fix", ".", "--style", "loud"], "loud"),
        (["fix", ".", "--only", "archve"], "archve"),
        (["links", "nowhere"], "nowhere"),
        (["report", "norun"], "norun"),
        (["undo", "norun"], "norun"),
        (["frobnicate"], "frobnicate"),
        (["clean", "--rules", "none.json", "http://a.example/"], "none.json"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_2(run: Run, arguments: list[str], said: str) -> None:
    Path("empty").mkdir()
    Path("post.md").write_text("text")
    done = run(*arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_allow_empty_makes_nothing_to_scan_no_error(run: Run) -> None:
    Path("empty").mkdir()
    assert run("scan", "empty", "--allow-empty").returncode == 0


def test_bad_files_are_rows_and_the_rest_is_done(run: Run) -> None:
    Path("posts").mkdir()
    Path("posts/good.md").write_text("[a](#)")
    Path("posts/binary.md").write_bytes(bytes(range(256)) * 20)
    Path("posts/gone.md").symlink_to("/nowhere/at/all.md")
    done = run("scan", "posts")
    assert done.returncode == 0, done.stderr
    assert "binary.md" in done.stdout
    assert "gone.md" in done.stdout
    assert "placeholder" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_full_disk_under_stdout_is_one_line(run: Run) -> None:
    Path("post.md").write_text("[a](#)")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "linkkeeper", "links", "post.md"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 3
    assert "No space left" in done.stderr
    assert "internal error" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_report_never_overwrites_a_document(run: Run) -> None:
    Path("post.md").write_text("[a](#)")
    done = run("scan", "post.md", "-o", "post.md")
    assert done.returncode == 2
    assert "post.md" in done.stderr
    assert Path("post.md").read_text() == "[a](#)"


def test_what_could_not_be_read_at_all_is_not_a_success(run: Run) -> None:
    Path("a.md").write_bytes(bytes(range(256)) * 20)
    done = run("scan", "a.md")
    assert done.returncode == 3
    assert "Nothing needs attention" not in done.stdout
    assert "a.md" in done.stdout


def test_show_config_keeps_secrets(run: Run) -> None:
    Path("linkkeeper.toml").write_text('[host."a.example"]\nheaders = {Authorization = "Basic c2VjcmV0"}\n')
    done = run(
        "scan", "--show-config", "--header", "Authorization: Bearer s3cret", "--proxy", "http://me:pw@127.0.0.1:1"
    )
    assert done.returncode == 0
    assert not [secret for secret in ("s3cret", "c2VjcmV0", "pw@") if secret in done.stdout]


def test_the_state_of_the_project_serves_its_folders(run: Run) -> None:
    Path("posts").mkdir()
    Path(".git").mkdir()
    Path("posts/a.md").write_text("[a](#)")
    run("scan", "posts")
    done = run("report", cwd="posts")
    assert done.returncode == 0, done.stderr
    assert not Path("posts/.linkkeeper").exists()


def test_a_proxy_that_does_not_answer_is_named_with_its_setting(run: Run) -> None:
    Path("a.md").write_text("<http://127.0.0.1:9/>\n")
    done = run("scan", "a.md", "--no-rescue", "--allow-private", "--proxy", "http://127.0.0.1:1")
    assert done.returncode == 3
    assert "the proxy did not pass it on" in " ".join(done.stdout.split())
    assert "--proxy" in done.stdout
