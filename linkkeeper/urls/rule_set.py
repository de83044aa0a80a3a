"""What a rule can say: the entries of `rules/*.toml`, and all rules of a run as one set."""

from datetime import date

from msgspec import Struct


class CleanOptions(Struct, frozen=True, kw_only=True):
    """What the user says about cleaning. Everywhere `host:name` means that host and those below it."""

    strip: tuple[str, ...] = ()
    """Further parameters to remove: `name`, `prefix*`, or either after `host:`."""
    exempt_hosts: tuple[str, ...] = ()
    """URLs on these hosts (and below) stay as they are written, credentials included."""
    exempt_params: tuple[str, ...] = ()
    """Parameters that always stay: `name`, `prefix*`, or either after `host:`."""
    rule_files: tuple[str, ...] = ()
    """Files with further rules: our TOML, or ClearURLs JSON (`--rules FILE`)."""


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every entry says of itself."""

    id: str
    why: str
    source: str
    date: date
    """When the entry was last considered."""
    hosts: tuple[str, ...] = ()
    """Domains, each with all below it; `amazon.*` stands for amazon under every public suffix."""
    path: str = ""
    """Only where the whole path, as written, matches this regular expression."""


class ParameterRule(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters to remove. A name with a final `*` takes every longer name that begins so."""

    strip: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()
    """As `strip`, and known to open somebody's account: removed without asking."""
    patterns: tuple[str, ...] = ()
    """Regular expressions that the whole name must match."""
    keep: tuple[str, ...] = ()
    """Never removed here, whatever another rule says."""
    keep_only: tuple[str, ...] = ()
    """All other parameters are removed."""
    needs: tuple[str, ...] = ()
    """Only together with all of these. Credentials go without them too."""
    value: str = ""
    """Only where the whole value, as written, matches this regular expression."""
    whole_query: bool = False
    """The path alone names the page."""
    fragments: tuple[str, ...] = ()
    """Regular expressions of whole fragments to remove."""
    any_case: bool = False


class WrapperRule(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page whose only use is to lead on to the URL it carries."""

    params: tuple[str, ...] = ()
    """The first of these that holds an absolute http(s) URL has the target."""
    query: bool = False
    """The whole query is the target."""
    credentials: tuple[str, ...] = ()
    """Parameters that tell whose account the link comes from."""


class UntouchedRule(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """URLs of which nothing may change."""

    all_of: tuple[str, ...] = ()
    """Only if all of these parameters are there, in any case; a final `*` as in `strip`."""


class Provider(Struct, frozen=True, kw_only=True):
    """One provider of a ClearURLs file: checked regular expressions, all without regard to case."""

    name: str
    url: str
    rules: tuple[str, ...] = ()
    raw_rules: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    redirections: tuple[str, ...] = ()


class RuleSet(Struct, frozen=True):
    """All rules of a run. `clean.Cleaner` works with it."""

    everywhere: tuple[ParameterRule, ...] = ()
    sites: tuple[ParameterRule, ...] = ()
    wrappers: tuple[WrapperRule, ...] = ()
    untouched: tuple[UntouchedRule, ...] = ()
    providers: tuple[Provider, ...] = ()
    options: CleanOptions = CleanOptions()

    def plus(self, other: "RuleSet") -> "RuleSet":
        """Return these rules and then the other's; the options are ours."""
        return RuleSet(
            self.everywhere + other.everywhere,
            self.sites + other.sites,
            self.wrappers + other.wrappers,
            self.untouched + other.untouched,
            self.providers + other.providers,
            self.options,
        )

    def reasons(self) -> dict[str, str]:
        """Return why, by the rule that a step names."""
        return {
            **{entry.id: entry.why for entry in self.entries()},
            **{f"clearurls-{provider.name}": "a rule of the file that was loaded" for provider in self.providers},
            "user-strip": "the settings say so (clean.strip)",
            "user-exempt": "the settings say so (clean.keep_hosts)",
            "url-around-url": "it works on the URL it carries",
        }

    def entries(self) -> tuple[Entry, ...]:
        """Return all but the providers."""
        return (*self.everywhere, *self.sites, *self.wrappers, *self.untouched)
