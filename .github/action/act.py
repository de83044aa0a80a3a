"""The steps of action.yml. Started as `python -I act.py STEP`, so that nothing in the scanned tree is imported.

Inputs come as environment variables, never as text of a shell command. On a pull request the tree is somebody else's:
settings and baseline come from the base commit, state lies outside the tree, and no line of ours that holds outside
text can be taken for a workflow command.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

MARK = "<!-- linkkeeper: this text is kept up to date by the link check -->"
TITLE = "Broken links"
BRANCH = "linkkeeper/fix"
BODY_CHARS = 60_000
"""GitHub refuses a body above 65,536 characters."""
_GIT = ("git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "--literal-pathspecs")
_COMMAND = re.compile(r"^(\s*):(?=:)|##(?=\[)")


class StepError(Exception):
    """The step cannot do its work; the message says why."""


def main(arguments: Sequence[str]) -> int:
    """Run one step. Return its exit code: 0, or 2 where it could not do its work."""
    steps: dict[str, Callable[[], None]] = {"scan": scan, "tell": tell, "propose": propose, "verdict": verdict}
    try:
        steps[arguments[0]]()
    except StepError as error:
        say(f"linkkeeper: {error}")
        return 2
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else 1
    return 0


def scan() -> None:
    """Check the links; leave reports in the work folder and the exit code in the step's outputs."""
    work = work_folder()
    command = [sys.executable, "-I", "-m", "linkkeeper", "scan", "--format", "github", "--state", str(state_folder())]
    command += ["--output", f"html={work / 'links.html'}", "--output", f"json={work / 'links.json'}"]
    if fail_on := given("FAIL_ON"):
        command += ["--fail-on", fail_on]
    base = base_commit()
    command += trusted_settings(base, work) if base else own_settings()
    if base and flag("CHANGED_ONLY"):
        command += ["--since", base, "--allow-empty"]
    command += ["--", *paths()] if paths() else []
    done = run(command)
    sys.stdout.write(done.stdout)  # annotations: escaped by the report
    sys.stdout.flush()
    for line in done.stderr.splitlines():
        say(line)
    report = work / "links.html"
    put_outputs({"exit-code": str(done.returncode), "report": str(report) if report.is_file() else ""})
    if done.returncode == 2:
        raise SystemExit(2)


def own_settings() -> list[str]:
    """Return the flags for a baseline of our own tree."""
    name = given("BASELINE")
    if name and not Path(name).is_file():
        raise StepError(f"there is no baseline {name}: `linkkeeper scan --write-baseline {name}` makes one")
    return ["--baseline", name] if name else []


def trusted_settings(base: str, work: Path) -> list[str]:
    """Return the flags for settings and baseline as the base commit has them: a pull request may not change them."""
    config = work / "linkkeeper.toml"
    config.write_bytes(settings_at(base))
    flags = ["--config", str(config)]
    if name := given("BASELINE"):
        data = file_at(base, name)
        if data is None:
            say(f"the base has no baseline {name}: none is used")
        else:
            kept = work / "baseline.toml"
            kept.write_bytes(data)
            flags += ["--baseline", str(kept)]
    return flags


def settings_at(commit: str) -> bytes:
    """Return the settings file of a commit; without one, an empty file: the tree's own does not count then either."""
    if (data := file_at(commit, "linkkeeper.toml")) is not None:
        return data
    data = file_at(commit, "pyproject.toml")
    return data if data is not None and re.search(rb"^\s*\[tool\.linkkeeper", data, re.MULTILINE) else b""


def file_at(commit: str, name: str) -> bytes | None:
    """Return a file as a commit has it; None: it has none."""
    plain = os.path.normpath(name).replace(os.sep, "/")
    command = [*_GIT, "cat-file", "blob", f"{commit}:./{plain}"]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - a fixed program, its arguments in a list
    return done.stdout if done.returncode == 0 else None


