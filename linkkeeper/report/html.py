"""A run as one self-contained page: no network, a strict content security policy, 50,000 links without stalling.

Jinja2 escapes everything that it places; the table's data stand in a JSON script, which is never executed.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

import jinja2
import msgspec
from markupsafe import Markup

from linkkeeper.models.run import LinkRow, LinkSnapshot, Run, UrlRow
from linkkeeper.models.verdict import Verdict
from linkkeeper.report import advice, figures, places, safe
from linkkeeper.report.base import Extras
from linkkeeper.urls.secrets import mask

NAME = "html"

_VERDICTS = {verdict: at for at, verdict in enumerate(Verdict)}
STALE = 20
"""So many posts that changed since the run are named."""
STATIC_LINKS = 1000
"""So many failing links are also written out plainly, for printing and for readers without scripts."""


def render(run: Run, extras: Extras | None = None) -> str:
    """Return run as a whole HTML document; extras add the trend over runs and the diff that `fix` would make."""
    run, extras = safe.shown(run), extras or Extras()
    script, style, words = asset("report.js"), asset("report.css"), _with_chinese(all_words(), run)
    failing = places.places(run, places.FAILS)
    return template(
        "report.html.j2", words
    ).render(
        run=run,
        policy=policy(script, style),
        script=Markup(script),  # noqa: S704  # our own file
        style=Markup(style),  # noqa: S704  # our own file
        data=in_script(payload(run, extras.years)),
        words=in_script(words),
        figures=figures.figures(run, extras.trend, extras.years),
        advice=[(piece, advice.sentence(piece)) for piece in advice.advise(run)],
        failing=places.by_file(failing[:STATIC_LINKS]),
        failing_more=max(0, len(failing) - STATIC_LINKS),
        accepted=places.accepted(run)[:STATIC_LINKS],
        accepted_all=len(run.accepted),
        diffs=[(safe.shown(item).file, _diff_lines(item.diff)) for item in extras.diffs],
        diffs_more=extras.diffs_more,
        stale=[safe.visible(safe.without_surrogates(file)) for file in extras.diffs_stale[:STALE]],
        stale_all=len(extras.diffs_stale),
        places=places,
    )


def policy(script: str, style: str) -> str:
    """Return the content security policy: nothing but our one script and our one style sheet."""
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def in_script(value: Any) -> Markup:
    """Return value as JSON that may stand in a script element: no `<`, `>`, `&` (HTML standard, 4.12.1.3)."""
    text = safe.json_text(msgspec.json.encode(value).decode("utf-8"))
    escaped = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(escaped)  # noqa: S704  # JSON without any character that HTML reads


def payload(run: Run, years: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what the page's table needs, as arrays: field names 50,000 times over would be most of the page.

    What repeats (rules, details, days) stands once in `texts`; what is empty at the end of an array is left out.
    years: as in `figures.figures`, by which links are found by year.
    """
    files = _Numbered(sorted({link.file for row in run.urls for link in row.links}))
    texts = _Numbered([""])
    urls = [_url(row, run, texts) for row in run.urls]
    links = [_link(at, link, row, files, texts) for at, row in enumerate(run.urls) for link in row.links]
    return {"verdicts": list(Verdict), "files": list(files), "texts": list(texts), "urls": urls, "links": links,
            "rules": run.rules, "years": _trimmed([(years or {}).get(file, 0) for file in files])}  # fmt: skip


class _Numbered(dict[str, int]):
    """Texts in the order in which they came, each with its number."""

    def __init__(self, texts: Iterable[str]) -> None:
        super().__init__((text, at) for at, text in enumerate(texts))

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self)
        return number


def _url(row: UrlRow, run: Run, texts: _Numbered) -> list[Any]:
    checked = int(row.checked.timestamp()) if row.checked else 0
    since = row.since if row.since and places.since(row, run) else 0
    common = [row.url, _VERDICTS[row.verdict], texts[row.rule], texts[row.detail], row.status or 0, checked]
    asked = [row.attempts, row.elapsed_ms, int(row.cached), since, row.final_url or 0]
    hops = [[hop.status, hop.url] for hop in row.redirects]
    moved = [row.moved.url, row.moved.evidence] if row.moved else 0
    return _trimmed([*common, *asked, hops or 0, row.signs or 0, row.wrong_rule or 0, moved])


