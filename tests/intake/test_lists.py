"""List columns: gathered, flagged or split; each item once and in order, blanks apart from an empty list."""

import pandas as pd

from crisiskit.intake.mapping import SourceMap
from crisiskit.intake.standardize import standardize


def needs(tmp_path, text: str, **spec):
    """The column `needs` (as lists or None), and the unmapped codes, of a CSV text."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text(text, encoding="utf-8")
    day = {"constant": "2024-01-01"}
    columns = {"record_kind": {"constant": "hotline_contact"}, "period_start": day, "needs": spec}
    tables = {"t": {"into": "interventions", "read": {"files": ["a.csv"]}, "columns": columns}}
    head = {"source": "s", "publisher": "p", "dataset": "d", "time_zone": "America/Chicago"}
    ledger = standardize(SourceMap(**head, tables=tables), tmp_path / "data", tmp_path / "out")
    found = pd.read_parquet(tmp_path / "out" / "interventions.parquet")["needs"]
    return [None if value is None else list(value) for value in found], ledger.unmapped_codes


def test_gathered_cells_keep_their_order_and_stand_once(tmp_path):
    text = "id,a,b,c\n1,Suicidal,Drugs,suicidal\n2,,,\n3,,n/a,Drugs\n4,Odd,,\n5,suicide,Odd,odd\n"
    codes = {"Suicidal": "suicide", "Drugs": "substance_use"}
    spec = {"gather": ["a", "b", "c"], "codes": codes, "missing": {"n/a": "not_applicable"}}
    found, unmapped = needs(tmp_path, text, **spec)
    assert found == [["suicide", "substance_use"], None, ["substance_use"], ["other"], ["suicide", "other"]]
    assert unmapped == [
        {"column": "needs", "value": "Odd", "rows": 2}, {"column": "needs", "value": "odd", "rows": 1}]


def test_flags_tell_no_from_blank(tmp_path):
    text = "id,x,y\n1,Si,SI\n2,No,Si\n3,No,No\n4,,\n"
    flags = {"physical_violence": "x", "sexual_assault": "y"}
    found, _ = needs(tmp_path, text, flags=flags, yes="si", no="no")
    assert found == [["physical_violence", "sexual_assault"], ["sexual_assault"], [], None]


def test_one_cell_is_split(tmp_path):
    found, _ = needs(tmp_path, "id,a\n1,Suicidal; Drugs ;Suicidal\n2,\n3,Odd\n",
                     **{"from": "a", "split": ";", "codes": {"Suicidal": "suicide", "Drugs": "substance_use"}})
    assert [None if one is None else sorted(one) for one in found] == [["substance_use", "suicide"], None, ["other"]]
