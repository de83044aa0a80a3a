"""What an escaping layer is."""

from collections.abc import Callable

from msgspec import Struct

CHARSET = "charset:"
"""Prefix of the outermost layer of a document that is not UTF-8: `charset:gb18030`."""


class Layer(Struct, frozen=True):
    """One syntax that wraps a text: an attribute in quotes, a JSON string, a Markdown destination."""

    encode: Callable[[str], str | None]
    """Text -> what is written; None if this syntax cannot express it."""
    decode: Callable[[str], str]
    """What is written -> text."""


def identity(text: str) -> str:
    """Return the text itself."""
    return text
