"""CSV, JSON, YAML and TOML: read on request only."""

import pytest

from linkkeeper.extract import csv_data, json_data, registry, toml_data, yaml_data
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.extract.registry import extract

CASES: dict[str, list[tuple[str, str | None, str | None]]] = {
    "a.csv": [
        ("url\nhttp://a/b,x", "http://a/b", "http://a/b"),
        ('"http://a/""b"', None, None),
        ('x,"see http://a/b, or"', "http://a/b", "http://a/b"),
        ("a;http://a/b,c;d;e", "http://a/b,c", "http://a/b,c"),
        ("a\tb\nc\thttp://a/b,c", "http://a/b,c", "http://a/b,c"),
    ],
    "a.json": [
        ('{"http://no": "http:\\/\\/a"}', "http:\\/\\/a", "http://a"),
        ('["see http://a.b/c, or"]', "http://a.b/c", "http://a.b/c"),
        ('["\\u4e2dhttp://a.b/\\u4e2d"]', "http://a.b/", "http://a.b/"),
        ('{"a": [{"b": "x"}, "http://a"]}\n{"c": 1}', "http://a", "http://a"),
        ('["http://a/{{x}}"]', "http://a/{{x}}", "http://a/{{x}}"),
    ],
    "a.yaml": [
        ("a: http://a/b # http://no", "http://a/b", "http://a/b"),
        ('- "http://a/\\u0062"', "http://a/\\u0062", "http://a/b"),
        ("text: >\n  see http://a/b, or", "http://a/b", "http://a/b"),
    ],
    "a.toml": [("a = 'http://a/b' # http://no", "http://a/b", "http://a/b")],
}


@pytest.mark.parametrize(("name", "case"), [(name, case) for name, cases in CASES.items() for case in cases])
def test_values_that_hold_urls(name: str, case: tuple[str, str | None, str | None]) -> None:
    text, written, url = case
    data = text.encode()
    links = extract(name, data, ExtractOptions()).links
    found = [(link.written.decode(), link.url) for link in links if link.url != "http://a/"]
    assert found == ([(written, url)] if written else [])


def test_directories_do_not_pick_them_up() -> None:
    modules = (csv_data, json_data, yaml_data, toml_data)
    assert all(module.ON_REQUEST for module in modules)
    assert frozenset().union(*(module.SUFFIXES for module in modules)) == registry.DATA_SUFFIXES
