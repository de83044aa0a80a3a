"""What was asked and found, as rows."""

import random
from datetime import UTC, datetime

from linkkeeper.extract.discover import Discovery
from linkkeeper.models.document import Document
from linkkeeper.models.link import Link, Span
from linkkeeper.models.verdict import Finding, Judgement, Verdict
from linkkeeper.pipeline import result
from linkkeeper.pipeline.collect import Collection, Place, Rules
from linkkeeper.pipeline.outcome import Outcome

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def rows(urls: list[str]) -> list[tuple[str, str, str]]:
    """Return URL, rule and first file of every row of a run over these links."""
    collection = Collection(Rules(lambda link: Place(link, link.url), lambda _: None))
    outcome = Outcome()
    for number, url in enumerate(urls):
        link = Link("", Span(0, 1), url.encode(), url, "inline", 1, 1)
        collection.add(Document(f"{9 - number % 10}.md", "digest"), [link])
    for entry in collection.asked():
        outcome.findings[entry.url] = Finding(entry.url, Judgement(Verdict.OK, "http-success"))
    run = result.build(collection, Discovery(()), [], outcome, NOW)
    return [(row.url, row.rule, row.links[0].file) for row in run.urls]


def test_rows_are_in_order_whatever_order_they_came_in() -> None:
    urls = [f"https://a.example/{number}" for number in range(30)]
    random.Random(1).shuffle(urls)
    assert [url for url, _, _ in rows(urls)] == sorted(urls)


def test_rows_of_one_url_are_in_the_order_of_their_rules_and_files() -> None:
    known = Judgement(Verdict.INVALID, "scheme-typo")
    other = Judgement(Verdict.INVALID, "bad-url")
    collection = Collection(Rules(lambda link: Place(link, link.url), lambda link: known if link.line > 1 else other))
    for file, line in (("b.md", 2), ("a.md", 1)):
        link = Link("", Span(0, 1), b"htp://a", "htp://a", "inline", line, 1)
        collection.add(Document(file, "digest"), [link])
    run = result.build(collection, Discovery(()), [], Outcome(), NOW)
    assert [(row.rule, row.links[0].file) for row in run.urls] == [("bad-url", "a.md"), ("scheme-typo", "b.md")]
