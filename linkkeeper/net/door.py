"""What is the same in all plain first requests to one origin: made once, not for each URL."""

from msgspec import Struct

from linkkeeper.net.pool import Origin
from linkkeeper.net.target import READY_PATH, Target

LONGEST_PATH = 8 * 1024
"""Characters. A longer request may not fit into the buffer of a new socket, and a wire sends it at once or not."""


class Door(Struct, frozen=True):
    """How HEAD requests without anything configured go to one http origin, at an address that was judged."""

    target: Target
    """Of the first URL that led here."""
    origin: Origin
    address: str
    prefix: str
    """What URLs of the origin begin with, up to their path."""
    fields: str
    """What follows the path in a request."""

    def path(self, url: str) -> str:
        """Return the path (and query) that a URL asks for here, if it is sent as it stands; else nothing."""
        if not url.startswith(self.prefix):
            return ""
        path = url[len(self.prefix) :]
        return path if len(path) <= LONGEST_PATH and READY_PATH.fullmatch(path) else ""

    def request(self, path: str) -> bytes:
        """Return the whole request for a path."""
        return f"HEAD {path}{self.fields}".encode()
