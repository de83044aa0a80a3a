"""The lines of a large document, which come in parts: what may be remembered of all of them."""

from collections.abc import Iterator

import msgspec

from linkkeeper.extract import lines, withheld
from linkkeeper.extract.job import Made

MOST_BYTES = 1 << 25
"""Of lines that are held until the last: 100,000 links and more. Who has more of them is read each time."""


def gathered(parts: Iterator[Made]) -> Iterator[Made]:
    """Yield the parts as they come (`LinkLines.parts`), the last one with what may be remembered of all."""
    held: list[Made] = []
    size = 0
    last: Made | None = None
    for part in parts:
        if last:
            yield last
        last = part
        size += len(part.value) + len(part.safe)
        if size <= MOST_BYTES:
            held.append(part)
        else:
            held.clear()
    if last:
        yield last if len(held) == 1 and held[0] is last else _with_whole(last, held)


def _with_whole(last: Made, held: list[Made]) -> Made:
    """Return the last of several parts with what may be remembered of those held; nothing if there are none."""
    if not held:
        return Made(last.value)
    all_lines = [lines.decode(one.value) for one in held]
    problems = all_lines[-1].problems
    if not any(one.secret for one in held):
        text = b"".join([one.text for one in all_lines])
        return Made(last.value, whole=msgspec.msgpack.encode(lines.Lines(text, problems)))
    if any(one.secret and not one.safe for one in held):
        return Made(last.value, secret=True)
    kept = [
        withheld.part_of(one.safe) if one.secret else withheld.Part(some.text)
        for one, some in zip(held, all_lines, strict=True)
    ]
    return Made(last.value, secret=True, safe=withheld.safe(kept, problems))
