"""Wide columns and events as rows of `counts`: sums of bins, two breakdowns at once, families, distinct values."""

import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.intake.mapping import ColumnMap, SourceMap, load
from crisiskit.intake.standardize import standardize


def counts(tmp_path, text: str, **table) -> pd.DataFrame:
    """The rows of `counts` that a table map makes of a CSV text."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text(text, encoding="utf-8")
    head = {"source": "s", "publisher": "p", "dataset": "d", "time_zone": "America/Denver"}
    table = {"into": "counts", "read": {"files": ["a.csv"]}, **table}
    ledger = standardize(SourceMap(**head, tables={"t": table}), tmp_path / "data", tmp_path / "out")
    assert ledger.closes
    return pd.read_parquet(tmp_path / "out" / "counts.parquet")


def test_bins_are_added_up_to_cumulative_counts(tmp_path):
    rule = {"pattern": "(?P<line>a|b)_(10|15)", "measure": "answered_within_15s", "group": "line", "level": "{line}"}
    first = rule | {"pattern": "(?P<line>a|b)_10", "measure": "answered_within_10s"}
    day = {"from": "day", "formats": "%m/%d/%Y"}
    text = "day,a_10,a_15,b_10,b_15\n1/2/2024,8,3,0,0\n1/3/2024,5,,7,x\n"
    both = counts(tmp_path, text, columns={"period_start": day}, wide=[rule | {"add": True}, first])
    assert both.loc[both["measure"] == "answered_within_10s", "value"].tolist() == [8, 0, 5, 7]
    found = both[both["measure"] == "answered_within_15s"]
    value = found.set_index([found["period_start"].astype(str), "level"])["value"]
    assert value["2024-01-02", "a"] == 11
    assert value["2024-01-02", "b"] == 0
    assert pd.isna(value["2024-01-03", "a"])  # a blank bin is not zero
    broken = found[(found["level"] == "b") & found["value"].isna()]
    assert broken["missing"].tolist() == ["value=set_aside"]


def test_row_and_column_breakdowns_are_joined(tmp_path):
    rules = [
        {"pattern": "(?P<y>\\d{4}) all", "measure": "population", "period": "{y}"},
        {"pattern": "(?P<y>\\d{4}) (?P<sex>men)", "measure": "population", "period": "{y}", "group": "gender",
         "level": "{sex}", "levels": {"men": "male"}},
    ]
    columns = {
        "group": {"from": "age", "missing": {"Total": "blank"}, "codes": {"*": "age_band"}},
        "level": {"from": "age", "missing": {"Total": "blank"}},
    }
    found = counts(tmp_path, 'age,2019 all,2019 men\n0-4,"1,200",700\nTotal,9000,4000\n', columns=columns, wide=rules)
    names = found[["group", "level"]].fillna("")
    value = dict(zip(names.itertuples(index=False, name=None), found["value"], strict=True))
    assert value == {
        ("age_band", "0-4"): 1200, ("age_band/gender", "0-4/male"): 700, ("", ""): 9000, ("gender", "male"): 4000,
    }
    assert set(found["period_end"].astype(str)) == {"2019-12-31"}


EVENTS = """id,incident,day,beat,kind,type
1,a,1/5/2020,7,drug,drug-possess
2,a,1/6/2020,7,drug,drug-sell
3,b,2/1/2020,7,order,mischief-car
4,c,2/1/2020,,order,fight
5,d,,8,order,fight
"""


def test_events_are_counted_by_family_and_distinct_incident(tmp_path):
    tally = {
        "measure": "incidents", "date": {"from": "day", "formats": "%m/%d/%Y"}, "area_id": "beat", "area_level": "beat",
        "group": "family", "level": {"from": ["kind", "type"], "join": "/"}, "distinct": "incident",
        "families": {"all": "*", "drug": "drug/*", "possess": "*possess*", "order": ["order/fight", "order/loud"]},
    }
    found = counts(tmp_path, EVENTS, tally=[tally, {**tally, "measure": "offences", "distinct": None}])
    value = found.groupby(["measure", "level"])["value"].sum()
    assert value["incidents", "drug"] == 1  # two offences of one incident
    assert value["offences", "drug"] == 2
    assert value["offences", "possess"] == 1
    assert value["offences", "all"] == 4  # the undated row is quarantined
    order = found[(found["measure"] == "offences") & (found["level"] == "order")]
    assert order["area_id"].isna().tolist() == [True]
    assert order["period_start"].astype(str).tolist() == ["2020-02-01"]
    assert set(found["period_end"].astype(str)) == {"2020-01-31", "2020-02-29"}


def test_an_event_without_one_of_two_dates_is_a_period_of_its_own(tmp_path):
    text = "day,report\n1/5/2020,1/7/2020\n,1/8/2020\n"
    form = {"formats": "%m/%d/%Y"}
    tallies = [{"measure": m, "date": {"from": m, **form}} for m in ("day", "report")]
    found = counts(tmp_path, text, tally=tallies)
    value = {(m, str(p)[:7]): v for m, p, v in found[["measure", "period_start", "value"]].itertuples(index=False)}
    assert value == {("day", "2020-01"): 1, ("day", "None"): 1, ("report", "2020-01"): 2}


def test_a_known_wrong_text_is_replaced_before_it_is_read(tmp_path):
    columns = {
        "measure": {"constant": "population"}, "value": "n",
        "area_id": {"from": "fips", "replace": {"53000": "53"}},
        "period_start": {"from": "day", "formats": "%m/%d/%Y", "replace": {"12/3/2025": "12/10/2025"}},
    }
    found = counts(tmp_path, "fips,day,n\n53000,12/3/2025,5\n53001,12/4/2025,6\n", columns=columns)
    assert found["area_id"].tolist() == ["53", "53001"]
    assert found["period_start"].astype(str).tolist() == ["2025-12-10", "2025-12-04"]


def test_replace_needs_one_text_to_work_on():
    with pytest.raises(ValueError, match="replace belongs to"):
        ColumnMap.model_validate({"gather": ["a", "b"], "replace": {"x": "y"}})


def test_extends_replaces_and_takes_away(tmp_path):
    head = "source: one\npublisher: p\ndataset: d\ntime_zone: UTC\n"
    tables = "tables:\n  t:\n    into: counts\n    read: {files: [a.csv]}\n    columns:\n      value: n\n"
    (tmp_path / "one.yaml").write_text(head + tables + "      level: {from: k, codes: {a: b}}\n", encoding="utf-8")
    level = "      level: {from: , constant: all, codes: }\n"
    over = "extends: one.yaml\nsource: two\ntables:\n  t:\n    columns:\n" + level
    (tmp_path / "two.yaml").write_text(over, encoding="utf-8")
    found = load(tmp_path / "two.yaml")
    assert found.source == "two"
    assert found.tables["t"].columns["level"].constant == "all"
    assert found.tables["t"].columns["value"].source[0].column == "n"


def test_extends_in_a_circle_is_named(tmp_path):
    (tmp_path / "one.yaml").write_text("extends: two.yaml\nsource: one\n", encoding="utf-8")
    (tmp_path / "two.yaml").write_text("extends: one.yaml\nsource: two\n", encoding="utf-8")
    with pytest.raises(UserError, match="goes round in a circle"):
        load(tmp_path / "one.yaml")
