"""Every rule, by a reply that only it explains; and the pages that must never be called dead."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.check import classify as rules
from linkkeeper.check import soft404, verdicts
from linkkeeper.check.classify import classify
from linkkeeper.check.failures import FAILURE_RULES
from linkkeeper.check.statuses import STATUS_RULES
from linkkeeper.models.verdict import Failure, Judgement, Redirect, Reply, Verdict

URL = "http://example.com/2019/tea"
PAGE = b"<html><head><title>Tea</title></head><body><p>All about tea.</p></body></html>"


def reply(
    status: int | None = 200,
    body: bytes = PAGE,
    url: str = URL,
    final: str = "",
    hops: tuple[int, ...] = (),
    kind: str = "text/html; charset=utf-8",
    method: str = "GET",
    failure: Failure | None = None,
    **headers: str,
) -> Reply:
    """Return a reply as the network would bring it."""
    fields = (("content-type", kind), *((name.replace("_", "-"), value) for name, value in headers.items()))
    redirects = tuple(Redirect(url, hop) for hop in hops)
    return Reply(url, method, status, final or url, redirects, fields, body, failure=failure)


def outcome(answer: Reply) -> tuple[Verdict, str]:
    """Return verdict and rule."""
    judged = classify(answer)
    return judged.verdict, judged.rule


@pytest.mark.parametrize(
    ("status", "verdict", "rule"),
    [
        (200, Verdict.OK, "http-success"),
        (203, Verdict.OK, "http-success"),
        (204, Verdict.OK, "http-success"),
        (206, Verdict.OK, "http-success"),
        (300, Verdict.OK, "http-success"),
        (302, Verdict.SUSPECT, "http-moved-nowhere"),
        (400, Verdict.SUSPECT, "http-unlisted"),
        (401, Verdict.BLOCKED, "http-login"),
        (402, Verdict.BLOCKED, "http-login"),
        (403, Verdict.BLOCKED, "http-refused"),
        (404, Verdict.DEAD, "http-gone"),
        (405, Verdict.BLOCKED, "http-refused"),
        (406, Verdict.BLOCKED, "http-refused"),
        (407, Verdict.BLOCKED, "http-login"),
        (408, Verdict.SUSPECT, "http-unavailable"),
        (410, Verdict.DEAD, "http-gone"),
        (412, Verdict.BLOCKED, "http-refused"),
        (418, Verdict.BLOCKED, "http-refused"),
        (420, Verdict.BLOCKED, "http-slow-down"),
        (425, Verdict.SUSPECT, "http-unavailable"),
        (429, Verdict.BLOCKED, "http-slow-down"),
        (430, Verdict.BLOCKED, "http-refused"),
        (451, Verdict.BLOCKED, "http-legal"),
        (499, Verdict.SUSPECT, "http-unlisted"),
        (500, Verdict.SUSPECT, "http-unavailable"),
        (501, Verdict.SUSPECT, "http-unlisted"),
        (502, Verdict.SUSPECT, "http-unavailable"),
        (503, Verdict.SUSPECT, "http-unavailable"),
        (504, Verdict.SUSPECT, "http-unavailable"),
        (511, Verdict.UNCHECKED, "http-captive"),
        *((status, Verdict.SUSPECT, "http-origin-down") for status in (*range(520, 527), 530)),
        (567, Verdict.BLOCKED, "http-refused"),
        (700, Verdict.SUSPECT, "http-unlisted"),
        (999, Verdict.BLOCKED, "http-linkedin-999"),
    ],
)
def test_each_status_has_its_rule(status: int, verdict: Verdict, rule: str) -> None:
    assert outcome(reply(status)) == (verdict, rule)


def test_no_status_is_listed_twice() -> None:
    statuses = [status for row in STATUS_RULES for status in row.statuses]
    assert len(statuses) == len(set(statuses))


def test_only_404_and_410_make_dead_by_status() -> None:
    dead = [status for status in range(100, 1000) if classify(reply(status)).verdict is Verdict.DEAD]
    assert dead == [404, 410]


@pytest.mark.parametrize(
    ("failure", "verdict", "rule"),
    [
        (Failure.TIMEOUT, Verdict.SUSPECT, "timeout"),
        (Failure.REFUSED, Verdict.SUSPECT, "connection-refused"),
        (Failure.RESET, Verdict.SUSPECT, "connection-reset"),
        (Failure.UNREACHABLE, Verdict.SUSPECT, "unreachable"),
        (Failure.NO_NAME, Verdict.DEAD, "no-such-name"),
        (Failure.NO_ADDRESS, Verdict.SUSPECT, "no-address"),
        (Failure.DNS_FAILED, Verdict.SUSPECT, "dns-failed"),
        (Failure.TLS_EXPIRED, Verdict.SUSPECT, "tls-expired"),
        (Failure.TLS_SELF_SIGNED, Verdict.SUSPECT, "tls-self-signed"),
        (Failure.TLS_WRONG_HOST, Verdict.SUSPECT, "tls-wrong-host"),
        (Failure.TLS_INCOMPLETE, Verdict.SUSPECT, "tls-incomplete"),
        (Failure.TLS_FAILED, Verdict.SUSPECT, "tls-failed"),
        (Failure.PROTOCOL, Verdict.SUSPECT, "not-http"),
        (Failure.TOO_MANY_REDIRECTS, Verdict.SUSPECT, "too-many-redirects"),
        (Failure.REDIRECT_LOOP, Verdict.SUSPECT, "redirect-loop"),
        (Failure.BAD_REDIRECT, Verdict.SUSPECT, "bad-redirect"),
        (Failure.PRIVATE_ADDRESS, Verdict.SKIPPED, "private-address"),
        (Failure.BAD_URL, Verdict.INVALID, "malformed"),
        (Failure.WAIT_TOO_LONG, Verdict.BLOCKED, "asked-to-wait"),
        (Failure.OUT_OF_TIME, Verdict.UNCHECKED, "out-of-time"),
        (Failure.PROXY, Verdict.UNCHECKED, "proxy-failed"),
    ],
)
def test_each_failure_has_its_rule(failure: Failure, verdict: Verdict, rule: str) -> None:
    assert outcome(reply(None, b"", failure=failure)) == (verdict, rule)


def test_every_failure_is_in_the_table() -> None:
    assert set(FAILURE_RULES) == set(Failure)


def test_a_page_whose_body_breaks_off_is_alive() -> None:
    assert outcome(reply(failure=Failure.PROTOCOL)) == (Verdict.OK, "cut-short")
    assert outcome(reply(failure=Failure.TIMEOUT)) == (Verdict.OK, "cut-short")
    assert outcome(reply(body=b"", failure=Failure.RESET)) == (Verdict.SUSPECT, "connection-reset")
    assert outcome(reply(404, failure=Failure.RESET)) == (Verdict.SUSPECT, "connection-reset")


@pytest.mark.parametrize(
    ("hops", "rule"),
    [
        ((301,), "moved-permanently"),
        ((308, 301), "moved-permanently"),
        ((302,), "http-success"),
        ((301, 302), "http-success"),
    ],
)
def test_only_permanent_redirects_all_the_way_are_a_move(hops: tuple[int, ...], rule: str) -> None:
    assert outcome(reply(final="http://example.com/new/tea", hops=hops))[1] == rule


@pytest.mark.parametrize("kind", ["", "text/html"])
def test_an_empty_page_is_suspect(kind: str) -> None:
    assert outcome(reply(body=b" \n", kind=kind)) == (Verdict.SUSPECT, "empty-page")
    assert outcome(reply(body=b"", kind="image/gif"))[0] is Verdict.OK
    assert outcome(reply(204, b""))[0] is Verdict.OK
    assert outcome(reply(body=b"", method="HEAD"))[0] is Verdict.OK


# A 404 is proof only from a host that answers normally.


@pytest.mark.parametrize("status", [401, 403, 429, 999])
def test_a_404_of_a_host_that_refuses_us_its_home_page_is_no_proof(status: int) -> None:
    judged = classify(reply(404), root=reply(status, url="http://example.com/"))
    assert (judged.verdict, judged.rule) == (Verdict.BLOCKED, "gone-unproven")


@pytest.mark.parametrize(
    "root", [reply(503), reply(None, failure=Failure.TIMEOUT), reply(None, failure=Failure.RESET), reply(521)]
)
def test_a_404_of_a_host_whose_home_page_fails_is_suspect(root: Reply) -> None:
    judged = classify(reply(404), root=root)
    assert (judged.verdict, judged.rule) == (Verdict.SUSPECT, "gone-unsure")


@pytest.mark.parametrize(
    "root", [reply(200), reply(404), reply(400), reply(body=b""), reply(final="https://example.com/en/", hops=(302,))]
)
def test_a_404_of_a_host_that_answers_is_dead(root: Reply) -> None:
    assert classify(reply(404), root=root).rule == "http-gone"


def test_a_home_page_that_asks_for_consent_or_a_login_is_weighed() -> None:
    consent = reply(url="http://example.com/", final="https://consent.example.com/x", hops=(302,))
    assert classify(reply(404), root=consent).rule == "http-gone"
    login = reply(url="http://example.com/", final="http://example.com/users/sign_in", hops=(302,))
    assert classify(reply(404), root=login).rule == "gone-unproven"


def test_the_home_page_is_asked_of_the_host_that_said_404() -> None:
    assert rules.needs_root(reply(404)) == "http://example.com/"
    assert (
        rules.needs_root(reply(404, final="https://u:p@cdn.example.net:8443/x?y=/z#f", hops=(302,)))
        == "https://cdn.example.net:8443/"
    )
    assert rules.needs_root(reply(404, url="http://example.com/")) is None
    assert rules.needs_root(reply(200)) is None
    assert rules.needs_root(reply(None, failure=Failure.TIMEOUT)) is None


# Walls and doors.


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("Cloudflare", reply(403, b"", cf_mitigated="challenge")),
        ("Cloudflare", reply(404, b"", cf_mitigated="challenge")),
        ("Cloudflare", reply(503, b"<title>Just a moment...</title>")),
        (
            "Cloudflare",
            reply(
                200,
                b"<title>Just a moment...</title><script>window._cf_chl_opt={}; /cdn-cgi/challenge-platform/</script>",
            ),
        ),
        ("AWS WAF", reply(202, b"", x_amzn_waf_action="challenge")),
        ("AWS WAF", reply(405, b"<script>AwsWafIntegration</script>", x_amzn_waf_action="captcha")),
        ("DataDome", reply(403, b"<script>var dd={'host':'geo.captcha-delivery.com'}</script>")),
        ("Akamai", reply(403, b"", server="AkamaiGHost")),
        ("Imperva", reply(200, b"<html><iframe src='/_Incapsula_Resource?x'></iframe>")),
        ("HUMAN (PerimeterX)", reply(403, b"<script>window._pxAppId='x'</script><div id='px-captcha'>")),
        ("Vercel", reply(429, b"", x_vercel_mitigated="challenge")),
        ("Anubis", reply(200, b"<title>Making sure you're not a bot!</title><script id='anubis_challenge'>")),
        ("Sucuri", reply(403, b"<title>Sucuri WebSite Firewall - Access Denied</title>")),
        ("Kasada", reply(429, b"", x_kpsdk_ct="x")),
        (
            "F5",
            reply(
                200, b"The requested URL was rejected. Please consult with your administrator. Your support ID is: 1"
            ),
        ),
        ("SiteGround", reply(202, b"", sg_captcha="challenge")),
        (
            "WeChat",
            reply(200, "<p>当前环境异常，完成验证后即可继续访问。</p>".encode(), "https://mp.weixin.qq.com/s/abc"),
        ),
        ("Zhihu", reply(403, b"<meta id='zh-zse-ck'>", "https://zhuanlan.zhihu.com/p/1")),
        ("Weibo", reply(200, b"<title>Sina Visitor System</title>", "https://weibo.com/1/x")),
        ("Baidu", reply(200, "<title>百度安全验证</title>".encode(), "https://www.baidu.com/s")),
        ("Aliyun", reply(200, b"<script>var arg1='x'; setCookie('acw_sc__v2', x)</script>")),
        (
            "Knownsec (加速乐)",
            reply(521, b"<script>document.cookie='x';location.href=1</script>", set_cookie="__jsluid_s=1"),
        ),
        ("Tencent", reply(403, "<p>腾讯云 Web 应用防火墙 拦截</p>".encode())),
        ("Google", reply(429, b"x", final="https://www.google.com/sorry/index?continue=x", hops=(302,))),
        ("Amazon", reply(200, b"<form action='/errors/validateCaptcha'>")),
        ("Captcha", reply(200, "<title>安全验证</title>".encode())),
    ],
)
def test_each_wall_is_known_by_its_signs(name: str, answer: Reply) -> None:
    judged = classify(answer)
    assert (judged.verdict, judged.rule) == (Verdict.BLOCKED, "bot-wall")
    assert judged.detail.startswith(name)


def test_a_page_that_talks_about_walls_is_alive() -> None:
    page = b"<title>How Cloudflare's Just a moment page works</title><p>It says: checking your browser. " + PAGE
    assert outcome(reply(body=page, server="cloudflare", cf_ray="x"))[0] is Verdict.OK
    with_detections = PAGE + b"<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>"
    assert outcome(reply(body=with_detections, server="cloudflare", x_datadome="protected"))[0] is Verdict.OK


@pytest.mark.parametrize(
    "final",
    [
        "http://example.com/login?next=/2019/tea",
        "http://example.com/users/sign_in",
        "http://example.com/wp-login.php?redirect_to=x",
        "https://accounts.google.com/ServiceLogin?continue=x",
        "https://passport.weibo.com/sso/signin",
        "https://www.zhihu.com/signin?next=%2Fp%2F1",
        "https://sso.example.org/idp/profile",
        "https://www.linkedin.com/authwall?trk=x",
    ],
)
def test_a_redirect_to_a_login_page_is_a_login_wall(final: str) -> None:
    assert outcome(reply(final=final, hops=(302,))) == (Verdict.BLOCKED, "login-wall")


def test_a_link_to_a_login_page_itself_is_alive() -> None:
    answer = reply(url="http://example.com/login", final="https://example.com/login", hops=(301,))
    assert outcome(answer) == (Verdict.REDIRECTED, "moved-permanently")


def test_a_login_form_at_the_address_of_a_page_is_a_login_wall() -> None:
    form = "<title>登录 - 某站</title><form><input name=u><input type=password></form>".encode()
    assert outcome(reply(body=form)) == (Verdict.BLOCKED, "login-wall")
    assert outcome(reply(body=form, url="http://example.com/login"))[0] is Verdict.OK
    article = b"<title>Tea</title><p>All about tea.</p><form><input type=password></form>"
    assert outcome(reply(body=article))[0] is Verdict.OK
    about = b"<title>Log in - a guide</title><p>" + b"How to log in, with a password. " * 50 + b"<input type=password>"
    assert outcome(reply(body=about))[0] is Verdict.OK


def test_a_redirect_to_a_consent_page_is_a_consent_wall() -> None:
    answer = reply(
        url="https://www.youtube.com/watch?v=1", final="https://consent.youtube.com/m?continue=x", hops=(302,)
    )
    assert outcome(answer) == (Verdict.BLOCKED, "consent-wall")


# Pages that are gone with 200.


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://mp.weixin.qq.com/s?__biz=x&mid=1", "该内容已被发布者删除"),
        ("https://mp.weixin.qq.com/s/x", "此内容因违规无法查看"),
        ("https://www.jianshu.com/p/x", "您要找的页面不存在"),
        ("https://www.youtube.com/watch?v=x", '{"reason":{"simpleText":"Video unavailable"}}'),
    ],
)
def test_a_known_site_that_says_gone_is_believed(url: str, text: str) -> None:
    answer = reply(body=f"<html><body><script>x</script>{text}</body>".encode(), url=url)
    assert outcome(answer) == (Verdict.DEAD, "gone-notice")
    assert outcome(reply(body=f"<html>{text}".encode(), url="https://example.com/x"))[1] != "gone-notice"


def test_an_article_that_quotes_the_notice_is_alive() -> None:
    text = '<script>var msg_title = "x"</script><div id="js_content">他写道：“该内容已被发布者删除”。</div>'
    assert outcome(reply(body=text.encode(), url="https://mp.weixin.qq.com/s/x"))[0] is Verdict.OK
    limited = '{"status":"ERROR","reason":{"simpleText":"Video unavailable"},"x":"Please try again later"}'
    assert outcome(reply(body=limited.encode(), url="https://www.youtube.com/watch?v=x"))[0] is not Verdict.DEAD


def test_a_domain_for_sale_is_parked_by_two_signs_and_suspect_by_one() -> None:
    two = b"<title>example.com is for sale</title><p>Buy this domain today.</p>"
    assert outcome(reply(body=two)) == (Verdict.DEAD, "parked")
    one = b'<title>example.com</title><script>window.location.href="/lander"</script>'
    assert outcome(reply(body=one)) == (Verdict.SUSPECT, "parked-sign")
    sold = reply(final="https://www.hugedomains.com/domain_profile.cfm?d=example.com", hops=(302,))
    assert outcome(sold) == (Verdict.DEAD, "parked")
    sibling = reply(body=one, url="http://example.com/2019/linkkeeper-x")
    assert classify(reply(body=one), sibling=sibling).rule == "parked"
    assert (soft404.wants_sibling(reply(body=one, url="http://example.com/")) or "").startswith(
        "http://example.com/linkkeeper-"
    )


def test_a_page_about_domains_is_not_parked() -> None:
    page = b"<title>Why domains are parked</title>" + b"<p>When this domain is for sale, you will see it. </p>" * 100
    assert outcome(reply(body=page))[0] is Verdict.OK
    bought = b"<title>My domain</title><p><a href='https://www.hugedomains.com/x'>this domain is for sale</a>."
    assert outcome(reply(body=bought))[0] is not Verdict.DEAD
    assert outcome(reply(url="https://www.hugedomains.com/domain_profile.cfm?d=a.com"))[0] is Verdict.OK


# What to ask next.


@pytest.mark.parametrize(
    ("answer", "doubted"),
    [
        (reply(404, method="HEAD"), True),
        (reply(405, method="HEAD"), True),
        (reply(200, method="HEAD"), True),
        (reply(200, method="HEAD", kind="application/pdf", content_length="9"), False),
        (reply(200, method="HEAD", kind="application/pdf", content_length="0"), True),
        (reply(None, method="HEAD", failure=Failure.RESET), True),
        (reply(None, method="HEAD", failure=Failure.NO_NAME), False),
        (reply(404), False),
    ],
)
def test_a_head_is_believed_only_for_a_file(answer: Reply, doubted: bool) -> None:
    assert rules.doubtful(answer) is doubted


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_some_answers_may_pass(status: int) -> None:
    assert rules.may_pass(reply(status))
    assert not rules.may_pass(reply(404))
    assert rules.may_pass(reply(None, failure=Failure.RESET))
    assert not rules.may_pass(reply(None, failure=Failure.NO_NAME))


def test_whatever_did_not_come_back_alive_gets_a_second_look() -> None:
    looked = {verdict for verdict in Verdict if rules.needs_second_look(Judgement(verdict, "x"))}
    assert looked == {Verdict.DEAD, Verdict.SUSPECT, Verdict.BLOCKED}
    assert not rules.needs_second_look(classify(reply(None, failure=Failure.WAIT_TOO_LONG)))


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        (Verdict.DEAD, Verdict.OK, Verdict.OK),
        (Verdict.OK, Verdict.DEAD, Verdict.OK),
        (Verdict.DEAD, Verdict.DEAD, Verdict.DEAD),
        (Verdict.DEAD, Verdict.BLOCKED, Verdict.BLOCKED),
        (Verdict.BLOCKED, Verdict.DEAD, Verdict.BLOCKED),
        (Verdict.DEAD, Verdict.SUSPECT, Verdict.SUSPECT),
        (Verdict.SUSPECT, Verdict.DEAD, Verdict.DEAD),
        (Verdict.DEAD, Verdict.UNCHECKED, Verdict.UNCHECKED),
        (Verdict.SUSPECT, Verdict.BLOCKED, Verdict.BLOCKED),
    ],
)
def test_two_looks_make_dead_only_if_neither_objects(first: Verdict, second: Verdict, verdict: Verdict) -> None:
    assert rules.combine(Judgement(first, "a"), Judgement(second, "b")).verdict is verdict


@pytest.mark.parametrize(
    ("url", "method"),
    [
        ("https://a.b/x.pdf", "HEAD"),
        ("https://a.b/v1.2.tar.gz?x", "HEAD"),
        ("https://a.b/post", "GET"),
        ("https://a.b/x.html", "GET"),
    ],
)
def test_files_are_asked_by_head_and_pages_by_get(url: str, method: str) -> None:
    assert rules.first_method(url) == method


def test_a_refresh_is_followed_and_the_answer_judged_as_its_end() -> None:
    first = reply(body=b'<meta http-equiv="refresh" content="0; url=/moved">')
    assert rules.follow(first) == "http://example.com/moved"
    end = rules.joined(first, reply(404, url="http://example.com/moved"))
    assert [hop.url for hop in end.redirects] == [URL]
    assert classify(end).verdict is Verdict.DEAD
    alive = rules.joined(first, reply(url="http://example.com/moved"))
    assert outcome(alive) == (Verdict.OK, "http-success")  # a 200 that sends on is not permanent
    assert rules.follow(reply(refresh="5;url=https://example.net/")) == "https://example.net/"
    assert rules.follow(reply(body=b'<meta http-equiv="refresh" content="300">')) is None
    assert rules.follow(reply(body=b'<meta http-equiv="refresh" content="0;url=javascript:alert(1)">')) is None
    assert rules.follow(reply(404, refresh="0;url=/x")) is None


def test_an_archived_error_page_is_no_copy() -> None:
    assert rules.looks_dead(reply(body=b"<title>Page not found</title><h1>404 Not Found</h1>")) == "soft-404"
    assert rules.looks_dead(reply()) == ""


# All rules together.


def test_every_rule_says_what_it_means_and_whence() -> None:
    for rule in verdicts.RULES.values():
        assert rule.meaning.endswith((".", "!", ":")) or rule.meaning[-1].isalnum(), rule.id
        assert len(rule.meaning) > 20
        assert rule.source
        assert rule.id == rule.id.lower()
        assert " " not in rule.id


def test_only_what_failed_can_be_confirmed_by_days() -> None:
    assert {verdicts.RULES[rule].verdict for rule in verdicts.CONFIRMABLE} == {Verdict.SUSPECT}
    evidence = {"soft-404-sign", "parked-sign", "empty-page", "tls-incomplete", "fragment-missing", "contested"}
    assert not evidence & verdicts.CONFIRMABLE
    assert {"timeout", "http-unavailable", "connection-refused", "tls-expired"} <= verdicts.CONFIRMABLE


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(st.none(), st.integers(0, 1200)),
    st.binary(max_size=300),
    st.lists(
        st.tuples(st.sampled_from(["server", "refresh", "content-type", "location", "x"]), st.text(max_size=40)),
        max_size=4,
    ),
    st.text(max_size=60),
    st.sampled_from([None, *Failure]),
)
def test_no_reply_makes_the_rules_raise(
    status: int | None, body: bytes, headers: list[tuple[str, str]], final: str, failure: Failure | None
) -> None:
    hostile = Reply(
        URL,
        status=status,
        final_url=final,
        redirects=(Redirect(URL, 302),),
        headers=tuple(headers),
        body=body,
        failure=failure,
    )
    judged = classify(hostile, sibling=hostile, root=hostile, shared=True)
    assert judged.rule in verdicts.RULES
    rules.follow(hostile)
    rules.needs_root(hostile)
    soft404.wants_sibling(hostile)
