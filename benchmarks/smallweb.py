"""A small web of 30 pages on loopback, each with something that archivers meet on real pages.

    python benchmarks/smallweb.py        # prints {"site": URL, "other": URL}; serves until stdin closes

Pages are /p/0 to /p/29; /r/N redirects to /p/N. Pages 28 and 29 are nothing without their scripts. What is of class
`norwp` cannot be played by ReplayWeb.page 2.4.6 (escapes in a style sheet's URLs, srcdoc frames, …), of class `nopywb`
by pywb 2.10 (modules, queries that are not UTF-8, …), of class `lost` is an error page, which no archive need keep.
`/-/sent` returns what went out: URL -> [status, length, SHA-1 of the body as sent, transfer coding apart];
`/-/forget` does, too, and forgets it.
"""

import base64
import gzip
import hashlib
import http.server
import io
import json
import re
import struct
import sys
import threading
import wave
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import brotlicffi

PAGES = 30
HTML, CSS, SVG = "text/html; charset=utf-8", "text/css; charset=utf-8", "image/svg+xml"
JS = "text/javascript; charset=utf-8"
FONT = next(iter(sorted(Path("/usr/share/fonts").glob("**/*.ttf"))), None)


class Answer(NamedTuple):
    """What a path gets."""

    kind: str
    body: bytes
    status: int = 200
    fields: tuple[tuple[str, str], ...] = ()
    way: str = ""
    """`chunked`, `close` (HTTP/1.0, no length) or `hints` (a 103 before it); empty: with a length."""


# -- pictures, sound ----------------------------------------------------------------------------------------------


def png(red: int, green: int, blue: int, size: int = 24) -> bytes:
    """Return a picture of one colour."""
    rows = (b"\0" + bytes((red, green, blue)) * size) * size

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def tone() -> bytes:
    """Return a short sound."""
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(bytes(128 + (at % 40) for at in range(4000)))
    return made.getvalue()


DOT = f"data:image/png;base64,{base64.b64encode(png(200, 0, 90, 1)).decode()}"

# -- style, scripts, frames ------------------------------------------------------------------------------------------

