"""All formats together: names, problems, and what holds for any bytes."""

from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.extract import escape, escape_base, formats, registry
from linkkeeper.extract.base import LONGEST_URL, SKIP_LONG, ExtractOptions

OPTIONS = ExtractOptions()
NAMES = sorted(f"a{suffix}" for suffix in formats.SUFFIXES)
MODULES = sorted({formats.module_for(name) or "" for name in NAMES})


@pytest.mark.parametrize("module", MODULES)
def test_a_format_is_registered_for_the_suffixes_it_names(module: str) -> None:
    own = {name.removeprefix("a") for name in NAMES if formats.module_for(name) == module}
    assert own == import_module(f"linkkeeper.extract.{module}").SUFFIXES


def test_every_module_with_suffixes_is_registered() -> None:
    from pathlib import Path

    folder = Path(registry.__file__).parent
    formats = {path.stem for path in folder.glob("*.py") if "\nSUFFIXES = frozenset({" in path.read_text("utf-8")}
    assert formats == set(MODULES)


def test_case_of_the_suffix_does_not_matter() -> None:
    assert registry.extract("A.MD", b"[a](b)", OPTIONS).links


def test_what_is_none_of_our_formats_is_a_problem() -> None:
    assert registry.source_for("a.png") is None
    assert registry.extract("a.png", b"", OPTIONS).problems[0].file == "a.png"
    assert registry.anchors("a.png", b"") == frozenset()


def test_a_file_above_the_limit_is_a_problem() -> None:
    assert registry.extract("a.md", b"x" * 11, ExtractOptions(max_file_bytes=10)).problems


MARKUP = '<a href=\'http://b.c/\'>[x](http://d.e) https://f.g `_h <i>`_ link:j[k] [[l][m]] {"n": "http://o.p"} \n---\n'


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(data=st.one_of(st.binary(max_size=120), st.permutations(list(MARKUP)).map(lambda some: "".join(some).encode())))
def test_whatever_the_bytes_spans_hold_what_is_written_and_do_not_overlap(name: str, data: bytes) -> None:
    extraction = registry.extract(name, data, OPTIONS)
    reach = 0
    for link in extraction.links:
        assert reach <= link.span.start <= link.span.end
        assert data[link.span.start : link.span.end] == link.written
        reach = link.span.end
        for layer in link.context:
            assert layer in escape.LAYERS or layer.startswith(escape_base.CHARSET)
    registry.anchors(name, data)


def test_a_url_that_no_browser_takes_is_listed_with_its_beginning() -> None:
    [link] = registry.extract("a.html", b"<a href='https://a.example/" + b"b" * LONGEST_URL + b"'>", OPTIONS).links
    assert link.span.end - link.span.start > LONGEST_URL
    assert (link.skip, len(link.url)) == (SKIP_LONG, 100)
