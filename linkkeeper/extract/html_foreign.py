"""Whether a tag stands in SVG or MathML, where `<style>`, `<title>` and CDATA mean something else (WHATWG 13.2.6.5)."""

from collections import defaultdict

_INTEGRATION = {
    b"svg": frozenset(b"foreignobject desc title".split()),
    b"math": frozenset(b"mi mo mn ms mtext".split()),
}
"""Foreign elements whose content is HTML again (`annotation-xml` with an encoding is left out)."""
_STILL_MATH = frozenset({b"mglyph", b"malignmark"})
_BREAKOUT = frozenset(
    b"b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu"
    b" meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var".split()
)
"""HTML start tags that end foreign content."""
_VOID = frozenset(b"area base br col embed hr img input link meta param source track wbr".split())
_HTML = b""


class Foreign:
    """The open elements since the outermost `<svg>` or `<math>`, each with its vocabulary; empty in plain HTML."""

    def __init__(self) -> None:
        self._open: list[tuple[bytes, bytes]] = []
        self._count: defaultdict[bytes, int] = defaultdict(int)
        self._known: dict[tuple[bytes, bytes], tuple[bytes, bytes]] = {}
        """One object for each kind of element: millions may be open."""

    @property
    def is_open(self) -> bool:
        """Whether an `<svg>` or `<math>` is open."""
        return bool(self._open)

    @property
    def is_current(self) -> bool:
        """Whether the innermost open element is foreign: CDATA exists there."""
        return bool(self._open) and self._open[-1][1] != _HTML

    def open(self, name: bytes, self_closing: bool) -> bool:
        """Note a start tag; return whether the element is foreign."""
        if not self._open and name not in _INTEGRATION:
            return False
        if name in _BREAKOUT and self._holds_markup(name):
            self._break_out()
        vocabulary = self._vocabulary(name)
        if vocabulary == _HTML and not self._open:
            return False
        if not (name in _VOID if vocabulary == _HTML else self_closing):
            self._open.append(self._known.setdefault((name, vocabulary), (name, vocabulary)))
            self._count[name] += 1
        return vocabulary != _HTML

    def close(self, name: bytes) -> None:
        """Note an end tag: everything up to its start tag is closed; unmatched ones mean nothing."""
        if not self._open:
            return
        if name in (b"p", b"br") and self._holds_markup(name):
            self._break_out()
        elif self._count.get(name):
            while self._pop() != name:
                pass

    def _vocabulary(self, name: bytes) -> bytes:
        if self._holds_markup(name):
            return self._open[-1][1]
        return name if name in _INTEGRATION else _HTML

    def _holds_markup(self, name: bytes) -> bool:
        """Whether the current element makes its children foreign, a child of this name at least."""
        if not self.is_current:
            return False
        current, vocabulary = self._open[-1]
        return current not in _INTEGRATION[vocabulary] or (vocabulary == b"math" and name in _STILL_MATH)

    def _break_out(self) -> None:
        while self._holds_markup(_HTML):
            self._pop()

    def _pop(self) -> bytes:
        name, _ = self._open.pop()
        self._count[name] -= 1
        return name