def base_commit() -> str:
    """Return the base of the pull request that this run is for, fetched if need be; empty: it is for none."""
    pull = event().get("pull_request")
    if not isinstance(pull, dict):
        return ""
    sha = str(pull.get("base", {}).get("sha", ""))
    if not re.fullmatch(r"[0-9a-f]{40,64}", sha):
        raise StepError("the event names no base commit")
    if run([*_GIT, "cat-file", "-e", f"{sha}^{{commit}}"]).returncode:
        run([*_GIT, "fetch", "--quiet", "--no-tags", "--depth=1", "--no-recurse-submodules", "origin", sha])
        if run([*_GIT, "cat-file", "-e", f"{sha}^{{commit}}"]).returncode:
            raise StepError("the base commit is not here; give actions/checkout fetch-depth: 0")
    return sha


def tell() -> None:
    """Keep one comment (pull request) or one issue (else) up to date. Without permission: say so and go on."""
    report = work_folder() / "links.json"
    if not report.is_file():
        return
    body, attention = body_of(report)
    number = event().get("number") if isinstance(event().get("pull_request"), dict) else None
    try:
        if isinstance(number, int):
            tell_pull(number, body, attention)
        else:
            tell_issue(body, attention)
    except StepError as error:
        say(f"linkkeeper: could not report to the repository: {error}")


def body_of(report: Path) -> tuple[str, bool]:
    """Return the report as Markdown that fits, and whether anything needs attention."""
    import msgspec

    from linkkeeper.models.run import Run
    from linkkeeper.report import markdown

    found = msgspec.json.decode(report.read_bytes(), type=Run)
    verdicts = found.summary.verdicts
    return f"{MARK}\n{markdown.render(found, BODY_CHARS)}", bool(verdicts.get("dead", 0) + verdicts.get("invalid", 0))


def tell_pull(number: int, body: str, attention: bool) -> None:
    """Write or renew the comment; none is made where there is nothing to say."""
    comments = api(f"repos/{repository()}/issues/{number}/comments?per_page=100")
    if mine := marked(comments):
        api(f"repos/{repository()}/issues/comments/{mine['id']}", "PATCH", {"body": body})
    elif attention:
        api(f"repos/{repository()}/issues/{number}/comments", "POST", {"body": body})


def tell_issue(body: str, attention: bool) -> None:
    """Open, renew or close the one issue."""
    issues = api(f"repos/{repository()}/issues?state=open&per_page=100")
    mine = marked([one for one in issues if isinstance(one, dict) and "pull_request" not in one])
    if mine:
        state = {} if attention else {"state": "closed"}
        api(f"repos/{repository()}/issues/{mine['number']}", "PATCH", {"body": body} | state)
    elif attention:
        api(f"repos/{repository()}/issues", "POST", {"title": TITLE, "body": body})


def marked(items: Any) -> dict[str, Any] | None:
    """Return the first item that a bot wrote with our mark: anybody could copy the mark."""
    for one in items if isinstance(items, list) else []:
        if isinstance(one, dict) and str(one.get("body") or "").startswith(MARK) and one["user"]["type"] == "Bot":
            return one
    return None


def api(path: str, method: str = "GET", fields: dict[str, str] | None = None) -> Any:
    """Ask the platform by its own command line. Raises StepError."""
    more = ["--input", "-"] if fields else ["--paginate", "--slurp"] if method == "GET" else []
    try:
        done = run(["gh", "api", "--method", method, path, *more], json.dumps(fields) if fields else "")
    except FileNotFoundError as error:
        raise StepError("the command gh is not here") from error
    if done.returncode:
        raise StepError((done.stderr.strip().splitlines() or ["gh failed"])[0])
    answer = json.loads(done.stdout or "null")
    return [item for page in answer for item in page] if "--slurp" in more else answer


