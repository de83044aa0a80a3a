"""Which regular expressions can take forever: found from their structure, before they run.

Python's engine tries one alternative after another. A repetition whose body can match one text in two
ways (`(a+)+`, `(a|a)*`, `(.*,)*`) makes it try 2^n of them; a row of repetitions that can share one
text (`.*x.*y.*z`) n to the power of their number. The pattern is turned into its position automaton
(Glushkov) and looked at for both. `(?:[a-z]+\\.)*` is fine: the dot cannot belong to the name before it.
"""

import re._parser as sre  # type: ignore[import-not-found]  # the parser whose reading the engine executes
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct, field

_MAX_STATES = 400
_MAX_COPIES = 40
_MAX_WAYS = 6
"""Bounded copies of something that itself can match in several ways."""
_MAX_OPTIONAL = 12
MAX_DEGREE = 3
"""Time may grow with this power of the text's length."""
_ALL = (1 << 129) - 1
"""A set of characters as bits: ASCII, and bit 128 for all beyond."""


class _Part(Struct):
    """A piece of a pattern: what it can begin and end with, and whether it can be empty."""

    first: set[int] = field(default_factory=set)
    last: set[int] = field(default_factory=set)
    empty: bool = True


class _RefusedError(Exception):
    pass


def runs_away(pattern: str) -> str:
    """Return why a pattern (that compiles) can take too long, or the empty string.

    Look-around, back references and conditions are judged as if they never helped.
    """
    automaton = _Automaton()
    try:
        items = sre.parse(pattern)
        whole = automaton.build(items)
        if automaton.nested and automaton.is_ambiguous():
            return "a repetition within a repetition can match the same text in several ways"
    except _RefusedError as error:
        return str(error)
    anchored = len(items) > 0 and str(items[0][0]) == "AT"
    if automaton.degree(whole.last) + (not anchored) > MAX_DEGREE:
        return "its repetitions can share a text in too many ways"
    return ""


class _Automaton:
    def __init__(self) -> None:
        self.characters: list[int] = []
        self.following: list[set[int]] = []
        self.nested = False
        self._depth = 0
        self._optional = 0

    def build(self, items: Iterable[Any]) -> _Part:
        """Add a sequence of the parser's items."""
        whole = _Part()
        for operation, argument in items:
            whole = self._joined(whole, self._item(str(operation), argument))
        return whole

    def _joined(self, left: _Part, right: _Part) -> _Part:
        for state in left.last:
            self.following[state] |= right.first
        return _Part(
            left.first | right.first if left.empty else left.first,
            left.last | right.last if right.empty else right.last,
            left.empty and right.empty,
        )

    def _item(self, operation: str, argument: Any) -> _Part:
        match operation:
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN" | "CATEGORY" | "RANGE":
                return self._state(_characters(operation, argument))
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                return self._repeat(int(argument[0]), int(argument[1]), argument[2])
            case "SUBPATTERN":
                return self.build(argument[3])
            case "ATOMIC_GROUP":
                return self.build(argument)
            case "BRANCH":
                return self._branch(argument[1])
            case "ASSERT" | "ASSERT_NOT":
                self.build(argument[1])
                return _Part()
            case "GROUPREF_EXISTS":
                return self._branch([branch for branch in argument[1:] if branch is not None])
            case "GROUPREF" | "GROUPREF_IGNORE":
                return self._repeat(0, int(sre.MAXREPEAT), [("ANY", None)])
            case _:
                return _Part()

    def _state(self, characters: int) -> _Part:
        if len(self.characters) >= _MAX_STATES:
            raise _RefusedError("it is too large to be judged")
        self.characters.append(characters)
        self.following.append(set())
        state = len(self.characters) - 1
        return _Part({state}, {state}, empty=False)

    def _branch(self, branches: Sequence[Iterable[Any]]) -> _Part:
        self.nested = self.nested or self._depth > 0
        parts = [self.build(branch) for branch in branches]
        if self._depth and sum(part.empty for part in parts) > 1:
            raise _RefusedError("a repetition has several alternatives that match nothing")
        return _Part(
            set().union(*(part.first for part in parts)),
            set().union(*(part.last for part in parts)),
            any(part.empty for part in parts),
        )

    def _repeat(self, least: int, most: int, items: Any) -> _Part:
        self.nested = self.nested or self._depth > 0
        copies = _MAX_COPIES if _is_character(items) else _MAX_WAYS
        if most == int(sre.MAXREPEAT):
            return self._endless(min(least, copies), items)
        if most > copies:
            return self._many(least, items)
        if least == 0:
            self._optional += 1
            if self._optional > _MAX_OPTIONAL:
                raise _RefusedError(f"it has more than {_MAX_OPTIONAL} optional parts")
        if most > 1 and _is_character(items):
            return self._endless(least, items)  # `a{2,7}`: one way to match a text, as `a+`
        return self._counted(least, most, items)

    def _counted(self, least: int, most: int, items: Any) -> _Part:
        whole = _Part()
        for copy in range(most):
            part = self.build(items)
            whole = self._joined(whole, part if copy < least else _Part(part.first, part.last, empty=True))
        return whole

    def _many(self, least: int, items: Any) -> _Part:
        whole = self._endless(min(least, 1), items)
        if whole.empty and least:
            raise _RefusedError("it repeats many times what can be empty")
        return whole

    def _endless(self, least: int, items: Any) -> _Part:
        whole = _Part()
        for _ in range(least - 1):
            whole = self._joined(whole, self.build(items))
        self._depth += 1
        loop = self.build(items)
        self._depth -= 1
        for state in loop.last:
            if self.following[state] & loop.first:
                raise _RefusedError("a repetition within a repetition can match the same text in several ways")
            self.following[state] |= loop.first
        return self._joined(whole, _Part(loop.first, loop.last, empty=loop.empty or least == 0))

    def is_ambiguous(self) -> bool:
        """Tell whether some state comes back to itself on one text by two ways (exponential ambiguity)."""
        preceding: list[set[int]] = [set() for _ in self.characters]
        for state, following in enumerate(self.following):
            for other in following:
                preceding[other].add(state)
        return any(self._two_ways(state, preceding) for state in range(len(self.characters)) if self._loop(state))

    def _loop(self, state: int) -> frozenset[int]:
        """Return the states that can be passed on the way from state back to it; empty if there is no way back."""
        ahead = self._reached(state, _ALL)
        return (
            frozenset(other for other in ahead if state in self._reached(other, _ALL))
            if state in ahead
            else frozenset()
        )

    def _reached(self, state: int, within: int) -> set[int]:
        seen: set[int] = set()
        waiting = [state]
        while waiting:
            for following in self.following[waiting.pop()] - seen:
                if self.characters[following] & within:
                    seen.add(following)
                    waiting.append(following)
        return seen

    def _two_ways(self, start: int, preceding: list[set[int]]) -> bool:
        """Walk pairs of states on equal text from (start, start): can they part and both come back?"""
        apart = {pair for pair in self._pairs((start, start), self.following) if pair[0] != pair[1]}
        return bool(apart) and not apart.isdisjoint(self._pairs((start, start), preceding))

    def _pairs(self, start: tuple[int, int], steps: list[set[int]]) -> set[tuple[int, int]]:
        seen, waiting = {start}, [start]
        while waiting:
            left, right = waiting.pop()
            for one in steps[left]:
                for other in steps[right]:
                    pair = (one, other)
                    if pair not in seen and self.characters[one] & self.characters[other]:
                        seen.add(pair)
                        waiting.append(pair)
        return seen

    def degree(self, accepting: set[int]) -> int:
        """Return how many loops in a row can share one text: time grows with that power of its length, at most.

        A loop that may end the pattern fails nothing and sends nobody back.
        """
        loops = sorted({loop for state in range(len(self.characters)) if (loop := self._loop(state))}, key=min)
        loops = [loop for loop in loops if accepting.isdisjoint(loop)]
        taken = [self._union(loop) for loop in loops]
        longest = [1] * len(loops)
        for place in range(len(loops)):
            for before in range(place):
                shared = taken[before] & taken[place]
                if shared and self._leads(loops[before], loops[place], shared):
                    longest[place] = max(longest[place], longest[before] + 1)
        return max(longest, default=0)

    def _union(self, states: Iterable[int]) -> int:
        bits = 0
        for state in states:
            bits |= self.characters[state]
        return bits

    def _leads(self, left: frozenset[int], right: frozenset[int], shared: int) -> bool:
        return any(not right.isdisjoint(self._reached(state, shared)) for state in left)


