"""What a fix would change: from wanted repairs to edits, in real documents read by the real formats."""

from collections.abc import Callable

import pytest

from linkkeeper.extract import registry
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.fix import apply, disk, rewrite
from linkkeeper.fix.plan import FixOptions, Want, plan
from linkkeeper.models.edit import Plan
from linkkeeper.models.link import Link

WB = "https://web.archive.org/web/20200102030405/"
DEAD = "http://dead.example/a"
DEFAULTS = FixOptions()


def links_of(document: str, text: bytes) -> tuple[Link, ...]:
    return registry.extract(document, text, ExtractOptions()).links


def planned(document: str, text: bytes, want: Callable[[Link], Want | None], options: FixOptions) -> Plan:
    links = links_of(document, text)
    wants = [wanted for link in links if (wanted := want(link)) is not None]
    return plan(document, disk.digest(text), links, wants, options, text)


def rescue(link: Link) -> Want | None:
    """Ask for the capture of every link to the dead host."""
    if "dead.example" not in link.url or "archive.org" in link.url:
        return None
    return Want(link, "archive", WB + link.url.partition("#")[0], "http-gone", "HTTP 404", date="2020-01-02")


def fixed(
    document: str, text: bytes, want: Callable[[Link], Want | None] = rescue, options: FixOptions = DEFAULTS
) -> bytes:
    """Return the text after a proved fix in which nothing was refused."""
    prepared = apply.proved(planned(document, text, want, options), text)
    assert prepared.problem is None
    assert prepared.plan.refusals == ()
    return prepared.new


REPLACED = {
    "inline": ("a.md", "[t](http://dead.example/a)", "[t](WB/http://dead.example/a)"),
    "title and fragment": ("a.md", "[t](http://dead.example/a#p 'T')", "[t](WB/http://dead.example/a#p 'T')"),
    "text fragment": ("a.md", "[t](http://dead.example/a#:~:text=x)", "[t](WB/http://dead.example/a#:~:text=x)"),
    "angle": ("a.md", "[t](<http://dead.example/a b>)", "[t](<WB/http://dead.example/a b>)"),
    "parentheses": ("a.md", "[t](http://dead.example/a_(b))", "[t](WB/http://dead.example/a_(b))"),
    "lone parenthesis": ("a.md", r"[t](http://dead.example/a\(b)", r"[t](WB/http://dead.example/a\(b)"),
    "image in link": (
        "a.md",
        "[![i](http://dead.example/i.png)](http://dead.example/a)",
        "[![i](WB/http://dead.example/i.png)](WB/http://dead.example/a)",
    ),
    "definition": ("a.md", "[t]\n\n[t]: http://dead.example/a 'T'", "[t]\n\n[t]: WB/http://dead.example/a 'T'"),
    "autolink": ("a.md", "<http://dead.example/a>", "<WB/http://dead.example/a>"),
    "bare": ("a.md", "(见http://dead.example/a)。", "(见WB/http://dead.example/a)。"),
    "bare before Chinese": ("a.md", "看http://dead.example/a，好", "看WB/http://dead.example/a，好"),
    "bare www": ("a.md", "看www.dead.example/a。", "看WB/http://www.dead.example/a。"),
    "table": ("a.md", "|a|\n|-|\n|[t](http://dead.example/a?x\\|y)|", "|a|\n|-|\n|[t](WB/http://dead.example/a?x\\|y)|"),
    "front matter": (
        "a.md",
        "---\nlink: http://dead.example/a\n---\nx",
        "---\nlink: WB/http://dead.example/a\n---\nx",
    ),
    "prefix": (
        "a.md",
        "[a](http://dead.example/) [b](http://dead.example/a) http://live.example/http://dead",
        "[a](WB/http://dead.example/) [b](WB/http://dead.example/a) http://live.example/http://dead",
    ),
    "CR LF and BOM": ("a.md", "\ufeff[t](http://dead.example/a)\r\n\r\nx\r", "\ufeff[t](WB/http://dead.example/a)\r\n\r\nx\r"),
    "text": ("a.txt", "see http://dead.example/a.", "see WB/http://dead.example/a."),
    "HTML, double": ("a.html", '<a href="http://dead.example/a?x&amp;y">t</a>', '<a href="WB/http://dead.example/a?x&amp;y">t</a>'),
    "HTML, single": ("a.html", "<a href='http://dead.example/a'>t</a>", "<a href='WB/http://dead.example/a'>t</a>"),
    "HTML, unquoted": ("a.html", "<a href=http://dead.example/a>t</a>", "<a href=WB/http://dead.example/a>t</a>"),
    "HTML in Markdown": ("a.md", 'x <a href="http://dead.example/a">t</a>', 'x <a href="WB/http://dead.example/a">t</a>'),
}  # fmt: skip


