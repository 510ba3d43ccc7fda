"""gzip and zip: what they hold, and the ways in which they can be broken or hostile."""

import gzip
import hashlib
import io
import os
import zipfile
from collections import namedtuple

import pytest

from crisiskit.errors import UserError
from crisiskit.intake import archives

CSV = b"a,b\n1,2\n3,4\n"


def zipped(**members: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return sink.getvalue()


def test_gzip(read, rows):
    content = gzip.compress(CSV[:6]) + gzip.compress(CSV[6:])
    found = read(content, "f.csv.gz")
    assert rows(found) == [(2, "1", "2"), (3, "3", "4")]
    assert (found.file, found.bytes, found.sha256) == ("f.csv.gz", len(content), hashlib.sha256(content).hexdigest())
    assert (found.format, found.notes) == ("csv", ("gzip: 12 bytes unpacked",))


@pytest.mark.parametrize("cut", [slice(0, -8), slice(0, 15), slice(0, 12)])
def test_gzip_that_is_cut_off(read, cut):
    with pytest.raises(UserError, match=r"f\.csv\.gz: the gzip file is cut off; fetch it again"):
        read(gzip.compress(CSV * 9)[cut], "f.csv.gz")


def test_gzip_that_is_damaged(read):
    content = bytearray(gzip.compress(os.urandom(1000)))
    content[500] ^= 255
    with pytest.raises(UserError, match=r"f\.csv\.gz: the gzip file is damaged \(.*fetch it again"):
        read(bytes(content), "f.csv.gz")


def test_zip_members(read_all, rows, tmp_path):
    others = {"read me.pdf": b"%PDF", "__MACOSX/n.csv": b"?", "d/.e.csv": b"?"}
    (tmp_path / "data" / "a.zip").write_bytes(zipped(**{"x/m.csv": CSV, "n.csv": b"c\n5\n", **others}))
    one, two = read_all("a.zip")
    assert (one.file, one.bytes, one.sha256) == ("a.zip!x/m.csv", len(CSV), hashlib.sha256(CSV).hexdigest())
    assert one.notes == ("a member of a.zip", "members not read: read me.pdf, __MACOSX/n.csv, d/.e.csv")
    assert (rows(one), rows(two)) == ([(2, "1", "2"), (3, "3", "4")], [(2, "5")])
    assert [found.file for found in read_all("*.zip!n*")] == ["a.zip!n.csv"]
    with pytest.raises(UserError, match=r"a\.zip: has no member 'm\.csv'; did you mean 'x/m\.csv'\? \(members"):
        read_all("a.zip!m.csv")


def test_gzip_within_zip(read, rows):
    found = read(zipped(**{"m.csv.gz": gzip.compress(CSV)}), "a.zip")
    assert (found.file, rows(found)[0]) == ("a.zip!m.csv.gz", (2, "1", "2"))


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"../../m.csv": CSV}, "has a member whose path leads out of it, '../../m.csv'"),
        ({"/etc/m.csv": CSV}, "has a member whose path leads out of it"),
        ({"C:\\m.csv": CSV}, "has a member whose path leads out of it"),
        ({"m.zip": zipped(m=CSV), "n.csv": CSV}, None),
        ({"m.txt": zipped(m=CSV)}, "a.zip!m.txt: is a zip file within a zip file"),
        ({"notes.pdf": b"%PDF"}, r"a.zip: has no member that can be a table \(members: notes.pdf\)"),
        ({"m.csv": b""}, "a.zip!m.csv: is empty"),
    ],
)
def test_zip_that_is_hostile_or_odd(read, members, message):
    if message is None:
        assert read(zipped(**members), "a.zip").file == "a.zip!n.csv"
    else:
        with pytest.raises(UserError, match=message):
            read(zipped(**members), "a.zip")


def test_zip_that_is_encrypted(read):
    content = bytearray(zipped(m=CSV))
    for start, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(start) + offset] |= 1
    with pytest.raises(UserError, match=r"a\.zip: the member 'm' is encrypted; unpack it"):
        read(bytes(content), "a.zip")


def test_zip_that_is_cut_off(read):
    with pytest.raises(UserError, match=r"a\.zip: begins as a zip or Excel file, but is cut off or damaged"):
        read(zipped(m=CSV)[:-30], "a.zip")


def test_zip_member_that_is_damaged(read):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("m.csv", CSV)
    with pytest.raises(UserError, match=r"a\.zip!m\.csv: is damaged \(Bad CRC-32"):
        read(sink.getvalue().replace(b"3,4\n", b"3,5\n"), "a.zip")


def test_two_members_of_one_name(read):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("m.csv", CSV)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("m.csv", CSV)
    with pytest.raises(UserError, match="has more than one member called 'm.csv'"):
        read(sink.getvalue(), "a.zip")


@pytest.mark.parametrize(("name", "pack"), [("b.csv.gz", gzip.compress), ("b.zip", lambda content: zipped(m=content))])
def test_bomb(read, tmp_path, monkeypatch, name, pack):
    monkeypatch.setattr(archives, "FREELY", 1 << 20)
    monkeypatch.setattr(archives, "CHUNK", 1 << 16)
    with pytest.raises(UserError, match="over 200 times as much: taken for a zip bomb"):
        read(pack(b"a,b\n" + b"0,0\n" * 4_000_000), name)
    assert sum(path.stat().st_size for path in (tmp_path / "work").rglob("*") if path.is_file()) < 1 << 22


def test_declared_size_is_not_believed(read):
    """A member that says it is small is read no further than it says, and its checksum then fails."""
    content = bytearray(zipped(m=b"a,b\n" + b"1,2\n" * 1000))
    for start, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.index(start) + offset
        content[at : at + 4] = (100).to_bytes(4, "little")
    with pytest.raises(UserError, match=r"a\.zip!m: is damaged"):
        read(bytes(content), "a.zip")


def test_no_room_to_unpack(read, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda folder: usage(1000))
    with pytest.raises(UserError, match=r"f\.csv\.gz: no room to unpack it in"):
        read(gzip.compress(CSV), "f.csv.gz")


def test_member_of_what_is_no_zip(read_all, tmp_path):
    (tmp_path / "data" / "a.csv").write_bytes(CSV)
    with pytest.raises(UserError, match=r"a\.csv: is not a zip file, so it has no member 'm\.csv'"):
        read_all("a.csv!m.csv")
