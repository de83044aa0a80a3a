"""The hands of the check: starts jobs when the scheduler lets them, never more at once than there are slots.

A slot goes from job to job, as a task or, for as long as jobs can be done in the quick manner, without one.
"""

import asyncio
from collections.abc import Awaitable, Callable

from linkkeeper.check.base import Question
from linkkeeper.check.job import Job
from linkkeeper.check.scheduler import Host, Scheduler
from linkkeeper.net import clock

_APART = 4
"""In the first so many rounds, each so-manieth slot leaves its host for another. All hosts begin together; those with
equally much to ask would end together, too, and then all connections are opened at once while nobody is asked."""
Step = Callable[[Host, Job, float], Awaitable[None]]
Quickly = Callable[[Host, Job | Question, float], Job | None]
"""Starts a job in the quick manner, or returns it; if it was started, `Crew.went` or `Crew.slowly` is called later."""


class Crew:
    """Tasks that each do one job after the other, and one timer for all hosts that wait."""

    def __init__(
        self,
        scheduler: Scheduler,
        slots: int,
        step: Step,
        quickly: Quickly,
        failed: Callable[[Job, Exception], None],
        broken: Callable[[], None] = lambda: None,
    ) -> None:
        """broken: is told that `error` was set."""
        self.scheduler = scheduler
        self.error: BaseException | None = None
        """What `failed` itself raised; never expected."""
        self._slots = slots
        self._passed, self._first_rounds = 0, _APART * slots
        self._step, self._quickly = step, quickly
        self._failed, self._broken = failed, broken
        self._tasks: set[asyncio.Task[bool]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._at_rest = False

    def dispatch(self) -> None:
        """Start what may start; be back when the next host's moment comes."""
        loop = asyncio.get_running_loop()
        now = clock.now()
        while self._slots > 0 and not self._at_rest:
            pair = self.scheduler.next(now)
            if pair is None:
                break
            self._slots -= 1
            self._go(*pair, now)
        self._set_timer(loop)

    def went(self, host: Host) -> None:
        """Pass on the slot of a job that was done in the quick manner; its host may not be in its place yet."""
        now = clock.now()
        self._passed += 1
        leaves = self._passed <= self._first_rounds and self._passed % _APART == 0
        try:
            if leaves or self._at_rest:
                self.scheduler.place(host, now)
            pair = None if self._at_rest else self.scheduler.next(now, None if leaves else host)
            if pair is None:
                self._slots += 1
            else:
                self._go(*pair, now)
            if self._slots > 0 and not self._at_rest:
                self.dispatch()
        except Exception as error:  # noqa: BLE001 - nobody above would end the run
            self.fail(error)

    def slowly(self, host: Host, job: Job) -> None:
        """Go on with a job that could not be done in the quick manner."""
        if self._at_rest:
            return
        task = asyncio.get_running_loop().create_task(self._work(host, job))
        self._tasks.add(task)
        task.add_done_callback(self._left)

    def fail(self, error: BaseException) -> None:
        """End the run: this is what nobody could handle."""
        self.error = error
        self._broken()

    def _go(self, host: Host, asked: Job | Question, now: float) -> None:
        job = self._quickly(host, asked, now)
        if job is not None:
            self.slowly(host, job)

    def rest(self) -> None:
        """Start nothing more, and drop what is under way."""
        self._at_rest = True
        self._set_timer(asyncio.get_running_loop())
        for task in self._tasks:
            task.cancel()

    async def leave(self) -> None:
        """Rest, and wait until every task is gone."""
        self.rest()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _set_timer(self, loop: asyncio.AbstractEventLoop) -> None:
        moment = self.scheduler.next_moment() if self._slots > 0 and not self._at_rest else None
        if self._timer is not None:
            if moment is not None and self._timer.when() == moment:
                return
            self._timer.cancel()
            self._timer = None
        if moment is not None:
            self._timer = loop.call_at(moment, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        self.dispatch()

    def _left(self, task: asyncio.Task[bool]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or task.exception() is not None or task.result():
            self._slots += 1
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)
        if not self._at_rest:
            self.dispatch()

    async def _work(self, host: Host, job: Job) -> bool:
        """Do one job after the other while there is any; the host whose connection is warm comes first.

        Return whether the slot is free: not if it went on in the quick manner.
        """
        going: Job | None = job
        while going is not None:
            job = going
            job.task = asyncio.current_task()
            try:
                await self._step(host, job, clock.now())
            except Exception as error:  # noqa: BLE001 - one answer, however odd, must not end the run
                self._failed(job, error)
            job.task = None
            now = clock.now()
            pair = None if self._at_rest else self.scheduler.next(now, host)
            if pair is not None:
                host = pair[0]
            going = None if pair is None else self._quickly(*pair, now)
            if self._slots > 0:
                self.dispatch()
        return pair is None
