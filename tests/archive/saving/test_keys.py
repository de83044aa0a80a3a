"""Where keys come from, and that they go nowhere else."""

import os
from pathlib import Path

import pytest

from linkkeeper.archive.saving.keys import Keys, find
from linkkeeper.errors import UsageError

GOOD = "[s3]\naccess = abc\nsecret = hunter2\n\n[cookies]\nlogged-in-user = me\n"
PAIR = {"IA_ACCESS_KEY_ID": "one", "IA_SECRET_ACCESS_KEY": "two"}


def write(path: Path, text: str = GOOD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_nobody_set_any(tmp_path: Path) -> None:
    assert find({}, tmp_path) is None
    assert find({"IA_ACCESS_KEY_ID": "", "IA_SECRET_ACCESS_KEY": " "}, tmp_path) is None


def test_the_environment_comes_first(tmp_path: Path) -> None:
    write(tmp_path / ".config/internetarchive/ia.ini")
    assert find(PAIR, tmp_path) == Keys("one", "two")


@pytest.mark.parametrize("place", [".config/internetarchive/ia.ini", ".config/ia.ini", ".ia"])
def test_the_file_is_found_where_ia_puts_it(tmp_path: Path, place: str) -> None:
    write(tmp_path / place)
    assert find({}, tmp_path) == Keys("abc", "hunter2")


def test_the_file_may_be_named_or_lie_below_another_root(tmp_path: Path) -> None:
    write(tmp_path / ".ia", GOOD.replace("abc", "home"))
    write(tmp_path / "xdg/internetarchive/ia.ini", GOOD.replace("abc", "xdg"))
    named = write(tmp_path / "my keys.ini", "\ufeff" + GOOD.replace("abc", "named"))
    xdg = {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    found = [find(where, tmp_path) for where in ({}, xdg, xdg | {"IA_CONFIG_FILE": str(named)})]
    assert [keys.access if keys else "" for keys in found] == ["home", "xdg", "named"]
    assert find({"XDG_CONFIG_HOME": "not/absolute"}, tmp_path) == Keys("home", "hunter2")


def test_a_file_without_keys_is_no_login(tmp_path: Path) -> None:
    write(tmp_path / ".ia", "[cookies]\na = b\n")
    assert find({}, tmp_path) is None
    write(tmp_path / ".ia", "[s3]\naccess =\nsecret =\n")
    assert find({}, tmp_path) is None


@pytest.mark.parametrize("name", list(PAIR))
def test_half_a_pair_in_the_environment_is_an_error_that_names_the_other_half(tmp_path: Path, name: str) -> None:
    write(tmp_path / ".ia")
    lacking = next(other for other in PAIR if other != name)
    with pytest.raises(UsageError, match=f"{lacking} is not set") as caught:
        find({name: "hunter2"}, tmp_path)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[s3]\naccess = hunter2\n", "no secret under"),
        ("[s3]\nsecret = hunter2\n", "no access under"),
        ("hunter2 without a section\n", "no file that `ia configure` writes"),
        ("[s3\naccess = hunter2\n", "no file that `ia configure` writes"),
        ("[s3]\naccess = a b\nsecret = hunter2\n", "characters that no key has"),
        ("[s3]\naccess = a\n  b\nsecret = hunter2\n", "characters that no key has"),
        ("[s3]\naccess = schlüssel\nsecret = hunter2\n", "characters that no key has"),
    ],
)
def test_a_file_that_is_wrong_is_an_error_that_shows_no_key(tmp_path: Path, text: str, said: str) -> None:
    file = write(tmp_path / ".ia", text)
    with pytest.raises(UsageError, match=said) as caught:
        find({}, tmp_path)
    assert str(file) in str(caught.value)
    assert "hunter2" not in repr(caught.value) + caught.value.hint
    assert caught.value.__cause__ is None


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".ia").write_bytes(b"\xff\xfe\x00[s3]")
    with pytest.raises(UsageError):
        find({}, tmp_path)


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_file_that_may_not_be_read_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / ".ia").chmod(0)
    with pytest.raises(UsageError, match="cannot be read"):
        find({}, tmp_path)


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="which is no file"):
        find({"IA_CONFIG_FILE": str(tmp_path / "none.ini")}, tmp_path)


def test_keys_are_not_shown() -> None:
    keys = Keys("abc", "hunter2")
    assert f"{keys} {keys!r} {[keys]}" == "Keys(***) Keys(***) [Keys(***)]"
    assert keys.authorization == "LOW abc:hunter2"
