"""The machine format of `linkkeeper links`."""

import json

from linkkeeper.extract.base import ExtractOptions
from linkkeeper.extract.lines import LinkLines, decode
from linkkeeper.models.document import Document, FileProblem
from linkkeeper.urls.rule_set import CleanOptions

OPTIONS = ExtractOptions()
TEXT = "看 [a](https://a.example/?utm_source=b)，[c]({{ d }}) e@f.example www.g.example <!-- linkkeeper-ignore --> x\n"


def lines(job: LinkLines, text: str = TEXT, name: str = "a.md") -> list[dict[str, object]]:
    """Return what is printed of a document."""
    return [json.loads(line) for line in job.lines(name, text.encode()).text.splitlines()]


def test_a_line_has_the_fields_of_the_contract_in_their_order() -> None:
    [line] = lines(LinkLines(OPTIONS), "看 [a](https://a.example/?utm_source=b)")
    assert list(line.items()) == [
        ("file", "a.md"),
        ("start", 8),
        ("end", 39),
        ("line", 1),
        ("column", 7),
        ("kind", "inline"),
        ("raw", "https://a.example/?utm_source=b"),
        ("url", "https://a.example/?utm_source=b"),
        ("clean", "https://a.example/"),
    ]


def test_mail_template_code_and_ignored_links_are_listed_only_when_asked_for() -> None:
    text = "[a](https://a.example) [c]({{ d }}) e@f.example\n\n<!-- linkkeeper-ignore -->\n[g](https://h.example)\n"
    assert [line["url"] for line in lines(LinkLines(OPTIONS), text)] == ["https://a.example"]
    found = {line["url"]: line.get("skip") for line in lines(LinkLines(OPTIONS, everything=True), text)}
    assert found == {
        "https://a.example": None,
        "{{ d }}": "template code",
        "mailto:e@f.example": "mail address",
        "https://h.example": "ignored",
    }


def test_include_and_exclude_look_at_what_was_written() -> None:
    text = "[a](https://a.example/x) [b](https://b.example/y)"
    assert [line["url"] for line in lines(LinkLines(OPTIONS, include=("/x$",)), text)] == ["https://a.example/x"]
    assert [line["url"] for line in lines(LinkLines(OPTIONS, exclude=("/x$",)), text)] == ["https://b.example/y"]


def test_the_users_rules_clean_too() -> None:
    job = LinkLines(OPTIONS, CleanOptions(strip=("own",)))
    assert [line["clean"] for line in lines(job, "<https://a.example/?own=1&b=2>")] == ["https://a.example/?b=2"]


def test_raw_is_text_in_any_encoding() -> None:
    job = LinkLines(OPTIONS)
    data = "我们看 [链接](http://例子.中国/路径)，然后谢谢大家。".encode("gb18030")
    [line] = [json.loads(line) for line in job.lines("a.md", data).text.splitlines()]
    assert line["raw"] == line["url"] == "http://例子.中国/路径"
    assert data[line["start"] : line["end"]].decode("gb18030") == line["raw"]


def test_problems_travel_with_the_lines() -> None:
    job = LinkLines(OPTIONS)
    assert decode(job.refused(FileProblem("a.md", "gone"))).problems == (FileProblem("a.md", "gone"),)
    assert decode(job.run(Document("a.md"), b"\x89PNG").value).problems[0].problem == "binary, not text"


def test_the_name_of_the_job_holds_every_option() -> None:
    names = {
        LinkLines(OPTIONS).name,
        LinkLines(ExtractOptions(include_verbatim=True)).name,
        LinkLines(OPTIONS, CleanOptions(strip=("a",))).name,
        LinkLines(OPTIONS, include=("a",)).name,
        LinkLines(OPTIONS, exclude=("a",)).name,
        LinkLines(OPTIONS, everything=True).name,
    }
    assert len(names) == 6
