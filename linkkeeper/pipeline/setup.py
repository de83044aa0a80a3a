"""What `init` proposes: a look at the folder, and the files that fit it. Reads, writes nothing, runs nothing."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import yaml
from msgspec import Struct

from linkkeeper.models.about import VERSION

_LIMIT_BYTES = 1_000_000
CONFIG, PRE_COMMIT, BASELINE = "linkkeeper.toml", ".pre-commit-config.yaml", "links-baseline.toml"


class Project(Struct, frozen=True):
    """What a folder was found to be."""

    generator: str
    """Name of the site generator; empty: none that we know."""
    paths: tuple[str, ...]
    """Where its posts are."""
    forge: str
    """`github`, `gitlab`, `forgejo`; empty: none was seen."""
    baseline: str = ""
    """A baseline that lies here."""


class Proposal(Struct, frozen=True):
    """One file to write."""

    path: str
    text: str
    why: str
    note: str = ""
    """What is left to do by hand, or why it is not to be written."""
    writable: bool = True
    """False: shown only, because what is there cannot be extended safely."""


class _Generator(Struct, frozen=True):
    name: str
    found: Callable[[Path], bool]
    folders: tuple[str, ...]


def look(folder: Path) -> Project:
    """Return what lies in folder. Never raises for what files hold."""
    for one in _GENERATORS:
        if one.found(folder):
            own = _mkdocs_folder(folder) if one.name == "MkDocs" else None
            folders = own or tuple(name for name in one.folders if (folder / name).is_dir())
            return Project(one.name, folders or (".",), _forge(folder), _baseline(folder))
    folders = tuple(name for name in ("content", "posts", "_posts", "docs", "blog") if (folder / name).is_dir())
    return Project("", folders or (".",), _forge(folder), _baseline(folder))


def proposals(folder: Path, project: Project) -> list[Proposal]:
    """Return the files that fit, settings first."""
    return [_config(folder, project), _workflow(folder, project), _pre_commit(folder)]


def _any(*names: str) -> Callable[[Path], bool]:
    return lambda folder: any((folder / name).is_file() for name in names)


def _depends_on(name: str) -> Callable[[Path], bool]:
    def found(folder: Path) -> bool:
        try:
            package = json.loads(_text(folder / "package.json"))
        except (ValueError, RecursionError):
            return False
        groups = [package.get(key) for key in ("dependencies", "devDependencies")] if isinstance(package, dict) else []
        return any(isinstance(group, dict) and name in group for group in groups)

    return found


def _either(*tests: Callable[[Path], bool]) -> Callable[[Path], bool]:
    return lambda folder: any(test(folder) for test in tests)


def _both(*tests: Callable[[Path], bool]) -> Callable[[Path], bool]:
    return lambda folder: all(test(folder) for test in tests)


def _holds(name: str) -> Callable[[Path], bool]:
    return lambda folder: (folder / name).is_dir()


def _jekyll(folder: Path) -> bool:
    gems = re.search(r"\b(jekyll|github-pages)\b", _text(folder / "Gemfile"))
    config = _any("_config.yml", "_config.yaml", "_config.toml")(folder)
    return config and (bool(gems) or any((folder / name).is_dir() for name in ("_posts", "_layouts", "_drafts")))


_GENERATORS = (
    _Generator("Hexo", _either(_depends_on("hexo"), _both(_any("_config.yml"), _holds("source/_posts"))), ("source",)),
    _Generator("Jekyll", _jekyll, ()),
    _Generator("Zola", _both(_any("config.toml"), _holds("content"), _holds("templates")), ("content",)),
    _Generator(
        "Hugo",
        _either(
            _any("hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config/_default/hugo.toml"),
            _both(_any("config.toml", "config.yaml", "config.yml", "config.json"), _holds("content")),
        ),
        ("content",),
    ),
    _Generator(
        "Eleventy",
        _either(
            _any(".eleventy.js", "eleventy.config.js", "eleventy.config.mjs", "eleventy.config.cjs"),
            _depends_on("@11ty/eleventy"),
        ),
        ("src", "content"),
    ),
    _Generator("MkDocs", _any("mkdocs.yml", "mkdocs.yaml"), ("docs",)),
    _Generator("Docusaurus", _any("docusaurus.config.js", "docusaurus.config.ts"), ("docs", "blog")),
    _Generator("Astro", _any("astro.config.mjs", "astro.config.js", "astro.config.ts"), ("src/content", "src/pages")),
    _Generator("VitePress", _either(_holds(".vitepress"), _holds("docs/.vitepress")), ("docs",)),
    _Generator("Pelican", _any("pelicanconf.py"), ("content",)),
    _Generator("mdBook", _any("book.toml"), ("src",)),
    _Generator("Quarto", _any("_quarto.yml", "_quarto.yaml"), ()),
    _Generator("Gatsby", _any("gatsby-config.js", "gatsby-config.ts"), ("content", "src/pages")),
    _Generator("Sphinx", _any("docs/source/conf.py"), ("docs/source",)),
    _Generator("Sphinx", _any("docs/conf.py"), ("docs",)),
    _Generator("Sphinx", _any("doc/conf.py"), ("doc",)),
    _Generator("Sphinx", _any("source/conf.py"), ("source",)),
    _Generator("Sphinx", _both(_any("conf.py"), _any("index.rst", "index.md")), ()),
)
"""The first that is found counts."""


def _mkdocs_folder(folder: Path) -> tuple[str, ...] | None:
    """Return `docs_dir` of mkdocs.yml, if it names a folder below this one."""

    class Loader(yaml.SafeLoader):
        """MkDocs allows tags of its own (`!ENV`, `!!python/name:`); they mean nothing here."""

    Loader.add_multi_constructor("", lambda *_: None)
    text = _text(folder / "mkdocs.yml") or _text(folder / "mkdocs.yaml")
    try:
        parsed = yaml.load(text, Loader)  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    named = parsed.get("docs_dir") if isinstance(parsed, dict) else None
    if not isinstance(named, str) or named.startswith(("/", "-", "@")) or ".." in named or not named.isprintable():
        return None
    return (named,) if (folder / named).is_dir() else None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LIMIT_BYTES).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def _forge(folder: Path) -> str:
    """Return whose CI is at hand: by its files, else by where git pushes to."""
    for name, signs in (
        ("forgejo", (".forgejo", ".gitea")),
        ("gitlab", (".gitlab-ci.yml", ".gitlab")),
        ("github", (".github",)),
    ):
        if any((folder / sign).exists() for sign in signs):
            return name
    remotes = " ".join(re.findall(r"^\s*url\s*=\s*(.*)$", _text(folder / ".git" / "config"), re.MULTILINE))
    for host, name in (
        ("github.com", "github"),
        ("gitlab", "gitlab"),
        ("codeberg.org", "forgejo"),
        ("gitea", "forgejo"),
    ):
        if host in remotes:
            return name
    return ""


def _baseline(folder: Path) -> str:
    return next((name for name in (BASELINE,) if (folder / name).is_file()), "")


def _has_table(folder: Path) -> bool:
    return bool(re.search(r"^\s*\[tool\.linkkeeper", _text(folder / "pyproject.toml"), re.MULTILINE))


def _config(folder: Path, project: Project) -> Proposal:
    listed = ", ".join(json.dumps(path, ensure_ascii=False) for path in project.paths)
    text = _CONFIG.format(paths=listed, generator=project.generator or "no generator")
    if _has_table(folder):
        note = "pyproject.toml has a [tool.linkkeeper] table already: that one counts"
        return Proposal(CONFIG, text, "settings", note, writable=False)
    return Proposal(CONFIG, text, "settings")


def _workflow(folder: Path, project: Project) -> Proposal:
    flags = f" --baseline {project.baseline}" if project.baseline else ""
    if project.forge == "gitlab":
        text = _GITLAB.format(version=VERSION, flags=flags)
        if (folder / ".gitlab-ci.yml").exists():
            note = "add to .gitlab-ci.yml:  include: [{local: .gitlab/linkkeeper.yml}]"
            return Proposal(".gitlab/linkkeeper.yml", text, "CI job", note)
        return Proposal(".gitlab-ci.yml", text, "CI job")
    if project.forge == "forgejo":
        gitea = (folder / ".gitea").exists() and not (folder / ".forgejo").exists()
        place = f".{'gitea' if gitea else 'forgejo'}/workflows/links.yml"
        return Proposal(place, _FORGEJO.format(version=VERSION, flags=flags), "CI workflow")
    note = "" if project.forge else "no CI was seen here; this one is GitHub's"
    accepted = f"baseline: {project.baseline}" if project.baseline else f"# baseline: {BASELINE}"
    text = _GITHUB.format(version=VERSION, baseline=accepted)
    return Proposal(".github/workflows/links.yml", text, "CI workflow", note)


def _pre_commit(folder: Path) -> Proposal:
    text = _PRE_COMMIT.format(version=VERSION)
    there = _text(folder / PRE_COMMIT)
    if there:
        known = "linkkeeper" in there
        note = "it names linkkeeper already" if known else "it is there already: add this entry to its repos by hand"
        return Proposal(PRE_COMMIT, text, "pre-commit entry", note, writable=False)
    return Proposal(PRE_COMMIT, text, "pre-commit entry")


_CONFIG = """\
#:schema https://raw.githubusercontent.com/linkkeeper/linkkeeper/main/linkkeeper/config/settings.schema.json
# linkkeeper: every setting is described in docs/settings.md; `linkkeeper scan --show-config` prints all.
# Made for {generator}.

