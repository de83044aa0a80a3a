"""What is loaded only when the first request needs it: aiohttp takes a tenth of a second."""

import asyncio
import errno
from collections.abc import Callable

NO_FILES = (errno.EMFILE, errno.ENFILE)
_PAUSE_S = 0.05
_TRIES = 60


async def load(free_files: Callable[[], None]) -> None:
    """Load it, outside the time that a server has. Raises OSError if no file can be opened for it, for three seconds.

    free_files: closes what nobody is at.
    """
    for left in reversed(range(_TRIES)):
        try:
            from linkkeeper.net import connection, failures  # noqa: F401 - loaded is what it is to be

            failures.expected()
            return
        except OSError as error:
            if error.errno not in NO_FILES or not left:
                raise
        free_files()
        await asyncio.sleep(_PAUSE_S)
