"""The tokenizer against html5lib's, tag by tag and value by value."""

import html5lib
import pytest
from html5lib._tokenizer import HTMLTokenizer
from html5lib.constants import tokenTypes
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linkkeeper.extract import entities
from linkkeeper.extract.html_tokens import Comment, RawText, StartTag, attributes, tokens

Tags = list[tuple[str, dict[str, str]]]
PIECES = [
    "<a href=",
    "<a ",
    '"',
    "'",
    ">",
    "/>",
    "/",
    "<",
    "</a>",
    "</script>",
    "<script>",
    "<style>",
    "</style >",
    "<title>",
    "</title",
    "<textarea>",
    "</textarea>",
    "<!--",
    "-->",
    "--!>",
    "->",
    "<!",
    "<?",
    "</",
    "=",
    " ",
    "\n",
    "x",
    "href",
    'y="1"',
    "z='2'",
    "&amp;",
    "&copy",
    "&copy;",
    "&#65",
    "&#x41;",
    "&notit;",
    "&not=",
    "-",
    "\t",
    "\x0c",
    "<!-- <script>",
    "<SCRIPT",
    "</SCRIPT>",
    "é",
    "中",
    "`",
    "<plaintext>",
    "]]>",
    "<xmp>",
    "<b/c=d>",
    "<div a=b a=c>",
    "&lt",
    "&ltx",
    "&#128;",
    "&#0;",
    "&#xD800;",
    "&#99999999;",
    "&;",
    "&#",
    "&#x",
]


def _ours(markup: str) -> Tags:
    data = markup.encode()
    return [
        (_text(token.name), {_text(one.name): _value(data, one.start, one.end) for one in attributes(data, token)})
        for token in tokens(data)
        if isinstance(token, StartTag)
    ]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").replace("\0", "\ufffd")


def _value(data: bytes, start: int, end: int) -> str:
    return _text(entities.attribute(data[start:end]).data)


def _theirs(markup: str) -> Tags:
    tokenizer = HTMLTokenizer(markup)
    states = {"title": "rcdata", "textarea": "rcdata", "script": "scriptData", "plaintext": "plaintext"}
    states |= dict.fromkeys(("style", "xmp", "iframe", "noembed", "noframes"), "rawtext")
    found: Tags = []
    for token in tokenizer:
        if token["type"] == tokenTypes["StartTag"]:
            found.append((token["name"], dict(token["data"])))  # type: ignore[arg-type]  # html5lib's tokens have no types
            if token["name"] in states:
                tokenizer.state = getattr(tokenizer, f"{states[token['name']]}State")
    return found


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
@example("<a href=>x<a href = 'b' href=c>")
@example("<script><!--<script></script>--></script><b c=d>")
@example("<script><!--></script><b>")
@example("<a href=x/><b c=/d/>")
@example('<a b="c"d=e/f>')
@example("<a ==b>")
@example("</a href='>'><i>")
def test_tags_and_values_are_those_of_html5lib(markup: str) -> None:
    assert _ours(markup) == _theirs(markup)


@pytest.mark.parametrize(
    ("markup", "content"),
    [
        ("<script>if (a<b) x=1</script>", "if (a<b) x=1"),
        ("<style>a</styl></STYLE\n>", "a</styl>"),
        ("<title><a href=x></title>", "<a href=x>"),
        ("<textarea></textareax></textarea/>", "</textareax>"),
        ("<script>no end", "no end"),
    ],
)
def test_text_only_elements_end_at_their_own_end_tag(markup: str, content: str) -> None:
    data = markup.encode()
    texts = [token for token in tokens(data) if isinstance(token, RawText)]
    assert [data[token.start : token.end].decode() for token in texts] == [content]


@pytest.mark.parametrize("markup", ["<!-->a-->", "<!--->a", "<!--a--!>b", "<!---->", "<!--a", "<!--a->b-->c"])
def test_comments_end_where_html5lib_ends_them(markup: str) -> None:
    tree = html5lib.parseFragment(markup, treebuilder="dom")
    expected = [node.data for node in tree.childNodes if node.nodeType == node.COMMENT_NODE]
    data = markup.encode()
    assert [data[one.start : one.end].decode() for one in tokens(data) if isinstance(one, Comment)] == expected


def test_xhtml_closes_an_empty_script_where_html_does_not() -> None:
    data = b"<script/><a href=x>"
    assert [one.name for one in tokens(data) if isinstance(one, StartTag)] == [b"script"]
    assert [one.name for one in tokens(data, xml=True) if isinstance(one, StartTag)] == [b"script", b"a"]


def test_svg_has_no_text_only_elements_and_knows_cdata() -> None:
    data = (
        b"<svg><style><a href=x></style><![CDATA[<a href=no>]]></svg><style><a href=no></style><![CDATA[<a href=y>]]>"
    )
    assert [one.name for one in tokens(data) if isinstance(one, StartTag)] == [b"svg", b"style", b"a", b"style"]


def test_html_inside_svg_ends_it_or_stands_in_foreign_object() -> None:
    data = b"<svg><p><title><a></title></svg><svg><foreignObject><title><a></title></foreignObject><title><a></title>"
    names = [one.name for one in tokens(data) if isinstance(one, StartTag)]
    assert names == [b"svg", b"p", b"title", b"svg", b"foreignobject", b"title", b"title", b"a"]
