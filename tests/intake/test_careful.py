"""The careful path: a bad line costs itself and no other, and every physical line is accounted for."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crisiskit.errors import UserError
from crisiskit.intake import careful
from crisiskit.intake.careful import Layout, read_lines


def faults(found) -> list[tuple[int, str, str]]:
    return [(reject.line, reject.reason, reject.text) for reject in found.rejects]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"4,5", "2 fields where the header has 3"),
        (b"4,5,6,7", "4 fields where the header has 3"),
        (b"4,5,6,,7", "5 fields where the header has 3"),
        (b'4,"5,6', "unclosed quote"),
        (b'4,5,"6', "unclosed quote"),
        (b'4,"5"x,6', "text after a closing quote"),
        (b",,", "empty row"),
        (b' ,"",', "empty row"),
        (b"4,\xe9,6", "a byte that utf-8 does not have"),
    ],
)
def test_a_bad_line_is_rejected_alone(read, rows, line, reason):
    found = read("a,b,c\n1,2,\u00e4\u00f6\n".encode() + line + '\n7,"8",9\n10,11,\u00e9\n12,"13\n14",\u00fc\n'.encode())
    assert rows(found) == [
        (2, "1", "2", "\u00e4\u00f6"), (4, "7", "8", "9"), (5, "10", "11", "\u00e9"), (6, "12", "13\n14", "\u00fc"),
    ]
    assert faults(found) == [(3, reason, line.decode(errors="replace"))]


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        (b"4,5,6,,", ("4", "5", "6")),
        (b'4,5" pipe,6', ("4", '5" pipe', "6")),
        (b'4,"5 ""x""",6', ("4", '5 "x"', "6")),
        (b'4, "5,5", 6', ("4", "5,5", "6")),
        (b'4,"5" ,6', ("4", "5", "6")),
        (b'4, 5,", "', ("4", " 5", ", ")),
        (b' 4, 5, "6"', (" 4", " 5", "6")),
        (b'"4","5","6" ', ("4", "5", "6")),
        (b'4,"5\r\n\r\nx",6', ("4", "5\r\n\r\nx", "6")),
        (b"4,,", ("4", None, None)),
        ("4,a\u2028b\x0b\x0c\x85c,6".encode(), ("4", "a\u2028b\x0b\x0c\x85c", "6")),
    ],
)
def test_an_odd_line_that_can_be_read_is(read, rows, line, cells):
    found = read(b"a,b,c\n1,2,3\n" + line + b"\n\n7,8,9\n")
    assert rows(found)[:2] == [(2, "1", "2", "3"), (3, *cells)]
    assert rows(found)[2][1:] == ("7", "8", "9")
    assert (found.rejects, found.notes) == ((), ("1 empty lines",))


def test_an_empty_row_of_another_delimiter(read, rows):
    found = read(b"a^b\n1^2\r\n^\n\xc2\xa0^\n", delimiter="^")
    assert (rows(found), faults(found)) == ([(2, "1", "2"), (4, "\u00a0", None)], [(3, "empty row", "^")])


def test_a_quote_open_for_too_long_swallows_nothing(read, rows):
    found = read(b'a,b\n1,"2\n' + b"x,y\n" * 300 + b'3,4"\n')
    assert faults(found) == [(2, "unclosed quote", '1,"2')]
    assert rows(found) == [*((line, "x", "y") for line in range(3, 303)), (303, "3", '4"')]


def test_two_quotes_that_are_not_closed(read, rows):
    found = read(b'a,b,c\n1,"2,3\n4,5,6\n7,"8,9\n10,11,12\n')
    assert [line for line, *_ in faults(found)] == [2, 4]
    assert rows(found) == [(3, "4", "5", "6"), (5, "10", "11", "12")]


@pytest.mark.parametrize("ends", [(b"\r\n", b"\n"), (b"\n", b"\r"), (b"\r", b"\r"), (b"\r", b"\r\n")])
def test_line_ends_of_all_kinds(read, rows, ends):
    one, two = ends
    found = read(b"a,b" + one + b"1,2" + two + b"3,4" + one + b"5,6" + two)
    assert rows(found) == [(2, "1", "2"), (3, "3", "4"), (4, "5", "6")]


def test_nul_bytes_are_removed_and_noted(read, rows):
    found = read(b"a,b\n1,2\n\x003,\x004\n5,6\n7,8\x00\n")
    assert rows(found) == [(2, "1", "2"), (3, "3", "4"), (4, "5", "6"), (5, "7", "8")]
    assert found.notes == ("3 NUL bytes removed, the first on line 3, 5",)


def test_footer(read, rows):
    found = read(b"a,b,c\n1,2,3\nTotals,2,3\n\n,Total,3\n1,2,3\nprinted on\n", footer=("Total$", "Notes:"))
    assert rows(found) == [(2, "1", "2", "3"), (3, "Totals", "2", "3")]
    assert faults(found) == [(5, "footer", ",Total,3"), (6, "footer", "1,2,3"), (7, "footer", "printed on")]


def test_a_layout_that_fits_almost_nothing_is_the_users_mistake(read, monkeypatch):
    monkeypatch.setattr(careful, "MANY", 10)
    with pytest.raises(UserError, match=r"most lines cannot be read \(line 2: 2 fields where the header has 3\)"):
        read(b"a,b,c\n" + b"1,2\n" * 20)


def test_batches_keep_the_order_of_lines(read, rows, monkeypatch):
    monkeypatch.setattr("crisiskit.intake.text.BATCH", 3)
    lines = [b'"%d",x' % i if i % 3 else b"%d,x" % i for i in range(2, 40)]
    found = read(b"a,b\r" + b"\n".join(lines))
    assert rows(found) == [(i, str(i), "x") for i in range(2, 40)]
    numbers = found.table.source_row.to_pyarrow().to_pylist()
    assert numbers == sorted(numbers)


WARTS = ["1,2,3", '1,"2",3', '1,"2\n2",3', "1,2", "1,2,3,4", '1,"2,3', '1,2,3"', '"', "", " ", ",,", '"",,', '1,""",3',
         "\0", "1,\0,3", "x\udce9,2,3", '1,"2"x,3', '"1","2","3"', "Total"]
PIECES = st.lists(st.sampled_from(WARTS), max_size=30)


@settings(max_examples=300, deadline=None)
@given(pieces=PIECES, ends=st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=30), footer=st.booleans())
def test_every_physical_line_is_accounted_for(pieces, ends, footer, tmp_path_factory):
    """physical lines = header + blank lines + the lines that records and rejects span; counted without the reader."""
    text = "a,b,c\n" + "".join(piece + end for piece, end in zip(pieces, ends, strict=False))
    path: Path = tmp_path_factory.mktemp("warts") / "f.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    layout = Layout("utf-8", ",", '"', ("a", "b", "c"), 3, 1, 0, ())
    sink, tally = read_lines(path, layout, ("Total",) if footer else (), path.with_suffix(".parquet"), "f.csv")
    physical = len(re.split(r"\r\n|\r|\n", text)) - 1
    assert 1 + tally.blank + tally.spanned == physical
    assert tally.nuls == text.count("\0")
    if not any('"2,3' in piece or piece in ('"', '1,""",3') for piece in pieces) and not footer:
        good = sum(piece in ("1,2,3", '1,"2",3', '1,"2\n2",3', '1,2,3"', "1,\0,3", '"1","2","3"') for piece in pieces)
        empty = sum(not piece.strip("\0 ") for piece in pieces)
        assert (sink.rows, len(tally.rejects)) == (good, len(pieces) - good - empty)
