"""Everything from outside is an attack; no format passes one on."""

import csv
import io
import json
import re
import unicodedata
from typing import Any
from urllib.parse import urlsplit

import lxml.etree
import lxml.html
import pyromark
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from linkkeeper.models.run import Run
from linkkeeper.report import github, html, registry, terminal

TEXT = [name for name in registry.NAMES if name != "html"]


@pytest.fixture(params=registry.NAMES)
def report(request: pytest.FixtureRequest, hostile: Run) -> str:
    return registry.named(request.param).render(hostile)


def test_every_character_can_be_seen(report: str) -> None:
    unseen = {char for char in report if char != "\n" and not char.isprintable() and unicodedata.category(char) != "Zs"}
    assert unseen == set()


def test_a_report_can_be_encoded(report: str) -> None:
    assert report.encode("utf-8")


def test_no_secret_is_in_it(report: str) -> None:
    assert "hunter2" not in report
    assert "s3cr3tvalue" not in report


@pytest.mark.parametrize("name", registry.NAMES)
def test_no_line_is_a_command_to_a_ci_runner(name: str, hostile: Run) -> None:
    report = registry.named(name).render(hostile)
    assert not re.search(r"##[A-Za-z]*\[", report)
    commands = [line for line in report.splitlines() if line.lstrip().startswith("::")]
    link = r"::(error|warning) file=[^,:\n]*,line=\d+,col=\d+(,endColumn=\d+)?,title=\w+ link::[^\n]*"
    ours = re.compile(rf"{link}|::warning file=[^,:\n]*::[^\n]*")
    assert all(name == "github" and ours.fullmatch(line) for line in commands), commands


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(), max_size=60))
def test_any_text_passes_through_every_format(text: str, run: Run) -> None:
    link = replace(run.urls[0].links[0], file=text, raw=text, date=text, fragment=text)
    odd = replace(run, urls=[replace(run.urls[0], url=text, detail=text, links=[link])], notes=[text])
    for name in registry.NAMES:
        assert registry.named(name).render(odd).encode("utf-8")


def test_an_endless_string_is_shortened_for_people(run: Run) -> None:
    picture = "data:image/png;base64," + "A" * 1_000_000
    long = replace(run, urls=[replace(run.urls[0], links=[replace(run.urls[0].links[0], raw=picture)])])
    assert "[… 996,022 characters …]" in terminal.render(long)
    assert len(html.render(long)) < 100_000
    assert picture in registry.named("json").render(long)


def test_github_gets_one_annotation_for_each_link_that_fails_or_warns(hostile: Run) -> None:
    wanted = sum(len(row.links) for row in hostile.urls if row.verdict in ("dead", "invalid", "suspect"))
    assert github.render(hostile).count("\n") == wanted + len(hostile.files)


def test_no_cell_is_a_formula(hostile: Run) -> None:
    rows = list(csv.reader(io.StringIO(registry.named("csv").render(hostile))))
    assert len({len(row) for row in rows}) == 1
    cells = [cell for row in rows for text in row for cell in (text, *text.split(";"))]
    assert [cell for cell in cells if cell.strip()[:1] in tuple("=+-@＝＋－＠|%")] == []


def test_xml_is_well_formed_and_holds_every_link(hostile: Run) -> None:
    tree = lxml.etree.fromstring(registry.named("junit").render(hostile).encode())
    assert len(tree.findall("testsuite/testcase")) == len(hostile.urls) + len(hostile.files) + len(hostile.accepted)
    assert {node.tag for node in tree.iter()} <= {
        *("testsuites", "testsuite", "properties", "testcase", "failure", "error"),
        *("skipped", "system-out", "system-err"),
    }


def test_html_runs_nothing_but_its_own_script(hostile: Run) -> None:
    text = html.render(hostile)
    page: Any = lxml.html.document_fromstring(text)
    scripts = page.findall(".//script")
    assert [script.get("type") for script in scripts] == ["application/json", "application/json", None]
    assert html.policy(scripts[2].text or "", page.findtext(".//style") or "") == page.find(
        ".//meta[@http-equiv='Content-Security-Policy']"
    ).get("content")
    assert page.xpath("//img|//iframe|//object|//embed|//link|//base|//form|//@src|//@style") == []
    assert [name for node in page.iter() for name in node.attrib if str(name).startswith("on")] == []
    assert page.xpath("//@href") == ["#links"]
    for script in scripts[:2]:
        assert not set("<>&") & set(script.text or "")
        json.loads(script.text or "")


def test_markdown_stays_text_wherever_it_came_from_outside(hostile: Run) -> None:
    report = registry.named("markdown").render(hostile)
    page: Any = lxml.html.document_fromstring(pyromark.html(report, options=pyromark.Options.ENABLE_TABLES))
    tags = {node.tag for node in page.iter()} - {"html", "body"}
    assert tags <= {
        *("h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "a", "ul", "li"),
        *("details", "summary", "blockquote"),
    }
    assert {urlsplit(link).scheme for link in page.xpath("//a/@href")} <= {"http", "https"}
    prose = "".join(page.xpath("//text()[not(ancestor::code)]"))
    assert "@" not in prose
    assert "evil" not in prose


def test_sarif_messages_hold_no_placeholder_and_no_link(hostile: Run) -> None:
    run = json.loads(registry.named("sarif").render(hostile))["runs"][0]
    for result in run["results"]:
        plain = re.sub(r"\\[\\\[\]]", "", result["message"]["text"]).replace("{{", "").replace("}}", "")
        assert not set("[]{}") & set(plain)


def test_colour_comes_from_us_alone(hostile: Run) -> None:
    coloured = terminal.render(hostile, color=True)
    assert set(re.findall(r"\x1b[^m]*m", coloured)) <= {
        *("\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m", "\x1b[1;36m", "\x1b[0m"),
    }
    assert "\x9b" not in coloured
    assert "\x07" not in coloured