def _is_character(items: Any) -> bool:
    return len(items) == 1 and str(items[0][0]) in {"LITERAL", "NOT_LITERAL", "ANY", "IN", "CATEGORY"}


def _characters(operation: str, argument: Any) -> int:
    """Return which characters an item takes; both cases of a letter, since some rules ignore case."""
    match operation:
        case "LITERAL":
            return _either_case(1 << min(argument, 128))
        case "NOT_LITERAL":
            return _ALL & ~(1 << argument) if argument < 128 else _ALL
        case "RANGE":
            low, high = argument
            bits = (1 << (min(high, 127) + 1)) - (1 << low) if low < 128 else 0
            return _either_case(bits | (1 << 128 if high >= 128 else 0))
        case "CATEGORY":
            return _CATEGORIES.get(str(argument), _ALL)
        case "IN":
            return _set(argument)
        case _:
            return _ALL


def _set(items: Any) -> int:
    negated = bool(items) and str(items[0][0]) == "NEGATE"
    bits = 0
    for operation, argument in items[1:] if negated else items:
        bits |= _characters(str(operation), argument)
    return (_ALL & ~bits) | 1 << 128 if negated else bits  # beyond ASCII a negated set may still take something


def _either_case(bits: int) -> int:
    upper, lower = bits & _span("A", "Z"), bits & _span("a", "z")
    return bits | upper << 32 | lower >> 32


def _span(first: str, last: str) -> int:
    return (1 << (ord(last) + 1)) - (1 << ord(first))


_DIGITS = _span("0", "9")
_WORD = _DIGITS | _span("A", "Z") | _span("a", "z") | 1 << ord("_")
_SPACE = sum(1 << ord(space) for space in " \t\n\r\f\v")
_BEYOND = 1 << 128
_CATEGORIES = {
    "CATEGORY_DIGIT": _DIGITS | _BEYOND,
    "CATEGORY_WORD": _WORD | _BEYOND,
    "CATEGORY_SPACE": _SPACE | _BEYOND,
    "CATEGORY_NOT_DIGIT": _ALL & ~_DIGITS,
    "CATEGORY_NOT_WORD": _ALL & ~_WORD,
    "CATEGORY_NOT_SPACE": _ALL & ~_SPACE,
}
