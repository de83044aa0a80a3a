"""Save Page Now of the stand-in archive: SPN2 with keys, and the anonymous way, faults included.

Shapes as documented (API document, copy of 2025-10-22) and as observed to 2026: refusals with HTTP 200, job ids that
are the same for a URL each time, captures that are found late.
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs

import msgspec
from aiohttp import web
from msgspec import Struct

from linkkeeper.demo.captures import Capture, Collection

LOGIN = "You need to be logged in to use Save Page Now."
SAME = "The same snapshot had been made 5 minutes ago."
_ANONYMOUS_PAGE = (
    '<html><body><h2>Saving page {url}</h2><script>spn.watchJob("{job}", "/_static/");</script></body></html>'
)


class Submission(Struct, frozen=True):
    """A URL that somebody asked to have captured."""

    at: float
    """By the service's clock, Unix seconds."""
    url: str
    way: str
    """`keys` or `anonymous`."""
    fields: dict[str, str]
    outcome: str
    """`job`, `skipped`, or the code of a refusal."""


class Job(Struct):
    """One capture under way, or done."""

    url: str
    begun: float
    ends: float
    way: str
    error: str = ""
    original: str = ""
    collected: bool = False


class SaveService:
    """What the service knows. The stand-in hands it every request below `/save`."""

    def __init__(self, collection: Collection, now: Callable[[], float]) -> None:
        self._collection, self.now = collection, now
        self.keys = ""
        """`access:secret`, the only pair that is taken; empty: any."""
        self.job_s = 0.0
        """How long a capture takes; infinite: it never ends."""
        self.sessions = 3
        self.told_sessions: int | None = None
        """What `/save/status/user` says is available, whatever is true; None: the truth."""
        self.told_processing: int | None = None
        self.told_captures: int | None = None
        """What it says of the captures of today, whatever is true; None: the truth."""
        self.unknown_job = "error"
        """What the status of a job that is not known says: `error` or `pending`."""
        self.daily_limit = 30_000
        self.daily_done = 0
        self.refusals: dict[str, list[str]] = {}
        """URL (or `*`) → codes, one for each submission, with which it is refused at once (as HTTP 200)."""
        self.errors: dict[str, list[str]] = {}
        """URL (or `*`) → codes with which its captures fail, one each; `""`: this one works."""
        self.redirects: dict[str, str] = {}
        """URL → where the capture ends up."""
        self.shows_late = False
        """Captures are neither listed nor played until `catch_up`."""
        self.plays_late = False
        """Captures are listed; the playback leads to older ones."""
        self.lists_late = False
        """Captures are played but not listed until `catch_up`."""
        self.bodies: dict[str, bytes] = {}
        self.reuses = False
        """Accepted submissions of a URL with a capture of the last 45 minutes name that one again."""
        self.honours_within = True
        self.anonymous_within_s = 2700
        """Without keys, a capture so young is named again and none is made (the documented default)."""
        self.old_jobs: dict[str, str] = {}
        """Job id → 14 digits: what its status tells for `stale_polls` questions after a submission."""
        self.stale_polls = 0
        self.batch = True
        """Statuses of several jobs can be asked for at once."""
        self.anonymous = "inline"
        """`inline` (302), `content-location`, `page` (HTML that names a job), `next` (a Link to another), `login`."""
        self.salt = ""
        """Part of what job ids are made of."""
        self.submissions: list[Submission] = []
        self.polls: list[tuple[float, str]] = []
        self._jobs: dict[str, Job] = {}
        self._stale: dict[str, int] = {}
        self._late: list[Capture] = []

    def answer(self, method: str, path: str, authorization: str, body: str) -> web.Response:
        """Return the answer to a request."""
        self.settle()
        where = path.partition("?")[0]
        if where.rstrip("/") == "/save" and method == "POST":
            return self._submit(parse_qs(body), authorization)
        if where.startswith("/save/status"):
            return self._status(where.removeprefix("/save/status").strip("/"), authorization, parse_qs(body))
        return self._anonymous(path.removeprefix("/save/"))

    def catch_up(self) -> None:
        """Hours later: what was captured is found."""
        self.settle()
        self._collection.add(*self._late)
        self._late = []
        self.shows_late = self.lists_late = False

    def count(self, url: str) -> int:
        """Return how many captures of a URL were begun."""
        return sum(one.url == url and one.outcome == "job" for one in self.submissions)

    def busiest(self, window_s: float = 60.0, way: str = "") -> int:
        """Return the most submissions that fell into any window of so many seconds."""
        times = [one.at for one in self.submissions if way in ("", one.way)]
        return max((sum(t <= other < t + window_s for other in times) for t in times), default=0)

    def under_way(self) -> int:
        """Return how many captures are going on."""
        self.settle()
        return sum(job.ends > self.now() for job in self._jobs.values())

    # -- with keys ---------------------------------------------------------------------------------------------

    def _submit(self, fields: dict[str, list[str]], authorization: str) -> web.Response:
        values = {name: value[0] for name, value in fields.items()}
        url = values.get("url", "")
        if not self._is_known(authorization):
            return _json({"message": LOGIN}, 401)
        code = self._refusal(url)
        if code:
            self._note(url, "keys", values, code)
            return _json({"status": "error", "status_ext": f"error:{code}", "message": f"Refused: {code}."})
        if self.honours_within and self._has_younger(url, values.get("if_not_archived_within", "")):
            self._note(url, "keys", values, "skipped")
            return _json({"url": url, "job_id": None, "message": SAME})
        again = self.reuses and self._has_younger(url, "2700")
        self._note(url, "keys", values, "job")
        job = self._begin(url, "keys")
        told = {"message": SAME} if again else {}
        return _json({"url": url, "job_id": job, **told})

    def _is_known(self, authorization: str) -> bool:
        scheme, _, pair = authorization.partition(" ")
        return scheme == "LOW" and ":" in pair and self.keys in ("", pair)

    def _refusal(self, url: str) -> str:
        for name in (url, "*"):
            if self.refusals.get(name):
                return self.refusals[name].pop(0)
        if not url.startswith(("http://", "https://")):
            return "invalid-url-syntax"
        if self.under_way() >= self.sessions:
            return "user-session-limit"
        return "max-daily-bandwidth" if self.daily_done >= self.daily_limit else ""

    def _has_younger(self, url: str, within: str) -> bool:
        return within.isdigit() and bool(self._youngest(url, int(within)))

    def _youngest(self, url: str, within_s: int) -> str:
        """Return the 14 digits of the newest capture, if it is younger than this; else nothing."""
        try:
            found = self._collection.of(url)
        except ValueError:
            return ""
        young = (one for one in [*found, *self._late_of(url)] if one.moment.timestamp() >= self.now() - within_s)
        return max((one.timestamp for one in young), default="")

    def _late_of(self, url: str) -> list[Capture]:
        return [one for one in self._late if one.url == url]

    def _begin(self, url: str, way: str) -> str:
        name = "spn2-" + hashlib.sha1((self.salt + url).encode(), usedforsecurity=False).hexdigest()
        planned = self.errors.get(url) or self.errors.get("*") or [""]
        error = planned.pop(0)
        self._jobs[name] = Job(url, self.now(), self.now() + self.job_s, way, error, self.redirects.get(url, ""))
        self._stale[name] = self.stale_polls if name in self.old_jobs else 0
        self.daily_done += 1
        self.settle()
        return name

    def settle(self) -> None:
        """Take in what has been captured by now."""
        for job in self._jobs.values():
            if not job.collected and job.ends <= self.now():
                job.collected = True
                if not job.error:
                    self._capture(job)

    def _capture(self, job: Job) -> None:
        stamp = _digits(job.begun)
        body = self.bodies.get(job.url)
        made = [Capture(job.url, stamp, listed=not self.lists_late, playable=not self.plays_late)]
        if body is not None:
            made = [msgspec.structs.replace(made[0], body=body)]
        if job.original:
            made = [Capture(job.url, stamp, 301, b"", location=job.original), Capture(job.original, stamp)]
        if self.shows_late:
            self._late += made
        else:
            self._collection.add(*made)

    # -- statuses ----------------------------------------------------------------------------------------------

    def _status(self, name: str, authorization: str, fields: dict[str, list[str]]) -> web.Response:
        if name == "system":
            return _json({"status": "ok", "recent_captures": len(self._jobs), "queues": {}})
        if not self._is_known(authorization):
            return _json({"message": LOGIN}, 401)
        if name == "user":
            return self._user()
        if name:
            return _json(self._job(name))
        if not self.batch:
            return web.Response(text="<html>405</html>", status=405, content_type="text/html")
        return _json([self._job(one) for one in fields.get("job_ids", [""])[0].split(",")])

    def _user(self) -> web.Response:
        under_way = self.under_way()
        free = max(0, self.sessions - under_way) if self.told_sessions is None else self.told_sessions
        told = {"processing": under_way if self.told_processing is None else self.told_processing, "available": free}
        done = self.daily_done if self.told_captures is None else self.told_captures
        return _json({**told, "daily_captures": done, "daily_captures_limit": self.daily_limit})

    def _job(self, name: str) -> dict[str, object]:
        self.polls.append((self.now(), name))
        job = self._jobs.get(name)
        if name in self.old_jobs and (job is None or self._stale.get(name, 0) > 0):
            self._stale[name] = self._stale.get(name, 0) - 1
            return {"status": "success", "job_id": name, "timestamp": self.old_jobs[name], "original_url": ""}
        if job is None and self.unknown_job == "pending":
            return {"status": "pending", "job_id": name, "resources": []}
        if job is None:
            return {"status": "error", "job_id": name, "status_ext": "error:not-found", "message": "no such job"}
        if not job.collected:
            return {"status": "pending", "job_id": name, "resources": []}
        if job.error:
            told = {"status_ext": f"error:{job.error}", "exception": "", "message": f"Failed: {job.error}."}
            return {"status": "error", "job_id": name, **told}
        original = job.original or job.url
        return {
            "status": "success",
            "job_id": name,
            "timestamp": _digits(job.begun),
            "original_url": original,
            "duration_sec": job.ends - job.begun,
            "resources": [original],
            "outlinks": {},
        }

    # -- anonymously -------------------------------------------------------------------------------------------

    def _anonymous(self, url: str) -> web.Response:
        if self.anonymous == "login":
            return _json({"message": LOGIN}, 401)
        code = self._refusal(url)
        if code:
            self._note(url, "anonymous", {}, code)
            return _html(f"<html><body>Job failed: error:{code}</body></html>", 200)
        younger = self._youngest(url, self.anonymous_within_s)
        if younger:
            self._note(url, "anonymous", {}, "skipped")
            return web.Response(status=302, headers={"Location": f"/web/{younger}/{url}"})
        self._note(url, "anonymous", {}, "job")
        job = self._begin(url, "anonymous")
        if self.anonymous == "page":
            return _html(_ANONYMOUS_PAGE.format(url=url, job=job), 200)
        place = f"/web/{_digits(self._jobs[job].begun)}/{url}"
        if self.anonymous == "content-location":
            return _html("<html>saved</html>", 200, {"Content-Location": place})
        if self.anonymous == "next":
            link = f'<https://web.archive.org/web/20990101000000/{url}>; rel="next memento"'
            return _html("<html>saved</html>", 200, {"Link": link})
        return web.Response(status=302, headers={"Location": place})

    def _note(self, url: str, way: str, fields: dict[str, str], outcome: str) -> None:
        self.submissions.append(Submission(self.now(), url, way, fields, outcome))


def is_save(path: str) -> bool:
    """Tell whether a request is the service's."""
    return path.partition("?")[0].split("/")[1:2] == ["save"]


def _digits(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y%m%d%H%M%S")


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


def _html(text: str, status: int, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(text=text, status=status, headers=headers, content_type="text/html")
