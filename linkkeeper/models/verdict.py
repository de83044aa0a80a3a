"""What was seen of a URL (Reply) and what was concluded from it (Judgement)."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field


class Verdict(StrEnum):
    """The nine answers of the contract (docs/verdicts.md)."""

    OK = "ok"
    REDIRECTED = "redirected"
    DEAD = "dead"
    SUSPECT = "suspect"
    BLOCKED = "blocked"
    INVALID = "invalid"
    PLACEHOLDER = "placeholder"
    SKIPPED = "skipped"
    UNCHECKED = "unchecked"


class Failure(StrEnum):
    """Why no complete HTTP answer was had. The classes that rules tell apart."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    RESET = "reset"
    UNREACHABLE = "unreachable"
    """No route to the network or host: says something about us, not about them."""
    NO_NAME = "no-name"
    """NXDOMAIN: the name does not exist."""
    NO_ADDRESS = "no-address"
    """NODATA: the name exists, without an address."""
    DNS_FAILED = "dns-failed"
    """SERVFAIL, or no resolver answered."""
    TLS_EXPIRED = "tls-expired"
    TLS_SELF_SIGNED = "tls-self-signed"
    TLS_WRONG_HOST = "tls-wrong-host"
    TLS_INCOMPLETE = "tls-incomplete"
    """The chain misses an intermediate certificate; browsers often fill it in."""
    TLS_FAILED = "tls-failed"
    PROTOCOL = "protocol"
    """What came is not HTTP, or HTTP beyond our limits."""
    TOO_MANY_REDIRECTS = "too-many-redirects"
    REDIRECT_LOOP = "redirect-loop"
    BAD_REDIRECT = "bad-redirect"
    """A redirect to something that cannot be requested."""
    PRIVATE_ADDRESS = "private-address"
    """Refused by us: the address is not public and was not allowed (docs/safety)."""
    BAD_URL = "bad-url"
    WAIT_TOO_LONG = "wait-too-long"
    """The host told us to come back later than we may wait."""
    OUT_OF_TIME = "out-of-time"
    """Our own budget (`--max-time`) or an interruption; says nothing about the page."""
    PROXY = "proxy"


class Redirect(Struct, frozen=True, gc=False):
    """One hop: the URL that answered with a 3xx status."""

    url: str
    status: int


class Reply(Struct, frozen=True, gc=False):
    """What one question to a server brought, redirects followed. Seen, not yet judged."""

    url: str
    """As asked."""
    method: str = "GET"
    status: int | None = None
    """Of the last answer; None if none came."""
    final_url: str | None = None
    """Where the last answer came from, after redirects."""
    redirects: tuple[Redirect, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    """Of the last answer: lower-case names, control characters made harmless, in order."""
    body: bytes = b""
    """Decoded (decompressed) beginning of the body, at most `net.client.BODY_LIMIT` bytes."""
    truncated: bool = False
    """More body was there than `body` holds."""
    failure: Failure | None = None
    detail: str = ""
    """One human line about `failure`."""
    requests: int = 0
    """HTTP requests sent for this, hops included."""
    received_bytes: int = 0
    elapsed_ms: int = 0
    retry_after_s: float | None = None

    def header(self, name: str) -> str:
        """Value of the first header of that (lower-case) name, or the empty string."""
        return next((value for key, value in self.headers if key == name), "")


class Judgement(Struct, frozen=True, omit_defaults=True, gc=False):
    """A verdict and the rule that gave it."""

    verdict: Verdict
    rule: str
    """Id of the rule: the same word in code, tests, reports and docs."""
    detail: str = ""
    """One human line: what was seen."""
    signs: tuple[str, ...] = ()
    """For verdicts by evidence (soft-404, parked): each sign that was seen."""


class Finding(Struct, frozen=True, omit_defaults=True, gc=False):
    """What a run knows of one URL (without fragment): its judgement and the facts behind it."""

    url: str
    judgement: Judgement
    status: int | None = None
    final_url: str | None = None
    redirects: tuple[Redirect, ...] = ()
    checked: datetime | None = None
    """UTC; when the server was asked (not when the cache was)."""
    cached: bool = False
    attempts: int = 0
    elapsed_ms: int = 0
    since: datetime | None = None
    """UTC; since when it has been failing without a success in between; None if it is not failing."""
    title: str = ""
    """Title of the page, where one was read."""
    wrong_rule: str = ""
    """Set when the cleaned URL failed and the URL as written works: the cleaning rule at fault."""
    anchors: frozenset[str] | None = field(default=None)
    """Ids and names in the page, if `--fragments` asked for them; else None."""
    missing_fragments: tuple[tuple[str, Judgement], ...] = ()
    """Of the fragments that the question named: those the page does not have, each with why."""
