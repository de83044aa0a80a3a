"""Files in the ClearURLs form. The rules here are ours; the form is theirs."""

import json
import time
from pathlib import Path

import pytest

from linkkeeper.errors import UsageError
from linkkeeper.urls import clearurls, rules
from linkkeeper.urls.clean import Cleaner
from linkkeeper.urls.rule_set import CleanOptions

FILE = {
    "providers": {
        "shop": {
            "urlPattern": r"^https?:\/\/(?:[a-z0-9-]+\.)*?shop\.example",
            "completeProvider": False,
            "rules": ["ref", "(?:%3F)?trail(?:_[a-z]+)?"],
            "rawRules": [r"\/ref=[^\/?]*"],
            "referralMarketing": ["tag"],
            "exceptions": [r"^https?:\/\/shop\.example\/login"],
            "redirections": [r"^https?:\/\/shop\.example\/out\?.*?to=([^&]+)"],
            "forceRedirection": True,
        },
        "globalRules": {"urlPattern": ".*", "rules": ["everywhere"]},
    }
}


def _cleaner(tmp_path: Path, content: object = FILE) -> Cleaner:
    file = tmp_path / "data.min.json"
    file.write_text(json.dumps(content), "utf-8")
    return Cleaner(rules.load(CleanOptions(rule_files=(str(file),), exempt_params=("kept.example:everywhere",))))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shop.example/a?ref=1&x&trail_a=2", "https://shop.example/a?x"),
        ("https://www.shop.example/a?REF=1", "https://www.shop.example/a"),
        ("https://shop.example/a?preference=1&refs=2&xref=3", "https://shop.example/a?preference=1&refs=2&xref=3"),
        ("https://shop.example/a/ref=sr_1?x=%zz", "https://shop.example/a?x=%zz"),
        ("https://shop.example/login?ref=1", "https://shop.example/login?ref=1"),
        ("https://shop.example/?tag=author", "https://shop.example/?tag=author"),
        ("https://other.example/?ref=1&everywhere=2", "https://other.example/?ref=1"),
        ("https://shop.example/out?to=https%3A%2F%2Fa.example%2F%3Futm_source%3Dx", "https://a.example/"),
        ("https://shop.example/out?to=javascript%3Aalert(1)", "https://shop.example/out?to=javascript%3Aalert(1)"),
        ("https://shop.example/?ref=1&utm_source=2&a=b==", "https://shop.example/?a=b=="),
        ("https://shop.example/a?ref=1&X-Amz-Signature=2", "https://shop.example/a?ref=1&X-Amz-Signature=2"),
        ("https://kept.example/?everywhere=1", "https://kept.example/?everywhere=1"),
        ("https://shop.example/?ref=" + "x" * 2000, "https://shop.example/?ref=" + "x" * 2000),
    ],
)
def test_the_rules_are_applied_as_clearurls_means_them(tmp_path: Path, url: str, expected: str) -> None:
    mine = _cleaner(tmp_path)
    assert mine.clean(url).url == expected
    assert mine.clean(expected).url == expected


def test_each_step_names_the_provider(tmp_path: Path) -> None:
    assert [step.rule for step in _cleaner(tmp_path).clean("https://shop.example/?ref=1").steps] == ["clearurls-shop"]


def test_rules_that_never_come_to_rest_change_nothing(tmp_path: Path) -> None:
    swing = {"providers": {"a": {"urlPattern": ".*", "redirections": [r"^https?://[^/]*/(?:x=)?(.*)"]}}}
    mine = _cleaner(tmp_path, swing)
    url = "https://a.example/" + "x=https://a.example/" * 30
    assert mine.clean(mine.clean(url).url).url == mine.clean(url).url


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"providers": {"a": {"urlPattern": ".*", "rules": ["(a+)+$"]}}}, "provider 'a'.*run away"),
        ({"providers": {"a": {"urlPattern": "(.*)*", "rules": []}}}, "provider 'a'.*run away"),
        ({"providers": {"a": {"urlPattern": ".*", "rules": [".*"]}}}, "provider 'a'.*matches everything"),
        ({"providers": {"a": {"urlPattern": "("}}}, "provider 'a'.*no regular expression"),
        ({"providers": {"a": {"rules": []}}}, "provider 'a'.*urlPattern"),
        ({"providers": {"a": {"urlPattern": "x", "rulez": ["b"]}}}, "provider 'a'.*unknown field `rulez`"),
        ({"providers": []}, "providers"),
        ({"provider": {}}, "providers"),
        ({"providers": {"a": {"urlPattern": "a", "rules": ["b"] * 20_001}}}, "20000 is the most"),
    ],
)
def test_a_hostile_file_is_refused_with_its_place(tmp_path: Path, content: object, complaint: str) -> None:
    with pytest.raises(UsageError, match=r"data\.min\.json.*" + complaint):
        _cleaner(tmp_path, content)


def test_the_line_of_the_entry_is_named() -> None:
    text = json.dumps(
        {"providers": {"ok": {"urlPattern": "x"}, "bad": {"urlPattern": "y", "rules": ["(a|a)+$"]}}}, indent=1
    )
    line = text[: text.index("(a|a)+$")].count("\n") + 1
    with pytest.raises(UsageError, match=rf"^f\.json:{line}: provider 'bad'"):
        clearurls.read(text, "f.json")


@pytest.mark.parametrize("text", ["{", '{"providers": {"a": ', "{" * 50_000, '{"providers":' + '{"a":' * 50_000])
def test_broken_json_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match=r"f\.json"):
        clearurls.read(text, "f.json")


def test_a_slow_pattern_meets_no_long_url(tmp_path: Path) -> None:
    slow = {"providers": {"a": {"urlPattern": ".*", "redirections": [r"^.*a.*b.*(c)x"], "rules": ["z"]}}}
    mine = _cleaner(tmp_path, slow)
    started = time.perf_counter()
    mine.clean("https://e.example/?" + "ab" * 480)
    mine.clean("https://e.example/?" + "ab" * 500_000)
    assert time.perf_counter() - started < 20