@pytest.mark.parametrize("name", REPLACED)
def test_a_dead_link_is_replaced_by_its_copy(name: str) -> None:
    document, before, after = REPLACED[name]
    assert fixed(document, before.encode()) == after.replace("WB/", WB).encode()


@pytest.mark.parametrize("style", ["replace", "append", "robust"])
@pytest.mark.parametrize("name", REPLACED)
def test_a_second_fix_changes_nothing(name: str, style: str) -> None:
    document, before, _ = REPLACED[name]
    options = FixOptions(style=style)  # type: ignore[arg-type]  # one of them
    once = apply.proved(planned(document, before.encode(), rescue, options), before.encode()).new
    again = planned(document, once, rescue, options)
    assert again.edits == ()


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
    "AsciiDoc": ("a.adoc", "见 http://dead.example/a[t \\] u], x", "见 http://dead.example/a[t \\] u]D, x"),
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
    assert fixed(document, before.encode(), options=FixOptions(style="append")).decode() == after.replace("WB/", WB)


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
    "AsciiDoc, option": ("a.adoc", b"an image:/a.png[t,link=http://dead.example/a] x"),
}


@pytest.mark.parametrize("name", NO_PLACE_BESIDE)
def test_where_nothing_can_stand_beside_a_link_append_refuses_and_says_so(name: str) -> None:
    document, text = NO_PLACE_BESIDE[name]
    made = planned(document, text, rescue, FixOptions(style="append"))
    assert made.edits == ()
    assert len(made.refusals) == 1
    assert made.refusals[0].reason


@pytest.mark.parametrize("name", APPENDED)
def test_an_appended_copy_counts_as_settled(name: str) -> None:
    document, before, _ = APPENDED[name]
    text = fixed(document, before.encode(), options=FixOptions(style="append"))
    again = planned(document, text, rescue, FixOptions(style="append"))
    assert {link.url for link in again.settled} == {DEAD}
    assert again.edits == ()


def test_robust_puts_the_copy_into_the_attribute_and_says_what_it_stands_for() -> None:
    before = b"""<a class=x href="http://dead.example/a?x=1&amp;y='2'#f" title=t>t</a>"""
    after = fixed("a.html", before, options=FixOptions(style="robust"))
    assert after.decode() == (
        f"""<a class=x href="{WB}http://dead.example/a?x=1&amp;y='2'#f" """
        """data-originalurl="http://dead.example/a?x=1&amp;y='2'#f" data-versiondate="2020-01-02" title=t>t</a>"""
    )


def test_robust_finds_the_day_in_the_snapshot_and_leaves_other_attributes_of_the_kind_alone() -> None:
    def undated(link: Link) -> Want | None:
        return Want(link, "archive", WB + link.url, "http-gone", "HTTP 404") if "dead" in link.url else None

    options = FixOptions(style="robust")
    after = fixed("a.html", b"<a href='http://dead.example/a'>t</a>", undated, options)
    assert b"""' data-originalurl="http://dead.example/a" data-versiondate="2020-01-02">t""" in after
    text = b"<a data-versiondate=2010-01-01 href='http://dead.example/a'>t</a>"
    assert fixed("a.html", text, undated, options) == text.replace(b"http:", WB.encode() + b"http:")


