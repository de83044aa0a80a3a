"""The books of a run: which questions are open, what was found, who is to be told."""

import asyncio
import logging
from collections import deque
from collections.abc import Iterator, Mapping

from linkkeeper.check.base import Forgetful, History, Memory, NoHistory, Progress, Tools, Unwatched
from linkkeeper.check.evidence import INTERNAL
from linkkeeper.check.finding import finding_of
from linkkeeper.check.job import Job
from linkkeeper.check.network import Watch
from linkkeeper.models.verdict import Failure, Finding, Judgement, Reply, Verdict

_log = logging.getLogger(__name__)


class Ledger:
    """Settles jobs into findings, remembers them, and keeps them until they are fetched."""

    def __init__(self, tools: Tools, network: Watch) -> None:
        self.open: dict[str, Job | None] = {}
        """Questions not settled, by URL, and their jobs once they are begun."""
        self.news = asyncio.Event()
        """Something was found, or the run was stopped."""
        self._network = network
        self._memory: Memory = tools.memory or Forgetful()
        self._history: History = tools.history or NoHistory()
        self._progress: Progress = tools.progress or Unwatched()
        self._found: deque[Finding] = deque()

    def known(self, url: str) -> Finding | None:
        """Return what is remembered of a URL and still fresh."""
        finding = self._memory.get(url)
        if finding is not None:
            self._progress.advance(finding)
        return finding

    def take(self) -> Iterator[Finding]:
        """Yield what was found since the last time."""
        self.news.clear()
        while self._found:
            yield self._found.popleft()

    def settle(self, job: Job, reply: Reply, judgement: Judgement) -> None:
        """Make a job a finding; hold it if a broken network could be what it shows."""
        found = finding_of(job, reply, judgement)
        doubted = False
        if job.trip is not None:
            self._network.ended(job.trip.first, reply)
            doubted = self._network.doubts(job.trip.target, reply) or self._network.waits
        self.found(found, doubted=doubted)

    def fail(self, job: Job, error: Exception) -> None:
        """Settle a job whose answer we could not handle."""
        _log.error("%s", job.question.url, exc_info=error)
        reply = Reply(url=job.question.url, failure=Failure.OUT_OF_TIME)
        if job.then is not None:
            job.then(reply)
        elif job.question.url in self.open:
            self.settle(job, reply, INTERNAL.judge(f"{type(error).__name__}: {error}"[:200]))

    def found(self, finding: Finding, *, doubted: bool) -> None:
        """Close a question; doubted: a broken network could be what its finding shows, which is held therefore."""
        if finding.url not in self.open:
            raise KeyError(finding.url)
        if doubted:
            self._network.hold(finding)
            self.news.set()
        else:
            self.record(finding)
        del self.open[finding.url]  # last: where recording fails, the question is still open

    def record(self, finding: Finding) -> None:
        """A finding stands: remember it, unless it says nothing about the page."""
        if finding.judgement.verdict is not Verdict.UNCHECKED:
            finding = self._history.settle(finding)
            self._memory.put(finding)
        self._progress.advance(finding)
        self._found.append(finding)
        self.news.set()

    def abandon(self, judgement: Judgement) -> None:
        """Settle all that is left as unchecked."""
        for url, job in self.open.items():
            self.record(Finding(url=url, judgement=judgement, attempts=job.requests if job else 0))
        self.open.clear()

    def waiting(self, hosts: Mapping[str, float]) -> None:
        """Tell who keeps us waiting, in seconds."""
        self._progress.waiting(hosts)
