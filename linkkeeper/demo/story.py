"""`linkkeeper demo`: the whole story once, on loopback, with a word about each step."""

import asyncio
import contextlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import msgspec

from linkkeeper.config.settings import ArchiveSettings, Settings, WaybackSettings
from linkkeeper.demo.archive import ArchiveServer
from linkkeeper.demo.captures import Capture
from linkkeeper.demo.web import SmallWeb
from linkkeeper.errors import UsageError
from linkkeeper.fix import apply, diff, listing
from linkkeeper.fix.journal import Journal
from linkkeeper.pipeline import fix, scan
from linkkeeper.pipeline.events import Silent
from linkkeeper.report import registry

Say = Callable[[str], None]

_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1><p>{1}</p></body></html>"
_MENU = "Oolong, pu'er, and on Sundays the cake that people came for. Prices are per pot, water is free."


def tell(say: Say, keep: Path | None = None, color: bool = False, width: int = 80) -> None:
    """Tell the story. say: takes text for stdout; keep: a new folder to leave posts and report in.

    Raises UsageError if keep exists already.
    """
    if keep is not None and keep.exists():
        raise UsageError(f"{keep} exists already", "name a new folder, or leave --keep out")
    with contextlib.ExitStack() as stack:
        if keep is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="linkkeeper-demo-")))
        else:
            try:
                keep.mkdir(parents=True)
            except OSError as error:
                raise UsageError(f"cannot make {keep}: {error.strerror}", "name another folder for --keep") from error
            folder = keep.resolve()
        stage = stack.enter_context(Stage().open())
        stack.enter_context(contextlib.chdir(folder))
        _copy_posts(Path("posts"), stage.web.port)
        _Story(say, stage.settings(), color, width).tell()
        if keep is not None:
            say(f"\nPosts, state and report.html stay in {keep}.\n")


class Stage:
    """The small web and the small archive, served from a thread of their own."""

    def __init__(self) -> None:
        self.web = SmallWeb()
        self.archive_url = ""
        self._ready = threading.Event()
        self._done: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @contextlib.contextmanager
    def open(self) -> "Iterator[Stage]":
        """Serve until the block ends."""
        thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="demo-servers", daemon=True)
        thread.start()
        self._ready.wait()
        try:
            yield self
        finally:
            if self._loop is not None and self._done is not None:
                self._loop.call_soon_threadsafe(self._done.set)
            thread.join()

    async def _serve(self) -> None:
        self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        async with self.web, ArchiveServer(captures(self.web)) as archive:
            self.archive_url = archive.url
            self._ready.set()
            await self._done.wait()

    def settings(self) -> Settings:
        """Return settings that trust these servers and nothing else, with an archive that may be asked quickly."""
        wayback = WaybackSettings(url=self.archive_url, public_url="https://web.archive.org", rate=6000, pause=1)
        return Settings(paths=["posts"], allow_host=list(self.web.hosts), wayback=wayback, timeout=5)


def captures(web: SmallWeb) -> list[Capture]:
    """Return what the small archive holds: good copies, and some that must not be taken."""
    second, menu = web.url("gone", "/2016/second"), web.url("gone", "/2016/menu.html")
    guide = web.url("softgone", "/guide/river")

    def page(url: str, timestamp: str, title: str, text: str, status: int = 200) -> Capture:
        return Capture(url, timestamp, status, _PAGE.format(title, text).encode())

    return [
        page(second, "20150301120000", "The second tea house", "Open from eight. " + _MENU),
        page(second, "20160620080000", "The second tea house", "Open from nine now. " + _MENU),
        page(second, "20170102030405", "The second tea house", "Open from ten, in winter. " + _MENU),
        page(second, "20190909090909", "Not Found", "404", 404),
        page(menu, "20180704000000", "Menu", _MENU * 3),
        page(guide, "20160707235959", "404 - Page not found", "The page you are looking for does not exist."),
        page(guide, "20160601101010", "The river guide", "Where the ferries stop, and who pours what. " + _MENU),
    ]


def _copy_posts(folder: Path, port: int) -> None:
    folder.mkdir()
    for post in sorted((resources.files("linkkeeper.demo") / "posts").iterdir(), key=lambda one: one.name):
        text = post.read_text("utf-8").replace(".localhost/", f".localhost:{port}/")
        (folder / post.name).write_text(text, "utf-8", newline="\n")


