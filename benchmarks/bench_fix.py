"""How long `linkkeeper fix` takes to plan, prove and write 20,000 repairs in 10,000 posts, once answers are known.

    python benchmarks/bench_fix.py [POSTS]

Verdicts and snapshots are put into a state of their own; the command then runs as a user runs it, twice, and undoes
the first run. Nothing leaves the machine.
"""

import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from linkkeeper.archive.base import Rescue
from linkkeeper.archive.dates import DateOptions, document_date
from linkkeeper.config.settings import Settings
from linkkeeper.models.snapshot import Snapshot, SnapshotState
from linkkeeper.models.verdict import Finding, Judgement, Verdict
from linkkeeper.pipeline.state import State

WEEK_S = 7 * 86_400.0
CAPTURED = datetime(2009, 5, 4, tzinfo=UTC)
FILLER = "A paragraph between links, 以及一些汉字，as posts have them.\n\n" * 20


def dead(number: int) -> tuple[str, str]:
    """Return the dead links of a post."""
    return f"http://dead{number % 500}.example/p/{number}.html", f"https://gone{number % 700}.example/x?id={number}"


def write_posts(folder: Path, count: int) -> None:
    """Write the posts, and what is known of their links."""
    with State(Settings(state=str(folder / ".linkkeeper"))) as state:
        for number in range(count):
            one, other = dead(number)
            post = folder / "posts" / str(number % 50) / f"{number}.md"
            post.parent.mkdir(parents=True, exist_ok=True)
            head = f"---\ndate: 2010-{number % 12 + 1:02d}-03\n---\n\n"
            text = head + f'{FILLER}See [this]({one} "t") and <{other}>.\n\n{FILLER}'
            post.write_text(text, "utf-8")
            near = document_date(str(post), text.encode(), DateOptions())
            assert near is not None
            for url in (one, other):
                copy = f"https://web.archive.org/web/20090504000000/{url}"
                gone = Judgement(Verdict.DEAD, "http-gone", "HTTP 404")
                state.memory.put(Finding(url, gone, 404, checked=datetime.now(UTC)))
                rescue = Rescue(Snapshot(SnapshotState.VERIFIED, "wayback", copy, CAPTURED, url))
                assert state.answers is not None
                state.answers.put(f"wayback {url}", near, rescue, WEEK_S)


def main() -> None:
    """Print a line per command."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_posts(folder, count)
        for command in (["fix", "posts"], ["fix", "posts", "--timeout", "5"], ["undo"]):
            began = time.monotonic()
            done = subprocess.run(
                [sys.executable, "-m", "linkkeeper", *command], cwd=folder, capture_output=True, text=True, check=False
            )
            last = done.stderr.strip().splitlines()[-1:]
            print(f"{' '.join(command):28} {time.monotonic() - began:6.1f} s  {''.join(last)}")


if __name__ == "__main__":
    main()
