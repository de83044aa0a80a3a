"""Which encoding a browser would read a page in (WHATWG HTML 13.2.3.2, the parts that look at the bytes)."""

import re

from linkkeeper.extract.html_tokens import StartTag, attributes, tokens

_PRESCAN_BYTES = 1024
_CHARSET = re.compile(
    rb"charset[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:\"([^\"]*)\"|'([^']*)'|([^\t\n\f\r ;\"']+))", re.IGNORECASE
)
_XML = re.compile(rb"<\?xml[^>]*?\bencoding[\t\n\r ]*=[\t\n\r ]*[\"']([A-Za-z0-9._:-]+)[\"']")
_TEXT_ONLY = re.compile(rb"(</?)(?:script|style|title|textarea|xmp|iframe|noembed|noframes|plaintext)", re.IGNORECASE)
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CODECS = {
    "utf-8": "utf8 utf-8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8"
    " utf-16 utf-16le utf-16be ucs-2 unicode csunicode unicodefeff unicodefffe iso-10646-ucs-2",
    "gb18030": "gbk gb2312 gb_2312 gb_2312-80 gb18030 chinese csgb2312 csiso58gb231280 iso-ir-58 x-gbk",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "cp1252": "windows-1252 cp1252 x-cp1252 iso-8859-1 iso8859-1 iso88591 iso_8859-1 latin1 l1 ascii us-ascii"
    " ansi_x3.4-1968 cp819 ibm819 csisolatin1 x-user-defined",
    "cp932": "shift_jis shift-jis sjis x-sjis ms932 ms_kanji windows-31j csshiftjis",
    "euc_jp": "euc-jp x-euc-jp cseucpkdfmtjapanese",
    "iso2022_jp": "iso-2022-jp csiso2022jp",
    "cp949": "euc-kr korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949 cseuckr",
    "cp874": "windows-874 tis-620 iso-8859-11 dos-874",
    "cp1254": "windows-1254 cp1254 x-cp1254 iso-8859-9 iso8859-9 latin5 l5",
    "koi8-r": "koi8-r koi8 koi cskoi8r",
    "koi8-u": "koi8-u koi8-ru",
    "mac-roman": "macintosh mac x-mac-roman csmacintosh",
}
_LABELS = {label: codec for codec, labels in _CODECS.items() for label in labels.split()}
_LABELS |= {f"windows-{page}": f"cp{page}" for page in (1250, 1251, 1253, 1255, 1256, 1257, 1258)}
_LABELS |= {f"cp{page}": f"cp{page}" for page in (1250, 1251, 1253, 1255, 1256, 1257, 1258, 866)}
_LABELS |= {f"iso-8859-{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)}
_LABELS |= {"latin2": "iso8859-2", "ibm866": "cp866"}


def declared_encoding(data: bytes) -> str | None:
    """Return Python's name for the encoding that a BOM, `<meta>` or an XML declaration names, else None.

    As in browsers GB2312 is read as GB18030, Latin-1 as Windows-1252, and only the first 1024 bytes count.
    """
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return codec
    head = data[:_PRESCAN_BYTES]
    return _from_meta(head) or _from_xml(head)


def codec(label: str) -> str | None:
    """Return Python's name for an encoding label of the web, or None if browsers know no such label."""
    return _LABELS.get(label.strip("\t\n\f\r ").lower())


def _from_meta(head: bytes) -> str | None:
    plain = _TEXT_ONLY.sub(rb"\1x-", head)  # the prescan knows tags and comments, not what a script is
    for token in tokens(plain):
        if isinstance(token, StartTag) and token.name == b"meta":
            found = _meta(plain, token)
            if found is not None:
                return found
    return None


def _meta(head: bytes, tag: StartTag) -> str | None:
    values = {attribute.name: head[attribute.start : attribute.end] for attribute in attributes(head, tag)}
    label = values.get(b"charset")
    if label is None and values.get(b"http-equiv", b"").strip().lower() == b"content-type":
        match = _CHARSET.search(values.get(b"content", b""))
        label = next((group for group in match.groups() if group is not None), None) if match else None
    return None if label is None else codec(label.decode("ascii", "replace"))


def _from_xml(head: bytes) -> str | None:
    match = _XML.match(head)
    return codec(match[1].decode("ascii")) if match else None
