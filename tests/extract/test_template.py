"""Template code is told apart from Markdown's code and prose."""

import pytest

from linkkeeper.extract import template


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        (b"a {{ x }} b {% y %} c", [b"{{ x }}", b"{% y %}"]),
        (b"{{< a\n b >}}", [b"{{< a\n b >}}"]),
        (b"<%= a %> {# b #}", [b"<%= a %>", b"{# b #}"]),
        (b"`{{` b {{ x }} `}}`", [b"{{ x }}"]),
        (b"`a {{ x }} b` {{ y }}", [b"{{ y }}"]),
        (b"```\n{{ x }}\n```\n{{ y }}", [b"{{ y }}"]),
        (b"> ~~~\n> {{ x }}\n> ~~~\n{{ y }}", [b"{{ y }}"]),
        (b"1. ```sh\n   {{ x }}\n   ```\n{{ y }}", [b"{{ y }}"]),
        (b"```\n{{ x }}", []),
        (b"{{ a\n\nb }}", []),
        (b"## T {#a}\n\n## U {#b}", []),
    ],
)
def test_a_piece_is_template_code(text: bytes, pieces: list[bytes]) -> None:
    assert [text[start:end] for start, end in template.pieces(text)] == pieces


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"{% highlight go %}A{% endhighlight %}B", [b"A"]),
        (b"{%- comment -%}A{%- endcomment -%}B", [b"A"]),
        (b"{{< highlight go >}}A{{< /highlight >}}B", [b"A"]),
        (b"{% codeblock %}A{{ x }}B{% endcodeblock %}", [b"A{{ x }}B"]),
        (b"{% highlight go %}A", []),
        (b"{% raw %}A{% endraw %}", []),
    ],
)
def test_some_blocks_show_their_content_as_code(text: bytes, shown: list[bytes]) -> None:
    assert [text[start:end] for start, end in template.verbatim(text, template.pieces(text))] == shown


def test_masking_keeps_length_and_lines() -> None:
    assert template.mask(b"a {{ b\r\nc }} d", [(2, 12)]) == b"a xxxx\r\nxxx+ d"
