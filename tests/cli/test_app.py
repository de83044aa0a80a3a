import subprocess
import sys
from collections.abc import Callable

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
COMMANDS = ("scan", "fix", "undo", "links", "clean", "report", "history", "init", "demo", "archive")
GROUPS = ("save", "status", "verify", "show", "export", "serve")


def test_help_names_every_command(run: Run) -> None:
    done = run("--help")
    assert done.returncode == 0
    assert [name for name in COMMANDS if f"  {name} " not in done.stdout] == []


def test_the_archive_s_help_names_its_commands(run: Run) -> None:
    done = run("archive", "--help")
    assert done.returncode == 0
    assert [name for name in GROUPS if f"  {name} " not in done.stdout] == []


@pytest.mark.parametrize("command", [*COMMANDS[:-1], *(f"archive {name}" for name in GROUPS)])
def test_every_command_has_help_with_examples(run: Run, command: str) -> None:
    done = run(*command.split(), "--help")
    assert done.returncode == 0
    assert f"linkkeeper {command}" in done.stdout
    assert "Examples:" in done.stdout


@pytest.mark.parametrize("command", ["['scan', '--help']", "['archive', 'save', '--help']", "['--help']"])
def test_help_loads_nothing_heavy(command: str) -> None:
    code = (
        "import sys\nfrom linkkeeper.cli.app import app\n"
        f"try:\n    app({command})\nexcept SystemExit:\n    pass\n"
        "heavy = ('aiohttp', 'waybackpy', 'bs4', 'lxml', 'jinja2', 'tqdm', "
        " 'tenacity', 'pyromark', 'warcio', 'asyncio')\n"
        "print('\\n' + ' '.join(name for name in heavy if name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rsplit("\n", 2)[-2] == ""


def test_a_command_loads_no_other() -> None:
    code = (
        "import sys\nfrom linkkeeper.cli.app import main\nsys.argv = ['linkkeeper', 'links', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(*(name for name in ('archive', 'fix', 'links', 'scan') if f'linkkeeper.cli.{name}' in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "links"


def test_the_version_is_the_package_s(run: Run) -> None:
    from importlib.metadata import version

    assert run("--version").stdout == f"linkkeeper {version('linkkeeper')}\n"


def test_a_crash_is_exit_3_and_one_line(run: Run) -> None:
    code = (
        "import sys\nfrom linkkeeper.pipeline import scan\n"
        "def crash(*_): raise RuntimeError('planted')\nscan.scan = crash\n"
        "from linkkeeper.cli.app import main\nsys.argv = ['linkkeeper', 'scan', '.']\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "planted" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("history",), ("archive", "show")])
def test_a_url_that_is_no_text_is_wrong_usage(run: Run, command: tuple[str, ...]) -> None:
    run("scan", "--allow-empty", ".")  # history wants a state
    done = run(*command, "http://host.example/\udce9")
    assert done.returncode == 2, done.stderr
    assert "not UTF-8" in done.stderr
    assert "Traceback" not in done.stderr
