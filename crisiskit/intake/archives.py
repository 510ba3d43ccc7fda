"""Compressed files and archives: unpacked into the work folder, with guards against what a hostile one can do."""

import hashlib
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from gzip import GzipFile
from pathlib import Path, PurePosixPath
from typing import IO

from crisiskit.errors import UserError, nearest
from crisiskit.intake.prescan import CHUNK

FREELY = 1 << 28  # bytes up to which any compression is believed
RATIO = 200  # beyond that, text that is compressed more than this is taken for a bomb
MARGIN = 1 << 28  # bytes of disk that unpacking leaves free
ZIP, GZIP = b"PK\x03\x04", b"\x1f\x8b"
_TABLES = (".csv", ".tsv", ".txt", ".tab", ".gz", ".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".jsonl", ".ndjson",
           ".json", ".parquet", "")


@dataclass(frozen=True)
class Source:
    """A plain file to read, and what it is called; `digest` is that of the file as delivered, if packed."""

    name: str
    path: Path
    notes: tuple[str, ...] = ()
    bytes: int | None = None
    digest: str | None = None


def unpack(path: Path, name: str, members: str | None, work: Path) -> Iterator[Source]:
    """Yield the plain files that a delivered file holds: itself, or what a gzip or zip file packs.

    `members` is a glob over the members of a zip file. Raises UserError for what is truncated, corrupt, encrypted, a
    bomb, or has a member whose path leads out of the archive.
    """
    with open(path, "rb") as file:
        start = file.read(4)
    if start.startswith(GZIP):
        yield _ungzip(path, name, work)
    elif start == ZIP and not is_workbook(path, name):
        yield from _unzip(path, name, members, work)
    elif members is not None:
        raise UserError(f"{name}: is not a zip file, so it has no member '{members}'")
    else:
        yield Source(name, path)


def is_workbook(path: Path, name: str) -> bool:
    """Whether a zip file is an Office document. Raises UserError when the zip file is damaged."""
    with _opened(path, name) as archive:
        names = set(archive.namelist())
        office = "[Content_Types].xml" in names or "content.xml" in names
        if office:
            _believable(name, sum(m.file_size for m in archive.infolist()), path.stat().st_size)
        return office


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _ungzip(path: Path, name: str, work: Path) -> Source:
    """The unpacked content; size and hash stay those of the gzip file."""
    target = work / (path.name.removesuffix(".gz") + ".unpacked")
    packed = path.stat().st_size
    try:
        with GzipFile(path) as source:
            size = _copy(source, target, name, packed)
    except EOFError:
        raise UserError(f"{name}: the gzip file is cut off; fetch it again") from None
    except (OSError, zlib.error) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise UserError(f"{name}: the gzip file is damaged ({error}); fetch it again") from None
    return Source(name, target, (f"gzip: {size} bytes unpacked",), packed, digest(path))


def _unzip(path: Path, name: str, members: str | None, work: Path) -> Iterator[Source]:
    """The members that match; without a glob, all that can be tables."""
    with _opened(path, name) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        for info in infos:
            _refuse(info, name)
        names = [info.filename for info in infos]
        if twice := {n for n in names if names.count(n) > 1}:
            raise UserError(f"{name}: has more than one member called '{min(twice)}'")
        chosen = [info for info in infos if _wanted(info.filename, members)]
        if not chosen:
            what = f"member '{members}'" if members else "member that can be a table"
            near = nearest(members or "", names)
            raise UserError(f"{name}: has no {what}{near} (members: {', '.join(names[:20]) or 'none'})")
        left = [n for n in names if members is None and not _wanted(n, members)]
        notes = (f"a member of {name}", *([f"members not read: {', '.join(left[:20])}"] if left else []))
        for i, info in enumerate(chosen):
            target = work / f"{i}-{PurePosixPath(info.filename).name}"
            _extract(archive, info, name, target)
            full = f"{name}!{info.filename}"
            with open(target, "rb") as file:
                packed = file.read(4)
            if packed == ZIP and not is_workbook(target, full):
                raise UserError(f"{full}: is a zip file within a zip file; unpack it and name the files inside")
            yield _ungzip(target, full, work) if packed.startswith(GZIP) else Source(full, target, notes)


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, target: Path) -> None:
    try:
        with archive.open(info) as source:
            _copy(source, target, f"{name}!{info.filename}", info.compress_size)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise UserError(f"{name}!{info.filename}: is damaged ({error}); fetch {name} again") from None
    except NotImplementedError as error:
        raise UserError(f"{name}!{info.filename}: {error}; unpack it and name the file") from None


def _opened(path: Path, name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise UserError(f"{name}: begins as a zip or Excel file, but is cut off or damaged; fetch it again") from None


def _wanted(member: str, glob: str | None) -> bool:
    if glob is not None:
        return fnmatchcase(member, glob)
    path = PurePosixPath(member)
    return path.suffix.lower() in _TABLES and not path.name.startswith(".") and path.parts[0] != "__MACOSX"


def _refuse(info: zipfile.ZipInfo, name: str) -> None:
    """Raise UserError for a member that is encrypted, or whose path leads out of the archive."""
    path = PurePosixPath(info.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or path.parts[0].endswith(":"):
        raise UserError(f"{name}: has a member whose path leads out of it, '{info.filename}'; the archive is not read")
    if info.flag_bits & 1:
        raise UserError(f"{name}: the member '{info.filename}' is encrypted; unpack it with its password first")
    _believable(f"{name}!{info.filename}", info.file_size, info.compress_size)


def _believable(name: str, size: int, packed: int) -> None:
    """Raise UserError when `size` bytes from `packed` ones are more than any table gives."""
    if size > FREELY and size > RATIO * packed:
        raise UserError(
            f"{name}: {packed} bytes unpack to {size} or more, over {RATIO} times as much: taken for a zip bomb. "
            "If it is not, unpack it and name the file inside"
        )


def _copy(source: IO[bytes] | GzipFile, target: Path, name: str, packed: int) -> int:
    """Unpack in chunks, with an eye on how much comes out and on the room there is; return the bytes written."""
    size = 0
    with open(target, "wb") as sink:
        while chunk := source.read(CHUNK):
            size += len(chunk)
            _believable(name, size, packed)
            if shutil.disk_usage(target.parent).free < MARGIN + len(chunk):
                raise UserError(f"{name}: no room to unpack it in {target.parent} ({size} bytes so far)")
            sink.write(chunk)
    return size
