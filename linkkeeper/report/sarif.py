"""A run as SARIF 2.1.0 (OASIS, 2020-03-27), for code scanning: rules, regions, and the repair as a fix."""

import hashlib
import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from linkkeeper.models.run import LinkRow, Run
from linkkeeper.models.verdict import Verdict
from linkkeeper.report import github, places, safe

NAME = "sarif"

SCHEMA_URL = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {
    Verdict.DEAD: "error",
    Verdict.INVALID: "error",
    Verdict.SUSPECT: "warning",
    Verdict.REDIRECTED: "note",
    Verdict.BLOCKED: "note",
    Verdict.PLACEHOLDER: "note",
}


def render(run: Run) -> str:
    """Return a SARIF log with one run: every link that is not plainly fine is a result."""
    run = safe.masked(run)
    log = {"$schema": SCHEMA_URL, "version": "2.1.0", "runs": [_run(run)]}
    text = msgspec.json.format(msgspec.json.encode(log), indent=1).decode("utf-8")
    return safe.json_text(text) + "\n"


def _run(run: Run) -> dict[str, Any]:
    found = places.places(run, tuple(_LEVELS))
    used = sorted({place.row.rule for place in found} | {one.rule for one in run.accepted})
    index = {rule: at for at, rule in enumerate(used)}
    driver = {
        "name": "linkkeeper",
        "version": run.version,
        "rules": [_rule(rule, run.rules.get(rule, rule)) for rule in used],
    }
    return {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "automationDetails": {"id": "linkkeeper/"},
        "invocations": [_invocation(run)],
        "results": [*(_result(place, run, index) for place in found), *_suppressed(run, index)],
    }


def _rule(rule: str, meaning: str) -> dict[str, Any]:
    return {"id": rule, "shortDescription": {"text": message_text(safe.visible(meaning))}}


def _invocation(run: Run) -> dict[str, Any]:
    notes = [{"level": "note", "message": {"text": message_text(safe.visible(note))}} for note in run.notes]
    problems = [
        {
            "level": "warning",
            "message": {"text": message_text(safe.visible(item.problem))},
            "locations": [_file(item.file)],
        }
        for item in run.files
    ]
    return {
        "executionSuccessful": run.complete,
        "startTimeUtc": run.started,
        "endTimeUtc": run.finished,
        "toolExecutionNotifications": [*notes, *problems],
    }


def _file(file: str) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": {"uri": uri(file)}}}


def _result(place: places.Place, run: Run, index: dict[str, int]) -> dict[str, Any]:
    link, row = place.link, place.row
    location = {"artifactLocation": {"uri": uri(link.file)}, "region": _region(link)}
    result: dict[str, Any] = {
        "ruleId": row.rule,
        "ruleIndex": index[row.rule],
        "level": _LEVELS.get(row.verdict, "note"),
        "message": {"text": message_text(github.message(safe.shown(place), run))},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"linkInFile/v1": _fingerprint(f"{link.file}\0{row.url}\0{link.raw}")},
        "properties": {"verdict": row.verdict, "kind": link.kind},
    }
    replacement = _replacement(place)
    return result | {"fixes": [_fix(place, replacement)]} if replacement else result


def _suppressed(run: Run, index: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Yield what does not count, as results that are suppressed (3.27.23, 3.35)."""
    for place, one in places.accepted(run):
        why = {
            "kind": "external",
            "status": "accepted",
            "justification": message_text(safe.visible(places.why_accepted(one))),
        }
        yield _result(place, run, index) | {"suppressions": [why]}


def _region(link: LinkRow) -> dict[str, int]:
    region = {"startLine": max(1, link.line), "startColumn": max(1, link.column)}
    if "\n" not in link.raw and (end := places.end_column(link)):
        region["endColumn"] = max(end, region["startColumn"])
    return region | {"byteOffset": link.start, "byteLength": link.end - link.start}


def _replacement(place: places.Place) -> str | None:
    """Return what `fix` would write into the post; None: nothing, or it holds a credential, which no report shows."""
    written = place.link.replacement
    if written is None or "***" in written or place.row.verdict is not Verdict.DEAD:
        return None
    return written


def _fix(place: places.Place, replacement: str) -> dict[str, Any]:
    link = place.link
    deleted = {"byteOffset": link.start, "byteLength": link.end - link.start}
    change = {
        "artifactLocation": {"uri": uri(link.file)},
        "replacements": [{"deletedRegion": _region(link) | deleted, "insertedContent": {"text": replacement}}],
    }
    captured = places.day(link.snapshot.captured) if link.snapshot else ""
    text = f"Link to the copy of {captured}" if captured else "Link to the archived copy"
    return {"description": {"text": text}, "artifactChanges": [change]}


def _fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def uri(file: str) -> str:
    """Return a path as a URI reference (RFC 3986), an absolute one as a file URI (RFC 8089): bytes percent-encoded."""
    quoted = quote(os.fsencode(file), safe="/._-~")
    return f"file:///{quoted.lstrip('/')}" if file.startswith("/") else quoted


def message_text(text: str) -> str:
    """Return text as a SARIF message: every character visible, no placeholder and no link in it (3.11.5, 3.11.6)."""
    shown = "\n".join(map(safe.visible, text.split("\n")))
    escaped = re.sub(r"([\\\[\]])", r"\\\1", shown)
    return escaped.replace("{", "{{").replace("}", "}}") or "-"
