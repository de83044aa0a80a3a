"""The tests are the same whenever they run: no chance, no order, nothing from outside."""

import importlib
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.skipif(os.environ.get("HYPOTHESIS_PROFILE") == "explore", reason="exploring is left to chance")
def test_examples_do_not_depend_on_what_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _examples()
    (tmp_path / "more_strings.py").write_text("".join(f"X{number} = 'more {number}'\n" for number in range(200)))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "more_strings", importlib.import_module("more_strings"))
    assert _examples() == before


def _examples() -> list[str]:
    tried: list[str] = []

    @settings(max_examples=300)
    @given(st.text())
    def look(text: str) -> None:
        tried.append(text)

    look()
    return tried