SHEETS = {
    "/css/main.css": "@import url('deep/import.css') screen; body { margin: 12px; font-family: sans-serif }"
    " img { vertical-align: top; min-width: 8px } .box { width: 60px; height: 30px; display: inline-block }",
    "/css/deep/import.css": '@charset "utf-8";\n@import "../deeper/still.css" layer(base) supports(display: grid);\n'
    "@font-face { font-family: Kept; src: url(../../font/kept.eot?#iefix) format('embedded-opentype'),"
    " url(\"../../font/kept.ttf?v=1#x\") format('truetype') }"
    " .fancy { font-family: Kept; font-size: 20px; border-left: 9px solid teal; background: url(bar.png) }",
    "/css/deeper/still.css": "@import url(/css/sheet?name=odd&v=2);"
    " ul { list-style-image: url( ' ../../img/bullet.png ' ) }",
    "/css/sheet": "hr { border: 0; height: 8px; background: url(\\2f img/ruled.png) }",
    "/css/inline.css": "iframe { border: 2px solid maroon; background: #eef }",
    "/css/print.css": "body { background: url(/img/print.png) }",
    "/css/alternate.css": "body { background: url(/img/alternate.png) }",
    "/css/kinds.css": ":root { --drawn: url('../img/variable.png') } .v { background: var(--drawn) }"
    " .i { background: image-set('../img/set1.png' 1x, '../img/set2.png' 2x) }"
    " .w { background: -webkit-image-set(url(../img/wset1.png) 1x, url(../img/wset2.png) 2x) }"
    " .m { background: red; mask-image: url(/img/mask.svg); -webkit-mask-image: url(/img/mask.svg) }"
    " .b { border: 6px solid; border-image: url(../img/border.png) 8 } .c::before { content: url(../img/content.png) }"
    " .u { cursor: url(/img/cursor.png), auto } .n { & .inner { background: url(/img/nested.png) } }"
    ' .p { background: url(../img/paren\\(1\\).png), /* url(/img/never.png) */ URL("/img/upper.png") }'
    " @media (min-width: 1px) { .q { background: url(/img/media.png) } } @supports (color: red) { .s { background:"
    " url(//OTHER/cdn/relative.png) } } @container (min-width: 1px) { .t { background: url(/img/container.png) } }",
    "/css/early.css": ".early { background: url(/img/early.png) }",
    "/css/linked.css": ".linked { background: url(/img/linked.png) }",
    "/css/japanese.css": '@charset "shift_jis"; .jp::before { content: "日本" } .jp { background: url(/img/jp.png) }',
    "/base/style/local.css": ".local { background: url(../img/from-sheet.png) }",
    "/css/gzip.css": ".z { background: url(/img/zipped.png) }",
}
SCRIPTS = {
    "/js/late.js": "document.querySelectorAll('.late').forEach(i => { i.src = i.dataset.src });"
    " document.body.insertAdjacentHTML('beforeend', '<p>' + ['script', 'ran'].join(' ') + '</p>');",
    "/js/see.js": "const seen = new IntersectionObserver(all => all.forEach(one => { if (one.isIntersecting) {"
    " const i = one.target; if (i.dataset.srcset) i.srcset = i.dataset.srcset; else i.src = i.dataset.lazySrc; } }));"
    " document.querySelectorAll('.see').forEach(i => seen.observe(i));",
    "/js/mod/main.js": "import { name } from './names.js'; import '../side.js';"
    " document.querySelector('#module').textContent = name;"
    " import('/js/mod/dynamic.js').then(d => d.show());",
    "/js/mod/mapped.js": "import lib from 'lib'; document.querySelector('#mapped').textContent = lib;",
    "/js/mod/names.js": "export const name = 'modules ';",
    "/js/side.js": "document.body.dataset.side = 'seen';",
    "/js/lib/lib.js": "export default 'from a map';",
    "/js/mod/dynamic.js": "export const show = () => { document.querySelector('#dynamic').textContent = 'dynamic'; };",
    "/js/inline-import.js": "export const inline = 'imported inline';",
    "/js/made.js": "for (const n of [1, 2, 3]) { const i = new Image(); i.src = '/img/made-' + n + '.png'; if (n > 1)"
    " i.srcset = `/img/made-${n}.png 1x, /img/made-${n}-2x.png 2x`;"
    " document.querySelector('#app').append(i); } document.querySelector('#app').append('Made by a script.');",
    "/js/app.js": "fetch('/api/posts.json?page=1').then(r => r.json()).then(posts => {"
    " for (const post of posts) document.querySelector('#app').insertAdjacentHTML('beforeend',"
    ' `<h2>${post.title}</h2><img src="${post.picture}"><p>${post.text}</p>`); });',
}
FRAMES = {
    "/frame/nest/1": "<body style='margin:4px;background:#def'>one<iframe src=2 width=160 height=70></iframe>",
    "/frame/nest/2": "<body style='margin:4px;background:#fed'>two<iframe src=3 width=120 height=30></iframe>",
    "/frame/nest/3": "<link rel=stylesheet href=/css/inline.css><body style='margin:2px;background:#dfd'>three"
    "<img src=/img/nest-3.png>",
    "/frame/embedding": "<body style='margin:4px'><embed src=embedded type=text/html width=90 height=60>",
    "/frame/object": "<body style='margin:4px;background:#cfc'>object<img src=/img/in-object.png>",
    "/frame/embedded": "<body style='margin:4px;background:#fcf'>embed<img src=/img/in-embed.png>",
}
SPRITE = (
    "<svg xmlns='http://www.w3.org/2000/svg'><symbol id='star' viewBox='0 0 10 10'><path d='M5 0 10 10 0 10z'"
    " fill='purple'/></symbol></svg>"
)
DRAWN = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='30' height='30'><circle r='14' cx='15' cy='15' fill='{}'/></svg>"
)
INSIDE = "<image href='in-svg.png' x='8' y='8' width='12' height='12'/></svg>"

