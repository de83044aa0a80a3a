"""How many files, and so connections, this process may have open."""

import contextlib

_RESERVE = 96
"""Kept free for documents, the state, reports and libraries."""
_WITHOUT_LIMIT = 4096


def raise_limit() -> int:
    """Raise the soft limit on open files to the hard one; return how many connections fit below it."""
    try:
        import resource
    except ImportError:  # Windows: sockets are not files there
        return _WITHOUT_LIMIT
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    if soft == resource.RLIM_INFINITY:
        return _WITHOUT_LIMIT
    return max(8, min(soft - _RESERVE, _WITHOUT_LIMIT))
