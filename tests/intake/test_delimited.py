"""Delimited text: header, delimiter, and that the fast path says the same as the careful one."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crisiskit.errors import UserError
from crisiskit.intake import delimited
from crisiskit.intake.fileread import ReadSpec
from crisiskit.intake.prescan import scan


def by_line(tmp_path: Path) -> bool:
    """Whether the careful path was taken: it leaves a Parquet file in the work folder."""
    return any((tmp_path / "work").rglob("*.parquet"))


def test_cells_stay_as_written(read, rows, tmp_path):
    found = read(b"zip,county,n,note\n06075,NO,1.10,NA\n00501,,12:30, null \n")
    assert rows(found) == [(2, "06075", "NO", "1.10", "NA"), (3, "00501", None, "12:30", " null ")]
    assert (found.rows_read, found.rejects, found.notes) == (2, (), ())
    assert (found.format, found.encoding, found.delimiter) == ("csv", "utf-8", ",")
    assert not by_line(tmp_path)


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        (b"a,b\n1,2\n", ","), (b"a;b\n1,5;2\n", ";"), (b"a\tb\n1\t2, 3\n", "\t"), (b"a|b\n1|2\n", "|"),
        (b'"a;x",b\n"1;2;3",2\n', ","), (b"a,b;c\n1;2\n3;4\n5;6\n", ";"),
        (b"sep=;\na;b\n1;2\n", ";"), (b"SEP=^\r\na^b\r\n1^2\r\n", "^"),
    ],
)
def test_delimiter_is_found(read, content, delimiter):
    found = read(content)
    assert (found.delimiter, len(found.columns)) == (delimiter, 2)
    assert found.rejects == ()


def test_declared_delimiter_wins(read, rows):
    assert rows(read(b"a;b,c\n1;2,3\n", delimiter=",")) == [(2, "1;2", "3")]
    assert rows(read(b"a\tb,c\n1\t2,3\n", delimiter="tab")) == [(2, "1", "2,3")]


def test_one_column_is_legal(read, rows):
    found = read(b"note\nhello\nworld\n")
    assert rows(found) == [(2, "hello"), (3, "world")]
    assert found.delimiter is None
    assert found.notes == ("no delimiter found: read as one column",)


def test_blank_lines_of_one_column_are_no_rows(read, rows):
    found = read(b"note\nhello\n\nworld\n\n")
    assert rows(found) == [(2, "hello"), (4, "world")]
    assert "2 empty lines" in found.notes


def test_header_is_cleaned(read):
    found = read(b'\xef\xbb\xbf Date ,"of\r\n call",,x\r\n1,2,3,4\r\n')
    assert found.columns == ("Date", "of call", "column_3", "x")
    assert found.encoding == "utf-8-sig"
    assert "the header ends on line 2" in found.notes


def test_repeated_names_are_numbered(read, rows):
    found = read(b"a,b,A,a (1),source_row\n1,2,3,4,5\n")
    assert found.columns == ("a (2)", "b", "A (3)", "a (1)", "source_row (1)")
    assert len(found.notes) == 2
    assert rows(found) == [(2, "1", "2", "3", "4", "5")]


@pytest.mark.parametrize("last", [b"", b"5"])
def test_unnamed_columns_at_the_end_stay_only_with_a_value(read, rows, last):
    found = read(b"a,b,,\n1,2,,\n3,4,," + last + b"\n")
    assert found.columns == (("a", "b", "column_3", "column_4") if last else ("a", "b"))
    assert len(rows(found)) == 2


def test_rows_may_lack_the_unnamed_column(read, rows):
    assert rows(read(b"a,b,\n1,2\n3,4,\n")) == [(2, "1", "2"), (3, "3", "4")]


def test_header_only(read, rows):
    found = read(b"a,b\r\n")
    assert (rows(found), found.notes) == ([], ("no rows under the header",))


@pytest.mark.parametrize("content", [b"\n\n", b"  \r\n \r\n"])
def test_no_text(read, content):
    with pytest.raises(UserError, match=r"f\.csv: no text from line 1 to line 2"):
        read(content)


def test_header_row_beyond_the_file(read):
    with pytest.raises(UserError, match=r"f\.csv: has 2 lines, so its header cannot be on line 5; set header_row"):
        read(b"a,b\n1,2\n", header_row=5)


@pytest.mark.parametrize("title", [b"Report of calls\n\n", b'"Calls, 2024"\n,\n', b'the "x\ny, z\n'])
def test_header_further_down(read, rows, title):
    found = read(title + b"a,b\nminutes,\n1,2\n", header_row=3, skip_rows=1)
    assert rows(found) == [(5, "1", "2")]
    assert found.notes == ("1 lines before the first row passed over",)


def test_blank_lines_before_the_header(read, rows):
    found = read(b"\n\na,b\n1,2\n")
    assert rows(found) == [(4, "1", "2")]
    assert found.notes == ("the header ends on line 3",)


def test_header_that_cannot_be_read(read):
    with pytest.raises(UserError, match=r"f\.csv: the header on line 1 cannot be read \(unexpected end.*: a,\"b"):
        read(b'a,"b\n1,2\n')


def test_columns_named_in_the_mapping(read, rows):
    assert rows(read(b"1,2\n3,4\n", column_names=("x", "y"))) == [(1, "1", "2"), (2, "3", "4")]
    assert rows(read(b"old,names\n3,4\n", column_names=("x", "y"), skip_rows=1)) == [(2, "3", "4")]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_blank_lines_at_the_end_keep_the_fast_path(read, rows, tmp_path, end):
    found = read(end.join([b"a,b", b"1,2", b"", b"", b""]))
    assert rows(found) == [(2, "1", "2")]
    assert found.notes == ("2 empty lines",)
    assert not by_line(tmp_path)


def test_wildcards_in_a_file_name(read, read_all, rows):
    read(b"a,b\n9,9\n", "day1.csv")
    assert rows(read(b"a,b\n1,2\n", "day[1].csv")) == [(2, "1", "2")]
    assert rows(read(b"a,b\n1,2\n", "it's *.csv")) == [(2, "1", "2")]


def test_no_quotes_declared(read, rows):
    assert rows(read(b'a,b\n"1,2\n3,"4"\n', quote="")) == [(2, '"1', "2"), (3, "3", '"4"')]


def test_no_line_break_at_all(read, monkeypatch):
    monkeypatch.setattr(delimited, "ENDLESS", 10)
    with pytest.raises(UserError, match=r"f\.csv: 12 bytes without a line break"):
        read(b"a,b,c,d,e,f,")


CELLS = st.text(st.sampled_from('ab1 é,;"\n'), max_size=5)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=8), end=st.sampled_from(["\n", "\r\n"]))
def test_both_paths_agree_with_the_csv_module(con, table, end, tmp_path_factory):
    """What the csv module writes is read back cell for cell, by the fast path wherever it does not decline."""
    sink = io.StringIO()
    csv.writer(sink, lineterminator=end).writerows([("x", "y", "z"), *table])
    folder = tmp_path_factory.mktemp("both")
    path = folder / "f.csv"
    path.write_bytes(sink.getvalue().encode())
    spec, seen = ReadSpec(files=("f.csv",)), scan(path)
    layout = delimited._layout(spec, path, "f.csv", seen)
    expected, line = [], 2
    for cells in table:
        if any(map(str.strip, cells)):
            expected.append((*(cell or None for cell in cells), line))
        line += 1 + sum(cell.count("\n") for cell in cells)
    found = delimited._careful(con, spec, path, "f.csv", layout, folder)
    assert [tuple(row.values()) for row in found.table.to_pyarrow().to_pylist()] == expected
    fast = delimited._fast(con, spec, path, layout, seen)
    one_line_each = not any("\n" in cell for cells in table for cell in cells)
    full = all(any(cell.strip(' ,;"\n') for cell in cells) for cells in table)
    assert one_line_each or fast is None
    assert fast is not None or not (one_line_each and full)
    if fast is not None:
        assert fast.table.to_pyarrow().equals(found.table.to_pyarrow())


def test_lines_keep_their_numbers_where_the_file_is_read_in_parallel(read):
    found = read(b"line,text\n" + b"".join(b"%d,%s\n" % (n, b"x" * 150) for n in range(2, 400_002)))
    wrong = found.table.filter(found.table.line.cast("int64") != found.table.source_row).count().execute()
    assert (found.rows_read, wrong) == (400_000, 0)
