"""What is sent: request line, header lines, body."""

import re
from typing import TYPE_CHECKING

from linkkeeper.net import headers
from linkkeeper.net.cookies import CookieFile
from linkkeeper.net.options import NetOptions
from linkkeeper.net.target import Target
from linkkeeper.net.trip import Trip

if TYPE_CHECKING:
    from linkkeeper.net.connection import Connection
    from linkkeeper.net.proxy import Proxy
    from linkkeeper.net.tape import Tape

_ACCEPT = re.compile(r"^Accept: [^\r]*\r\n", re.MULTILINE)


class Requests:
    """Writes requests as the settings have them."""

    def __init__(self, options: NetOptions, proxy: "Proxy | None") -> None:
        """Raises UsageError for a cookies file that cannot be used."""
        self._options, self._proxy = options, proxy
        self._cookies = CookieFile(options.cookies) if options.cookies else None
        self.plain = not (self._cookies or proxy or options.headers or options.hosts)
        """Nothing is configured that some requests would carry."""
        agent = options.user_agent
        self._own = headers.lines((("User-Agent", agent or headers.OWN_AGENT), *headers.OWN))
        self._browser = headers.lines((("User-Agent", agent or headers.BROWSER_AGENT), *headers.BROWSER))

    def after_path(self, where: Target) -> str:
        """Return what follows the path in an ordinary request to an origin, if nothing more is configured for it."""
        return f" HTTP/1.1\r\nHost: {where.authority}\r\n{self._own}\r\n"

    def of(self, trip: Trip) -> bytes:
        """Return the request for the present hop of a trip."""
        where, how = trip.target, trip.how
        path = self._proxy.path(where) if self._proxy else where.path
        more = self._more_fields(trip)
        fields = self._browser if how.browser else self._own
        if how.headers and any(name.lower() == "accept" for name, _ in how.headers):
            fields = _ACCEPT.sub("", fields, count=1)
        head = f"{how.method} {path} HTTP/1.1\r\nHost: {where.authority}\r\n{fields}{more}"
        if not how.form:
            return f"{head}\r\n".encode()
        return f"{head}{headers.lines(headers.form(how.form))}\r\n".encode() + how.form

    def on_tape(self, trip: Trip, tape: "Tape", link: "Connection") -> bytes:
        """Return the request; note on the tape as much of it as anybody may see."""
        where = trip.target
        shown = f"Host: {where.authority}\r\n{tape.fields}"
        peer = link.transport.get_extra_info("peername") if link.transport and not self._proxy else None
        tape.url, tape.address = where.url, str(peer[0]) if peer else ""
        tape.request = f"GET {where.path} HTTP/1.1\r\n{shown}\r\n".encode()
        path = self._proxy.path(where) if self._proxy else where.path
        return f"GET {path} HTTP/1.1\r\n{shown}{self._more_fields(trip)}\r\n".encode()

    def _more_fields(self, trip: Trip) -> str:
        """Return what only this origin may see: credentials, cookies, configured fields."""
        where = trip.target
        if self.plain and not (trip.cookies or trip.how.headers or where.authorization or trip.first.authorization):
            return ""
        cookies = [
            trip.cookies.header(where) if trip.cookies else "",
            self._cookies.header(where) if self._cookies else "",
        ]
        cookie = "; ".join(filter(None, cookies))
        more = [("Cookie", cookie)] if cookie else []
        if trip.at_home:
            special = self._options.hosts.get(where.host)
            more += [*self._options.headers, *(special.headers if special else ()), *trip.how.headers]
            if trip.first.authorization:
                more.append(("Authorization", trip.first.authorization))
        elif where.authorization:
            more.append(("Authorization", where.authorization))
        if self._proxy and self._proxy.authorization and where.scheme == "http":
            more.append(("Proxy-Authorization", self._proxy.authorization))
        return headers.lines(more) if more else ""
