"""Bytes of a document -> UTF-8 to look for links in, and the way back to the offsets of the document."""

import codecs
import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE_BYTES = 8192
_CHUNK = 1 << 16
_BINARY_CONTROLS = bytes([*range(8), 11, *range(14, 27), *range(28, 32)])
_MAGIC = (
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"PK\x03\x04",
    b"%PDF-",
    b"\x7fELF",
    b"\x1f\x8b",
    b"RIFF",
    b"SQLite format 3",
)
_LOST = re.compile("[\udc80-\udcff]")
_FREQUENT = (
    ("euc_jp", 0.2, re.compile(rb"\xa4[\xa1-\xf3]|\xa5[\xa1-\xf6]")),
    ("cp932", 0.2, re.compile(rb"\x82[\x9f-\xf1]|\x83[\x40-\x96]")),
    ("gb18030", 0.5, re.compile(rb"[\xb0-\xd7][\xa1-\xfe]|[\xa1\xa3][\xa1-\xfe]")),
    ("big5hkscs", 0.5, re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]|\xa1[\x40-\x7e\xa1-\xfe]")),
)
"""Kana, and the frequent Han characters with punctuation, as the bytes of each encoding, and which share of
the bytes above ASCII they make up in real text at least. A guess is only made where the whole document decodes."""
_HIGH = re.compile(rb"[\x80-\xff]")


class Text(Struct, frozen=True):
    """A document as UTF-8 without BOM."""

    data: bytes
    encoding: str
    """Python's name of the encoding the document is in."""
    bom: int = 0
    """Length of its byte order mark."""
    faithful: bool = True
    """Offsets of data, plus `bom`, are the offsets of the document."""
    exact: bool = True
    """Encoding the text again gives the document: offsets can be told in any case."""

    @property
    def extends_ascii(self) -> bool:
        """Tell whether ASCII bytes mean themselves, so that pasting bytes is safe."""
        return not self.encoding.startswith(("utf-16", "utf-32"))

    def offsets(self, ascending: Iterable[int]) -> Iterator[int]:
        """Yield the offsets in the document for ascending offsets in data. One pass."""
        seen, length = 0, self.bom
        for offset in ascending:
            piece = self.data[seen:offset]
            if not self.faithful:
                piece = piece.decode("utf-8", "replace").encode(self.encoding, "replace")
            length += len(piece)
            seen = offset
            yield length


def read(data: bytes, declared: str | None = None) -> Text | None:
    """Return the document as text, or None if it is binary.

    The order is that of browsers: BOM, then what the document declares, then UTF-8 if it is that, then a guess
    among GB18030, Big5 and Latin-1 by how frequent the characters would be.
    """
    for bom, name in _BOMS:
        if data.startswith(bom):
            return _utf8(data[len(bom) :], len(bom)) if name == "utf-8" else _decoded(data, name, len(bom))
    if data.isascii() and b"\0" not in data:
        return None if _is_binary(data) else Text(data, "utf-8")
    wide = _wide(data)
    if wide:
        return _decoded(data, wide, 0)
    if _is_binary(data):
        return None
    return _narrow(data, declared)


def _narrow(data: bytes, declared: str | None) -> Text | None:
    name = _known(declared)
    if name and name != "utf-8":
        text = _decoded(data, name, 0)
        if text.exact:
            return text
    if _is_utf8(data):
        return Text(data, "utf-8")
    if _mostly_utf8(data):
        return _utf8(data, 0)
    return _decoded(data, _guess(data), 0)


def _known(declared: str | None) -> str | None:
    """Return Python's name of a declared encoding, widened as browsers do; None if unknown or wider than ASCII."""
    if declared is None:
        return None
    try:
        name = codecs.lookup(declared.strip()).name
    except (LookupError, ValueError):
        return None
    if name in {"gb2312", "gbk"}:
        return "gb18030"
    if name in {"big5", "cp950"}:
        return "big5hkscs"
    if name in {"iso8859-1", "ascii"}:
        return "latin-1"
    return None if name.startswith(("utf-16", "utf-32", "utf-7")) else name


def _is_utf8(data: bytes) -> bool:
    return all(_decodes(some, "utf-8") for some in _chunks(data))


def _chunks(data: bytes) -> Iterator[bytes]:
    """Yield data in pieces that decode like the whole: memory that is fresh each time costs as much as decoding."""
    start = 0
    while len(data) - start > _CHUNK:
        end = start + _CHUNK
        end = next((place for place in range(end, end - 4, -1) if not 0x80 <= data[place] < 0xC0), end)
        yield data[start:end]
        start = end
    yield data[start:]


def _mostly_utf8(data: bytes) -> bool:
    """Tell whether a few damaged bytes stand among many good characters."""
    text = data[: 64 * _SAMPLE_BYTES].decode("utf-8", "surrogateescape")
    lost = len(_LOST.findall(text))
    good = len(text) - lost - _ascii_count(text)
    return good > 8 * lost


def _ascii_count(text: str) -> int:
    return len(text.encode("ascii", "ignore"))


def _utf8(data: bytes, bom: int) -> Text:
    """Damaged bytes become one `?` each, so that no offset moves."""
    if not _is_utf8(data):
        data = b"".join(_LOST.sub("?", some.decode("utf-8", "surrogateescape")).encode() for some in _chunks(data))
    return Text(data, "utf-8", bom)


def _decoded(data: bytes, name: str, bom: int) -> Text:
    text = data[bom:].decode(name, "replace")
    utf8 = text.encode("utf-8", "replace")
    exact = text.encode(name, "replace") == data[bom:]
    return Text(utf8, name, bom, faithful=False, exact=exact)


def _wide(data: bytes) -> str | None:
    """Recognise UTF-16 without BOM by where its zero bytes are."""
    sample = data[:_SAMPLE_BYTES]
    if b"\0" not in sample or len(sample) < 4 or len(data) % 2:
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > half * 0.2 and even < odd * 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > half * 0.2 and odd < even * 0.1 else None


def _is_binary(data: bytes) -> bool:
    sample = data[:_SAMPLE_BYTES]
    if sample.startswith(_MAGIC):
        return True
    return len(sample) - len(sample.translate(None, _BINARY_CONTROLS)) > 3 + len(sample) // 16


def _guess(data: bytes) -> str:
    sample = data[: 64 * _SAMPLE_BYTES]
    high = max(1, len(_HIGH.findall(sample)))
    best, most = "latin-1", 0.0
    for name, least, frequent in _FREQUENT:
        share = 2 * len(frequent.findall(sample)) / high
        if share > least and share / least > most and _decodes(data, name):
            best, most = name, share / least
    return best


def _decodes(data: bytes, name: str) -> bool:
    try:
        data.decode(name)
    except UnicodeDecodeError:
        return False
    return True
