"""What is held, and what a proof found, as text and as JSON. Pure."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linkkeeper.archive.local.base import Problem, Verification
    from linkkeeper.pipeline.holdings import Holding

_LISTED = 200
VERIFY_SCHEMA = "linkkeeper/archive-verify/1"
SHOW_SCHEMA = "linkkeeper/archive-show/1"


def of_verification(found: "Verification", place: str) -> str:
    """Return a line for each fault, by file, then the figures."""
    from linkkeeper.report import places, safe

    lines = [_problem_line(one) for one in found.problems[:_LISTED]]
    if len(found.problems) > _LISTED:
        lines.append(f"and {len(found.problems) - _LISTED:,} more: --format json lists all")
    counts = [(found.files, "file"), (found.records, "record"), (found.pages, "page")]
    figures = ", ".join(places.plural(*count) for count in counts)
    files = len({one.file for one in found.problems})
    verdict = (
        "sound"
        if found.sound
        else f"damaged: {places.plural(len(found.problems), 'fault')} in {places.plural(files, 'file')}"
    )
    lines.append(f"{place}: {figures}: {verdict}")
    return safe.log_lines("".join(safe.visible(line) + "\n" for line in lines))


def _problem_line(one: "Problem") -> str:
    at = "" if one.offset is None else f" at {one.offset}"
    return f"{one.file}{at}: {one.kind}: {one.detail}"


def verification_json(found: "Verification", place: str) -> str:
    """Return the JSON of `linkkeeper/archive-verify/1`."""
    return _json({"schema": VERIFY_SCHEMA, "archive": place, "sound": found.sound, **_plain(found)})


def of_holding(found: "Holding", base: str = "") -> str:
    """Return a line for each capture. base: where the local archive is replayed in public."""
    from linkkeeper.report import safe

    return "".join(safe.visible(line) + "\n" for line in _holding(found, base))


def _holding(found: "Holding", base: str) -> Iterator[str]:
    from linkkeeper.report import safe
    from linkkeeper.urls.secrets import mask

    yield safe.without_surrogates(mask(found.url))
    for held in found.local:
        again = "  (as before)" if held.revisit else ""
        yield f"  local    {_moment(held.ts)}  HTTP {held.status or '-'}  {held.mime}{again}"
        yield f"           {held.file}, {held.length:,} bytes at {held.offset}, {held.digest}"
        if base:
            yield f"           {base.rstrip('/')}/{held.ts}/{safe.without_surrogates(mask(held.url))}"
    if found.wayback is not None:
        yield f"  wayback  {found.captured:%Y-%m-%d %H:%M:%S}  {found.wayback}"
    elif found.wayback_state:
        yield f"  wayback  {found.wayback_state}"
    for post in sorted({post for held in found.local for post in held.posts}):
        yield f"  in {post}"


def _moment(ts: str) -> str:
    return f"{ts[:4]}-{ts[4:6]}-{ts[6:8]} {ts[8:10]}:{ts[10:12]}:{ts[12:14]}"


def holding_json(found: "Holding") -> str:
    """Return the JSON of `linkkeeper/archive-show/1`."""
    return _json({"schema": SHOW_SCHEMA, **_plain(found)})


def _plain(value: Any) -> dict[str, Any]:
    import msgspec

    from linkkeeper.report import safe

    plain: dict[str, Any] = safe.masked_value(msgspec.to_builtins(value))
    return plain


def _json(value: dict[str, Any]) -> str:
    import msgspec

    from linkkeeper.report import safe

    return safe.json_text(msgspec.json.format(msgspec.json.encode(value), indent=2).decode()) + "\n"
