"""Who holds something that processes share: what a killed one held is free at once, on this machine at least."""

import os
import secrets
import socket


def new() -> str:
    """Return a name for a holder in this process; no two are the same."""
    return f"{secrets.token_hex(8)} {os.getpid()} {socket.gethostname()}"


def is_gone(holder: str) -> bool:
    """Tell whether a holder is known to have ended: it ran on this machine, and does no more. False if nobody knows."""
    _, pid, host = (*holder.split(" ", 2), "", "")[:3]
    if host != socket.gethostname() or not pid.isdecimal() or os.name != "posix":
        return False
    try:
        os.kill(int(pid), 0)  # asks only whether it is there
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
