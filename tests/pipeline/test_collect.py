import pytest

from linkkeeper.models.document import Document
from linkkeeper.models.link import Link, Span
from linkkeeper.models.verdict import Judgement, Verdict
from linkkeeper.pipeline.collect import Collection, Place, Rules, absolute


def link(url: str, start: int = 0) -> Link:
    return Link("post.md", Span(start, start + len(url)), url.encode(), url, "inline", 1, 1 + start)


def rules(known: dict[str, Judgement] | None = None) -> Rules:
    def clean(one: Link) -> Place:
        return Place(one, one.url.replace("?utm_source=x", ""), rule="utm" if "utm" in one.url else "")

    return Rules(clean, lambda one: (known or {}).get(one.url))


def collect(*urls: str, known: dict[str, Judgement] | None = None) -> Collection:
    collection = Collection(rules(known))
    collection.add(Document("post.md", "digest"), [link(url, 100 * at) for at, url in enumerate(urls)])
    return collection


def test_one_url_is_one_entry_whatever_its_fragments() -> None:
    [entry] = collect("http://a.example/x", "http://a.example/x#one", "http://a.example/x#two").asked()
    assert entry.url == "http://a.example/x"
    assert len(entry.places) == 3


def test_what_cleaning_changed_remembers_the_written_form_and_the_rule() -> None:
    [entry] = collect("http://a.example/x?utm_source=x#f", "http://a.example/x").asked()
    assert (entry.url, entry.written, entry.rule) == ("http://a.example/x", "http://a.example/x?utm_source=x", "utm")


def test_what_is_known_without_asking_is_not_asked() -> None:
    placeholder = Judgement(Verdict.PLACEHOLDER, "placeholder")
    collection = collect("#", "#", "http://a.example/", known={"#": placeholder})
    assert [entry.url for entry in collection.asked()] == ["http://a.example/"]
    assert [len(entry.places) for entry in collection.entries.values() if entry.judgement] == [2]


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("//a.example/x", "https://a.example/x"),
        ("//a.example:443/x", "https://a.example:443/x"),
        ("//a.example:8080/x", "http://a.example:8080/x"),
        ("//[::1]:8080/x", "http://[::1]:8080/x"),
        ("//user@a.example/x:80", "https://user@a.example/x:80"),
        ("http://a.example//b", "http://a.example//b"),
    ],
)
def test_a_url_without_scheme_is_asked_as_a_site_of_today_would(written: str, asked: str) -> None:
    assert absolute(written) == asked
    [entry] = collect(written).asked()
    assert (entry.url, entry.written) == (asked, None)
