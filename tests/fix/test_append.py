"""Copies that `append` puts beside links: behind their constructs, once, and nowhere else than in prose."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.extract import escape, registry
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.fix import apply, disk
from linkkeeper.fix.plan import FixOptions, Want, plan

WB = "https://web.archive.org/web/20200102030405/"
DEAD = "http://dead.example/a"
APPEND = FixOptions(style="append")


def appended(document: str, text: bytes, snapshot: str = WB) -> apply.Prepared:
    """Return what a fix makes of a text whose links to the dead host have captures."""
    links = registry.extract(document, text, ExtractOptions()).links
    dead = [link for link in links if "dead.example" in link.url and "archive.org" not in link.url]
    wants = [Want(link, "archive", snapshot + link.url.partition("#")[0], "http-gone", "HTTP 404") for link in dead]
    return apply.proved(plan(document, disk.digest(text), links, wants, APPEND, text), text)


APPENDED = {
    "inline": ("a.md", "[t](http://dead.example/a 'T').", "[t](http://dead.example/a 'T')A."),
    "image": ("a.md", "![t](http://dead.example/a)", "![t](http://dead.example/a)A"),
    "image in living link": ("a.md", "[![i](http://dead.example/a)](/x)", "[![i](http://dead.example/a)](/x)A"),
    "image in dead link": (
        "a.md",
        "[![i](http://dead.example/a)](http://dead.example/a) x",
        "[![i](http://dead.example/a)](http://dead.example/a)AA x",
    ),
    "autolink": ("a.md", "<http://dead.example/a> x", "<http://dead.example/a>A x"),
    "bare": ("a.md", "见http://dead.example/a。", "见http://dead.example/aA。"),
    "emphasis": ("a.md", "**[t](http://dead.example/a)**", "**[t](http://dead.example/a)A**"),
    "heading": ("a.md", "# [t](http://dead.example/a) {#id}\n", "# [t](http://dead.example/a)A {#id}\n"),
    "attributes": ("a.md", "[t](http://dead.example/a){:rel='x'} x", "[t](http://dead.example/a){:rel='x'}A x"),
    "template": ("a.md", "[t](http://dead.example/a){{ x }}", "[t](http://dead.example/a)A{{ x }}"),
    "table": ("a.md", "|a|\n|-|\n|[t](http://dead.example/a)|", "|a|\n|-|\n|[t](http://dead.example/a)A|"),
    "quote": ("a.md", "> [t](http://dead.example/a)\n> x", "> [t](http://dead.example/a)A\n> x"),
    "reference": ("a.md", "[t][r] b\n\n[r]: http://dead.example/a", "[t][r]A b\n\n[r]: http://dead.example/a"),
    "collapsed": ("a.md", "[R][] b\n\n[r]: http://dead.example/a", "[R][]A b\n\n[r]: http://dead.example/a"),
    "shortcut, twice": ("a.md", "[r] ![r]\n\n[r]: http://dead.example/a", "[r]A ![r]A\n\n[r]: http://dead.example/a"),
    "after front matter": (
        "a.md",
        "\ufeff---\nt: x\n---\n[t](http://dead.example/a)",
        "\ufeff---\nt: x\n---\n[t](http://dead.example/a)A",
    ),
    "HTML after code in Markdown": (
        "a.md",
        "`<script>` ~\n\n    <!--\n\n<a href='http://dead.example/a'>t</a> y",
        "`<script>` ~\n\n    <!--\n\n<a href='http://dead.example/a'>t</a>H y",
    ),
    "text": ("a.txt", "see http://dead.example/a.", "see http://dead.example/a (archived: WB/http://dead.example/a)."),
    "HTML": ("a.html", '<a href="http://dead.example/a"><b>u</b></a>.', '<a href="http://dead.example/a"><b>u</b></a>H.'),
    "HTML image": ("a.html", "<p><img src='http://dead.example/a'> x", "<p><img src='http://dead.example/a'>H x"),
    "HTML image in link": (
        "a.html",
        "<a href=/x><img src='http://dead.example/a'></a>",
        "<a href=/x><img src='http://dead.example/a'></a>H",
    ),
    "HTML in Markdown": ("a.md", "<a href='http://dead.example/a'>t</a> y", "<a href='http://dead.example/a'>t</a>H y"),
    "rst": ("a.rst", "`t <http://dead.example/a>`_.", "`t <http://dead.example/a>`_R."),
    "rst, anonymous, over lines": ("a.rst", "`t\n<http://dead.example/a>`__ x", "`t\n<http://dead.example/a>`__R x"),
    "rst, alone": ("a.rst", "see http://dead.example/a, x", "see http://dead.example/aR, x"),
    "rst, table": (
        "a.rst",
        "===  ===\nx    `t <http://dead.example/a>`_\n===  ===\n",
        "===  ===\nx    `t <http://dead.example/a>`_R\n===  ===\n",
    ),
    "AsciiDoc": ("a.adoc", "见 http://dead.example/a[t, u], x", "见 http://dead.example/a[t, u]D, x"),
    "AsciiDoc, after other brackets": ("a.adoc", "a [1] x:y[z] http://dead.example/a[t]", "a [1] x:y[z] http://dead.example/a[t]D"),
    "rst, note": ("a.rst", ".. note:: http://dead.example/a\n\n   x\n", ".. note:: http://dead.example/aR\n\n   x\n"),
    "rst, list": ("a.rst", "- x\n\n  1. http://dead.example/a b\n", "- x\n\n  1. http://dead.example/aR b\n"),
    "rst, list-table": (
        "a.rst",
        ".. list-table:: x\n   :widths: 1\n\n   * - http://dead.example/a\n",
        ".. list-table:: x\n   :widths: 1\n\n   * - http://dead.example/aR\n",
    ),
    "rst, after a list of pages": (
        "a.rst",
        ".. toctree::\n\n   x\n\nsee http://dead.example/a b\n",
        ".. toctree::\n\n   x\n\nsee http://dead.example/aR b\n",
    ),
    "AsciiDoc, under a section": ("a.adoc", "= T\n\n== S\nhttp://dead.example/a[t]", "= T\n\n== S\nhttp://dead.example/a[t]D"),
    "AsciiDoc, table after one of values": (
        "a.adoc",
        ",===\na,b\n,===\n\n[cols=\"1,a\"]\n|===\n|http://dead.example/a[t]\n|===\n",
        ",===\na,b\n,===\n\n[cols=\"1,a\"]\n|===\n|http://dead.example/a[t]D\n|===\n",
    ),
    "Org, after front matter": ("a.org", "---\nt: x\n---\n[[http://dead.example/a][t]]", "---\nt: x\n---\n[[http://dead.example/a][t]]O"),
    "Org, after a drawer": (
        "a.org",
        "#+T: x\n* h\n:properties:\n:u: x\n:end:\nsee [[http://dead.example/a]].",
        "#+T: x\n* h\n:properties:\n:u: x\n:end:\nsee [[http://dead.example/a]]O.",
    ),
    "AsciiDoc, link:": ("a.adoc", "link:http://dead.example/a[t].", "link:http://dead.example/a[t]D."),
    "AsciiDoc, passed": ("a.adoc", "link:++http://dead.example/a++[t].", "link:++http://dead.example/a++[t]D."),
    "AsciiDoc, alone": ("a.adoc", "see http://dead.example/a (it)", "see http://dead.example/aD (it)"),
    "AsciiDoc, in brackets": ("a.adoc", "see <http://dead.example/a>.", "see <http://dead.example/a>D."),
    "AsciiDoc, table": ("a.adoc", "|===\n|http://dead.example/a[t]\n|===\n", "|===\n|http://dead.example/a[t]D\n|===\n"),
    "AsciiDoc, image": ("a.adoc", "an image:http://dead.example/a[t] x", "an image:http://dead.example/a[t]D x"),
    "Org": ("a.org", "[[http://dead.example/a][t [u] v]].", "[[http://dead.example/a][t [u] v]]O."),
    "Org, without text": ("a.org", "* h [[http://dead.example/a]]\n", "* h [[http://dead.example/a]]O\n"),
    "Org, in brackets": ("a.org", "<http://dead.example/a> x", "<http://dead.example/a>O x"),
    "Org, table": ("a.org", "| [[http://dead.example/a][t]] | b |", "| [[http://dead.example/a][t]]O | b |"),
}  # fmt: skip


@pytest.mark.parametrize("name", APPENDED)
def test_append_keeps_the_link_and_puts_the_copy_behind_its_construct(name: str) -> None:
    document, before, after = APPENDED[name]
    after = after.replace("aA", f"a ([archived]({WB}{DEAD}))") if name == "bare" else after
    after = after.replace("A", f" ([archived]({WB}{DEAD}))") if document == "a.md" else after
    after = after.replace("H", f' (<a href="{WB}{DEAD}">archived</a>)')
    if document.endswith((".rst", ".org", ".adoc")):
        after = after.replace("R", f" (`archived <{WB}{DEAD}>`__)").replace("O", f" ([[{WB}{DEAD}][archived]])")
        after = after.replace("D", f" ({WB}{DEAD}[archived])")
    prepared = appended(document, before.encode())
    assert (prepared.problem, prepared.plan.refusals) == (None, ())
    assert prepared.new.decode() == after.replace("WB/", WB)


NO_PLACE_BESIDE = {
    "front matter": ("a.md", b"---\nlink: http://dead.example/a\n---\nx"),
    "unused definition": ("a.md", b"x\n\n[r]: http://dead.example/a"),
    "style sheet": ("a.html", b'<link rel="stylesheet" href="http://dead.example/a">'),
    "srcset": ("a.html", b'<img srcset="http://dead.example/a 2x">'),
    "never closed": ("a.html", b'<a href="http://dead.example/a">t'),
    "in a picture": ("a.html", b'<picture><img src="http://dead.example/a">'),
    "rst, title": ("a.rst", b"About `t <http://dead.example/a>`_\n=================================\n\nx"),
    "rst, target": ("a.rst", b"t_\n\n.. _t: http://dead.example/a\n"),
    "rst, image": ("a.rst", b".. image:: http://dead.example/a\n"),
    "AsciiDoc, attribute": ("a.adoc", b"= T\n:u: http://dead.example/a\n\nlink:{u}[x]"),
    "AsciiDoc, attribute of text": ("a.adoc", b":u: see http://dead.example/a[x]\n\nx"),
    "AsciiDoc, linked image": ("a.adoc", b"http://dead.example/a[image:badge.svg[Build Status]] z"),
    "AsciiDoc, image that is linked": ("a.adoc", b"http://a.example/[image:http://dead.example/a[x]] z"),
    "AsciiDoc, quotes in the label": ("a.adoc", b'http://dead.example/a[x,role="y]"] z'),
    "AsciiDoc, quoted label": ("a.adoc", b'http://dead.example/a["x]y"] z'),
    "AsciiDoc, single quotes in the label": ("a.adoc", b"http://dead.example/a[x,role='y]'] z"),
    "AsciiDoc, escape in the label": ("a.adoc", b"link:http://dead.example/a[t \\] u], x"),
    "AsciiDoc, attribute in the label": ("a.adoc", b"http://dead.example/a[{t}], x"),
    "AsciiDoc, label without end": ("a.adoc", b"http://dead.example/a[x"),
    "AsciiDoc, footnote": ("a.adoc", b"x footnote:[see http://dead.example/a[y\\]] z"),
    "AsciiDoc, bare in a footnote": ("a.adoc", b"x footnote:[see http://dead.example/a or so] z"),
    "AsciiDoc, cross reference": ("a.adoc", b"x <<b,see http://dead.example/a or>> z"),
    "AsciiDoc, condition": ("a.adoc", b"ifdef::x[see http://dead.example/a or so]"),
    "AsciiDoc, section": ("a.adoc", b"== See http://dead.example/a[x]\n\nx"),
    "AsciiDoc, underlined title": ("a.adoc", b"See http://dead.example/a[x]\n~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n\nx"),
    "AsciiDoc, author": ("a.adoc", b"= T\nJane Doe <http://dead.example/a>\n\nx"),
    "AsciiDoc, comma table": ("a.adoc", b",===\nx, http://dead.example/a\n,===\n"),
    "AsciiDoc, colon table": ("a.adoc", b":===\nx: http://dead.example/a[x]\n:===\n"),
    "AsciiDoc, csv table": ("a.adoc", b"[format=csv]\n.T\n|===\nx, http://dead.example/a[x]\n|===\n"),
    "AsciiDoc, separator": ("a.adoc", b'[%header,separator=";"]\n\n|===\nx; http://dead.example/a[x]\n|===\n'),
    "AsciiDoc, literal column": ("a.adoc", b'[cols="1,2l"]\n|===\n|x |http://dead.example/a[x]\n|===\n'),
    "AsciiDoc, literal cell": ("a.adoc", b"|===\n|x l|http://dead.example/a[x]\n|===\n"),
    "AsciiDoc, table in a table": ("a.adoc", b"[cols=a]\n|===\n|\n!===\n! http://dead.example/a[x]\n!===\n|===\n"),
    "rst, list of pages": (
        "a.rst",
        b"T\n=\n\n.. toctree::\n   :maxdepth: 2\n\n   First <http://dead.example/a>\n   other\n",
    ),
    "rst, list of pages in a list": ("a.rst", b"- .. toctree::\n\n     First <http://dead.example/a>\n"),
    "rst, list of pages in a note": ("a.rst", b".. note::\n\n   .. toctree::\n\n      First <http://dead.example/a>\n"),
    "rst, csv-table": ("a.rst", b".. csv-table:: T\n   :header: a, b\n\n   x, `t <http://dead.example/a>`_\n"),
    "rst, directive of an extension": ("a.rst", b".. my-cards::\n\n   http://dead.example/a\n"),
    "rst, note in a directive of an extension": (
        "a.rst",
        b".. x:y::\n\n   .. note::\n\n      http://dead.example/a b\n",
    ),
    "rst, field": ("a.rst", b"T\n=\n\n:url: http://dead.example/a\n:x: y\n\nx"),
    "rst, overlined title": ("a.rst", b"=====================\nhttp://dead.example/a\n=====================\n"),
    "Org, keyword": ("a.org", b"#+LINK_HOME: http://dead.example/a\n\nx"),
    "Org, keyword after a byte order mark": ("a.org", b"\xef\xbb\xbf#+HOME: [[http://dead.example/a][x]]\r\n\r\nx"),
    "Org, property": ("a.org", b"* h\n  :PROPERTIES:\n  :URL: http://dead.example/a\n  :END:\n"),
    "Org, property with a link": ("a.org", b"* h\n:PROPERTIES:\n:ROAM_REFS+: [[http://dead.example/a]]\n:END:\n"),
    "Org, brackets behind": ("a.org", b"[[http://dead.example/a][x [y]]] z"),
    "AsciiDoc, option": ("a.adoc", b"an image:/a.png[t,link=http://dead.example/a] x"),
}


@pytest.mark.parametrize("name", NO_PLACE_BESIDE)
def test_where_nothing_can_stand_beside_a_link_append_refuses_and_says_so(name: str) -> None:
    document, text = NO_PLACE_BESIDE[name]
    made = appended(document, text).plan
    assert made.edits == ()
    assert len(made.refusals) == 1
    assert made.refusals[0].reason


@pytest.mark.parametrize("name", APPENDED)
def test_an_appended_copy_counts_as_settled(name: str) -> None:
    document, before, _ = APPENDED[name]
    again = appended(document, appended(document, before.encode()).new).plan
    assert {link.url for link in again.settled} == {DEAD}
    assert again.edits == ()


NASTY = (
    "#a[1]", "#a b", "#a`b", r"#a\>b", "#a>b<c", "#a\\", "#a]]b", "#a[", "#a]", "?q=[[x]]&r={y}", "#a__b**c``d", "?a|b",
    "#a\"b'c", "#(a)(b", "#a,b;c:", "#%5Ba%5D", "#文 字", "#a_", "#a\\]b", "#archived])", "#`__)", "#][archived]])",
    "#a  b",
)  # fmt: skip
WRITTEN = {
    "a.rst": [("`x <@>`__ y\n", "rst-embedded"), ("`x\n<@>`_, y\n", "rst-embedded"), ("see @ y\n", "rst-bare")],
    "a.adoc": [
        ("link:@[x] y\n", "asciidoc-target"), ("@[x] y\n", "asciidoc-autolink"), ("link:++@++[x] y\n", "asciidoc-pass"),
        ("see @ y\n", "asciidoc-bare"), ("|===\n|link:@[x] |b\n|===\n", "asciidoc-target"), ("见@，y\n", "bare"),
    ],
    "a.org": [("[[@][x]] y\n", "org-target"), ("[[@]] y\n", "org-target"), ("<@> y\n", "org-angle"), ("@ y\n", "bare")],
}  # fmt: skip


def check_stability(document: str, template: str, layer: str, url: str) -> int:
    """Return how many copies a fix writes; another one after it, with the same or another capture, must write none."""
    raw = template.replace("@", url).encode()
    spelled = escape.encode(url, (layer,))
    texts = {raw, template.encode().replace(b"@", spelled) if spelled else raw}
    copies = 0
    for text in texts:
        first = appended(document, text)
        copies += len(first.plan.edits)
        for snapshot in (WB, WB.replace("2020", "2022")) if first.plan.edits else ():
            assert appended(document, first.new, snapshot).plan.edits == (), text
    return copies


@pytest.mark.parametrize("document", WRITTEN)
def test_a_copy_is_known_again_whatever_its_url_holds(document: str) -> None:
    counts = [check_stability(document, *one, DEAD + end) for one in WRITTEN[document] for end in NASTY]
    assert sum(counts) > len(counts) / 3


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([(name, *one) for name in WRITTEN for one in WRITTEN[name]]),
    st.text("ab[]<>`\\_*+|{}\"'(),;: #%5é文", max_size=12),
)
def test_no_url_gets_a_second_copy(where: tuple[str, str, str], end: str) -> None:
    check_stability(*where, f"{DEAD}#{end}")
