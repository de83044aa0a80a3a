"""Whether a tag stands in SVG or MathML, where `<style>`, `<title>` and CDATA mean something else (WHATWG 13.2.6.5)."""

from collections import Counter

_ROOTS = frozenset({b"svg", b"math"})
_INTEGRATION = frozenset(b"foreignobject desc title mi mo mn ms mtext annotation-xml".split())
"""Foreign elements whose content is HTML again (`annotation-xml` only with an encoding: rare enough)."""
_BREAKOUT = frozenset(
    b"b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu"
    b" meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var".split()
)
"""HTML start tags that end foreign content."""
_VOID = frozenset(b"area base br col embed hr img input link meta param source track wbr".split())


class Foreign:
    """The open elements since the outermost `<svg>` or `<math>`; empty in plain HTML."""

    def __init__(self) -> None:
        self._open: list[tuple[bytes, bool]] = []
        self._count: Counter[bytes] = Counter()

    @property
    def is_current(self) -> bool:
        """Whether the innermost open element is foreign (an integration point is, for CDATA)."""
        return bool(self._open) and self._open[-1][1]

    def open(self, name: bytes, self_closing: bool) -> bool:
        """Note a start tag; return whether the element is foreign."""
        if not self._open and name not in _ROOTS:
            return False
        if self._holds_markup():
            if name in _BREAKOUT:
                self._break_out()
                return self.open(name, self_closing) if self._open else False
            inside = True
        else:
            inside = name in _ROOTS
        if not (self_closing if inside else name in _VOID):
            self._open.append((name, inside))
            self._count[name] += 1
        return inside

    def close(self, name: bytes) -> None:
        """Note an end tag: everything up to its start tag is closed; unmatched ones mean nothing."""
        if not self._open:
            return
        if name in (b"p", b"br") and self._holds_markup():
            self._break_out()
        elif self._count[name]:
            while self._pop() != name:
                pass

    def _holds_markup(self) -> bool:
        return self.is_current and self._open[-1][0] not in _INTEGRATION

    def _break_out(self) -> None:
        while self._holds_markup():
            self._pop()

    def _pop(self) -> bytes:
        name, _ = self._open.pop()
        self._count[name] -= 1
        return name
