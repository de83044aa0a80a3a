"""Twenty corruptions that `warcio check` and `wacz validate` pass, each planted alone and found by `verify`.

In each case the WARC is well-formed and the WACZ is described anew, so that hashes fit: as if a program had packed
what was already wrong.
"""

import base64
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from msgspec import Struct

from linkkeeper.archive.local import verify, wacz

WARC, INDEX, PAGES = "archive/2026-11.warc.gz", "indexes/index.cdx", "pages/pages.jsonl"
Files = dict[str, bytes]
Change = Callable[[Files], None]
_LENGTH = re.compile(rb"(?m)^Content-Length: (\d+)\r$")


class Piece(Struct, frozen=True):
    """A record of a WARC, uncompressed, and where its gzip member was."""

    offset: int
    data: bytes

    def is_a(self, kind: str, url_end: str) -> bool:
        """Say whether it is a record of that type about such a URL."""
        head = self.data.partition(b"\r\n\r\n")[0]
        about = re.search(rb"WARC-Target-URI: (\S+)", head)
        return f"WARC-Type: {kind}\r".encode() in head and bool(about and about[1].endswith(url_end.encode()))


def _pieces(warc: bytes) -> list[Piece]:
    found, offset = [], 0
    while offset < len(warc):
        member = zlib.decompressobj(31)
        data = member.decompress(warc[offset:])
        found.append(Piece(offset, data))
        offset = len(warc) - len(member.unused_data)
    return found


def _in_warc(change: Callable[[list[Piece]], Sequence[Piece]], *, follow: bool = True) -> Change:
    """Change the records; offsets and lengths in the index follow those that stay."""

    def apply(files: Files) -> None:
        made = b""
        places: dict[int, tuple[int, int]] = {}
        for piece in change(_pieces(files[WARC])):
            member = gzip.compress(piece.data, mtime=0)
            places.setdefault(piece.offset, (len(made), len(member)))
            made += member
        files[WARC] = made
        if follow:
            _each_line(lambda fields: _moved(fields, places))(files)

    return apply


def _moved(fields: dict[str, str], places: dict[int, tuple[int, int]]) -> None:
    place = places.get(int(fields["offset"]))
    if place is not None:
        fields["offset"], fields["length"] = map(str, place)


def _each_line(change: Callable[[dict[str, str]], None], **only: str) -> Change:
    """Change the fields of the lines of the index that have such values."""

    def apply(files: Files) -> None:
        lines = []
        for text in files[INDEX].decode().splitlines():
            key, ts, told = text.split(" ", 2)
            fields = json.loads(told)
            if all(fields[name].endswith(value) for name, value in only.items()):
                change(fields)
            lines.append(f"{key} {ts} {json.dumps(fields)}\n")
        files[INDEX] = "".join(lines).encode()

    return apply


def _record(kind: str, url_end: str, change: Callable[[bytes], bytes]) -> Change:
    """Change one record."""

    def apply(pieces: list[Piece]) -> list[Piece]:
        at = next(place for place, piece in enumerate(pieces) if piece.is_a(kind, url_end))
        changed = change(pieces[at].data)
        assert changed != pieces[at].data
        return [*pieces[:at], Piece(pieces[at].offset, changed), *pieces[at + 1 :]]

    return _in_warc(apply)


def _without(kind: str, url_end: str) -> Change:
    """Leave one record out."""

    def apply(pieces: list[Piece]) -> list[Piece]:
        at = next(place for place, piece in enumerate(pieces) if piece.is_a(kind, url_end))
        return pieces[:at] + pieces[at + 1 :]

    return _in_warc(apply)


def _again(kind: str, url_end: str) -> Change:
    """Append one record once more."""
    return _in_warc(lambda pieces: [*pieces, next(piece for piece in pieces if piece.is_a(kind, url_end))])


