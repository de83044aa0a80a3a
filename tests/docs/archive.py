"""docs/archive-format.md: what lies in the local archive, what a kill leaves behind, and every kind of damage."""

from pathlib import Path

from linkkeeper.archive.local.ledger import KINDS

PAGE = Path("docs/archive-format.md")

HEAD = """# The local archive on the disk

What `linkkeeper archive save --to local` writes, for those who read it with other programs. All of it is standard:
WARC/1.1, CDXJ, JSON Lines, and WACZ 1.1.1 when it is exported. [archiving.md](archiving.md) tells how it is used.

| file | what it is |
| --- | --- |
| `warc/YYYY-MM.warc.gz` | the captures of a month (UTC), appended to; `YYYY-MM-2.warc.gz` after 100 MB, and so on |
| `index.cdxj` | a line per capture, sorted bytewise: SURT, 14 digits, and what it is and where it lies in JSON |
| `manifest.jsonl` | a line per page: `url` as in the posts, `ts`, `digest`, `page` (after redirects), `posts` |
| `.pending.cdxj` | only while a run is writing, or after it was killed: index lines that are not merged yet |
| `.lock` | one run writes at a time; nobody holds it when no run is going on |
| `torn/` | only if another program shortened a WARC: what was left of the records it cut through, a file each |

## Records

A file begins with `warcinfo`. Then, for every exchange, `response` (or `revisit`) and `request`, each a gzip member
of its own, so that it can be read alone. Of a page come first its redirects and what it loads, and **the page's own
response last**: where that one is, everything before it is too.

- Heads are the bytes that came over the wire: order, case and duplicates included. Three things differ.
  `Transfer-Encoding` becomes `X-Orig-Transfer-Encoding`, since payloads are kept without it; a `Content-Length` that
  is not the payload's becomes `X-Orig-Content-Length`, and the right one is added; requests lose cookies and
  credentials.
- Payloads keep their content coding (gzip, br, zstd). `WARC-Payload-Digest` and `WARC-Block-Digest` are SHA-1 in
  base32.
- A payload that is held already becomes a `revisit` (identical-payload-digest) that names URL and date of the record
  with it. Empty payloads are no revisits.
- What was cut off by a limit says so: `WARC-Truncated` with `length`, `time` or `disconnect`.

## After a kill, a full disk, another program

- **A killed run** leaves whole records up to some point and perhaps half a one. Every page that was reported as kept
  is in WARC and manifest. The next run (`save` or `export`) cuts the half record off, says so, and merges the index.
- **A full disk** costs the page that was being written: it is taken back, and the archive is as it was before.
- **A power cut** may cost the last seconds (files are brought down to the disk every 5 s). What is left is made whole
  again.
- **A WARC that another program shortened**: the record it cut through is put aside into `torn/` and cut off; captures
  and pages that are gone leave index and manifest, so the next run fetches them again.
- **A WARC that is damaged in the middle, or has become something else** (a Git LFS pointer): it is left alone, its
  index lines too, nothing is written to it any more; the run goes on in the next number. A WARC is read through
  before a run first writes to it.
- **A WARC that was deleted**: its pages leave the manifest, so the next run fetches them again; `archive status` does
  not count them even before that, and `archive show` does not list them. Nor are pages held that were kept as a
  `revisit` of what lay in it. Its index lines stay until `archive verify --rebuild`, and its name is not used
  again; behind a link to nothing (a disk that is not there), its pages stay too.
- **WARCs of other programs** in `warc/` are never written to. They are not in the index until `archive verify
  --rebuild` takes them in.

`archive verify` changes nothing, whatever it finds; `--rebuild` writes `index.cdxj` anew, and takes pages off
the manifest whose WARC is missing.

A WACZ is somebody's file: `verify` unpacks 4 GB of it at most (1 GB of one compressed file), and no record to more than
200 times its size once that is beyond 256 MB. What is stored, as players want it, may be as large as it is.

## What players cannot show

What is in the archive is proved to be what the servers sent; a player may still fail to show it. Of 30 pages made for
this (`benchmarks/smallweb.py`; `tests/archive/capture/test_replay.py` compares them with the living ones pixel by
pixel), all look the same in both players but for:

| | pywb 2.10 | ReplayWeb.page 2.4.6 |
| --- | --- | --- |
| module scripts, import maps | not run | |
| queries that are not UTF-8 (pages in old encodings) | not found | not found where only the markup names the encoding |
| addresses on other hosts in UTF-16 pages; UTF-16 text | not found | text garbled |
| two orders of the same arguments | the same answer for both | |
| `HTTP://` in capitals | not found | not found |
| escapes in a style sheet's `url()` | | not found |
| `srcdoc` frames, pages and drawings in `<object>` | | not shown |
| content coding `deflate` (never asked for) | | not shown |

## What `archive verify` finds

Every kind of damage by its id, as it stands in the report; this table is made from the code (`python tests/docs`).

| id | what it means |
| --- | --- |
"""


def render() -> str:
    """Return the page."""
    return HEAD + "".join(f"| `{kind}` | {meaning} |\n" for kind, meaning in KINDS.items())
