from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from linkkeeper.config.settings import ArchiveSettings, Settings
from linkkeeper.models.saving import Coverage
from linkkeeper.models.ticket import SaveState, Ticket
from linkkeeper.pipeline import copies, coverage, options, saved
from linkkeeper.pipeline.state import State

NOW = datetime.now(UTC)
PAGE = {"ts": "20261101000000", "digest": "sha1:A", "page": "http://a.example/", "posts": ["p.md"]}


def _settings(tmp_path: Path, **archive: object) -> Settings:
    return Settings(
        state=str(tmp_path / "state"),
        archive=ArchiveSettings(dir=str(tmp_path / "archive"), **archive),  # type: ignore[arg-type]  # by name
    )


def test_a_copy_counts_wherever_it_is_and_too_old_ones_apart() -> None:
    held = {
        "a": {"local": NOW, "wayback": NOW - timedelta(days=900)},
        "b": {"wayback": NOW - timedelta(days=900)},
        "c": {"wayback": NOW},
    }
    since = NOW - timedelta(days=365)
    assert coverage.of_living("abcd", held, since) == Coverage(4, 2, 1, 1, {"wayback": 1, "local": 1})
    assert coverage.of_living("abcd", held, None) == Coverage(4, 3, 0, 1, {"wayback": 3, "local": 1})


def test_what_is_known_comes_from_the_manifest_and_the_queue(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    with State(settings) as state:
        assert coverage.known(settings, state) == {}, "nothing was ever saved"
        (tmp_path / "archive").mkdir()
        lines = [{"url": "http://a.example/", **PAGE}, {"url": "http://b.example/", **PAGE}]
        text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        (tmp_path / "archive" / "manifest.jsonl").write_bytes(text + b'{"url": "torn')
        state.queue.add(["http://b.example/", "http://c.example/", "http://d.example/"], 1.0)
        tickets = state.queue.tickets()
        done = msgspec.structs.replace(
            tickets["http://b.example/"], state=SaveState.VERIFIED, timestamp="20261102000000"
        )
        seen: Ticket = msgspec.structs.replace(tickets["http://c.example/"], listed="20190101000000", looked=1.0)
        state.queue.put(done, 2.0)
        state.queue.put(seen, 2.0)
        assert coverage.known(settings, state) == {
            "http://a.example/": {"local": datetime(2026, 11, 1, tzinfo=UTC)},
            "http://b.example/": {
                "local": datetime(2026, 11, 1, tzinfo=UTC),
                "wayback": datetime(2026, 11, 2, tzinfo=UTC),
            },
            "http://c.example/": {"wayback": datetime(2019, 1, 1, tzinfo=UTC)},
        }


def test_a_manifest_that_cannot_be_read_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "manifest.jsonl").write_bytes(b"\xff\x00\n{}\n[1]\n")
    assert coverage.in_local_archive(_settings(tmp_path)) == {}


def test_without_an_age_any_copy_will_do(tmp_path: Path) -> None:
    assert coverage.oldest(_settings(tmp_path)) is None
    limit = coverage.oldest(_settings(tmp_path, older_than="1d"))
    assert limit is not None
    assert timedelta(hours=23) < NOW - limit < timedelta(hours=25)
    assert options.older_than_s(_settings(tmp_path, older_than=0)) == 0.0, "0: everything again"


def test_links_into_the_own_replay_are_judged_by_what_is_held(tmp_path: Path) -> None:
    own = copies.OwnLinks(_settings(tmp_path, local_base="/archive/"))
    url = "/archive/20261120094500/https://example.com/page?a=1"
    judged = own.judge(url)
    assert judged is not None
    assert judged.verdict == "skipped", "nothing is kept here, and nobody says that it is gone"
    for other in (
        "/archive/",
        "/archive/2026.html",
        "/archives/20261120094500/https://example.com/",
        "https://a.example/",
    ):
        assert own.judge(other) is None, other


def test_credentials_and_cookies_are_not_used_to_keep_pages() -> None:
    settings = Settings(header=["Authorization: Bearer x"], cookies="c.txt", client_cert="c.pem")
    asked = options.capture_network(settings)
    assert (asked.headers, asked.cookies, asked.client_cert) == ((), "", "")


def test_durations_are_said_as_people_say_them() -> None:
    assert [saved.duration(amount) for amount in (0, 45, 600, 7200)] == ["0 s", "45 s", "10 min", "2.0 h"]
