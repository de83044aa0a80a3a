"""Every setting, typed and documented.

`Settings` is the single source: the flags of the commands, the variables `LINKKEEPER_…`, the keys of the
file, docs/settings.md and the JSON Schema for editors are all made from its fields.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

ENVIRONMENT_PREFIX = "LINKKEEPER_"

Positive = Annotated[float, Meta(gt=0)]
Duration = Annotated[float | str, Meta(extra={"unit": "duration"})]
"""Seconds, or a number with s, m, h, d, w or y: `90`, `10m`, `1y`."""

VerdictName = Literal[
    "ok", "redirected", "dead", "suspect", "blocked", "invalid", "placeholder", "skipped", "unchecked"
]
RepairName = Literal["archive", "clean", "redirect", "revert"]
StyleName = Literal["replace", "append", "robust"]
ArchiveName = Literal["wayback", "local"]
BrowserUse = Literal["never", "needed", "always"]


class WaybackSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[tool.linkkeeper.wayback]`: how the Wayback Machine, or a stand-in, is asked."""

    url: Annotated[
        str,
        Meta(
            description="Base URL that stands for both archive.org and web.archive.org.",
            extra={"flag": "--wayback-url", "metavar": "URL"},
        ),
    ] = "https://web.archive.org"
    public_url: Annotated[
        str, Meta(description="What the links written into posts begin with. Default: the base URL.")
    ] = ""
    rate: Annotated[float, Meta(gt=0, description="Index requests a minute; the archive asks for at most 24.")] = 24
    pause: Annotated[
        float, Meta(ge=0, description="Seconds of silence towards the archive after it refused (doubling).")
    ] = 60
    save_rate: Annotated[
        float,
        Meta(
            ge=0,
            description="Saves a minute (`archive save`). 0: 6 with keys, 3 without; archive.org never gets more.",
        ),
    ] = 0
    poll: Annotated[float, Meta(gt=0, le=300, description="Seconds between two questions about one save.")] = 6
    patience: Annotated[
        Duration, Meta(description="How long a run waits for one save to end; the next run looks again.")
    ] = 300


class CleanSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[tool.linkkeeper.clean]`: the user's own rules beside the shipped ones."""

    strip: Annotated[
        list[str],
        Meta(description="More query parameters to remove: `name`, `prefix*`, or either after `host:`."),
    ] = field(default_factory=list)
    keep_hosts: Annotated[
        list[str], Meta(description="Hosts (with their subdomains) whose URLs are never cleaned.")
    ] = field(default_factory=list)
    keep_params: Annotated[list[str], Meta(description="Parameters that always stay, written as in `strip`.")] = field(
        default_factory=list
    )


class ArchiveSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[tool.linkkeeper.archive]`: copies of the living (`linkkeeper archive`)."""

    dir: Annotated[
        str,
        Meta(description="Folder of the local archive.", extra={"flag": "--archive", "metavar": "DIR"}),
    ] = "archive"
    to: Annotated[
        list[ArchiveName],
        Meta(
            description="Where copies go: `wayback`, `local`, or both.", extra={"flag": "--to", "metavar": "ARCHIVES"}
        ),
    ] = field(default_factory=lambda: ["wayback"])
    older_than: Annotated[
        Duration,
        Meta(
            description="Capture again what was captured longer ago than this. Default: one copy is enough.",
            extra={"flag": "--older-than", "metavar": "DURATION"},
        ),
    ] = ""
    local_base: Annotated[
        str,
        Meta(
            description="Where the local archive is replayed in public: what links to local copies begin with. "
            "Without it they are never written into posts.",
            extra={"flag": "--local-base", "metavar": "URL"},
        ),
    ] = ""
    budget: Annotated[float, Meta(gt=0, description="Megabytes of local archive above which a run warns.")] = 500
    robots: Annotated[
        bool,
        Meta(
            description="Keep away from what robots.txt forbids to `linkkeeper`. Off only where the owners agree.",
            extra={"flag": "--robots/--no-robots"},
        ),
    ] = True
    noarchive: Annotated[
        bool,
        Meta(
            description="Drop pages whose owners say `noarchive`. Off only where they agree.",
            extra={"flag": "--noarchive/--no-noarchive"},
        ),
    ] = True
    browser: Annotated[
        BrowserUse,
        Meta(
            description="Keep pages through headless Chromium (the extra `linkkeeper[browser]`): `needed` for those "
            "that show nothing without their scripts.",
            extra={"flag": "--browser", "metavar": "WHEN"},
        ),
    ] = "never"
    page_size: Annotated[
        float, Meta(gt=0, le=2000, description="Megabytes of one page, with all that it loads, as received.")
    ] = 25
    file_size: Annotated[float, Meta(gt=0, le=2000, description="Megabytes of one thing that a page loads.")] = 10
    page_files: Annotated[int, Meta(ge=0, le=5000, description="Things that a page loads, at most.")] = 200
    page_time: Annotated[Duration, Meta(description="For one page with all that it loads.")] = 60
    warc_size: Annotated[
        float, Meta(gt=0, le=10_000, description="Megabytes after which the next WARC of the month is begun.")
    ] = 100


class HostSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[tool.linkkeeper.host."example.com"]`: what differs for one host."""

    per_host: Annotated[int, Meta(ge=1, description="Requests at once to this host.")] | None = None
    rate: Annotated[float, Meta(gt=0, description="Requests a second to this host.")] | None = None
    timeout: Annotated[float, Meta(gt=0, description="Seconds for one request to this host.")] | None = None
    headers: Annotated[
        dict[str, str], Meta(description="Headers for this host; `$NAME` is taken from the environment.")
    ] = field(default_factory=dict)
    accept: Annotated[list[int], Meta(description="Status codes that mean `ok` here.")] = field(default_factory=list)
    verdicts: Annotated[
        dict[str, VerdictName], Meta(description="Rule id = verdict: overrides what a rule means for this host.")
    ] = field(default_factory=dict)


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Every setting of linkkeeper, with its default."""

    paths: Annotated[list[str], Meta(description="What to scan when no PATHS are given.", extra={"flag": None})] = (
        field(default_factory=list)
    )
    include: Annotated[
        list[str],
        Meta(description="Look only at links whose text as written matches this regex.", extra={"metavar": "REGEX"}),
    ] = field(default_factory=list)
    exclude: Annotated[
        list[str],
        Meta(description="Leave out links whose text as written matches this regex.", extra={"metavar": "REGEX"}),
    ] = field(default_factory=list)
    include_verbatim: Annotated[bool, Meta(description="Links in Markdown code and comments count too.")] = False
    root: Annotated[
        str,
        Meta(
            description="Folder that `/…` links start from. Default: found from the site generator.",
            extra={"metavar": "DIR"},
        ),
    ] = ""
    timezone: Annotated[
        str, Meta(description="Zone of dates that name none, e.g. `Asia/Shanghai`.", extra={"flag": None})
    ] = "UTC"
    timeout: Annotated[float, Meta(gt=0, le=600, description="Seconds for one request.")] = 20
    retries: Annotated[int, Meta(ge=0, le=5, description="Further attempts at what can pass.")] = 1
    concurrency: Annotated[int, Meta(ge=1, le=4096, description="Requests at once, all hosts together.")] = 128
    per_host: Annotated[int, Meta(ge=1, le=64, description="Requests at once to one host.")] = 8
    user_agent: Annotated[str, Meta(description="User-Agent header.")] = ""
    header: Annotated[
        list[str], Meta(description="Header for every first request: `Name: value`.", extra={"metavar": "HEADER"})
    ] = field(default_factory=list)
    proxy: Annotated[str, Meta(description="Proxy for requests to web hosts.", extra={"metavar": "URL"})] = ""
    insecure: Annotated[bool, Meta(description="Accept invalid TLS certificates.")] = False
    ca_file: Annotated[
        str, Meta(description="More certificate authorities to trust, a PEM file.", extra={"metavar": "FILE"})
    ] = ""
    client_cert: Annotated[
        str,
        Meta(
            description="Our certificate and its key, one PEM file, for servers that ask for one.",
            extra={"metavar": "FILE"},
        ),
    ] = ""
    remap: Annotated[
        list[str],
        Meta(
            description="Ask elsewhere than where links point: `FROM TO`, a regular expression and its replacement.",
            extra={"metavar": "'FROM TO'"},
        ),
    ] = field(default_factory=list)
    cookies: Annotated[str, Meta(description="Cookies file in Netscape format.", extra={"metavar": "FILE"})] = ""
    allow_host: Annotated[
        list[str],
        Meta(description="A private or loopback address that may be asked.", extra={"metavar": "HOST[:PORT]"}),
    ] = field(default_factory=list)
    allow_private: Annotated[bool, Meta(description="Private and loopback addresses may be asked, all of them.")] = (
        False
    )
    max_time: Annotated[
        Duration,
        Meta(
            description="Budget for the whole run; what was not reached is `unchecked`.", extra={"metavar": "DURATION"}
        ),
    ] = 0
    max_wait: Annotated[
        Duration,
        Meta(
            description="How long a host may tell us to wait before its links are `blocked`.",
            extra={"metavar": "DURATION"},
        ),
    ] = 20
    cache: Annotated[
        bool, Meta(description="Use and keep answers between runs.", extra={"flag": "--cache/--no-cache"})
    ] = True
    max_age: Annotated[
        Duration, Meta(description="Ask again what was asked longer ago than this.", extra={"metavar": "DURATION"})
    ] = 0
    state: Annotated[str, Meta(description="Directory for what linkkeeper remembers.", extra={"metavar": "DIR"})] = (
        ".linkkeeper"
    )
    confirm: Annotated[
        int,
        Meta(ge=1, description="Failures on so many different days turn `suspect` into `dead`.", extra={"flag": None}),
    ] = 3
    fragments: Annotated[bool, Meta(description="Check `#fragments` of remote pages too.")] = False
    fail_on: Annotated[
        list[VerdictName], Meta(description="Verdicts that make the exit code 1.", extra={"metavar": "VERDICTS"})
    ] = field(default_factory=lambda: ["dead", "invalid"])
    rescue: Annotated[
        bool, Meta(description="Look for archived copies of dead links.", extra={"flag": "--rescue/--no-rescue"})
    ] = True
    max_archive_time: Annotated[
        Duration, Meta(description="Budget for asking archives.", extra={"metavar": "DURATION"})
    ] = 0
    rules: Annotated[
        str, Meta(description="More cleaning rules: a file in the ClearURLs JSON format.", extra={"metavar": "FILE"})
    ] = ""
    wayback: WaybackSettings = field(default_factory=WaybackSettings)
    clean: CleanSettings = field(default_factory=CleanSettings)
    archive: ArchiveSettings = field(default_factory=ArchiveSettings)
    timegate: Annotated[
        dict[str, str],
        Meta(description="More archives: name = TimeGate URL (RFC 7089), asked after Wayback.", extra={"flag": None}),
    ] = field(default_factory=dict)
    host: dict[str, HostSettings] = field(default_factory=dict)


LOOSENING = frozenset(
    {
        "allow_host",
        "allow_private",
        "insecure",
        "ca_file",
        "client_cert",
        "remap",
        "proxy",
        "header",
        "cookies",
        "wayback.url",
        "archive.dir",
        "archive.robots",
        "archive.noarchive",
        "timegate",
        "state",
        "host",
        "rules",
    }
)
"""Settings by which a file in the scanned tree could send requests or credentials where the user did not
mean them to go. In CI such a file is somebody's pull request, so there they count only from `--config`,
the environment or a flag."""


class Field(Struct, frozen=True):
    """One setting, as flags, environment, file and docs name it."""

    path: str
    """`timeout`, `wayback.rate`."""
    type: Any
    """The annotation, constraints included."""
    description: str
    default: Any
    flag: str | None
    """`--timeout`; None when there is no flag."""
    metavar: str | None = None

    @property
    def variable(self) -> str:
        """The environment variable, e.g. `LINKKEEPER_WAYBACK_RATE`."""
        return ENVIRONMENT_PREFIX + self.path.replace(".", "_").upper()


class Loaded(Struct, frozen=True):
    """Settings, and for each path where its value came from."""

    settings: Settings
    origins: dict[str, str]
    notes: tuple[str, ...] = ()
    """Sentences for the user: settings that were not honoured, and why."""


def fields() -> Iterator[Field]:
    """Yield every setting except the tables whose keys are the user's (`host`)."""
    yield from _fields_of(Settings, "")


def _fields_of(struct: type[Struct], prefix: str) -> Iterator[Field]:
    for item in msgspec.structs.fields(struct):
        default = item.default_factory() if item.default is msgspec.NODEFAULT else item.default
        if isinstance(default, (WaybackSettings, CleanSettings, ArchiveSettings)):
            yield from _fields_of(type(default), f"{item.name}.")
        elif item.name != "host":
            yield _field(prefix + item.name, item.type, default)


def _field(path: str, annotation: Any, default: Any) -> Field:
    metas = [meta for meta in getattr(annotation, "__metadata__", ()) if isinstance(meta, Meta)]
    extra: dict[str, Any] = {}
    for meta in metas:
        extra |= meta.extra or {}
    description = next((meta.description for meta in metas if meta.description), "")
    flag = extra.get("flag", None if "." in path else "--" + path.replace("_", "-"))
    return Field(path, annotation, description, default, flag, extra.get("metavar"))
