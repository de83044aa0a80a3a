"""Parameters and fragments that only tell where a reader came from, taken out of a query."""

from collections.abc import Collection, Iterator, Sequence
from urllib.parse import unquote

from msgspec import Struct

from linkkeeper.urls.index import HostRules, Take


class Step(Struct, frozen=True, gc=False):
    """One thing that was taken away, and by which rule."""

    rule: str
    removed: str
    """As written: `utm_source=rss`, `#utm_source=rss`, or all around the target of a wrapper."""
    kind: str = "strip"
    """`strip` or `unwrap`."""
    credential: bool = False
    """It may open somebody's account."""


class Parameter(Struct, frozen=True, gc=False):
    """One piece between two `&`."""

    text: str
    name: str
    """Decoded."""
    value: str
    """As written."""


def parameters(query: str) -> list[Parameter]:
    """Take a query apart at `&` (or `&amp;`, where somebody left HTML escapes in)."""
    return [_parameter(piece, place) for place, piece in enumerate(query.split("&"))]


def _parameter(text: str, place: int) -> Parameter:
    plain = text[4:] if place and text.startswith("amp;") else text
    name, _, value = plain.partition("=")
    return Parameter(text, unquote(name) if "%" in name else name, value)


def strip(path: str, query: str, rules: HostRules) -> list[tuple[int, Step]]:
    """Return which of the query's pieces go (by place), and why."""
    if not rules.whole_query and not rules.keep_only and not _named(query, rules):
        return []
    pieces = parameters(query)
    names = {piece.name for piece in pieces}
    whole = next((take for take in rules.whole_query if take.holds(path, names, "")), None)
    return list(_steps(path, pieces, names, rules, whole))


def _named(query: str, rules: HostRules) -> bool:
    """Tell quickly whether a rule may speak of any of these parameters: of most URLs none does."""
    for piece in query.split("&"):
        name = piece.partition("=")[0]
        if "%" in name or name.startswith("amp;") or rules.strip.takes(name):
            return True
    return False


def _steps(
    path: str, pieces: Sequence[Parameter], names: set[str], rules: HostRules, whole: Take | None
) -> Iterator[tuple[int, Step]]:
    only = next((only for only in rules.keep_only if only.take.holds(path, names, "")), None)
    nested = False
    for place, piece in enumerate(pieces):
        take = _first(path, piece, names, rules) or whole
        if take is None and only is not None and piece.text and piece.name not in only.names:
            take = only.take
        if (
            take is not None
            and not rules.keeps(path, names, piece.name, piece.value)
            and (take.credential or not nested)
        ):
            yield place, Step(take.rule, piece.text, credential=take.credential)
        else:
            nested = nested or _opens_url(piece.value)


def _first(path: str, piece: Parameter, names: set[str], rules: HostRules) -> Take | None:
    return next((take for take in rules.strip.takes(piece.name) if take.holds(path, names, piece.value)), None)


def _opens_url(value: str) -> bool:
    """Tell whether an unescaped URL with a query of its own begins here: what follows may belong to it."""
    return "?" in value and value.startswith(("http:", "https:", "/"))


def without(query: str, places: Collection[int]) -> str | None:
    """Return query without the pieces at places, each with one separator; None if nothing is left."""
    return only(query, [place for place in range(query.count("&") + 1) if place not in places])


def only(query: str, places: Sequence[int]) -> str | None:
    """Return the pieces of query at places (in order); None if nothing is left."""
    pieces = query.split("&")
    kept = [pieces[place] for place in places]
    if kept and places[0]:
        kept[0] = kept[0].removeprefix("amp;")
    return "&".join(kept) or None


def strip_fragment(path: str, fragment: str, rules: HostRules) -> Step | None:
    """Return the step that takes the whole fragment away, if a rule does. A text directive always stays."""
    if ":~:" in fragment:
        return None
    for pattern, take in rules.fragments:
        if take.holds(path, (), "") and pattern.fullmatch(fragment):
            return Step(take.rule, "#" + fragment)
    return None
