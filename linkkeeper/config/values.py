"""What the type of a setting cannot say: durations, zones, patterns, URLs."""

import re
from datetime import tzinfo
from typing import Any

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_557_600}


def seconds(value: float | str) -> float:
    """Return a duration in seconds: a number, or text such as `90`, `10m`, `1y`. Raises ValueError."""
    if isinstance(value, str):
        match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,6})?)\s*([smhdwy]?)", value.strip().lower())
        if not match:
            raise ValueError("a duration is a number of seconds, or a number with s, m, h, d, w or y")
        return float(match[1]) * _UNITS[match[2] or "s"]
    if value < 0:
        raise ValueError("a duration is not negative")
    return float(value)


def zone(name: str) -> tzinfo:
    """Return the time zone (a tzinfo) of that IANA name. Raises ValueError."""
    from datetime import UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a time zone known here") from error


def remapping(rule: str) -> tuple[str, str]:
    """Return pattern and replacement of a remap rule, `FROM TO`. Raises ValueError."""
    parts = rule.split()
    if len(parts) != 2:
        raise ValueError("a remap rule is `FROM TO`: a regular expression, white space, what takes its place")
    try:
        re.sub(parts[0], parts[1], "")
    except (re.error, IndexError) as error:
        raise ValueError(f"{rule!r} cannot be used: {error}") from error
    return parts[0], parts[1]


def check(path: str, value: Any) -> None:
    """Check what the type cannot say. Raises ValueError."""
    match path:
        case "max_time" | "max_wait" | "max_age" | "max_archive_time":
            seconds(value)
        case "include" | "exclude":
            for pattern in value:
                try:
                    re.compile(pattern)
                except re.error as error:
                    raise ValueError(f"not a regular expression: {error}") from error
        case "remap":
            for rule in value:
                remapping(rule)
        case "header":
            for line in value:
                if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*", line):
                    raise ValueError("a header is written `Name: value`")
        case "user_agent":
            if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
                raise ValueError("holds control characters")
        case "allow_host":
            for host in value:
                _check_host(host)
        case "timezone":
            zone(value)
        case "wayback.url" | "wayback.public_url" | "proxy":
            _check_url(path, value)


def _check_host(host: str) -> None:
    if not re.fullmatch(
        r"(\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]]+)(:[0-9]{1,5})?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", host
    ):
        raise ValueError(f"{host!r} is not HOST or HOST:PORT, e.g. 192.168.1.20:8080 (no http://, no path)")


def _check_url(path: str, value: str) -> None:
    schemes = (
        ("http://", "https://", "socks5://", "socks5h://", "socks4://") if path == "proxy" else ("http://", "https://")
    )
    if value and not value.lower().startswith(schemes):
        raise ValueError("must begin with " + " or ".join(schemes[:2]))
    if any(ord(letter) <= 32 for letter in value):
        raise ValueError("holds white space")
