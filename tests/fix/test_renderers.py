"""Copies that `append` puts beside links, as docutils, Asciidoctor and Pandoc read them."""

import io
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from docutils.core import publish_string

from linkkeeper.extract import registry
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.fix import apply, disk
from linkkeeper.fix.plan import FixOptions, Want, plan

WB = "https://web.archive.org/web/20200102030405/"
URLS = (
    "http://dead.example/a",
    "http://dead.example/a_(b)/c_?d=e_f&amp=1&g=~h#i",
    "http://dead.example/%E6%96%87?x=%5Bq%5D&copy=2",
    "http://dead.example/a--b...c__d__e*f*",
    "http://dead.example/a;b,c:d!e'f@g",
    "http://dead.example/last_",
)
TEXTS = {
    "rst": "题 `t <@>`_，见 (`u <@>`__), and see *x*.\n\n- `v\n  <@>`_\n\n===  ===\na    `w <@>`__\n===  ===\n",
    "adoc": "见 link:@[t] (link:@[u, v]). And link:++@++[w]!\n\n* link:@[*x*]\n\n|===\n|link:@[y]\n|===\n",
    "org": "见 [[@][t]]，(see [[@][u (v) w]]). And <http://dead.example/a>!\n\n- [[@]]\n\n| [[@][x]] | y |\n",
}


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and (url := dict(attrs).get("href")):
            self.found.append((url, ""))
            self._open = True

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "a"

    def handle_data(self, data: str) -> None:
        if self._open:
            url, text = self.found[-1]
            self.found[-1] = url, text + data


def _docutils(text: str) -> str:
    settings = {"report_level": 1, "warning_stream": (said := io.StringIO()), "output_encoding": "unicode"}
    page = publish_string(text, writer="html5", settings_overrides=settings)
    assert said.getvalue() == ""
    return str(page)


def _command(*command: str) -> Callable[[str], str]:
    def render(text: str) -> str:
        if shutil.which(command[0]) is None:
            pytest.skip(f"SKIPPED: there is no {command[0]} here")
        done = subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8", check=True)
        assert done.stderr == ""
        return done.stdout

    return render


RENDER = {
    "rst": _docutils,
    "adoc": _command("asciidoctor", "-s", "-o", "-", "-"),
    "org": _command("pandoc", "-f", "org", "-t", "html", "--wrap=none"),
}


def links(page: str) -> list[tuple[str, str]]:
    """Return the targets (escapes resolved, as browsers send either) and texts of a page's links."""
    parser = _Links()
    parser.feed(page)
    return [(unquote(url), text) for url, text in parser.found]


def appended(document: str, text: str) -> str:
    data = text.encode()
    found = registry.extract(document, data, ExtractOptions()).links
    wants = [Want(link, "archive", WB + link.url.partition("#")[0], "http-gone", "") for link in found]
    options = FixOptions(style="append")
    prepared = apply.proved(plan(document, disk.digest(data), found, wants, options, data), data)
    assert len(prepared.plan.edits) + len(prepared.plan.refusals) == len(found) > 0
    return prepared.new.decode()


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("kind", TEXTS)
def test_each_copy_is_a_link_behind_its_link_and_nothing_else_changes(kind: str, url: str) -> None:
    text = TEXTS[kind].replace("@", url.replace("_", "\\_") if kind == "rst" and url.endswith("_") else url)
    before = links(RENDER[kind](text))
    after = links(RENDER[kind](appended(f"a.{kind}", text)))
    copies = [(target, label) for target, label in after if label == "archived"]
    assert [one for one in after if one not in copies] == before
    assert {target for target, _ in copies} <= {WB + target for target, _ in before}
    places = [place for place, one in enumerate(after) if one in copies]
    assert all(after[place][0] == WB + after[place - 1][0] for place in places)
    if url == URLS[0]:
        assert len(copies) == len(before) > 3