def test_robust_means_replace_outside_html() -> None:
    after = fixed("a.md", b"[t](http://dead.example/a)", options=FixOptions(style="robust"))
    assert after == f"[t]({WB}http://dead.example/a)".encode()


CLEANED = {
    "inline": ("a.md", "[t](http://a.example/?utm_x=1&b=(2))", "[t](http://a.example/?b=(2))"),
    "entities as written": ("a.md", "[t](http://a.example/?a=1&amp;utm_x=1&amp;b=2)", "[t](http://a.example/?a=1&amp;b=2)"),
    "raw ampersands in HTML": ("a.html", '<a href="http://a.example/?a=1&utm_x=1&b=2">', '<a href="http://a.example/?a=1&b=2">'),
    "two runs": ("a.md", r"[t](http://a.example/\(?a=1&utm_x=1&b=2&utm_x=1#f)", r"[t](http://a.example/\(?a=1&b=2#f)"),
    "bare www": ("a.md", "看www.a.example/?utm_x=1&b=2。", "看www.a.example/?b=2。"),
    "bare www in text": ("a.txt", "see www.a.example/?utm_x=1&b=2.", "see www.a.example/?b=2."),
}  # fmt: skip


def clean(link: Link) -> Want | None:
    url = link.url.replace("utm_x=1&", "").replace("&utm_x=1", "")
    return Want(link, "clean", url, "utm", "tracking", whole=True) if "a.example" in link.url else None


@pytest.mark.parametrize("name", CLEANED)
def test_cleaning_takes_away_and_leaves_the_rest_as_the_author_spelled_it(name: str) -> None:
    document, before, after = CLEANED[name]
    assert fixed(document, before.encode(), clean) == after.encode()


