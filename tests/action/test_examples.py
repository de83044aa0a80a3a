"""The examples of docs/ci.md: YAML that says what its reader understands, and commands that there are."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/ci.md").read_text("utf-8"), re.DOTALL)
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))


def _commands(node: Any) -> list[str]:
    """Return every shell line in a tree of YAML."""
    if isinstance(node, dict):
        return [line for value in node.values() for line in _commands(value)]
    if isinstance(node, list):
        return [line for value in node for line in _commands(value)]
    return node.splitlines() if isinstance(node, str) else []


def _flags(text: str) -> list[str]:
    scans = [line.strip() for line in text.splitlines() if line.strip().startswith("linkkeeper scan")]
    return [word for line in scans for word in shlex.split(line) if word.startswith("--")]


def test_every_example_is_yaml() -> None:
    assert len(BLOCKS) >= 4
    for block in BLOCKS:
        assert isinstance(yaml.safe_load(block), (dict, list))


def test_the_action_is_used_with_inputs_that_it_has_and_all_are_documented() -> None:
    used = [step for block in BLOCKS for step in _steps(yaml.safe_load(block)) if "linkkeeper/" in step.get("uses", "")]
    assert used
    for step in used:
        assert step["with"].keys() <= ACTION["inputs"].keys()
    table = re.findall(r"^\| `([a-z-]+)` \|", (ROOT / "docs/ci.md").read_text("utf-8"), re.MULTILINE)
    assert set(table) == set(ACTION["inputs"])


def _steps(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, dict):
        own = [node] if "uses" in node else []
        return own + [step for value in node.values() for step in _steps(value)]
    return [step for value in node for step in _steps(value)] if isinstance(node, list) else []


def test_the_commands_of_the_examples_exist() -> None:
    flags = {flag for block in BLOCKS for line in _commands(yaml.safe_load(block)) for flag in _flags(line)}
    assert flags >= {"--since", "--output"}
    help_text = subprocess.run(
        [sys.executable, "-m", "linkkeeper", "scan", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert [flag for flag in flags if flag not in help_text] == []


@pytest.mark.parametrize(
    "file", [".pre-commit-hooks.yaml", ".github/workflows/links.yml", ".github/workflows/check.yml"]
)
def test_our_own_files_are_yaml(file: str) -> None:
    assert yaml.safe_load((ROOT / file).read_text("utf-8"))
