"""`linkkeeper init`: what it finds, what it writes, and what it leaves alone."""

import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from linkkeeper.config.load import load
from linkkeeper.pipeline import setup

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.parametrize(
    ("files", "generator", "paths"),
    [
        (["_config.yml", "_posts/a.md"], "Jekyll", (".",)),
        (["_config.yml", "source/_posts/a.md"], "Hexo", ("source",)),
        (["hugo.toml", "content/a.md"], "Hugo", ("content",)),
        (["config.yaml", "content/a.md"], "Hugo", ("content",)),
        (["config.toml", "content/a.md", "templates/x"], "Zola", ("content",)),
        (["eleventy.config.mjs", "src/a.md"], "Eleventy", ("src",)),
        (["mkdocs.yml", "docs/a.md"], "MkDocs", ("docs",)),
        (["docs/conf.py", "docs/a.rst"], "Sphinx", ("docs",)),
        (["docusaurus.config.ts", "docs/a.md", "blog/b.md"], "Docusaurus", ("docs", "blog")),
        (["pelicanconf.py", "content/a.md"], "Pelican", ("content",)),
        (["book.toml", "src/a.md"], "mdBook", ("src",)),
        (["posts/a.md"], "", ("posts",)),
        (["a.md"], "", (".",)),
    ],
)
def test_the_generator_is_found(tmp_path: Path, files: list[str], generator: str, paths: tuple[str, ...]) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    found = setup.look(tmp_path)
    assert (found.generator, found.paths) == (generator, paths)


@pytest.mark.parametrize("text", ["docs_dir: pages\nx: !ENV [A]\n", "x: !!python/name:os.system\ndocs_dir: pages\n"])
def test_the_folder_of_mkdocs_is_read_without_running_anything(tmp_path: Path, text: str) -> None:
    (tmp_path / "mkdocs.yml").write_text(text)
    (tmp_path / "pages").mkdir()
    assert setup.look(tmp_path).paths == ("pages",)


@pytest.mark.parametrize(
    "text", ["docs_dir: ../..\n", "docs_dir: /etc\n", "docs_dir: [\n", "[" * 5000, "docs_dir: 3\n"]
)
def test_hostile_settings_of_a_generator_are_not_followed(tmp_path: Path, text: str) -> None:
    (tmp_path / "mkdocs.yml").write_text(text)
    assert setup.look(tmp_path).paths == (".",)


@pytest.mark.parametrize(
    ("sign", "place"),
    [
        (".github/x", ".github/workflows/links.yml"),
        (".gitlab-ci.yml", ".gitlab/linkkeeper.yml"),
        (".gitlab/x", ".gitlab-ci.yml"),
        (".forgejo/x", ".forgejo/workflows/links.yml"),
        (".gitea/x", ".gitea/workflows/links.yml"),
        ("x", ".github/workflows/links.yml"),
    ],
)
def test_the_workflow_fits_the_forge(tmp_path: Path, sign: str, place: str) -> None:
    (tmp_path / sign).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / sign).write_text("")
    (tmp_path / "links-baseline.toml").write_text("")
    workflow = setup.proposals(tmp_path, setup.look(tmp_path))[1]
    assert workflow.path == place
    assert isinstance(yaml.safe_load(workflow.text), dict)
    assert "baseline: links-baseline.toml" in workflow.text or "--baseline links-baseline.toml" in workflow.text
    assert "{{ github" in workflow.text or ".forgejo" not in place
    assert "{version}" not in workflow.text


def test_where_git_pushes_to_names_the_forge(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text('[remote "origin"]\n\turl = git@codeberg.org:me/blog.git\n')
    assert setup.look(tmp_path).forge == "forgejo"


def test_the_settings_are_valid_as_they_are_and_with_every_comment_taken_away(tmp_path: Path) -> None:
    text = setup.proposals(tmp_path, setup.look(tmp_path))[0].text
    lines = [line.removeprefix("# ") if " = " in line or line.startswith("# [") else line for line in text.splitlines()]
    everything = "\n".join(lines)
    assert len(tomllib.loads(everything)) == 8
    for name, content in (("a.toml", text), ("b.toml", everything)):
        (tmp_path / name).write_text(content)
        assert load({}, str(tmp_path / name)).settings.paths == ["."]


def test_yes_writes_all_and_a_second_time_nothing(run: Run) -> None:
    Path("posts").mkdir()
    Path("posts/a.md").write_text("[a](#)\n")
    done = run("init", "--yes")
    assert done.returncode == 0, done.stderr
    for name in ("linkkeeper.toml", ".github/workflows/links.yml", ".pre-commit-config.yaml"):
        assert Path(name).read_text() in done.stdout, "it was shown"
    assert 'paths = ["posts"]' in Path("linkkeeper.toml").read_text()
    assert run("scan", "--no-rescue").returncode == 0
    again = run("init", "--yes")
    assert again.returncode == 0
    assert again.stdout.count("holds just this") == 3


def test_what_is_there_stays_unless_it_is_said(run: Run) -> None:
    Path("linkkeeper.toml").write_text("retries = 2\n")
    Path(".pre-commit-config.yaml").write_text("repos: []\n")
    done = run("init", "--yes")
    assert "linkkeeper.toml was left alone" in done.stdout
    assert Path("linkkeeper.toml").read_text() == "retries = 2\n"
    done = run("init", "--yes", "--force")
    assert "wrote over linkkeeper.toml" in done.stdout
    assert Path(".pre-commit-config.yaml").read_text() == "repos: []\n", "it cannot be extended safely"


def test_without_a_terminal_it_shows_and_writes_nothing(run: Run) -> None:
    done = run("init", stdin="y\ny\ny\n")
    assert done.returncode == 2
    assert "paths = " in done.stdout
    assert "--yes" in done.stderr
    assert list(Path().iterdir()) == []
    assert run("init", "--force").returncode == 2


def test_links_are_not_followed(run: Run, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    Path(".github").symlink_to(outside)
    done = run("init", "--yes")
    assert done.returncode == 2
    assert "symbolic link" in done.stderr
    assert list(outside.iterdir()) == []


def test_asked_on_a_terminal_each_file_is_written_after_a_yes(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    import os
    import sys

    main, side = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "linkkeeper", "init"], stdin=side, stderr=side, stdout=subprocess.DEVNULL, cwd=tmp_path
    )
    os.close(side)
    os.write(main, b"y\nn\ny\n")
    assert process.wait(30) == 0
    os.close(main)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".pre-commit-config.yaml", "linkkeeper.toml"]


def test_github_gets_the_action_with_inputs_that_it_has(tmp_path: Path) -> None:
    workflow = yaml.safe_load(setup.proposals(tmp_path, setup.look(tmp_path))[1].text.replace("# baseline", "baseline"))
    [job] = workflow["jobs"].values()
    [use] = [step for step in job["steps"] if step["uses"].startswith("linkkeeper/")]
    action = yaml.safe_load((Path(__file__).parents[2] / "action.yml").read_text())
    assert use["with"].keys() <= action["inputs"].keys()
    assert use["with"]["baseline"] == "links-baseline.toml"
