"""The whole check, against the small web and against hostile servers."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from linkkeeper.check.base import CheckOptions, HostCheck, Question, Tools
from linkkeeper.check.evidence import Evidence
from linkkeeper.check.runner import Runner
from linkkeeper.demo.web import SmallWeb
from linkkeeper.models.verdict import Finding, Judgement, Reply, Verdict
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions

FAST = CheckOptions(retry_delay_s=0.05, look_delay_s=0.05)


async def check(
    urls: Iterable[str | Question], net: NetOptions, options: CheckOptions = FAST, tools: Tools | None = None
) -> dict[str, Finding]:
    """Check some URLs; return the findings by URL."""
    questions = [Question(url) if isinstance(url, str) else url for url in urls]
    async with Client(net) as client:
        runner = Runner(client, tools, options)
        return {finding.url: finding async for finding in runner.run(questions)}


async def verdict(web: SmallWeb, host: str, path: str, options: CheckOptions = FAST) -> Finding:
    """Check one URL of the small web."""
    url = web.url(host, path)
    return (await check([url], NetOptions(timeout_s=3, allow_hosts=web.hosts), options))[url]


@pytest.mark.parametrize(
    ("host", "path", "wanted", "rule"),
    [
        ("living", "/posts/tea", Verdict.OK, "http-success"),
        ("living", "/paper.pdf", Verdict.OK, "http-success"),
        ("moved", "/old/tea", Verdict.REDIRECTED, "moved-permanently"),
        ("moved", "/away/tea", Verdict.OK, "http-success"),
        ("moved", "/lost/tea", Verdict.DEAD, "http-gone"),
        ("gone", "/2019/tea", Verdict.DEAD, "http-gone"),
        ("blocked", "/tea", Verdict.BLOCKED, "http-refused"),
        ("botwall", "/tea", Verdict.BLOCKED, "bot-wall"),
        ("flaky", "/tea", Verdict.OK, "http-success"),
        ("slow", "/tea", Verdict.OK, "http-success"),
        ("softgone", "/2019/tea", Verdict.DEAD, "soft-404"),
        ("login", "/members/tea", Verdict.BLOCKED, "login-wall"),
        ("loop", "/a", Verdict.SUSPECT, "redirect-loop"),
        ("cookie", "/tea", Verdict.OK, "http-success"),
        ("headless", "/tea", Verdict.OK, "http-success"),
        ("limited", "/tea", Verdict.OK, "http-success"),
        ("down", "/tea", Verdict.SUSPECT, "http-unavailable"),
    ],
)
async def test_each_kind_of_host_gets_its_verdict(
    small_web: SmallWeb, host: str, path: str, wanted: Verdict, rule: str
) -> None:
    finding = await verdict(small_web, host, path)
    assert (finding.judgement.verdict, finding.judgement.rule) == (wanted, rule)
    errands = [seen for seen in small_web.seen if seen.path == "/" or "/linkkeeper-" in seen.path]
    assert finding.attempts == len(small_web.seen) - len(errands)
    assert finding.attempts <= 6


async def test_a_file_is_asked_by_head_alone(small_web: SmallWeb) -> None:
    await verdict(small_web, "living", "/paper.pdf")
    assert [seen.method for seen in small_web.seen] == ["HEAD"]


async def test_the_second_look_comes_as_a_browser_by_another_method(small_web: SmallWeb) -> None:
    await verdict(small_web, "gone", "/tea")
    first, second = [dict(seen.headers) for seen in small_web.seen if seen.path == "/tea"]
    assert [seen.method for seen in small_web.seen if seen.path == "/tea"] == ["HEAD", "GET"]
    assert "linkkeeper" in first["User-Agent"]
    assert "Sec-Fetch-Mode" in second


async def test_a_404_is_no_proof_where_the_home_page_refuses_us_too(raw_web: Any) -> None:
    raw_web.answers = {"/": 403}
    finding = (await check([raw_web.url("/tea")], raw_web.net))[raw_web.url("/tea")]
    assert (finding.judgement.verdict, finding.judgement.rule) == (Verdict.BLOCKED, "gone-unproven")


async def test_a_404_where_other_pages_live_needs_no_look_at_the_home_page(raw_web: Any) -> None:
    raw_web.answers = {"/living": 200}
    findings = await check([raw_web.url("/living"), raw_web.url("/tea")], raw_web.net)
    assert findings[raw_web.url("/tea")].judgement.verdict is Verdict.DEAD
    assert "/" not in {path for _, path in raw_web.seen}


async def test_one_404_alone_is_no_proof(raw_web: Any) -> None:
    raw_web.script = {"/tea": [503, 503, 404, 200]}
    finding = (await check([raw_web.url("/tea")], raw_web.net))[raw_web.url("/tea")]
    assert finding.judgement.verdict is Verdict.OK


async def test_a_head_that_lies_about_death_is_corrected(raw_web: Any) -> None:
    raw_web.script = {"/tea": [404, 200]}
    finding = (await check([raw_web.url("/tea")], raw_web.net))[raw_web.url("/tea")]
    assert finding.judgement.verdict is Verdict.OK


async def test_a_head_that_lies_about_life_is_corrected(raw_web: Any) -> None:
    raw_web.script = {"/tea": [200, 404, 404]}
    raw_web.answers = {"/": 200}
    finding = (await check([raw_web.url("/tea")], raw_web.net))[raw_web.url("/tea")]
    assert finding.judgement.verdict is Verdict.DEAD


async def test_a_host_without_head_is_asked_by_get_once_that_is_known(small_web: SmallWeb) -> None:
    urls = [small_web.url("headless", f"/{n}") for n in range(40)]
    findings = await check(urls, NetOptions(timeout_s=3, allow_hosts=small_web.hosts), CheckOptions(per_host=1))
    assert {finding.judgement.verdict for finding in findings.values()} == {Verdict.OK}
    assert [seen.method for seen in small_web.seen].count("HEAD") <= 3


async def test_a_cleaned_url_that_fails_is_asked_as_written(small_web: SmallWeb) -> None:
    cleaned, written = small_web.url("gone", "/tea"), small_web.url("living", "/tea?id=1")
    question = Question(cleaned, written=written, wrong_rule="strip-id")
    finding = (await check([question], NetOptions(timeout_s=3, allow_hosts=small_web.hosts)))[cleaned]
    assert (finding.judgement.verdict, finding.wrong_rule) == (Verdict.OK, "strip-id")


async def test_where_both_fail_the_rule_is_not_to_blame(small_web: SmallWeb) -> None:
    cleaned, written = small_web.url("gone", "/tea"), small_web.url("gone", "/tea?id=1")
    finding = (await check([Question(cleaned, written)], NetOptions(timeout_s=3, allow_hosts=small_web.hosts)))[cleaned]
    assert (finding.judgement.verdict, finding.wrong_rule) == (Verdict.DEAD, "")


async def test_each_url_is_asked_once(small_web: SmallWeb) -> None:
    url = small_web.url("living", "/paper.pdf")
    findings = await check([url, url, url], NetOptions(timeout_s=3, allow_hosts=small_web.hosts))
    assert len(findings) == 1
    assert len(small_web.seen) == 1


async def test_a_retry_after_past_the_limit_is_blocked_at_once(raw_web: Any) -> None:
    raw_web.answers = {"/tea": 429}
    raw_web.fields = b"Retry-After: 3600\r\n"
    started = time.monotonic()
    finding = (await check([raw_web.url("/tea")], raw_web.net))[raw_web.url("/tea")]
    assert (finding.judgement.verdict, finding.attempts) == (Verdict.BLOCKED, 1)
    assert time.monotonic() - started < 30


async def test_a_host_that_wants_none_of_us_is_not_asked_for_every_page(raw_web: Any) -> None:
    urls = [raw_web.url(f"/{n}") for n in range(100)]
    raw_web.answers = {f"/{n}": 429 for n in range(100)}
    raw_web.fields = b"Retry-After: 3600\r\n"
    started = time.monotonic()
    findings = await check(urls, raw_web.net)
    assert {finding.judgement.rule for finding in findings.values()} == {"asked-to-wait"}
    assert len(findings) == 100
    assert len(raw_web.seen) <= 8
    assert time.monotonic() - started < 30


async def test_a_retry_after_within_the_limit_is_waited_for(raw_web: Any) -> None:
    raw_web.script = {"/tea": [429, 200]}
    raw_web.fields = b"Retry-After: 1\r\n"
    started = time.monotonic()
    finding = (await check([raw_web.url("/tea")], raw_web.net))[raw_web.url("/tea")]
    assert finding.judgement.verdict is Verdict.OK
    assert time.monotonic() - started >= 1


async def test_a_waiting_host_holds_up_nobody_else(raw_web: Any, small_web: SmallWeb) -> None:
    raw_web.answers = {"/tea": 429}
    raw_web.fields = b"Retry-After: 2\r\n"
    net = NetOptions(timeout_s=3, allow_private=True)
    times: dict[str, float] = {}
    started = time.monotonic()
    async with Client(net) as client:
        runner = Runner(client, None, CheckOptions(concurrency=1, max_wait_s=3))
        urls = [raw_web.url("/tea"), *(small_web.url("living", f"/{n}.pdf") for n in range(5))]
        async for finding in runner.run(Question(url) for url in urls):
            times[finding.url] = time.monotonic() - started
    assert max(times[url] for url in urls[1:]) < 1


async def test_no_more_than_the_limit_are_at_once_at_one_host(raw_web: Any) -> None:
    raw_web.answers = {f"/{n}": 200 for n in range(60)}
    raw_web.latency_s = 0.02
    await check([raw_web.url(f"/{n}") for n in range(60)], raw_web.net, CheckOptions(per_host=8))
    assert 4 <= raw_web.most_at_once <= 8


async def test_a_host_whose_questions_come_bit_by_bit_keeps_its_connection(
    raw_web: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linkkeeper.check.runner._FEED", 2)
    raw_web.answers = {f"/{n}": 200 for n in range(4)}
    hosts = [raw_web.url("").replace("127.0.0.1", f"h{n}.localhost") for n in range(30)]
    urls = [f"{host}/{n}" for n in range(4) for host in hosts]
    await check(urls, NetOptions(timeout_s=5, allow_private=True))
    assert len(raw_web.seen) >= 4 * len(hosts)
    assert raw_web.connections < 3 * len(hosts)  # a second one for the look at a page, beside the next HEAD


async def test_redirects_from_many_hosts_to_one_are_held_to_its_limit(raw_web: Any, small_web: SmallWeb) -> None:
    raw_web.answers = {f"/{n}": 200 for n in range(40)}
    raw_web.latency_s = 0.02
    gates = [await type(raw_web).started() for _ in range(10)]
    for gate in gates:
        gate.target = raw_web.url("")
    urls = [gate.url(f"/{n}") for gate in gates for n in range(4)]
    findings = await check(urls, raw_web.net)
    assert {finding.judgement.verdict for finding in findings.values()} == {Verdict.OK}
    assert raw_web.most_at_once <= 8
    for gate in gates:
        await gate.close()


async def test_a_host_that_cannot_be_reached_is_not_asked_for_every_page(unused_tcp_port: int) -> None:
    urls = [f"http://127.0.0.1:{unused_tcp_port}/{n}" for n in range(200)]
    started = time.monotonic()
    findings = await check(urls, NetOptions(timeout_s=3, allow_private=True))
    assert {finding.judgement.rule for finding in findings.values()} == {"connection-refused"}
    assert len(findings) == 200
    assert time.monotonic() - started < 5


async def test_a_private_address_is_skipped_and_never_reached(raw_web: Any) -> None:
    findings = await check([raw_web.url("/tea"), "http://10.1.2.3/", "http://localhost/x"], NetOptions(timeout_s=1))
    assert {finding.judgement.verdict for finding in findings.values()} == {Verdict.SKIPPED}
    assert raw_web.seen == []


async def test_a_status_that_the_settings_accept_is_alive(raw_web: Any) -> None:
    raw_web.answers = {"/tea": 418}
    options = CheckOptions(hosts={"127.0.0.1": HostCheck(accept=frozenset({418}))})
    finding = (await check([raw_web.url("/tea")], raw_web.net, options))[raw_web.url("/tea")]
    assert (finding.judgement.verdict, finding.judgement.rule) == (Verdict.OK, "accepted-status")


async def test_an_answer_we_cannot_handle_does_not_end_the_run(raw_web: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    raw_web.answers = {f"/{n}": 200 for n in range(5)}
    judge = Evidence.judge

    def stumble(self: Evidence, reply: Reply) -> Judgement:
        if reply.url.endswith("/3"):
            raise KeyError("odd")
        return judge(self, reply)

    monkeypatch.setattr(Evidence, "judge", stumble)
    findings = await check([raw_web.url(f"/{n}") for n in range(5)], raw_web.net)
    assert findings[raw_web.url("/3")].judgement.rule == "internal-error"
    assert [finding.judgement.verdict for finding in findings.values()].count(Verdict.OK) == 4


async def test_a_fault_of_ours_while_several_wait_for_one_errand_ends_nothing(
    raw_web: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = [raw_web.url(f"/{n}.html") for n in range(4)]
    raw_web.answers = {f"/{n}.html": 200 for n in range(4)}
    raw_web.pages = {f"/{n}.html": b"<title>Page not found</title><p>Nothing" for n in range(4)}
    judge, learn, back = Evidence.judge, Evidence.learn, False

    def learned(self: Evidence, url: str, reply: Reply) -> None:
        nonlocal back
        back = True
        learn(self, url, reply)

    def stumble(self: Evidence, reply: Reply) -> Judgement:
        if back and reply.url == urls[0]:
            raise KeyError("odd")
        return judge(self, reply)

    monkeypatch.setattr(Evidence, "learn", learned)
    monkeypatch.setattr(Evidence, "judge", stumble)
    async with asyncio.timeout(20):
        findings = await check(urls, raw_web.net)
    assert [findings[url].judgement.rule for url in urls] == ["internal-error", *["http-success"] * 3]


async def test_what_nobody_can_handle_ends_the_run(raw_web: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object) -> Judgement:
        raise KeyError("odd")

    raw_web.answers = {"/1": 200}
    monkeypatch.setattr(Evidence, "judge", stumble)
    monkeypatch.setattr("linkkeeper.check.ledger.Ledger.settle", stumble)
    with pytest.raises(KeyError):
        async with asyncio.timeout(20):
            await check([raw_web.url("/1")], raw_web.net)


async def test_what_time_did_not_reach_is_unchecked(raw_web: Any) -> None:
    raw_web.latency_s = 30
    urls = [raw_web.url(f"/{n}") for n in range(50)]
    started = time.monotonic()
    findings = await check(urls, raw_web.net, CheckOptions(max_time_s=0.3))
    assert time.monotonic() - started < 10
    assert len(findings) == 50
    assert {finding.judgement.rule for finding in findings.values()} == {"out-of-time"}


async def test_a_stopped_run_tells_what_it_knows(raw_web: Any) -> None:
    raw_web.answers = {f"/{n}": 200 for n in range(100)}
    raw_web.latency_s = 0.05
    found = []
    async with Client(raw_web.net) as client:
        runner = Runner(client)
        async for finding in runner.run(Question(raw_web.url(f"/{n}")) for n in range(100)):
            found.append(finding)
            if len(found) == 10:
                runner.stop()
    verdicts = [finding.judgement.verdict for finding in found]
    assert len(found) == 100
    assert verdicts.count(Verdict.OK) >= 10
    assert Verdict.UNCHECKED in verdicts


async def test_a_refresh_leads_to_the_page_that_is_judged(raw_web: Any) -> None:
    raw_web.answers = {"/tea": 200, "/": 200}
    raw_web.pages["/tea"] = b'<meta http-equiv=refresh content="0; url=/lost">'
    finding = (await check([raw_web.url("/tea")], raw_web.net))[raw_web.url("/tea")]
    assert finding.judgement.verdict is Verdict.DEAD
    assert finding.final_url == raw_web.url("/lost")


async def test_a_refresh_of_an_empty_page_is_followed_too(raw_web: Any) -> None:
    raw_web.answers = {"/tea": 200, "/green": 200}
    raw_web.pages["/tea"] = b"<meta http-equiv=refresh content='0; url=/green'>"
    finding = (await check([raw_web.url("/tea")], raw_web.net))[raw_web.url("/tea")]
    assert (finding.judgement.verdict, finding.final_url) == (Verdict.OK, raw_web.url("/green"))


async def test_a_long_way_is_made_once(raw_web: Any) -> None:
    raw_web.chain = 19
    raw_web.answers = {"/19": 200}
    finding = (await check([raw_web.url("/0")], raw_web.net))[raw_web.url("/0")]
    assert (finding.judgement.verdict, len(finding.redirects), finding.attempts) == (Verdict.OK, 19, 21)


async def test_the_dead_end_of_a_long_way_is_looked_at_twice(raw_web: Any) -> None:
    raw_web.chain = 5
    raw_web.script = {"/5": [404, 200]}
    finding = (await check([raw_web.url("/0")], raw_web.net))[raw_web.url("/0")]
    assert (finding.judgement.verdict, len(finding.redirects)) == (Verdict.OK, 5)


async def test_anchors_come_with_the_page_that_was_asked_for_them(raw_web: Any) -> None:
    raw_web.answers = {"/tea": 200}
    raw_web.pages["/tea"] = b"<h2 id=water>Water</h2><p>" + b"word " * 400 + b"</p>"
    question = Question(raw_web.url("/tea"), want_anchors=True, fragments=("water", "milk"))
    finding = (await check([question], raw_web.net))[question.url]
    assert finding.anchors is not None
    assert "water" in finding.anchors
    assert [fragment for fragment, _ in finding.missing_fragments] == ["milk"]


class Remembering:
    """A memory, a history and a watcher in one."""

    def __init__(self) -> None:
        self.known: dict[str, Finding] = {}
        self.told: list[Finding] = []
        self.waited: dict[str, float] = {}

    def get(self, url: str) -> Finding | None:
        """What was put."""
        return self.known.get(url)

    def put(self, finding: Finding) -> None:
        """Keep it."""
        self.known[finding.url] = finding

    def settle(self, finding: Finding) -> Finding:
        """As it is."""
        return finding

    def advance(self, finding: Finding) -> None:
        """Hear it."""
        self.told.append(finding)

    def waiting(self, hosts: Mapping[str, float]) -> None:
        """Hear it."""
        self.waited.update(hosts)


async def test_what_is_remembered_is_not_asked_again(small_web: SmallWeb) -> None:
    memory = Remembering()
    tools = Tools(memory=memory, history=memory, progress=memory)
    urls = [small_web.url("living", "/a.pdf"), small_web.url("gone", "/b")]
    net = NetOptions(timeout_s=3, allow_hosts=small_web.hosts)
    first = await check(urls, net, tools=tools)
    asked = len(small_web.seen)
    assert await check(urls, net, tools=tools) == first
    assert len(small_web.seen) == asked
    assert len(memory.told) == 4
