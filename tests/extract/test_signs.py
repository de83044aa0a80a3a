"""What is left out of a Markdown text for the parser changes nothing in what is found."""

from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linkkeeper.extract import markdown, signs, template
from linkkeeper.extract.base import ExtractOptions, Found

OPTIONS = ExtractOptions(include_verbatim=True)
LINES = (
    "", "", "", "", "Some prose of a paragraph.", "中文的一段话。", "# Heading", "- an item", "  more of it",
    "    indented", "> quoted", ">", "1. first", "2. second", "```", "~~~ js", "  ```", "    ```", "`code", "code`",
    "[text](https://a.example/b)", "- [text](u)", "    [text](v)", "  [text](w)", "https://b.example", "+ [l](l)",
    "> <https://c.example>", "[label]: /d", "[label]", "[^1]: note", "    [e](e)", "[m", "n](n)", "www.o.example",
    "p@q.example", "    https://i.example", "<div>", "</div>", "<!-- comment", "-->", "<pre>", "</pre>", "<style>",
    "a {background: url(f.png)}", "</style>", "<script>", "</script>", "<?php", "?>", "<!DOCTYPE x", ">", "<![CDATA[",
    "]]>", '<a href="j"', "k>", "| a | b |", "|---|---|", "| [g](g) | h |", "===", "---", "* * *", "\tx", "!!! note",
    "\r", "text\r", "\x0b", " ", "{{ x }}", "\\", "<!-- linkkeeper-ignore -->",
)  # fmt: skip
TEMPLATES = (
    "{{ x }}", "{% y %}", "<{{ x }}>", "e@{{ x }}.com", "[a]({{ u }}/b)", "https://{{ h }}/p", "{{ s }}://a.example",
    "{{ a\n b }}", "{% comment %}", "{% endcomment %}", "]{{ a }}(b)", '{{< x "https://l.example" >}}', "{{", "}}",
)  # fmt: skip
NESTED = ("- an item", "  more of it", "    [e](e)", "    indented", "Some prose of a paragraph.", "```")


def _both(text: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Found]]:
    for shortest in (0, len(text) + 1):
        monkeypatch.setattr(signs, "_SHORTEST", shortest)
        yield list(markdown.links(text, OPTIONS))


@settings(max_examples=400, deadline=None)
@example(lines=["First.", "- an item", "  more of it", "    [e](e)"], joint="\n\n")
@given(
    lines=st.lists(st.sampled_from(LINES) | st.sampled_from(NESTED), max_size=30), joint=st.sampled_from(["\n", "\n\n"])
)
def test_a_text_without_its_linkless_paragraphs_holds_the_same_links(lines: list[str], joint: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        short, whole = _both(joint.join(lines).encode(), patch)
    assert short == whole


@settings(max_examples=200, deadline=None)
@given(
    lines=st.lists(st.sampled_from(LINES) | st.sampled_from(TEMPLATES), max_size=30),
    joint=st.sampled_from(["\n", "\n\n"]),
)
def test_a_text_with_letters_for_template_code_needs_no_second_look(lines: list[str], joint: str) -> None:
    seen = signs.look(joint.join(lines).encode())
    masks = template.pieces(seen.source)
    source = markdown.masked(seen.source, masks, ExtractOptions())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signs, "_SHORTEST", 0)
        seen = signs.look(seen.source)
        once = list(markdown.find(seen, signs.masked(seen, source), masks, ExtractOptions()))
    assert once == list(markdown.find(seen, signs.look(source), masks, ExtractOptions()))


def test_a_paragraph_without_a_sign_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signs, "_SHORTEST", 10)
    text = b"[a](b)\n\nProse of some length.\n\nMore of it.\n\n- [c](d)\n\nThe end.\n"
    seen = signs.look(text)
    assert signs.without_rest(seen).source == b"[a](b)\n\n- [c](d)\n\n"
    assert [text[one.start : one.end] for one in markdown.links(text, OPTIONS)] == [b"b", b"d"]


def test_html_that_blank_lines_do_not_end_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signs, "_SHORTEST", 0)
    text = b"<style>\n\nProse.\n\na {background: url(b.png)}\n\nProse.\n</style>\n"
    assert [one.url for one in markdown.links(text, OPTIONS)] == ["b.png"]


def test_signs_on_both_sides_of_a_window_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signs, "_WINDOW", 7)
    text = b"one https://a.example two [b](c) www.d.example e@f.example linkkeeper-ignore ``` "
    seen = signs.look(text)
    monkeypatch.setattr(signs, "_WINDOW", 1 << 18)
    assert seen.kinds == signs.look(text).kinds
    assert list(seen.bare) == list(signs.look(text).bare)
