"""What to do next: suggested by what happened in a run."""

import re
import shlex
from collections import Counter
from collections.abc import Iterator

from msgspec import Struct, field, structs

from linkkeeper.models.run import LinkSnapshot, Run, UrlRow
from linkkeeper.models.snapshot import SnapshotState
from linkkeeper.models.verdict import Verdict
from linkkeeper.report.hosts import host_of
from linkkeeper.report.places import only_local, places, rescued

SENTENCES = {
    "fix": "{count} dead {count|link has|links have} a copy that was played back; see the change first, then make it.",
    "archive-unknown": "The archive could not be asked about {count} dead {count|link|links}; nothing is lost, "
    "ask again later.",
    "rescue-off": "No archive was asked about {count} dead {count|link|links}; scan without --no-rescue to look for "
    "copies.",
    "unverified": "{count} {count|copy was|copies were} not played back; with --allow-unverified fix uses them all the "
    "same.",
    "no-copy": "{count} dead {count|link has|links have} no usable copy: find the page's new place, drop the link, or "
    "exempt it with an ignore comment.",
    "local-copy": "{count} dead {count|link has a copy|links have copies} in your local archive alone; say where "
    "that is published, and fix can link there.",
    "moved": "{count} dead {count|page seems|pages seem} to live on elsewhere; the report names the place, the choice "
    "is yours.",
    "invalid": "{count} {count|destination|destinations} cannot be requested: correct {count|it|them} by hand, "
    "{where}{count|| first}",
    "missing-file": "{count} {count|file or anchor is|files or anchors are} missing in the site itself: "
    "{where}{count|| first}",
    "offline": "{count} {count|URL was|URLs were} not asked: run again with a network, or with more --max-time.",
    "proxy": "{count} {count|URL was|URLs were} not asked because the proxy did not pass {count|it|them} on: see "
    "that it runs and knows you, or correct the setting `proxy` (--proxy, LINKKEEPER_PROXY).",
    "blocked-host": "{host} refused {count} {count|question|questions}: slow down or send what it wants in its host "
    "table, or exclude it.",
    "timeout": "{count} {count|URL|URLs} did not answer in time: give them longer.",
    "private": "{count} private {count|address was|addresses were} not asked; allow yours by name.",
    "redirected": "{count} {count|page has|pages have} moved for good; the links can follow.",
    "wrong-rule": "{count} {count|URL works|URLs work} as written and not cleaned: exempt {count|it|them} from "
    "rule {rule}.",
    "confirm": "{count} {count|URL is|URLs are} failing, not proven dead: that takes failures on 3 different days, so "
    "scan again tomorrow.",
    "uncovered": "{count} living {count|link has|links have} no archived copy yet: "
    "keep {count|it while it lives|them while they live}.",
    "unread": "{count} {count|file was|files were} not read: the report says why.",
    "done": "Nothing needs attention.",
}
"""One sentence per piece of advice; `{count|one|many}` picks by number. Behind a place, which is to be copied,
there is no full stop. Chinese stands in html/words.json."""


_PRIVATE = "private-address"


class Advice(Struct, frozen=True):
    """One thing worth doing, the most useful first."""

    id: str
    """Key of `SENTENCES`."""
    values: dict[str, str | int] = field(default_factory=dict)
    command: str = ""
    """What to type or to set; empty if there is nothing to type."""


def sentence(advice: Advice) -> str:
    """Return advice in English."""
    return filled(SENTENCES[advice.id], advice.values)


def filled(text: str, values: dict[str, str | int]) -> str:
    """Return a sentence with its values in place; the words in `{count|one|many}` go by the number."""
    count = values.get("count", 0)

    def put(found: re.Match[str]) -> str:
        name, one, many = found.groups()
        if many is not None:
            return str(one if count == 1 else many)
        value = values.get(name, "")
        return f"{value:,}" if isinstance(value, int) else value

    return re.sub(r"\{([a-z]+)(?:\|([^|}]*)\|([^}]*))?\}", put, text)


def advise(run: Run) -> list[Advice]:
    """Return what to do next, the most useful first; never empty. Pure: the same run, the same advice."""
    parts = [_about_dead, _about_broken_sources, _about_unasked, _about_the_living]
    private = sum(row.rule == _PRIVATE for row in run.urls)
    if (run.summary.verdicts.get(Verdict.UNCHECKED, 0) + private) * 2 > run.summary.urls:
        parts = [_about_unasked, _about_dead, _about_broken_sources, _about_the_living]
    found = [_with_paths(piece, run.paths) for part in parts for piece in part(run)]
    return found or [Advice("done")]


