"""Inputs made to be slow. Each takes well under a second here; the limit leaves room for a busy machine."""

import time

import pytest

from linkkeeper.extract import registry
from linkkeeper.extract.base import ExtractOptions

N = 8_000
LIMIT_S = 5.0
SLOW = {
    "open brackets": "[" * N,
    "nested brackets": "[" * N + "a" + "](http://u.example)" * N,
    "nested images": "![" * N + "a" + "](http://u.example)" * N,
    "nested quotes": "> " * N + "[a](http://b.example)",
    "emphasis": "*a **a " * N + "http://a.example",
    "stars": "*" * N + "http://a.example" + "*" * N,
    "open links": "[a](" * N,
    "links": "[a](http://x.example/1) " * N,
    "bare URLs": "http://x.example/1，" * N,
    "glued by stars": "http://a.example**" * N,
    "glued by commas": "http://a.example," * N,
    "glued by quotes": "'http://a.example" * N,
    "wiki links": "[[http://a.example|" * N,
    "definitions": "".join(f"[a{number}]: http://x.example/{number}\n" for number in range(N)),
    "repeated definitions": "[a]: http://x.example\n" * N,
    "repeated in quotes": "> [a]: http://x.example\n\n" * N,
    "open tags": "<a " * N,
    "open comments": "<!-- a" * N,
    "tags in quotes": "> <a\n> href=http://x.example/>\n" * N,
    "cells": "|http://a.example" * N + "\n" + "|-" * N + "\n" + "|http://b.example" * N,
    "rows": "|a|b|\n|-|-|\n" + "|http://x.example|[a](http://b.example)|\n" * N,
    "tables": "|a|\n|-|\n|http://x.example|\n\n" * (N // 2),
    "at signs": "a@b" * N,
    "colons": "http://" * N,
    "www": "www." * N,
    "closing brackets": "http://a.example/" + ")" * N,
    "entities": "http://a.example/" + "&amp;" * N,
    "backslashes": "\\" * N + "http://a.example",
    "template code": "[a]({{ x }}) http://b.example/{{ c }} " * N,
    "open template code": "{{ a http://b.example " * N,
    "highlight blocks": "{% highlight a %}[x](http://y.example){% endhighlight %}\n" * (N // 2),
    "backticks": "`" * N + " {{ a }}",
    "rising backticks": "".join("`" * number + " " for number in range(1, 200)) + "{{ a }}",
    "quote marks": ">" * N + " {{ a }}",
    "front matter": "---\n" + "a: http://x.example/\n" * N + "---\n",
    "nested JSON": '{"a":' + "[" * N + "]" * N + "}\n",
    "ignore comments": "<!-- linkkeeper-ignore -->\n[a](http://x.example)\n\n" * (N // 4),
    "ignored ranges": "<!-- linkkeeper-ignore-start -->\n[a](b)\n<!-- linkkeeper-ignore-end -->\n" * (N // 4),
    "admonitions": "!!! note\n\n    [a](http://b.example)\n\n" * (N // 4),
    "nested admonitions": "".join("    " * depth + "!!! note\n\n" for depth in range(100)),
    "code": "`http://a.example` " * N,
    "line ends": "http://a.example\r" * N,
    "non-ASCII hosts": "http://例子.中国/路 " * N,
    "one long host": "http://" + "例" * N,
    "accents": "http://a.example/" + "é" * N,
    "headings": "# a http://x.example\n" * N,
    "JSX": "<a href={{a:{b:{c}}}}>" * N,
}


@pytest.mark.parametrize("name", sorted(SLOW))
def test_no_input_takes_long(name: str) -> None:
    data = SLOW[name].encode()
    started = time.process_time()
    for file in ("a.md", "a.mdx", "a.txt"):
        registry.extract(file, data, ExtractOptions())
    registry.extract("a.md", data, ExtractOptions(include_verbatim=True))
    registry.anchors("a.md", data)
    assert time.process_time() - started < LIMIT_S


def test_a_line_of_fifty_megabytes_is_read_in_seconds() -> None:
    data = ("文字" * 2_000_000 + " https://a.example/ ").encode() * 4
    started = time.process_time()
    links = registry.extract("a.md", data, ExtractOptions()).links
    assert time.process_time() - started < LIMIT_S
    assert len(data) > 48_000_000
    assert [link.url for link in links] == ["https://a.example/"] * 4
    assert links[-1].column == 4 * 4_000_000 + 3 * 20 + 2