# -- pages --------------------------------------------------------------------------------------------------------

HEADS: dict[int, str] = {
    0: "<link rel=manifest href=/site.webmanifest><link rel=apple-touch-icon href=/img/touch.png>"
    "<link rel=mask-icon href=/img/mask-icon.svg color=red>",
    6: "<link rel=stylesheet href=/css/kinds.css>",
    9: "<base href='/base/'><link rel=stylesheet href=style/local.css>",
    13: "<link rel=stylesheet href=/css/japanese.css>",
    16: "<link rel=preload as=font href=/font/kept.ttf?v=1 crossorigin><link rel=preload as=image href=/img/pre.png"
    " imagesrcset='/img/pre.png 1x, /img/pre-2.png 2x'><link rel=modulepreload href=/js/mod/names.js>"
    '<script type=importmap>{"imports": {"lib": "/js/lib/lib.js"}}</script>',
    17: "<link rel=stylesheet href=/css/early.css>",
    21: "<link rel=stylesheet href=/css/gzip.css>",
    26: "<link rel=stylesheet href=/css/print.css media=print><link rel='alternate stylesheet' href=/css/alternate.css"
    " title=other>",
}
BODIES: dict[int, str] = {
    0: "<ul><li>listed</ul><hr class=norwp>" + "".join(f"<a href=/p/{number}>{number}</a> " for number in range(PAGES)),
    1: "<p>Compressed and in chunks.</p>" + "<p>The river was high that spring.</p>" * 3,
    2: "<picture><source type=image/none srcset=/img/none.xyz><source media='(min-width: 1px)' srcset='/img/pic-1.png,"
    " /img/pic-2.png 2x'><img src=/img/pic-fallback.png></picture><img sizes='(max-width: 100px) 10px, 50px'"
    " srcset='/img/w50.png 50w,/img/w100.png 100w, /img/w,comma.png 200w' src=/img/w-fallback.png>",
    3: "<img loading=lazy src=/img/lazy.png><img class=see data-lazy-src=/img/see-1.png>"
    "<img class=see data-srcset='/img/see-2.png 1x, /img/see-2b.png 2x'>"
    "<noscript><img src=/img/noscript.png></noscript>"
    "<div style='height: 300px'></div><img loading=lazy src=/img/lazy-below.png><img class=see"
    " data-lazy-src=/img/see-below.png><script src=/js/see.js></script>",
    4: "<video width=160 height=90 poster=/img/poster.png preload=none><source src=/media/none.webm type=video/webm>"
    "</video><audio controls preload=auto src=/media/tone.wav></audio><video width=60 height=40 poster='/img/p2.png'>"
    "<track kind=captions src=/media/words.vtt default></video>",
    5: "<svg width=40 height=40><use href='/img/sprite.svg#star'/></svg><svg width=40 height=40 xmlns:xlink="
    "'http://www.w3.org/1999/xlink'><image xlink:href=/img/drawn.png width=30 height=30 /></svg>"
    "<svg width=30 height=30><style>.drawn { background: url(/img/svg-style.png) }</style></svg>"
    "<span class='box drawn'></span><svg width=30 height=30>"
    "<style>.f { fill: url(#g) }</style><defs><linearGradient id=g><stop stop-color=red /></linearGradient></defs>"
    "<rect class=f width=30 height=30 /></svg><img src='/img/vector.svg'><svg width=40 height=40><filter id=fi>"
    "<feImage href=/img/filter.png /></filter><rect width=30 height=30 filter='url(#fi)'/></svg>",
    6: "".join(f"<span class='box {name}'><span class='box inner'></span></span>" for name in "viwmbcunqst")
    + "<span class='box p norwp'></span>",
    7: f"<img src={DOT} width=20 height=20><iframe width=80 height=30 src='data:text/html,<body"
    " style=background:gold>d'></iframe>"
    "<span class=box style='background: url(\"data:image/svg+xml,%3Csvg xmlns=%27http://www.w3.org/2000/svg%27"
    " width=%2710%27 height=%2710%27%3E%3Crect width=%279%27 height=%279%27/%3E%3C/svg%3E\")'></span>"
    "<script src='data:text/javascript,document.body.append(%22from data%22)'></script>",
    8: "<iframe src=/frame/nest/1 width=220 height=120></iframe>"
    "<iframe class=norwp srcdoc='<img src=/img/srcdoc.png><iframe"
    " src=/frame/1 width=40 height=30></iframe>' width=90 height=90></iframe>"
    "<object class=norwp data=/img/object.svg type=image/svg+xml width=30 height=30></object>"
    "<object class=norwp data=/frame/object type=text/html width=90 height=60></object>"
    "<iframe src=/frame/embedding width=110 height=80></iframe>",
    9: "<img src=img/based.png><img src=../img/up.png><span class='box local'></span>",
    10: "<p>Zufällig: Übergröße</p><img class='norwp nopywb' width=24 height=24 src='/img/grün.png?n=é'>"
    "<img src='/img/%E4.png'>",
    11: "<p>Привет, мир</p><img class=nopywb width=24 height=24 src='/img/q.png?имя=да'>",
    12: "<p class=norwp>Breite Zeichen: ü</p><img src=/img/wide.png>",
    13: "<p class=jp>日本語のページ、表示</p><img src=/img/sjis.png>",
    14: "<img src=../img/rel-1.png><img src=./../x/./../img/rel-2.png><img src='../../../../img/rel-3.png'>"
    "<img src='\\img\\back.png'><img src='//OTHER/cdn/protocol.png'><img src=' /img/sp ace.png\n'>"
    "<img class='norwp nopywb' width=24 height=24 src='HTTP://SITE/img/upper.png'>"
    "<img src='/img/a/../b/%2e%2e/dots.png'>",
    15: "<img src='/img/q.png?a=1&amp;b=2'><img src='/img/q.png?a=1&b=2&copy=3'><img src='/img/q.png?'>"
    "<img src='/img/q.png??x'><img class=nopywb src='/img/q.png?b=2&amp;a=1'><img src='/img/vector.svg#part'>"
    "<img src='/img/q.png?u=http://other.example/x.png'><img src=\"/img/q.png?s='quoted'|{x}\">"
    "<img src='/img/q.png;v=1?v=1.2.3&_=1700000000000'><img src='/img/Q.png?CASE'>",
    16: "".join(f"<p id={name} class=nopywb>&nbsp;</p>" for name in ("module", "dynamic", "inline", "mapped"))
    + "<img src=/img/pre.png srcset='/img/pre.png 1x, /img/pre-2.png"
    " 2x'><script type=module src=/js/mod/main.js></script>"
    "<script type=module src=/js/mod/mapped.js></script><script type=module>import { inline } from"
    " '/js/inline-import.js'; document.querySelector('#inline').textContent = inline;</script>",
    17: "<span class='box early'></span> after an early hint",
    18: "<p>For those who bring their cookie.</p><img src=/img/cookie.png>",
    19: "<img src=/hops/1><img src=/hops/to-other><img src=/hops/fragment><iframe src=/hops/meta width=90 height=40>"
    "</iframe>",
    20: "<img src=/status/500.png width=9 height=9><img src=/status/204.png width=9 height=9><img src=/status/empty.png"
    " width=9 height=9><img src=/status/type.png><link rel=stylesheet href=/css/gone.css>"
    "<script src=/js/gone.js></script>"
    "<iframe class=lost src=/frame-gone width=60 height=30></iframe>",
    21: "<img src=/coded/gzip.svg><img src=/coded/br.svg>"
    "<img class=norwp width=30 height=30 src=/coded/deflate.svg><span class='box z'></span>",
    22: "<p>Came without a length, over HTTP/1.0.</p><img src=/closed/1.png>",
    23: "<table background=/img/table.png width=90 height=40><tr><td background=/img/cell.png>cell</table>"
    "<input type=image src=/img/input.png>",
    24: "<p style='background: url(&quot;/img/inline.png&quot;)'>inline style</p><p style=\"background-image:"
    " url('/img/in(1).png')\">another</p>",
    25: "<div><template shadowrootmode=open><style>p { background: url(/img/shadow.png) }</style><p>in the shadow</p>"
    "<img src=/img/shadow-img.png></template></div><template><img src=/img/template.png></template>",
    26: "<p>Printed otherwise.</p><style media=print>p { background: url(/img/print-inline.png) }</style>",
    27: "<p>A long page</p>" + "".join(f"<img src=/img/many-{number}.png>" for number in range(40)),
}
CHARSETS = {10: "iso-8859-1", 11: "windows-1251", 12: "utf-16-le", 13: "shift_jis"}
"""Of pages: 11 says it in its header, 12 by its first bytes, the others in the markup."""