# What is scanned when no path is named.
paths = [{paths}]

# Links that nobody should ask about: regular expressions on the link as written.
# exclude = ["^https://intranet\\\\."]

# What makes a check fail.
# fail_on = ["dead", "invalid"]

# The zone of dates in posts that name none.
# timezone = "Asia/Shanghai"

# Follow #fragments into other people's pages as well.
# fragments = true

# Ask again what was asked longer ago than this.
# max_age = "7d"

# Where `linkkeeper archive save` keeps copies of the pages that live.
# [archive]
# to = ["wayback", "local"]

# One host that is different.
# [host."example.com"]
# per_host = 2
"""
_GITHUB = """\
name: links

on:
  pull_request:
  schedule:
    - cron: "23 4 * * 1"
  workflow_dispatch:

permissions:
  contents: read

jobs:
  links:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0 # what a pull request changed is compared with its base
          persist-credentials: false
      - uses: linkkeeper/linkkeeper@v{version} # pull requests: changed lines; else everything, answers remembered
        with:
          {baseline}
          tell: false # true: one comment or issue, kept up to date (needs issues: write, pull-requests: write)
"""
_FORGEJO = """\
name: links

on:
  pull_request:
  schedule:
    - cron: "23 4 * * 1"

jobs:
  links:
    runs-on: docker
    container:
      image: python:3.13-bookworm
    steps:
      - env:
          CLONE_URL: ${{{{ github.server_url }}}}/${{{{ github.repository }}}}
          COMMIT: ${{{{ github.sha }}}}
        run: |
          git init --quiet .
          git fetch --quiet "$CLONE_URL" "$COMMIT"
          git checkout --quiet FETCH_HEAD
      - run: python -m pip install linkkeeper=={version}
      - name: Links that this pull request brings
        if: github.event_name == 'pull_request'
        env:
          BASE: ${{{{ github.event.pull_request.base.sha }}}}
        run: linkkeeper scan --since "$BASE" --format github{flags}
      - name: All links
        if: github.event_name != 'pull_request'
        run: linkkeeper scan --format github{flags}
"""
_GITLAB = """\
links:
  image: python:3.13
  variables:
    GIT_DEPTH: "0"
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_PIPELINE_SOURCE == "schedule"
  cache:
    key: linkkeeper
    paths: [.linkkeeper]
  script:
    - python -m pip install linkkeeper=={version}
    - |
      if [ -n "$CI_MERGE_REQUEST_DIFF_BASE_SHA" ]; then
        linkkeeper scan --since "$CI_MERGE_REQUEST_DIFF_BASE_SHA" --output junit=links.xml{flags}
      else
        linkkeeper scan --output junit=links.xml --output html=links.html{flags}
      fi
  artifacts:
    when: always
    paths: [links.html]
    reports:
      junit: links.xml
"""
_PRE_COMMIT = """\
repos:
  - repo: local
    hooks:
      - id: linkkeeper-scan
        name: links on changed lines
        entry: linkkeeper scan --since HEAD --no-rescue --allow-empty
        language: python
        additional_dependencies: ["linkkeeper=={version}"]
        files: \\.(md|markdown|mdx|qmd|html?|rst|adoc|asciidoc|org|ipynb|txt)$
        require_serial: true
"""
