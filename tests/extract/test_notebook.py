import json

from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.extract import markdown, notebook
from linkkeeper.extract.base import ExtractOptions, Found

OPTIONS = ExtractOptions()
LINES = ("[a](http://e/%d) ", '[中"](<http://f/%d?"é"> "t")\n', "http://g/%d\n", "![i](attachment:x.png)\n", "# H\n", "`http://no`\n",
         '<a href="http://h/%d">x</a>\n', "\n", "[r]: http://i/%d\n", "\\\\ \t☃\U0001f600 ")  # fmt: skip


def _notebook(cells: list[tuple[str, str | list[str]]]) -> bytes:
    made = [{"source": source, "cell_type": kind, "metadata": {"x": {"source": "http://no"}}} for kind, source in cells]
    return json.dumps({"cells": made, "nbformat": 4}, indent=1).encode()


def _written(data: bytes, links: list[Found]) -> list[str]:
    return [json.loads(b'"' + data[link.start : link.end] + b'"') for link in links]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=8), st.booleans(), st.booleans())
def test_a_notebook_holds_the_links_of_its_markdown(lines: list[str], as_list: bool, ascii_only: bool) -> None:
    source = [line.replace("%d", str(number)) for number, line in enumerate(lines)]
    text = "".join(source)
    data = json.dumps(
        {"cells": [{"cell_type": "markdown", "source": source if as_list else text}]}, ensure_ascii=ascii_only
    ).encode()
    expected = list(markdown.links(text.encode(), OPTIONS))
    found = list(notebook.links(data, OPTIONS))
    assert [link.url for link in found] == [link.url for link in expected]
    assert _written(data, found) == [text.encode()[link.start : link.end].decode() for link in expected]
    assert not any(link.unwritable for link in found)


def test_only_markdown_cells_count() -> None:
    data = _notebook([("code", "[a](http://no)"), ("markdown", ["[a](http://yes)"]), ("raw", "[a](http://no)")])
    assert [link.url for link in notebook.links(data, OPTIONS)] == ["http://yes"]


def test_old_notebooks_keep_cells_in_worksheets() -> None:
    cells = [{"cell_type": "markdown", "source": ["[a](http://yes)"]}]
    data = json.dumps({"worksheets": [{"cells": cells}], "nbformat": 3}).encode()
    assert [link.url for link in notebook.links(data, OPTIONS)] == ["http://yes"]


def test_attachments_are_not_asked_about() -> None:
    links = list(notebook.links(_notebook([("markdown", "![a](attachment:x.png)")]), OPTIONS))
    assert [link.skip for link in links] == ["a picture inside the notebook"]


def test_anchors_are_those_of_jupyter_and_github() -> None:
    assert {"Some-Title", "some-title"} <= notebook.anchors(_notebook([("markdown", "# Some Title")]))


def test_a_url_over_two_strings_is_not_rewritten() -> None:
    data = b'{"cells": [{"cell_type": "markdown", "source": ["<a href=\\"http://a/", "b\\">"]}]}'
    assert [(link.url, bool(link.unwritable)) for link in notebook.links(data, OPTIONS)] == [("http://a/b", True)]
