# ruff: noqa: E501  # a table: its rows stay lines
"""What a rewrite keeps, one property a row: `fix`, `fix` again and `undo` over one folder that holds a case for each.

A row's text names links by tokens: `{D}` is a dead link that becomes its copy, `{L}` one that is cleaned, `{K}` one
that is kept. Everything around the tokens must come out byte for byte as it went in. What the copy is, and how it is
escaped, is spelled out here and not asked of the code.
"""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from linkkeeper.demo.archive import ArchiveServer
from linkkeeper.demo.captures import Capture
from linkkeeper.demo.story import Stage

Serve = Callable[..., ArchiveServer]
WEB = "https://web.archive.org/web/20160101000000/"
QUICK = {"LINKKEEPER_WAYBACK_RATE": "60000", "LINKKEEPER_WAYBACK_PUBLIC_URL": "https://web.archive.org"}
CHINESE = "这是一篇关于茶馆的文章，作者在里面写了很多字，而且链接已经失效了。我们的读者想看到当时的网页。"
TRADITIONAL = "這是一篇關於茶館的文章，作者在裡面寫了很多字，而且連結已經失效了。我們的讀者想看到當時的網頁。"
JAPANESE = "これは喫茶店についての記事です。作者はここにたくさんの文字を書きましたが、リンクはもう切れています。"
LONG = "/2016/" + "very-long-" * 300 + "end"
PATHS = {
    "D": "/2016/second",
    "PREFIX": "/2016/se",
    "PAREN": "/2016/tea_(house)",
    "AMP": "/2016/q?a=1&b=2",
    "QUOTE": "/2016/o'hara",
    "PIPE": "/2016/a|b",
    "PERCENT": "/2016/%E8%8C%B6%E9%A6%86",
    "STAR": "/2016/a*b_c_~d",
    "LONG": LONG,
    "COMMA": "/2016/a,b",
}


class Row(Struct, frozen=True):
    """One property."""

    name: str
    file: str
    text: str
    encoding: str = "utf-8"
    edits: int = 1
    """Repairs that the file gets; 0: it must stay as it is."""
    says: str = ""
    """What the report must say where nothing is written."""


def md(name: str, text: str, edits: int = 1, says: str = "") -> Row:
    return Row(name, "post.md", text, edits=edits, says=says)


BYTES = [
    md("LF", "[a]({D})\nb\n"),
    md("CRLF", "[a]({D})\r\nb\r\n"),
    md("CR alone", "[a]({D})\rb\r"),
    md("mixed line ends", "a\r\n[a]({D})\nb\rc\r\n\n"),
    md("no line end at the end", "a\n[a]({D})"),
    md("spaces and tabs at the ends of lines", "a  \t\n\t\n[a]({D})  \n   \n"),
    md("many blank lines at the end", "[a]({D})\n\n\n\n"),
    md("form feed, vertical tab, U+2028 and zero-width space", "a\fb\vc\u2028d\u200b\n\n[a]({D})\u2028e\n"),
    md("byte order mark", "\ufeff[a]({D})\n"),
    md("a byte order mark in the middle", "a\ufeffb\n\n[a]({D})\n"),
    md("decomposed and composed letters", "e\u0301 \u00e9 \u2126 \u03a9\n\n[a\u0301]({D})\n"),
    md("emoji and rare characters", "\U0001f375\u200d\U0001f468 \U00020bb7\n\n[\U0001f375]({D})\n"),
    md("NUL bytes in the text", "a\n\n[a]({D})\n\nb\x00c\n"),
    Row("GB18030", "post.md", CHINESE + "\n\n[茶馆]({D})，看{D}。\n", "gb18030", edits=2),
    Row("GBK that a page declares", "post.html", "<meta charset=gbk><p>" + CHINESE + "<a href='{D}'>茶</a>\r\n", "gbk"),
    Row("Big5 that a page declares", "post.html", "<meta charset=big5><p>" + TRADITIONAL + "<a href='{D}'>茶</a>", "big5"),
    Row("Big5 that nothing declares", "post.md", TRADITIONAL * 2 + "\n\n[茶館]({D})\n", "big5"),
    Row("Shift_JIS that a page declares", "post.html", "<meta charset=shift_jis>" + JAPANESE + "<a href='{D}'>表</a>", "shift_jis"),
    Row("EUC-JP that a page declares", "post.html", "<meta charset=euc-jp>" + JAPANESE + "<a href='{D}'>表</a>", "euc-jp"),
    Row("Latin-1", "post.md", "Café à la crème, où l'été dure\n\n[café]({D}) et [là]({L}) ÿþ\n", "latin-1", edits=2),
    Row("Windows-1252 that a page declares", "post.html", "<meta charset=windows-1252>\x93\x80\x94<a href='{D}'>é</a>", "latin-1"),
    Row("UTF-16 is only reported", "post.md", "\ufeff" + CHINESE + "\n\n[a]({D})\n", "utf-16-le", edits=0, says="utf-16"),
    Row("an empty file", "post.md", "", edits=0),
    Row("a file of one link without a line end", "post.txt", "{D}"),
]  # fmt: skip

