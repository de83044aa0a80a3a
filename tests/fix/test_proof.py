"""The proof before saving: it holds for what was planned and for nothing else."""

from msgspec import structs

from linkkeeper.extract import registry
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.fix import apply, disk, proof, rewrite
from linkkeeper.fix.plan import FixOptions, Want, plan
from linkkeeper.models.edit import Edit, Plan
from linkkeeper.models.link import Link, Span

NEW = "https://web.archive.org/web/20200102030405/http://dead.example/a"
TEXT = b"[a](http://dead.example/a) and [b](http://live.example/b)\n\n[c](c.html) <http://live.example/d>\n"


def links_of(text: bytes, document: str = "a.md") -> tuple[Link, ...]:
    return registry.extract(document, text, ExtractOptions()).links


def good() -> Plan:
    links = links_of(TEXT)
    wants = [Want(links[0], "archive", NEW, "http-gone", "HTTP 404")]
    return plan("a.md", disk.digest(TEXT), links, wants, FixOptions())


def test_the_planned_change_is_proved() -> None:
    made = good()
    new = rewrite.rewrite(TEXT, made.edits)
    assert proof.prove("a.md", TEXT, new, made) is None
    assert proof.prove("a.md", TEXT, new, made, links=links_of(TEXT)) is None


def test_any_other_change_of_a_link_is_found() -> None:
    made = good()
    new = rewrite.rewrite(TEXT, made.edits)
    for tampered in (
        new.replace(b"live.example/b", b"evil.example/b"),
        new.replace(b"dead.example/a", b"dead.example/b"),
        new.replace(b"[c](c.html)", b"[c] c.html "),
        new.replace(b"[c](c.html)", b"[c](c)[](l)"),
        new.replace(b"<http://live.example/d>", b"`http://live.example/d`"),
        new + b"http://more.example/",
        TEXT,
        b"",
    ):
        assert proof.prove("a.md", TEXT, tampered, made), tampered


def test_a_change_that_moves_a_link_is_found() -> None:
    made = good()
    new = rewrite.rewrite(TEXT, made.edits)
    moved = new.replace(b" and [b]", b"  and [b]").replace(b"\n\n", b"\n")
    assert [link.url for link in links_of(moved)] == [link.url for link in links_of(new)]
    assert proof.prove("a.md", TEXT, moved, made)


def tampering(link: Link, new: bytes) -> Edit:
    return Edit(link.span, link.written, new, "archive", "http-gone", "HTTP 404", link, NEW)


def test_an_edit_that_breaks_its_neighbours_is_refused_and_the_others_are_made() -> None:
    links = links_of(TEXT)
    harmful = tampering(links[1], b"x) `")
    both = Plan("a.md", disk.digest(TEXT), (good().edits[0], harmful))
    prepared = apply.proved(both, TEXT)
    assert prepared.problem is None
    assert prepared.new == rewrite.rewrite(TEXT, good().edits)
    assert [refusal.link for refusal in prepared.plan.refusals] == [links[1]]
    assert "could not be proved" in prepared.plan.refusals[0].reason


def test_a_harmful_edit_is_found_among_hundreds() -> None:
    text = b"".join(b"[%d](http://dead.example/%d)\n\n" % (number, number) for number in range(300))
    links = links_of(text)
    edits = [tampering(link, NEW.encode()) for link in links]
    edits[123] = tampering(links[123], b"x) `")
    prepared = apply.proved(Plan("a.md", disk.digest(text), tuple(edits)), text)
    assert prepared.problem is None
    assert len(prepared.plan.edits) == 299
    assert [refusal.link for refusal in prepared.plan.refusals] == [links[123]]
    assert prepared.new.count(NEW.encode()) == 299


def test_a_document_in_which_nearly_everything_fails_is_left_as_it_is() -> None:
    text = b"".join(b"[%d](http://dead.example/%d)\n\n" % (number, number) for number in range(300))
    edits = tuple(tampering(link, b"x) y") for link in links_of(text))
    prepared = apply.proved(Plan("a.md", disk.digest(text), edits), text)
    assert prepared.new == text
    assert prepared.plan.edits == ()
    assert len(prepared.plan.refusals) == 300


def test_a_document_whose_only_edit_fails_is_left_as_it_is() -> None:
    prepared = apply.proved(Plan("a.md", disk.digest(TEXT), (tampering(links_of(TEXT)[1], b"`"),)), TEXT)
    assert prepared.new == TEXT
    assert prepared.plan.edits == ()
    assert len(prepared.plan.refusals) == 1


def test_an_edit_for_a_link_that_is_not_there_is_found() -> None:
    link = links_of(TEXT)[0]
    elsewhere = structs.replace(link, span=Span(link.span.start + 1, link.span.end), written=link.written[1:])
    wrong = Plan("a.md", disk.digest(TEXT), (tampering(elsewhere, b"x"),))
    assert proof.prove("a.md", TEXT, rewrite.rewrite(TEXT, wrong.edits), wrong)


def test_edits_that_touch_each_other_are_proved_together() -> None:
    text = b'<a href="http://dead.example/1">x</a><a href="http://dead.example/2">y</a>http://dead.example/3'
    links = links_of(text)
    assert len(links) == 3
    wants = [Want(link, "archive", NEW, "http-gone", "HTTP 404") for link in links]
    made = plan("a.md", disk.digest(text), links, wants, FixOptions(style="append"), text)
    assert len(made.edits) == 3
    prepared = apply.proved(made, text)
    assert prepared.plan.refusals == ()
    assert len(links_of(prepared.new)) == 6
