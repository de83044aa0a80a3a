"""How many terminal columns text takes (Unicode UAX #11), and where it may be broken."""

import unicodedata
from collections.abc import Iterator

_NOT_FIRST = frozenset(",.;:!?)]}»”’、。，．；：！？）］｝」』】〉》…～")
"""What may not begin a line (JLREQ 3.1.7 and its Chinese counterpart, the common part)."""
_NOT_LAST = frozenset("([{«“‘（［｛「『【〈《")


def char_width(char: str) -> int:
    """Return 0 for marks that sit on their neighbour, 2 for wide and full-width characters, else 1."""
    if char.isascii():
        return 1
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def width(text: str) -> int:
    """Return the columns that text takes in a terminal."""
    return len(text) if text.isascii() else sum(map(char_width, text))


def padded(text: str, columns: int) -> str:
    """Return text with spaces after it up to columns; longer text as it is."""
    return text + " " * (columns - width(text))


def wrapped(text: str, columns: int, whole: str = "") -> list[str]:
    """Return the lines of text: broken at spaces and between wide characters, never inside a word, URL or `whole`.

    A word that is longer than columns stands on a line of its own.
    """
    lines: list[str] = []
    line, used = "", 0
    for piece, space in _pieces(text, whole):
        gap = 1 if space and line else 0
        if line and used + gap + width(piece) > columns:
            lines.append(line)
            line, used, gap = "", 0, 0
        line += " " * gap + piece
        used += gap + width(piece)
    return [*lines, line] if line else lines


def _pieces(text: str, whole: str = "") -> Iterator[tuple[str, bool]]:
    """Yield what stays together, and whether a space stood before it."""
    if whole and whole in text:
        before, _, after = text.partition(whole)
        yield from _pieces(before)
        yield whole, not before or before.endswith(" ")
        for at, (piece, space) in enumerate(_pieces(after)):
            yield piece, space and (at > 0 or after.startswith(" "))
        return
    for word in text.split(" "):
        space = True
        for piece in _unbreakable(word):
            yield piece, space
            space = False


def _unbreakable(word: str) -> Iterator[str]:
    piece = ""
    for char in word:
        if piece and _may_break(piece[-1], char):
            yield piece
            piece = ""
        piece += char
    if piece:
        yield piece


def _may_break(before: str, after: str) -> bool:
    if char_width(after) == 0 or after in _NOT_FIRST or before in _NOT_LAST:
        return False
    return char_width(before) == 2 or char_width(after) == 2
