"""Cleaning: what goes, what stays, and that every other byte is as it was written."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.urls import rules
from linkkeeper.urls.clean import Cleaner
from linkkeeper.urls.rule_set import CleanOptions

CASES = Path(__file__).parent / "cases"
BUILTIN = Cleaner(rules.load())
ARTICLE = "https://mp.weixin.qq.com/s?__biz=MzA5OTAyNzQ2OA==&mid=2649690569&idx=1&sn=7e806888a44ffedd45af3a1126df9886"


def _cases(name: str) -> Iterator[tuple[str, str]]:
    for line in (CASES / name).read_text("utf-8").split("\n"):
        if line and not line.startswith("#"):
            before, _, after = line.partition(" ")
            yield before, after or before


@pytest.mark.parametrize(("url", "expected"), [*_cases("keep.txt")])
def test_what_must_not_change_comes_back_byte_for_byte(url: str, expected: str) -> None:
    cleaned = BUILTIN.clean(url)
    assert cleaned.url == expected
    assert cleaned.steps == ()


@pytest.mark.parametrize(("url", "expected"), [*_cases("strip.txt"), *_cases("unwrap.txt")])
def test_tracking_goes_and_nothing_else(url: str, expected: str) -> None:
    cleaned = BUILTIN.clean(url)
    assert cleaned.url == expected
    assert cleaned.steps
    assert BUILTIN.clean(expected).url == expected


def test_a_wechat_article_keeps_what_names_it_and_nothing_else(cleaner: Cleaner) -> None:
    cleaned = cleaner.clean(
        ARTICLE + "&scene=1&srcid=0708osG&key=77421cf58af4a653&ascene=0&uin=MTM4MDQ%3D%3D"
        "&devicetype=iMac+OSX+10.11.3+build(15D21)&version=11020201&pass_ticket=lQLVyiXy0e%2FUpt&neverseen=1"
    )
    assert cleaned.url == ARTICLE
    assert [step.removed for step in cleaned.steps if step.credential] == [
        "key=77421cf58af4a653",
        "uin=MTM4MDQ%3D%3D",
        "pass_ticket=lQLVyiXy0e%2FUpt",
    ]


def test_the_form_without_credentials_keeps_the_rest_as_written(cleaner: Cleaner) -> None:
    cleaned = cleaner.clean(ARTICLE + "&key=77421cf5&scene=1&pass_ticket=x#rd")
    assert cleaned.credentials_removed
    assert cleaned.without_credentials == ARTICLE + "&scene=1#rd"


def test_a_url_without_credentials_is_its_own_form_without(cleaner: Cleaner) -> None:
    cleaned = cleaner.clean("https://example.com/?utm_source=x")
    assert not cleaned.credentials_removed
    assert cleaned.without_credentials == "https://example.com/?utm_source=x"


def test_a_wrapper_tells_whose_chat_it_came_from(cleaner: Cleaner) -> None:
    cleaned = cleaner.clean("https://c.pc.qq.com/middlem.html?pfurl=https%3A%2F%2Fexample.com&pfuin=123")
    assert cleaned.url == "https://example.com"
    assert cleaned.without_credentials == "https://c.pc.qq.com/middlem.html?pfurl=https%3A%2F%2Fexample.com"


def test_credentials_inside_a_wrapper_are_in_no_form_of_the_url(cleaner: Cleaner) -> None:
    inner = "https%3A%2F%2Fmp.weixin.qq.com%2Fs%2FAbCdEfGhIjKlMnOp%3Fkey%3Ds3cret%26scene%3D1"
    cleaned = cleaner.clean("https://link.zhihu.com/?target=" + inner)
    assert cleaned.credentials_removed
    assert cleaned.without_credentials == "https://mp.weixin.qq.com/s/AbCdEfGhIjKlMnOp?scene=1"


def test_what_a_wrapper_led_to_is_known_before_it_was_cleaned(cleaner: Cleaner) -> None:
    wrapped = "https://link.zhihu.com/?target=https%3A//example.com/%3Fa%26utm_id%3D1"
    assert cleaner.clean(wrapped).target == "https://example.com/?a&utm_id=1"
    assert cleaner.clean("https://example.com/?utm_id=1").target == ""


def test_credentials_behind_a_wrapper_of_a_users_file_are_in_no_form_either(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text(
        '{"providers": {"a": {"urlPattern": "out", "redirections": ["^https?://out.example/(?:\\\\?u=)(.*)"]}}}'
    )
    mine = Cleaner(rules.load(CleanOptions(rule_files=(str(file),))))
    cleaned = mine.clean("https://out.example/?u=https%3A%2F%2Fmp.weixin.qq.com%2Fs%2FAbC%3Fkey%3Ds3cret%26scene%3D1")
    assert cleaned.url == "https://mp.weixin.qq.com/s/AbC"
    assert "s3cret" not in cleaned.without_credentials + cleaned.target


def test_each_step_names_its_rule(cleaner: Cleaner) -> None:
    steps = cleaner.clean(
        "https://link.zhihu.com/?target=https%3A//www.bilibili.com/%3Fvd_source%3D1%26utm_id%3D2"
    ).steps
    assert [(step.rule, step.kind) for step in steps] == [
        ("to-zhihu", "unwrap"),
        ("bilibili", "strip"),
        ("utm", "strip"),
    ]


def test_a_url_in_the_path_of_a_wrapper_is_left_whole_though_nothing_is_to_be_taken(cleaner: Cleaner) -> None:
    assert cleaner.clean("https://href.li/a").left_whole == ""
    assert cleaner.clean("https://href.li/https://a.example/x").left_whole == "url-around-url"


def test_wrappers_in_wrappers_are_opened_to_a_bound(cleaner: Cleaner) -> None:
    def wrapped(times: int) -> str:
        return "https://link.zhihu.com/?target=" * times + "https://example.com/"

    assert cleaner.clean(wrapped(8)).url == "https://example.com/"
    assert cleaner.clean(wrapped(9)).url == wrapped(9)
    assert cleaner.clean(wrapped(20_000)).url == wrapped(20_000)


def test_the_user_adds_and_exempts() -> None:
    options = CleanOptions(
        strip=("ref_src", "example.org:ref"),
        exempt_hosts=("download.example",),
        exempt_params=("utm_id", "example.net:utm_*"),
    )
    mine = Cleaner(rules.load(options))
    assert mine.clean("https://a.example/?ref_src=1&utm_id=2&utm_source=3").url == "https://a.example/?utm_id=2"
    assert mine.clean("https://www.example.org/?ref=1&x").url == "https://www.example.org/?x"
    assert mine.clean("https://a.example/?ref=1").url == "https://a.example/?ref=1"
    assert mine.clean("https://x.download.example/?utm_source=1").url == "https://x.download.example/?utm_source=1"
    assert mine.clean("https://example.net/?utm_source=1&fbclid=2").url == "https://example.net/?utm_source=1"


def test_an_exempt_parameter_stays_in_an_allow_list_too() -> None:
    mine = Cleaner(rules.load(CleanOptions(exempt_params=("mp.weixin.qq.com:scene",))))
    assert mine.clean(ARTICLE + "&scene=1&srcid=2").url == ARTICLE + "&scene=1"


@pytest.mark.parametrize(
    "host",
    ["www.amazon.de", "www.amazon.co.uk", "smile.amazon.com", "amazon.com.br"],
)
def test_a_star_stands_for_every_public_suffix(cleaner: Cleaner, host: str) -> None:
    assert cleaner.clean(f"https://{host}/dp/B0?pd_rd_w=1").url == f"https://{host}/dp/B0"


@pytest.mark.parametrize("host", ["amazon.example.com", "notamazon.com", "amazon.github.io", "amazon"])
def test_a_star_does_not_reach_strangers(cleaner: Cleaner, host: str) -> None:
    assert cleaner.clean(f"https://{host}/dp/B0?pd_rd_w=1").url == f"https://{host}/dp/B0?pd_rd_w=1"


_PIECES = (
    "& ? # amp; % = / \\ @ : . [ utm_source=x http:// www. %26 %3D https://link.zhihu.com/?target= https%3A%2F%2F "
    "link.zhihu.com mp.weixin.qq.com/s __biz=a sn=b mid=1 idx=2 from=timeline isappinstalled=0 utm_source=/a?b "
    ":~:text= Signature= Expires= error=cookies_not_supported code= \udc80 中 \n https://www.google.com/url?q= "
    "fc= ff= v="
)
PIECES = st.sampled_from(_PIECES.split(" "))
URLISH = st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=14).map("".join))


@settings(max_examples=400, deadline=None)
@given(URLISH)
def test_cleaning_twice_is_cleaning_once(url: str) -> None:
    once = BUILTIN.clean(url).url
    assert BUILTIN.clean(once).url == once


@settings(max_examples=300, deadline=None)
@given(URLISH)
def test_what_no_step_took_is_still_there(url: str) -> None:
    cleaned = BUILTIN.clean(url)
    if not cleaned.steps:
        assert cleaned.url == url
    elif all(step.kind == "strip" for step in cleaned.steps):
        gone = sum(len(step.removed.encode("utf-8", "surrogatepass")) for step in cleaned.steps)
        separators = (
            len(url.encode("utf-8", "surrogatepass")) - len(cleaned.url.encode("utf-8", "surrogatepass")) - gone
        )
        assert 0 <= separators <= 5 * len(cleaned.steps)


NAMES = st.text("bdjqxz019-.~_", min_size=1, max_size=6).map(lambda name: "zq" + name)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        ["example.com", "www.zhihu.com", "mp.weixin.qq.com/mp/x", "item.taobao.com", "www.amazon.de", "x.com"]
    ),
    st.lists(st.tuples(NAMES, st.text(st.characters(exclude_characters="&#?/:")))),
)
def test_parameters_that_no_rule_names_stay_as_they_are(host: str, pairs: list[tuple[str, str]]) -> None:
    url = f"https://{host}/?" + "&".join(f"{name}={value}" for name, value in pairs)
    assert BUILTIN.clean(url).url == url


def test_mutations_of_real_urls_are_cleaned_once(cleaner: Cleaner, urls: list[str]) -> None:
    for place, url in enumerate(urls):
        other = urls[(place * 7 + 3) % len(urls)]
        for mixed in (url + "&" + other, url + "#" + other, url[: len(url) // 2] + other, url + "?" + other):
            once = cleaner.clean(mixed).url
            assert cleaner.clean(once).url == once
