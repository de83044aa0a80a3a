"""What answers say: shapes that are documented, and whatever else may come."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.archive.saving import answers
from linkkeeper.archive.saving.answers import (
    Accepted,
    Done,
    NoLogin,
    Pending,
    Refused,
    Sessions,
    Skipped,
    Unclear,
    read_anonymous,
    read_status,
    read_statuses,
    read_submit,
    read_user,
)
from linkkeeper.archive.saving.codes import Kind, known, meaning
from linkkeeper.models.verdict import Failure, Reply

JOB = "spn2-" + "a1" * 20


def reply(body: Any, status: int = 200) -> Reply:
    return Reply("http://a/", status=status, body=body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ({"url": "http://a/", "job_id": JOB}, 200, Accepted(JOB)),
        ({"url": "http://a/", "job_id": JOB, "message": "The same snapshot."}, 200, Accepted(JOB, reused=True)),
        ({"job_id": JOB, "message": "Will start in ~2 minutes: the service is overloaded."}, 200, Accepted(JOB)),
        ({"job_id": JOB, "message": "It had been made 5 minutes ago."}, 200, Accepted(JOB, reused=True)),
        ({"url": "http://a/", "job_id": None, "message": "Recent."}, 200, Skipped("Recent.")),
        (
            {"status": "error", "status_ext": "error:blocked-url", "message": "No."},
            200,
            Refused("blocked-url", "No."),
        ),
        ({"status": "error", "message": "Odd."}, 200, Refused("", "Odd.")),
        ({"status": "error", "status_ext": "error:celery", "job_id": None}, 500, Refused("celery", "")),
        (
            {"message": "You need to be logged in to use Save Page Now."},
            401,
            NoLogin("You need to be logged in to use Save Page Now."),
        ),
        ({"message": "You need to be logged in."}, 200, NoLogin("You need to be logged in.")),
        (b"<html>401</html>", 401, NoLogin("")),
        (b"<html>502</html>", 502, Unclear("HTTP 502, and no JSON")),
        (b"<html>fine</html>", 200, Unclear("HTTP 200, and no JSON")),
        (b'{"url": "http://a/", "job_', 200, Unclear("HTTP 200, and no JSON")),
        (b"", 200, Unclear("HTTP 200, and no JSON")),
        ([], 200, Unclear("HTTP 200, and no JSON")),
        ({}, 200, Unclear("HTTP 200, and JSON without a job")),
        ({"job_id": "../../etc", "url": "http://a/"}, 200, Unclear("HTTP 200, and JSON without a job")),
        ({"job_id": 5}, 200, Unclear("HTTP 200, and JSON without a job")),
        (b"<html>not here</html>", 404, Refused("http-404", "the service answers HTTP 404")),
        (b"[" * 100_000, 200, Unclear("HTTP 200, and no JSON")),
    ],
)
def test_what_a_submission_is_told(body: Any, status: int, expected: object) -> None:
    assert read_submit(reply(body, status)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"status": "pending", "resources": []}, Pending()),
        (
            {"status": "success", "timestamp": "20260102030405", "original_url": "http://a/"},
            Done("20260102030405", "http://a/"),
        ),
        ({"status": "success", "timestamp": "20260102030405"}, Done("20260102030405", "")),
        ({"status": "success", "timestamp": "20261302030405"}, Unclear("a success without a timestamp")),
        ({"status": "success"}, Unclear("a success without a timestamp")),
        ({"status": "error", "status_ext": "error:no-access", "message": "m"}, Refused("no-access", "m")),
        ({"status": "error", "exception": "error:celery"}, Refused("celery", "")),
        ({"status": "error"}, Refused("", "")),
        ({"status": "sideways"}, Unclear("a status that nobody knows")),
        (b"<html>", Unclear("HTTP 200, and no JSON")),
    ],
)
def test_how_a_job_stands(body: Any, expected: object) -> None:
    assert read_status(reply(body)) == expected


def test_statuses_of_several_jobs() -> None:
    rows = [{"job_id": JOB, "status": "pending"}, {"status": "pending"}, 5, {"job_id": 5}, {"job_id": "x", "status": 3}]
    assert read_statuses(reply(rows)) == {JOB: Pending(), "x": Unclear("a status that nobody knows")}
    assert read_statuses(reply({"job_id": JOB})) == {}
    assert read_statuses(reply(rows, 500)) == {}


def test_what_the_account_may_do() -> None:
    full = {"processing": 0, "available": 3, "daily_captures": 49, "daily_captures_limit": 30000}
    assert read_user(reply(full)) == Sessions(3, 0, 49, 30000)
    assert read_user(reply({"available": "2", "processing": True, "daily_captures": -1})) == Sessions(2)
    assert read_user(reply({"message": "hello"})) is None
    assert read_user(reply(b"<html>")) is None
    assert read_user(reply(full, 502)) is None
    assert Sessions(captures_today=49, captures_limit=49).quota_is_used_up
    assert not Sessions(captures_today=49).quota_is_used_up
    assert not Sessions(captures_today=0, captures_limit=0).quota_is_used_up


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (b'<script>spn.watchJob("spn2-ab12", "/_static/")</script>', 200, Accepted("spn2-ab12")),
        (b"This URL is in the Save Page Now service block list", 200, Refused("blocked-url", "")),
        (b"<p>Job failed: error:no-access</p>", 200, Refused("no-access", "")),
        (b"", 509, Refused("user-session-limit", "")),
        (b"", 401, NoLogin("")),
        (b"", 404, Refused("http-404", "the service answers HTTP 404")),
        (b"", 520, Unclear("HTTP 520, and no word of a capture")),
        (b"<html></html>", 200, Unclear("HTTP 200, and no word of a capture")),
    ],
)
def test_what_an_anonymous_submission_is_told(body: bytes, status: int, expected: object) -> None:
    assert read_anonymous(reply(body, status)) == expected


def test_no_answer_is_unclear() -> None:
    silent = Reply("http://a/", failure=Failure.TIMEOUT, detail="no answer")
    for read in (read_submit, read_status, read_anonymous):
        assert read(silent) == Unclear("no answer")
    assert read_user(silent) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    ["status", "status_ext", "job_id", "message", "timestamp", "original_url", "exception", "available", "processing"]
)
WORDS = st.sampled_from(["error", "success", "pending", "error:celery", JOB, "20260102030405", "\x00\u202e", "3"])
OBJECTS = st.dictionaries(NAMES, WORDS | JSON, max_size=6)


@settings(max_examples=150, deadline=None)
@given(
    body=st.binary(max_size=80)
    | (OBJECTS | JSON | st.lists(OBJECTS, max_size=3)).map(lambda v: json.dumps(v).encode()),
    status=st.integers(100, 599),
)
def test_whatever_comes_is_read(body: bytes, status: int) -> None:
    seen = reply(body, status)
    submitted, state = read_submit(seen), read_status(seen)
    read_statuses(seen)
    read_user(seen)
    read_anonymous(seen)
    for told in (submitted, state):
        if isinstance(told, Refused):
            assert told.message.isprintable()
            assert len(told.message) <= 300
            assert meaning(told.code).says
        if isinstance(told, Done):
            assert answers.is_timestamp(told.timestamp)
    if isinstance(submitted, Accepted):
        assert "/" not in submitted.job


def test_every_code_has_a_kind_words_and_a_source() -> None:
    for code, entry in known().items():
        assert code == code.lower().strip()
        assert entry.source
        assert entry.says.strip(".") == entry.says
        assert entry.kind is not Kind.UNLISTED
    listed = """blocked blocked-url blocked-client-ip invalid-url-syntax invalid-host-resolution no-access not-found
        not-implemented method-not-allowed filesize-limit ftp-access-denied too-many-redirects unauthorized bad-request
        network-authentication-required http-version-not-supported bad-gateway gateway-timeout service-unavailable
        internal-server-error proxy-error protocol-error read-timeout browsing-timeout soft-time-limit-exceeded
        no-browsers-available celery job-failed cannot-fetch capture-location-error invalid-server-response redis-error
        user-session-limit too-many-daily-captures bandwidth-limit-exceeded max-daily-bandwidth
        max-daily-bandwidth-from-ip max-daily-bandwidth-host too-many-requests"""
    assert set(listed.split()) == set(known())
    assert meaning("no-captures").kind is Kind.UNLISTED
