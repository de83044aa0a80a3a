"""An archive may say anything: every URL still gets one result, no exception gets out, and the end is reached."""

import asyncio
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.archive.base import ArchiveOptions, Pace
from linkkeeper.archive.saving.base import SaveOptions, SaveOutcome
from linkkeeper.archive.saving.keys import Keys
from linkkeeper.archive.saving.registry import saver
from linkkeeper.models.verdict import Failure, Reply
from linkkeeper.store.clock import Clock
from linkkeeper.store.database import open_state
from linkkeeper.store.queue import SaveQueue

URLS = ["http://living.example/a", "http://living.example/b?c=1", "https://other.example/"]
WORDS = [
    "",
    "error",
    "success",
    "pending",
    "error:celery",
    "error:blocked-url",
    "error:user-session-limit",
    "../x",
    "\x00",
    "You log in",
]
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [*WORDS, "spn2-" + "a" * 40, "20260301120000", "9" * 14, "http://living.example/a", None, 0, -1, 3, True, [], {}]
)
FIELDS = st.sampled_from(
    [
        "status",
        "status_ext",
        "job_id",
        "message",
        "timestamp",
        "original_url",
        "url",
        "available",
        "processing",
        "daily_captures",
        "daily_captures_limit",
        "resources",
    ]
)
JSON = st.dictionaries(FIELDS, ODD, max_size=6).map(lambda value: json.dumps(value).encode())
BODY = st.one_of(
    JSON,
    st.lists(st.dictionaries(FIELDS, ODD, max_size=4), max_size=3).map(lambda value: json.dumps(value).encode()),
    st.sampled_from([b"", b"[]", b"<html>", b"{", b"[" * 5000, b"<html><p>hello</p></html>", b"\xff\xfe"]),
)
HEADER = st.sampled_from(
    [
        ("memento-datetime", "Sun, 01 Mar 2026 12:00:00 GMT"),
        ("memento-datetime", "yesterday"),
        ("location", "/web/20260301120000/http://living.example/a"),
        ("location", "/web/2099/http://elsewhere.example/"),
        ("location", "http://["),
        ("content-location", "/web/20260301120000/http://living.example/a"),
        ("date", "Sun, 01 Mar 2099 12:00:00 GMT"),
        ("date", "never"),
        ("x-archive-wayback-runtime-error", "AccessControlException"),
    ]
)
REPLY = st.builds(
    Reply,
    url=st.just("http://archive/"),
    status=st.sampled_from([200, 200, 200, 302, 401, 403, 404, 418, 429, 500, 503, 509, 520]),
    headers=st.lists(HEADER, max_size=3).map(tuple),
    body=BODY,
    retry_after_s=st.sampled_from([None, 0.0, 120.0, 1e12]),
) | st.builds(Reply, url=st.just("http://archive/"), failure=st.sampled_from(list(Failure)))


class Web:
    """Answers from a list, over and over."""

    def __init__(self, replies: list[Reply]) -> None:
        self._replies, self.asked = replies, 0

    async def ask(self, url: str, method: str = "GET", *, headers: Iterable[tuple[str, str]] = (), **_: Any) -> Reply:
        self.asked += 1
        await asyncio.sleep(0)
        return self._replies[self.asked % len(self._replies)]


@settings(max_examples=40, deadline=None)
@given(replies=st.lists(REPLY, min_size=1, max_size=7), with_keys=st.booleans())
def test_every_url_gets_a_result(replies: list[Reply], with_keys: bool) -> None:
    web, time = Web(replies), [1_772_366_400.0]

    async def sleep(seconds: float) -> None:
        time[0] += seconds
        await asyncio.sleep(0)

    async def run() -> list[SaveOutcome]:
        with tempfile.TemporaryDirectory() as folder, open_state(Path(folder)) as state:
            options = ArchiveOptions(wayback_url="http://archive")
            made = saver(
                SaveOptions(),
                options,
                web,
                Clock(state, "archive", Pace),
                SaveQueue(state),
                Keys("a", "b") if with_keys else None,
                now=lambda: time[0],
                sleep=sleep,
            )
            async with asyncio.timeout(30):
                return [result.outcome async for result in made.save(URLS)]

    outcomes = asyncio.run(run())
    assert len(outcomes) == len(URLS)
    assert SaveOutcome.NOT_SENT not in outcomes
    assert web.asked < 1000
