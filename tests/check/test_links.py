"""What a link says about itself."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.check import links
from linkkeeper.models.link import Link, Span
from linkkeeper.models.verdict import Verdict


def link(url: str, skip: str = "") -> Link:
    """Return a link to url."""
    return Link("post.md", Span(0, len(url)), url.encode("utf-8", "surrogatepass"), url, "inline", 1, 1, skip=skip)


def rule(url: str) -> str:
    """Return the rule that judges url without asking; empty if it must be asked."""
    found = links.judge_link(link(url))
    return found.rule if found else ""


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("", "placeholder"),
        ("#", "placeholder"),
        (" # ", "placeholder"),
        ("#top", ""),
        ("http://example.com/", ""),
        ("HTTPS://example.com", ""),
        ("//example.com/x", ""),
        ("http:\\\\example.com\\x", ""),
        ("other.md", ""),
        ("/images/x.png", ""),
        ("mailto:a@example.com", "other-scheme"),
        ("tel:+49123", "other-scheme"),
        ("JavaScript:void(0)", "other-scheme"),
        ("data:image/png;base64,AAAA", "other-scheme"),
        ("ftp://example.com/x", "other-scheme"),
        ("magnet:?xt=urn:btih:x", "other-scheme"),
        ("weixin://dl/chat", "other-scheme"),
        ("git+ssh://example.com/x", "other-scheme"),
        ("C:\\Users\\me\\x.png", "other-scheme"),
        ("htp://example.com", "scheme-typo"),
        ("hhtp://example.com", "scheme-typo"),
        ("htps://example.com", "scheme-typo"),
        ("httpss://example.com", "scheme-typo"),
        ("ttp://example.com", "scheme-typo"),
        ("hxxp://example.com", "scheme-typo"),
        ("http//example.com", "scheme-typo"),
        ("https//example.com", "scheme-typo"),
        ("http;//example.com", "scheme-typo"),
        ("http：//example.com", "scheme-typo"),
        ("http://http://example.com", "scheme-typo"),
        ("https://https//example.com", "scheme-typo"),
        ("localhost:8000/x", "scheme-missing"),
        ("example.com:8080/x", "scheme-missing"),
        ("http://", "malformed"),
        ("https:///", "malformed"),
        ("http://exa mple.com/", "malformed"),
        ("http://[::1", "malformed"),
        ("http://example.com:99999/", "malformed"),
    ],
)
def test_each_kind_of_destination_has_its_rule(url: str, wanted: str) -> None:
    assert rule(url) == wanted


def test_mail_is_no_page_rather_than_an_exemption() -> None:
    judged = links.judge_link(link("mailto:a@b.com", skip="mail address"))
    assert judged is not None
    assert (judged.verdict, judged.rule) == (Verdict.SKIPPED, "other-scheme")


def test_what_a_document_keeps_to_itself_is_skipped_with_the_reason() -> None:
    template = links.judge_link(link("{{ site.url }}", "template code"))
    ignored = links.judge_link(link("http://example.com", "ignored: known outage"))
    assert template is not None
    assert ignored is not None
    assert (template.verdict, template.rule) == (Verdict.SKIPPED, "template-code")
    assert (ignored.rule, ignored.detail) == ("ignored", "ignored: known outage")


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("a.md", True),
        ("/a", True),
        ("#x", True),
        ("?p=1", True),
        ("//a.b/c", False),
        ("http://a.b", False),
        ("mailto:a@b", False),
    ],
)
def test_what_stays_on_this_disk_is_known(url: str, local: bool) -> None:
    assert links.is_local(url) is local


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_judged_without_raising(url: str) -> None:
    links.judge_link(link(url))
    links.is_local(url)


@pytest.mark.parametrize(
    ("url", "sound"),
    [
        ("https://example.com", True),
        ("https://example.com/a?b=c#d", True),
        ("http://127.0.0.1:8080/a", True),
        ("https://example.com/\u4e2d", False),
        ("https://example.com/a b", False),
        ("https://example.com/a\n", False),
        ("https://example.com\\a", False),
        ("https://example.com?a=/b", False),
        ("http:///example.com/", False),
        ("https://localhost/", False),
        ("//example.com/", False),
    ],
)
def test_only_what_nothing_can_be_said_against_is_sound(url: str, sound: bool) -> None:
    assert links.is_sound(link(url)) == sound
    assert not links.is_sound(link(url, skip="template"))
    if sound:
        assert links.judge_link(link(url)) is None
