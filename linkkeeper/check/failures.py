"""The table of failures: what to conclude when no complete HTTP answer was had."""

from linkkeeper.check.rule import RuleDoc
from linkkeeper.models.verdict import Failure, Verdict

_D, _S, _B, _U = Verdict.DEAD, Verdict.SUSPECT, Verdict.BLOCKED, Verdict.UNCHECKED

FAILURE_RULES: dict[Failure, RuleDoc] = {
    Failure.TIMEOUT: RuleDoc("timeout", _S, "No answer within the time allowed.", "setting `timeout`", confirms=True),
    Failure.REFUSED: RuleDoc(
        "connection-refused", _S, "The machine is there and nobody listens at that port.", "RFC 9293, 3.5.2", True
    ),
    Failure.RESET: RuleDoc(
        "connection-reset", _S, "The connection broke before an answer was complete.", "RFC 9293, 3.5.2", True
    ),
    Failure.UNREACHABLE: RuleDoc(
        "unreachable", _S, "No route to the host; may be our network as well as theirs.", "RFC 1122, 3.2.2.1", True
    ),
    Failure.NO_NAME: RuleDoc(
        "no-such-name", _D, "The host name does not exist (asked twice, and its parent domain too).", "RFC 2308, 2.1"
    ),
    Failure.NO_ADDRESS: RuleDoc(
        "no-address", _S, "The host name exists and has no address.", "RFC 2308, 2.2", confirms=True
    ),
    Failure.DNS_FAILED: RuleDoc(
        "dns-failed", _S, "The name servers of the domain fail.", "RFC 1035, 4.1.1: SERVFAIL", confirms=True
    ),
    Failure.TLS_EXPIRED: RuleDoc(
        "tls-expired", _S, "The certificate is out of date; browsers warn.", "RFC 5280, 4.1.2.5", confirms=True
    ),
    Failure.TLS_SELF_SIGNED: RuleDoc(
        "tls-self-signed", _S, "The certificate vouches only for itself; browsers warn.", "RFC 5280, 6.1", True
    ),
    Failure.TLS_WRONG_HOST: RuleDoc(
        "tls-wrong-host", _S, "The certificate is for another name; browsers warn.", "RFC 9525, 6", confirms=True
    ),
    # Most browsers fetch or know the missing certificate, so readers get the page: no number of days proves death.
    Failure.TLS_INCOMPLETE: RuleDoc(
        "tls-incomplete",
        _S,
        "The server leaves out an intermediate certificate; most browsers manage all the same.",
        "RFC 5246, 7.4.2; RFC 5280, 4.2.2.1",
    ),
    Failure.TLS_FAILED: RuleDoc("tls-failed", _S, "No encrypted connection could be agreed on.", "RFC 8446, 6.2", True),
    Failure.PROTOCOL: RuleDoc(
        "not-http", _S, "What came back is not HTTP, or HTTP beyond our limits.", "RFC 9112", confirms=True
    ),
    Failure.TOO_MANY_REDIRECTS: RuleDoc(
        "too-many-redirects", _S, "More than 20 redirects, where browsers give up too.", "Fetch standard, 4.4", True
    ),
    Failure.REDIRECT_LOOP: RuleDoc("redirect-loop", _S, "Its redirects lead in a circle.", "RFC 9110, 15.4", True),
    Failure.BAD_REDIRECT: RuleDoc(
        "bad-redirect", _S, "It redirects to something that cannot be requested.", "RFC 9110, 10.2.2", confirms=True
    ),
    Failure.PRIVATE_ADDRESS: RuleDoc(
        "private-address",
        Verdict.SKIPPED,
        "It leads to an address that is not public; `--allow-host` permits one.",
        "RFC 6890",
    ),
    Failure.BAD_URL: RuleDoc("malformed", Verdict.INVALID, "It cannot be requested as written.", "RFC 3986"),
    Failure.WAIT_TOO_LONG: RuleDoc(
        "asked-to-wait", _B, "The host asks us to come back later than `--max-wait` allows.", "RFC 9110, 10.2.3"
    ),
    Failure.OUT_OF_TIME: RuleDoc(
        "out-of-time", _U, "The run ended before this could be asked.", "`--max-time`, Ctrl-C"
    ),
    Failure.PROXY: RuleDoc(
        "proxy-failed", _U, "The proxy in the settings did not pass the request on.", "RFC 9110, 9.3.6"
    ),
}
