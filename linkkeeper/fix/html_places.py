"""Where the elements of HTML end that a reader follows or sees: behind them another link may stand. Pure."""

from linkkeeper.extract import html_tokens

_SPACE = b"\t\n\f\r "
_CLOSED_IN = frozenset({b"picture", b"object", b"svg", b"map", b"video", b"audio", b"select", b"button"})
"""Elements in which no text can stand, or none that would be seen as such."""


def ends(data: bytes) -> dict[int, int]:
    """Return the offset behind the element for every `<a href>` and `<img src>`, by the offset where its URL starts.

    An image in a link, or in a picture, ends with that. An element that is not closed has no such place.
    """
    found: dict[int, int] = {}
    waiting: list[int] = []
    outer: bytes | None = None
    for token in html_tokens.tokens(data):
        match token:
            case html_tokens.StartTag(name=b"a"):
                waiting, outer = _urls(data, token, b"href"), outer if outer in _CLOSED_IN else b"a"
            case html_tokens.StartTag(name=b"img"):
                urls = _urls(data, token, b"src")
                if outer is None:
                    found.update(dict.fromkeys(urls, token.end))
                else:
                    waiting += urls
            case html_tokens.StartTag(name=name) if name in _CLOSED_IN and outer is None:
                waiting, outer = [], name
            case html_tokens.EndTag(name=name) if name == outer:
                found.update(dict.fromkeys(waiting, token.end))
                waiting, outer = [], None
            case _:
                pass
    return found


def _urls(data: bytes, tag: html_tokens.StartTag, wanted: bytes) -> list[int]:
    """Return where the URL of the wanted attribute starts, white space before it left out."""
    for attribute in html_tokens.attributes(data, tag):
        if attribute.name == wanted:
            value = data[attribute.start : attribute.end]
            return [attribute.start + len(value) - len(value.lstrip(_SPACE))]
    return []
