"""Certificates: what we trust, and which of the known ways a bad one is bad."""

import contextlib
import ssl
from functools import cache

from linkkeeper.errors import UsageError
from linkkeeper.models.verdict import Failure

_BY_CODE = {
    9: Failure.TLS_EXPIRED,  # not yet valid: the other end of the same fault
    10: Failure.TLS_EXPIRED,
    18: Failure.TLS_SELF_SIGNED,
    19: Failure.TLS_SELF_SIGNED,
    2: Failure.TLS_INCOMPLETE,
    20: Failure.TLS_INCOMPLETE,
    21: Failure.TLS_INCOMPLETE,
    62: Failure.TLS_WRONG_HOST,
    64: Failure.TLS_WRONG_HOST,
}
"""X509_V_ERR_… of OpenSSL (x509_vfy.h)."""


@cache
def context(insecure: bool = False, ca_file: str = "", client_cert: str = "") -> ssl.SSLContext:
    """Return the settings of a client that verifies as browsers do (or, insecure, not at all).

    Raises UsageError for a file that cannot be used.
    """
    made = ssl.create_default_context()
    try:
        if ca_file:
            made.load_verify_locations(ca_file)
        if client_cert:
            made.load_cert_chain(client_cert)
    except (OSError, ssl.SSLError) as problem:
        raise UsageError(
            f"certificate file {ca_file or client_cert}: {problem}", "give a readable PEM file"
        ) from problem
    made.set_alpn_protocols(["http/1.1"])
    with contextlib.suppress(ssl.SSLError):
        made.set_ciphers("DEFAULT:@SECLEVEL=1")  # as browsers: distributions refuse more than they do
    made.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4) | getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    if insecure:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made


def failure_of(error: ssl.SSLError) -> tuple[Failure, str]:
    """Name the class of a failed handshake, with a line for people."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _BY_CODE.get(error.verify_code, Failure.TLS_FAILED), f"certificate: {error.verify_message}"
    return Failure.TLS_FAILED, f"TLS: {(error.reason or str(error)).replace('_', ' ').lower()}"