def _link(at: int, link: LinkRow, row: UrlRow, files: _Numbered, texts: _Numbered) -> list[Any]:
    place = [at, files[link.file], link.line, link.column, texts[link.kind]]
    dated = [texts[link.date or ""], texts[link.date_from or ""]]
    raw = 0 if link.raw == row.url else link.raw
    return _trimmed([*place, *dated, raw, _snapshot(link.snapshot, texts), _replacement(link)])


def _replacement(link: LinkRow) -> str | int:
    """Return what `fix` would write if that is not simply the copy with the link's fragment (0); 1: nothing."""
    if link.snapshot is None or not places.rescued(link.snapshot):
        return 0
    if link.replacement is None:
        return 1
    _, mark, fragment = link.raw.partition("#")
    return 0 if link.replacement == f"{link.snapshot.url}{mark}{fragment}" else link.replacement


def _snapshot(snapshot: LinkSnapshot | None, texts: _Numbered) -> list[Any] | int:
    if snapshot is None:
        return 0
    known = [texts[snapshot.state.value], texts[snapshot.archive], texts[snapshot.detail]]
    return _trimmed([*known, snapshot.url or 0, snapshot.captured or 0])


def _trimmed(values: list[Any]) -> list[Any]:
    """Return values less the zeros at their end."""
    while values and values[-1] == 0:
        values.pop()
    return values


def _diff_lines(diff: str) -> list[tuple[str, str]]:
    """Return the lines of a unified diff, each with the class that colours it."""
    kinds = {"+": "added", "-": "removed", "@": "hunk", "#": "hunk"}
    lines = [safe.visible(safe.shortened(line)) for line in safe.without_surrogates(mask(diff)).split("\n") if line]
    heads = ("--- ", "+++ ")
    return [("hunk" if line.startswith(heads) else kinds.get(line[:1], "same"), line) for line in lines]


def asset(name: str) -> str:
    """Return a file of the page: template, script, style."""
    return (resources.files("linkkeeper.report") / "html" / name).read_text("utf-8")


def all_words() -> dict[str, dict[str, str]]:
    """Return the page's words by language; English advice comes from where the terminal has it."""
    words: dict[str, dict[str, str]] = json.loads(asset("words.json"))
    words["en"] |= {f"advice.{key}": text for key, text in advice.SENTENCES.items()}
    return words


def _with_chinese(words: dict[str, dict[str, str]], run: Run) -> dict[str, dict[str, str]]:
    """Return words with what a Chinese page says of this run's rules, and of what was seen (`said`: by templates)."""
    chinese: dict[str, dict[str, str]] = json.loads(asset("chinese.json"))
    rules = {f"rule.{rule}": chinese["rules"][rule] for rule in run.rules if rule in chinese["rules"]}
    kinds = {f"kind.{kind}": text for kind, text in chinese["kinds"].items()}
    return words | {"zh": words["zh"] | rules | kinds, "said": chinese["sentences"]}


def template(name: str, words: dict[str, dict[str, str]]) -> jinja2.Template:
    """Return a template that escapes what it places; `t` places words that the page can show in another language."""
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["t"] = lambda key, **values: _translatable(words, key, values)
    environment.globals["say"] = lambda key, **values: advice.filled(words["en"][key], values)
    return environment.from_string(asset(name))


def _translatable(words: dict[str, dict[str, str]], key: str, values: dict[str, str | int]) -> Markup:
    """Return English words in an element that the page's script can put into another language."""
    filled = advice.filled(words["en"][key], values)
    data = Markup(' data-v="{}"').format(json.dumps(values, ensure_ascii=False)) if values else ""
    return Markup('<span data-t="{}"{}>{}</span>').format(key, data, filled)
