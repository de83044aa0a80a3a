"""Runs a command that ends when our standard input does: `serve` holds the other end, so a killed linkkeeper leaves
no pywb behind.

    python -m linkkeeper.archive.local.replayer COMMAND...
"""

import os
import signal
import subprocess
import sys
import threading

_PATIENCE_S = 3.0


def main() -> int:
    """Return the exit code of the command."""
    process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)  # noqa: S603  # what `serve` says
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    threading.Thread(target=_end_with_the_parent, args=(process,), daemon=True).start()
    return process.wait()


def _end_with_the_parent(process: "subprocess.Popen[bytes]") -> None:
    """Wait for the end of standard input; a killed parent closes it too."""
    while os.read(0, 1024):
        pass
    process.terminate()
    try:
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()


if __name__ == "__main__":
    sys.exit(main())
