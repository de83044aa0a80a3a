"""What is open at a cut: the quick look and the parser say the same."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linkkeeper.extract.markdown_open import open_behind_blank, still_open

_LINES = st.sampled_from(
    [
        "",
        "",
        "text",
        "```",
        "````",
        "~~~",
        "~~~~",
        "``` js",
        "``` a`b",
        " ```",
        "   ```",
        "    ```",
        "\t```",
        "> ```",
        "- a",
        "- ```",
        "  ```",
        "  b",
        "1. a",
        "[^1]: ```",
        "[a]: b",
        "<div>",
        "</div>",
        "<!-- a -->",
        "<!-- a",
        "-->",
        "a <b>",
        "<pre>",
        "</pre>",
        "# a",
        "---",
        "===",
        "<pre> a </pre> b",
        " <pre>",
        "  <!-- a",
        "   -->",
        "<!-->",
        "<!--->",
        "<? a",
        "?>",
        "<!DOCTYPE a",
        "<script>",
        "</SCRIPT>",
        "- <!-- a",
        "- <pre>",
        "> <pre>",
        "  a </pre>",
        "b -->",
        "[a](<b",
        "  - a",
        "    - ```",
        "a `",
        "a ```",
        "a ~~~",
        "中文",
        "```\t",
        "``` ```",
        "",
    ]
)


@settings(max_examples=600)
@example(["<div>", "```", "a", "", "b", "```", ""], "\n")
@example(["- a", "  ```", "", "", "```", ""], "\r\n")
@given(st.lists(_LINES, max_size=12), st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_look_at_the_fences_says_what_the_parser_says(lines: list[str], end: str) -> None:
    data = end.join([*lines, "", ""]).encode()
    assert open_behind_blank(data, 0, len(data)) == still_open(data, 0, len(data))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n\n", None),
        ("```\na\n\n", 0),
        ("a\n\n```\nb\n\nc\n\n", 3),
        ("```\na\n```\n\n", None),
        ("- ```\n  a\n\n", None),
        ("<!-- a\n\n", 0),
        ("a <!-- b -->\n\n", None),
    ],
)
def test_what_is_open_is_named_by_where_it_begins(text: str, expected: int | None) -> None:
    assert open_behind_blank(text.encode() + b"c", 0, len(text)) == expected