def page(number: int) -> str:
    """Return the markup of a page; SITE and OTHER stand for the two hosts."""
    red, charset = number * 8 % 256, CHARSETS.get(number, "utf-8")
    told = f"<meta charset={charset}>" if charset not in ("windows-1251", "utf-16-le") else ""
    if number >= 28:
        script = ("made", "app")[number - 28]
        return (
            f"<!doctype html><html><head>{told}<title>Page {number}</title><link rel=stylesheet href=/css/main.css>"
            f"</head><body><div id=app></div><script src=/js/{script}.js></script></body></html>"
        )
    prose = "The river was high that spring, and the ferry ran late on most mornings. " * 4
    page_mark = "页" if charset in ("utf-8", "utf-16-le") else "-"
    return f"""<!doctype html><html><head>{told}<title>Page {number} {page_mark}</title>{HEADS.get(number, "")}
<link rel="shortcut icon" href="/icon.png"><link rel=stylesheet href="/css/main.css">
<style>@import "/css/inline.css"; h1 {{ color: rgb({red}, 40, 90) }}</style></head>
<body style="background-image: url('/img/back.png?p={number}')">
<h1>Page {number}</h1>
<p class=fancy>Text of page {number}, with a <a href="/p/{(number + 1) % PAGES}">link</a>.</p>
<p><img src="/img/shared.png" alt=shared><img src="/img/{number}.png" alt=own>
<img src="/img/copy-{number}.png" alt=copy>
<img src="/img/gone-{number}.png" alt="" width=10 height=10>
<img {"class=nopywb width=24 height=24" if number == 12 else "alt=cdn"} src="//OTHER/cdn/{number % 5}.png?v=1&amp;w=2">
<img srcset="/img/set-{number}-1.png 1x, /img/set-{number}-2.png 2x" alt=set>
<img src="/moved/{number}.png" alt=moved>
<img class=late data-src="/img/late-{number}.png" alt=late></p>
<iframe src="/frame/{number % 3}" width=120 height=40></iframe>
<p>{prose}</p>{BODIES[number]}<script src="/js/late.js"></script></body></html>"""


