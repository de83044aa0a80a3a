"""Ignore comments of HTML: `linkkeeper-ignore` exempts the next element, `-start` and `-end` all between."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

from linkkeeper.extract import ignore
from linkkeeper.extract.base import ExtractOptions, Found
from linkkeeper.extract.html_tokens import Comment, EndTag, StartTag, tokens

_VOID = frozenset(b"area base br col embed hr img input link meta param source track wbr".split())


def exempt(data: bytes, found: Iterator[Found], options: ExtractOptions) -> Iterator[Found]:
    """Yield what was found, links that a comment exempts marked as skipped."""
    if ignore.WORD not in data:
        return found
    comments = [
        (token.start - 4, token.end + 3, said)
        for token in tokens(data)
        if isinstance(token, Comment) and (said := ignore.directive(data[token.start : token.end]))
    ]
    if not comments:
        return found
    exempted = ignore.ranges(comments, [], len(data), options)
    elements = _elements(data)
    for _, end, said in comments:
        place = bisect_left(elements, (end, 0))
        if said.scope == "next" and ignore.holds(said, options) and place < len(elements):
            exempted.append(ignore.Exempt(*elements[place], said.skip))
    return ignore.apply(found, exempted)


def _elements(data: bytes) -> list[tuple[int, int]]:
    """Return where each element begins and ends; one without an end tag ends with its parent."""
    done: list[tuple[int, int]] = []
    opened: list[tuple[bytes, int]] = []
    count: Counter[bytes] = Counter()
    for token in tokens(data):
        if isinstance(token, StartTag):
            if token.name in _VOID:
                done.append((token.start, token.end))
            else:
                opened.append((token.name, token.start))
                count[token.name] += 1
        elif isinstance(token, EndTag) and count[token.name]:
            name = b""
            while name != token.name:
                name, start = opened.pop()
                count[name] -= 1
                done.append((start, token.end if name == token.name else token.start))
    done += [(start, len(data)) for _, start in opened]
    return sorted(done)
