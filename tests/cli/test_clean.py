import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., "subprocess.CompletedProcess[str]"]

ARTICLE = "https://mp.weixin.qq.com/s?__biz=MzA5OTAyNzQ2OA==&mid=2649690569&idx=1&sn=7e806888a44ffedd45af3a1126df9886"


def test_each_url_is_printed_cleaned(run: Run) -> None:
    done = run("clean", "https://example.com/?id=1&utm_source=rss", "https://example.com/?a&b=")
    assert done.stdout == "https://example.com/?id=1\nhttps://example.com/?a&b=\n"
    assert (done.returncode, done.stderr) == (0, "")


def test_lines_of_stdin_pass_as_bytes(tmp_path: Path) -> None:
    given = b"https://a.example/?x=\xff\xfe&utm_source=\xff\r\n\nwww.b.example?fbclid=1\nnot a url\nhttps://c.example/?gclid=1"
    done = subprocess.run([sys.executable, "-m", "linkkeeper", "clean"], input=given, capture_output=True, check=True)
    assert done.stdout == b"https://a.example/?x=\xff\xfe\r\n\nwww.b.example\nnot a url\nhttps://c.example/\n"


def test_explain_names_rules_and_hides_credentials(run: Run) -> None:
    done = run("clean", "--explain", ARTICLE + "&key=s3cretkey&pass_ticket=other%2F&scene=1")
    assert done.stdout.startswith(ARTICLE + "\n  removed key=*** by weixin-key (credential): ")
    assert "s3cretkey" not in done.stdout
    assert "other%2F" not in done.stdout
    assert "removed scene=1 by weixin-trail: " in done.stdout


def test_explain_says_why_nothing_changed(run: Run) -> None:
    done = run("clean", "--explain", "https://s3.example/a?X-Amz-Signature=1&utm_source=x", "https://example.com/")
    assert done.stdout == (
        "https://s3.example/a?X-Amz-Signature=1&utm_source=x\n"
        "  left whole by signed-aws-v4: signed: any change breaks it\n"
        "https://example.com/\n  nothing to remove\n"
    )


def test_json_is_one_line_for_each_url(run: Run) -> None:
    done = run(
        "clean",
        "--json",
        "https://link.zhihu.com/?target=https%3A//e.example/%3Fa%26utm_id%3D1",
        ARTICLE + "&key=s3cret",
    )
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["clean"], first["changed"]) == ("https://e.example/?a", True)
    assert [(step["rule"], step["kind"]) for step in first["steps"]] == [("to-zhihu", "unwrap"), ("utm", "strip")]
    assert second["steps"] == [{"rule": "weixin-key", "kind": "strip", "removed": "key=***", "credential": True}]
    assert "s3cret" not in done.stdout


def test_rules_of_a_file_are_applied(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text('{"providers": {"a": {"urlPattern": "example", "rules": ["ref"]}}}')
    done = run("clean", "--rules", "rules.json", "https://example.com/?ref=1&x=2")
    assert done.stdout == "https://example.com/?x=2\n"


def test_a_hostile_rule_file_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text('{"providers": {\n"a": {"urlPattern": "(a+)+$", "rules": []}}}')
    done = run("clean", "--rules", "rules.json", "https://example.com/")
    assert done.returncode == 2
    assert "rules.json:2: provider 'a'" in done.stderr
    assert "can run away" in done.stderr


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    lines = tmp_path / "urls.txt"
    lines.write_text("https://example.com/?utm_source=x\n" * 50_000)
    with lines.open("rb") as given:
        process = subprocess.Popen(
            [sys.executable, "-m", "linkkeeper", "clean"], stdin=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"https://example.com/\n"
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        process.stderr.close()
        assert process.wait(30) == 0


def test_a_line_that_is_no_url_passes_whole(tmp_path: Path) -> None:
    given = b"x" * 3_000_000 + b"?utm_source=1\nhttps://example.com/?utm_source=1\n"
    done = subprocess.run([sys.executable, "-m", "linkkeeper", "clean"], input=given, capture_output=True, check=True)
    assert done.stdout == given.replace(b"example.com/?utm_source=1", b"example.com/")


def test_memory_does_not_grow_with_lines(tmp_path: Path) -> None:
    if not Path("/proc/self/status").exists():
        return
    lines = tmp_path / "urls.txt"
    lines.write_text("".join(f"https://h{n}.example/p/{n}?id={n}\n" for n in range(40_000)))
    program = (
        "import resource, sys; from linkkeeper.cli.app import app\n"
        "try: app(['clean'])\n"
        "except SystemExit: pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )

    def peak_kib(data: bytes) -> int:
        done = subprocess.run(
            [sys.executable, "-c", program], input=data, capture_output=True, check=True, env=os.environ.copy()
        )
        return int(done.stderr)

    data = lines.read_bytes()
    assert peak_kib(data) < peak_kib(data[:2000]) + 6_000
