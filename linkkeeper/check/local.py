"""Relative links, images and `#anchors`, judged on this disk: no network, and no look outside the scanned root."""

import re
from urllib.parse import unquote

from msgspec import Struct

from linkkeeper.check import anchors, fragments, paths, sites, tables
from linkkeeper.check.folders import Folders, Kind
from linkkeeper.check.rule import RuleDoc
from linkkeeper.models.verdict import Judgement, Verdict

FILE_FOUND = RuleDoc("local-file", Verdict.OK, "The file, or the page it is built from, is there.", "this disk")
FILE_MISSING = RuleDoc("file-missing", Verdict.DEAD, "No such file where the link points.", "this disk")
ANCHOR_MISSING = RuleDoc(
    "anchor-missing", Verdict.DEAD, "The file is there and has no heading or id of that name.", "this disk"
)
SITE_ONLY = RuleDoc(
    "site-only",
    Verdict.SKIPPED,
    "Only the built site could answer: a permalink, a tag page, a feed, a theme's file.",
    "site generators",
)
OUTSIDE = RuleDoc(
    "outside-root",
    Verdict.SKIPPED,
    "It leads out of the scanned root; nobody looked whether anything is there.",
    "docs: safety",
)
NOT_A_HOST = RuleDoc(
    "host-without-scheme",
    Verdict.INVALID,
    "Without `http://`, browsers take this host name for a file of the site.",
    "WHATWG URL, 4.4",
)
RULES = (FILE_FOUND, FILE_MISSING, ANCHOR_MISSING, SITE_ONLY, OUTSIDE, NOT_A_HOST)

PAGES = (".md", ".markdown", ".mdx", ".qmd", ".html", ".htm", ".rst", ".adoc", ".asciidoc", ".org", ".ipynb", ".txt")
"""Suffixes of files that pages are built from, likeliest first."""
_INDEX = ("index", "_index", "README", "readme", "Readme", "INDEX")
_FOOTNOTE = re.compile(
    r"(?:user-content-)?(?:fn|fnref|footnote|footnote-ref|ftn|_ftn|_ftnref|note|cite|ref)[-:_]?", re.IGNORECASE
)
_SUFFIX = re.compile(r"\.([A-Za-z][A-Za-z0-9]{0,9}|7z|mp[34])$")
_HOST = re.compile(r"www\d?\.[\w-]+(?:\.[\w-]+)+(?:[/?#:]|$)", re.IGNORECASE)
_DATED = re.compile(r"(?:^|/)(?:19|20)\d\d/(?:\d\d?/)?")
_POST = re.compile(r"^\d{4}-\d\d?-\d\d?-(.+)$")


_KNOWN_LIMIT = 100_000


class LocalOptions(Struct, frozen=True):
    """Where the site is."""

    root: str = ""
    """Folder that `/` stands for; empty: found by the generator's settings file (setting `root`)."""
    scanned: tuple[str, ...] = ()
    """Paths that were given to scan: nothing outside them, or outside the site they belong to, is looked at."""


