"""What a fix plans where the network fails, and how it tells what stays."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from linkkeeper.config.load import load
from linkkeeper.demo.story import Stage
from linkkeeper.fix import listing
from linkkeeper.models.verdict import Finding, Judgement, Verdict
from linkkeeper.pipeline import fix, scan
from linkkeeper.pipeline.events import Silent


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage().open() as servers:
        yield servers


@pytest.fixture
def scanned(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> scan.Result:
    """A scan of a post with one dead link that has a copy."""
    monkeypatch.chdir(tmp_path)
    Path("post.md").write_text(f"---\ndate: 2016-07-08\n---\n[a]({stage.web.url('gone', '/2016/second')})\n")
    flags = {"allow_host": list(stage.web.hosts), "wayback.url": stage.archive_url, "wayback.rate": 6000}
    return scan.scan(scan.Request(paths=("post.md",)), load(flags).settings, Silent())


def _at_fault(scanned: scan.Result) -> scan.Result:
    scanned.outcome.network_at_fault = True
    return scanned


def _edits(scanned: scan.Result) -> int:
    return sum(len(plan.edits) for plan in fix._plans(scanned, fix.options(load({}).settings)))


def test_what_a_server_said_is_repaired_though_the_network_fails_elsewhere(scanned: scan.Result) -> None:
    assert _edits(_at_fault(scanned)) == 1


@pytest.mark.parametrize("fields", [{"status": None}, {"cached": True}])
def test_where_nobody_answered_in_this_run_nothing_is_repaired(scanned: scan.Result, fields: dict[str, Any]) -> None:
    for url, finding in scanned.outcome.findings.items():
        scanned.outcome.findings[url] = structs.replace(finding, **fields)
    assert _edits(_at_fault(scanned)) == 0
    assert "without a network nothing is written" in fix.held_back(fix.Planned(scanned, ()))


def test_with_a_network_nothing_is_held_back(scanned: scan.Result) -> None:
    assert fix.held_back(fix.Planned(scanned, ())) == ""


def test_where_somebody_else_answers_for_the_web_nothing_is_repaired(scanned: scan.Result) -> None:
    other = "http://elsewhere.example/"
    scanned.outcome.findings[other] = Finding(other, Judgement(Verdict.UNCHECKED, "captive-portal", ""))
    assert _edits(_at_fault(scanned)) == 0


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        ((1, 0, 0), "1 dead link stays as it is: no usable copy; `linkkeeper scan` says why"),
        ((3, 3, 0), "3 dead links stay as they are: 3 because no archive could be asked; `linkkeeper scan` says more"),
        ((2, 0, 2), "2 dead links stay as they are: 2 for the reason given above"),
        (
            (6, 1, 2),
            (
                "6 dead links stay as they are: 1 because no archive could be asked, 2 for the reason given above, "
                "3 without a usable copy; `linkkeeper scan` says more"
            ),
        ),
    ],
)
def test_why_dead_links_stay_is_told(counts: tuple[int, int, int], line: str) -> None:
    assert listing.of_left(*counts) == line


def test_a_repair_that_was_not_made_is_told_from_a_link_without_a_copy(scanned: scan.Result) -> None:
    from linkkeeper.fix.apply import apply

    plans = fix._plans(scanned, fix.options(load({}).settings))
    Path("post.md").write_text("changed meanwhile")
    made = apply(plans, None, fix.extraction(load({}).settings))
    left = fix.left_over(fix.Planned(scanned, plans), made)
    assert (left.dead, left.ready) == (1, 1)
