"""The tables of the state database, and the steps from one version to the next.

A released step is never changed: a new one is added, and `user_version` counts them.
"""

import sqlite3

APPLICATION_ID = 0x4C4B5052
"""`LKPR`: says whose file it is (sqlite.org/pragma.html#pragma_application_id)."""

MIGRATIONS: tuple[str, ...] = (
    """
    -- What servers answered: one row per URL and set of options that could change the answer.
    CREATE TABLE replies (
        url TEXT NOT NULL, options TEXT NOT NULL, checked INTEGER NOT NULL, due INTEGER NOT NULL,
        finding BLOB NOT NULL, PRIMARY KEY (url, options)) WITHOUT ROWID;
    -- One row per URL and UTC day on which it failed, since it last answered.
    CREATE TABLE strikes (
        url TEXT NOT NULL, day TEXT NOT NULL, at INTEGER NOT NULL, rule TEXT NOT NULL,
        counts INTEGER NOT NULL, PRIMARY KEY (url, day)) WITHOUT ROWID;
    -- Every change of verdict.
    CREATE TABLE verdicts (
        url TEXT NOT NULL, at INTEGER NOT NULL, verdict TEXT NOT NULL, rule TEXT NOT NULL,
        status INTEGER, PRIMARY KEY (url, at)) WITHOUT ROWID;
    -- The figures of every run, and the reports of the last ones.
    CREATE TABLE runs (
        id TEXT PRIMARY KEY, finished INTEGER NOT NULL, links INTEGER NOT NULL, verdicts TEXT NOT NULL,
        report BLOB) WITHOUT ROWID;
    -- What documents hold, by digest.
    CREATE TABLE extractions (key TEXT PRIMARY KEY, used INTEGER NOT NULL, links BLOB NOT NULL) WITHOUT ROWID;
    -- What archives answered.
    CREATE TABLE answers (
        url TEXT NOT NULL, near INTEGER NOT NULL, expires INTEGER, answer BLOB NOT NULL,
        PRIMARY KEY (url, near)) WITHOUT ROWID;
    -- What parallel runs must know of each other, by name.
    CREATE TABLE clocks (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    -- How far long jobs have come.
    CREATE TABLE progress (
        job TEXT NOT NULL, item TEXT NOT NULL, at INTEGER NOT NULL, note TEXT NOT NULL,
        PRIMARY KEY (job, item)) WITHOUT ROWID;
    CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    INSERT INTO meta VALUES ('salt', randomblob(16));
    """,
    """
    -- What documents hold has files of its own (store/extractions.py).
    DROP TABLE IF EXISTS extractions;
    """,
    """
    -- What is to be saved at the Wayback Machine, and how far it has come (store/queue.py).
    CREATE TABLE saves (
        url TEXT PRIMARY KEY, version INTEGER NOT NULL, holder TEXT NOT NULL, held_until REAL NOT NULL,
        ticket BLOB NOT NULL) WITHOUT ROWID;
    -- Every submission of the last days: quotas count them.
    CREATE TABLE submissions (way TEXT NOT NULL, at REAL NOT NULL, url TEXT NOT NULL);
    CREATE INDEX submissions_at ON submissions (way, at);
    """,
)
VERSION = len(MIGRATIONS)


class NewerSchemaError(Exception):
    """The database was written by a later linkkeeper."""


class NotOursError(Exception):
    """The database belongs to another program."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a database to `VERSION`, in one transaction; several processes may try at once.

    Raises NewerSchemaError, NotOursError, or sqlite3.Error.
    """
    if _version(connection) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)  # another process may have been faster
        for step in MIGRATIONS[version:]:
            for statement in step.split(";\n"):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    # In this order: another process may make the tables, and say whose they are, in between.
    filled: int = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    owner: int = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if owner not in {0, APPLICATION_ID} or (filled and owner == 0):
        raise NotOursError
    if version > VERSION:
        raise NewerSchemaError
    return version