class _Story:
    """The steps, each shown as the command that a user would type."""

    def __init__(self, say: Say, settings: Settings, color: bool, width: int) -> None:
        self._say, self._settings, self._color, self._width = say, settings, color, width

    def tell(self) -> None:
        hosts = len(self._settings.allow_host)
        self._say(
            "linkkeeper demo: all of this happens on this machine, without a network.\n"
            f"A small web ({hosts} hosts) and a small archive are served on loopback; three posts link to them.\n"
        )
        self._step("1", "linkkeeper scan", "Which links are dead, and which copies does the archive hold?")
        self._scan()
        planned = self._plan()
        self._step("2", "linkkeeper fix --diff", "What would change? Link destinations, and nothing else.")
        self._diff(planned)
        before = _contents()
        self._step("3", "linkkeeper fix", "Do it: journalled, proved by reading the result again, renamed into place.")
        self._fix(planned)
        self._step("4", "linkkeeper fix", "Once more: there is nothing left to change.")
        self._fix(self._plan())
        self._step("5", "linkkeeper undo", "And back.")
        self._undo(before)
        self._step(
            "6", "linkkeeper archive save --to local", "Keep the living, before they die too; and prove what is kept."
        )
        self._keep()
        self._say(_MORAL)

    def _step(self, number: str, command: str, word: str) -> None:
        rule = "─" * max(0, self._width - len(command) - 8)
        self._say(f"\n── {number}  {command} {rule}\n{word}\n\n")

    def _scan(self) -> None:
        result = scan.scan(scan.Request(), self._settings, Silent())
        from linkkeeper.report import terminal

        self._say(terminal.render(result.run, self._color, self._width))
        registry.write(result.run, "html", Path("report.html"))
        size = Path("report.html").stat().st_size // 1024
        self._say(f"\nThe same as one HTML page: report.html, {size} KB, with filters and evidence.\n")

    def _plan(self) -> fix.Planned:
        return fix.plan(scan.Request(), self._settings, fix.options(self._settings), Silent())

    def _diff(self, planned: fix.Planned) -> None:
        extraction = fix.extraction(self._settings)
        for plan in planned.plans:
            prepared = apply.prepare(plan, extraction)
            self._say(diff.unified(prepared.plan, prepared.data, self._color))

    def _fix(self, planned: fix.Planned) -> None:
        with Journal(self._settings.state) as journal:
            self._say(listing.of_fix(apply.apply(planned.plans, journal, fix.extraction(self._settings))))

    def _undo(self, before: dict[str, bytes]) -> None:
        with Journal(self._settings.state) as journal:
            self._say(listing.of_undo(journal.undo()))
        same = "every byte is back." if _contents() == before else "the posts differ from before: please report this."
        self._say(f"Compared with the posts before the fix: {same}\n")

    def _keep(self) -> None:
        from linkkeeper.archive.local import verify
        from linkkeeper.pipeline import saving
        from linkkeeper.report import saving as shown

        local = ArchiveSettings(to=["local"])
        settings = msgspec.structs.replace(self._settings, archive=local)
        self._say(shown.of_save(saving.save(saving.SaveRequest(scan.Request()), settings, Silent()), self._width))
        proof = verify.verify(Path(local.dir))
        sound = "sound" if proof.sound else "damaged: please report this"
        self._say(f"linkkeeper archive verify: {proof.records} records of {proof.pages} pages: {sound}\n")


def _contents() -> dict[str, bytes]:
    return {name: (Path("posts") / name).read_bytes() for name in sorted(os.listdir("posts"))}  # noqa: PTH208 - names are wanted, not paths


_MORAL = """
What just happened
  · The page that failed once (flaky) and the ones that refuse robots (blocked, botwall) were not called dead.
  · A page that says 200 and "not found" was: its title and its text gave it away.
  · The post of 2016 got the copy of June 2016, the post of 2017 the one of January 2017: what the author saw.
    The menu was first captured in 2018, so all three posts got that: the first after, where there is none before.
  · The guide's latest capture before its post is an error page: it was looked at and passed over for the one before.
  · The leaflet that nobody archived was left alone, and is still reported as dead.
  · The living pages lie in archive/ now, as WARC files that any Wayback-like player shows.
  · Tracking parameters went, the redirect wrapper was opened, titles and #fragments stayed.

Now with your own posts:  linkkeeper scan path/to/posts
"""
