"""No test leaves this machine or touches the home directory."""

import ipaddress
import sys
from pathlib import Path
from typing import Any

import pytest


def _stay_here(event: str, args: tuple[Any, ...]) -> None:
    """Refuse every socket address and name that is not this machine's."""
    if event == "socket.connect":
        address = args[1]
        if isinstance(address, tuple) and not ipaddress.ip_address(address[0].partition("%")[0]).is_loopback:
            raise PermissionError(f"a test tried to leave this machine: {address}")
    elif event == "socket.getaddrinfo":
        host = args[0].decode() if isinstance(args[0], bytes) else args[0]
        if host and not _is_local(host):
            raise PermissionError(f"a test tried to resolve {host}")


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


sys.addaudithook(_stay_here)


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test, and every process it starts, an empty home and no settings from outside."""
    import os

    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    for name in list(os.environ):
        if name.startswith(("LINKKEEPER_", "IA_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    return home
