"""The crew: where a slot goes after an answer."""

from linkkeeper.check.base import Question
from linkkeeper.check.crew import Crew
from linkkeeper.check.job import Job
from linkkeeper.check.scheduler import Host, Scheduler
from linkkeeper.net.politeness import Pace

_SLOTS, _HOSTS, _QUESTIONS = 16, 40, 12


class _Web:
    """Hosts with equally many questions, all answered in rounds, in the order in which they were asked."""

    def __init__(self) -> None:
        self.scheduler = Scheduler(lambda _: Pace(8))
        self.crew = Crew(self.scheduler, _SLOTS, self._slow, self._asked, lambda *_: None)
        self.under_way: list[Host] = []
        self.asked = 0
        self.known: set[str] = set()
        self.most_open = 0
        for number in range(_HOSTS * _QUESTIONS):
            host = self.scheduler.host(f"{number % _HOSTS}.example")
            self.scheduler.add(host, Question(f"http://{host.key}/{number}"), 0.0)

    async def _slow(self, host: Host, job: Job, now: float) -> None:
        raise AssertionError("nothing here is slow")

    def _asked(self, host: Host, _asked: Job | Question, _now: float) -> None:
        self.under_way.append(host)
        self.asked += 1

    def round(self) -> int:
        """Answer all that is under way; return how many hosts were asked for the first time in it."""
        new = {host.key for host in self.under_way} - self.known
        self.known |= new
        self.most_open = max(self.most_open, len([one for one in self.known if self.scheduler.hosts[one].queue]))
        answered, self.under_way = self.under_way, []
        for host in answered:
            host.pace.accepted(0.0)
            self.scheduler.place(host, 0.0)
            self.crew.went(host)
        return len(new)


async def test_connections_are_opened_a_few_at_a_time_though_all_hosts_have_equally_much_to_ask() -> None:
    web = _Web()
    web.crew.dispatch()
    opened = []
    while web.under_way:
        opened.append(web.round())
    assert opened[0] == _SLOTS
    assert sum(opened) == _HOSTS
    assert max(opened[1:]) <= _SLOTS // 2
    assert web.asked == _HOSTS * _QUESTIONS
    assert web.most_open <= 2 * _SLOTS + 1, "hosts are left half done only in the first rounds"
