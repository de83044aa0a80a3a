"""Ctrl-C while modules are loaded ends in one line and exit 130."""

import os
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


def test_the_end_is_quick_and_leaves_out_nothing_that_others_wait_for() -> None:
    """What is to be done at exit is done, what is to be printed is printed, what is held is not taken apart."""
    held = (
        "import os\nclass Held:\n    def __del__(self, write=os.write):\n        write(1, b'apart')\nos.held = Held()\n"
    )
    code = f"import sys, atexit\n{held}atexit.register(print, 'at exit')\nsys.argv = ['linkkeeper', '--version']\n"
    done = _ended(code)
    assert done.returncode == 0
    assert done.stdout.splitlines()[1:] == ["at exit"]
    assert done.stdout.startswith("linkkeeper ")


def test_another_thread_is_waited_for() -> None:
    late = "threading.Thread(target=lambda: (time.sleep(0.2), print('late'))).start()\n"
    done = _ended(f"import sys, threading, time\n{late}sys.argv = ['linkkeeper', '--nonsense']\n")
    assert done.returncode == 2
    assert done.stdout == "late\n"


def _ended(before: str) -> "subprocess.CompletedProcess[str]":
    code = before + "from linkkeeper.cli.starting import main\nsys.exit(main())\n"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False, env=environment
    )
