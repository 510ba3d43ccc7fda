"""Which encoding a text file is in, and reading it line by line so that one bad byte costs one line."""

import codecs
import re
from pathlib import Path
from typing import TextIO

from crisiskit.errors import UserError, nearest
from crisiskit.intake.prescan import CHUNK, Scan

MARK = "\udcff"  # a lone surrogate, which no decoder gives: stands for bytes that could not be decoded
_NAMES = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1", "cp1250", "cp437", "cp850", "mac-roman")
_WESTERN = ["cp1252", "mac_roman", "cp437", "cp850"]  # Windows, old Macintosh, and DOS in the US and in Europe
_SAMPLE = 2_000  # foreign lines looked at
_ENOUGH_TEXT, _ENOUGH_FOREIGN = 1 << 16, 20  # bytes of them that are judged; foreign ones that are evidence



def _mark(error: UnicodeError) -> tuple[str, int]:
    """Put MARK in the place of what cannot be decoded."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return MARK, error.end


codecs.register_error("crisiskit-mark", _mark)


def open_text(path: Path, encoding: str) -> TextIO:
    """Open for reading lines that keep their ends; only \\r\\n, \\n and \\r end a line."""
    file = open(path, encoding=encoding, errors="crisiskit-mark", newline="")  # noqa: SIM115
    if encoding in ("utf-16-le", "utf-16-be") and file.read(1) != "\ufeff":
        file.seek(0)
    return file


def same_as_utf8(encoding: str, seen: Scan) -> bool:
    """Whether the file's bytes mean the same in `encoding` and in UTF-8."""
    letters = "".join(map(chr, range(32, 127)))
    if encoding in ("utf-8", "utf-8-sig"):
        return seen.utf8
    return seen.ascii and letters.encode(encoding, "replace") == letters.encode("ascii")


def choose(path: Path, declared: str | None, seen: Scan, name: str) -> tuple[str, list[str]]:
    """Return the encoding of the file and notes; a declared one wins, and is refused where it cannot be true."""
    if declared is not None:
        try:
            b"a".decode(declared, "ignore")  # refuses what is no encoding of text
            codec = codecs.lookup(declared).name
        except LookupError:
            raise UserError(f"{name}: there is no encoding '{declared}'{nearest(declared, _NAMES)}") from None
        if seen.mark and codec.split("-")[:2] != seen.mark.split("-")[:2]:
            raise UserError(f"{name}: encoding is declared {declared}, but the byte-order mark says {seen.mark}")
        return seen.mark or codec, []
    if seen.mark:
        return seen.mark, []
    if seen.nuls > seen.bytes // 5:
        return _utf16(path), ["no byte-order mark: UTF-16 recognised by its zero bytes"]
    if seen.utf8:
        return "utf-8", []
    return _guess(path, _foreign_lines(path))


def _utf16(path: Path) -> str:
    """The byte order of UTF-16 text: Western letters have their zero byte second in little-endian."""
    with open(path, "rb") as file:
        head = file.read(CHUNK)
    return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"


def _foreign_lines(path: Path) -> list[bytes]:
    """The first lines that hold bytes outside ASCII."""
    lines: list[bytes] = []
    with open(path, "rb") as file:
        for line in file:
            if not line.isascii():
                lines.append(line)
                if len(lines) == _SAMPLE:
                    break
    return lines


def _guess(path: Path, lines: list[bytes]) -> tuple[str, list[str]]:
    """UTF-8 when most of the foreign lines are that (the others are rejected), else a Western single-byte encoding.

    Few foreign bytes are no evidence: they are taken for cp1252, by far the most common; that is Latin-1 where none of
    the characters occurs in which the two differ.
    """
    from charset_normalizer import from_bytes

    def is_utf8(line: bytes) -> bool:
        try:
            return bool(line.decode("utf-8"))
        except UnicodeDecodeError:
            return False

    if 2 * sum(map(is_utf8, lines)) > len(lines):
        return "utf-8", []
    text = b"".join(lines)[:_ENOUGH_TEXT]
    encoding = "cp1252"
    if len(re.findall(rb"[\x80-\xff]", text)) >= _ENOUGH_FOREIGN:
        best = from_bytes(text, cp_isolation=_WESTERN).best()
        encoding = best.encoding.replace("_", "-") if best else encoding
    if encoding == "cp1252":
        with open(path, "rb") as file:
            encoding = "cp1252" if any(re.search(rb"[\x80-\x9f]", line) for line in file) else "latin-1"
    return encoding, [f"encoding guessed: {encoding}"]
