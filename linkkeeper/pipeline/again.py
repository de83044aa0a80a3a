"""What `fix` would change after a run that was kept: from its report, as long as the posts are what they were."""

import html
from collections.abc import Callable, Iterator

from linkkeeper.archive.base import Rescue
from linkkeeper.config.settings import Settings
from linkkeeper.extract.discover import SourceFile
from linkkeeper.extract.scan import Scanned, extract_files
from linkkeeper.fix import plan as planning
from linkkeeper.fix.plan import Want
from linkkeeper.models.edit import Plan
from linkkeeper.models.link import Link
from linkkeeper.models.run import LinkRow, LinkSnapshot, Run, UrlRow
from linkkeeper.models.snapshot import Snapshot
from linkkeeper.models.verdict import Finding, Judgement, Verdict
from linkkeeper.pipeline import fix, options, result, scan, wants
from linkkeeper.pipeline.collect import Place
from linkkeeper.report import baseline, places
from linkkeeper.report.base import Extras
from linkkeeper.urls import rules as url_rules
from linkkeeper.urls.clean import Cleaner
from linkkeeper.urls.secrets import MASK, mask

_Row = tuple[UrlRow, LinkRow]


def preview(run: Run, settings: Settings) -> Extras:
    """Return the diffs as `fix.preview` does, and the posts that have changed since. Asks nobody, changes no file.

    A post is what it was if every link to repair still stands at its place, as it was written.
    """
    kept, clean, wanted = _repairable(run, settings), scan.cleaning(settings), fix.options(settings)
    plans: list[Plan] = []
    stale: list[str] = []
    files = [SourceFile(file, 0) for file in sorted(kept)]
    for scanned in extract_files(files, options.extraction(settings)):
        document = scanned.document
        wishes = _wishes(kept[document.path], scanned, clean)
        if wishes is None:
            stale.append(document.path)
        elif wishes:
            plans.append(planning.plan(document.path, document.digest, scanned.extraction.links, wishes, wanted))
    diffs, more = fix.previewed(plans, settings)
    return Extras(diffs=diffs, diffs_more=more, diffs_stale=tuple(stale))


def _repairable(run: Run, settings: Settings) -> dict[str, list[_Row]]:
    """Return the links that `fix` would probably change, by file."""
    cleaner = Cleaner(url_rules.load(options.cleaning(settings)))
    found: dict[str, list[_Row]] = {}
    for row in baseline.restored(run).urls:
        for link in row.links:
            if _to_rescue(row, link) or _to_clean(row, link, cleaner):
                found.setdefault(link.file, []).append((row, link))
    return found


def _to_rescue(row: UrlRow, link: LinkRow) -> bool:
    return row.verdict is Verdict.DEAD and places.rescued(link.snapshot)


def _to_clean(row: UrlRow, link: LinkRow, cleaner: Cleaner) -> bool:
    if row.checked is None or row.verdict is Verdict.UNCHECKED or link.raw.partition("#")[0] == row.url:
        return False
    return MASK in link.raw or bool(cleaner.clean(html.unescape(link.raw)).steps)


def _wishes(kept: list[_Row], scanned: Scanned, clean: Callable[[Link], Place]) -> list[Want] | None:
    """Return the repairs of one post; None: it is not what it was."""
    there = {(link.span.start, link.span.end): link for link in scanned.extraction.links}
    found: list[Want] = []
    for row, link in kept:
        now = there.get((link.start, link.end))
        if now is None or mask(result.written(now)) != link.raw:
            return None
        found += _of_link(row, link, clean(now))
    return found


def _of_link(row: UrlRow, link: LinkRow, place: Place) -> Iterator[Want]:
    judgement = Judgement(row.verdict, row.rule, row.detail, row.signs)
    finding = Finding(row.url, judgement, row.status, row.final_url, row.redirects, wrong_rule=row.wrong_rule or "")
    return wants.of_place(place, finding, _rescue(link.snapshot), None)


def _rescue(snapshot: LinkSnapshot | None) -> Rescue | None:
    if snapshot is None:
        return None
    return Rescue(Snapshot(snapshot.state, snapshot.archive, snapshot.url, snapshot.captured, detail=snapshot.detail))
