"""The steps of action.yml without the platform: real git, a stand-in for `gh`, pull requests from strangers."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from linkkeeper.demo.story import Stage

ROOT = Path(__file__).parents[2]
ACT = ROOT / ".github" / "action" / "act.py"
Act = Callable[..., "subprocess.CompletedProcess[str]"]


def git(*arguments: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *who, *arguments], check=True, capture_output=True, encoding="utf-8").stdout.strip()


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage().open() as servers:
        yield servers


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: Stage) -> Path:
    """A repository with one post that holds an old dead link, committed as the base."""
    tree = tmp_path / "tree"
    tree.mkdir()
    monkeypatch.chdir(tree)
    git("init", "-q", "-b", "main")
    Path("post.md").write_text(f"[old]({stage.web.url('gone', '/old')})\n")
    git("add", ".")
    git("commit", "-q", "-m", "base")
    return tree


@pytest.fixture
def act(tmp_path: Path, stage: Stage) -> Act:
    """Return a function that runs a step as a runner would, with inputs as keywords."""
    for name in ("runner", "bin"):
        (tmp_path / name).mkdir(exist_ok=True)
    gh = tmp_path / "bin" / "gh"
    gh.write_text(
        f"#!{sys.executable}\nimport json, os, sys\nfrom pathlib import Path\n"
        "arguments = sys.argv[1:]\nmethod, path = arguments[2], arguments[3]\n"
        "fields = json.loads(sys.stdin.read()) if '--input' in arguments else None\n"
        "with Path(os.environ['GH_LOG']).open('a') as log: log.write(json.dumps([method, path, fields]) + '\\n')\n"
        "if os.environ.get('GH_REFUSES'): sys.exit('gh: Resource not accessible by integration (HTTP 403)')\n"
        "print(json.dumps([json.loads(os.environ.get('GH_ANSWER', '[]'))]) if method == 'GET' else '{}')\n"
    )
    gh.chmod(0o755)

    def run(step: str, event: dict[str, Any] | None = None, **more: str) -> "subprocess.CompletedProcess[str]":
        (tmp_path / "event.json").write_text(json.dumps(event or {}))
        hosts = ",".join(stage.web.hosts)
        variables = {
            "CI": "true",
            "RUNNER_TEMP": str(tmp_path / "runner"),
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "GITHUB_OUTPUT": str(tmp_path / "outputs"),
            "GITHUB_REPOSITORY": "me/blog",
            "GH_LOG": str(tmp_path / "gh.log"),
            "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "LINKKEEPER_ALLOW_HOST": hosts,
            "LINKKEEPER_WAYBACK_URL": stage.archive_url,
            "LINKKEEPER_WAYBACK_RATE": "60000",
            "LINKKEEPER_TIMEOUT": "5",
            "LINK_CHANGED_ONLY": "true",
        }
        return subprocess.run(
            [sys.executable, "-I", str(ACT), step], capture_output=True, encoding="utf-8", timeout=60, check=False,
            env=os.environ | variables | more,
        )  # fmt: skip

    return run


def outputs(tmp_path: Path) -> dict[str, str]:
    lines = (tmp_path / "outputs").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def asked(tmp_path: Path) -> list[Any]:
    log = tmp_path / "gh.log"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def pull() -> dict[str, Any]:
    return {"number": 7, "pull_request": {"base": {"sha": git("rev-parse", "HEAD")}}}


def add(text: str, name: str = "post.md") -> None:
    with Path(name).open("a") as file:
        file.write(text)
    git("add", ".")
    git("commit", "-q", "-m", "change")


def test_a_pull_request_with_one_broken_link_gets_one_annotation(
    tree: Path, act: Act, stage: Stage, tmp_path: Path
) -> None:
    event = pull()
    add(f"[new]({stage.web.url('gone', '/2016/second')}) [fine]({stage.web.url('living', '/a')})\n")
    done = act("scan", event)
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()
    assert line.startswith("::error file=post.md,line=2,")
    assert outputs(tmp_path)["exit-code"] == "1"
    assert Path(outputs(tmp_path)["report"]).read_text().startswith("<!doctype html>")
    assert act("verdict", LINK_EXIT_CODE="1").returncode == 1
    assert git("status", "--porcelain") == "", "the tree is as it was"


def test_on_a_push_everything_counts(tree: Path, act: Act, tmp_path: Path) -> None:
    done = act("scan", {"ref": "refs/heads/main"})
    assert done.stdout.count("::error ") == 1
    assert outputs(tmp_path)["exit-code"] == "1"


def test_a_stranger_s_tree_loosens_nothing_and_runs_nothing(tree: Path, act: Act, stage: Stage, tmp_path: Path) -> None:
    event = pull()
    trap = f"open({str(tmp_path / 'sprung')!r}, 'w')\n"
    for name in ("linkkeeper/__init__.py", "typer.py", "json.py", "sitecustomize.py"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(trap)
    Path("linkkeeper.toml").write_text('exclude = [".*"]\nfail_on = ["invalid"]\npaths = ["linkkeeper"]\nstate = "s"\n')
    url = stage.web.url("gone", "/2016/second")
    entry = f'file = "post.md"\nurl = "{url}"\nverdict = "dead"\nexpires = 2999-01-01\n'
    Path("accepted.toml").write_text(f'schema = "linkkeeper/baseline/1"\n[[accept]]\n{entry}')
    add(f"[new]({url})\n")
    done = act("scan", event, LINK_BASELINE="accepted.toml")
    assert outputs(tmp_path)["exit-code"] == "1", done.stderr
    assert "the base has no baseline accepted.toml" in done.stderr
    assert not (tmp_path / "sprung").exists()


def test_settings_and_baseline_of_the_base_hold(tree: Path, act: Act, stage: Stage, tmp_path: Path) -> None:
    url = stage.web.url("gone", "/2016/second")
    entry = f'file = "post.md"\nurl = "{url}"\nverdict = "dead"\nexpires = 2999-01-01\n'
    Path("accepted.toml").write_text(f'schema = "linkkeeper/baseline/1"\n[[accept]]\n{entry}')
    Path("linkkeeper.toml").write_text('exclude = ["/excluded"]\n')
    add("\n")
    event = pull()
    add(f"[new]({url}) [b]({stage.web.url('gone', '/excluded')})\n")
    done = act("scan", event, LINK_BASELINE="accepted.toml")
    assert (outputs(tmp_path)["exit-code"], done.stdout) == ("0", ""), done.stderr


def test_no_name_and_no_link_becomes_a_command_of_the_runner(tree: Path, act: Act, stage: Stage) -> None:
    event = pull()
    url = stage.web.url("gone", "/2016/second")
    for name in ("a\n::error::pwned.md", "b\r\n ##[error]x.md", "::set-output name=x::y.md", "c%0A::debug::z.md"):
        Path(name).write_text(f"[a]({url}?%0A::error::x) [\n::error::]({url})\n")
    Path("x\n::error::pwned.md").symlink_to("/nowhere\n::error::")
    add("\n")
    done = act("scan", event)
    assert done.stdout.count("::error ") >= 4
    for line in (done.stdout + done.stderr).splitlines():
        assert not re.match(r"\s*::(?!(error|warning) (file=|title=linkkeeper))", line), line
        assert "##[" not in line


def test_a_base_that_is_not_here_is_said_and_is_exit_2(tree: Path, act: Act) -> None:
    done = act("scan", {"number": 7, "pull_request": {"base": {"sha": "0" * 40}}})
    assert (done.returncode, "fetch-depth: 0" in done.stderr) == (2, True)
    done = act("scan", {"number": 7, "pull_request": {"base": {"sha": "--upload-pack=x"}}})
    assert done.returncode == 2


def test_inputs_cannot_become_flags(tree: Path, act: Act, tmp_path: Path) -> None:
    done = act("scan", {}, LINK_PATHS="--output=json=stolen.json\npost.md")
    assert done.returncode == 2
    assert not Path("stolen.json").exists()


def test_one_comment_is_made_and_renewed(tree: Path, act: Act, stage: Stage, tmp_path: Path) -> None:
    event = pull()
    add(f"[new]({stage.web.url('gone', '/2016/second')})\n")
    act("scan", event)
    assert act("tell", event).returncode == 0
    [_, (method, path, fields)] = asked(tmp_path)
    assert (method, path) == ("POST", "repos/me/blog/issues/7/comments")
    assert fields["body"].startswith("<!-- linkkeeper")
    theirs = {"id": 1, "body": fields["body"], "user": {"type": "User"}}
    mine = {"id": 2, "body": fields["body"], "user": {"type": "Bot"}}
    assert act("tell", event, GH_ANSWER=json.dumps([theirs, mine])).returncode == 0
    assert asked(tmp_path)[-1][:2] == ["PATCH", "repos/me/blog/issues/comments/2"]


def test_one_issue_is_opened_and_closed(tree: Path, act: Act, tmp_path: Path) -> None:
    act("scan")
    assert act("tell").returncode == 0
    method, path, fields = asked(tmp_path)[-1]
    assert (method, path, fields["title"]) == ("POST", "repos/me/blog/issues", "Broken links")
    Path("post.md").write_text("well\n")
    act("scan")
    mine = {"number": 3, "body": fields["body"], "user": {"type": "Bot"}}
    act("tell", GH_ANSWER=json.dumps([mine]))
    method, path, fields = asked(tmp_path)[-1]
    assert (method, path, fields["state"]) == ("PATCH", "repos/me/blog/issues/3", "closed")
    act("tell")
    assert asked(tmp_path)[-1][0] == "GET", "nothing to say, no issue"


def test_without_permission_the_check_goes_on(tree: Path, act: Act) -> None:
    act("scan")
    done = act("tell", GH_REFUSES="1")
    assert (done.returncode, "HTTP 403" in done.stderr) == (0, True)


def test_fix_opens_a_pull_request_once(tree: Path, act: Act, stage: Stage, tmp_path: Path) -> None:
    Path("2016-07-08-a.md").write_text(f"[x]({stage.web.url('gone', '/2016/second')})\n")
    add("\n")
    git("init", "-q", "--bare", str(tmp_path / "origin.git"))
    git("remote", "add", "origin", str(tmp_path / "origin.git"))
    hook = tree / ".git/hooks/pre-push"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    done = act("propose", GITHUB_REF_NAME="main", GITHUB_EVENT_NAME="schedule")
    assert done.returncode == 0, done.stderr
    assert "/web/" in git("--git-dir", str(tmp_path / "origin.git"), "show", "linkkeeper/fix:2016-07-08-a.md")
    method, path, fields = asked(tmp_path)[-1]
    assert (method, path, fields["base"], fields["head"]) == ("POST", "repos/me/blog/pulls", "main", "linkkeeper/fix")
    git("checkout", "-q", "main")
    assert act("propose", GITHUB_REF_NAME="main", GH_ANSWER='[{"number": 1}]').returncode == 0
    assert asked(tmp_path)[-1][0] == "GET", "the open one is renewed by the push"


def test_fix_never_runs_on_a_pull_request(tree: Path, act: Act, tmp_path: Path) -> None:
    done = act("propose", pull())
    assert (done.returncode, asked(tmp_path)) == (2, [])
    assert act("propose", GITHUB_EVENT_NAME="pull_request_target").returncode == 2


def test_no_expression_stands_in_a_shell_command_and_every_input_is_used() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    steps = action["runs"]["steps"]
    assert [step["name"] for step in steps if "${{" in step.get("run", "")] == []
    text = (ROOT / "action.yml").read_text().partition("runs:")[2]
    assert [name for name in action["inputs"] if f"inputs.{name}" not in text] == []
    given = {name for step in steps for name in step.get("env", {}) if name.startswith("LINK_")}
    read = set(re.findall(r'(?:given|flag)\("([A-Z_]+)"\)', ACT.read_text()))
    assert {f"LINK_{name}" for name in read} == given
    assert [step["name"] for step in steps if "run" in step and step.get("shell") != "bash"] == []


def test_our_own_workflow_and_hooks_name_what_exists() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/links.yml").read_text())
    [uses] = [step for step in workflow["jobs"]["content"]["steps"] if step["uses"] == "./"]
    assert set(uses["with"]) <= set(yaml.safe_load((ROOT / "action.yml").read_text())["inputs"])
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [hook["id"] for hook in hooks] == ["linkkeeper-scan", "linkkeeper-clean"]


@pytest.mark.parametrize("hook", [0, 1])
def test_a_hook_s_command_looks_at_lines_that_are_not_committed(
    tree: Path, stage: Stage, hook: int, tmp_path: Path
) -> None:
    entry = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())[hook]["entry"].split()
    with Path("post.md").open("a") as file:
        file.write(f"[tracked]({stage.web.url('living', '/a?utm_source=x')})\n")
    before = Path("post.md").read_text()
    hosts = [flag for host in stage.web.hosts for flag in ("--allow-host", host)]
    command = [sys.executable, "-m", *entry, *hosts, "--wayback-url", stage.archive_url, "post.md"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    expected = before.replace("?utm_source=x", "") if hook else before
    assert Path("post.md").read_text() == expected
