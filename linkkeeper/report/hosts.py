"""Which host a reported URL belongs to, for counting; URLs that name none count as this site's."""

import re

_HOST = re.compile(r"(?:[a-z][a-z0-9+.\-]*:)?//(?:[^/?#@]*@)?([^/?#]*)", re.IGNORECASE)


def host_of(url: str) -> str:
    """Return the host (and port) of url in lower case, the empty string where it names none. Never raises."""
    found = _HOST.match(url)
    return found.group(1).lower() if found else ""
