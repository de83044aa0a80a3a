"""Whatever servers say: no capture fails by itself, and what is kept proves sound."""

import asyncio
import gzip
import random
from pathlib import Path
from typing import Any

from linkkeeper.archive.capture.base import Cited, Refusal
from linkkeeper.archive.local import verify
from linkkeeper.archive.local.store import LocalArchive

PAGES = 150
STATUSES = (b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK", b"HTTP/1.0 200", b"HTTP/1.1 200 \xff\xfe", b"HTTP/1.1 302 Found")
MORE = (b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK", b"HTTP/1.1 404 No", b"HTTP/1.1 206 Partial", b"HTTP/1.1 600 What")
FIELDS = (
    *(
        b"Content-Type: text/html",
        b"Content-Type: text/css",
        b"Content-Type: \xff",
        b"Content-Type: text/html; charset=utf-16",
    ),
    *(b"Content-Length: 10", b"Content-Length: 99999", b"Transfer-Encoding: chunked", b"Content-Encoding: gzip"),
    *(b"Content-Encoding: br", b"Content-Encoding: gzip, gzip, gzip", b"Location: /%d", b"Location: http://[::/"),
    *(
        b"X-Robots-Tag: \xff: noarchive",
        b"Set-Cookie: a=b",
        b"X",
        b": y",
        b"X-Long: " + b"a" * 9000,
        b"Referrer-Policy: \xff",
    ),
)
MARKUP = (
    *(
        b"<img src=/%d>",
        b"<link rel=stylesheet href=/%d>",
        b"<iframe src=/%d>",
        b"<base href=//x/%d>",
        b"@import '/%d';",
    ),
    *(
        b"<meta http-equiv=refresh content='0;url=/%d'>",
        b"<script src=/%d></script>",
        b"<title>\xff\x00%d</title>",
        b"%d words ",
    ),
)


def spoken(path: str) -> bytes:
    """Return what the server says of a path, always the same."""
    dice = random.Random(path)
    body = b"".join(dice.choice(MARKUP) % dice.randrange(PAGES) for _ in range(dice.randrange(12)))
    if dice.random() < 0.3:
        body = dice.randbytes(dice.randrange(3000))
    if dice.random() < 0.2:
        body = gzip.compress(body)
    if dice.random() < 0.2:
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    if dice.random() < 0.4:
        return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    fields = [field.replace(b"%d", b"%d" % dice.randrange(PAGES)) for field in dice.sample(FIELDS, dice.randrange(5))]
    return b"\r\n".join([dice.choice(STATUSES + MORE), *fields, b"", body])


async def test_what_is_kept_of_an_odd_web_proves_sound(site: Any, make_capturer: Any, tmp_path: Path) -> None:
    def talk(path: str) -> Any:
        async def said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(spoken(path))
            await writer.drain()

        return said

    site.pages |= {f"/{number}": talk(f"/{number}") for number in range(PAGES)}
    capturer = await make_capturer(retries=0)
    kept = 0
    with LocalArchive(tmp_path / "archive") as archive:
        async for outcome in capturer.capture_all(Cited(f"{site.url}/{number}") for number in range(PAGES)):
            if isinstance(outcome, Refusal):
                assert not outcome.detail.startswith("internal"), outcome
                assert outcome.detail.isprintable()
                continue
            archive.keep(outcome)
            capturer.done(outcome)
            kept += 1
    assert kept > PAGES / 4
    assert not verify.verify(tmp_path / "archive").problems
