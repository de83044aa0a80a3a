"""Bytes of a page -> text, as browsers decide it (WHATWG Encoding, and HTML 13.2.3)."""

import re

_LABELS = {
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 x-unicode20utf8",
    "cp1252": "windows-1252 cp1252 iso-8859-1 iso8859-1 latin1 l1 ascii us-ascii ansi_x3.4-1968 iso_8859-1 x-cp1252",
    "gb18030": "gbk gb2312 gb_2312-80 gb18030 x-gbk chinese iso-ir-58 csgb2312 gb_2312 cp936 hz-gb-2312",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "cp932": "shift_jis shift-jis sjis ms932 ms_kanji windows-31j x-sjis csshiftjis",
    "euc_jp": "euc-jp cseucpkdfmtjapanese x-euc-jp",
    "iso2022_jp": "iso-2022-jp csiso2022jp",
    "cp949": "euc-kr cseuckr ks_c_5601-1987 ksc5601 ksc_5601 korean windows-949 iso-ir-149",
    "cp1251": "windows-1251 cp1251 x-cp1251",
    "koi8_r": "koi8-r koi8 koi cskoi8r koi8_r",
    "koi8_u": "koi8-u koi8-ru",
    "cp866": "ibm866 cp866 866 csibm866",
    "iso8859_2": "iso-8859-2 iso8859-2 latin2 l2 iso_8859-2",
    "iso8859_5": "iso-8859-5 iso8859-5 cyrillic iso_8859-5",
    "iso8859_7": "iso-8859-7 iso8859-7 greek iso_8859-7",
    "iso8859_8": "iso-8859-8 iso8859-8 hebrew iso-8859-8-i",
    "iso8859_15": "iso-8859-15 iso8859-15 latin9 l9",
    "cp1250": "windows-1250 cp1250 x-cp1250",
    "cp1253": "windows-1253 cp1253",
    "cp1254": "windows-1254 cp1254 iso-8859-9 iso8859-9 latin5 l5",
    "cp1255": "windows-1255 cp1255",
    "cp1256": "windows-1256 cp1256",
    "cp1257": "windows-1257 cp1257",
    "cp1258": "windows-1258 cp1258",
    "cp874": "windows-874 tis-620 iso-8859-11 iso8859-11 dos-874",
    "utf-16-le": "utf-16 utf-16le",
    "utf-16-be": "utf-16be",
}
CODECS = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}
"""Label -> Python codec. A list of its own: a server must not choose just any codec of Python's."""

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_HEADER = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,400}?charset\s{0,9}=\s{0,9}[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_XML = re.compile(rb"^\s{0,9}<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([\w.:-]{1,40})")
_SNIFFED = 4096
"""Browsers look for a declaration in the first 1024 bytes; pages in the wild put it later."""
_BY_DOMAIN = {
    "cn": ("gb18030",),
    "tw": ("big5hkscs",),
    "hk": ("big5hkscs",),
    "jp": ("cp932", "euc_jp"),
    "kr": ("cp949",),
    "ru": ("cp1251",),
    "ua": ("cp1251",),
    "by": ("cp1251",),
    "bg": ("cp1251",),
}


def decode(body: bytes, content_type: str = "", host: str = "") -> str:
    """Return body as text; never raises, undecodable bytes become U+FFFD.

    content_type is the header's value; host says which old encoding to try where nothing is declared.
    """
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace")
    declared = _declared(body, content_type)
    if declared:
        return body.decode(declared, "replace")
    return _guessed(body, host)


def _declared(body: bytes, content_type: str) -> str:
    named = _HEADER.search(content_type[:500])
    codec = CODECS.get(named[1].lower()) if named else None
    if codec:
        return codec
    head = body[:_SNIFFED]
    inside = _META.search(head) or _XML.match(head)
    codec = CODECS.get(inside[1].decode("ascii", "replace").lower(), "") if inside else ""
    return "utf-8" if codec.startswith("utf-16") else codec


def _guessed(body: bytes, host: str) -> str:
    for codec in ("utf-8", *_BY_DOMAIN.get(host.rpartition(".")[2].lower(), ("gb18030",))):
        text = body.decode(codec, "replace")
        # A body cut in mid-character has one bad place at its end, and that says nothing.
        if "\ufffd" not in text[:-2]:
            return text
    return body.decode("cp1252", "replace")
