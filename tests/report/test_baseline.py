from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.errors import UsageError
from linkkeeper.models.run import Run
from linkkeeper.report import baseline
from linkkeeper.report.baseline import Baseline, Entry

TODAY = date(2026, 11, 20)
GONE = "https://example.com/gone"


def test_what_is_accepted_today_no_longer_counts(run: Run) -> None:
    whole = baseline.updated(run, Baseline(), TODAY)
    applied = baseline.apply(run, whole, TODAY)
    assert (len(whole.entries), applied.accepted) == (5, 5)
    assert applied.run.summary.verdicts["dead"] == applied.run.summary.verdicts["invalid"] == 0
    assert applied.run.summary.verdicts["suspect"] == 1
    assert applied.run.notes == ["5 broken links accepted by the baseline"]
    assert (applied.expired, applied.unused) == ((), ())


def test_a_post_that_adds_the_same_broken_link_fails(run: Run) -> None:
    only = Baseline((Entry("content/about.md", GONE, "dead", TODAY),))
    applied = baseline.apply(run, only, TODAY)
    row = next(row for row in applied.run.urls if row.url == GONE)
    assert [link.file for link in row.links] == ["content/_posts/2016-07-08-周刊.md"]
    assert applied.run.summary.verdicts["dead"] == 3


def test_an_entry_holds_up_to_its_last_day_and_is_named_afterwards(run: Run) -> None:
    entry = Entry("content/about.md", GONE, "dead", date(2026, 11, 19))
    applied = baseline.apply(run, Baseline((entry,)), TODAY)
    assert (applied.accepted, applied.expired) == (0, (entry,))
    assert applied.run == run


def test_an_entry_whose_link_is_well_is_unused(run: Run) -> None:
    entry = Entry("content/about.md", "https://example.org/", "dead", TODAY)
    assert baseline.apply(run, Baseline((entry,)), TODAY).unused == (entry,)


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
