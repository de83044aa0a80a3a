"""Streams questions through memory, network and rules; asks each URL once."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Iterable

from linkkeeper.check import asking, collector, lessons, network
from linkkeeper.check.base import CheckOptions, Question, Tools
from linkkeeper.check.bench import Bench
from linkkeeper.check.crew import Crew
from linkkeeper.check.evidence import plain
from linkkeeper.check.job import Job, Look
from linkkeeper.check.lane import Ask, Lane, Why
from linkkeeper.check.ledger import Ledger
from linkkeeper.check.queues import Queues
from linkkeeper.check.scheduler import Host, Scheduler
from linkkeeper.models.verdict import Failure, Finding, Judgement, Reply, Verdict
from linkkeeper.net import clock
from linkkeeper.net.client import Client
from linkkeeper.net.control import RULE_IDS, SENTENCES, Control
from linkkeeper.net.door import Door
from linkkeeper.net.pool import Origin
from linkkeeper.net.quick import Flight, Step
from linkkeeper.net.target import Target
from linkkeeper.net.trip import How, Trip

__all__ = ["CheckOptions", "Question", "Runner", "Tools"]

_FEED = 5000
"""Questions taken in before others get a turn. With fewer, many hosts wait for their next one, connections open."""
_MAX_REFUSED = 5
"""Requests of one URL, after which a refusal stands."""
_TICK_S = 0.1
_TICKS_A_LOOK = 10


class Runner:
    """One run of the check. `network_at_fault` and `notes` are final once `run` is through."""

    def __init__(
        self,
        client: Client,
        tools: Tools | None = None,
        options: CheckOptions | None = None,
        control: Control | None = None,
    ) -> None:
        self.client = client
        self.options = options or CheckOptions()
        self._requests = 0
        if control is None and not client.options.proxy:  # a proxy looks names up in our place
            control = Control(client.names.resolver, client.ask)
        self.network = network.Watch(control, client.options.allow_private, client.names.found)
        self._ledger = Ledger(tools or Tools(), self.network)
        self._scheduler = Scheduler(functools.partial(asking.pace_of, options=self.options))
        slots = min(self.options.concurrency, max(1, client.pool.limit))
        self._crew = Crew(self._scheduler, slots, self._step, self._quickly, self._failed, self._ledger.news.set)
        self._bench = Bench(client, self._scheduler, self._ledger, self.options, self._ask, self._failed)
        self._lane = Lane(
            client, self._bench, self._ledger, self.network, self._leaves_the_lane, self._asked_there, self._crew.fail
        )
        self._stopped: Judgement | None = None
        self._idle: dict[Origin, Host] | None = {}
        """Who has been asked all that is known so far; None once all is known."""
        self._queues = Queues(client, self._scheduler)
        self._first = asking.how_of(Job(Question("")), "", client.options)
        """How an ordinary question is asked first."""

    @property
    def requests(self) -> int:
        """HTTP requests sent so far."""
        return self._requests + self._lane.requests

    @property
    def network_at_fault(self) -> bool:
        """True if failures of this run are our network's: nothing was judged dead by them."""
        return self.network.at_fault

    @property
    def notes(self) -> list[str]:
        """Sentences about the run as a whole."""
        return self.network.notes

    def stop(self, rule: str = "interrupted", detail: str = "The run was interrupted before this was known.") -> None:
        """Ask nothing more; what is not settled becomes unchecked by this rule. Findings so far still come."""
        self._close(Judgement(Verdict.UNCHECKED, rule, detail))
        self._crew.rest()
        self._ledger.news.set()

    def _close(self, judgement: Judgement) -> None:
        self._stopped = self._stopped or judgement
        self._bench.closing = True

    async def run(self, questions: Iterable[Question]) -> AsyncIterator[Finding]:
        """Yield one finding for every distinct URL, in the order in which they become known."""
        loop = asyncio.get_running_loop()
        limit = self.options.max_time_s
        budget = loop.call_later(limit, self.stop, "out-of-time", "The time for the run was up.") if limit else None
        watching = loop.create_task(self._watch(clock.now()))
        try:
            with collector.calm():
                async for finding in self._take_in(questions):
                    yield finding
                async for finding in self._findings():
                    yield finding
        finally:
            watching.cancel()
            if budget:
                budget.cancel()
            self._lane.close()
            await self._end(watching)

    async def _take_in(self, questions: Iterable[Question]) -> AsyncIterator[Finding]:
        seen: set[str] = set()
        for count, question in enumerate(questions):
            if question.url in seen:
                continue
            seen.add(question.url)
            known = self._ledger.known(question.url)
            if known is not None:
                yield known
            else:
                self._line_up(question)
            if count % _FEED == _FEED - 1:
                self._start(len(seen))
                await asyncio.sleep(0)
                for finding in self._ledger.take():
                    yield finding
        self._start(len(seen))
        idle, self._idle = self._idle or {}, None
        for origin, host in idle.items():
            if not host.queue:
                self.client.rest(origin)

    def _start(self, asked: int) -> None:
        """Have what was lined up so far asked."""
        self._bench.expect(asked)
        self._scheduler.place_new(0.0)
        self._crew.dispatch()

    async def _findings(self) -> AsyncIterator[Finding]:
        ledger = self._ledger
        while ledger.open and not self._stopped:
            for finding in ledger.take():
                yield finding
            if self._crew.error is not None:
                raise self._crew.error
            if ledger.open and not self._stopped:
                await ledger.news.wait()
        if self._stopped:
            ledger.abandon(self._stopped)
        for finding in await self.network.judged(self._stopped) if self.network.held else ():
            ledger.record(finding)
        for finding in ledger.take():
            yield finding

    # -- asking: the scheduler says what, tasks do it -------------------------------------------------------

    def _line_up(self, question: Question) -> None:
        """Queue a new question. What its first ask needs is made when its turn comes: most wait for long."""
        self._ledger.open[question.url] = None
        try:
            host = self._queues.of(question.url)
        except ValueError as problem:
            self._bench.weigh(
                self._begin(question), Reply(url=question.url, failure=Failure.BAD_URL, detail=str(problem))
            )
            return
        self._scheduler.line_up(host, question)

    def _begin(self, question: Question) -> Job:
        job = self._ledger.open[question.url] = Job(question)
        return job

    def _ask(self, job: Job, url: str = "", after_s: float = 0.0) -> None:
        """Queue the next ask of a job."""
        trip = self._set_out(job, url or job.question.url)
        if trip is not None:
            self._enqueue(job, trip, after_s)

    def _set_out(self, job: Job, url: str, how: How | None = None) -> Trip | None:
        """Make the next ask of a job ready; settle it if the URL cannot be asked at all."""
        try:
            job.trip = trip = self.client.trip(url, how or asking.how_of(job, url, self.client.options))
        except ValueError as problem:
            self._bench.weigh(job, Reply(url=url, failure=Failure.BAD_URL, detail=str(problem)))
            return None
        trip.left_s = min(trip.left_s, max(1.0, 2 * trip.left_s - job.spent_s))
        job.asks += 1
        self.network.expect(trip.target)
        return trip

    def _enqueue(self, job: Job, trip: Trip, after_s: float = 0.0, first: bool = False) -> None:
        host = self._scheduler.host(asking.host_key(trip.target))
        now = clock.now()
        self._scheduler.add(host, job, now, now + after_s if after_s else 0.0, first)

    async def _step(self, host: Host, job: Job, started: float) -> None:
        """Send one request of a job and see to what follows from it."""
        trip = job.trip or self._set_out(job, job.question.url)
        if trip is None:
            host.pace.failed()
            self._scheduler.place(host, started)
            return
        target = trip.target
        if job.rest is not None:
            pass
        elif host.closed is not None or asking.shares_failure(host, job):
            self._share(host, job, trip, started)
            return
        elif asking.better_get(host, job):
            job.look = Look.GET
            trip.how = asking.how_of(job, trip.url, self.client.options)
        requests, spent = (0, 0.0) if job.rest is not None else (trip.requests, trip.elapsed_s)
        going, job.rest = job.rest() if job.rest is not None else self.client.step(trip), None
        if job.look is Look.SECOND and not host.up:
            self.client.names.forget(target.host)
        try:
            reply = await going
        except Exception:  # whatever it is, the host gets its place back; the crew makes it a finding
            host.pace.failed()
            raise
        finally:
            self._requests += trip.requests - requests
            job.requests += trip.requests - requests
            job.spent_s += trip.elapsed_s - spent
        if reply is not None and reply.failure is Failure.NO_NAME and job.look is Look.SECOND:
            reply = await network.vouched(self.client.names, target, reply)
        self._answered(host, job, trip, target, reply, started)

    def _quickly(self, host: Host, asked: Job | Question, started: float) -> Job | None:
        """Start a first ask in the quick manner, if it is an ordinary one; else return its job."""
        ordinary = (host.up or not host.down) and host.closed is None and host.heads_refused < asking.HEADS_REFUSED
        if isinstance(asked, Question):
            if ordinary and not self.options.hosts and self._lane.start(host, asked, started):
                return None
            asked = self._begin(asked)
        if not ordinary or not asking.may_go_quickly(asked):
            return asked
        trip = asked.trip if asked.asks else self._set_out(asked, asked.question.url, self._first)
        if trip is None:
            return asked
        done, slowly = self._ways(host, asked, trip, started)
        return None if self.client.quickly(trip, done, slowly) else asked

    def _ways(
        self, host: Host, job: Job, trip: Trip, started: float
    ) -> tuple[Callable[[Reply | None], None], Callable[[Step], None]]:
        """Return what is to be done with an answer, and with what is left to do where the quick way ends."""
        return (
            functools.partial(self._came_quickly, host, job, trip, started),
            functools.partial(self._goes_on_slowly, host, job),
        )

    def _leaves_the_lane(self, ask: Ask, data: bytes | None, why: Why | Exception) -> None:
        """Go on with what is no matter for the lane as if it had been asked in the quick way."""
        is_open = ask.question.url in self._ledger.open
        if is_open and isinstance(why, Why):
            self._goes_on(ask, data, why)
            return
        if is_open and isinstance(why, Exception):
            self._failed(self._begin(ask.question), why)
        if ask.taken:
            self._asked_there(ask.host, ask.door)
        else:
            ask.link.abort()
            self._given_up(ask.host, ask.started)

    def _goes_on(self, ask: Ask, data: bytes | None, why: Why) -> None:
        job = self._begin(ask.question)
        if why is Why.DOUBTED:
            job.look, job.asks, job.requests, job.spent_s = Look.GET, 1, 1, clock.now() - ask.started
            self._ask(job)
            self._asked_there(ask.host, ask.door)
            return
        trip = self._set_out(job, ask.question.url, self._first)
        assert trip is not None, "it was asked for already"
        done, slowly = self._ways(ask.host, job, trip, ask.started)
        flight = Flight(trip, ask.link, done, slowly, ask.started, ask.until)
        if why is Why.LATE:
            self.client.late(flight)
        else:
            self.client.landed(flight, data)

    def _asked_there(self, host: Host, door: Door) -> None:
        """Let the slot go on after an answer in the lane."""
        self._rest(host, door.target)
        self._crew.went(host)

    def _given_up(self, host: Host, started: float) -> None:
        host.pace.failed()
        self._scheduler.place(host, started)
        self._crew.went(host)

    def _came_quickly(self, host: Host, job: Job, trip: Trip, started: float, reply: Reply | None) -> None:
        """See to what follows from an answer, then let the slot go on."""
        if job.question.url not in self._ledger.open:
            self._given_up(host, started)
            return
        self._requests += trip.requests
        job.requests += trip.requests
        job.spent_s += trip.elapsed_s
        try:
            if reply is not None and not self.options.hosts and plain(reply):
                self._stands(host, job, trip, reply)
            else:
                self._answered(host, job, trip, trip.first, reply, started)
        except Exception as error:  # noqa: BLE001 - one answer, however odd, must not end the run
            self._failed(job, error)
        self._crew.went(host)

    def _stands(self, host: Host, job: Job, trip: Trip, reply: Reply) -> None:
        """See to what follows from a first answer with nothing more to it: as `_answered`, `_weigh` and `_conclude`."""
        host.down = 0
        host.pace.accepted(clock.now())
        self.network.answered(trip.first)
        self._bench.stands(host, job, reply)
        self._rest(host, trip.first)

    def _goes_on_slowly(self, host: Host, job: Job, rest: Step) -> None:
        job.rest = rest
        self._crew.slowly(host, job)

    def _answered(self, host: Host, job: Job, trip: Trip, target: Target, reply: Reply | None, started: float) -> None:
        """See to what follows from a request: for the pace of its host, and for the job."""
        pause = lessons.learn(self.network, host, trip, target, reply, started)
        self._scheduler.place(host, clock.now())
        if reply is None:
            self._enqueue(job, trip, first=True)
        elif pause is not None:
            self._wait_and_ask(host, job, reply, pause)
        else:
            self._bench.weigh(job, reply)
        self._rest(host, target)

    def _rest(self, host: Host, where: Target) -> None:
        """Close the kept connections of a host that has nothing more to be asked, once all questions are known."""
        if host.queue:
            return
        if self._idle is None:
            self.client.rest(where.origin)
        else:
            self._idle[where.origin] = host

    def _failed(self, job: Job, error: Exception) -> None:
        """Settle a job whose answer we could not handle; if that cannot be handled either, the run ends."""
        try:
            self._ledger.fail(job, error)
        except Exception as worse:  # noqa: BLE001 - nobody else would hear of it, and the run would wait for ever
            self._crew.fail(worse)

    def _share(self, host: Host, job: Job, trip: Trip, now: float) -> None:
        """Give a job the answer that its host has for everybody, without asking."""
        host.pace.failed()
        self._scheduler.place(host, now)
        self._bench.weigh(job, asking.shared_answer(host, trip), final=host.closed is not None)

    def _wait_and_ask(self, host: Host, job: Job, reply: Reply, pause: float) -> None:
        """Come back after the pause a host asked for, if that is within what one URL may wait."""
        assert job.trip is not None
        longest = self.options.max_wait_s
        if job.waited_s + pause > longest or host.pace.hopeless or job.requests >= _MAX_REFUSED:
            stands = asking.told_to_wait_long(reply, pause)
            if pause > longest or host.pace.hopeless:
                host.close(stands)
            self._bench.weigh(job, stands, final=True)
            return
        job.waited_s += pause
        if job.look is Look.FIRST and job.requests >= 2:
            job.look = Look.RETRY
        self._ask(job, job.trip.url, after_s=pause)

    # -- looking after the run -------------------------------------------------------------------------------

    async def _watch(self, started: float) -> None:
        """Tell the progress who waits; ask whether there is a network at all while nobody answers."""
        ticks = 0
        while True:
            await asyncio.sleep(_TICK_S)
            ticks += 1
            if ticks % _TICKS_A_LOOK == 0:
                self._ledger.waiting(self._scheduler.waiting_hosts(clock.now()))
            if self.network.alarming(clock.now() - started) and await self.network.alarm():
                self._give_up_on_the_web()

    def _give_up_on_the_web(self) -> None:
        """Without a network, settle at once whatever needs one."""
        state = self.network.state
        judgement = Judgement(Verdict.UNCHECKED, RULE_IDS[state], SENTENCES[state])
        far = [url for url in self._ledger.open if network.is_far(*self.client.where(url))]
        for url in far:
            job = self._ledger.open.pop(url)
            if job is not None and job.task is not None:
                job.task.cancel()
            self._ledger.record(self.network.unchecked(Finding(url=url, judgement=judgement)))
        self._scheduler.drop(far, clock.now())

    async def _end(self, watching: "asyncio.Task[None]") -> None:
        self._close(Judgement(Verdict.UNCHECKED, "interrupted", "The run ended early."))
        await self._crew.leave()
        await asyncio.gather(watching, return_exceptions=True)
