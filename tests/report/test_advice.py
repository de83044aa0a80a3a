from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from msgspec import structs

from linkkeeper.models.run import LinkRow, LinkSnapshot, Run, UrlRow
from linkkeeper.models.saving import Coverage
from linkkeeper.models.snapshot import SnapshotState
from linkkeeper.models.verdict import Verdict
from linkkeeper.report import advice


def test_dead_links_with_a_copy_come_first(run: Run) -> None:
    first = advice.advise(run)[0]
    assert (
        advice.sentence(first) == "2 dead links have a copy that was played back; see the change first, then make it."
    )
    assert first.command == "linkkeeper fix --diff"


def test_a_run_without_trouble_needs_nothing(make: Callable[[list[UrlRow]], Run]) -> None:
    assert [piece.id for piece in advice.advise(make([]))] == ["done"]


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([UrlRow("https://a.example/", Verdict.UNCHECKED, "offline", "")], ["offline"]),
        ([UrlRow(f"https://b.example/{at}", Verdict.BLOCKED, "refused", "") for at in range(3)], ["blocked-host"]),
        ([UrlRow("https://b.example/", Verdict.BLOCKED, "refused", "")], ["done"]),
        ([UrlRow("https://c.example/", Verdict.SUSPECT, "timeout", "")], ["timeout", "confirm"]),
        ([UrlRow("http://10.0.0.1/", Verdict.SKIPPED, "private-address", "")], ["private"]),
        ([UrlRow("https://d.example/", Verdict.OK, "http-success", "", wrong_rule="utm")], ["wrong-rule"]),
    ],
)
def test_advice_fits_what_happened(rows: list[UrlRow], wanted: list[str], make: Callable[[list[UrlRow]], Run]) -> None:
    assert [piece.id for piece in advice.advise(make(rows))] == wanted


def test_a_page_that_moved_and_lives_is_not_counted_among_the_dead(
    run: Run, make: Callable[[list[UrlRow]], Run]
) -> None:
    from msgspec.structs import replace

    moved = [replace(run.urls[0], verdict=verdict, links=[]) for verdict in (Verdict.REDIRECTED, Verdict.DEAD)]
    assert [piece.values["count"] for piece in advice.advise(make(moved)) if piece.id == "moved"] == [1]


def test_a_hostile_host_never_reaches_a_command() -> None:
    assert advice.quoted("box.local:8080") == "box.local:8080"
    assert advice.quoted("--yes;rm") == "HOST"
    assert advice.quoted('a"b') == "HOST"


@pytest.mark.parametrize(("count", "text"), [(1, "1 link is"), (2, "2 links are"), (12345, "12,345 links are")])
def test_words_go_by_the_number(count: int, text: str) -> None:
    assert advice.filled("{count} {count|link is|links are}", {"count": count}) == text


def test_commands_to_copy_name_what_was_scanned(run: Run) -> None:
    commands = [one.command for one in advice.advise(structs.replace(run, paths=["posts/a b", "x.md"])) if one.command]
    assert commands
    assert all(command.endswith(" 'posts/a b' x.md") for command in commands if command.startswith("linkkeeper"))
    odd = [one.command for one in advice.advise(structs.replace(run, paths=["a\nb"])) if one.command]
    assert all("\n" not in command for command in odd)


def test_who_archives_hears_of_the_living_without_a_copy(make: Callable[[list[UrlRow]], Run]) -> None:
    covered = structs.replace(make([]).summary, coverage=Coverage(5, 3, 0, 2))
    (piece,) = advice.advise(make([], summary=covered))  # type: ignore[call-arg]  # the fixture takes any field
    assert (piece.id, piece.command) == ("uncovered", "linkkeeper archive save")
    assert "2 living links have no archived copy" in advice.sentence(piece)


def test_a_copy_that_no_reader_can_reach_is_named_apart(make: Callable[[list[UrlRow]], Run]) -> None:
    copy = LinkSnapshot(None, datetime(2026, 11, 20, tzinfo=UTC), "local", SnapshotState.UNUSABLE, "kept locally")
    link = LinkRow("a.md", 1, 1, 0, 9, "inline", "https://a.example/", snapshot=copy)
    pieces = advice.advise(make([UrlRow("https://a.example/", Verdict.DEAD, "http-gone", "", links=[link])]))
    assert [piece.id for piece in pieces] == ["local-copy"]
    assert "--local-base" in pieces[0].command