# -- answers ------------------------------------------------------------------------------------------------------

MOVES = {
    "/hops/1": (301, "2?hop=2"),
    "/hops/2": (302, "/hops/3"),
    "/hops/3": (307, "//SITE/hops/4"),
    "/hops/4": (308, "/img/after-hops.png"),
    "/hops/to-other": (302, "http://OTHER/cdn/moved-here.png"),
    "/hops/fragment": (303, "/img/fragment.png#part"),
}
POSTS = [
    {"title": f"Post {number}", "picture": f"/img/post-{number}.png", "text": "From an API."} for number in (1, 2, 3)
]


def answer(target: str, cookie: str) -> Answer:
    """Return what a request target gets."""
    path = target.partition("?")[0]
    number = int(found[0]) if (found := re.findall(r"\d+", path)) else 0
    for begin, made in PLACES.items():
        if path.startswith(begin):
            return made(target, path, number, cookie)
    if path in SHEETS:
        japanese = "japanese" in path
        return Answer("text/css" if japanese else CSS, SHEETS[path].encode("shift_jis" if japanese else "utf-8"))
    if path in SCRIPTS:
        return Answer(JS, SCRIPTS[path].encode())
    return _picture(target, path, number, cookie) if path.endswith(".png") else Answer(HTML, b"no such thing", 404)


