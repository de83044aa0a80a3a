"""Questions on the side: a page to compare with is asked once, however many verdicts wait for it."""

from collections.abc import Callable

from linkkeeper.check.base import Question
from linkkeeper.check.job import Job, Look
from linkkeeper.models.verdict import Reply


class Errands:
    """Errands under way, and who waits for each."""

    def __init__(self, ask: Callable[[Job], None], learn: Callable[[str, Reply], None]) -> None:
        self._ask = ask
        self._learn = learn
        self._waiting: dict[str, list[Callable[[], None]]] = {}

    def send(self, url: str, back: Callable[[], None]) -> None:
        """Ask url unless somebody does already; call back once the answer was learned."""
        waiting = self._waiting.setdefault(url, [])
        waiting.append(back)
        if len(waiting) > 1:
            return
        errand = Job(Question(url), Look.ERRAND)
        errand.then = lambda reply: self._done(url, reply)
        self._ask(errand)

    def _done(self, url: str, reply: Reply) -> None:
        self._learn(url, reply)
        for back in self._waiting.pop(url, ()):
            back()
