"""Excel workbooks: what a cell shows, where rows stood, and files that are no workbook."""

import datetime as dt
import io
import zipfile

import openpyxl
import pytest

from crisiskit.errors import UserError


def book(**sheets: list[list]) -> bytes:
    """A workbook of these sheets; a text that begins with # is an error cell, a list's None a cell never written."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for i, row in enumerate(rows, 1):
            for j, value in enumerate(row, 1):
                if value is not None:
                    cell = sheet.cell(i, j, value)
                    if str(value).startswith("#"):
                        cell.data_type = "e"
                    if isinstance(value, dt.timedelta):
                        cell.number_format = "[h]:mm:ss"
    sink = io.BytesIO()
    made.save(sink)
    return sink.getvalue()


def test_cells_as_text(read, rows):
    content = book(S=[
        ["n", "m", "flag", "code", "rate"],
        [12, 12.5, True, "007", "#DIV/0!"],
        [-3, 0.1, False, " x ", "#N/A"],
        [123456789012, 1e-7, None, "NO", 1e20],
    ])
    found = read(content, "b.xlsx")
    assert rows(found) == [
        (2, "12", "12.5", "TRUE", "007", "#DIV/0!"),
        (3, "-3", "0.1", "FALSE", " x ", "#N/A"),
        (4, "123456789012", "0.0000001", None, "NO", "100000000000000000000"),
    ]
    assert (found.file, found.format, found.encoding, found.delimiter) == ("b.xlsx#S", "excel", None, None)
    assert found.bytes == len(content)


def test_dates_and_times(read, rows):
    """A midnight in a column with times of day stays to be seen; a column of days has none."""
    found = read(book(S=[
        ["day", "at", "clock", "lasted", "precise", "serial"],
        [dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 23, 59, 59), dt.time(7, 5), dt.timedelta(hours=30, minutes=5),
         dt.datetime(2024, 1, 2, 3, 4, 5, 250000), 45000],
        [dt.date(1900, 1, 1), dt.datetime(2024, 3, 1), dt.time(23, 0, 1), dt.timedelta(minutes=2),
         dt.datetime(2024, 1, 2), 45000.5],
    ]), "b.xlsx")
    assert rows(found) == [
        (2, "2024-02-29", "2024-02-29 23:59:59", "07:05:00", "30:05:00", "2024-01-02 03:04:05.250", "45000"),
        (3, "1900-01-01", "2024-03-01 00:00:00", "23:00:01", "00:02:00", "2024-01-02 00:00:00.000", "45000.5"),
    ]


def test_header_further_down_blank_rows_and_tail(read, rows):
    found = read(book(S=[
        ["Crisis calls 2024"], [], ["", "id", "n", None, None], ["", "minutes"], ["", "a", 1], [None, None, " "],
        ["", "b", "#REF!", None, "stray"], ["Total", None, 3], ["printed"], [], ["  "], [],
    ]), "b.xlsx", header_row=2, skip_rows=1, footer=("Total",))
    assert found.columns == ("column_1", "id", "n", "column_4", "column_5")
    assert rows(found) == [(5, None, "a", "1", None, None), (7, None, "b", "#REF!", None, "stray")]
    assert [(r.line, r.reason) for r in found.rejects] == [(8, "footer"), (9, "footer")]
    assert [r.text for r in found.rejects] == ["Total,,3,,", "printed,,,,"]
    assert found.notes == ("1 rows before the first record passed over", "the header is in row 3", "1 empty rows")


def test_cells_that_begin_off_the_corner(read, rows):
    found = read(book(S=[[], [None, None, "a", "b", None], [None, None, "#N/A", 2, ""]]), "b.xlsx")
    assert (found.columns, rows(found)) == (("a", "b"), [(3, "#N/A", "2")])


def test_which_sheet(read, read_all, rows):
    found = read(book(Empty=[], Data=[["a"], [1]], Notes=[["b"], [2]]), "b.xlsx")
    assert (found.file, found.notes) == ("b.xlsx#Data", ("sheets not read: Empty, Notes",))
    assert [rows(each) for each in read_all("b.xlsx", sheet="Notes")] == [[(2, "2")]]
    every = read_all("b.xlsx", sheet="*")
    assert [each.file for each in every] == ["b.xlsx#Data", "b.xlsx#Notes"]
    assert [rows(each) for each in every] == [[(2, "1")], [(2, "2")]]
    with pytest.raises(UserError, match=r"b\.xlsx: has no sheet 'notes'; did you mean 'Notes'\? \(sheets: Empty, Data"):
        read_all("b.xlsx", sheet="notes")
    with pytest.raises(UserError, match=r"b\.xlsx: the sheet 'Empty' is empty"):
        read_all("b.xlsx", sheet="Empty")


def test_header_only_and_nothing(read, rows):
    found = read(book(S=[["a", "b"]]), "b.xlsx")
    assert (rows(found), found.notes) == ([], ("no rows under the header",))
    with pytest.raises(UserError, match=r"b\.xlsx: its sheets are empty"):
        read(book(S=[]), "b.xlsx")
    with pytest.raises(UserError, match=r"b\.xlsx#S: has 2 rows, none with text from row 3 on; set header_row"):
        read(book(S=[["a"], [1]]), "b.xlsx", header_row=3)


def test_columns_named_in_the_mapping(read, rows):
    found = read(book(S=[[1, 2], [3, 4]]), "b.xlsx", column_names=("x", "y"))
    assert (found.columns, rows(found)) == (("x", "y"), [(1, "1", "2"), (2, "3", "4")])
    with pytest.raises(UserError, match=r"b\.xlsx#S: has 2 columns, but column_names 1"):
        read(book(S=[[1, 2]]), "b.xlsx", column_names=("x",))


def test_repeated_names(read):
    assert read(book(S=[["a", "b", "a"], [1, 2, 3]]), "b.xlsx").columns == ("a (1)", "b", "a (2)")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600),
         "the workbook is encrypted; save a copy without a password"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "cannot be read as a workbook"),
        (book(S=[["a"], [1]])[:-200], "begins as a zip or Excel file, but is cut off or damaged; fetch it again"),
        (b"<html><table><tr><td>a</td></tr></table></html>", "is a web page or XML by its content"),
        (b"\x00\x01\x02\x03" * 200, "is neither text nor a workbook"),
    ],
)
def test_no_workbook(read, content, message):
    with pytest.raises(UserError, match=rf"b\.xlsx: {message}"):
        read(content, "b.xlsx")


def test_office_document_without_a_workbook(read):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document/>")
    with pytest.raises(UserError, match=r"b\.docx: cannot be read as a workbook"):
        read(sink.getvalue(), "b.docx")


def test_text_called_xlsx_is_read_as_text(read, rows):
    found = read(b"a;b\n1;2\n", "b.xlsx")
    assert rows(found) == [(2, "1", "2")]
    assert (found.format, found.notes) == ("csv", ("called .xlsx, but is text: read as such",))


def test_lane_county(read_all, rows, shared_data):
    """The workbook against openpyxl, cell for cell, in a column of each kind."""
    (found,) = read_all("lane-county-mobile-crisis/MCSLC.xlsx", data=shared_data)
    content = io.BytesIO((shared_data / "lane-county-mobile-crisis/MCSLC.xlsx").read_bytes())
    sheet = openpyxl.load_workbook(content, read_only=True)["Abbrev list"]
    expected = [row for row in sheet.iter_rows(min_row=2, values_only=True) if any(cell is not None for cell in row)]
    got = rows(found)
    assert len(got) == len(expected) == 4682

    def text(value):
        if isinstance(value, dt.datetime):
            return (value + dt.timedelta(microseconds=500)).replace(microsecond=0).isoformat(" ")
        return None if value is None else str(value)

    for column in (0, 1, 3, 4, 13, 15):
        assert [row[column + 1] for row in got] == [text(row[column]) for row in expected]
