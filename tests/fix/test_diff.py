"""The diff that a fix shows: a unified diff that says the same as the rewrite, with the URLs marked."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.extract import registry
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.fix import diff, disk, rewrite
from linkkeeper.fix.plan import FixOptions, Want, plan
from linkkeeper.models.edit import Plan

NEW = "https://web.archive.org/web/20200102030405/"


def planned(text: bytes, document: str = "a.md", style: str = "replace") -> Plan:
    links = registry.extract(document, text, ExtractOptions()).links
    wants = [
        Want(link, "archive", NEW + link.url, "http-gone", "HTTP 404")
        for link in links
        if "dead.example/" in link.url and "archive.org" not in link.url
    ]
    options = FixOptions(style=style)  # type: ignore[arg-type]  # one of them
    return plan(document, disk.digest(text), links, wants, options, text)


def test_a_diff_names_place_rule_and_both_urls_above_the_hunks() -> None:
    text = b"one\ntwo\nthree\nfour\n[t](http://dead.example/a) x\nsix\n"
    assert diff.unified(planned(text), text) == (
        "# 5:5 archive (http-gone): HTTP 404\n"
        "#   http://dead.example/a\n"
        f"#   -> {NEW}http://dead.example/a\n"
        "--- a/a.md\n"
        "+++ b/a.md\n"
        "@@ -2,5 +2,5 @@\n"
        " two\n"
        " three\n"
        " four\n"
        "-[t](http://dead.example/a) x\n"
        f"+[t]({NEW}http://dead.example/a) x\n"
        " six\n"
    )


def test_a_plan_without_edits_has_no_diff() -> None:
    assert diff.unified(planned(b"nothing"), b"nothing") == ""


def test_with_colour_exactly_the_changed_bytes_are_reversed() -> None:
    text = b"see [t](http://dead.example/a) x\n"
    shown = diff.unified(planned(text), text, colour=True)
    assert "see [t](\x1b[7mhttp://dead.example/a\x1b[27m) x" in shown
    assert f"see [t](\x1b[7m{NEW}http://dead.example/a\x1b[27m) x" in shown
    appended = diff.unified(planned(text, style="append"), text, colour=True)
    assert f"a)\x1b[7m ([archived]({NEW}http://dead.example/a))\x1b[27m x" in appended


def test_credentials_and_control_characters_do_not_reach_the_screen() -> None:
    text = "[t](http://user:hunter2@dead.example/a) \x1b[31mred\x1b[0m \u202ereversed\u202c \x07\n".encode()
    shown = diff.unified(planned(text), text)
    assert "hunter2" not in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\\x1b[31mred" in shown


def test_a_file_name_cannot_forge_a_line() -> None:
    text = b"[t](http://dead.example/a)"
    shown = diff.unified(planned(text, "a\n+++ b.md"), text)
    assert "--- a/a\\n+++ b.md\n" in shown


LINES = st.lists(
    st.sampled_from(["", "text", "[t](http://dead.example/a)", "x http://dead.example/b y", "中文", "\\ No newline"]),
    min_size=1,
    max_size=30,
)


@settings(max_examples=40, deadline=None)
@given(LINES, st.booleans())
def test_patch_makes_of_the_diff_what_the_fix_would_write(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], ends: bool
) -> None:
    text = ("\n".join(lines) + ("\n" if ends else "")).encode()
    made = planned(text)
    if not made.edits:
        return
    folder: Path = tmp_path_factory.mktemp("patched")
    (folder / "a.md").write_bytes(text)
    shown = diff.unified(made, text).encode()
    done = subprocess.run(["git", "apply", "-p1", "-"], cwd=folder, input=shown, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (folder / "a.md").read_bytes() == rewrite.rewrite(text, made.edits)