def _sworn(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Change the block of a record, and have its lengths and digests say the same."""

    def apply(record: bytes) -> bytes:
        head, _, block = record.partition(b"\r\n\r\n")
        block = change(block.removesuffix(b"\r\n\r\n"))
        head = re.sub(rb"(WARC-Block-Digest: )\S+", rb"\1" + _sha1(block), head)
        head = re.sub(rb"(WARC-Payload-Digest: )\S+", rb"\1" + _sha1(block.partition(b"\r\n\r\n")[2]), head)
        return (
            _LENGTH.sub(b"Content-Length: %d\r" % len(block), head + b"\r\n")[:-2] + b"\r\n\r\n" + block + b"\r\n\r\n"
        )

    return apply


def _sha1(data: bytes) -> bytes:
    return b"sha1:" + base64.b32encode(hashlib.sha1(data).digest())


def _gone(name: str, pattern: bytes) -> Change:
    def apply(files: Files) -> None:
        files[name] = b"".join(line for line in files[name].splitlines(keepends=True) if pattern not in line)

    return apply


def _text(name: str, old: bytes, new: bytes) -> Change:
    def apply(files: Files) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new)

    return apply


def _reversed(files: Files) -> None:
    files[INDEX] = b"".join(reversed(files[INDEX].splitlines(keepends=True)))


def _plus(field: str, more: int) -> Callable[[dict[str, str]], None]:
    return lambda fields: fields.update({field: str(int(fields[field]) + more)})


PLANTED: dict[str, tuple[Change, str]] = {
    "a payload changed, and its digests taken away": (
        _record(
            "response",
            "page-2",
            lambda raw: re.sub(rb"WARC-(Payload|Block)-Digest: \S+\r\n", b"", raw).replace(b"text text", b"test text"),
        ),
        "record-no-digest",
    ),
    "a payload changed, its digests made anew": (
        _record("response", "page-2", _sworn(lambda block: block.replace(b"text text", b"test text"))),
        "index-wrong",
    ),
    "a payload cut short, its digests made anew": (
        _record("response", "page-2", _sworn(lambda block: block[:-9])),
        "http-length",
    ),
    "the head of a revisit changed": (
        _record("revisit", "logo.png", lambda raw: raw.replace(b"Server: loopback", b"Server: Loopback")),
        "block-digest",
    ),
    "the original of revisits gone": (_without("response", "logo.png"), "revisit-target"),
    "a revisit of another date": (
        _record("revisit", "logo.png", lambda raw: re.sub(rb"(Refers-To-Date: )2026", rb"\g<1>2025", raw)),
        "revisit-target",
    ),
    "a revisit of another address": (
        _record("revisit", "logo.png", lambda raw: re.sub(rb"(Refers-To-Target-URI: \S+)", rb"\1x", raw)),
        "revisit-target",
    ),
    "a revisit of another payload": (
        _record("revisit", "logo.png", lambda raw: re.sub(rb"(Payload-Digest: )\S+", rb"\1" + _sha1(b"else"), raw)),
        "revisit-target",
    ),
    "a response gone": (_without("response", "1.js"), "request-partner"),
    "a record twice": (_again("response", "1.js"), "record-id"),
    "another address in a record": (
        _record("response", "page-2", lambda raw: raw.replace(b"org/page-2\r\n", b"org/page-X\r\n", 1)),
        "index-wrong",
    ),
    "another date in a record": (
        _record("response", "page-2", lambda raw: re.sub(rb"(WARC-Date: )2026", rb"\g<1>2025", raw)),
        "index-wrong",
    ),
    "an offset off by one": (_each_line(_plus("offset", 1), url="page-2"), "index-nothing"),
    "an offset of another record": (
        _each_line(lambda fields: fields.update(offset="0"), url="page-2"),
        "index-nothing",
    ),
    "a length off by one": (_each_line(_plus("length", 1), url="page-2"), "index-wrong"),
    "another status in the index": (
        _each_line(lambda fields: fields.update(status="404"), url="page-2"),
        "index-wrong",
    ),
    "a WARC in the index that is not there": (
        _each_line(lambda fields: fields.update(filename="2026-10.warc.gz"), url="page-2"),
        "warc-missing",
    ),
    "a line of the index gone": (_gone(INDEX, b"page-2"), "record-unindexed"),
    "an index in another order": (_reversed, "index-order"),
    "a page that no record holds": (_text(PAGES, b"org/page-1", b"org/page-9"), "page-nothing"),
}

CONTROL = _record("response", "page-2", lambda raw: raw.replace(b"text text", b"test text"))
"""What `warcio check` does find."""


def _packed(source: Path, target: Path, change: Change) -> Files:
    """Write a WACZ with a change, described as it is then."""
    with zipfile.ZipFile(source) as file:
        files = {name: file.read(name) for name in file.namelist()}
    files[INDEX] = gzip.decompress(files.pop(f"{INDEX}.gz"))  # plain, as the standard allows: easier to change
    del files["indexes/index.idx"]
    change(files)
    package = json.loads(files["datapackage.json"])
    package["resources"] = [one for one in package["resources"] if not one["path"].endswith(".idx")]
    for one in package["resources"]:
        one["path"], one["name"] = one["path"].replace(".cdx.gz", ".cdx"), one["name"].replace(".cdx.gz", ".cdx")
        data = files[one["path"]]
        one["hash"], one["bytes"] = f"sha256:{hashlib.sha256(data).hexdigest()}", len(data)
    files["datapackage.json"] = json.dumps(package).encode()
    vouched = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(files['datapackage.json']).hexdigest()}"}
    files["datapackage-digest.json"] = json.dumps(vouched).encode()
    _written(target, files)
    return files


def _written(target: Path, files: Files) -> None:
    with zipfile.ZipFile(target, "w") as file:
        for name, data in files.items():
            file.writestr(name, data)


@pytest.fixture
def exported(filled: Path, tmp_path: Path) -> Path:
    wacz.export(filled, tmp_path / "whole.wacz")
    return tmp_path / "whole.wacz"


def test_what_was_packed_anew_unchanged_is_sound(exported: Path, tmp_path: Path) -> None:
    _packed(exported, tmp_path / "same.wacz", lambda files: None)
    assert verify.verify(tmp_path / "same.wacz").sound
    _packed(exported, tmp_path / "same.wacz", _in_warc(lambda pieces: pieces))
    assert verify.verify(tmp_path / "same.wacz").sound


@pytest.mark.parametrize("name", PLANTED)
def test_each_of_twenty_corruptions_is_found(exported: Path, tmp_path: Path, name: str) -> None:
    change, kind = PLANTED[name]
    _packed(exported, tmp_path / "planted.wacz", change)
    assert kind in {problem.kind for problem in verify.verify(tmp_path / "planted.wacz").problems}


def test_warcio_finds_none_of_them(exported: Path, tmp_path: Path) -> None:
    names = {}
    for number, (name, (change, _)) in enumerate(PLANTED.items()):
        files = _packed(exported, tmp_path / "planted.wacz", change)
        path = tmp_path / f"{number}.warc.gz"
        path.write_bytes(files[WARC])
        names[str(path)] = name
    plain = _packed(exported, tmp_path / "planted.wacz", CONTROL)[WARC]
    (tmp_path / "control.warc.gz").write_bytes(plain)
    names[str(tmp_path / "control.warc.gz")] = "control"
    check = "import sys; from warcio.cli import main\nfor path in sys.argv[1:]:\n    try: main(['check', path])\n"
    check += "    except SystemExit as end: print(f'{path} {end.code}' if end.code else '')"
    run = subprocess.run([sys.executable, "-c", check, *names], capture_output=True, text=True, check=True)
    assert [names[line.split()[0]] for line in run.stdout.splitlines() if line.split()[1:2] == ["1"]] == ["control"]


def test_the_wacz_validator_finds_none_of_them(exported: Path, tmp_path: Path) -> None:
    validator = os.environ.get("WACZ") or shutil.which("wacz")
    if not validator:
        pytest.skip("NOT CHECKED: `wacz` is not installed (pip install wacz, or name it in WACZ)")
    names = {}
    for number, (name, (change, _)) in enumerate(PLANTED.items()):
        path = tmp_path / f"{number}.wacz"
        _packed(exported, path, change)
        names[str(path)] = name
    control = tmp_path / "control.wacz"
    _written(control, _packed(exported, control, lambda files: None) | {PAGES: b"{}"})
    names[str(control)] = "control"
    check = (
        "import sys; from wacz.main import main\nfor path in sys.argv[1:]:\n    code = main(['validate', '-f', path])"
    )
    check += "\n    print(f'exit {code} {path}')"
    python = str(Path(validator).with_name("python"))
    run = subprocess.run([python, "-c", check, *names], capture_output=True, text=True, check=True)
    codes = {names[path]: code for code, path in re.findall(r"exit (\d+) (\S+)", run.stdout)}
    assert codes == dict.fromkeys(PLANTED, "0") | {"control": "1"}
