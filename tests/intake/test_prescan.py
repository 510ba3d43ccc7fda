"""The prescan against counting the slow way."""

import hashlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crisiskit.intake import prescan
from crisiskit.intake.prescan import scan

PARTS = [b"\t", b"\xc2\xa0", b"\r", b"\n", b"\r\n", b"a", b"\xc3\xa9", b"\xe9", b" ", b",", b'"', b"\0"]


@settings(max_examples=200, deadline=None)
@given(parts=st.lists(st.sampled_from(PARTS), max_size=40), chunk=st.sampled_from([1, 2, 3, 7, 1000]))
def test_counts(parts, chunk, tmp_path_factory):
    content = b"".join(parts)
    path = tmp_path_factory.mktemp("scan") / "f"
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prescan, "CHUNK", chunk)
        seen = scan(path)
    lines = content.split(b"\n")
    lines = lines[:-1] if lines[-1] == b"" else lines
    try:
        utf8 = bool(content.decode("utf-8") or True)
    except UnicodeDecodeError:
        utf8 = False
    assert (seen.bytes, seen.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert (seen.lf, seen.crlf, seen.cr) == (
        content.count(b"\n"), content.count(b"\r\n"), len(re.findall(rb"\r(?!\n)", content)))
    assert (seen.nuls, seen.ascii, seen.utf8) == (content.count(b"\0"), content.isascii(), utf8)
    assert seen.lines == len(lines)
    assert (seen.tabs, seen.no_break) == (b"\t" in content, b"\xc2\xa0" in content)
    if re.search(rb'(^|[,;|\t"\r\n]) | ([,;|\t"\r\n]|$)', content):
        assert seen.spaces or not content
    if seen.uniform:
        assert seen.hollow == sum(not line.strip(b' \t,;|"\r') for line in lines)
        body = content.rstrip(b"\r\n")
        assert seen.tail == max(0, content[len(body):].count(b"\n") - 1)


@pytest.mark.parametrize(
    ("start", "mark"),
    [(b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"a", None)],
)
def test_byte_order_marks(tmp_path, start, mark):
    path = tmp_path / "f"
    path.write_bytes(start + b"a\0")
    assert scan(path).mark == mark
