"""Links that stay on this disk."""

import os
import time
from pathlib import Path

import pytest

from linkkeeper.check.local import LocalChecker, LocalOptions
from linkkeeper.models.verdict import Verdict


def make(root: Path, *names: str, **texts: str) -> None:
    """Make files, empty or (`path__name=text` for `path/name.md`) with text."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    for name, text in texts.items():
        file = root / (name.replace("__", "/") + ".md")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def judged(root: Path, document: str, url: str, scanned: str = "", site: str = "") -> tuple[Verdict, str]:
    """Judge one link of one document."""
    options = LocalOptions(root=str(root / site) if site else "", scanned=(str(root / scanned),))
    found = LocalChecker(options).judge(str(root / document), url)
    return found.verdict, found.rule


OK = (Verdict.OK, "local-file")
MISSING = (Verdict.DEAD, "file-missing")
SITE_ONLY = (Verdict.SKIPPED, "site-only")
OUTSIDE = (Verdict.SKIPPED, "outside-root")


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("other.md", OK),
        ("other.md?raw=1", OK),
        ("./sub/../other.md", OK),
        ("other", OK),
        ("other.html", OK),
        ("sub", OK),
        ("sub/", OK),
        ("pic%20one.png", OK),
        ("pic one.png", OK),
        ("%E5%9B%BE.png", OK),
        ("图.png", OK),
        ("missing.md", MISSING),
        ("missing.png", MISSING),
        ("Other.md", MISSING),
        ("LICENSE", MISSING),
        ("sub/missing.pdf", MISSING),
        ("tags/tea/", SITE_ONLY),
        ("missing", SITE_ONLY),
        ("feed.xml", SITE_ONLY),
        ("../elsewhere.md", OUTSIDE),
        ("../../../../../../etc/passwd", OUTSIDE),
        ("%00", SITE_ONLY),
        ("x" * 5000, SITE_ONLY),
        ("www.example.com", (Verdict.INVALID, "host-without-scheme")),
        ("www.example.com/x.png", (Verdict.INVALID, "host-without-scheme")),
    ],
)
def test_relative_links_in_a_plain_folder(tmp_path: Path, url: str, wanted: tuple[Verdict, str]) -> None:
    root = tmp_path / "notes"
    make(root, "post.md", "other.md", "sub/index.md", "pic one.png", "图.png")
    make(tmp_path, "elsewhere.md")
    assert judged(root, "post.md", url) == wanted


def test_nothing_outside_the_scanned_root_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "notes"
    make(root, "post.md")
    make(tmp_path, "secret.md", "secret.png")
    listed: list[str] = []
    real = os.scandir

    def scandir(path: str) -> object:
        listed.append(str(path))
        return real(path)

    checker = LocalChecker(LocalOptions(scanned=(str(root),)))
    monkeypatch.setattr(os, "scandir", scandir)
    there = [checker.judge(str(root / "post.md"), url) for url in ("../secret.md", "../secret.png#x")]
    absent = [checker.judge(str(root / "post.md"), url) for url in ("../absent.md", "../absent.png#x")]
    assert there == absent
    assert all(path.startswith(str(root)) for path in listed)


def test_symbolic_links_out_of_the_root_are_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "notes"
    make(root, "post.md", "inside.md")
    make(tmp_path, "secret/key.md")
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "key.md").symlink_to(tmp_path / "secret/key.md")
    (root / "gone.md").symlink_to(tmp_path / "secret/gone.md")
    (root / "in.md").symlink_to(root / "inside.md")
    assert judged(root, "post.md", "out/key.md") == OUTSIDE
    assert judged(root, "post.md", "out/absent.md") == OUTSIDE
    assert judged(root, "post.md", "key.md") == OUTSIDE
    assert judged(root, "post.md", "gone.md") == OUTSIDE
    assert judged(root, "post.md", "in.md") == OK
    assert judged(root, "post.md", "/key.md", site=".") == OUTSIDE


def test_a_single_file_may_link_within_its_checkout(tmp_path: Path) -> None:
    make(tmp_path, "repo/.git/HEAD", "repo/docs/guide.md", "repo/README.md", "outside.md")
    assert judged(tmp_path, "repo/docs/guide.md", "../README.md", scanned="repo/docs/guide.md") == OK
    assert judged(tmp_path, "repo/docs/guide.md", "../absent.md", scanned="repo/docs/guide.md") == MISSING
    assert judged(tmp_path, "repo/docs/guide.md", "../../outside.md", scanned="repo/docs/guide.md") == OUTSIDE


def test_several_scanned_folders_do_not_open_what_lies_between(tmp_path: Path) -> None:
    make(tmp_path, "a/post.md", "b/other.md", "between.md")
    checker = LocalChecker(LocalOptions(scanned=(str(tmp_path / "a"), str(tmp_path / "b"))))
    document = str(tmp_path / "a/post.md")
    assert checker.judge(document, "../b/other.md").rule == "local-file"
    assert checker.judge(document, "../b/absent.md").rule == "file-missing"
    assert checker.judge(document, "../between.md").rule == "outside-root"


JEKYLL = (
    "_config.yml",
    "_posts/2016-12-08-tea.md",
    "_posts/2017-01-01-more-tea.md",
    "assets/tea.pdf",
    "images/tea.png",
    "about.md",
)
HEXO = (
    "_config.yml",
    "scaffolds/post.md",
    "source/_posts/tea.md",
    "source/_posts/tea/cup.png",
    "source/images/tea.png",
    "source/about/index.md",
    "themes/x/source/img/logo.png",
)
HUGO = (
    "hugo.toml",
    "content/posts/tea/index.md",
    "content/posts/tea/cup.png",
    "content/posts/coffee.md",
    "static/images/tea.png",
    "static/posts/coffee/merged.png",
    "static/posts/beside.png",
    "content/about.md",
)
MKDOCS = ("mkdocs.yml", "docs/index.md", "docs/guide/start.md", "docs/img/tea.png")
SPHINX = ("docs/conf.py", "docs/index.rst", "docs/guide.rst", "docs/_static/tea.png")
ELEVENTY = (".eleventy.js", "posts/tea.md", "public/tea.png", "src/about.md")


@pytest.mark.parametrize(
    ("names", "document", "url", "wanted"),
    [
        (JEKYLL, JEKYLL[1], "/assets/tea.pdf", OK),
        (JEKYLL, JEKYLL[1], "/images/tea.png", OK),
        (JEKYLL, JEKYLL[1], "../images/tea.png", OK),
        (JEKYLL, JEKYLL[1], "/about/", OK),
        (JEKYLL, JEKYLL[1], "/about.html", OK),
        (JEKYLL, JEKYLL[1], "/images/missing.png", MISSING),
        (JEKYLL, JEKYLL[1], "/2017/01/01/more-tea.html", SITE_ONLY),
        (JEKYLL, JEKYLL[1], "/2016/12/08/photo.png", SITE_ONLY),
        (JEKYLL, JEKYLL[1], "/tags/tea/", SITE_ONLY),
        (JEKYLL, JEKYLL[1], "/feed.xml", SITE_ONLY),
        (JEKYLL, JEKYLL[1], "/uploads/old.png", SITE_ONLY),
        (JEKYLL, JEKYLL[1], "/apple-touch-icon.png", SITE_ONLY),
        (JEKYLL, JEKYLL[1], "images/tea.png", SITE_ONLY),
        (JEKYLL, JEKYLL[1], "nowhere/at-all.png", MISSING),
        (HEXO, HEXO[2], "/images/tea.png", OK),
        (HEXO, HEXO[2], "cup.png", OK),
        (HEXO, HEXO[2], "tea/cup.png", OK),
        (HEXO, HEXO[2], "/img/logo.png", OK),
        (HEXO, HEXO[2], "/about/", OK),
        (HEXO, HEXO[2], "/images/missing.png", MISSING),
        (HEXO, HEXO[2], "missing.png", MISSING),
        (HEXO, HEXO[2], "/2016/12/08/slug/", SITE_ONLY),
        (HEXO, HEXO[2], "/tags/tea", SITE_ONLY),
        (HUGO, HUGO[1], "/images/tea.png", OK),
        (HUGO, HUGO[1], "cup.png", OK),
        (HUGO, HUGO[3], "merged.png", OK),
        (HUGO, HUGO[3], "../beside.png", OK),
        (HUGO, HUGO[1], "/posts/coffee/", OK),
        (HUGO, HUGO[1], "../coffee/", OK),
        (HUGO, HUGO[3], "../tea/", OK),
        (HUGO, HUGO[1], "/about", OK),
        (HUGO, HUGO[1], "missing.png", MISSING),
        (HUGO, HUGO[1], "/categories/tea/", SITE_ONLY),
        (HUGO, HUGO[1], "/index.xml", SITE_ONLY),
        (MKDOCS, MKDOCS[2], "../index.md", OK),
        (MKDOCS, MKDOCS[2], "../img/tea.png", OK),
        (MKDOCS, MKDOCS[2], "/img/tea.png", OK),
        (MKDOCS, MKDOCS[2], "absent.md", MISSING),
        (SPHINX, SPHINX[2], "_static/tea.png", OK),
        (SPHINX, SPHINX[2], "index.html", OK),
        (SPHINX, SPHINX[2], "genindex.html", SITE_ONLY),
        (ELEVENTY, ELEVENTY[1], "/tea.png", OK),
        (ELEVENTY, ELEVENTY[1], "/about/", OK),
        (ELEVENTY, ELEVENTY[1], "/tags/tea/", SITE_ONLY),
    ],
)
def test_links_of_a_site_are_answered_by_its_sources(
    tmp_path: Path, names: tuple[str, ...], document: str, url: str, wanted: tuple[Verdict, str]
) -> None:
    make(tmp_path, *names)
    assert judged(tmp_path, document, url) == wanted
    assert judged(tmp_path, document, url, scanned=str(Path(document).parent)) == wanted, (
        "the site is found from inside it"
    )


def test_a_source_is_looked_for_in_the_documents_own_version_first(tmp_path: Path) -> None:
    make(
        tmp_path,
        "docusaurus.config.js",
        docs__intro="# New\n",
        versioned__v3__intro="# Old\n",
        versioned__v3__faq__x="x",
    )
    assert judged(tmp_path, "versioned/v3/faq/x.md", "/intro.md#old") == OK
    assert judged(tmp_path, "versioned/v3/faq/x.md", "/intro.md#new") == (Verdict.DEAD, "anchor-missing")
    assert judged(tmp_path, "docs/intro.md", "/intro.md#new") == OK


def test_settings_say_where_sources_are(tmp_path: Path) -> None:
    make(tmp_path, "handbook/index.md", "handbook/tea.png")
    (tmp_path / "mkdocs.yml").write_text("site_name: x\ndocs_dir: 'handbook'  # not docs\n")
    assert judged(tmp_path, "handbook/index.md", "/tea.png") == OK


@pytest.mark.parametrize("line", ["baseurl: /blog", "url: https://example.com/blog/", "root: '/blog/'"])
def test_a_site_may_be_published_below_a_prefix(tmp_path: Path, line: str) -> None:
    make(tmp_path, *JEKYLL)
    (tmp_path / "_config.yml").write_text(f"title: x\n{line}\n")
    assert judged(tmp_path, JEKYLL[1], "/blog/images/tea.png") == OK
    assert judged(tmp_path, JEKYLL[1], "/images/tea.png") == OK
    assert judged(tmp_path, JEKYLL[1], "/other/images/tea.png") == SITE_ONLY


def test_settings_cannot_point_outside_the_site(tmp_path: Path) -> None:
    make(tmp_path, "site/docs/index.md", "secret/key.png")
    (tmp_path / "site/mkdocs.yml").write_text("docs_dir: ../secret\n")
    assert judged(tmp_path, "site/docs/index.md", "/key.png", scanned="site") != OK


def test_without_a_known_root_nothing_is_said_of_root_links(tmp_path: Path) -> None:
    make(tmp_path, "post.md", "images/tea.png")
    assert judged(tmp_path, "post.md", "/images/other.png") == SITE_ONLY
    assert judged(tmp_path, "post.md", "/images/tea.png", site=".") == OK
    assert judged(tmp_path, "post.md", "/images/other.png", site=".") == MISSING


def test_anchors_are_those_of_the_page_that_is_linked(tmp_path: Path) -> None:
    make(
        tmp_path, post="# One Two\n\n## 中文 标题\n", other="<a id='here'></a>\n\n# There\n", script="{% include x %}\n"
    )
    make(tmp_path, "pic.png", "code.py")
    missing = (Verdict.DEAD, "anchor-missing")
    for url, wanted in {
        "#one-two": OK,
        "#One-Two": OK,
        "#%E4%B8%AD%E6%96%87-%E6%A0%87%E9%A2%98": OK,
        "#three": missing,
        "other.md#here": OK,
        "other.md#there": OK,
        "other.md#nowhere": missing,
        "other#nowhere": missing,
        "script.md#anything": OK,
        "#top": SITE_ONLY,
        "#comments": SITE_ONLY,
        "#fn:1": SITE_ONLY,
        "#/route": OK,
        "#:~:text=tea": OK,
        "code.py#L10": OK,
        "pic.png#x": OK,
        "absent.md#x": MISSING,
    }.items():
        assert judged(tmp_path, "post.md", url) == wanted, url


def test_links_in_plain_html_are_files(tmp_path: Path) -> None:
    make(tmp_path, "index.html", "about.html")
    assert judged(tmp_path, "index.html", "about.html") == OK
    assert judged(tmp_path, "index.html", "missing.html") == MISSING
    assert judged(tmp_path, "index.html", "") == OK


def test_twenty_thousand_links_are_quick(tmp_path: Path) -> None:
    make(tmp_path, *(f"d{folder}/p{page}.md" for folder in range(20) for page in range(20)))
    checker = LocalChecker(LocalOptions(scanned=(str(tmp_path),)))
    started = time.process_time()
    for number in range(20_000):
        checker.judge(str(tmp_path / f"d{number % 20}/p{number % 7}.md"), f"../d{number % 13}/p{number % 29}.md")
    assert time.process_time() - started < 3


def test_odd_file_names_do_not_stop_anything(tmp_path: Path) -> None:
    make(tmp_path, "post.md")
    (Path(os.fsdecode(os.fsencode(str(tmp_path)) + b"/\xff\xfe.png"))).write_bytes(b"")
    assert judged(tmp_path, "post.md", "%FF%FE.png") == OK
    assert judged(tmp_path, "post.md", "a/" * 1500 + "x.png")[0] in {Verdict.DEAD, Verdict.SKIPPED}
