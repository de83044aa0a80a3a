"""Every example of the CommonMark and GFM specifications, compared with cmark-gfm's rendering."""

import json
import re
from pathlib import Path
from urllib.parse import quote

import cmarkgfm  # type: ignore[import-untyped]  # has no types
import pytest
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]  # has no types
from lxml import html

from linkkeeper.extract import escape, markdown, registry
from linkkeeper.extract.base import ExtractOptions

DATA = Path(__file__).parent / "data"
OPTIONS = ExtractOptions()
EXTENSIONS = ["table", "strikethrough", "autolink", "tasklist"]


def _examples(name: str) -> list[str]:
    examples: list[str] = json.loads((DATA / name).read_text("utf-8"))["examples"]
    return examples


def _requested(url: str) -> str:
    """Percent-encode as cmark does; a line end in a URL is dropped, as browsers do."""
    return re.sub(
        r"[^\x21-\x7e]|[\"<>\\^`{|}\[\]]", lambda match: quote(match.group(), safe=""), re.sub("[\t\n\r]", "", url)
    )


def _rendered(text: str) -> list[str]:
    page = cmarkgfm.markdown_to_html_with_extensions(
        text, options=Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES, extensions=EXTENSIONS
    )
    urls = []
    for root in html.fragments_fromstring(f"<div>{page}</div>") if page.strip() else []:
        for element in root.iter():
            urls += [
                _requested(str(element.get(name)).strip()) for name in ("href", "src") if element.get(name) is not None
            ]
    return [url for url in urls if not url.startswith("#fn")]


EXAMPLES = [
    pytest.param(text, id=f"{name}-{number}")
    for name in ("commonmark-0.31.2", "gfm-0.29")
    for number, text in enumerate(_examples(f"{name}.json"), 1)
]
MAIL_AFTER_AN_ESCAPE = "<foo\\+@bar.example.com>\n"
"""cmark-gfm looks for mail after it has resolved escapes; who writes this does not want a link."""


def test_there_are_all_examples() -> None:
    assert (len(_examples("commonmark-0.31.2.json")), len(_examples("gfm-0.29.json"))) == (652, 673)


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_destinations_are_those_that_cmark_gfm_renders(text: str) -> None:
    found = list(markdown.links(text.encode(), OPTIONS))
    expected = set(_rendered(text)) if text != MAIL_AFTER_AN_ESCAPE else set()
    assert expected <= {_requested(one.url) for one in found}
    assert {_requested(one.url) for one in found if one.kind != "reference"} <= expected
    assert not [one for one in found if one.unwritable]


def _rewritten(text: str, prefix: str) -> tuple[str, int]:
    """Put prefix before every destination that can be rewritten."""
    data, out, position, count = text.encode(), [], 0, 0
    for link in registry.extract("a.md", data, OPTIONS).links:
        written = escape.encode(prefix + link.url, link.context)
        if written is None or link.skip or not link.url or link.unwritable:
            continue
        out += [data[position : link.span.start], written]
        position, count = link.span.end, count + 1
    return b"".join([*out, data[position:]]).decode(), count


@pytest.mark.parametrize("text", EXAMPLES)
def test_rewriting_destinations_changes_exactly_these_attributes(text: str) -> None:
    prefix = "https://p.example/(a_b)/"
    changed, count = _rewritten(text, prefix)
    before, after = _rendered(text), _rendered(changed)
    assert len(before) == len(after)
    assert {new for old, new in zip(before, after, strict=True) if new != old} <= {prefix + old for old in before}
    assert count == 0 or before != after or "]:" in text
