from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from linkkeeper.errors import UsageError
from linkkeeper.models.run import Run
from linkkeeper.report import baseline
from linkkeeper.report.baseline import Baseline, Entry

TODAY = date(2026, 11, 20)
GONE = "https://example.com/gone"


def test_what_is_accepted_today_no_longer_counts(run: Run) -> None:
    whole = baseline.updated(run, Baseline(), TODAY)
    applied = baseline.apply(run, whole, TODAY)
    assert (len(whole.entries), len(applied.accepted)) == (5, 5)
    assert applied.summary.verdicts["dead"] == applied.summary.verdicts["invalid"] == 0
    assert applied.summary.verdicts["suspect"] == 1
    assert applied.notes == ["5 broken links accepted by the baseline"]


def test_a_post_that_adds_the_same_broken_link_fails(run: Run) -> None:
    only = Baseline((Entry("content/about.md", GONE, "dead", TODAY),))
    applied = baseline.apply(run, only, TODAY)
    row = next(row for row in applied.urls if row.url == GONE)
    assert [link.file for link in row.links] == ["content/_posts/2016-07-08-周刊.md"]
    assert applied.summary.verdicts["dead"] == 3


def test_an_entry_holds_up_to_its_last_day_and_is_named_afterwards(run: Run) -> None:
    entry = Entry("content/about.md", GONE, "dead", date(2026, 11, 19))
    applied = baseline.apply(run, Baseline((entry,)), TODAY)
    note = f"the baseline's entry for {GONE} in content/about.md expired on 2026-11-19"
    assert (applied.accepted, applied.notes) == ([], [note])
    assert applied.urls == run.urls
    held = baseline.apply(run, Baseline((entry,)), TODAY, expired_too=True)
    assert (len(held.accepted), held.notes[-1]) == (1, note)


def test_entries_whose_link_is_well_are_counted_unless_their_file_was_not_read(run: Run) -> None:
    entries = Baseline((Entry("content/about.md", "https://example.org/", "dead", TODAY),))
    [note] = baseline.apply(run, entries, TODAY).notes
    assert note == "1 entry of the baseline is about links that are well or gone: --write-baseline drops them"
    assert baseline.apply(run, entries, TODAY, unread=lambda _: True).notes == []


def test_a_post_that_seems_to_have_another_name_is_named_and_not_accepted_by_itself(run: Run) -> None:
    entries = Baseline((Entry("content/old-name.md", GONE, "dead", TODAY),))
    others = [row for row in run.urls if row.url != GONE]
    [gone] = [row for row in run.urls if row.url == GONE]
    here = replace(run, urls=[*others, replace(gone, links=[link for link in gone.links if "about" in link.file])])
    applied = baseline.apply(here, entries, TODAY)
    assert applied.accepted == []
    [note] = applied.notes
    assert note.startswith("content/old-name.md is gone, and content/about.md has its broken links")
    [note] = baseline.apply(run, entries, TODAY).notes  # two posts have it: nobody knows
    assert "well or gone" in note


def test_what_is_not_new_is_set_aside(run: Run) -> None:
    only = baseline.new_only(run, lambda file, start, _: file == "content/about.md")
    assert {link.file for row in only.urls if row.verdict in ("dead", "invalid") for link in row.links} == {
        "content/about.md"
    }
    assert {one.by for one in only.accepted} == {"unchanged"}
    assert only.notes == ["4 broken links not new, so not counted"]


def test_an_entry_that_is_not_seen_to_be_well_stays(run: Run) -> None:
    slow = Entry("content/_posts/2016-07-08-周刊.md", "https://slow.example/", "dead", TODAY, "holiday")
    assert slow in baseline.updated(run, Baseline((slow,)), TODAY).entries


def test_writing_again_keeps_reasons_and_days_and_drops_what_is_mended(run: Run) -> None:
    old = Baseline(
        (
            Entry("content/about.md", GONE, "suspect", date(2027, 1, 31), "the author is on holiday"),
            Entry("content/about.md", "https://mended.example/", "dead", date(2027, 1, 31)),
        )
    )
    new = {(entry.file, entry.url): entry for entry in baseline.updated(run, old, TODAY).entries}
    kept = new["content/about.md", GONE]
    assert (kept.expires, kept.reason, kept.verdict) == (date(2027, 1, 31), "the author is on holiday", "dead")
    assert ("content/about.md", "https://mended.example/") not in new


def test_a_baseline_reads_back_as_it_was_written(run: Run, hostile: Run, tmp_path: Path) -> None:
    path = tmp_path / "baseline.toml"
    for one in (run, hostile):
        wanted = baseline.updated(one, Baseline(), TODAY)
        baseline.write(path, wanted)
        assert baseline.read(path) == wanted
        assert "hunter2" not in path.read_text("utf-8")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=20))
def test_any_text_survives_toml(text: str) -> None:
    import tomllib

    from linkkeeper.report.safe import without_surrogates

    entry = Entry(text, text, "dead", TODAY, text)
    read = tomllib.loads(baseline.render(Baseline((entry,))))["accept"][0]
    assert read["file"] == read["reason"] == without_surrogates(text)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('schema = "linkkeeper/baseline/2"\n', "schema"),
        ("nonsense", "not TOML"),
        ('schema = "linkkeeper/baseline/1"\n[[accept]]\nfile = 3\n', "wrong entry"),
        (b"\xff", "not TOML"),
    ],
)
def test_a_baseline_that_cannot_be_meant_is_a_usage_error(content: str | bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "baseline.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(UsageError, match=said):
        baseline.read(path)


def test_a_missing_baseline_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        baseline.read(tmp_path / "none.toml")
