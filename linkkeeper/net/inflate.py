"""Bodies made readable within a bound: what comes out is counted, never what a server promises."""

import zlib
from collections.abc import Callable, Iterable

_STEP = 16 * 1024
_WINDOW = 8 * 1024 * 1024
"""Largest window a zstd body may ask for (RFC 9659)."""
_MAX_LAYERS = 2
"""`gzip, gzip` exists by mistake; more than that is an attack."""
ACCEPTED = "gzip, deflate, br, zstd"


class InflateError(ValueError):
    """The body is not what its Content-Encoding says."""


def inflate(data: bytes, encoding: str, limit: int) -> tuple[bytes, bool]:
    """Undo a Content-Encoding up to limit bytes; say whether more was there, or the body was cut off.

    `data` may be the beginning of a body. An unknown encoding leaves the bytes as they are.
    Raises InflateError if not even the beginning could be read.
    """
    layers = [name for name in (part.strip().lower() for part in encoding.split(",")) if name not in ("", "identity")]
    if len(layers) > _MAX_LAYERS:
        raise InflateError("too many content encodings")
    more = False
    for name in reversed(layers):
        reader = _READERS.get(name)
        if reader is None:
            return data[:limit], more or len(data) > limit
        data, cut = _bounded(reader(data), limit)
        more = more or cut
    return data[:limit], more or len(data) > limit


def _bounded(pieces: Iterable[bytes], limit: int) -> tuple[bytes, bool]:
    out = bytearray()
    try:
        for piece in pieces:
            out += piece
            if len(out) > limit:
                return bytes(out[:limit]), True
    except zlib.error as problem:
        if not out:
            raise InflateError(str(problem)) from problem
        return bytes(out), True
    return bytes(out), False


def _zlib(data: bytes, bits: int) -> Iterable[bytes]:
    decoder = zlib.decompressobj(bits)
    rest = data
    while rest:
        yield decoder.decompress(rest, _STEP)
        if decoder.eof:
            rest = decoder.unused_data
            if bits != _GZIP or not rest.startswith(b"\x1f\x8b"):
                return
            decoder = zlib.decompressobj(bits)
        else:
            rest = decoder.unconsumed_tail
    yield decoder.flush(_STEP) if not decoder.eof else b""


_GZIP = 16 + zlib.MAX_WBITS


def _gzip(data: bytes) -> Iterable[bytes]:
    return _zlib(data, _GZIP)


def _deflate(data: bytes) -> Iterable[bytes]:
    """`deflate` means zlib (RFC 9110, 8.4.1.2); some servers send it raw, and browsers read that too."""
    zlib_header = len(data) >= 2 and data[0] & 0x0F == 8 and (data[0] * 256 + data[1]) % 31 == 0
    return _zlib(data, zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS)


def _brotli(data: bytes) -> Iterable[bytes]:
    import brotlicffi  # as `zstandard`: 10 ms that most runs of the check need not spend

    decoder = brotlicffi.Decompressor()
    try:
        yield decoder.process(data, output_buffer_limit=_STEP)
        while not decoder.can_accept_more_data():
            yield decoder.process(b"", output_buffer_limit=_STEP)
    except brotlicffi.error as problem:
        raise zlib.error(str(problem)) from problem


def _zstd(data: bytes) -> Iterable[bytes]:
    import zstandard

    decoder = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    try:
        with decoder.stream_reader(data, read_across_frames=True, read_size=_STEP) as reader:
            while piece := reader.read(_STEP):
                yield piece
    except zstandard.ZstdError as problem:
        raise zlib.error(str(problem)) from problem


_READERS: dict[str, Callable[[bytes], Iterable[bytes]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
