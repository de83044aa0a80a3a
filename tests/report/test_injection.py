"""Every attack, in every place where text comes in, in every format; and the formats stay valid."""

import csv
import io
import json
import re
import types
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_args, get_origin
from urllib.parse import urlsplit

import jsonschema
import lxml.etree
import lxml.html
import pyromark
import pytest
from msgspec import Struct, structs

from linkkeeper.models.document import FileProblem
from linkkeeper.models.run import Accepted, Run, Summary, UrlRow
from linkkeeper.models.snapshot import SnapshotState
from linkkeeper.models.verdict import Verdict
from linkkeeper.report import html, registry, schemas
from linkkeeper.report.base import Extras, FileDiff

HERE = Path(__file__).parent
START = datetime(2026, 11, 20, 9, 45, tzinfo=UTC)
ATTACKS = (
    "\x1b[2J\x1b]8;;https://evil.example/\x1b\\x\x07\x9b31m\x90q\x00\x08\x7f",
    "\u202egpj.exe\u2066\u200b\u200f\ufeff\u2028\u2029\u0085\xad\U000e0041",
    "a\nFORGED\r\nFORGED\rFORGED\x0bFORGED\x0cFORGED\x85FORGED\u2028FORGED",
    "\n::error file=x::FORGED\n::stop-commands::x\n##[error]FORGED",
    "::set-output name=a::b%0A::error::FORGED%0D%0A",
    "a%0AFORGED,line=9,title=FORGED::FORGED",
    "##vso[task.setvariable variable=x]FORGED ##teamcity[x]",
    "]]><x/><![CDATA[ &lt; &#x1b; &#0; <?x?> <!DOCTYPE a [<!ENTITY b 'c'>]>&b;",
    '"><img src=x onerror=alert(1)><script>alert(1)</script><style>*{}</style>',
    "'\" onmouseover=alert(1) x='",
    "</script></style></textarea></title><!--<script>",
    "{{7*7}}{% for x in y %}${{ github.token }}$(touch x)`touch x`",
    "[x](javascript:alert(1)) ![x](https://evil.example/t.png) <https://evil.example>",
    "``` | `` | ` | \\| \\\n\n# FORGED\n\n<b>x</b> @everyone #1 https://evil.example",
    "</code></td></tr></table><h1>FORGED</h1>",
    "javascript:alert(1)//https://",
    "data:text/html,<script>alert(1)</script>",
    '=HYPERLINK("https://evil.example/","x")',
    "+1;=1;@SUM(1)*cmd|' /C calc'!A0;-2;\t=1",
    "＝1+1;＠x",
    "a\tb;\n=1+1",
    "\ud800x\udcff\ufffe\uffff\U0010ffff",
    "%1$s {0} {placeholder} [link](https://evil.example) \\",
    "/etc/../../FORGED:1:2",
    "-rf",
    "__proto__",
    " ",
    "",
    "https://user:hunter2@evil.example/?access_token=hunter2&x=1#sig=hunter2",
    "http://a.example/?u=https%3A%2F%2Fme%3Ahunter2%40b.example%2F%3Faccess_token%3Dhunter2",
)
GOOD = {str: "plain", int: 1, bool: False, float: 1.0, datetime: START, date: START.date()}


def made(kind: Any, name: str = "") -> Any:
    """Return a plain value of an annotation, with every optional part there."""
    if kind in GOOD:
        return {"url": "https://a.example/b", "final_url": "https://a.example/c", "by": "baseline"}.get(
            name, GOOD[kind]
        )
    if get_origin(kind) in (list, tuple):
        return get_origin(kind)([made(get_args(kind)[0])])
    if get_origin(kind) is dict:
        return {}
    if isinstance(kind, types.UnionType):
        return made(next(part for part in get_args(kind) if part is not type(None)), name)
    if kind is Verdict:
        return Verdict.DEAD
    if kind is SnapshotState:
        return SnapshotState.VERIFIED
    assert issubclass(kind, Struct), kind
    return kind(**{item.name: made(item.type, item.name) for item in structs.fields(kind)})


