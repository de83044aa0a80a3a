"""How a page and its requisites are asked for: header fields, and what a referrer policy lets us tell. Pure."""

from linkkeeper.net import headers
from linkkeeper.net.options import NetOptions

ENCODINGS = "gzip, br"
"""What every player reads, for a copy is to be readable for long: pywb 2.10 has no zstd, ReplayWeb.page no deflate."""
_SILENT = frozenset({"no-referrer", "never"})
_ORIGINS = frozenset({"origin", "strict-origin"})


def page_fields(options: NetOptions, browser: bool) -> str:
    """Return the header lines of a request for a page; `browser`: as browsers have them, for the second attempt."""
    own = headers.BROWSER if browser else headers.OWN
    return _lines(_agent(options, browser), own)


def requisite_fields(options: NetOptions, browser: bool, referer: str) -> str:
    """Return the header lines of a request for a requisite."""
    language = next(field for field in (headers.BROWSER if browser else headers.OWN) if field[0] == "Accept-Language")
    fields = (("Accept", "*/*"), language, ("Accept-Encoding", ENCODINGS))
    return _lines(_agent(options, browser), (*fields, ("Referer", referer)) if referer else fields)


def referer(source: str, url: str, policy: str = "") -> str:
    """Return what a page at source tells when it loads url: as strict-origin-when-cross-origin has it, or less."""
    scheme, _, rest = source.partition("://")
    same = _origin(source) == _origin(url)
    silent = policy in _SILENT or (policy == "same-origin" and not same)
    if silent or (scheme.lower() == "https" and not url.lower().startswith("https:")):
        return ""
    if same and policy not in _ORIGINS:
        return source if source.isascii() and source.isprintable() else ""
    host = rest.partition("/")[0].partition("?")[0]
    return f"{scheme}://{host}/" if host.isascii() and host.isprintable() else ""


def _origin(url: str) -> str:
    return "/".join(url.split("/", 3)[:3]).lower()


def _agent(options: NetOptions, browser: bool) -> tuple[str, str]:
    return ("User-Agent", options.user_agent or (headers.BROWSER_AGENT if browser else headers.OWN_AGENT))


def _lines(agent: tuple[str, str], fields: tuple[tuple[str, str], ...]) -> str:
    return headers.lines(
        (agent, *((name, ENCODINGS if name == "Accept-Encoding" else value) for name, value in fields))
    )
