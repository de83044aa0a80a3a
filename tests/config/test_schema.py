"""The JSON Schema for editors says of a settings file what `load` says."""

import json
import re
import tomllib
from importlib import resources
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from linkkeeper.config.load import load
from linkkeeper.config.settings import fields
from linkkeeper.config.show import as_toml
from linkkeeper.errors import UsageError

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    text = (resources.files("linkkeeper.config") / "settings.schema.json").read_text("utf-8")
    Draft202012Validator.check_schema(json.loads(text))
    return Draft202012Validator(json.loads(text))


def test_every_setting_is_in_it_with_its_description(schema: Draft202012Validator) -> None:
    whole = schema.schema
    assert isinstance(whole, dict)
    for item in fields():
        group, _, key = item.path.rpartition(".")
        table = whole if not group else whole["$defs"][f"{group.capitalize()}Settings"]
        assert table["properties"][key]["description"] == item.description


def test_the_defaults_and_the_documented_example_are_valid(schema: Draft202012Validator, tmp_path: Path) -> None:
    schema.validate(tomllib.loads(as_toml(load({}, start=tmp_path))))
    for example in re.findall(r"```toml\n(\[tool.*?)```", (ROOT / "docs/settings.md").read_text("utf-8"), re.DOTALL):
        schema.validate(tomllib.loads(example))


@pytest.mark.parametrize(
    "text",
    [
        'paths = "content"',
        "include-verbatim = true",
        'fail_on = ["dead"]',
        'fail-on = "dead,suspect"',
        "max_time = 90",
        'max-time = "1.5 H"',
        '[tool.linkkeeper]\nmax_wait = "1d"',
        '[archive]\nolder_than = ""',
        '[host."a.example"]\nper_host = 1\naccept = [403]\nverdicts = {http-gone = "ok"}',
        '[timegate]\nx = "https://x.example/"',
        "tiemout = 3",
        'timeout = "3"',
        "timeout = 0",
        "retries = 6",
        'max_time = "soon"',
        "max_time = -1",
        'fail_on = ["ded"]',
        "[wayback]\nrates = 3",
        '[host."a.example"]\nper-host = 1',
        '[host."a.example"]\nverdicts = {http-gone = "fine"}',
    ],
)
def test_it_takes_what_the_program_takes(text: str, schema: Draft202012Validator, tmp_path: Path) -> None:
    file = tmp_path / "linkkeeper.toml"
    file.write_text(text)
    try:
        load({}, str(file))
    except UsageError:
        taken = False
    else:
        taken = True
    assert schema.is_valid(tomllib.loads(text)) is taken
