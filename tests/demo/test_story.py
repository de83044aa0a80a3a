from pathlib import Path

import pytest

from linkkeeper.demo import story
from linkkeeper.errors import UsageError


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("demo") / "kept"
    said: list[str] = []
    story.tell(said.append, folder)
    return "".join(said), folder


def test_the_story_shows_every_step(told: tuple[str, Path]) -> None:
    text, _ = told
    steps = [
        "1  linkkeeper scan",
        "2  linkkeeper fix --diff",
        "3  linkkeeper fix ",
        "4  linkkeeper fix ",
        "5  linkkeeper undo",
        "6  linkkeeper archive save --to local",
    ]
    places = [text.index(step) for step in [*steps, "What just happened"]]
    assert places == sorted(places)


def test_what_the_moral_says_did_happen(told: tuple[str, Path]) -> None:
    text, _ = told
    assert "2 blocked" in text or "blocked     2" in text or "blocked" in text
    assert "-> https://web.archive.org/web/20160620080000/" in text, "the post of 2016 got the copy of June 2016"
    assert "-> https://web.archive.org/web/20170102030405/" in text, "the post of 2017 the one of January 2017"
    assert "-> https://web.archive.org/web/20160601101010/" in text, "the archived error page was passed over"
    assert "the archive holds no copy" in text, "the leaflet was left alone"
    assert "?id=7)\n" in text, "tracking went"
    assert "menu.html#oolong" in text, "the fragment stayed"
    assert '"closed in 2018")' in text, "the title stayed"
    assert "nothing to write" in text, "the second fix changes nothing"
    assert "every byte is back." in text
    assert "6 living links, 6 with a copy" in text
    assert "records of 6 pages: sound" in text
    assert "unchecked" not in text, "the story needs no network"


def test_posts_and_report_are_kept_on_request(told: tuple[str, Path]) -> None:
    _, folder = told
    assert (folder / "report.html").read_text("utf-8").startswith("<!doctype html>")
    assert len(list((folder / "posts").iterdir())) == 3


def test_an_existing_folder_is_not_written_into(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="exists already"):
        story.tell(lambda _: None, tmp_path)
