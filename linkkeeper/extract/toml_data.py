"""URLs in TOML files: a data file is read only when it is asked for."""

from functools import partial

from linkkeeper.extract.yaml_data import anchors as anchors
from linkkeeper.extract.yaml_data import links_of
from linkkeeper.extract.yaml_data import pieces as pieces

SUFFIXES = frozenset({".toml"})
ON_REQUEST = True
links = partial(links_of, "toml")