URLS = [
    md("a URL that begins another", "[a]({PREFIX}) [b]({D}) [c]({K}-x) {PREFIX} {D}\n", edits=4),
    md("the same URL many times", "[a]({D}) [b]({D} 't') <{D}> {D}\n\n[d]: {D}\n", edits=5),
    md("a link that is its own text", "[{K}]({D})\n"),
    md("an image in a link, both dead", "[![a]({D} 'one')]({PREFIX} 'two')\n", edits=2),
    md("overlapping references", "[a][x] [x] ![x][] [x][a]\n\n[x]: {D}\n[X]: {D}\n[a]: {PREFIX}\n", edits=3),
    md("a link to a copy of it", "[a]({WEB}{DEAD}) [b](https://archive.ph/abcde) [c]({D})\n"),
    md("a copy within a query", "[a]({K}?u={WEB}{DEAD}) [b]({D})\n"),
    md("parentheses", "[a]({PAREN}) [b](<{PAREN}>) ({PAREN}), {PAREN}\n", edits=4),
    md("an ampersand", "[a]({AMP}) {AMP}\n", edits=2),
    md("an ampersand as an entity", "[a]({AMP&}) <a href=\"{AMP&}\">b</a>\n", edits=2),
    md("what cleaning leaves of a dead link keeps its escapes", "[a]({DIRTY&}) <a href='{DIRTY&}'>b</a>\n", edits=2),
    md("a quote", "[a]({QUOTE} \"it's\") <a href=\"{QUOTE}\">b</a>\n", edits=2),
    md("percent-encoding", "[a]({PERCENT}) {PERCENT}\n", edits=2),
    md("stars, underscores and tildes", "*[a]({STAR})* _{STAR}_\n", edits=2),
    md("a very long URL", "[a]({LONG}) b\n"),
    md("a fragment", "[a]({D}#top) [b](<{D}#茶>) {D}#a.b\n", edits=3),
    md("a text fragment", "[a]({D}#:~:text=tea,house)\n"),
    md("a fragment after a cleaned link", "[a]({L}#top) {L}#x\n", edits=2),
    md("user and password go nowhere", "[a]({USER})\n"),
    md("titles of every kind", "[a]({D} \"x\") [b]({D} 'x') [c]({D} (x))\n", edits=3),
    md("white space in a destination", "[a](  {D}\n  'x'  ) [b](\t{D}\t)\n", edits=2),
]  # fmt: skip