def places(kind: Any, within: str = "") -> list[str]:
    """Return the path of every text below a struct, as `links.snapshot.url`; lists are stepped into."""
    if kind is str:
        return [within]
    if get_origin(kind) in (list, tuple):
        return places(get_args(kind)[0], within)
    if isinstance(kind, types.UnionType):
        return [path for part in get_args(kind) for path in places(part, within)]
    if isinstance(kind, type) and issubclass(kind, Struct):
        return [
            path for item in structs.fields(kind) for path in places(item.type, f"{within}.{item.name}".lstrip("."))
        ]
    return []


def put(value: Any, path: str, text: str) -> Any:
    """Return value with text at path."""
    if isinstance(value, (list, tuple)):
        return type(value)(put(item, path, text) for item in value)
    if not path:
        return text
    name, _, rest = path.partition(".")
    return structs.replace(value, **{name: put(getattr(value, name), rest, text)})


OF_THE_RUN = [path for path in places(Run) if not path.startswith(("urls", "accepted", "files", "schema"))]
PLACES = (
    *(f"urls.{path}" for path in places(UrlRow)),
    *(f"accepted.{path}" for path in places(Accepted) if path != "by"),
    *(f"files.{path}" for path in places(FileProblem)),
    *OF_THE_RUN,
    "rules",
    "diffs.file",
    "diffs.diff",
)
VERDICTS = (Verdict.DEAD, Verdict.INVALID, Verdict.SUSPECT, Verdict.BLOCKED, Verdict.REDIRECTED, Verdict.OK)


def attacked(place: str) -> tuple[Run, Extras]:
    """Return a run in which every attack stands in one place, each in a row of its own."""
    kind, _, rest = place.partition(".")
    row, one, problem = made(UrlRow), made(Accepted), made(FileProblem)
    rows = [structs.replace(row, url=f"https://a.example/{at}", verdict=verdict) for at, verdict in enumerate(VERDICTS)]
    accepted, problems, diffs = [one], [problem], [FileDiff("a.md", "+b\n")]
    if kind == "urls":
        rows = [structs.replace(put(row, rest, text), verdict=verdict) for text in ATTACKS for verdict in VERDICTS]
    if kind == "accepted":
        accepted = [put(one, rest, text) for text in ATTACKS]
    if kind == "files":
        problems = [put(problem, rest, text) for text in ATTACKS]
    if kind == "diffs":
        diffs = [put(diffs[0], rest, text) for text in ATTACKS]
    counts = {str(verdict): sum(row.verdict is verdict for row in rows) for verdict in Verdict}
    summary = Summary(1, sum(len(row.links) for row in rows), len(rows), 1, counts, 1)
    run = Run("1", START, START, False, summary, rows, problems, {"plain": "means"}, id="x", accepted=accepted)
    if place == "rules":
        run = structs.replace(run, rules=dict.fromkeys(["plain", *ATTACKS], "".join(ATTACKS)))
    if place in OF_THE_RUN:
        many = isinstance(getattr(run, place), list)
        run = structs.replace(run, **{place: list(ATTACKS) if many else "".join(ATTACKS)})
    return run, Extras(diffs=tuple(diffs))


def test_the_places_are_all_that_there_are() -> None:
    assert set(OF_THE_RUN) == {"version", "id", "notes", "paths"}
    assert {"urls.links.snapshot.detail", "urls.redirects.url", "urls.moved.evidence", "accepted.reason"} <= set(PLACES)
    assert len(PLACES) >= 42


def terminal(text: str, _: Run) -> None:
    lines_are_ours(text)


def lines_are_ours(text: str) -> None:
    assert not re.search(r"^[^\w\s]*FORGED", text, re.MULTILINE)


def as_json(text: str, run: Run) -> None:
    kinds = jsonschema.Draft202012Validator
    kinds(schemas.schema("report"), format_checker=kinds.FORMAT_CHECKER).validate(json.loads(text))
    assert len(json.loads(text)["urls"]) == len(run.urls)


def jsonl(text: str, run: Run) -> None:
    assert len([json.loads(line) for line in text.splitlines()]) == len(run.urls)


