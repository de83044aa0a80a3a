"""The console script's first moments: Ctrl-C while modules are loaded ends in one line, too."""

# Built-in modules and nothing else: what is loaded before the handler stands is not covered, and `signal` loads `enum`,
# which took most of the time in which Ctrl-C still was a traceback (2026-11-20).
import _signal as signal  # type: ignore[import-not-found]  # typeshed describes it as `signal` only
import os
import sys

_INTERRUPTED = 130


def main() -> None:
    """Entry point of the console script."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where it is ignored (`nohup`, `&`)
        signal.signal(signal.SIGINT, _leave)
    from linkkeeper.check import collector
    from linkkeeper.cli import readers

    collector.slow_down()
    readers.begin(sys.argv[1:])
    from linkkeeper.cli import app

    try:
        app.main()
    except SystemExit as end:
        readers.dismiss()
        _end(end.code)
        raise
    finally:
        readers.dismiss()


def _end(code: object) -> None:
    """End here and now, or do nothing: to free all that a run held, piece by piece, takes 20 ms after 20,000 links."""
    import atexit
    import threading

    if threading.active_count() > 1 or not isinstance(code, int):
        return
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # Python has words for that
        return
    os._exit(code)


def started() -> None:
    """Say that a command begins, which ends by itself: from now on Ctrl-C is KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(_number: int, _frame: object) -> None:
    """End at once: nothing was begun. An exception could be swallowed by whatever is being imported."""
    os.write(2, b"linkkeeper: interrupted\n")
    os._exit(_INTERRUPTED)
