"""Documents with credentials are remembered, their credentials are not."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.extract import registry
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.extract.discover import DiscoverOptions, SourceFile, discover
from linkkeeper.extract.lines import LinkLines, decode
from linkkeeper.extract.remembered import Remembered, stamp_of
from linkkeeper.extract.scan import run
from linkkeeper.models.document import Document
from linkkeeper.store.extractions import Extractions

SECRETS = (
    "https://user:geheim@a.example/",
    "https://a.example/?access_token=geheim&utm_source=b",
    "https&#58;//u:geheim&#64;a.b",
    "https://a.example/?a=1&amp;api_key=geheim&amp;utm_medium=c",
    "https://a.example/?to=https%3A%2F%2Fu%3Ageheim%40b.example",
)
JOB = LinkLines(ExtractOptions(), everything=True)


def many(secret: str) -> str:
    """Return a document with one credential among many links."""
    around = "".join(f"[{n}](https://{n}.example/?a={n}) a@b.example\n" for n in range(300))
    return f"{around}前面 [s]({secret}) 后面\n{around}"


@pytest.fixture
def long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every file be old enough for its looks to count."""
    monkeypatch.setattr("linkkeeper.extract.remembered._RACY_NS", 0)


def printed(file: SourceFile, state: Path) -> bytes:
    """Return the lines of a document, in a run that remembers."""
    cache = Extractions(state)
    text = b"".join(decode(part).text for part in run([file], JOB, cache, 1))
    cache.close()
    return text


def found(folder: Path) -> SourceFile:
    """Return the only file of a folder."""
    [file] = discover((str(folder),), DiscoverOptions()).files
    return file


@pytest.mark.usefixtures("long_ago")
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
@pytest.mark.parametrize("secret", SECRETS)
def test_an_unchanged_file_with_a_credential_is_not_parsed_again(
    secret: str, encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = tmp_path / "posts"
    posts.mkdir()
    (posts / "a.md").write_bytes(many(secret).encode(encoding))
    first = printed(found(posts), tmp_path / "state")
    assert first.count(b"\n") == 1201
    assert b"geheim" in first
    monkeypatch.setattr(registry, "begin", None)
    assert printed(found(posts), tmp_path / "state") == first
    kept = b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())
    assert b"https://299.example" in kept
    assert b"geheim" not in kept


@pytest.mark.usefixtures("long_ago")
def test_so_is_one_with_nothing_but_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    posts = tmp_path / "posts"
    posts.mkdir()
    (posts / "a.md").write_text("".join(f"<https://u{n}:geheim@a.example/{n}>\n" for n in range(1000)))
    first = printed(found(posts), tmp_path / "state")
    assert first.count(b":geheim@") == 3000
    monkeypatch.setattr(registry, "begin", None)
    assert printed(found(posts), tmp_path / "state") == first


@pytest.mark.usefixtures("long_ago")
def test_a_changed_file_with_a_credential_is_read_anew(tmp_path: Path) -> None:
    posts = tmp_path / "posts"
    posts.mkdir()
    (posts / "a.md").write_text(many(SECRETS[0]))
    before = found(posts)
    assert b"user:geheim" in printed(before, tmp_path / "state")
    (posts / "a.md").write_text("nothing")
    assert printed(before, tmp_path / "state") == b"", "it changed after the folder was listed"
    (posts / "a.md").write_text(many(SECRETS[0]).replace("user:geheim", "user:anders"))
    assert b"user:anders" in printed(found(posts), tmp_path / "state")


def test_nothing_is_kept_by_which_a_password_could_be_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Remembered] = []

    class Memory:
        def get(self, job: str, path: str) -> Remembered | None:
            return None

        def put(self, job: str, path: str, one: Remembered) -> None:
            kept.append(one)

    (tmp_path / "a.md").write_text(many(SECRETS[0]))
    list(run([found(tmp_path)], JOB, Memory(), 1))
    assert kept == [], "as young as it is, only a digest could prove it unchanged"
    monkeypatch.setattr("linkkeeper.extract.remembered._RACY_NS", 0)
    list(run([found(tmp_path)], JOB, Memory(), 1))
    assert [one.digest for one in kept] == [b""]


@given(
    st.lists(
        st.sampled_from(
            [*SECRETS, "https://b.example/?utm_source=1", "www.c.example/?access_token=geheim", "<a href='//u:p@d'>"]
        ),
        max_size=6,
    ),
    st.sampled_from(["md", "html", "rst", "txt", "adoc", "org", "ipynb"]),
    st.sampled_from(["[a](@)\n", "@ ", '<a href="@">', "看@，", "`a <@>`_\n", "\\@", '{"cells": ["@"]}']),
)
@settings(max_examples=150, deadline=None)
def test_what_is_kept_gives_the_lines_again(urls: list[str], suffix: str, frame: str) -> None:
    data = "".join(frame.replace("@", url) for url in urls).encode()
    made = JOB.run(Document("a." + suffix), data, remember=True)
    if made.secret and made.safe:
        assert b"geheim" not in made.safe
        with tempfile.NamedTemporaryFile(suffix="." + suffix) as file:
            file.write(data)
            file.flush()
            stamp = stamp_of(os.fstat(file.fileno()))
            again = JOB.whole(file.name, made.safe, stamp)
        assert again is not None
        assert decode(again).text.replace(file.name.encode(), b"a." + suffix.encode()) == decode(made.value).text
