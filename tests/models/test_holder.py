"""Holders of what processes share."""

import socket
import subprocess
import sys

import pytest

from linkkeeper.models import holder


def test_a_process_that_lives_is_not_gone_and_one_that_ended_is() -> None:
    assert not holder.is_gone(holder.new())
    program = "from linkkeeper.models import holder; print(holder.new())"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
    assert holder.is_gone(ended)
    assert not holder.is_gone(ended.rsplit(" ", 1)[0] + " another-machine")


@pytest.mark.parametrize("name", ["", " ", "token", "token x host", "token 99999999999999999999999 host", "a b c d"])
def test_what_nobody_can_read_says_nothing(name: str) -> None:
    assert not holder.is_gone(name)
    assert not holder.is_gone(name.replace("host", socket.gethostname()))
