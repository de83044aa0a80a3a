"""How a collection fared, as one self-contained page in the manner of the HTML report."""

from markupsafe import Markup

from linkkeeper.report import history, html, places, safe
from linkkeeper.report.history import Collection

_MOST = 400
"""Runs in the chart and the table."""


def render(collection: Collection) -> str:
    """Return the trend, the half-life and the worst hosts as a whole HTML document."""
    collection = safe.shown(collection)
    script, style, words = html.asset("history.js"), html.asset("report.css"), html.all_words()
    runs = history.comparable(collection.runs)[-_MOST:]
    return html.template("history.html.j2", words).render(
        runs=runs,
        last=runs[-1],
        left_out=len(collection.runs) - len(history.comparable(collection.runs)),
        half_life=collection.half_life,
        years=history.years_text,
        fewest=(history.FEWEST_DATED, history.FEWEST_DEAD),
        hosts=collection.worst_hosts,
        day=places.day,
        before=history.before(runs) if len(runs) > 1 else [],
        policy=html.policy(script, style),
        script=Markup(script),  # noqa: S704  # our own file
        style=Markup(style),  # noqa: S704  # our own file
        words=html.in_script({language: _own(some) for language, some in words.items()}),
    )


def _own(words: dict[str, str]) -> dict[str, str]:
    ours = ("history.", "trend", "hosts", "headline", "v.")
    return {key: text for key, text in words.items() if key.startswith(ours)}
