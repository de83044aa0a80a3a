"""What follows from a reply: a verdict, or another question."""

from collections.abc import Callable

import msgspec

from linkkeeper.check import asking, classify
from linkkeeper.check.base import CheckOptions
from linkkeeper.check.doubt import Doubt, Told
from linkkeeper.check.errands import Errands
from linkkeeper.check.evidence import PLAIN, Evidence
from linkkeeper.check.finding import cleaning_to_blame
from linkkeeper.check.job import ALIVE, Again, Job, Look, Rules, Settle, decide, shortcut
from linkkeeper.check.ledger import Ledger
from linkkeeper.check.retry import Retries
from linkkeeper.check.scheduler import Host, Scheduler
from linkkeeper.models.verdict import Judgement, Reply
from linkkeeper.net.client import Client

_MAX_REFRESHES = 2
Ask = Callable[[Job, str, float], None]
"""Queues the next ask of a job: at this URL ("": the question's own), after so many seconds."""

Failed = Callable[[Job, Exception], None]


class Bench:
    """Judges the replies of one run, with all that its other replies tell."""

    def __init__(
        self, client: Client, scheduler: Scheduler, ledger: Ledger, options: CheckOptions, ask: Ask, failed: Failed
    ) -> None:
        """failed: settles a job whose answer we could not handle."""
        self._failed = failed
        self._client, self._scheduler, self._ledger, self._options = client, scheduler, ledger, options
        self._ask = ask
        self._doubt = Doubt()
        self._rules = Rules(Retries(options), options.look_delay_s)
        self._evidence = Evidence()
        self._answering: set[str] = set()
        """Hosts with a page seen alive."""
        self._errands = Errands(lambda job: ask(job, "", 0.0), self._evidence.learn)
        self.closing = False
        """The run is stopped: no errand is sent any more."""

    def expect(self, questions: int) -> None:
        """Be told how many URLs the run asks."""
        self._doubt.expect(questions)

    def stands(self, host: Host, job: Job, reply: Reply) -> None:
        """As `weigh`, for a first answer with nothing more to it (`evidence.plain`)."""
        if self._doubt.believes(host.key, reply, limited=host.pace.rate is not None):
            self._answering.add(host.key)
            self._ledger.settle(job, reply, PLAIN)
        else:
            self.ask_on(job, Look.GET, reply)

    def believes(self, host: Host, url: str, told: Told) -> bool:
        """Say whether a plain first answer whose fields said this stands; if so, its host is one that answers."""
        if not self._doubt.believes_told(host.key, url, told, limited=host.pace.rate is not None):
            return False
        self._answering.add(host.key)
        return True

    def weigh(self, job: Job, reply: Reply, final: bool = False) -> None:
        """Judge a reply and do what follows from it."""
        if job.then is not None:
            job.then(reply)
            return
        if job.way:
            reply, job.way = (
                msgspec.structs.replace(reply, url=job.question.url, redirects=job.way + reply.redirects),
                (),
            )
        if job.base is not None:
            reply, job.base = classify.joined(job.base, reply), None
        self._evidence.note(reply)
        judgement = asking.accepted(job, reply, self._options) or self._evidence.judge(reply)
        if (judgement.verdict in ALIVE or judgement.rule == classify.EMPTY.id) and self._looks_further(
            job, reply, judgement
        ):
            return
        timeout_s = self._client.timeout_s(job.trip.first) if job.trip else 0.0
        step = Settle(judgement) if final else decide(job, reply, judgement, self._rules, timeout_s)
        job.judgements = (*job.judgements, judgement)
        match step:
            case Settle(conclusion):
                self._conclude(job, reply, conclusion)
            case Again(look, after_s):
                job.retries += look is Look.RETRY
                if look is Look.GET and job.trip is not None:
                    self._scheduler.host(asking.host_key(job.trip.target)).heads_refused += 1
                self.ask_on(job, look, reply, after_s)

    def ask_on(self, job: Job, look: Look, reply: Reply, after_s: float = 0.0) -> None:
        """Ask again, from the start or from where the last ask ended."""
        job.look = look
        if shortcut(look, reply):
            job.way = reply.redirects
            self._ask(job, reply.final_url or "", after_s)
        else:
            self._ask(job, "", after_s)

    def _looks_further(self, job: Job, reply: Reply, judgement: Judgement) -> bool:
        """Ask for the page where a HEAD is no ground, and for the page that this one sends its readers on to."""
        assert job.trip is not None
        host = asking.host_key(job.trip.first)
        limited = self._scheduler.host(host).pace.rate is not None
        if job.look is Look.FIRST and not self._doubt.believes(host, reply, limited=limited):
            self.ask_on(job, Look.GET, reply)
            return True
        if judgement is PLAIN or job.refreshed >= _MAX_REFRESHES:
            return False
        onward = classify.follow(reply)
        if onward is None:
            return False
        job.refreshed += 1
        job.base = reply
        self._ask(job, onward, 0.0)
        return True

    def _conclude(self, job: Job, reply: Reply, judgement: Judgement) -> None:
        """Settle, once the evidence is in and the cleaning rules are not to blame."""
        if job.question.url not in self._ledger.open:
            return
        key = asking.host_key(job.trip.target) if job.trip is not None else ""
        if judgement.verdict in ALIVE and not reply.redirects:
            self._answering.add(key)
        errand = self._evidence.missing(reply, judgement, host_answers=key in self._answering)
        if errand is not None and self._options.probes and not self.closing:
            self._send_errand(errand, job, reply, judgement)
            return
        if judgement.verdict not in ALIVE and job.look is Look.GET:
            self._doubt.lied(key)
        if job.fallback is not None and judgement.verdict not in ALIVE:
            reply, judgement = job.fallback
        elif cleaning_to_blame(job, judgement):
            job.fallback, job.look = (reply, judgement), Look.WRITTEN
            self._ask(job, job.question.written or "", 0.0)
            return
        self._ledger.settle(job, reply, asking.meant(job, judgement, self._options))

    def _send_errand(self, url: str, job: Job, reply: Reply, judgement: Judgement) -> None:
        """Ask for a page to compare with, once for all who want it; then conclude."""

        def back() -> None:
            try:
                again = self._evidence.judge(reply)
                decided = again if again.verdict is not judgement.verdict and judgement in job.judgements else judgement
                self._conclude(job, reply, decided)
            except Exception as error:  # noqa: BLE001 - the others who wait for the errand must hear of it too
                self._failed(job, error)

        self._errands.send(url, back)
