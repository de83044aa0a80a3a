"""The strings of a JSON document with their offsets and the keys above them: no recursion, any nesting depth."""

import re
from collections.abc import Iterator

from msgspec import Struct

_TOKEN = re.compile(rb'"((?:[^"\\]++|\\.)*+)"?|([{\[])|([}\]])|(,)|(:)|[^\s"{}\[\],:]++', re.DOTALL)
_DEEPEST = 10_000
"""Levels whose keys are known. No parser reads deeper ones, and each takes memory."""


class Container:
    """An open object or array: the key it is the value of, and the key its next value has."""

    __slots__ = ("is_object", "key", "name")

    def __init__(self, name: bytes, is_object: bool) -> None:
        self.name = name
        self.is_object = is_object
        self.key = b""


class String(Struct, frozen=True, gc=False):
    """A string value: offsets between its quotes, its key (an array's own, for an element), and how deep it is."""

    start: int
    end: int
    key: bytes
    depth: int


class Close(Struct, frozen=True, gc=False):
    """The end of an object or array."""

    name: bytes
    depth: int
    is_object: bool


def walk(data: bytes) -> Iterator[String | Close]:
    """Yield string values and ends of containers in order. Damaged JSON yields what can be read."""
    stack: list[Container] = []
    deeper = bytearray()
    """Whether each container below the deepest that is looked at is an object."""
    awaiting_key = False
    for token in _TOKEN.finditer(data):
        match token.lastindex:
            case 1:
                top = stack[-1] if stack else None
                if awaiting_key and deeper:
                    awaiting_key = False
                elif awaiting_key and top is not None and top.is_object:
                    top.key, awaiting_key = token[1], False
                else:
                    key = b"" if top is None else (top.key if top.is_object else top.name)
                    yield String(token.start(1), token.end(1), key, len(stack))
            case 2 if len(stack) >= _DEEPEST:
                awaiting_key = token[2] == b"{"
                deeper.append(awaiting_key)
            case 2:
                top = stack[-1] if stack else None
                name = b"" if top is None else (top.key if top.is_object else top.name)
                stack.append(Container(name, token[2] == b"{"))
                awaiting_key = token[2] == b"{"
            case 3 if deeper:
                deeper.pop()
                awaiting_key = False
            case 3 if stack:
                closed = stack.pop()
                awaiting_key = False
                yield Close(closed.name, len(stack), closed.is_object)
            case 4:
                awaiting_key = bool(deeper[-1]) if deeper else bool(stack) and stack[-1].is_object
            case _:
                pass