HEAD_YAML = (
    "---\ntitle: a {{b}} # c\ncover: {D}\nquoted: \"{AMP}\" # why\nsingle: '{QUOTE'}'\nlist: [{D}, x]\n---\n\nb\n"
)
CONTEXTS = [
    md("front matter in YAML", HEAD_YAML, edits=4),
    md("front matter in YAML, block scalars", "---\na: >-\n  see {D} there\nb: |\n  {D}\n---\n", edits=2),
    md("front matter in TOML", "+++\ntitle = \"a\" # b\ncover = \"{D}\"\nlit = '{D}'\n[x]\ny = [\"{L}\"]\n+++\n\nb\n", edits=3),
    md("front matter in JSON", "{{\n  \"cover\": \"{D}\",\n \"n\": 1.0, \"b\": [\"{D}\"]\n}}\n\nb\n", edits=2),
    md("Markdown destination", "[a]({D})\n"),
    md("Markdown destination in angle brackets", "[a](<{D}>) [b](<{D}> 'x')\n", edits=2),
    md("Markdown definition", "[a]\n\n[a]: {D}\n   'title'\n[b]: <{D}> (t)\n", edits=2),
    md("Markdown autolink", "<{D}> <{D}>\n", edits=2),
    md("bare, with a full stop, in brackets", "{D}. ({D}) \"{D}\", {D}!\n", edits=4),
    md("bare between Chinese", "看{D}，又见{D}。『{D}』\n", edits=3),
    md("table cells", "| a | b |\n|---|---|\n| [x]({D}) | {D} |\n| `|` | [p]({PIPE\\}) |\n", edits=3),
    md("list, quotation, heading, footnote", "# [a]({D})\n\n> [b]({D})\n\n- [c]({D})\n\nx[^1]\n\n[^1]: {D}\n", edits=4),
    md("code and comments stay", "`{K}` [a]({D})\n\n```\n{K}\n```\n\n    {K}\n\n<!-- {K} -->\n"),
    md("what is exempt stays", "<!-- linkkeeper-ignore -->\n[a]({K})\n\n[b]({D})\n"),
    md("templates stay", "{{% include x.html url=\"{D}\" %}} [a]({D}) [b]({{{{ site.url }}}}/x)\n", edits=2),
    md("HTML in Markdown", "<a class=x href=\"{D}\"\n target=_blank>a</a> <img src='{D}'/>\n", edits=2),
    Row("HTML, double quotes", "post.html", "<!DOCTYPE html>\n<A HREF = \"{AMP&}\" rel=x>a</A>\n"),
    Row("HTML, single quotes", "post.html", "<a href='{D}'>a</a><a href='{QUOTE'39}'>b</a>\n", edits=2),
    Row("HTML, no quotes", "post.html", "<a href={D}>a</a><a href={AMP&} x>b</a>\n", edits=2),
    Row("HTML, white space in the value", "post.html", "<a href=\" {D}\n\">a</a>\n"),
    Row("srcset", "post.html", "<img srcset=\"{D} 1x,\n {D} 2x\" src={D}>\n", edits=3),
    Row("style", "post.html", "<p style=\"background: url({D}) no-repeat, url('{D}')\">a\n<style>b{{c:url(\"{D}\")}}</style>\n", edits=3),
    Row("meta refresh and cards", "post.html", "<meta http-equiv=refresh content=\"5; url={D}\"><meta property=og:image content='{D}'>\n", edits=2),
    Row("structured data in a page", "post.html", "<script type=application/ld+json>{{\"@id\": \"x\", \"url\": \"{D}\"}}</script>\n"),
    Row("JSON", "data.json", "{{\"a\": [\"{D}\", \"see {D} there\"],\n\t\"b\": 1e400, \"c\": \"\\u8336 {D/}\"}}\n", edits=3),
    Row("JSON lines", "data.jsonl", "{{\"a\": \"{D}\"}}\n{{\"a\": \"{D}\"}}\n", edits=2),
    Row("YAML", "data.yaml", "a: {D} # c\nb: \"{AMP}\"\nc: '{QUOTE'}'\n# {K}\ne: &x {D}\nf: *x\n", edits=4),
    Row("TOML", "data.toml", "a = \"{D}\"\nb = '''\n{D}\n'''\n# {K}\nc = 1_000\n", edits=2),
    Row("CSV", "data.csv", "a,b\r\n\"x \"\"y\"\"\",{D}\r\n\"{COMMA}\",{D}\r\n", edits=3),
    Row("TSV", "data.tsv", "a\tb\nx\t{COMMA}\n"),
    Row("reStructuredText inline", "post.rst", "`a <{D}>`_ and `b <{D}>`__\n", edits=2),
    Row("reStructuredText targets", "post.rst", "a_ and `b`__\n\n.. _a: {D}\n__ {D}\n", edits=2),
    Row("reStructuredText standing alone", "post.rst", "See {D}, or\n{D}.\n\n.. image:: {D}\n   :target: {D}\n", edits=4),
    Row("AsciiDoc", "post.adoc", "= T\n:url: {D}\n\n{D}[a] link:{D}[b] <{D}> {{url}}[c]\n", edits=4),
    Row("Org", "post.org", "* T\n[[{D}][a]] [[{D}]] <{D}> {D}\n", edits=4),
    Row("notebook", "post.ipynb", (
        "{{\n \"cells\": [\n  {{\"cell_type\": \"markdown\", \"metadata\": {{}}, \"source\": [\"[a]({D})\\n\", \"{D}\"]}},\n"
        "  {{\"cell_type\": \"code\", \"source\": [\"# {K}\"], \"outputs\": [], \"metadata\": {{}}, \"execution_count\": null}}\n"
        " ],\n \"metadata\": {{}}, \"nbformat\": 4, \"nbformat_minor\": 5\n}}\n"), edits=2),
    Row("feed", "feed.xml", "<?xml version=\"1.0\"?>\n<rss version=\"2.0\"><channel><item><link>{AMP&}</link>"
        "<description><![CDATA[<a href=\"{D}\">a</a>]]></description></item></channel></rss>\n", edits=2),
    Row("plain text", "post.txt", "{D}\n(see {D})\n«{D}»\n", edits=3),
]  # fmt: skip

