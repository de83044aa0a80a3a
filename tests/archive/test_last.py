"""An archive on this machine comes last: asked when the others said no, and never remembered."""

from datetime import UTC, datetime

import pytest

from linkkeeper.archive.base import Rescue, Wanted
from linkkeeper.archive.rescue import MemoryAnswers, Rescuer
from linkkeeper.errors import ArchiveError
from linkkeeper.models.document import Dated
from linkkeeper.models.snapshot import Snapshot, SnapshotState

NEAR = Dated(datetime(2026, 1, 2, tzinfo=UTC), "front matter", "2026-01-02")
WANTED = Wanted("http://a.example/", NEAR)


class Archive:
    """Says always the same; None: it cannot be asked."""

    def __init__(self, name: str, state: SnapshotState | None, captured: datetime | None = None) -> None:
        self.name, self.state, self.captured = name, state, captured
        self.asked = 0

    async def lookup(self, url: str, near: Dated) -> Snapshot:
        self.asked += 1
        if self.state is None:
            raise ArchiveError("it is down")
        held = url if self.state is SnapshotState.VERIFIED else None
        return Snapshot(self.state, self.name, held, self.captured)


HAS = Archive("local", SnapshotState.VERIFIED)


@pytest.mark.parametrize("state", [SnapshotState.NONE, SnapshotState.UNUSABLE, SnapshotState.EXCLUDED])
async def test_it_is_asked_when_the_others_said_no(state: SnapshotState) -> None:
    told: list[Rescue] = []
    rescuer = Rescuer([Archive("wayback", state)], [], last=[HAS], on_done=lambda _, rescue: told.append(rescue))
    found = (await rescuer.rescue([WANTED]))[WANTED]
    assert found.snapshot.archive == "local"
    assert told == [found]


@pytest.mark.parametrize("state", [SnapshotState.VERIFIED, SnapshotState.UNVERIFIED, None])
async def test_it_is_not_asked_when_another_has_a_copy_or_could_not_be_asked(state: SnapshotState | None) -> None:
    own = Archive("local", SnapshotState.VERIFIED)
    found = (await Rescuer([Archive("wayback", state)], [], last=[own]).rescue([WANTED]))[WANTED]
    assert found.snapshot.archive == "wayback"
    assert own.asked == 0


async def test_a_remembered_no_does_not_hide_what_was_kept_since() -> None:
    answers, other = MemoryAnswers(), Archive("wayback", SnapshotState.NONE)
    nothing = Archive("local", SnapshotState.NONE)
    first = (await Rescuer([other], [], last=[nothing], answers=answers).rescue([WANTED]))[WANTED]
    assert (first.snapshot.archive, first.snapshot.state) == ("wayback", SnapshotState.NONE)
    later = (await Rescuer([other], [], last=[HAS], answers=answers).rescue([WANTED]))[WANTED]
    assert later.snapshot.archive == "local"
    gone = (await Rescuer([other], [], last=[nothing], answers=answers).rescue([WANTED]))[WANTED]
    assert gone.snapshot.state is SnapshotState.NONE, "the local yes was not remembered"
    assert other.asked == 1, "the other archive's no was"


async def test_a_copy_that_no_reader_can_reach_is_told_all_the_same() -> None:
    own = Archive("local", SnapshotState.UNUSABLE, datetime(2026, 11, 20, tzinfo=UTC))
    found = (await Rescuer([Archive("wayback", SnapshotState.EXCLUDED)], [], last=[own]).rescue([WANTED]))[WANTED]
    assert (found.snapshot.archive, found.snapshot.url) == ("local", None)


async def test_alone_it_has_the_last_word() -> None:
    found = await Rescuer([], [], last=[Archive("local", SnapshotState.NONE)]).rescue([WANTED])
    assert found[WANTED].snapshot.state is SnapshotState.NONE
    down = await Rescuer([], [], last=[Archive("local", None)]).rescue([WANTED])
    assert down[WANTED].snapshot.state is SnapshotState.UNKNOWN
