"""One streaming pass over a file before it is parsed: its hash, its encoding, and whether plain parsing is safe."""

import hashlib
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, IncrementalDecoder, getincrementaldecoder
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

CHUNK = 1 << 22
HOLLOW = ' \t,;|"'  # a line of these alone holds no record, or an empty one
_HOLLOW_LINE = re.compile(rb'\n[ \t,;|"]*\r?(?=\n)')
_OPENS_HOLLOW = np.isin(np.arange(256), list(b"\r\n" + HOLLOW.encode()))
_ENDS_CELL = np.isin(np.arange(256), list(b',;|\t"\r\n'))
_MARKS = {BOM_UTF8: "utf-8-sig", BOM_UTF16_LE: "utf-16-le", BOM_UTF16_BE: "utf-16-be"}


@dataclass(frozen=True, slots=True)
class Scan:
    """What one pass over the bytes of a file saw.

    `mark` is the encoding that a byte-order mark names. Line ends are counted as \\r\\n, all \\n, and \\r alone;
    `lines` counts those that \\n ends, and a last one without it. `hollow` lines hold nothing but blanks, delimiters
    and quotes; `tail` counts the wholly empty ones at the end of the file. `spaces`: a space may begin or end a cell;
    `tabs` and `no_break`: the file has tabs, or no-break spaces (as UTF-8).
    """

    bytes: int
    sha256: str
    mark: str | None
    utf8: bool
    ascii: bool
    nuls: int
    crlf: int
    lf: int
    cr: int
    lines: int
    hollow: int
    tail: int
    spaces: bool
    tabs: bool
    no_break: bool

    @property
    def uniform(self) -> bool:
        """Whether every line ends in the same way, with \\n or \\r\\n."""
        return self.cr == 0 and self.crlf in (0, self.lf)


@dataclass
class _Counter:
    """The running counts of a scan, fed with the file's chunks in order."""

    size: int = 0
    nuls: int = 0
    crlf: int = 0
    lf: int = 0
    all_cr: int = 0
    hollow: int = 0
    tail: int = 0
    spaces: bool = False
    tabs: bool = False
    no_break: bool = False
    utf8: bool = True
    ascii: bool = True
    last: bytes = b"\n"  # the last byte of the chunk before
    split: bool = False  # the chunk before ended with a carriage return
    first: bytes = b""
    line: bytes = b"\n"  # the unfinished line, after the \n before it
    decoder: IncrementalDecoder = field(default_factory=getincrementaldecoder("utf-8"))

    def feed(self, chunk: bytes) -> None:
        """Count one chunk, which may begin and end anywhere."""
        self.first, self.size = self.first or chunk[:4], self.size + len(chunk)
        self._decode(chunk)
        values = np.frombuffer(chunk, np.uint8)
        ends = np.flatnonzero(values == 10)
        self.lf += len(ends)
        if b"\0" in chunk:
            self.nuls += chunk.count(b"\0")
        if b"\r" in chunk:
            self.all_cr += chunk.count(b"\r")
            self.crlf += chunk.count(b"\r\n")
        self.crlf += self.split and chunk.startswith(b"\n")
        self.split = chunk.endswith(b"\r")
        seam = self.last + chunk
        self.tabs = self.tabs or b"\t" in chunk
        self.no_break = self.no_break or b"\xc2\xa0" in seam
        self.spaces = self.spaces or _spaces_at_ends(np.frombuffer(seam, np.uint8))
        self.last = chunk[-1:]
        if _is_hollow(self.line) or _OPENS_HOLLOW[values[ends[:-1] + 1]].any():
            self.hollow += len(_HOLLOW_LINE.findall(self.line + chunk))
        if len(ends):
            self.line = chunk[ends[-1]:]
        else:
            self.line = self.line + b" " if _is_hollow(chunk) else b"\nx"
        text = len(chunk.rstrip(b"\r\n"))
        self.tail = chunk.count(b"\n", text) + (0 if text else self.tail)

    def _decode(self, chunk: bytes) -> None:
        """Keep `ascii` and `utf8` true as long as they are."""
        plain = chunk.isascii()
        if self.utf8 and not (plain and self.ascii):
            try:
                self.decoder.decode(chunk)
            except UnicodeDecodeError:
                self.utf8 = False
        self.ascii &= plain


def scan(path: Path) -> Scan:
    """Read the file once, in chunks of some MB; the hash is computed on a second thread (it needs no lock)."""
    digest, seen = hashlib.sha256(), _Counter()
    with open(path, "rb") as file, ThreadPoolExecutor(1) as side:
        while chunk := file.read(CHUNK):
            hashing = side.submit(digest.update, chunk)
            seen.feed(chunk)
            hashing.result()
    open_line = seen.size > 0 and seen.line != b"\n"
    return Scan(
        bytes=seen.size, sha256=digest.hexdigest(), ascii=seen.ascii,
        mark=next((name for mark, name in _MARKS.items() if seen.first.startswith(mark)), None),
        utf8=seen.utf8 and not seen.decoder.getstate()[0],
        nuls=seen.nuls, crlf=seen.crlf, lf=seen.lf, cr=seen.all_cr - seen.crlf, lines=seen.lf + open_line,
        hollow=seen.hollow + (open_line and _is_hollow(seen.line)), tail=max(0, seen.tail - 1),
        spaces=seen.spaces or seen.last == b" ", tabs=seen.tabs, no_break=seen.no_break,
    )


def _spaces_at_ends(values: np.ndarray) -> bool:
    """Whether a space stands beside a byte that ends a cell."""
    spaces = np.flatnonzero(values == 32)
    before, after = values[np.maximum(spaces - 1, 0)], values[np.minimum(spaces + 1, len(values) - 1)]
    return bool(_ENDS_CELL[before].any() or _ENDS_CELL[after].any())


def _is_hollow(line: bytes) -> bool:
    return not line.strip(b"\r\n" + HOLLOW.encode())
