"""Finding files, and reading whatever they turn out to be."""

import csv
import errno
import gzip
import io
import os
from pathlib import Path

import pytest

from crisiskit.errors import UserError
from crisiskit.intake import read as reading

SHARED = {  # files of the public data that are not UTF-8
    "us_county_population_2019.csv": "latin-1",
}


def test_files_and_globs_each_once(read_all, tmp_path):
    data = tmp_path / "data"
    (data / "in").mkdir()
    for name in ("b.csv", "a.csv", "in/c.csv", "d.txt"):
        (data / name).write_text("x\n1\n")
    found = read_all("d.txt", "*.csv", "**/*.csv", "./b.csv")
    assert [each.file for each in found] == ["d.txt", "a.csv", "b.csv", "in/c.csv"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("calls.csv", r"no file 'calls\.csv' in .*; did you mean 'call\.csv'\? There are: call\.csv, in/week35"),
        ("week35.csv", r"did you mean 'in/week35\.csv\.gz'\?"),
        ("/nowhere/calls.csv", "no file '/nowhere/calls.csv' in"),
        ("a**b", r"no file 'a\*\*b' in"),
        ("in", "no file 'in' in"),
        ("*.xlsx", r"no file '\*\.xlsx' in .*data\. There are: call\.csv"),
    ],
)
def test_nothing_matches(read_all, tmp_path, name, message):
    (tmp_path / "data" / "in").mkdir()
    for file in ("call.csv", "in/week35.csv.gz"):
        (tmp_path / "data" / file).write_text("x\n1\n")
    with pytest.raises(UserError, match=message):
        read_all(name)


def test_no_data_folder(read_all, tmp_path):
    with pytest.raises(UserError, match="the data folder .*nowhere does not exist"):
        read_all("a.csv", data=tmp_path / "nowhere")


@pytest.mark.parametrize("content", [b"", gzip.compress(b"")])
def test_empty_file(read, content):
    with pytest.raises(UserError, match=r"f\.csv: is empty \(0 bytes\)"):
        read(content)


@pytest.mark.parametrize(
    ("content", "declared", "message"),
    [
        (b"a,b\n1,2\n", "excel", "is declared excel, but its content is csv; set format: csv"),
        (b"a,b\n1,2\n", "parquet", "is declared parquet, but its content is csv"),
        (b"PAR1xxxx", "csv", "is declared csv, but its content is parquet"),
        (b"%PDF-1.7", "auto", "is a PDF; ask for the table as CSV or .xlsx"),
        (b"\xef\xbb\xbf\n <!DOCTYPE html>", "auto", "is a web page or XML by its content"),
        (bytes(range(256)) * 9, "auto", "is neither text nor a workbook, Parquet, gzip or zip file"),
    ],
)
def test_content_that_is_not_what_is_said(read, content, declared, message):
    with pytest.raises(UserError, match=rf"f\.csv: {message}"):
        read(content, format=declared)


def test_file_that_changes_while_it_is_read(read, monkeypatch):
    scan = reading.scan

    def scan_and_append(path: Path):
        seen = scan(path)
        with open(path, "a") as file:
            file.write("3,4\n")
        return seen

    monkeypatch.setattr(reading, "scan", scan_and_append)
    with pytest.raises(UserError, match=r"f\.csv changed while it was being read; nothing was kept"):
        read(b"a,b\n1,2\n")


def test_file_that_changes_later(read, tmp_path):
    found = read(b"a,b\n1,2\n")
    found.check_unchanged()
    os.utime(tmp_path / "data" / "f.csv", ns=(1, 1))
    with pytest.raises(UserError, match=r"f\.csv changed while it was being read"):
        found.check_unchanged()


@pytest.mark.parametrize(
    ("number", "message"),
    [(errno.ENOSPC, "no room left in .*work"), (errno.EACCES, "cannot be read: Permission denied")],
)
def test_operating_system_errors(read, monkeypatch, number, message):
    def fail(path: Path):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(reading, "scan", fail)
    with pytest.raises(UserError, match=rf"f\.csv: .*{message}"):
        read(b"a,b\n1,2\n")


def test_same_file_read_twice_with_different_layouts(read_all, rows, tmp_path):
    """Tables read earlier keep standing when the same file is read in another way."""
    (tmp_path / "data" / "f.csv").write_bytes(b"a,b\r1,2\r3,4\r")
    (one,), (two,) = read_all("f.csv"), read_all("f.csv", header_row=2)
    assert rows(one) == [(2, "1", "2"), (3, "3", "4")]
    assert (two.columns, rows(two)) == (("1", "2"), [(3, "3", "4")])


def test_every_public_file_has_the_rows_that_the_csv_module_counts(read_all, shared_data):
    """Rows, lines and every cell (of the largest files, of the first rows), against the csv module's."""
    found = read_all("*/*.csv", "*/*.csv.gz", data=shared_data)
    assert len(found) == 46
    for each in found:
        content = (shared_data / each.file).read_bytes()
        content = gzip.decompress(content) if each.file.endswith(".gz") else content
        encoding = SHARED.get(Path(each.file).name, "utf-8-sig")
        reader = csv.reader(io.StringIO(content.decode(encoding), newline=""))
        header = next(reader)
        expected = [(line, row) for row in reader if row for line in [reader.line_num]]
        assert each.rows_read == len(expected), each.file
        assert [r.reason for r in each.rejects] == ["empty row"] * sum(not any(row) for _, row in expected)
        assert [name.strip() for name in header if name.strip()] == [
            name.rpartition(" (")[0] or name if name.endswith(("(1)", "(2)")) else name
            for name in each.columns if not name.startswith("column_")]
        last = 10**9 if len(expected) < 30_000 else 5_000
        full = [(*row[: len(each.columns)], line) for line, row in expected if any(row) and line <= last]
        table = each.table.filter(each.table.source_row <= last).order_by("source_row").to_pyarrow()
        assert table.num_rows == len(full)
        for name, column in zip(table.column_names, zip(*full, strict=True), strict=True):
            assert table[name].to_pylist() == [cell or None for cell in column], (each.file, name)
