"""The table of payloads that are held: as a dict, in less memory."""

import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.archive.local.table import Table

_STEPS = st.lists(st.tuples(st.sampled_from(["add", "forget"]), st.integers(0, 40), st.integers(0, 2**62)), max_size=80)


@settings(max_examples=100, deadline=None)
@given(_STEPS)
def test_it_holds_what_a_dict_would(steps: list[tuple[str, int, int]]) -> None:
    table, truth = Table(), dict[str, int]()
    for step, name, number in steps:
        text = f"sha1:{name}"
        if step == "add":
            table.add(text, number)
            truth.setdefault(text, number)
        else:
            table.forget(text)
            truth.pop(text, None)
    assert {name: table.get(f"sha1:{name}") for name in range(41)} == {
        name: truth.get(f"sha1:{name}") for name in range(41)
    }


def test_it_grows_and_stays_small() -> None:
    tracemalloc.start()
    table = Table()
    for number in range(100_000):
        table.add(f"sha1:{number}", number)
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert size < 5_000_000
    assert all(table.get(f"sha1:{number}") == number for number in range(0, 100_000, 97))
    assert table.get("sha1:none") is None
