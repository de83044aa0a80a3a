"""Queues: every URL waits where its host's other URLs do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkkeeper.check import asking
from linkkeeper.check.queues import Queues
from linkkeeper.check.scheduler import Scheduler
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions
from linkkeeper.net.politeness import Pace

_ENDS = ("", "/", "/a", "?a", "#a", "?a/b", "\\a", "/a/b", "//a", "@b/a", ":80/a", ":8/a", ":/a", "b/a")
_URL = st.builds("{}{}{}".format, st.sampled_from(["http://", "https://", "HTTP://", "http:///", "http:\\\\"]),
                 st.sampled_from(["a", "ab", "a.b", "A", "u@a", "中.cn"]), st.sampled_from(_ENDS))  # fmt: skip


@given(st.lists(_URL, max_size=12))
def test_what_is_remembered_is_what_would_be_found(urls: list[str]) -> None:
    client = Client(NetOptions())
    queues = Queues(client, Scheduler(lambda _: Pace(8)))
    for url in urls:
        try:
            wanted = asking.key_at(*client.where(url))
        except ValueError:
            with pytest.raises(ValueError, match=r"."):
                queues.of(url)
        else:
            assert queues.of(url).key == wanted


def test_a_url_without_a_path_is_not_cut_short() -> None:
    queues = Queues(Client(NetOptions()), Scheduler(lambda _: Pace(8)))
    assert [queues.of(url).key for url in ("http://abc", "http://ab/", "http://abc/")] == ["abc", "ab", "abc"]


def test_urls_that_are_asked_elsewhere_are_not_remembered_by_their_site() -> None:
    client = Client(NetOptions(remap=((r"^http://a/b", "http://c/b"),)))
    queues = Queues(client, Scheduler(lambda _: Pace(8)))
    assert [queues.of(url).key for url in ("http://a/a", "http://a/b", "http://a/c")] == ["a", "c", "a"]
