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
