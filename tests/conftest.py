"""No test leaves this machine or touches the home directory."""

import ipaddress
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers


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


_OUTSIDE = ("LINKKEEPER_", "IA_", "GITHUB_", "GITLAB_", "CI_", "XDG_", "GIT_", "LC_")
_OUTSIDE_NAMES = {"CI", "NO_COLOR", "FORCE_COLOR", "PY_COLORS", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES"}
_OUTSIDE_NAMES |= {"TTY_COMPATIBLE", "TTY_INTERACTIVE", "SOURCE_DATE_EPOCH", "PAGER", "LANGUAGE"}
for _name in list(os.environ):
    # What the tests run in (CI, a coloured terminal, a proxy) decides nothing. Some libraries look when imported.
    if _name in _OUTSIDE_NAMES or _name.startswith(_OUTSIDE) or _name.lower().endswith("_proxy"):
        del os.environ[_name]
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, derandomize=False, max_examples=500, print_blob=True)
_PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "repeatable")
settings.load_profile(_PROFILE)
if _PROFILE == "repeatable" and hasattr(providers, "_local_constants"):
    # Hypothesis mixes in strings from our modules, as many as happen to be loaded: which, depends on the tests before.
    providers._get_local_constants = type(providers._local_constants)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that starts us in the background has Ctrl-C ignored, and what the tests start would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    return home
