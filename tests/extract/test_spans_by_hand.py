"""Spans decided by hand, half of them beside Chinese, Japanese, Korean and other scripts (`data/spans.jsonl`).

A standard decides where there is one (CommonMark, GFM, WHATWG HTML, docutils, Asciidoctor); elsewhere what a reader of
the language would take for the URL.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from linkkeeper.extract import escape, registry
from linkkeeper.extract.base import ExtractOptions

CASES = [json.loads(line) for line in (Path(__file__).parent / "data/spans.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['suffix']}-{case['text'][:40]}")
def test_what_is_asked_about_stands_in_exactly_these_bytes(case: dict[str, Any]) -> None:
    data = case["text"].encode()
    links = registry.extract(f"a.{case['suffix']}", data, ExtractOptions()).links
    assert [data[one.span.start : one.span.end].decode() for one in links if not one.skip] == case["spans"]


def test_most_of_them_can_be_rewritten() -> None:
    asked = changed = 0
    for case in CASES:
        name, data = f"a.{case['suffix']}", case["text"].encode()
        links = registry.extract(name, data, ExtractOptions()).links
        for place, link in enumerate(links):
            new = escape.encode("https://new.example/a?b=c&d=e", link.context)
            if link.skip or link.unwritable or new is None:
                continue
            asked += 1
            text = data[: link.span.start] + new + data[link.span.end :]
            found = registry.extract(name, text, ExtractOptions()).links
            changed += len(found) == len(links) and found[place].url == "https://new.example/a?b=c&d=e"
    assert asked > 300
    assert changed / asked > 0.97
