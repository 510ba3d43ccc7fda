"""One streaming pass over a file before it is parsed: its hash, its encoding, and whether plain parsing is safe."""

import hashlib
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

CHUNK = 1 << 22
_EMPTY_LINE = re.compile(rb'\n[ \t,;|"]*\r?(?=\n)')
_HOLLOW_END = re.compile(rb'\n[ \t,;|"]+')
HOLLOW = ' \t,;|"'


@dataclass(frozen=True, slots=True)
class Scan:
    """What one pass over the bytes of a file saw.

    `lines` counts physical lines as ended by \\n (a last line without one included); `hollow` those with nothing but
    blanks, delimiters and quotes, `tail` the hollow ones of these at the very end that hold no character at all.
    """

    bytes: int
    sha256: str
    mark: str | None
    utf8: bool
    ascii: bool
    nuls: int
    quotes: int
    crlf: int
    lf: int
    cr: int
    lines: int
    hollow: int
    tail: int

    @property
    def uniform(self) -> bool:
        """Whether every line ends in the same way, with \\n or \\r\\n."""
        return self.cr == 0 and (self.crlf == 0 or self.crlf == self.lf)


def scan(path: Path) -> Scan:
    """Read the file once, in chunks; the hash is computed on a second thread (it needs no lock)."""
    digest, decoder, utf8, ascii_only = hashlib.sha256(), getincrementaldecoder("utf-8")(), True, True
    count = dict.fromkeys((b"\0", b'"', b"\r\n", b"\n", b"\r"), 0)
    size, hollow, tail, carry, first, pending = 0, 0, 0, b"\n", b"", False
    with open(path, "rb") as file, ThreadPoolExecutor(1) as side:
        while chunk := file.read(CHUNK):
            if chunk[-1:] == b"\r":
                chunk += file.read(1)
            hashing = side.submit(digest.update, chunk)
            first, size = first or chunk[:4], size + len(chunk)
            plain = chunk.isascii()
            if utf8 and (pending or not plain):
                try:
                    decoder.decode(chunk)
                    pending = bool(decoder.getstate()[0])
                except UnicodeDecodeError:
                    utf8 = False
            ascii_only &= plain
            for sign in count:
                count[sign] += chunk.count(sign)
            hollow += len(_EMPTY_LINE.findall(carry + chunk))
            end = chunk.rfind(b"\n")
            carry = chunk[end:] if end >= 0 else carry + b"x"
            body = chunk.rstrip(b"\r\n")
            tail = chunk.count(b"\n", len(body)) + (0 if body else tail)
            hashing.result()
    ended = carry == b"\n"
    hollow += bool(_HOLLOW_END.fullmatch(carry))
    marks = {BOM_UTF8: "utf-8-sig", BOM_UTF16_LE: "utf-16-le", BOM_UTF16_BE: "utf-16-be"}
    return Scan(
        bytes=size, sha256=digest.hexdigest(), mark=next((m for b, m in marks.items() if first.startswith(b)), None),
        utf8=utf8 and not pending, ascii=ascii_only, nuls=count[b"\0"], quotes=count[b'"'], crlf=count[b"\r\n"],
        lf=count[b"\n"], cr=count[b"\r"] - count[b"\r\n"], lines=count[b"\n"] + (not ended and size > 0),
        hollow=hollow, tail=max(0, tail - 1),
    )
