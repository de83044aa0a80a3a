"""A dry run asks nobody, writes nothing, and tells how long it will take."""

from typing import Any

from linkkeeper.archive.base import ArchiveOptions
from linkkeeper.archive.saving.base import SaveOptions
from linkkeeper.archive.saving.base import SaveOutcome as Outcome
from linkkeeper.archive.saving.registry import poll_s
from linkkeeper.archive.saving.steps import Step, next_step
from linkkeeper.models.ticket import SaveState as State
from linkkeeper.models.ticket import Ticket

URL = "http://living.example/a"
DAY_S = 86_400.0


async def test_nobody_is_asked_and_nothing_is_written(bench: Any) -> None:
    made = await bench.saver()
    plan = made.plan([f"{URL}{n}" for n in range(30)] + ["http://localhost/", f"{URL}1#part"])
    assert (len(plan.to_send), len(plan.to_look), len(plan.not_sent)) == (30, 30, 1)
    assert 300 <= plan.seconds <= 400, "thirty at six a minute, and the last one's end"
    assert bench.archive.log == []
    assert bench.tickets() == {}


def test_at_archive_org_jobs_are_not_asked_about_more_often_than_it_likes() -> None:
    eager, lazy = SaveOptions(poll_s=0.2), SaveOptions(poll_s=20.0)
    theirs = [ArchiveOptions(wayback_url=base) for base in ("https://web.archive.org", "https://WEB.archive.org/")]
    assert {(poll_s(eager, one), poll_s(lazy, one)) for one in theirs} == {(6.0, 20.0)}
    assert poll_s(eager, ArchiveOptions(wayback_url="http://127.0.0.1:9/")) == 0.2


async def test_without_keys_it_takes_twice_as_long_and_ends_at_the_days_quota(bench: Any) -> None:
    made = await bench.saver(keys=None)
    plan = made.plan([f"{URL}{n}" for n in range(230)])
    assert (len(plan.to_send), len(plan.later)) == (200, 30)
    assert 4000 <= plan.seconds <= 4200


async def test_what_is_known_is_told(bench: Any) -> None:
    now = bench.clock.now()
    known = {
        "recent": Ticket(URL + "recent", State.VERIFIED, timestamp=bench.clock.digits(DAY_S)),
        "listed": Ticket(URL + "listed", looked=now, listed=bench.clock.digits(DAY_S), looked_state="unverified"),
        "old": Ticket(URL + "old", State.VERIFIED, timestamp=bench.clock.digits(800 * DAY_S)),
        "waiting": Ticket(URL + "waiting", State.SUBMITTED, submitted=now - 60, job="spn2-a"),
        "captured": Ticket(URL + "captured", State.CAPTURED, timestamp=bench.clock.digits(60)),
        "refused": Ticket(URL + "refused", State.REFUSED, code="blocked-url", due=now + DAY_S),
        "excluded": Ticket(URL + "excluded", looked=now, looked_state="excluded"),
    }
    for ticket in known.values():
        bench.put(ticket)
    made = await bench.saver(older_than_s=365 * DAY_S, max_count=1)
    plan = made.plan([*(ticket.url for ticket in known.values()), URL + "new"])
    assert [one.url for one in plan.recent] == [URL + "recent", URL + "listed"]
    assert [one.url for one in plan.waiting] == [URL + "waiting", URL + "captured"]
    assert [(one.url, one.outcome) for one in plan.settled] == [
        (URL + "refused", Outcome.FORBIDDEN),
        (URL + "excluded", Outcome.FORBIDDEN),
    ]
    assert (plan.to_send, plan.later) == ((URL + "old",), (URL + "new",))


def test_what_comes_next() -> None:
    now, options = 1_800_000_000.0, SaveOptions(older_than_s=365 * DAY_S)
    recent, old = "20261201000000", "20200101000000"
    cases = [
        (Ticket(URL), Step.LOOK),
        (Ticket(URL, looked=now - 60, looked_state="none"), Step.SUBMIT),
        (Ticket(URL, looked=now - 60, listed=recent), Step.RECENT),
        (Ticket(URL, looked=now - 60, listed=old), Step.SUBMIT),
        (Ticket(URL, looked=now - 2 * DAY_S, listed=old), Step.LOOK),
        (Ticket(URL, looked=now - 60, due=now + 30), Step.WAIT),
        (Ticket(URL, intent=now - 5), Step.SEARCH),
        (Ticket(URL, intent=now - 5, listed=recent, looked=now - 10), Step.SEARCH),
        (Ticket(URL, State.SUBMITTED, submitted=now - 5, job="j"), Step.WATCH),
        (Ticket(URL, State.SUBMITTED, submitted=now - 5), Step.SEARCH),
        (Ticket(URL, State.SUBMITTED, submitted=now - 7200, job="j"), Step.SEARCH),
        (Ticket(URL, State.CAPTURED, timestamp=recent), Step.VERIFY),
        (Ticket(URL, State.VERIFIED, timestamp=recent), Step.RECENT),
        (Ticket(URL, State.VERIFIED, timestamp=old), Step.LOOK),
        (Ticket(URL, State.REFUSED, due=now + 5), Step.SETTLED),
        (Ticket(URL, State.REFUSED, due=now - 5), Step.LOOK),
        (Ticket(URL, State.GIVEN_UP, due=now + 5), Step.SETTLED),
        (Ticket(URL, looked=now - 60, looked_state="excluded"), Step.SETTLED),
    ]
    for ticket, expected in cases:
        assert next_step(ticket, now, options) is expected, ticket
    assert next_step(Ticket(URL, State.VERIFIED, timestamp=old), now, SaveOptions()) is Step.RECENT
