"""Links of all documents, gathered by the URL that will be asked: one question, every place."""

import re
import sys
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct, structs

from linkkeeper.models.document import Document
from linkkeeper.models.link import Link
from linkkeeper.models.verdict import Judgement, Verdict


class Place(Struct, frozen=True, gc=False):
    """One link, and its URL cleaned (equal to `link.url` where there was nothing to clean)."""

    link: Link
    cleaned: str
    harmless: str = ""
    """The URL as written less its credentials, where it has some: they go whether or not the page answers."""
    rule: str = ""
    """Id of the first cleaning rule that took something."""
    removed: str = ""
    """What cleaning took, for people."""
    target: str = ""
    """Where a redirect wrapper led, before that was cleaned: the wrapper's own page answers for any target."""


class Entry(Struct, gc=False):
    """One URL without fragment, and the places where it stands."""

    url: str
    places: list[Place]
    judgement: Judgement | None = None
    """Known without asking anybody; None: it must be asked."""
    written: str | None = None
    """The URL as written, or what it wraps (no fragment, no credentials), where cleaning changed it."""
    rule: str = ""
    """Id of the cleaning rule that changed it."""


class Rules(Struct, frozen=True):
    """The decisions that gathering needs, handed over by the pipeline."""

    clean: Callable[[Link], Place]
    """A link with its URL cleaned."""
    judge: Callable[[Link], Judgement | None]
    """What is known of a link without the network; None: ask."""
    include: Sequence[re.Pattern[str]] = ()
    exclude: Sequence[re.Pattern[str]] = ()


_PORT = re.compile(r"//(?:[^/?#@]*@)?(?:\[[^\]]*\]|[^/?#:]*):(\d+)")


def absolute(url: str) -> str:
    """Return a URL that may begin with `//` as it is asked: over https, or http at a port that is not its own."""
    if not url.startswith("//"):
        return url
    port = _PORT.match(url)
    return f"http:{url}" if port and port[1] != "443" else f"https:{url}"


class Collection:
    """Every link of a run, by URL, and the digest of every document that has one."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._picks = bool(rules.exclude or rules.include)
        self.entries: dict[str, Entry] = {}
        self.digests: dict[str, str] = {}
        self.links = 0
        self.files = 0
        self._contexts: dict[tuple[str, ...], tuple[str, ...]] = {}

    def add(self, document: Document, links: Sequence[Link]) -> None:
        """Take in the links of one document."""
        self.files += 1
        self.links += len(links)
        if links:
            self.digests[document.path] = document.digest
        for link in links:
            structs.force_setattr(link, "document", document.path)  # one object instead of one a link
            structs.force_setattr(link, "kind", sys.intern(link.kind))
            structs.force_setattr(link, "context", self._contexts.setdefault(link.context, link.context))
            self._add_link(link)

    def spent(self) -> Iterator[Entry]:
        """Yield every entry and forget it."""
        while self.entries:
            yield self.entries.popitem()[1]

    def asked(self) -> Iterator[Entry]:
        """Yield the entries that somebody must be asked about."""
        return (entry for entry in self.entries.values() if entry.judgement is None)

    def _add_link(self, link: Link) -> None:
        judgement = (self._excluded(link) if self._picks else None) or self.rules.judge(link)
        if judgement is not None:
            key = f"{judgement.verdict}\0{judgement.rule}\0{judgement.detail}\0{link.url}"
            entry = self.entries.get(key)
            if entry is None:
                entry = self.entries[key] = Entry(link.url, [], judgement)
            entry.places.append(Place(link, link.url))
            return
        place = self.rules.clean(link)
        key = absolute(place.cleaned.partition("#")[0])
        entry = self.entries.get(key)
        if entry is None:
            entry = self.entries[key] = Entry(key, [])
        entry.places.append(place)
        if entry.written is None and (place.target or place.harmless or place.cleaned != link.url):
            written = absolute((place.target or place.harmless or link.url).partition("#")[0])
            if written != key:
                entry.written, entry.rule = written, place.rule

    def _excluded(self, link: Link) -> Judgement | None:
        text = link.written.decode("utf-8", "replace")
        if any(pattern.search(text) for pattern in self.rules.exclude):
            return Judgement(Verdict.SKIPPED, "excluded", "matches --exclude")
        if self.rules.include and not any(pattern.search(text) for pattern in self.rules.include):
            return Judgement(Verdict.SKIPPED, "excluded", "does not match --include")
        return None
