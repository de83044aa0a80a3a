"""Heads of messages as they are kept."""

from linkkeeper.archive.local import heads

HEAD = (
    b"HTTP/1.1 200 OK\r\ndate: x\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-Name: caf\xe9\r\nContent-Length: 5\r\n\r\n"
)


def test_a_head_that_is_true_stays_byte_for_byte() -> None:
    assert heads.response_head(HEAD, 5) == HEAD


def test_a_transfer_coding_is_renamed_and_the_length_told() -> None:
    raw = b"HTTP/1.1 200 OK\r\ntransfer-Encoding: chunked\r\nContent-Encoding: br\r\n\r\n"
    kept = b"HTTP/1.1 200 OK\r\nX-Orig-transfer-Encoding: chunked\r\nContent-Encoding: br\r\nContent-Length: 9\r\n\r\n"
    assert heads.response_head(raw, 9) == kept


def test_a_length_that_is_not_the_payloads_is_renamed() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nA: b\r\n\r\n"
    assert heads.response_head(raw, 3) == (
        b"HTTP/1.1 200 OK\r\nX-Orig-Content-Length: 100\r\nA: b\r\nContent-Length: 3\r\n\r\n"
    )


def test_of_two_lengths_one_is_left() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n"
    assert heads.response_head(raw, 3) == b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Orig-Content-Length: 3\r\n\r\n"


def test_what_never_has_a_body_gets_no_length() -> None:
    assert heads.response_head(b"HTTP/1.1 304 Not Modified\r\n\r\n", 0) == b"HTTP/1.1 304 Not Modified\r\n\r\n"


def test_a_line_that_would_end_the_head_for_its_readers_is_left_out() -> None:
    raw = b"HTTP/1.1 200 OK\r\nA: b\r\n \x85\xa0\r\n\x0b\r\nC: d\r\nContent-Length: 0\r\n\r\n"
    assert heads.response_head(raw, 0) == b"HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\nContent-Length: 0\r\n\r\n"


def test_folded_headers_stay_folded() -> None:
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked,\r\n gzip\r\nContent-Length: 0\r\n\r\n"
    assert b"X-Orig-Transfer-Encoding: chunked,\r\n gzip\r\n" in heads.response_head(raw, 0)


def test_a_request_keeps_no_credentials() -> None:
    raw = b"GET / HTTP/1.1\r\nHost: h\r\ncookie: secret=1\r\nAUTHORIZATION: Basic x\r\n\r\n"
    assert heads.request_head(raw) == b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


def test_status_and_type_are_read_as_indexes_want_them() -> None:
    assert heads.status_of(HEAD) == "200"
    assert heads.status_of(b"HTTP/1.1 20x\r\n\r\n") == "-"
    assert heads.status_of(b"") == "-"
    assert heads.mime_of(b"HTTP/1.1 200 OK\r\ncontent-type: text/HTML;charset=x\r\n\r\n") == "text/HTML"
    assert heads.mime_of(HEAD) == "unk"
    assert heads.mime_of(b"HTTP/1.1 200 OK\r\nContent-Type: \xff\r\n\r\n") == "unk"