NAMES = [
    Row("a name with spaces", "a b  c.md", "[a]({D})\n"),
    Row("a name with a line end", "a\nb.md", "[a]({D})\n"),
    Row("a name that begins with a dash", "-rf.md", "[a]({D})\n"),
    Row("a name in Chinese, brackets and quotes", "茶(馆)'\"[x]*?.md", "[a]({D})\n"),
    Row("a name that is not UTF-8", os.fsdecode(b"caf\xe9.md"), "[a]({D})\n", edits=0, says="not valid Unicode"),
    Row("names that differ in case only: capitals", "Case.md", "[a]({D})\n"),
    Row("names that differ in case only: small letters", "case.md", "[a]({D}) [b]({D})\n", edits=2),
    Row("a suffix in capitals", "POST.MD", "[a]({D})\n"),
    Row("a name of 255 bytes", "n" * 252 + ".md", "[a]({D})\n"),
    Row("deep folders", "d/" * 40 + "post.md", "[a]({D})\n"),
]

ROWS = [*BYTES, *URLS, *CONTEXTS, *NAMES]


class Tokens:
    """What stands for a token before the fix and after it."""

    def __init__(self, stage: Stage) -> None:
        self._pairs: dict[str, tuple[str, str]] = {}
        for name, path in PATHS.items():
            url = stage.web.url("gone", path)
            self._pairs[name] = (url, WEB + url)
        self.dead = self._pairs["D"][0]
        port = stage.web.port
        living = stage.web.url("living", "/a?")
        rewritten: dict[str, tuple[str, str]] = {
            "K": (self.dead, self.dead),
            "L": (f"{living}utm_source=x&id=1", f"{living}id=1"),
            "DIRTY&": (
                stage.web.url("gone", "/2016/q?utm_source=x&amp;a=1&amp;b=2"),
                WEB + stage.web.url("gone", "/2016/q?a=1&amp;b=2"),
            ),
            "AMP&": self._with("AMP", "&", "&amp;"),
            "QUOTE'": self._with("QUOTE", "'", "''"),
            "QUOTE'39": self._with("QUOTE", "'", "&#39;"),
            "PIPE\\": self._with("PIPE", "|", "\\|"),
            "D/": (self.dead.replace("/", "\\/"), WEB + self.dead.replace("/", "\\/")),
            "USER": (f"http://me:secret@gone.localhost:{port}/2016/second", WEB + self.dead),
        }
        self._pairs |= rewritten | {"WEB": (WEB, WEB), "DEAD": (self.dead, self.dead)}

    def _with(self, name: str, plain: str, escaped: str) -> tuple[str, str]:
        old, new = self._pairs[name]
        return old.replace(plain, escaped), new.replace(plain, escaped)

    def fill(self, text: str, after: bool) -> str:
        """Return the text with every token replaced, `{{` and `}}` standing for braces."""
        out, rest = "", text
        while rest:
            if rest[:2] in ("{{", "}}"):
                out, rest = out + rest[0], rest[2:]
            elif rest[0] == "{":
                name, _, rest = rest[1:].partition("}")
                out += self._pairs[name][after]
            else:
                out, rest = out + rest[0], rest[1:]
        return out


class Thing(Struct, frozen=True):
    """A file that is more than its bytes. The post is `post.md` in a folder of its own."""

    make: Callable[[Path], object]
    """Makes it of the post, given its folder; returns False where that cannot be done here."""
    kept: Callable[[Path], object] = lambda folder: stat.S_IMODE((folder / "post.md").stat().st_mode)
    """What must be the same before, after the fix and after the undo."""
    says: str = ""
    """Why the post is left alone; empty if it is written."""


def _chmod(mode: int) -> Callable[[Path], None]:
    return lambda folder: (folder / "post.md").chmod(mode)


def _owner(folder: Path) -> bool:
    if os.geteuid() != 0:
        return False
    os.chown(folder / "post.md", 1234, 4321)
    (folder / "post.md").chmod(0o4640)
    return True


