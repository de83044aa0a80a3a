"""Patterns that can take forever are told from those that cannot."""

import re
import time

import pytest

from linkkeeper.urls import ambiguity


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(.*)*",
        "(x|x)*y",
        "([a-z]+)*$",
        "(a|aa)+$",
        "(.*a){20}",
        "(a*)*",
        "(?:a?){50}",
        r"(\w+\s?)*",
        "((ab)*)*",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        "(.*,)*x",
        "(?:a{0,30}){0,30}",
        ".*.*.*.*x",
        "(?=(a+)+$)x",
        "(a{1,2}){1,100}b",
        "a?" * 30 + "a" * 30,
        ".*a.*b.*c.*d",
        "(?:|a|)*",
        "(a|ab|b)*c",
        "(?:a?b?)*",
        "x(?:y*z*)*",
        "(?:[^&]*&?)*=",
        "(a+)\\1\\1+b",
    ],
)
def test_a_pattern_that_can_run_away_is_refused(pattern: str) -> None:
    re.compile(pattern)
    assert ambiguity.runs_away(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^https?:\/\/(?:[a-z0-9-]+\.)*?google(?:\.[a-z]{2,}){1,}\/url\?.*?(?:url|q)=(https?[^&]+)",
        r"(?:utm_|mtm_)[a-z_]+",
        r"utm(?:_[a-z_]*)?",
        "(a|b)*c",
        "(?:(?:a|b)+c)+",
        r"(?:[a-z]+\.)*x",
        r"utm_\w+=[^&]*(?:&utm_\w+=[^&]*)*",
        "[^&]{1,200}",
        ".*",
        "",
    ],
)
def test_a_pattern_that_cannot_is_taken_and_is_quick(pattern: str) -> None:
    assert ambiguity.runs_away(pattern) == ""
    for text in ("a" * 1000, "https://" + "google.google." * 70, "utm_a=&" * 140, "." * 1000):
        started = time.perf_counter()
        re.search(pattern + "\x00", text)
        assert time.perf_counter() - started < 5
