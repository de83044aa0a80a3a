"""Runs to report: an ordinary one, and one in which everything from outside is hostile."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from linkkeeper.models.document import FileProblem
from linkkeeper.models.run import Accepted, LinkRow, LinkSnapshot, Run, Summary, UrlRow
from linkkeeper.models.snapshot import Moved, SnapshotState
from linkkeeper.models.verdict import Redirect, Verdict

START = datetime(2026, 11, 20, 9, 45, tzinfo=UTC)
RULES = {
    "http-success": "The server answered with a 2xx status.",
    "http-gone": "The server says that the page is gone (404, 410).",
    "timeout": "No answer in time.",
    "refused": "The server refuses us (401, 403).",
    "bad-url": "No program could request this destination.",
    "moved": "Permanently redirected to a living page.",
    "placeholder": "The destination is # or empty.",
    "file-missing": "There is no such file in the site.",
}


def link(file: str, line: int, raw: str, *, start: int = 0, kind: str = "inline", **more: object) -> LinkRow:
    size = len(raw.encode("utf-8", "surrogatepass"))
    return LinkRow(file=file, line=line, column=5, start=start, end=start + size, kind=kind, raw=raw, **more)  # type: ignore[arg-type]  # fields by name


def copy_of(url: str, state: SnapshotState = SnapshotState.VERIFIED) -> LinkSnapshot:
    captured = datetime(2016, 7, 9, 1, 2, 3, tzinfo=UTC)
    return LinkSnapshot(f"https://web.archive.org/web/20160709010203/{url}", captured, "wayback", state)


def made(urls: list[UrlRow], **more: object) -> Run:
    """Return a run of these URLs with a summary that adds up."""
    verdicts = {verdict.value: sum(row.verdict is verdict for row in urls) for verdict in Verdict}
    links = sum(len(row.links) for row in urls)
    files = len({place.file for row in urls for place in row.links})
    summary = Summary(files=files, links=links, urls=len(urls), requests=len(urls), verdicts=verdicts)
    values: dict[str, object] = {
        "version": "0.1.0",
        "started": START,
        "finished": START + timedelta(seconds=12.4),
        "complete": True,
        "summary": summary,
        "urls": urls,
        "files": [],
        "rules": RULES,
        "id": "20261120T094500Z",
    }
    return Run(**(values | more))  # type: ignore[arg-type]  # fields by name


POST = "content/_posts/2016-07-08-周刊.md"
GONE = "https://example.com/gone"
COPY = f"https://web.archive.org/web/20160709010203/{GONE}"


@pytest.fixture
def run() -> Run:
    """A run in which a bit of everything happened."""
    since = datetime(2026, 3, 1, 8, tzinfo=UTC)
    dated = {"date": "2016-07-08T16:38:20", "date_from": "front matter"}
    return made(
        [
            UrlRow(
                GONE,
                Verdict.DEAD,
                "http-gone",
                "HTTP 404",
                status=404,
                checked=START,
                attempts=2,
                elapsed_ms=120,
                since=since,
                moved=Moved("https://example.com/new", "the archive saw a permanent redirect in 2019"),
                links=[
                    link(POST, 12, GONE, start=300, snapshot=copy_of(GONE), replacement=COPY, **dated),
                    link(
                        "content/about.md",
                        3,
                        GONE + "#part",
                        start=40,
                        fragment="part",
                        snapshot=copy_of(GONE),
                        replacement=f"{COPY}#part",
                    ),
                ],
            ),
            UrlRow(
                "https://no-copy.example/a",
                Verdict.DEAD,
                "http-gone",
                "HTTP 410",
                status=410,
                links=[
                    link(
                        POST,
                        14,
                        "https://no-copy.example/a",
                        start=400,
                        snapshot=LinkSnapshot(None, None, "wayback", SnapshotState.NONE),
                    )
                ],
            ),
            UrlRow(
                "htp://example.com/typo",
                Verdict.INVALID,
                "bad-url",
                "unknown scheme htp",
                links=[link(POST, 20, "htp://example.com/typo", start=700)],
            ),
            UrlRow(
                "/images/missing.png",
                Verdict.DEAD,
                "file-missing",
                "",
                links=[link(POST, 22, "/images/missing.png", start=800, kind="image")],
            ),
            UrlRow(
                "https://slow.example/",
                Verdict.SUSPECT,
                "timeout",
                "no answer within 20 s",
                attempts=2,
                links=[link(POST, 30, "https://slow.example/", start=900)],
            ),
            UrlRow(
                "https://blocked.example/x",
                Verdict.BLOCKED,
                "refused",
                "HTTP 403",
                status=403,
                links=[link(POST, 31, "https://blocked.example/x", start=950)],
            ),
            UrlRow(
                "http://old.example/",
                Verdict.REDIRECTED,
                "moved",
                "permanently moved",
                status=200,
                final_url="https://new.example/",
                redirects=(Redirect("http://old.example/", 301),),
                links=[link(POST, 32, "http://old.example/", start=1000)],
            ),
            UrlRow("", Verdict.PLACEHOLDER, "placeholder", "points nowhere", links=[link(POST, 33, "#", start=1100)]),
            UrlRow(
                "https://example.org/",
                Verdict.OK,
                "http-success",
                "HTTP 200",
                status=200,
                cached=True,
                links=[link(POST, 40, "https://example.org/", start=1200)],
            ),
        ],
        files=[FileProblem("content/broken.bin", "is not text")],
    )


HOSTILE = (
    "https://evil.example/\x1b]0;title\x07\x9b31m\x00\u202egpj\u2066.exe\u200b\u2028\ufeff",
    'https://evil.example/"><script>alert(1)</script><img src=x onerror=alert(1)>',
    "https://evil.example/</script><!--<script>{{7*7}}{% raw %}",
    "https://evil.example/\n::error file=x::pwned\r\n##[add-mask]x",
    "::set-output name=a::b",
    "##[error]https://evil.example/",
    '=HYPERLINK("https://evil.example/","x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "https://evil.example/`code` | cell | ![x](https://evil.example/t.png) <b>@everyone #1",
    "javascript:alert(document.domain)//https://evil.example/",
    "https://evil.example/\ud800\udcff\ufffe\uffff]]>&amp;%0A%25",
    "https://evil.example/{0}[link](https://evil.example)\\",
    "https://user:hunter2@evil.example/?access_token=s3cr3tvalue&x=1",
)


@pytest.fixture
def hostile() -> Run:
    """A run in which every string that comes from outside is an attack."""
    rows = []
    for at, text in enumerate(HOSTILE):
        for verdict in (Verdict.DEAD, Verdict.INVALID, Verdict.SUSPECT, Verdict.BLOCKED, Verdict.REDIRECTED):
            where = link(
                f"{text[:60]}.md",
                at + 1,
                text,
                date=text,
                date_from=text,
                fragment=text,
                snapshot=LinkSnapshot(text, START, text, SnapshotState.VERIFIED, text),
                replacement=text,
            )
            rows.append(
                UrlRow(
                    text,
                    verdict,
                    "http-gone",
                    text,
                    final_url=text,
                    redirects=(Redirect(text, 301),),
                    signs=(text,),
                    wrong_rule=text,
                    moved=Moved(text, text),
                    links=[where],
                )
            )
    problems = [FileProblem(text, text) for text in HOSTILE]
    accepted = [
        Accepted(row.url, row.verdict, row.rule, row.detail, row.links[0], "baseline", row.url, START.date())
        for row in rows
    ]
    return made(rows, files=problems, notes=list(HOSTILE), accepted=accepted, rules=RULES | {"http-gone": HOSTILE[1]})


@pytest.fixture
def make() -> Callable[[list[UrlRow]], Run]:
    """Make a run of these URLs, with a summary that adds up."""
    return made
