"""Asks about each repair before it is made."""

from collections.abc import Callable
from itertools import groupby

from msgspec import structs

from linkkeeper.fix import diff
from linkkeeper.models.edit import Edit, Plan, Refusal

DECLINED = "declined"
NOT_ASKED = "not asked about any more"
QUESTION = "  make this repair? [y]es, [N]o, [a]ll from here on, [q]uit: "
Ask = Callable[[str], str]
"""Shows a text and returns the answer: its first letter in lower case, empty for none."""


class Chooser:
    """Holds what was answered so far: `a` makes all further repairs, `q` none."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._for_all: bool | None = None

    def choose(self, plan: Plan) -> Plan:
        """Return plan with the repairs that were agreed to; the others are refused."""
        kept: list[Edit] = []
        declined: list[Refusal] = []
        in_order = sorted(plan.edits, key=lambda edit: (edit.link.span, edit.span))
        for _, group in groupby(in_order, key=lambda edit: edit.link.span):
            edits = list(group)
            was_quit = self._for_all is False
            if self._agreed(plan.document, edits[0]):
                kept += edits
            else:
                declined.append(Refusal(edits[0].link, edits[0].repair, NOT_ASKED if was_quit else DECLINED))
        kept.sort(key=lambda edit: edit.span)
        return structs.replace(plan, edits=tuple(kept), refusals=(*plan.refusals, *declined))

    def _agreed(self, document: str, edit: Edit) -> bool:
        if self._for_all is not None:
            return self._for_all
        shown = f"{document}\n{diff.mark(edit)}\n{QUESTION}"
        while (answer := self._ask(shown)) not in ("y", "n", "a", "q", ""):
            shown = QUESTION
        if answer in ("a", "q"):
            self._for_all = answer == "a"
        return answer in ("y", "a")