def _attribute(folder: Path) -> None:
    with suppress(OSError):
        os.setxattr(folder / "post.md", "user.linkkeeper", b"kept")


def _attributes(folder: Path) -> object:
    with suppress(OSError):
        return {name: os.getxattr(folder / "post.md", name) for name in os.listxattr(folder / "post.md")}
    return None


def _moved_away(folder: Path) -> Path:
    real = folder.parent.parent / "outside" / f"{folder.name}.md"
    real.parent.mkdir(exist_ok=True)
    return (folder / "post.md").rename(real)


def _symlink_out(folder: Path) -> None:
    (folder / "post.md").symlink_to(_moved_away(folder))


def _symlink_within(folder: Path) -> None:
    (folder / "post.md").rename(folder / "real.bak")
    (folder / "post.md").symlink_to("real.bak")


def _dangling(folder: Path) -> None:
    (folder / "post.md").unlink()
    (folder / "post.md").symlink_to("nowhere.md")


def _folder_out(folder: Path) -> None:
    real = folder.parent.parent / "outside" / "sub"
    real.mkdir(parents=True)
    shutil.copy(folder / "post.md", real)
    (folder / "sub").symlink_to(real)


def _hard_link(folder: Path) -> None:
    os.link(folder / "post.md", folder / "post.bak")


def _in_a_shut_folder(folder: Path) -> None:
    folder.chmod(0o555)


def _immutable(folder: Path) -> bool:
    if not shutil.which("chattr"):
        return False
    return subprocess.run(["chattr", "+i", folder / "post.md"], check=False, capture_output=True).returncode == 0


def _target(folder: Path) -> object:
    post = folder / "post.md"
    return post.is_symlink() and os.readlink(post), {one.name for one in folder.iterdir()}  # noqa: PTH115 - the link's own text


THINGS = {
    "mode 0600": Thing(_chmod(0o600)),
    "mode 0755": Thing(_chmod(0o755)),
    "setgid and sticky bits": Thing(_chmod(0o3664)),
    "an owner and a setuid bit": Thing(
        _owner, lambda folder: ((s := (folder / "post.md").stat()).st_uid, s.st_gid, s.st_mode)
    ),
    "extended attributes": Thing(_attribute, _attributes),
    "a hard link elsewhere keeps the old bytes": Thing(_hard_link, lambda folder: (folder / "post.bak").read_bytes()),
    "a symbolic link out of the folder": Thing(_symlink_out, _target, "leads out"),
    "a symbolic link within the folder": Thing(_symlink_within, _target, "symbolic link"),
    "a dangling symbolic link": Thing(_dangling, _target, "No such file"),
    "a symbolic link to a folder outside": Thing(
        _folder_out, lambda folder: ((folder / "sub").is_symlink(), (folder / "sub" / "post.md").read_bytes())
    ),
    "a read-only file": Thing(_chmod(0o444), says="it is read-only"),
    "a read-only folder": Thing(_in_a_shut_folder, says="its directory is read-only"),
    "an immutable file": Thing(_immutable, says="it is read-only"),
}


class Times(Struct):
    """The folder before the fix, after it, after another, and after the undo; and what was said."""

    before: dict[str, Any]
    fixed: dict[str, Any]
    again: dict[str, Any]
    undone: dict[str, Any]
    report: dict[str, Any]
    codes: tuple[int, int, int]


class Project:
    """The folder with a case for every row."""

    def __init__(self, folder: Path, tokens: Tokens) -> None:
        self.folder, self.tokens = folder, tokens
        self.missing: set[str] = set()
        """Things that cannot be made here."""

    def make(self) -> None:
        for number, row in enumerate(ROWS):
            path = self.path(number)
            path.parent.mkdir(parents=True)
            path.write_bytes(self.bytes_of(row, after=False))
        for name, thing in THINGS.items():
            folder = self.thing(name)
            folder.mkdir(parents=True)
            (folder / "post.md").write_text(f"[a]({self.tokens.dead})\n")
            if thing.make(folder) is False:
                self.missing.add(name)

    def path(self, number: int) -> Path:
        return self.folder / "posts" / f"{number:03}" / ROWS[number].file

    def thing(self, name: str) -> Path:
        return self.folder / "posts" / f"x{list(THINGS).index(name):02}"

    def bytes_of(self, row: Row, after: bool) -> bytes:
        return self.tokens.fill(row.text, after).encode(row.encoding)

    def snapshot(self) -> dict[str, Any]:
        rows: dict[str, Any] = {row.name: self.path(number).read_bytes() for number, row in enumerate(ROWS)}
        for name, thing in THINGS.items():
            with suppress(OSError):
                rows[f"{name}: text"] = (self.thing(name) / "post.md").read_bytes()
            rows[name] = thing.kept(self.thing(name))
        return rows

    def close(self) -> None:
        for path in (self.folder / "posts").iterdir():
            path.chmod(0o755)
        if shutil.which("chattr"):
            subprocess.run(["chattr", "-R", "-i", self.folder / "posts"], check=False, capture_output=True)


