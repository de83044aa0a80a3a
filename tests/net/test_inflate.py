import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import brotlicffi
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.net.inflate import InflateError, inflate

PAGE = b"<title>Tea</title>" + b"The river was high that spring. " * 40


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def _brotli(data: bytes) -> bytes:
    packed: bytes = brotlicffi.compress(data, quality=4)
    return packed


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": _brotli,
    "zstd": zstandard.compress,
}
PACKED = {name: pack(PAGE) for name, pack in PACKERS.items()}


@pytest.mark.parametrize("encoding", PACKED)
def test_each_encoding_is_undone(encoding: str) -> None:
    assert inflate(PACKED[encoding], encoding, 1 << 16) == (PAGE, False)


@pytest.mark.parametrize("encoding", PACKED)
def test_a_body_cut_off_gives_its_beginning(encoding: str) -> None:
    body, _ = inflate(PACKED[encoding][:-6], encoding, 1 << 16)
    assert PAGE.startswith(body)


@pytest.mark.parametrize("encoding", PACKED)
def test_a_limit_holds_after_decompression(encoding: str) -> None:
    body, more = inflate(PACKED[encoding], encoding, 100)
    assert (body, more) == (PAGE[:100], True)


def test_raw_deflate_is_read_as_browsers_do() -> None:
    assert inflate(_raw_deflate(PAGE), "deflate", 1 << 16)[0] == PAGE


def test_two_layers_are_undone_and_three_refused() -> None:
    assert inflate(gzip.compress(PACKED["gzip"]), "gzip, gzip", 1 << 16)[0] == PAGE
    with pytest.raises(InflateError):
        inflate(PACKED["gzip"], "gzip, gzip, gzip", 1 << 16)


def test_an_unknown_encoding_leaves_the_bytes() -> None:
    assert inflate(b"abc", "rot13", 2) == (b"ab", True)


def test_garbage_is_an_error_not_a_crash() -> None:
    with pytest.raises(InflateError):
        inflate(b"not gzip at all", "gzip", 100)


@pytest.mark.parametrize("pack", PACKERS)
def test_a_bomb_costs_no_more_than_its_limit(pack: str) -> None:
    zeros = bytes(50_000_000)
    bomb = PACKERS[pack](zeros)
    tracemalloc.start()
    try:
        body, more = inflate(bomb, pack, 65536)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (len(body), more) == (65536, True)
    assert peak < 4_000_000


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, br"]))
@settings(max_examples=60)
def test_no_bytes_get_out_of_bounds(data: bytes, encoding: str) -> None:
    try:
        body, _ = inflate(data, encoding, 64)
    except InflateError:
        return
    assert len(body) <= 64