def _with_paths(advice: Advice, paths: list[str]) -> Advice:
    """Return advice whose command names what this run was about."""
    if not paths or not advice.command or not advice.command.startswith("linkkeeper"):
        return advice
    return structs.replace(advice, command=f"{advice.command} {_arguments(paths)}")


def _about_dead(run: Run) -> Iterator[Advice]:
    dead = places(run, (Verdict.DEAD,))
    web = [place for place in dead if is_web(place.row)]
    by_state = Counter(_state(place.link.snapshot) for place in web)
    if ready := sum(rescued(place.link.snapshot) for place in web):
        yield Advice("fix", {"count": ready}, "linkkeeper fix --diff")
    if count := by_state["unknown"]:
        yield Advice("archive-unknown", {"count": count}, "linkkeeper scan")
    if (count := by_state[""]) and run.complete:  # else there was no time for it
        yield Advice("rescue-off", {"count": count}, "linkkeeper scan")
    if count := by_state["unverified"]:
        yield Advice("unverified", {"count": count}, "linkkeeper fix --allow-unverified --diff")
    if count := by_state["none"] + by_state["unusable"] + by_state["excluded"]:
        yield Advice("no-copy", {"count": count})
    if count := by_state["local"]:
        yield Advice("local-copy", {"count": count}, "linkkeeper fix --local-base /archive/ --diff")
    if count := sum(row.moved is not None and row.verdict is Verdict.DEAD for row in run.urls):
        yield Advice("moved", {"count": count})
    if local := [place for place in dead if not is_web(place.row)]:
        yield Advice("missing-file", {"count": len(local), "where": local[0].where})


def _about_broken_sources(run: Run) -> Iterator[Advice]:
    if broken := places(run, (Verdict.INVALID,)):
        yield Advice("invalid", {"count": len(broken), "where": broken[0].where})
    wrong = [row for row in run.urls if row.wrong_rule]
    if wrong:
        yield Advice("wrong-rule", {"count": len(wrong), "rule": wrong[0].wrong_rule or ""})


def _about_unasked(run: Run) -> Iterator[Advice]:
    if run.files:
        yield Advice("unread", {"count": len({problem.file for problem in run.files})})
    barred = sum(row.rule == "proxy-failed" for row in run.urls)
    if barred:
        yield Advice("proxy", {"count": barred})
    if count := run.summary.verdicts.get(Verdict.UNCHECKED, 0) - barred:
        yield Advice("offline", {"count": count}, "linkkeeper scan")
    slow = sum(row.verdict is Verdict.SUSPECT and row.rule == "timeout" for row in run.urls)
    if slow:
        yield Advice("timeout", {"count": slow}, "linkkeeper scan --timeout 60")
    private = [row for row in run.urls if row.rule == _PRIVATE]
    if private:
        host = host_of(private[0].url)
        yield Advice("private", {"count": len(private)}, f"linkkeeper scan --allow-host {quoted(host)}")


def _about_the_living(run: Run) -> Iterator[Advice]:
    blocked = Counter(host_of(row.url) for row in run.urls if row.verdict is Verdict.BLOCKED)
    for host, count in sorted(blocked.items(), key=lambda item: (-item[1], item[0]))[:1]:
        if count >= 3:
            yield Advice("blocked-host", {"count": count, "host": host}, f'[tool.linkkeeper.host."{quoted(host)}"]')
    if count := run.summary.verdicts.get(Verdict.REDIRECTED, 0):
        yield Advice("redirected", {"count": count}, "linkkeeper fix --only redirect --diff")
    if count := run.summary.verdicts.get(Verdict.SUSPECT, 0):
        yield Advice("confirm", {"count": count})
    if run.summary.coverage is not None and (count := run.summary.coverage.never):
        yield Advice("uncovered", {"count": count}, "linkkeeper archive save")


def _state(snapshot: LinkSnapshot | None) -> str:
    if snapshot is None:
        return ""
    if only_local(snapshot):
        return "local"
    return SnapshotState(snapshot.state).value


def is_web(row: UrlRow) -> bool:
    """Return whether an archive could hold this URL: the others are files and anchors of the site."""
    return row.url[:8].lower().startswith(("http://", "https://"))


_MOST_PATHS = 4


def _arguments(paths: list[str]) -> str:
    """Return paths as they may stand in a command to copy; a placeholder for many or for odd ones."""
    odd = any(not path.isprintable() or path.startswith("-") for path in paths)
    return "PATHS" if odd or len(paths) > _MOST_PATHS else shlex.join(paths)


def quoted(word: str) -> str:
    """Return a host as it may stand in a command to copy: hosts that hold anything odd become a placeholder."""
    return word if word and all(char.isalnum() or char in ".-:[]" for char in word) and word[0] != "-" else "HOST"
