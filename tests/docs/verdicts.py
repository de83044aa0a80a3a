"""docs/verdicts.md: every rule, what walls and notices are known, and how well error pages are told."""

import html
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from linkkeeper.check import gone, soft404, verdicts, walls
from linkkeeper.check.classify import classify
from linkkeeper.models.verdict import Reply, Verdict
from linkkeeper.store.cache import CacheOptions

PAGE = Path("docs/verdicts.md")
SET = Path(__file__).parents[1] / "check" / "soft404_set.jsonl"

MEANINGS = {
    Verdict.OK: ("a reader gets the page", ""),
    Verdict.REDIRECTED: ("alive, permanently moved: 301 or 308 all the way to a living page", "note"),
    Verdict.DEAD: (
        "gone: the server says so and answers normally otherwise, or the name does not exist, or it is proved",
        "fails",
    ),
    Verdict.SUSPECT: ("failing now, not proved", "warns"),
    Verdict.BLOCKED: ("the server refuses us; readers may well get the page", "note"),
    Verdict.INVALID: ("cannot be requested", "fails"),
    Verdict.PLACEHOLDER: ("points nowhere", "note"),
    Verdict.SKIPPED: ("nobody is asked, by rule or policy", ""),
    Verdict.UNCHECKED: ("we could not ask", "exit 3 if a dead link might be among them"),
}

HEAD = """# Verdicts

Every URL gets one of nine verdicts, by one rule. The rule's id is the same word in reports, in JSON and here.
This page is made from the table that the check works by (`python tests/docs`).

The first promise: **a living page is never called dead.** So a rule that is not sure says `suspect`, one that sees
us refused says `blocked`, and whatever did not come back alive is asked once more at the end of the run, by GET and
with the header fields of a browser, before its verdict stands. Two looks make `dead` only if neither objects.
"""

ASKED_MORE = """## What is asked besides the page

- **The home page of a host that says 404**, once a host and run. Refuses it us that one too, the 404 proves nothing
  (`gone-unproven`); does it fail, the 404 is not believed yet (`gone-unsure`).
- **A page that cannot exist**, beside one that looks like an error page: once a directory and run. Looks it the same,
  that is one more sign; says the server 404 to it, that speaks for the page.

Neither is counted as a link.

## Days

A `suspect` by a rule marked † becomes `dead` (`failing-for-days`) after failing on 3 different days (UTC; setting
`confirm`, 0 for never) without a success in between. One success clears it. Being refused, or not being asked, is
neither a strike nor a success. Rules without the mark are not added up: a page that looks like an error page today
looks so every day, and that proves nothing new. Reports say since when a link has been failing.
"""


def render() -> str:
    """Return the page."""
    return "\n".join([HEAD, _verdicts(), *_rules(), ASKED_MORE, _ages(), _soft404(), _walls(), _notices()])


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def _verdicts() -> str:
    rows = ((f"`{verdict}`", meaning, default) for verdict, (meaning, default) in MEANINGS.items())
    return _table(("verdict", "means", "by default"), rows)


def _rules() -> Iterator[str]:
    for verdict in Verdict:
        rules = [rule for rule in verdicts.RULES.values() if rule.verdict is verdict]
        rows = [(f"`{rule.id}`{' †' if rule.confirms else ''}", rule.meaning, rule.source) for rule in rules]
        yield f"## Rules for `{verdict}`\n\n" + _table(("rule", "means", "source"), rows)


def _ages() -> str:
    options = CacheOptions()
    ages = [
        ("ok, redirected", options.alive_s),
        ("dead", options.dead_s),
        ("blocked", options.blocked_s),
        ("suspect", options.suspect_s),
    ]
    rows = [(names, f"{age_s / 3600:g} hours") for names, age_s in ages]
    return (
        "## How long an answer is good for\n\n"
        f"Up to so long, and up to {options.jitter:.0%} less, so that not everything falls due at once. "
        "`--max-age` overrides all.\n\n" + _table(("verdict", "age"), rows)
    )