@pytest.fixture(scope="module")
def tokens(stage: Stage) -> Tokens:
    return Tokens(stage)


@pytest.fixture(scope="module")
def command(stage: Stage, serve_archive_for_all: Serve) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Return a function that runs a command in a folder, against an archive that has a copy of every dead page."""
    archive = serve_archive_for_all(
        *(Capture(stage.web.url("gone", path), "20160101000000") for path in PATHS.values())
    )
    hosts = [flag for host in stage.web.hosts for flag in ("--allow-host", host)]
    flags = [*hosts, "--wayback-url", archive.url, "--timeout", "5", "--exclude", r"^https://(web\.)?archive\."]

    def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "linkkeeper", *arguments, *(flags if arguments[0] == "fix" else [])],
            cwd=folder, env=os.environ | QUICK, capture_output=True, encoding="utf-8", check=False, timeout=60,
        )  # fmt: skip

    return run


@pytest.fixture(scope="module")
def project(tokens: Tokens, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("project"), tokens)
    made.make()
    yield made
    made.close()


@pytest.fixture(scope="module")
def times(project: Project, command: Callable[..., "subprocess.CompletedProcess[str]"]) -> Times:
    """Fix, fix again, undo; look at everything in between."""
    data = [str(path.relative_to(project.folder)) for path in sorted(project.folder.rglob("data.*"))]
    before = project.snapshot()
    fixed = command(project.folder, "fix", "posts", *data, "--format", "json")
    after = project.snapshot()
    again = command(project.folder, "fix", "posts", *data, "--format", "json")
    twice = project.snapshot()
    undone = command(project.folder, "undo")
    codes = fixed.returncode, again.returncode, undone.returncode
    assert not json.loads(again.stdout)["summary"]["files_written"], again.stdout
    report = json.loads(fixed.stdout) | {"stderr": fixed.stderr}
    return Times(before, after, twice, project.snapshot(), report, codes)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_bytes_of_the_links_change_and_no_others(times: Times, project: Project, row: Row) -> None:
    before, after = project.bytes_of(row, after=False), project.bytes_of(row, after=True)
    folder = f"posts/{ROWS.index(row):03}/"
    [found] = [one for one in times.report["files"] if one["file"].startswith(folder)] or [{"edits": []}]
    assert times.before[row.name] == before
    assert times.fixed[row.name] == (after if row.edits else before), found
    assert len(found["edits"]) == row.edits
    assert times.again[row.name] == times.fixed[row.name], "a second fix changes nothing"
    assert times.undone[row.name] == before, "undo gives back every byte"
    if row.says:
        assert row.says in json.dumps(found), found


@pytest.mark.parametrize("name", THINGS)
def test_what_a_file_is_beside_its_bytes_stays(times: Times, project: Project, name: str) -> None:
    thing = THINGS[name]
    if name in project.missing:
        pytest.skip(f"SKIPPED: {name} cannot be made here (no root, or no such file system)")
    text = f"{name}: text"
    old, new = (project.tokens.fill("[a]({D})\n", after=after).encode() for after in (False, True))
    assert times.before[name] == times.fixed[name] == times.again[name] == times.undone[name]
    if thing.says:
        assert times.fixed.get(text, old) == old
        said = [one["problem"] for one in times.report["files"] if one["file"].startswith(place(project, name))]
        assert [thing.says in problem for problem in said] == [True], said
    else:
        assert (times.before[text], times.fixed[text], times.undone[text]) == (old, new, old)


def place(project: Project, name: str) -> str:
    return str(project.thing(name).relative_to(project.folder))


def test_nothing_is_left_beside_the_posts(times: Times, project: Project) -> None:
    assert not list(project.folder.rglob(".linkkeeper-*"))
    assert times.codes == (1, 1, 0), "what was left alone stays dead"
