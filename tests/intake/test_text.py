"""Unique names, and the Parquet writer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiskit.intake import text
from crisiskit.intake.text import TextWriter, literal, stored, unique_names, view


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ([" a ", "\ufeffb", "c\r\n d", ""], ("a", "b", "c d", "column_4")),
        (["a", "b", "a"], ("a (1)", "b", "a (2)")),
        (["ID", "id"], ("ID (1)", "id (2)")),
        (["a", "a", "a (1)"], ("a (2)", "a (3)", "a (1)")),
        (["source_row"], ("source_row (1)",)),
        (["", "column_1"], ("column_1 (1)", "column_1 (2)")),
        ([], ()),
    ],
)
def test_unique_names(raw, names):
    got, notes = unique_names(raw)
    assert got == names
    assert len(notes) == (any("(1)" in name for name in names))


@given(st.lists(st.sampled_from(["a", "A", "a (1)", "a (2)", "A (1) ", "", "column_1", "source_row"]), max_size=8))
def test_names_are_unique_without_regard_to_case(raw):
    names, _ = unique_names(raw)
    assert len({name.lower() for name in (*names, "source_row")}) == len(raw) + 1


@pytest.mark.parametrize(("limit", "value"), [("BATCH", 3), ("BATCH_TEXT", 5)])
def test_writer_mixes_lines_and_cells(con, tmp_path, monkeypatch, limit, value):
    monkeypatch.setattr(text, limit, value)
    with TextWriter(tmp_path / "t.parquet", ["a", 'b "x"', "c"], ";") as sink:
        for number in range(1, 9):
            if number % 2:
                sink.add_line(number, f" {number};\u00e9;\r\n")
            else:
                sink.add(number, [str(number), ""])
    assert (sink.rows, sink.filled) == (8, [True, True, False])
    table = stored(con, sink.path, ["a", 'b "x"'])
    assert sorted(table.to_pyarrow()["source_row"].to_pylist()) == list(range(1, 9))
    assert sorted(table.to_pyarrow().to_pylist(), key=lambda row: row["source_row"])[:2] == [
        {"a": " 1", 'b "x"': "\u00e9", "source_row": 1}, {"a": "2", 'b "x"': None, "source_row": 2}]


def test_path_with_wildcards_and_quotes(con, tmp_path):
    path = tmp_path / "it's [1]*?.csv"
    path.write_text("1\n")
    (tmp_path / "it's 1.csv").write_text("2\n")
    source = f"read_csv({literal(path)}, columns={{c: 'VARCHAR'}}, header=false)"
    assert view(con, source, {"x": "c"}, "1").to_pyarrow().to_pylist() == [{"x": "1", "source_row": 1}]
