"""docs/cleaning.md: what is removed from which URLs and why, made from the rules."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from linkkeeper.urls import rules, secrets
from linkkeeper.urls.rule_set import Entry, ParameterRule, UntouchedRule, WrapperRule

PAGE = Path("docs/cleaning.md")

HEAD = """# Cleaning

linkkeeper takes out of a URL what only tells where its reader came from, and opens redirect wrappers. Every other
byte stays as it is written: order, case, escapes, `+`, duplicates, parameters without a value, `&&`, the fragment.
A parameter goes together with one `&`; the `?` goes only with the last parameter. Cleaning twice is cleaning once.

```console
$ linkkeeper clean 'https://example.com/?id=1&utm_source=rss#top'
https://example.com/?id=1#top
```

`--explain` says which rule took what, `--json` says it to programs. Without URLs, one is read from each line of stdin.

What happens, in this order:

1. A URL is **left whole** if it is signed, archived, a short link, or works on another URL it carries (last table).
2. A **wrapper** is opened: the value of its parameter is decoded once, and the URL in it is cleaned in turn, eight deep
   at most. Only absolute http(s) URLs come out of a wrapper. Escapes that stand for no UTF-8 text, or for what may not
   stand in a URL, stay escapes.
3. **Parameters** go by the rules for every site and by those for the host and its parents. What a rule keeps stays.
   Names are compared after one decoding; where `&amp;` was left in by somebody, it separates as `&` does.
4. A **fragment** goes if all of it is tracking (`#utm_source=…`). Text directives (`#:~:text=`) and routes (`#/…?…`)
   stay.

Relative URLs and schemes other than http and https are left alone. After an unescaped URL with a query of its own
(`?next=/a?b=1&utm_source=x`) nothing is removed: it may belong to that URL.

In a scan the cleaned URL is what is asked. If it fails and the URL as written works, the rule is reported as wrong
there and the link stays as it is. The page of a wrapper proves nothing, since it answers for any target: there the
target counts as written. Parameters marked *credential* open somebody's account: they go without asking.

## Settings

```toml
[tool.linkkeeper]
rules = "more-rules.toml"        # or --rules FILE

[tool.linkkeeper.clean]
strip = ["ref_src", "example.com:ref", "example.com:from_*"]   # more parameters to remove
keep_hosts = ["download.example.com"]                          # exempt a host and those below it: nothing is touched
keep_params = ["utm_id", "example.org:utm_*"]                  # exempt a parameter, everywhere or on a host
```

A rule file is TOML like those in `linkkeeper/urls/rules/`, or JSON in the form of
[ClearURLs](https://docs.clearurls.xyz/). Of the latter `rules`, `rawRules`, `exceptions` and `redirections` are applied
(names match as a whole, in any case); `completeProvider`, which blocks sites, and `referralMarketing`, which may be the
author's own, are not. Its licence is your affair: linkkeeper ships no such file. URLs longer than 1,000 characters are
left to our own rules. A file with an unknown key, a pattern that matches everything, or one that can take forever on
some text (`(a+)+`) is refused with file, line and entry.

```toml
[[site]]
id = "example"                    # shown in reports
hosts = ["example.com"]           # with all hosts below; "example.*" for every public suffix
path = '/articles/.*'             # optional: only where the whole path matches
strip = ["from", "share_*"]       # a final star takes what follows
keep = ["id"]                     # never removed here
why = "the list an article was clicked in"
source = "links between the site's own pages"
date = 2026-11-20                 # when this was last considered
```

Other keys of a `[[site]]` or `[[global]]`: `credentials` (as `strip`, removed without asking), `patterns` (regular
expressions of whole names), `value` (only where the whole value matches), `needs` (only together with these
parameters), `keep_only` (all others go), `whole_query` (the path alone names the page), `fragments`, `any_case`.
A `[[wrapper]]` has `params`, or `query = true` where the whole query is the target. An `[[untouched]]` has `hosts`,
or `all_of`: parameters that must all be there.
"""

TAIL = """
## Credentials

Shown as `***` in every report, log and error, and never sent to an archive, wherever they stand: name and password
before `@`, and the values of these parameters, also in a URL that is another's value.

Always: {always}.

If the value is made like a key (16 characters and more, letters and digits mixed): {if_random}.
"""


def render() -> str:
    """Return the page."""
    known = rules.builtin()
    names = secrets.known_names()
    parts = [HEAD, f"\n## On every site\n\n{_count(known.everywhere)}\n\n", *_parameters(known.everywhere)]
    parts += ["\n## On these sites\n\n" + _sites(known.sites) + "\n\n", *_parameters(known.sites)]
    parts += ["\n## Wrappers that are opened\n\n", *_wrappers(known.wrappers)]
    parts += ["\n## Left whole\n\n", *_untouched(known.untouched)]
    parts.append(TAIL.format(always=_codes(sorted(names.always)), if_random=_codes(sorted(names.if_random))))
    return "".join(parts)


def _count(entries: Iterable[ParameterRule]) -> str:
    total = sum(len(entry.strip) for entry in entries)
    return f"{total} names, of which none is content on any site we know of."


def _sites(entries: Iterable[ParameterRule]) -> str:
    hosts = {host for entry in entries for host in entry.hosts}
    return f"{len(hosts)} domains. *only with* and *only on* are conditions; **bold** names are credentials."


def _codes(names: Iterable[str]) -> str:
    return " ".join(f"`{name.replace('|', chr(92) + '|')}`" for name in names)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _parameters(entries: Iterable[ParameterRule]) -> Iterator[str]:
    yield "| rule | where | removed | kept | why | source |\n| --- | --- | --- | --- | --- | --- |\n"
    for entry in entries:
        yield _row(entry, _removed(entry), _codes(entry.keep))


def _row(entry: Entry, *cells: str) -> str:
    place = _codes(entry.hosts) + (f"<br>*only on* {_codes([entry.path])}" if entry.path else "")
    source = f"{_cell(entry.source)}, {entry.date}"
    return f"| `{entry.id}` | {place} | {' | '.join(cells)} | {_cell(entry.why)} | {source} |\n"


def _removed(entry: ParameterRule) -> str:
    parts = [_codes((*entry.strip, *entry.patterns)), " ".join(f"**{_codes([name])}**" for name in entry.credentials)]
    if entry.keep_only:
        parts.append(f"all but {_codes(entry.keep_only)}")
    if entry.whole_query:
        parts.append("the whole query")
    parts += [f"`#`{_codes([pattern])}" for pattern in entry.fragments]
    if entry.value:
        parts.append(f"*only with the value* {_codes([entry.value])}")
    if entry.needs:
        parts.append(f"*only with* {_codes(entry.needs)}")
    return "<br>".join(part for part in parts if part)


def _wrappers(entries: Iterable[WrapperRule]) -> Iterator[str]:
    yield "| rule | where | the target is in | why | source |\n| --- | --- | --- | --- | --- |\n"
    for entry in entries:
        yield _row(entry, "the query" if entry.query else _codes(entry.params))


def _untouched(entries: Iterable[UntouchedRule]) -> Iterator[str]:
    yield "| rule | where | parameters, all of which are there | why | source |\n| --- | --- | --- | --- | --- |\n"
    for entry in entries:
        yield _row(entry, _codes(entry.all_of))
