"""A table of texts to numbers in little memory: 16 bytes a slot, where a dict takes some 250 for each."""

from array import array

_EMPTY = 0
_GONE = (1 << 64) - 1
_FIRST = 1024


class Table:
    """Numbers below 2^63 by text. Texts are known by 64 bits of their hash: what is found must be looked at again.

    Open addressing, two thirds full at most; a table is for one process, as Python's hashes of texts are.
    """

    def __init__(self) -> None:
        self._keys, self._numbers = array("Q", bytes(8 * _FIRST)), array("Q", bytes(8 * _FIRST))
        self._used = 0

    def add(self, text: str, number: int) -> None:
        """Put a number in, unless there is one of that text."""
        if self._used * 3 >= len(self._keys) * 2:
            self._grow()
        key, at = self._slot(text)
        if self._keys[at] == _EMPTY:
            self._keys[at], self._numbers[at] = key, number
            self._used += 1
        elif self._numbers[at] == _GONE:
            self._numbers[at] = number

    def get(self, text: str) -> int | None:
        """Return the number of a text; None if there is none."""
        at = self._slot(text)[1]
        return None if self._keys[at] == _EMPTY or self._numbers[at] == _GONE else self._numbers[at]

    def forget(self, text: str) -> None:
        """Take a number out."""
        at = self._slot(text)[1]
        if self._keys[at] != _EMPTY:
            self._numbers[at] = _GONE

    def _slot(self, text: str) -> tuple[int, int]:
        """Return the key of a text, and where it is or would be."""
        key = hash(text) & _GONE or 1
        return key, self._find(key)

    def _find(self, key: int) -> int:
        keys, mask = self._keys, len(self._keys) - 1
        at = (key ^ key >> 32) & mask
        while keys[at] != _EMPTY and keys[at] != key:
            at = at + 1 & mask
        return at

    def _grow(self) -> None:
        old = zip(self._keys, self._numbers, strict=True)
        size = len(self._keys) * 2
        self._keys, self._numbers = array("Q", bytes(8 * size)), array("Q", bytes(8 * size))
        self._used = 0
        for key, number in old:
            if key != _EMPTY and number != _GONE:
                at = self._find(key)
                self._keys[at], self._numbers[at] = key, number
                self._used += 1
