"""docs/archiving.md: its commands are commands, its page plays the WACZ on a plain host, its settings exist."""

import functools
import http.server
import os
import re
import shlex
import shutil
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from linkkeeper.cli.app import app
from linkkeeper.config.settings import fields
from linkkeeper.demo.story import Stage

Run = Callable[..., "subprocess.CompletedProcess[str]"]
DOC = (Path(__file__).parents[2] / "docs" / "archiving.md").read_text("utf-8")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
REPLAYWEBPAGE = os.environ.get("REPLAYWEBPAGE", "")
"""The folder of npm's package `replaywebpage`: `ui.js` and `sw.js` lie there."""


def _commands() -> list[str]:
    found = [line.partition("  #")[0].strip() for line in re.findall(r"linkkeeper [a-z][^\n|`]*", DOC)]
    return [re.split(r" (?:>>?|\|\||&&|looks|shows|asks|sees) ?", line)[0] for line in found if len(line.split()) > 1]


@pytest.mark.parametrize("line", sorted({line for line in _commands() if "…" not in line}))
def test_every_command_in_the_page_is_one(line: str) -> None:
    words = shlex.split(line)[1:]
    command: Any = get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    command.make_parser(command.context_class(command)).parse_args([re.sub(r">\S*$", "", word) for word in words])


def test_every_setting_in_the_page_exists() -> None:
    named = set(re.findall(r"`((?:archive|wayback)\.[a-z_]+)", DOC))
    assert len(named) > 8
    assert named - {item.path for item in fields()} == set()


def test_the_workflow_is_yaml_and_names_its_secrets() -> None:
    workflow = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", DOC, re.DOTALL)[0])
    (save,) = [step for step in workflow["jobs"]["archive"]["steps"] if "archive save" in step.get("run", "")]
    assert set(save["env"]) == {"IA_ACCESS_KEY_ID", "IA_SECRET_ACCESS_KEY"}


class _Host(http.server.SimpleHTTPRequestHandler):
    """A plain web host: files, with Range."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        path = Path(self.translate_path(self.path))
        if wanted is None or not path.is_file():
            super().do_GET()
            return
        data = path.read_bytes()
        start = int(wanted[1]) if wanted[1] else max(0, len(data) - int(wanted[2]))
        end = min(int(wanted[2]), len(data) - 1) if wanted[1] and wanted[2] else len(data) - 1
        self.send_response(206)
        self.send_header("Content-Type", "application/wacz")
        self.send_header("Content-Length", str(end + 1 - start))
        self.send_header("Content-Range", f"bytes {start}-{end}/{len(data)}")
        self.end_headers()
        self.wfile.write(data[start : end + 1])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def host(run: Run, serve_http: Callable[[Any], str]) -> str:
    """Serve the folder `public` of the test's own folder; return the base URL."""
    del run
    Path("public/archive/replay").mkdir(parents=True)
    return serve_http(functools.partial(_Host, directory=str(Path("public").resolve())))


@pytest.mark.browser
def test_the_static_page_plays_what_fix_writes_into_posts(
    run: Run, trusted: list[str], stage: Stage, host: str
) -> None:
    if not (CHROMIUM and REPLAYWEBPAGE):
        lacking = "Chromium" if REPLAYWEBPAGE else "REPLAYWEBPAGE (the folder of npm's package replaywebpage)"
        warnings.warn(f"no {lacking}: the page of the docs was NOT looked at", pytest.PytestWarning, stacklevel=1)
        pytest.skip(f"no {lacking}")
    from playwright.sync_api import sync_playwright

    url = stage.web.url("gone", "/kept?b=2&a=%C3%A9")
    fast = {"LINKKEEPER_WAYBACK_RATE": "6000", "LINKKEEPER_WAYBACK_PAUSE": "1"}
    Path("post.md").write_text(f"[a]({url}#part)\n")
    stage.web.revived.add("/kept")
    assert run("archive", "save", "post.md", "--to", "local", *trusted, **fast).returncode == 0
    stage.web.revived.discard("/kept")
    fixed = run("fix", "post.md", "--no-cache", "--local-base", "/archive/?/", *trusted, **fast)
    assert fixed.returncode == 0, fixed.stderr
    written = Path("post.md").read_text().strip()[4:-1]
    assert written.startswith("/archive/?/2")
    assert run("scan", "post.md", "--local-base", "/archive/?/", *trusted, **fast).returncode == 0
    assert run("archive", "export", "--wacz", "public/archive/blog.wacz").returncode == 0
    page = re.findall(r"```html\n(.*?)```", DOC, re.DOTALL)[0]
    Path("public/archive/index.html").write_text(page)
    shutil.copy(Path(REPLAYWEBPAGE) / "ui.js", "public/archive/ui.js")
    shutil.copy(Path(REPLAYWEBPAGE) / "sw.js", "public/archive/replay/sw.js")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page()
        tab.goto(host + written)
        tab.wait_for_function(_SHOWS, arg="The river was high that spring", timeout=60_000)
        browser.close()


_SHOWS = """words => {
  const texts = [];
  const look = root => {
    texts.push(root.body ? root.body.innerText : '');
    for (const one of root.querySelectorAll('*')) {
      if (one.shadowRoot) look(one.shadowRoot);
      if (one.tagName === 'IFRAME' && one.contentDocument) look(one.contentDocument);
    }
  };
  look(document);
  return texts.some(text => text.includes(words));
}"""
