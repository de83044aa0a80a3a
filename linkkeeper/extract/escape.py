"""How a URL is written inside a syntax: `Link.context` names the layers, innermost first.

Every format registers its layers in a module of its own (`LAYERS`); this one only puts them on top of each other.
"""

from linkkeeper.extract import (
    escape_asciidoc,
    escape_markdown,
    escape_markup,
    escape_org,
    escape_rst,
    escape_text,
)
from linkkeeper.extract.escape_base import CHARSET as CHARSET
from linkkeeper.extract.escape_base import Layer
from linkkeeper.extract.html_values import is_template

LAYERS: dict[str, Layer] = {
    **escape_text.LAYERS,
    **escape_markdown.LAYERS,
    **escape_markup.LAYERS,
    **escape_rst.LAYERS,
    **escape_asciidoc.LAYERS,
    **escape_org.LAYERS,
}


def encode(url: str, context: tuple[str, ...]) -> bytes | None:
    """Return the bytes that stand for url in this context, or None if it cannot be expressed there.

    What a site generator would take for code of its own cannot be expressed anywhere.
    """
    if is_template(url):
        return None
    text = url
    charset = "utf-8"
    for name in context:
        if name.startswith(CHARSET):
            charset = name.removeprefix(CHARSET)
            continue
        escaped = LAYERS[name].encode(text)
        if escaped is None:
            return None
        text = escaped
    try:
        return text.encode(charset)
    except UnicodeEncodeError:
        return None


def decode(written: bytes, context: tuple[str, ...]) -> str:
    """Return the URL that these bytes stand for in this context; what is no text there becomes U+FFFD."""
    charset = next((name.removeprefix(CHARSET) for name in context if name.startswith(CHARSET)), "utf-8")
    text = written.decode(charset, "replace")
    for name in reversed(context):
        if not name.startswith(CHARSET):
            text = LAYERS[name].decode(text)
    return text
