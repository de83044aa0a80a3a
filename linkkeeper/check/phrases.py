"""Which of many phrases stand in a text: one pass, however many they are."""

from collections.abc import Iterable

from ahocorasick_rs import AhoCorasick, Implementation


class Phrases:
    """A list of phrases to look for. Case counts."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases = tuple(phrases)
        self._finder = AhoCorasick(self._phrases, implementation=Implementation.ContiguousNFA)

    def any_in(self, text: str) -> bool:
        """Say whether one of them stands in the text."""
        return bool(self._finder.find_matches_as_indexes(text))

    def all_in(self, text: str) -> list[str]:
        """Return those that stand in the text, in the order of the list."""
        places = {place for place, _, _ in self._finder.find_matches_as_indexes(text, overlapping=True)}
        return [self._phrases[place] for place in sorted(places)] if places else []

    def first_in(self, text: str) -> str:
        """Return the first of the list that stands in the text, or the empty string."""
        return next(iter(self.all_in(text)), "")
