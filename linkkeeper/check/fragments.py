"""Whether the part of a page that a link names is there (`--fragments`). Pure."""

import re
from urllib.parse import unquote

from linkkeeper.check import page
from linkkeeper.check.rule import RuleDoc
from linkkeeper.models.verdict import Judgement, Reply, Verdict
from linkkeeper.urls import parse

FRAGMENT_MISSING = RuleDoc(
    "fragment-missing",
    Verdict.SUSPECT,
    "The page is alive and shows no place of that name; scripts may still make one.",
    "WHATWG HTML 7.4.6.3 (find a potential indicated element)",
)
TEXT_MISSING = RuleDoc(
    "text-missing",
    Verdict.SUSPECT,
    "The page is alive and the text that the link points at was not found in it.",
    "WICG scroll-to-text-fragment",
)
RULES = (FRAGMENT_MISSING, TEXT_MISSING)

_LINES = re.compile(
    r"L\d+(C\d+)?(-L?\d+(C\d+)?)?$|lines?-\d+(-\d+)?$|n\d+$|cl-\d+$|diff-"
    r"|discussion_r\d+|issuecomment-\d+|pullrequestreview-\d+",
    re.IGNORECASE,
)
_BY_SCRIPT = re.compile(r"[!/?]|:~:|[^=]*=")
"""Fragments that scripts read: routes (`#/x`, `#!x`), settings (`#page=3`, `#t=10`)."""
_DIRECTIVE = ":~:text="


def judge(reply: Reply, fragment: str) -> Judgement | None:
    """Judge whether the fragment of a link leads somewhere in a page; None if it does, or nobody could tell."""
    if not page.is_html(reply) or not reply.body or reply.truncated or page.read(reply).scripted:
        return None
    anchor, mark, texts = fragment.partition(_DIRECTIVE)
    if mark:
        missing = _missing_text(page.read(reply).text, texts)
        return TEXT_MISSING.judge(f"no text “{missing[:80]}”") if missing else None
    if not anchor or is_known_by_script(anchor) or page.has_anchor(page.anchors(reply), anchor):
        return None
    host = parse.split(reply.final_url or reply.url).host
    return FRAGMENT_MISSING.judge(f"no #{unquote(anchor)[:80]} on {host}")


def is_known_by_script(fragment: str) -> bool:
    """Tell whether a fragment is of a kind that no id or name stands for: lines, routes, settings."""
    return bool(_LINES.match(fragment) or _BY_SCRIPT.match(fragment))


def _missing_text(shown: str, texts: str) -> str:
    """Return the first quoted text that the page does not show (`prefix-,start,end,-suffix`), else the empty string."""
    lowered = _folded(shown)
    for directive in texts.split("&text="):
        parts = [part for part in directive.partition("&")[0].split(",") if part]
        wanted = [part for part in parts if not part.startswith("-") and not part.endswith("-")]
        for part in wanted:
            if _folded(unquote(part)) not in lowered:
                return unquote(part)
    return ""


def _folded(text: str) -> str:
    return " ".join(text.lower().split())
