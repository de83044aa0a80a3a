"""Every shipped table can be read, and says where it comes from."""

from importlib import resources

import pytest

from linkkeeper.check import doors, gone, parked, soft404, tables, walls
from linkkeeper.check.classify import classify
from linkkeeper.check.links import Schemes
from linkkeeper.check.sites import Generators
from linkkeeper.models.verdict import Reply

KINDS: dict[str, type] = {
    "challenges.toml": walls.Challenges,
    "doors.toml": doors.Doors,
    "gone.toml": gone.Notices,
    "generators.toml": Generators,
    "parking.toml": parked.Parking,
    "schemes.toml": Schemes,
    "soft404.toml": soft404.Languages,
    "suffixes.toml": tables.Suffixes,
}


def test_every_table_has_its_kind() -> None:
    shipped = {
        file.name for file in (resources.files("linkkeeper.check") / "data").iterdir() if file.name.endswith(".toml")
    }
    assert shipped == set(KINDS)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_table_can_be_read(name: str) -> None:
    assert isinstance(tables.load(name, KINDS[name]), KINDS[name])


def test_texts_are_written_as_they_are_compared() -> None:
    for wall in walls.walls():
        assert wall.source
        for signal in wall.signals:
            texts = (*signal.title, *signal.body, *signal.headers, *signal.headers.values(), signal.host, signal.path)
            assert [text for text in texts if text != text.lower()] == [], wall.name
            assert signal.status or signal.headers or signal.host or signal.path or signal.title or signal.body
    for entry in gone.notices():
        assert entry.source
        assert [text for text in (*entry.texts, *entry.unless) if text != text.lower()] == [], entry.hosts
    for language in soft404.languages():
        texts = (*language.titles, *language.subjects, *language.predicates, *language.sentences, *language.explains)
        assert [text for text in texts if text != text.lower() or "’" in text] == [], language.code
    parking = parked.table()
    assert [text for text in (*parking.titles, *parking.texts, *parking.markup) if text != text.lower()] == []


def test_the_languages_our_users_write_are_there() -> None:
    codes = {language.code for language in soft404.languages()}
    assert {"zh", "en", "ja", "de", "fr", "es", "ru", "pt", "it", "ko", "nl", "pl", "tr"} <= codes


@pytest.mark.parametrize("wall", walls.walls(), ids=lambda wall: wall.name)
def test_every_signal_of_a_wall_can_be_seen(wall: walls.Wall) -> None:
    for signal in wall.signals:
        host = signal.host or "example.com"
        text = " ".join(signal.body)
        title = f"<title>{signal.title[0]}</title>" if signal.title else ""
        fields = (("content-type", "text/html; charset=utf-8"), *signal.headers.items())
        url = f"https://{host}{signal.path or '/x'}"
        status = min(signal.status) if signal.status else 200
        seen = Reply(url, status=status, final_url=url, headers=fields, body=(title + text).encode())
        assert walls.wall(seen), f"{wall.name}: {signal}"
        assert classify(seen).rule == "bot-wall"