def propose() -> None:
    """Run `linkkeeper fix` and open, or renew, a pull request with what it changed."""
    if "pull_request" in event() or os.environ.get("GITHUB_EVENT_NAME", "").startswith("pull_request"):
        raise StepError("fix makes pull requests of its own and does not run on one")
    listed = ["--", *paths()] if paths() else []
    done = run([sys.executable, "-I", "-m", "linkkeeper", "fix", "--state", str(state_folder()), *listed])
    for line in (done.stdout + done.stderr).splitlines():
        say(line)
    if done.returncode == 2:
        raise SystemExit(2)
    if not git("diff", "--name-only"):
        say("linkkeeper: nothing to repair")
        return
    base = os.environ.get("GITHUB_REF_NAME", "") or git("rev-parse", "--abbrev-ref", "HEAD")
    who = (
        "-c",
        "user.name=github-actions[bot]",
        "-c",
        "user.email=41898282+github-actions[bot]@users.noreply.github.com",
    )
    git("checkout", "--quiet", "-B", BRANCH)
    git(*who, "commit", "--quiet", "--all", "--no-verify", "--message", "Repair links")
    helper = ("-c", "credential.helper=", "-c", "credential.helper=!gh auth git-credential")
    git(*helper, "push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{BRANCH}")
    owner = repository().partition("/")[0]
    if not api(f"repos/{repository()}/pulls?state=open&head={owner}:{BRANCH}"):
        text = "Dead links lead to their archived copy, tracking parameters are gone. Nothing else was changed."
        fields = {"title": "Repair links", "head": BRANCH, "base": base, "body": f"{MARK}\n{text}"}
        api(f"repos/{repository()}/pulls", "POST", fields)


def verdict() -> None:
    """End with the scan's exit code, once everything was reported."""
    raise SystemExit(int(given("EXIT_CODE") or 3))


def git(*arguments: str) -> str:
    """Run git in the tree; return what it printed. Raises StepError."""
    done = run([*_GIT, *arguments])
    if done.returncode:
        raise StepError((done.stderr.strip().splitlines() or ["git failed"])[-1])
    return done.stdout.strip()


def run(command: Sequence[str], stdin: str = "") -> "subprocess.CompletedProcess[str]":
    """Run a command without a shell."""
    return subprocess.run(  # noqa: S603 - a fixed program, its arguments in a list
        command, input=stdin, capture_output=True, encoding="utf-8", errors="backslashreplace", check=False
    )


def say(line: str) -> None:
    """Write a line to the log that no runner takes for a command."""
    shown = "".join(char if char.isprintable() else "?" for char in line)
    sys.stderr.write(
        _COMMAND.sub(lambda found: (found[1] or "") + "\\x3a" if found[1] is not None else "#\\x23", shown) + "\n"
    )
    sys.stderr.flush()


def put_outputs(values: dict[str, str]) -> None:
    """Add outputs of the step; none of them holds outside text."""
    name = os.environ.get("GITHUB_OUTPUT", "")
    if name:
        with Path(name).open("a", encoding="utf-8") as file:
            file.write("".join(f"{key}={value}\n" for key, value in values.items()))


def event() -> dict[str, Any]:
    """Return the event that started this, as the platform wrote it down; empty where there is none."""
    name = os.environ.get("GITHUB_EVENT_PATH", "")
    if not name or not Path(name).is_file():
        return {}
    found = json.loads(Path(name).read_text("utf-8"))
    return found if isinstance(found, dict) else {}


def repository() -> str:
    """Return owner/name. Raises StepError."""
    name = os.environ.get("GITHUB_REPOSITORY", "")
    if not re.fullmatch(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", name):
        raise StepError("GITHUB_REPOSITORY names no repository")
    return name


def paths() -> list[str]:
    """Return the paths of the input, one a line."""
    return [line.strip() for line in given("PATHS").splitlines() if line.strip()]


def given(name: str) -> str:
    """Return an input of the action."""
    return os.environ.get(f"LINK_{name}", "").strip()


def flag(name: str) -> bool:
    """Return whether an input is true."""
    return given(name).lower() == "true"


def work_folder() -> Path:
    """Return the folder for reports: outside the tree."""
    folder = Path(os.environ.get("RUNNER_TEMP") or "/tmp") / "linkkeeper-report"  # noqa: S108  # the runner's own
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def state_folder() -> Path:
    """Return the folder for what is remembered between runs: outside the tree, which may bring one of its own."""
    return Path(os.environ.get("RUNNER_TEMP") or "/tmp") / "linkkeeper-state"  # noqa: S108  # the runner's own


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