REFUSED: dict[str, tuple[str, bytes, FixOptions, str]] = {
    "into an archive": ("a.md", f"[t]({WB}http://dead.example/a)".encode(), FixOptions(), "already points into"),
    "UTF-16": ("a.html", "<a href='http://dead.example/a'>t</a>".encode("utf-16"), FixOptions(), "not rewritten"),
    "ignored": ("a.md", b"<!-- linkkeeper-ignore -->\n[t](http://dead.example/a)", FixOptions(), "ignore"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_must_not_be_rewritten_is_refused_with_the_reason(name: str) -> None:
    document, text, options, reason = REFUSED[name]

    def want(link: Link) -> Want:
        return Want(link, "archive", WB + "http://dead.example/x", "http-gone", "HTTP 404")

    made = planned(document, text, want, options)
    assert made.edits == ()
    assert [reason in refusal.reason for refusal in made.refusals] == [True]


def test_only_the_repairs_that_were_asked_for_are_made() -> None:
    text = b"[t](http://a.example/?utm_x=1&b=2)"
    made = planned("a.md", text, clean, FixOptions(only=frozenset({"archive"})))
    assert (made.edits, made.refusals, made.settled) == ((), (), ())


def test_of_several_repairs_of_one_link_the_rescue_wins() -> None:
    text = b"[t](http://dead.example/?utm_x=1)"
    links = links_of("a.md", text)
    wants = [
        Want(links[0], "clean", "http://dead.example/", "utm", "tracking"),
        Want(links[0], "archive", WB + "http://dead.example/", "http-gone", "HTTP 404"),
    ]
    for order in (wants, wants[::-1]):
        made = plan("a.md", disk.digest(text), links, order, FixOptions())
        assert [edit.repair for edit in made.edits] == ["archive"]
        assert made.refusals == ()


def test_an_unverified_capture_is_written_only_if_allowed() -> None:
    text = b"[t](http://dead.example/a)"

    def want(link: Link) -> Want:
        return Want(link, "archive", WB + link.url, "http-gone", "HTTP 404", verified=False)

    assert "not played back" in planned("a.md", text, want, FixOptions()).refusals[0].reason
    assert WB.encode() in fixed("a.md", text, want, FixOptions(allow_unverified=True))


def test_a_moved_page_is_only_suggested_unless_told_to_apply_it() -> None:
    text = b"[t](http://dead.example/a#f)"

    def want(link: Link) -> Want:
        return Want(link, "redirect", "http://new.example/a", "moved", "seen", moved=True)

    made = planned("a.md", text, want, FixOptions())
    assert (made.edits, made.refusals, made.settled) == ((), (), ())
    options = FixOptions(only=frozenset({"redirect"}))
    assert "only suggested" in planned("a.md", text, want, options).refusals[0].reason
    assert fixed("a.md", text, want, FixOptions(apply_moved=True)) == b"[t](http://new.example/a#f)"


def test_a_broken_archive_link_may_be_mended() -> None:
    text = f"[t]({WB}http://dead.example:80/a#f)".encode()

    def want(link: Link) -> Want:
        return Want(link, "archive", WB + "http://dead.example/a", "archive-link-broken", "port 80")

    for style in ("replace", "append", "robust"):
        options = FixOptions(style=style)
        assert fixed("a.md", text, want, options) == f"[t]({WB}http://dead.example/a#f)".encode()


def test_a_revert_puts_back_the_bytes_that_stood_there() -> None:
    original = rb"[t](http://dead.example/a\_b?x&amp;y#f)"
    text = fixed("a.md", original)

    def want(link: Link) -> Want:
        return Want(link, "revert", "http://dead.example/a_b?x&y", "lives-again", "", written=original[4:-1])

    assert fixed("a.md", text, want, FixOptions(only=frozenset({"revert"}))) == original


def test_bytes_that_stood_there_and_mean_something_else_are_not_put_back() -> None:
    text = f"[t]({WB}http://dead.example/a)".encode()

    def want(link: Link) -> Want:
        return Want(link, "revert", "http://dead.example/a", "lives-again", "", written=b"javascript:alert(1)")

    assert fixed("a.md", text, want, FixOptions(only=frozenset({"revert"}))) == b"[t](http://dead.example/a)"


def test_a_url_that_cannot_stand_in_its_place_is_escaped_as_browsers_do_or_refused() -> None:
    def want(link: Link) -> Want:
        return Want(link, "redirect", "http://new.example/中 文>", "moved-permanently", "301")

    options = FixOptions(only=frozenset({"redirect"}))
    assert fixed("a.md", b"<http://dead.example/a>", want, options) == b"<http://new.example/%E4%B8%AD%20%E6%96%87%3E>"

    def line_break(link: Link) -> Want:
        return Want(link, "redirect", "http://例子.example/\n", "moved-permanently", "301")

    made = planned("a.md", b"<http://dead.example/a>", line_break, options)
    assert made.edits == ()
    assert "cannot be written here" in made.refusals[0].reason


def test_latin_1_and_gb18030_documents_are_rewritten_byte_for_byte() -> None:
    for encoding, word in (
        ("latin-1", "déjà vu, naïve café, Übergrößen"),
        ("gb18030", "我们的文章里有一个链接，还有很多别的东西"),
    ):
        before = f"{word} [t](http://dead.example/a) {word}\r\n".encode(encoding)
        after = before.replace(b"http:", WB.encode() + b"http:")
        assert fixed("a.md", before) == after


def test_rewriting_refuses_another_text_than_the_plan_was_made_for() -> None:
    text = b"[t](http://dead.example/a)"
    edits = planned("a.md", text, rescue, FixOptions()).edits
    for other in (b"", text[:-1].upper(), b"x" + text):
        with pytest.raises(ValueError, match="at byte"):
            rewrite.rewrite(other, edits)
    with pytest.raises(ValueError, match="overlap"):
        rewrite.rewrite(text, edits + edits)
