"""docs/saving.md: how pages are saved at the Wayback Machine, and what its words mean."""

from pathlib import Path

from linkkeeper.archive.saving.codes import Kind, known

PAGE = Path("docs/saving.md")

HEAD = """# How pages are saved at the Wayback Machine

What `linkkeeper archive save --to wayback` asks, believes and remembers. [archiving.md](archiving.md) tells how it is
used.

## The way of a page

Only what lives is sent. A page that `robots.txt` lets us not read (with `local` among the archives), and of which HEAD
does not say whether it lives, is `unknown`; [archiving.md](archiving.md#on-your-own-disk) says what settles that.

1. **Is there a copy already?** The index is asked, many pages of a site with one question; what it says holds for a
   day. A copy that is young enough (any, without `--older-than`) ends it here.
2. **The intent is written down**, then the page is submitted, once. With keys: `POST /save` with
   `if_not_archived_within`, so the service itself makes no second copy. Without: `GET /save/…` through waybackpy.
3. **The job is asked how it stands**, every 6 to 8 seconds, several jobs with one question. A job id is the same for a
   page each time: a status that tells of a moment before the submission tells of an older job and is not believed.
4. **The capture is played back.** Only a page that plays, captured since the submission, is `saved`. The archive may
   lead to an older capture for hours: that is `captured`, and every later run looks until it shows (two days; then the
   page goes back into the queue).

Each step is written to the state before the next begins, and a row of the queue is changed only by the process that
holds it and saw it last. So a run that was killed goes on where it was, and two runs at once share the work.

**What was perhaps submitted** (a kill, a timeout, HTML or half an answer) is looked for before anything is sent again:

- the playback: a capture since the intent is that of the submission;
- the job, under the name that it probably has: it is at work, or has just ended;
- what the account has under way (`/save/status/user`): if there is nothing, the submission never arrived or has ended;
  if there is something, 150 seconds are enough for any job;
- the index: a capture since the intent makes the page `captured`;
- the account's count of today's captures, against what it was before: if it has grown by more than all other
  submissions explain, the page arrived. It is `submitted`, and later runs look.

Only when nothing shows for 24 to 150 seconds, the page goes out again, and then the service is told of the time since
the first submission (`if_not_archived_within`): if that one arrived after all, it answers with its capture and makes
none. Without keys there are the playback and the index only, for 90 seconds, and no such field. So a page of unknown
fate is sent again within 45 minutes (so long the service by itself makes no second capture) or after six hours (by then
captures show); between, it is `submitted`, and every run looks.

## Manners

| | with keys | without |
| --- | --- | --- |
| submissions a minute, of all runs that share the state | 6 | 3 |
| a day | what the service says (`/save/status/user`) | 200 |
| of one page a day | 5 | 5 |
| at once | as many as the account has sessions free | 1 |

A refusal (429) silences everything that is asked of the archive, look-ups and playback too: for a minute or as long as
`Retry-After` says, then for two; the third ends the run. Three answers in a row that nobody can read end it as well.
What is left stays in the queue. At archive.org no setting makes it faster, nor jobs be asked about more often.

## What the archive's words mean

A submission may be refused (with HTTP 200), or the capture may fail later. Which of these words is which is data
(`linkkeeper/archive/saving/codes.toml`); this table is made from it (`python tests/docs`). A word that is not listed
is final for the run, and the next run tries again.

| word | what it says | what follows |
| --- | --- | --- |
"""

FOLLOWS = {
    Kind.OWNER: "`refused`; asked again after a month",
    Kind.PERMANENT: "`failed`; asked again after a week",
    Kind.TRANSIENT: "tried again after one and two minutes, then `failed` for six hours",
    Kind.SESSIONS: "waits for a free session",
    Kind.HOST: "all pages of the site rest, longer each time",
    Kind.URL: "there are copies of today: they are looked for",
    Kind.DAY: "the run ends; the next day goes on",
    Kind.CLIENT: "the run ends: use keys",
}


def render() -> str:
    """Return the page."""
    rows = sorted(known().items(), key=lambda item: (list(Kind).index(item[1].kind), item[0]))
    return HEAD + "".join(f"| `{code}` | {entry.says} | {FOLLOWS[entry.kind]} |\n" for code, entry in rows)
