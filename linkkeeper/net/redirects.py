"""Where a Location header leads: RFC 3986 section 5, byte for byte, forgiving as browsers are. Pure."""

import re

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_WEB = ("http", "https")
_EDGES = "".join(map(chr, range(0x21)))
_AUTHORITY = re.compile(r"([a-z]+)://([^/?#]*)([^?#]*)(\?[^#]*)?", re.IGNORECASE)


def location(raw: bytes) -> str:
    """Decode the header's bytes so that the server is asked for the very bytes it sent.

    UTF-8 where it is valid; any other byte above 0x7F becomes its percent-escape.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in raw)
    return text.strip(_EDGES).translate({9: None, 10: None, 13: None})


def join(base: str, reference: str) -> str:
    """Return the absolute URL that `reference` means in a page at `base` (an http or https URL).

    Dot segments stay: `urls.normalise.request_url` resolves them. A scheme other than http and https comes
    back as it stands. Raises ValueError if nothing can be made of it.
    """
    match = _SCHEME.match(reference)
    if match:
        scheme = match[1].lower()
        if scheme not in _WEB:
            return reference
        rest = reference[match.end() :].replace("\\", "/", 2)
        if rest.startswith("/") or scheme != _scheme_of(base):
            return f"{scheme}://{rest.lstrip('/')}"
        reference = rest
    return _relative(base, reference)


def _scheme_of(base: str) -> str:
    return base.partition(":")[0].lower()


def _relative(base: str, reference: str) -> str:
    parts = _AUTHORITY.match(base)
    if parts is None:
        raise ValueError("no base to resolve against")
    scheme, authority, path, query = parts[1], parts[2], parts[3] or "/", parts[4] or ""
    target, mark, fragment = reference.partition("#")
    where, question, asked = target.partition("?")
    where = where.replace("\\", "/")
    tail = question + asked
    if where.startswith("//"):
        return f"{scheme}:{where}{tail}{mark}{fragment}"
    if not where:
        return f"{scheme}://{authority}{path}{tail or query}{mark}{fragment}"
    if not where.startswith("/"):
        where = path.rpartition("/")[0] + "/" + where
    return f"{scheme}://{authority}{where}{tail}{mark}{fragment}"
