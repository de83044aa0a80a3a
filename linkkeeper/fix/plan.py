"""What a fix would change in one document, and why: pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from linkkeeper.fix import rewrite, styles
from linkkeeper.fix.surroundings import Surroundings
from linkkeeper.models.edit import Edit, Plan, Refusal
from linkkeeper.models.link import Link, Span
from linkkeeper.urls import archive_links

Style = Literal["replace", "append", "robust"]

STRENGTH = ("archive", "revert", "redirect", "clean")
"""Every repair, the one that wins first where several are wanted for the same link."""


class FixOptions(Struct, frozen=True):
    """Which repairs are made, and in which form."""

    style: Style = "replace"
    """What an archive repair does to the text (`--style`)."""
    only: frozenset[str] = frozenset({"archive", "clean"})
    """Repairs to make (`--only`): of `STRENGTH`."""
    apply_moved: bool = False
    """Moved pages, which are otherwise only suggested, replace their links (`--apply-moved`)."""
    allow_unverified: bool = False
    """Captures that were not played back may be written (`--allow-unverified`)."""
    revert_any: bool = False
    """Archive links that others wrote may be taken back as well (`--revert-any`)."""
    archive_bases: tuple[str, ...] = archive_links.DEFAULT_BASES
    """What links into our archives begin with, `wayback.public_url` first: such links are left alone."""
    include_verbatim: bool = False
    """As the run's extraction had it, so that the proof reads the document in the same way."""


class Want(Struct, frozen=True):
    """A repair that the run's findings ask for."""

    link: Link
    repair: str
    """One of `STRENGTH`."""
    url: str
    """What the post should hold instead. The link's own fragment is kept, whatever this one has; see `whole`."""
    rule: str
    """Id of the rule behind it."""
    reason: str
    """One human line."""
    date: str | None = None
    """Day of the capture, `YYYY-MM-DD`, for `data-versiondate`."""
    original: str | None = None
    """The captured URL. Not written: `data-originalurl` says what the author linked."""
    verified: bool = True
    """The capture was played back."""
    moved: bool = False
    """The living successor of a moved page: suggested unless `apply_moved`."""
    written: bytes | None = None
    """For a revert: the bytes that stood here before, put back if they still mean `url`."""
    confidence: str = "certain"
    whole: bool = False
    """`url` is the last word on the fragment too: cleaning may have dropped one made of tracking."""


def plan(
    document: str,
    digest: str,
    links: Sequence[Link],
    wants: Sequence[Want],
    options: FixOptions,
    data: bytes | None = None,
) -> Plan:
    """Return the edits that make wants true, in order of position, what is refused, and what is true already.

    links are all of the document's, in order; digest is the SHA-256 hex of the bytes they were read from. data are
    these bytes: `append`, `robust` and `revert` look at what surrounds a link, the rest does without them.
    """
    known = {link.span for link in links}
    edits: list[Edit] = []
    refusals: list[Refusal] = []
    settled: list[Link] = []
    surroundings = Surroundings(document, data) if data is not None else None
    for want in _strongest(wants, options):
        made = _refused(want, known, options) or _edits(want, options, surroundings)
        if isinstance(made, str):
            refusals.append(Refusal(want.link, want.repair, made))
        elif made:
            edits += made
        else:
            settled.append(want.link)
    kept, overlapping = _apart(edits)
    return Plan(document, digest, tuple(kept), (*refusals, *overlapping), tuple(settled), tuple(links))


def _strongest(wants: Iterable[Want], options: FixOptions) -> Iterator[Want]:
    """Yield one want per link, in order of position: the first of `STRENGTH` among those asked for."""
    best: dict[Span, Want] = {}
    for want in wants:
        if want.repair not in STRENGTH:
            raise ValueError(f"no such repair: {want.repair}")
        if want.repair not in options.only and not (want.moved and options.apply_moved):
            continue
        rival = best.get(want.link.span)
        if rival is None or _rank(want) < _rank(rival):
            best[want.link.span] = want
    return (best[span] for span in sorted(best))


def _rank(want: Want) -> tuple[bool, int]:
    return (not want.moved, STRENGTH.index(want.repair))


def _refused(want: Want, known: set[Span], options: FixOptions) -> str | None:
    """Return why this want must not be carried out whatever its form, or None."""
    link = want.link
    if link.span not in known:
        return "the document holds no such link any more"
    if link.unwritable:
        return link.unwritable
    if link.skip:
        return link.skip
    if want.moved and not options.apply_moved:
        return f"moved to {want.url}: only suggested (--apply-moved writes it)"
    if not want.verified and not options.allow_unverified:
        return "the capture was not played back (--allow-unverified writes it all the same)"
    may_be_archived = want.repair == "revert" or want.rule in archive_links.RULES
    if not may_be_archived and archive_links.points_into(link.url, options.archive_bases):
        return "it already points into an archive"
    return None


def _edits(want: Want, options: FixOptions, around: Surroundings | None) -> list[Edit] | str:
    """Return the edits, none if the link already is as wanted; or why it cannot be so."""
    url = want.url if want.whole else with_fragment(want.url, want.link.url)
    if url == want.link.url:
        return []
    made = styles.change(want, url, options.style, around, options.archive_bases)
    if isinstance(made, str):
        return made
    return [
        Edit(
            span=one.span,
            old=one.old,
            new=one.new,
            repair=want.repair,
            rule=want.rule,
            reason=want.reason,
            link=want.link,
            url_after=one.url_after,
            confidence=want.confidence,
            adds=one.adds,
        )
        for one in made
    ]


def with_fragment(url: str, link_url: str) -> str:
    """Return url with the fragment of link_url; with its own where link_url has none."""
    _, mark, fragment = link_url.partition("#")
    return f"{url.partition('#')[0]}#{fragment}" if mark else url


def _apart(edits: list[Edit]) -> tuple[list[Edit], list[Refusal]]:
    """Return the edits that leave each other's bytes alone, and refusals for the rest."""
    kept: list[Edit] = []
    refused: list[Refusal] = []
    for edit in sorted(edits, key=lambda edit: edit.span):
        if kept and rewrite.overlap(kept[-1].span, edit.span):
            refused.append(Refusal(edit.link, edit.repair, "another repair changes the same bytes"))
        else:
            kept.append(edit)
    return kept, refused