def _page(_target: str, path: str, number: int, cookie: str) -> Answer:
    if not re.fullmatch(r"/p/[0-9]+", path) or number >= PAGES:
        return Answer(HTML, b"no such page", 404)
    if number == 18 and "seen=yes" not in cookie:
        return Answer(HTML, b"take this", 302, (("Location", "/p/18"), ("Set-Cookie", "seen=yes; Path=/")))
    charset = CHARSETS.get(number, "utf-8")
    kind = {11: "text/html; charset=windows-1251"}.get(number, "text/html" if number in CHARSETS else HTML)
    body = (b"\xff\xfe" if number == 12 else b"") + page(number).encode(charset)
    hints = (("Link", "</css/linked.css>; rel=preload; as=style"),) if number == 17 else ()
    return Answer(kind, body, fields=hints, way={17: "hints", 22: "close", 1: "chunked"}.get(number, ""))


def _frame(_target: str, path: str, number: int, _cookie: str) -> Answer:
    if path in FRAMES:
        return Answer(HTML, FRAMES[path].encode())
    colour = f"background:rgb(200,{number * 80},99)"
    return Answer("text/html", f"<body style='{colour}'>frame<img src=/img/fr-{number}.png>".encode())


def _moved(target: str, path: str, number: int, _cookie: str) -> Answer:
    if path == "/hops/meta":
        return Answer(HTML, b"<meta http-equiv=refresh content='0; url=/frame/2'>")
    if path.startswith("/hops/"):
        status, where = MOVES.get(path, (404, ""))
        return Answer(HTML, b"moved", status, (("Location", where),) if where else ())
    if path.startswith("/moved/"):
        return Answer(HTML, b"moved", 302, (("Location", target.replace("/moved/", "/img/moved-")),))
    return Answer(HTML, b"moved", 301, (("Location", f"/p/{number}"),))


def _status(_target: str, path: str, number: int, _cookie: str) -> Answer:
    if "type" in path:
        return Answer("text/plain", png(90, 90, 9))
    return Answer("image/png", b"broken" if number == 500 else b"", number or 200)


def _coded(_target: str, path: str, _number: int, _cookie: str) -> Answer:
    coding = path.removeprefix("/coded/").partition(".")[0]
    body = DRAWN.format("navy").encode()
    packed = {"gzip": gzip.compress(body, mtime=0), "br": brotlicffi.compress(body), "deflate": zlib.compress(body)}
    return Answer(SVG, packed[coding], fields=(("Content-Encoding", coding),))


def _picture(target: str, path: str, _number: int, _cookie: str) -> Answer:
    if path.startswith("/img/gone-"):
        return Answer(HTML, b"no such thing", 404)
    if path.startswith("/img/copy-"):
        return Answer("image/png", png(9, 99, 199))
    if path == "/img/sprite.svg":
        return Answer(SVG, SPRITE.encode())
    if path == "/img/object.svg":
        return Answer(SVG, DRAWN.format("green").replace("</svg>", INSIDE).encode())
    if path.endswith(".svg"):
        return Answer(SVG, DRAWN.format("green").encode())
    way = "chunked" if len(target) % 4 == 0 else "close" if path.startswith("/closed/") else ""
    return Answer("image/png", png(*hashlib.sha256(target.encode()).digest()[:3]), way=way)


def _media(_target: str, path: str, _number: int, _cookie: str) -> Answer:
    if path.endswith(".wav"):
        return Answer("audio/wav", tone())
    if path.endswith(".vtt"):
        return Answer("text/vtt", b"WEBVTT\n\n00:00.000 --> 00:01.000\nwords\n")
    return Answer("video/webm", b"\x1aE\xdf\xa3" + bytes(5000))


def _font(_target: str, path: str, _number: int, _cookie: str) -> Answer:
    data = FONT.read_bytes() if FONT and path.endswith(".ttf") else b"no font"
    return Answer("font/ttf", data, fields=(("Access-Control-Allow-Origin", "*"),))


