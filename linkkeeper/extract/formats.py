"""File name -> the module of this package that reads it. A new format is one line here."""

import os

_DOCUMENTS = {
    "markdown": ".md .markdown .mdown .mkd .mkdn .mdwn .qmd .rmd",
    "mdx": ".mdx",
    "html": ".html .htm .xhtml .xht .shtml",
    "rst": ".rst .rest",
    "asciidoc": ".adoc .asciidoc .asc",
    "org": ".org",
    "notebook": ".ipynb",
    "feeds": ".xml .rss .atom .opml",
    "text": ".txt .text",
}
"""Module -> the suffixes it reads (its `SUFFIXES`; a test holds them equal)."""
_DATA = {
    "csv_data": ".csv .tsv",
    "json_data": ".json .jsonl .ndjson .webmanifest",
    "yaml_data": ".yaml .yml",
    "toml_data": ".toml",
}
"""Data files: read when named, or on request."""
_MODULE_OF = {suffix: name for name, suffixes in (_DOCUMENTS | _DATA).items() for suffix in suffixes.split()}
SUFFIXES = frozenset(_MODULE_OF)
DATA_SUFFIXES = frozenset(" ".join(_DATA.values()).split())
WITH_HEAD = frozenset({"markdown", "mdx", "html", "asciidoc", "rst", "org"})
"""Formats that site generators give a front matter."""


def module_for(path: str) -> str | None:
    """Return the name of the module that reads a file, or None if it is none of our formats."""
    return _MODULE_OF.get(os.path.splitext(path)[1].lower())  # noqa: PTH122  # a tenth of what a Path costs
