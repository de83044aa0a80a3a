"""Regular expressions of rule files: compiled only if they can neither match everything nor run away."""

import re
import re._parser as sre  # type: ignore[import-not-found]  # the parser whose reading the engine executes
from functools import lru_cache

_MAX_LENGTH = 1000
_PROBES = ("q", "__biz", "page-2", "/s/1.html")


@lru_cache(maxsize=32768)
def compiled(pattern: str, *, any_case: bool = False) -> re.Pattern[str]:
    """Compile pattern. Raises ValueError with the reason for one that is too long, wrong or can run away."""
    if len(pattern) > _MAX_LENGTH:
        raise ValueError(f"is longer than {_MAX_LENGTH} characters")
    try:
        found = re.compile(pattern, re.IGNORECASE if any_case else 0)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"is no regular expression: {error}") from None
    from linkkeeper.urls import ambiguity  # most runs have no rules but ours, of which a test proves it

    reason = ambiguity.runs_away(pattern)
    if reason:
        raise ValueError(f"can run away: {reason}")
    return found


@lru_cache(maxsize=32768)
def proven(pattern: str, *, any_case: bool = False) -> re.Pattern[str]:
    """Compile a pattern of which it is known that `compiled` does."""
    return re.compile(pattern, re.IGNORECASE if any_case else 0)


def matches_everything(pattern: re.Pattern[str]) -> bool:
    """Tell whether pattern, matched against whole texts, takes texts that have nothing in common."""
    return all(pattern.fullmatch(probe) for probe in _PROBES)


def needs(pattern: str, character: str) -> bool:
    """Tell whether every text that pattern matches holds character; False if that does not show at once."""
    return any(str(what) == "LITERAL" and how == ord(character) for what, how in sre.parse(pattern))