def _other(_target: str, path: str, _number: int, _cookie: str) -> Answer:
    if path == "/api/posts.json":
        return Answer("application/json", json.dumps(POSTS).encode())
    if path == "/site.webmanifest":
        return Answer("application/manifest+json", b'{"name": "Small", "icons": [{"src": "/img/touch-512.png"}]}')
    return Answer("image/png", png(7, 7, 7))


PLACES: dict[str, Callable[[str, str, int, str], Answer]] = {
    "/p/": _page, "/frame/": _frame, "/r/": _moved, "/moved/": _moved, "/hops/": _moved, "/status/": _status,
    "/coded/": _coded, "/img/": _picture, "/cdn/": _picture, "/closed/": _picture, "/base/img/": _picture,
    "/media/": _media, "/font/": _font, "/api/": _other, "/site.webmanifest": _other, "/icon.png": _other,
    "/p": _page,
}  # fmt: skip


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection to either host."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    sent: dict[str, tuple[int, int, str]]
    hosts: dict[bytes, bytes]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""

    def do_HEAD(self) -> None:
        """Answer without a body."""
        self.do_GET()

    def do_GET(self) -> None:
        """Answer, and note what went out."""
        if self.path.startswith("/-/"):
            told = json.dumps(self.sent).encode()
            if self.path == "/-/forget":
                self.sent.clear()
            self._send(Answer("application/json", told), told)
            return
        made = answer(self.path, self.headers.get("Cookie", ""))
        body, coding = self._coded(made)
        self.sent[f"http://{self.headers['Host']}{self.path}"] = (
            made.status, len(body), hashlib.sha1(body, usedforsecurity=False).hexdigest()
        )  # fmt: skip
        self._send(made, body, coding)

    def _coded(self, made: Answer) -> tuple[bytes, str]:
        """Put the hosts' names in; compress text by a coding that the client knows."""
        body = made.body
        if made.kind.startswith("text/") and made.kind not in ("text/plain", "text/vtt"):
            wide = body.startswith(b"\xff\xfe")
            for word, name in self.hosts.items():
                body = body.replace(word.decode().encode("utf-16-le"), name.decode().encode("utf-16-le")) if wide else (
                    body.replace(word, name)
                )  # fmt: skip
            coding = ("", "gzip", "br")[len(self.path) % 3]
            if coding and coding in self.headers.get("Accept-Encoding", "") and made.way != "close":
                return gzip.compress(body, mtime=0) if coding == "gzip" else brotlicffi.compress(body), coding
        return body, ""

    def _send(self, made: Answer, body: bytes, coding: str = "") -> None:
        if made.way == "hints":
            self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </css/early.css>; rel=preload; as=style\r\n\r\n")
        if made.way == "close":
            self.protocol_version = "HTTP/1.0"
            self.close_connection = True
        self.send_response(made.status)
        self.send_header("Content-Type", made.kind)
        for name, value in (*made.fields, *((("Content-Encoding", coding),) if coding else ())):
            for word, host in self.hosts.items():
                value = value.replace(word.decode(), host.decode())
            self.send_header(name, value)
        chunked = made.way == "chunked" or (not made.way and made.kind.startswith("text/") and len(self.path) % 4 == 0)
        if made.status == 204:
            body = b""
        elif chunked and made.status == 200:
            self.send_header("Transfer-Encoding", "chunked")
            pieces = [body[start : start + 100] for start in range(0, len(body), 100)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        elif made.way != "close":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients go away."""


def main() -> None:
    """Serve both hosts until stdin closes."""
    handler = type("Both", (Handler,), {"sent": {}, "hosts": {}})
    site, other = (_Server(("127.0.0.1", 0), handler) for _ in range(2))
    names = [f"127.0.0.1:{server.server_address[1]}" for server in (site, other)]
    handler.hosts |= {b"SITE": names[0].encode(), b"OTHER": names[1].encode()}  # type: ignore[attr-defined]  # made above
    for server in (site, other):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"site": f"http://{names[0]}", "other": f"http://{names[1]}"}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
