import json
import random
from datetime import UTC, datetime, timedelta
from math import log

import pytest
from msgspec import structs

from linkkeeper.report import history, widths

START = datetime(2026, 1, 1, tzinfo=UTC)


def points(*broken: int, links: int = 100) -> list[history.RunPoint]:
    return [
        history.RunPoint(str(at), START + timedelta(days=at), links, {"ok": 90, "dead": count, "invalid": 0})
        for at, count in enumerate(broken)
    ]


@pytest.mark.parametrize("years", [2.0, 7.0])
def test_the_half_life_that_made_the_data_is_found_again(years: float) -> None:
    chance = random.Random(7)
    ages = [chance.uniform(0.1, 15) for _ in range(4000)]
    alive = [age for age in ages if chance.expovariate(log(2) / years) > age]
    dead = sorted(set(ages) - set(alive))
    found = history.half_life(alive, dead)
    assert found is not None
    assert found.years == pytest.approx(years, rel=0.1)
    assert (found.dead, found.dated) == (len(dead), 4000)
    assert found.at_least < years < found.at_most


def test_a_half_life_from_few_links_says_how_little_is_known() -> None:
    found = history.half_life([5.0] * 30, [5.0] * 4)
    assert found is not None
    assert found.at_most > 4 * found.at_least
    shown = history.of_collection(history.Collection(points(4), found, []))
    assert "about 28 years, at an even rate (likely 10 to 74)" in " ".join(shown.split())


def test_a_collection_without_broken_links_has_no_chart() -> None:
    shown = history.of_collection(history.Collection(points(0, 0), None, []))
    assert shown.startswith("No URL was dead or invalid in 2 runs.\n\nlast run")


def test_one_look_knows_no_since() -> None:
    seen = [history.Seen(START, "dead", "http-gone", 404, "gone")]
    once = history.Url("https://e.example/", seen, START, ["2026-01-01"], START, [])
    assert "failing when last looked at, on 2026-01-01" in history.of_url(once)
    twice = history.Url("https://e.example/", seen, START, ["2026-01-01", "2026-01-09"], START, [])
    assert "failing since 2026-01-01, seen on 2 days" in history.of_url(twice)


def test_too_few_links_say_nothing() -> None:
    assert history.half_life([1.0] * 50, [2.0] * 2) is None
    assert history.half_life([1.0] * 5, [2.0] * 5) is None
    assert history.half_life([], [2.0] * 50) is None


def test_the_chart_fits_80_columns_and_ends_with_the_last_run() -> None:
    for count in (1, 2, 30, 500):
        collection = history.Collection(points(*range(1, count + 1)), None, [history.Host("例え.example", 3, 4)])
        text = history.of_collection(collection)
        assert max(widths.width(line) for line in text.splitlines()) <= 80
        last = f"{START + timedelta(days=count - 1):%Y-%m-%d}"
        assert last in text
        assert f"{count} │" in text


def test_a_run_over_a_part_of_the_collection_is_left_out_of_the_trend() -> None:
    runs = [*points(5, 6), *points(1, links=10)]
    text = history.of_collection(history.Collection(runs, None, []))
    assert "1 run over a part of the collection left out" in " ".join(text.split())
    assert "need attention: 6, 1 more than on 2026-01-01" in text


def test_hostile_words_reach_no_terminal() -> None:
    events = [history.Seen(START, "dead", "http-gone", 404, "\x1b[31mgone\u202e")]
    url = history.Url("https://u:hunter2@e.example/\x1b]0;x\x07", events, START, ["2026-01-01"], START,
                      [history.Where("\x1b[2Ja.md", 1, 2)])  # fmt: skip
    shown = history.of_url(url)
    assert "hunter2" not in shown + history.as_json(url)
    assert not any(ord(char) < 32 and char != "\n" for char in shown)
    assert json.loads(history.as_json(url))["schema"] == "linkkeeper/history/1"
    hosts = [history.Host("evil\x1b[31m.example", 1, 1)]
    assert "\x1b" not in history.of_collection(history.Collection(points(1), None, hosts))


def test_the_last_run_is_compared_with_the_one_before_and_with_the_first() -> None:
    text = " ".join(history.of_collection(history.Collection(points(33, 49, 31), None, [])).split())
    assert "need attention: 31, 18 fewer than on 2026-01-02, 2 fewer than on 2026-01-01" in text
    assert "did not count" not in text


def test_what_the_run_set_aside_is_said() -> None:
    runs = [*points(3), structs.replace(points(0, 5)[1], accepted=4)]
    text = " ".join(history.of_collection(history.Collection(runs, None, [])).split())
    assert "4 of them did not count in that run: accepted by the baseline, or not new" in text
