"""Which good answers to a HEAD are looked at."""

import pytest

from linkkeeper.check.doubt import Doubt
from linkkeeper.models.verdict import Redirect, Reply


def head(url: str = "http://a.example/post", final: str = "", status: int = 200, **fields: str) -> Reply:
    """A good answer to a HEAD."""
    given = {"content_type": "text/html", "content_length": "5000"} | fields
    way = (Redirect(url, 302),) if final else ()
    pairs = tuple((name.replace("_", "-"), value) for name, value in given.items() if value)
    return Reply(url, "HEAD", status, final or url, way, pairs)


def used_up() -> Doubt:
    """A doubt whose curiosity is spent."""
    doubt = Doubt()
    for number in range(300):
        doubt.believes(f"host{number}", head(content_length=str(number + 1)))
    return doubt


def test_the_first_pages_of_a_run_are_looked_at() -> None:
    assert not Doubt().believes("a", head())


def test_curiosity_has_an_end() -> None:
    doubt = Doubt()
    looks = sum(not doubt.believes(f"h{n}", head(content_length=str(n + 1))) for n in range(5000))
    assert 250 <= looks <= 600


def test_files_are_believed() -> None:
    assert Doubt().believes("a", head("http://a.example/a.pdf", content_type="application/pdf"))


@pytest.mark.parametrize(
    "reply",
    [
        head(content_length="0"),
        head(refresh="0; url=/x"),
        head(content_type=""),
        head(status=202),
        head("http://a.example/paper.pdf"),
        head("http://a.example/2019/tea", "http://a.example/"),
        head("http://a.example/2019/tea", "http://a.example/login"),
    ],
    ids=["empty", "refresh", "no type", "202", "a page where a file was", "sent home", "sent elsewhere"],
)
def test_what_looks_odd_is_looked_at_even_then(reply: Reply) -> None:
    assert not used_up().believes("a", reply)


def test_a_host_that_lied_is_looked_at_from_then_on() -> None:
    doubt = used_up()
    assert doubt.believes("liar", head())
    doubt.lied("liar")
    assert not doubt.believes("liar", head())


def test_one_answer_for_two_pages_is_looked_at_once() -> None:
    doubt = used_up()
    assert doubt.believes("a", head("http://a.example/1", etag="x"))
    assert not doubt.believes("a", head("http://a.example/2", etag="x"))
    assert doubt.believes("a", head("http://a.example/3", etag="x"))


def test_a_host_that_wants_fewer_requests_is_believed() -> None:
    assert Doubt().believes("a", head(), limited=True)


def test_a_run_of_many_urls_looks_at_fewer_pages_out_of_curiosity() -> None:
    def looks(questions: int) -> int:
        doubt = Doubt()
        doubt.expect(questions)
        return sum(not doubt.believes(f"host{number}", head()) for number in range(500))

    assert (looks(300), looks(5_000)) == (256, 64)
