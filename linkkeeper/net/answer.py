"""One HTTP response, as it came over the wire."""

from msgspec import Struct

REDIRECT_BODY = 8 * 1024
"""Bytes read of a redirect's body: enough, mostly, to use the connection again."""


class Answer(Struct, frozen=True):
    """One HTTP response, as it came."""

    status: int
    fields: tuple[tuple[bytes, bytes], ...]
    values: tuple[tuple[str, str], ...]
    body: bytes
    """Still compressed."""
    truncated: bool
