"""The rules as data: every entry that ships is sound, and what is not sound is refused with its place."""

from importlib import resources

import pytest

from linkkeeper.errors import UsageError
from linkkeeper.urls import parse, patterns, rule_files, rules
from linkkeeper.urls.rule_set import CleanOptions, RuleSet

FOLDER = resources.files("linkkeeper.urls") / "rules"
FILES = sorted(file.name for file in FOLDER.iterdir() if file.name.endswith(".toml"))


@pytest.mark.parametrize("name", FILES)
def test_every_entry_is_sound(name: str) -> None:
    assert rule_files.read((FOLDER / name).read_text("utf-8"), name).entries()


def test_every_rule_has_an_id_of_its_own() -> None:
    ids = [entry.id for entry in rules.builtin().entries()]
    assert sorted(set(ids)) == sorted(ids)


def test_the_list_is_wide() -> None:
    built_in = rules.builtin()
    names = {name for entry in built_in.everywhere for name in entry.strip}
    domains = {
        host if host.endswith("*") else parse.registrable_domain(host)
        for entry in built_in.sites
        for host in entry.hosts
    }
    assert len(names) >= 60
    assert len(domains) >= 150


CONTENT = (
    "ref source from s t si spm scm id key token version lang scene share feature trk mod tag cid sid campaign "
    "q p page utm mid idx sn v url sign ts timestamp type sort"
)


def test_no_name_that_is_content_somewhere_is_global_without_condition() -> None:
    content = CONTENT.split()
    taken = {
        name for entry in rules.builtin().everywhere if not entry.value and not entry.needs for name in entry.strip
    }
    assert taken.isdisjoint(content)
    assert not [prefix for prefix in taken if prefix.endswith("*") and prefix[:-1] in content]


GOOD = """
[[site]]
id = "example"
hosts = ["example.com"]
strip = ["ref"]
why = "what was clicked"
source = "links of the site"
date = 2026-11-20
"""


def test_a_users_file_adds_to_the_built_in_rules(tmp_path: object) -> None:
    assert rule_files.read_any(GOOD.encode(), "mine.toml").sites[0].strip == ("ref",)
    assert rule_files.read_any(GOOD.replace("\n", "\r\n").encode("utf-8-sig"), "mine.toml").sites[0].id == "example"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("strip =", "stripp ="), "unknown field `stripp`"),
        (('why = "what was clicked"', ""), "missing required field `why`"),
        (('"ref"', '"*"'), "'*' matches everything"),
        (('"ref"', '"r*"'), "matches too much"),
        (('"ref"', '"a*b"'), "no parameter name"),
        (('strip = ["ref"]', "patterns = ['.*']"), "matches everything"),
        (('strip = ["ref"]', "patterns = ['(a+)+']"), "can run away"),
        (('strip = ["ref"]', "patterns = ['(']"), "no regular expression"),
        (('strip = ["ref"]', f"patterns = ['{'a' * 2000}']"), "longer than"),
        (('strip = ["ref"]', "whole_query = true"), "match everything"),
        (('strip = ["ref"]', 'keep_only = ["a"]'), "match everything"),
        (('strip = ["ref"]', "any_case = true"), "does nothing"),
        (("2026-11-20", '"yesterday"'), "date"),
        (('"example.com"', '"co.uk"'), "public suffix"),
        (('"example.com"', '"https://example.com"'), "no host"),
        (('"example.com"', '"*.example.com"'), "no host"),
        (('hosts = ["example.com"]', ""), "hosts is missing"),
        (('id = "example"', 'id = "Not An Id"'), "id must be"),
        (('why = "what was clicked"', 'why = " "'), "must say something"),
        (("[[site]]", "[[wrapper]]"), "unknown field `strip`"),
    ],
)
def test_a_wrong_entry_is_named_with_file_line_and_reason(change: tuple[str, str], complaint: str) -> None:
    text = "# first\n" + GOOD.replace("example", "fine") + GOOD.replace(*change)
    with pytest.raises(UsageError) as refused:
        rule_files.read(text, "mine.toml")
    assert str(refused.value).startswith("mine.toml:11: ")
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"[[nonsense]]\nid='a'\n", "no table 'nonsense'"),
        (b"[site]\nid='a'\n", "two brackets"),
        (b"\n[[site]\n", "mine.toml:2: "),
        (b"[[site]]\nid = [1,\n", "mine.toml:2: "),
        (b"\xff\xfe", "not UTF-8"),
        (b"site = [1]\n", "site entry 1"),
        ((GOOD * 2).encode(), "the id stands twice"),
        (b"x = " + b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_broken_file_is_a_usage_error(data: bytes, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        rule_files.read_any(data, "mine.toml")


def test_a_missing_file_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        rules.load(CleanOptions(rule_files=("nowhere.toml",)))


@pytest.mark.parametrize(
    "options",
    [
        CleanOptions(strip=("*",)),
        CleanOptions(exempt_params=("example.com:",)),
        CleanOptions(strip=("com:ref",)),
        CleanOptions(exempt_hosts=("https://example.com",)),
    ],
)
def test_settings_that_would_take_everything_are_refused(options: CleanOptions) -> None:
    with pytest.raises(UsageError, match=r"^clean\.(?:strip|keep_params|keep_hosts): "):
        rules.load(options)


def test_rules_add_up_and_keep_the_options() -> None:
    options = CleanOptions(strip=("a",))
    both = RuleSet(options=options).plus(rule_files.read(GOOD, "mine.toml"))
    assert (len(both.sites), both.options) == (1, options)


@pytest.mark.parametrize(
    ("pattern", "does"),
    [
        (r"utm_\w+=[^&]*", True), ("(?:a|b)_=", True), ("a=b|a=c", True), ("=+", False), ("a(?:=b)?", False),
        ("a|=", False), ("[=]a", True), ("[=a]", False), ("(?x)a #=", False), (r"\=", True), ("a=?", False),
        ("", False), ("(?!=)a", False),
    ],
)  # fmt: skip
def test_a_character_that_a_pattern_needs_shows_in_its_structure(pattern: str, does: bool) -> None:
    assert patterns.needs(pattern, "=") is does