class LocalChecker:
    """Judges the links of a run that stay on this disk. Each directory is listed, and each file read, once."""

    def __init__(self, options: LocalOptions) -> None:
        self._set_root = paths.absolute(options.root) if options.root else ""
        self._folders = Folders(paths.boundaries(options.scanned, self._set_root))
        self._sites: dict[str, sites.Site | None] = {}
        self._anchors = anchors.Anchors()
        self._known: dict[tuple[str, str], Judgement] = {}

    def judge(self, document_path: str, url: str) -> Judgement:
        """Judge a relative URL (or `/…`, or `#anchor`) as written in a document."""
        document = paths.absolute(document_path)
        key = (document if url.startswith("#") else paths.parent(document) + "\0" + paths.stem(document), url)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _KNOWN_LIMIT:
                self._known.clear()
            known = self._known[key] = self._judge(document, url)
        return known

    def _judge(self, document: str, url: str) -> Judgement:
        head, _, fragment = url.partition("#")
        path = paths.decoded(head.partition("?")[0])
        if path is None:
            return SITE_ONLY.judge("not a name that a file here can have")
        if not path:
            return self._anchor(document, fragment, document) if fragment else FILE_FOUND.judge("the page itself")
        site = self._site_of(document)
        found = self._find(document, path, site)
        if isinstance(found, Judgement):
            return found
        return self._anchor(found, fragment, document) if fragment else FILE_FOUND.judge(self._shown(found))

    # Finding the file.

    def _find(self, document: str, path: str, site: sites.Site | None) -> str | Judgement:
        """Return the file or folder that a path leads to, or why there is none."""
        outside = False
        for target in self._targets(document, path, site):
            if not self._folders.around(target):
                outside = outside or not path.startswith("/")
                continue
            found = self._resolve(target, folder=path.endswith("/"))
            if found is not None:
                return found
            if self._folders.kind(target) is Kind.OUTSIDE:
                outside = True
        if outside:
            return OUTSIDE.judge("outside the scanned root")
        return self._missing(document, path, site)

    def _targets(self, document: str, path: str, site: sites.Site | None) -> list[str]:
        """Return the places where the sources of a path may be, the plain reading first."""
        if path.startswith("/"):
            roots = site.folders if site else ()
            tails = [path.lstrip("/")]
            if site and site.prefix and tails[0].startswith(f"{site.prefix}/"):
                tails.append(tails[0][len(site.prefix) + 1 :])
            return [
                paths.normal(f"{root}/{tail}") for tail in tails for root in (*_versions(document, path, site), *roots)
            ]
        here = paths.parent(document)
        # A page may be served as a folder of its own, and its files may lie in a folder of its name (Hexo).
        return [paths.normal(f"{place}/{path}") for place in (here, *_served(document, site))]

    def _resolve(self, target: str, *, folder: bool) -> str | None:
        """Return the file for a target: itself, its source, or the index of a folder."""
        kind = self._folders.kind(target)
        if kind is Kind.FILE and not folder:
            return target
        if kind is Kind.FOLDER:
            return self._index(target) or target
        above, _, name = target.rpartition("/")
        names = self._folders.names(above)
        if not names:
            return None
        stem, dot, suffix = name.rpartition(".")
        stems = (name, stem) if dot and suffix.lower() in {"html", "htm", "md", "rst"} else (name,)
        for wanted in stems:
            source = next((wanted + ending for ending in PAGES if wanted + ending in names), None)
            if source:
                return f"{above}/{source}"
        language = next(
            (other for other in names if other.startswith(f"{name}.") and other.endswith((".md", ".html"))), None
        )
        if language and name not in {"", ".", ".."} and "." not in name:
            return f"{above}/{language}"
        post = next((other for other in names if (dated := _POST.match(paths.stem(other))) and dated[1] in stems), None)
        return f"{above}/{post}" if post else None

    def _index(self, folder: str) -> str | None:
        names = self._folders.names(folder)
        found = next((stem + ending for stem in _INDEX for ending in PAGES if stem + ending in names), None)
        return f"{folder}/{found}" if found else None

    def _missing(self, document: str, path: str, site: sites.Site | None) -> Judgement:
        """Judge a path for which no file was found."""
        if _HOST.match(path):
            return NOT_A_HOST.judge(path[:80])
        suffix = _SUFFIX.search(path)
        ending = suffix[1].lower() if suffix else ""
        name = path.rstrip("/").rpartition("/")[2]
        if path.startswith("/"):
            return self._missing_from_root(path, ending, site)
        if ending in tables.suffixes().copied or name in tables.suffixes().names:
            if site and "/i18n/" in document and path.endswith(PAGES):
                return SITE_ONLY.judge("the original may stand in where a translation is missing")
            if site and self._elsewhere(path, site):
                return SITE_ONLY.judge("it lies elsewhere in the site: where the page is served decides")
            return FILE_MISSING.judge(f"no file {path[:200]}")
        if site is None and ending in {"html", "htm", "css", "js"} and document.endswith((".html", ".htm")):
            return FILE_MISSING.judge(f"no file {path[:200]}")
        return SITE_ONLY.judge("no source of that name; the built site may have the page")

    def _missing_from_root(self, path: str, ending: str, site: sites.Site | None) -> Judgement:
        if site is None:
            return SITE_ONLY.judge("no site root is known here (setting `root`)")
        if ending not in tables.suffixes().copied or _DATED.search(path):
            return SITE_ONLY.judge("no source of that name; the built site may have the page")
        first, slash, _ = path.lstrip("/").partition("/")
        if not slash and not self._set_root:
            return SITE_ONLY.judge("a theme may bring what lies at the root, icons above all")
        if slash and not any(first in self._folders.names(root) for root in site.folders):
            return SITE_ONLY.judge(f"no folder {first}/ in the sources; the published site may have it")
        if self._elsewhere(path, site):
            return SITE_ONLY.judge("it lies elsewhere in the site: a permalink decides")
        return FILE_MISSING.judge(f"no file {path[:200]}")

    def _elsewhere(self, path: str, site: sites.Site) -> bool:
        """Tell whether the tail of a path is there below one of the site's folders."""
        parts = [part for part in path.split("/") if part not in {"", ".", ".."}]
        tails = ["/".join(parts[start:]) for start in range(max(0, len(parts) - 3), len(parts))] + ["/".join(parts)]
        tails = [tail for tail in tails if "/" in tail or len(parts) == 1]
        return any(
            self._folders.kind(paths.normal(f"{root}/{tail}")) in {Kind.FILE, Kind.FOLDER}
            for root in site.folders
            for tail in tails
        )

    # Anchors.

    def _anchor(self, target: str, fragment: str, document: str) -> Judgement:
        if fragment.startswith(":~:") or fragments.is_known_by_script(fragment):
            return FILE_FOUND.judge(self._shown(target))
        wanted = unquote(fragment.partition(":~:")[0])
        if self._folders.kind(target) is Kind.FOLDER:
            return SITE_ONLY.judge("an anchor in a page that only the built site has")
        known = self._anchors.of(target)
        if known is None or anchors.has(known, fragment):
            return FILE_FOUND.judge(self._shown(target))
        if wanted.lower() in tables.suffixes().layout_anchors or _FOOTNOTE.match(wanted):
            return SITE_ONLY.judge(f"#{wanted[:80]}: the layout or a footnote may have it")
        where = "this page" if target == document else self._shown(target)
        return ANCHOR_MISSING.judge(f"no #{wanted[:80]} in {where}")

    # Where things are.

    def _site_of(self, document: str) -> sites.Site | None:
        """Return the site a document belongs to: the root that was set, else the nearest marked directory above it."""
        if self._set_root:
            if self._set_root not in self._sites:
                self._sites[self._set_root] = sites.plain_site(self._set_root)
            return self._sites[self._set_root]
        return self._nearest(paths.parent(document))

    def _nearest(self, folder: str) -> sites.Site | None:
        if folder in self._sites:
            return self._sites[folder]
        found = None
        boundary = self._folders.around(folder)
        if boundary:
            found = sites.site_at(folder)
            if found is None and folder != boundary:
                found = self._nearest(paths.parent(folder))
        self._sites[folder] = found
        return found

    def _shown(self, path: str) -> str:
        return path.removeprefix(self._folders.around(path).rstrip("/") + "/")


def _served(document: str, site: sites.Site | None) -> list[str]:
    """Return other folders that a page's relative links may mean: its own, and where static files are merged in."""
    here, stem = paths.parent(document), paths.stem(document)
    own = here if stem in _INDEX else f"{here}/{stem}"
    found = [own]
    for folder in site.folders if site else ():
        if document.startswith(f"{folder}/"):
            for place in (own, here):
                inside = place[len(folder) :]
                found += [f"{other}{inside}" for other in site.folders if other != folder] if site else []
    return found


def _versions(document: str, path: str, site: sites.Site | None) -> list[str]:
    """Return the folders above a document, nearest first, where `/x.md` names a source.

    Sites that keep several versions or languages resolve it within the document's own (Docusaurus, versioned docs).
    """
    if site is None or not path.endswith(PAGES):
        return []
    found, folder = [], paths.parent(document)
    while folder.startswith(f"{site.root}/"):
        found.append(folder)
        folder = paths.parent(folder)
    return found
