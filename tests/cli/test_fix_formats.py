"""One dead link in every syntax: its bytes become those of the copy, all others stay; twice is once; undo is exact."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from linkkeeper.demo.story import Stage

Run = Callable[..., "subprocess.CompletedProcess[str]"]
QUICK = {"LINKKEEPER_WAYBACK_RATE": "60000", "LINKKEEPER_WAYBACK_PUBLIC_URL": "https://web.archive.org"}
COPY = "https://web.archive.org/web/20160620080000/"
HEAD = "---\ndate: 2016-07-08\n---\n"
POSTS = {
    "inline.md": HEAD + '[a](@ "title") [b](<@>) [c](@#part)\n',
    "definition.md": HEAD + "[a][1] and [b]\n\n[1]: @ 'title'\n[b]: <@>\n",
    "bare.md": HEAD + "见@，还有（@）。@\n\nSee <@>, or @.\n",
    "table.md": HEAD + "| a | b |\n|---|---|\n| [x](@) | @ |\n",
    "html-in.md": HEAD + "<a href='@' title=x>a</a> <a\nhref=@>b</a>\n<img src=\"@\">\n",
    "crlf.md": HEAD.replace("\n", "\r\n") + "[a](@)\r\n\r\nb @\r\n",
    "bom.md": "\ufeff" + HEAD + "[a](@)",
    "yaml.md": "---\ndate: 2016-07-08\nlink: @\nother: '@'\nmore: \"@\"\nlist:\n  - @\n---\ntext\n",
    "toml.md": "+++\ndate = 2016-07-08\nlink = \"@\"\nother = '@'\n+++\ntext\n",
    "page.html": '<meta name="x"><a href="@">a</a><a href=\'@\'>b</a><a href=@>c</a><p style="background:url(@)">',
    "2016-07-08-a.rst": "Title\n=====\n\n`a <@>`_ and @ and `b`_.\n\n.. _b: @\n\n.. image:: @\n   :target: @\n",
    "2016-07-08-a.adoc": "= Title\n\n@[a] and link:@[b] and @ and <@>.\n",
    "2016-07-08-a.org": "* Title\n[[@][a]] and [[@]] and <@> and @ too\n",
    "2016-07-08-a.txt": "见@。\n  see @ (or <@>)\n",
    "2016-07-08-a.ipynb": '{"cells": [{"cell_type": "markdown", "metadata": {}, "source": ["[a](@)\\n", "@"]}],'
    ' "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n',
}


@pytest.fixture
def posts(run: Run, stage: Stage) -> dict[str, bytes]:
    del run  # it made the folder ours
    url = stage.web.url("gone", "/2016/second")
    made = {name: text.replace("@", url).encode() for name, text in POSTS.items()}
    made["gbk.md"] = (HEAD + f"见[链接]({url})，汉字。\n").encode("gbk")
    made["2016-07-08-page.html"] = made.pop("page.html")
    for name, data in made.items():
        Path(name).write_bytes(data)
    return made


def contents(posts: dict[str, bytes]) -> dict[str, bytes]:
    return {name: Path(name).read_bytes() for name in posts}


def test_every_syntax_is_repaired_by_the_links_own_bytes(
    run: Run, stage: Stage, trusted: list[str], posts: dict[str, bytes]
) -> None:
    url = stage.web.url("gone", "/2016/second").encode()
    done = run("fix", ".", *trusted, **QUICK)
    fixed = contents(posts)
    for name, data in posts.items():
        assert fixed[name] == data.replace(url, COPY.encode() + url), done.stderr
    assert done.returncode == 0, done.stderr
    again = run("fix", ".", *trusted, **QUICK)
    assert (again.returncode, "nothing to write" in again.stderr) == (0, True), again.stderr
    assert contents(posts) == fixed
    assert run("undo").returncode == 0
    assert contents(posts) == posts


@pytest.mark.parametrize("style", ["append", "robust"])
def test_the_other_styles_are_stable_and_undone_as_well(
    run: Run, trusted: list[str], posts: dict[str, bytes], style: str
) -> None:
    run("fix", ".", "--style", style, *trusted, **QUICK)
    fixed = contents(posts)
    assert fixed != posts
    again = run("fix", ".", "--style", style, *trusted, **QUICK)
    assert "nothing to write" in again.stderr
    assert contents(posts) == fixed
    assert run("undo").returncode == 0
    assert contents(posts) == posts


ODD = {
    "2016-07-08-a.rst": "`x <@#a[1]>`__ y `x <@#a\\>b>`__ y `x <@#a\\`b>`_\n\n.. toctree::\n\n   First <@>\n",
    "2016-07-08-a.adoc": "link:++@#a b++[x] y\n\nlink:++@#a[b++[x] y\n\nBuild @[image:badge.svg[Build Status]] here\n",
    "2016-07-08-a.org": "#+HOME: @\n\n[[@#a b][x]] y [[@#a`b][x]] y <@#q> z\n\n:PROPERTIES:\n:URL: @\n:END:\n",
}


def test_copies_with_odd_urls_are_known_again_and_what_is_no_prose_gets_none(
    run: Run, stage: Stage, trusted: list[str]
) -> None:
    url = stage.web.url("gone", "/2016/second")
    posts = {name: text.replace("@", url).encode() for name, text in ODD.items()}
    for name, data in posts.items():
        Path(name).write_bytes(data)
    run("fix", ".", "--style", "append", *trusted, **QUICK)
    fixed = contents(posts)
    assert [data.count(COPY.encode()) for data in fixed.values()] == [3, 1, 3]
    again = run("fix", ".", "--style", "append", *trusted, **QUICK)
    assert "nothing to write" in again.stderr
    assert contents(posts) == fixed
    assert run("undo").returncode == 0
    assert contents(posts) == posts