def markdown(text: str, _: Run) -> None:
    lines_are_ours(text)
    page: Any = lxml.html.document_fromstring(pyromark.html(text, options=pyromark.Options.ENABLE_TABLES))
    tags = {node.tag for node in page.iter()} - {"html", "body", "h2", "h3", "p", "table", "thead", "tbody", "tr", "th"}
    assert tags <= {"td", "code", "a", "ul", "li", "details", "summary", "blockquote"}
    assert {urlsplit(link).scheme for link in page.xpath("//a/@href")} <= {"http", "https"}
    assert not re.search("@|evil|FORGED", "".join(page.xpath("//text()[not(ancestor::code)]")))


def as_html(text: str, _: Run) -> None:
    page: Any = lxml.html.document_fromstring(text)
    scripts = page.findall(".//script")
    assert [script.get("type") for script in scripts] == ["application/json", "application/json", None]
    policy = html.policy(scripts[2].text or "", page.findtext(".//style") or "")
    assert page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content") == [policy]
    assert page.xpath("//img|//iframe|//object|//embed|//link|//base|//form|//@src|//@style|//h1/*[.='FORGED']") == []
    assert [name for node in page.iter() for name in node.attrib if str(name).startswith("on")] == []
    assert page.xpath("//@href") == ["#links"]
    for script in scripts[:2]:
        assert not set("<>&") & set(script.text or "")
        json.loads(script.text or "")


def as_csv(text: str, run: Run) -> None:
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 1 + sum(len(row.links) for row in run.urls) + len(run.accepted)
    assert len({len(row) for row in rows}) == 1
    cells = [cell for row in rows for value in row for cell in (value, *re.split(r"[;\t]", value))]
    assert [cell for cell in cells if cell.strip()[:1] in tuple("=+-@＝＋－＠|%")] == []


def junit(text: str, run: Run) -> None:
    tree = lxml.etree.fromstring(text.encode())
    lxml.etree.XMLSchema(lxml.etree.parse(HERE / "junit.xsd")).assertValid(tree)
    links = sum(len(row.links) for row in run.urls)
    assert len(tree.findall("testsuite/testcase")) == links + len(run.files) + len(run.accepted)


def sarif(text: str, run: Run) -> None:
    log = json.loads(text)
    jsonschema.Draft202012Validator(json.loads((HERE / "sarif.json").read_text("utf-8"))).validate(log)
    messages = [one["message"]["text"] for one in log["runs"][0]["results"]]
    assert len(messages) == len(run.accepted) + sum(len(row.links) for row in run.urls if row.verdict is not Verdict.OK)
    for message in messages:
        lines_are_ours(message)
        plain = re.sub(r"\\[\\\[\]]", "", message).replace("{{", "").replace("}}", "")
        assert not set("[]{}") & set(plain), "no link and no placeholder"


def github(text: str, run: Run) -> None:
    link = r"::(error|warning) file=[^,:\n]*,line=\d+,col=\d+(,endColumn=\d+)?,title=\w+ link::[^\n]*"
    ours = re.compile(rf"{link}|::warning file=[^,:\n]*::[^\n]*|::warning title=linkkeeper::[^\n]*")
    assert [line for line in text.splitlines() if not ours.fullmatch(line)] == []
    noted = sum(len(row.links) for row in run.urls if row.verdict in ("dead", "invalid", "suspect"))
    assert len(text.splitlines()) == noted + len(run.files) + (len(run.notes) or 1)


CHECKS: dict[str, Callable[[str, Run], None]] = {
    "terminal": terminal,
    "json": as_json,
    "jsonl": jsonl,
    "markdown": markdown,
    "html": as_html,
    "csv": as_csv,
    "junit": junit,
    "sarif": sarif,
    "github": github,
}


@pytest.mark.parametrize("name", registry.NAMES)
@pytest.mark.parametrize("place", PLACES)
def test_no_attack_gets_through(place: str, name: str) -> None:
    run, extras = attacked(place)
    text = registry.text(run, name, extras)
    unseen = {char for char in text if char != "\n" and not char.isprintable() and unicodedata.category(char) != "Zs"}
    assert unseen == set()
    assert text.encode("utf-8")
    assert "hunter2" not in text
    assert not re.search(r"##[A-Za-z]*\[", text)
    commands = [line for line in text.splitlines() if line.lstrip().startswith("::")]
    assert name == "github" or commands == []
    CHECKS[name](text, run)
