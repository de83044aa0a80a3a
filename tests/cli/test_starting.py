"""Ctrl-C while modules are loaded ends in one line and exit 130."""

import subprocess
import sys

PRESS = """
import os, signal, sys
class Press:
    def find_spec(self, name, path=None, target=None):
        if name == "linkkeeper.cli.app":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Press())
sys.argv = ["linkkeeper", "--version"]
"""


def _pressed(before: str = "") -> "subprocess.CompletedProcess[str]":
    code = PRESS + before + "from linkkeeper.cli.starting import main\nmain()\n"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)


def test_ctrl_c_during_the_start_is_one_line() -> None:
    done = _pressed()
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "linkkeeper: interrupted\n")


def test_who_ignores_ctrl_c_goes_on() -> None:
    done = _pressed("signal.signal(signal.SIGINT, signal.SIG_IGN)\n")
    assert done.returncode == 0
    assert done.stdout.startswith("linkkeeper ")


def test_nothing_is_loaded_before_the_handler_stands() -> None:
    """Each module would add to the time in which Ctrl-C is a traceback of Python's."""
    code = "import sys; old = set(sys.modules); import linkkeeper.cli.starting; print(sorted(set(sys.modules) - old))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "['linkkeeper', 'linkkeeper.cli', 'linkkeeper.cli.starting']\n"
