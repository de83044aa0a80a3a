"""Originals that live again get their place back, to the byte."""

from pathlib import Path

import pytest

from linkkeeper.extract import registry
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.fix import apply, disk, revert
from linkkeeper.fix.journal import Journal
from linkkeeper.fix.plan import FixOptions, Want, plan
from linkkeeper.models.edit import Plan

NEW = "https://web.archive.org/web/20200102030405/"
THEIRS = "https://web.archive.org/web/20190101000000/http://theirs.example/x#f"


def rescued(path: Path, style: str) -> Plan:
    data = path.read_bytes()
    links = registry.extract(path.name, data, ExtractOptions()).links
    wants = [Want(link, "archive", NEW + link.url, "http-gone", "HTTP 404") for link in links if "//dead" in link.url]
    return plan(path.name, disk.digest(data), links, wants, FixOptions(style=style), data)  # type: ignore[arg-type]  # a mapping of both kinds of wants


def reverted(path: Path, journal: Journal, take_any: bool = False) -> list[revert.Candidate]:
    """Take back every archive link of a file as if all originals lived; return what was found to take back."""
    data = path.read_bytes()
    links = registry.extract(path.name, data, ExtractOptions()).links
    found = revert.candidates(links, [note for _, note in journal.notes()], take_any)
    wants = [candidate.want("answers again") for candidate in found]
    options = FixOptions(only=frozenset({"revert"}))
    result = apply.apply([plan(path.name, disk.digest(data), links, wants, options, data)], journal)
    assert result.summary.refused == 0
    return found


TEXTS = {
    "a.md": rb"""[t](http://dead.example/a\_b?x&amp;y#f "T") <http://dead.example/c> www.no.example http://dead.example/d.
""",
    "a.html": b"""<a href="http://dead.example/a?x&y=1" class=x>t</a> <a href='http://dead.example/b'>t</a>
<a href=http://dead.example/c>t</a> <img srcset="http://dead.example/d 2x">""",
}


@pytest.mark.parametrize("style", ["replace", "robust"])
@pytest.mark.parametrize("name", TEXTS)
def test_what_a_fix_replaced_is_put_back_to_the_byte(project: Path, journal: Journal, name: str, style: str) -> None:
    path = project / name
    path.write_bytes(TEXTS[name])
    apply.apply([rescued(path, style)], journal)
    assert path.read_bytes() != TEXTS[name]
    found = reverted(path, journal)
    assert all(candidate.ours for candidate in found)
    assert path.read_bytes() == TEXTS[name]


def test_archive_links_of_others_are_taken_back_only_on_request(project: Path, journal: Journal) -> None:
    path = project / "a.md"
    path.write_bytes(f"[t]({THEIRS}) [u](https://archive.ph/abc)\n".encode())
    assert reverted(path, journal) == []
    found = reverted(path, journal, take_any=True)
    assert [(candidate.original, candidate.ours) for candidate in found] == [("http://theirs.example/x#f", False)]
    assert path.read_bytes() == b"[t](http://theirs.example/x#f) [u](https://archive.ph/abc)\n"


def test_a_fix_that_was_undone_wrote_nothing(project: Path, journal: Journal) -> None:
    path = project / "a.md"
    path.write_bytes(TEXTS["a.md"])
    apply.apply([rescued(path, "replace")], journal)
    journal.undo()
    assert journal.notes() == []


def test_a_copy_put_beside_a_link_leaves_nothing_to_put_back(project: Path, journal: Journal) -> None:
    path = project / "a.md"
    path.write_bytes(TEXTS["a.md"])
    apply.apply([rescued(path, "append")], journal)
    before = path.read_bytes()
    assert reverted(path, journal) == []
    assert path.read_bytes() == before


def test_robust_links_of_a_lost_journal_lose_their_attributes_too(project: Path) -> None:
    path = project / "a.html"
    path.write_bytes(TEXTS["a.html"])
    with Journal(project / "lost") as journal:
        apply.apply([rescued(path, "robust")], journal)
    with Journal(project / "other") as journal:
        reverted(path, journal, take_any=True)
    assert b"data-" not in path.read_bytes()
    assert b"archive.org" not in path.read_bytes()
