import re
from collections.abc import Callable

import pytest
from msgspec import structs

from linkkeeper.models.run import Accepted, LinkRow, Run, UrlRow
from linkkeeper.models.verdict import Verdict
from linkkeeper.report import registry, terminal, widths


def test_a_dead_link_is_shown_with_its_place_what_was_seen_since_when_and_its_rescue(run: Run) -> None:
    lines = terminal.render(run).splitlines()
    at = lines.index("  content/_posts/2016-07-08-周刊.md:12:5")
    assert lines[at + 1 : at + 5] == [
        "    dead: HTTP 404, since 2026-03-01",
        "    https://example.com/gone",
        "    rescue: 2016-07-09, verified (wayback)",
        "    https://web.archive.org/web/20160709010203/https://example.com/gone",
    ]


def test_blocked_and_suspect_are_folded_with_a_count(run: Run) -> None:
    text = terminal.render(run)
    assert "suspect         1  failing now, not proven dead: slow.example" in text
    assert "https://slow.example/" not in text
    assert "https://slow.example/" in terminal.render(run, verbose=True)


def test_the_last_line_says_what_to_do_next(run: Run) -> None:
    assert terminal.render(run).splitlines()[-1] == "  linkkeeper fix --diff"


@pytest.mark.parametrize("width", [40, 80, 120])
def test_only_a_url_or_path_is_wider_than_the_terminal(run: Run, width: int) -> None:
    wide = [line for line in terminal.render(run, width=width).splitlines() if widths.width(line) > width]
    assert all(len(line.split()) == 1 for line in wide), wide


def test_colour_changes_no_character_of_the_text(run: Run) -> None:
    coloured = terminal.render(run, color=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == terminal.render(run)


def test_verbose_lists_what_is_else_counted(run: Run) -> None:
    text = terminal.render(run, verbose=True)
    assert "    ended at https://new.example/" in text
    assert "content/_posts/2016-07-08-周刊.md:33:5\n    placeholder: points nowhere\n    #" in text


def test_a_url_that_cleaning_broke_is_shown_with_the_rule(run: Run) -> None:
    from msgspec.structs import replace

    broken = replace(run.urls[-1], wrong_rule="utm")
    text = terminal.render(replace(run, urls=[broken]))
    assert "rule utm breaks this URL, which stays as written:\n  https://example.org/\n" in text


def test_a_first_look_knows_no_since(run: Run) -> None:
    rows = [structs.replace(row, since=run.started) if row.since else row for row in run.urls]
    first = structs.replace(run, urls=rows)
    for name in ("terminal", "markdown", "github", "html"):
        assert "since 2026" not in registry.text(first, name)


def test_a_few_accepted_links_are_listed_and_the_others_counted(run: Run) -> None:
    row = run.urls[0]
    accepted = [
        Accepted(row.url, row.verdict, row.rule, "gone", row.links[0], "baseline", f"why {at}") for at in range(9)
    ]
    many = structs.replace(run, accepted=accepted)
    assert terminal.render(many).count("accepted: why") == 5
    assert "and 4 more, which -v lists" in terminal.render(many)
    assert terminal.render(many, verbose=True).count("accepted: why") == 9


def test_verbose_lists_what_was_not_asked(run: Run) -> None:
    row = UrlRow(
        "https://late.example/",
        Verdict.UNCHECKED,
        "offline",
        "no network",
        links=[LinkRow("a.md", 1, 2, 3, 9, "inline", "x")],
    )
    counts = {**run.summary.verdicts, "unchecked": 1}
    late = structs.replace(run, urls=[*run.urls, row], summary=structs.replace(run.summary, verdicts=counts))
    assert "unchecked       1  not asked" in terminal.render(late)
    assert "a.md:1:2\n    unchecked: no network" in terminal.render(late, verbose=True)


def test_advice_for_which_there_is_no_room_is_counted(run: Run) -> None:
    every = [line for line in terminal.render(run, verbose=True).splitlines() if line.startswith("→")]
    few = [line for line in terminal.render(run).splitlines() if line.startswith("→")]
    assert len(every) > 4
    assert few == [f"→ {len(every) - 3} more suggestions: -v shows them.", *every[-3:]]


def test_the_place_to_begin_with_is_not_cut(make: Callable[[list[UrlRow]], Run]) -> None:
    file = "内容/文章/2019-05-01-搬家记，又及.md"
    rows = [UrlRow("#x", Verdict.DEAD, "missing-anchor", "", links=[LinkRow(file, 11, 33, 1, 2, "inline", "#x")])]
    for width in (40, 60, 80):
        assert any(
            line.rstrip().endswith(f"{file}:11:33")
            for line in terminal.render(make(rows), width=width).splitlines()[-3:]
        )


def test_what_an_interruption_left_unasked_is_not_blamed_on_a_flag(make: Callable[[list[UrlRow]], Run]) -> None:
    rows = [
        UrlRow("https://a.example/", Verdict.DEAD, "http-gone", "", links=[LinkRow("a.md", 1, 1, 1, 2, "inline", "")])
    ]
    assert "--no-rescue" in terminal.render(make(rows))
    assert "--no-rescue" not in terminal.render(structs.replace(make(rows), complete=False))