# Soft-404: how well error pages are told, measured each time this page is made.


def _soft404() -> str:
    rows = [json.loads(line) for line in SET.read_text("utf-8").splitlines()]
    counts = Counter((row["part"], row["error"], _verdict(row)) for row in rows)
    codes = ", ".join(language.code for language in soft404.languages())
    return f"""## Soft-404: pages that say 200 and mean 404

Signs: the title is what error pages are called; the text of a page with little prose says that something is missing;
a deep link ended at the home page; a redirect ended at an address that is an error page's by its name; a page beside
it that cannot exist looks the same; it is the home page once more; at least three links ended at the same place
(counts only beside another sign). **Two signs make `dead`, one makes `suspect`**, and each is in the report.
A server that says 404 to a page that cannot exist speaks for the page it said 200 to: no proof then, and one sign in
title or text alone counts for nothing. A page that explains error pages proves nothing by its text.
Languages: {codes}.

Measured on {len(rows)} pages of public repositories, kept as title and short texts with their source
(`tests/check/soft404_set.jsonl`), judged by title and text alone: without the page that cannot exist, which
on a real server mostly adds the second sign. Left out: error pages that show no text (redirects by script, templates
that are not filled in).

{_measured(counts)}
Precision is the share of error pages among what got the verdict, recall the share of error pages that got it.
*Tuned* pages were looked at while the phrases were collected, *held-out* pages were not; *languages* are the phrases
that httpd, Starlight and a Hugo theme ship for up to 34 languages, collected too. The sample holds personal sites
and blogs more than shops or portals; living pages that talk about error pages are in the tests, not in it.

The whole pages of the same repositories, judged on 2026-11-20: tuned, 56 error pages (35 `dead`, 18 `suspect`, 3 not
seen) and 809 living ones (808 `ok`, 1 `blocked`: a log-in form);
held-out, 33 error pages (12 `dead`, 20 `suspect`, 1 not seen) and 433 living ones (432 `ok`, 1 `suspect`: an
empty list that says so). No living page was called dead.
"""


def _verdict(row: dict[str, Any]) -> Verdict:
    texts = [text if text.startswith("<script") else f"<p>{html.escape(text)}</p>" for text in row["texts"]]
    body = f"<title>{html.escape(row['title'])}</title>" + "".join(texts)
    fields = (("content-type", "text/html; charset=utf-8"),)
    return classify(Reply("https://example.org/2019/tea", status=200, headers=fields, body=body.encode())).verdict


def _measured(counts: Counter[tuple[str, bool, Verdict]]) -> str:
    rows = []
    for part in ("tuned", "held-out", "languages"):
        errors = sum(number for (name, error, _), number in counts.items() if name == part and error)
        living = sum(number for (name, error, _), number in counts.items() if name == part and not error)
        for label, found in (("`dead`", {Verdict.DEAD}), ("`dead` or `suspect`", {Verdict.DEAD, Verdict.SUSPECT})):
            hits = sum(counts[part, True, verdict] for verdict in found)
            wrong = sum(counts[part, False, verdict] for verdict in found)
            precision = f"{hits / (hits + wrong):.1%} ({wrong} wrong)" if living else "no living pages"
            rows.append((part, str(errors), str(living), label, precision, f"{hits / errors:.1%}"))
    return _table(("part", "error pages", "living pages", "verdict", "precision", "recall"), rows)


def _walls() -> str:
    rows = [(wall.name, wall.source) for wall in walls.walls()]
    return (
        "## Bot walls that are known\n\nBy header fields, titles and markup (`check/data/challenges.toml`):\n\n"
        + _table(("wall", "source"), rows)
    )


def _notices() -> str:
    rows = [(", ".join(entry.hosts), entry.what, entry.source) for entry in gone.notices()]
    return (
        "## Sites whose notices are known\n\nTheir own pages that say, with 200, that something is gone "
        "(`check/data/gone.toml`); each is believed on its own hosts only:\n\n"
        + _table(("hosts", "means", "source"), rows)
    )
