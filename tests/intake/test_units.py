"""The unit rule: verdicts from the rows that speak, totals in both units, and nothing guessed."""

import json

import pandas as pd
import pytest
from small_source import reasons, run

from crisiskit.intake.units import judge


@pytest.mark.parametrize(
    ("declared", "hours", "minutes", "verdict"),
    [
        ("minutes", 0, 4, "undecided"),
        ("minutes", 0, 5, "agrees"),
        ("hours", 0, 5, "contradicts"),
        ("minutes", 5, 0, "contradicts"),
        ("hours", 5, 0, "agrees"),
        ("auto", 5, 0, "hours"),
        ("auto", 0, 5, "minutes"),
        ("auto", 2, 2, "undecided"),
        ("auto", 50, 50, "mixed"),
        ("minutes", 50, 50, "mixed"),
        ("minutes", 5, 95, "agrees"),
        ("minutes", 6, 94, "mixed"),
        ("hours", 95, 5, "agrees"),
        ("hours", 94, 6, "mixed"),
    ],
)
def test_verdict_at_its_boundaries(declared, hours, minutes, verdict):
    assert judge(declared, hours, minutes) == verdict


def export(site_units):
    """A table of 20 contacts a site: sites in hours write quarters, sites in minutes whole minutes."""
    lines = ["id,site,day,n,time"]
    for site, unit in site_units.items():
        for i in range(20):
            hours = unit == "hours" or (unit == "both" and i % 2)
            lines.append(f"{site}{i},{site},2024-0{1 + i % 2}-1{i % 9},2,{0.25 + 0.5 * i if hours else 20 + 5 * i}")
    return "\n".join(lines) + "\n"


MAP = """
columns:
  record_id: id
  site: site
  occurred_on: day
  contacts: n
  duration_min: {from: time, unit: UNIT}
"""


def test_declared_minutes_against_a_site_that_enters_hours(tmp_path):
    _, rows, out = run(
        tmp_path, MAP.replace("UNIT", "minutes"), x__csv=export({"A": "minutes", "B": "hours", "C": "both"})
    )
    units = {u["site"]: u for u in json.loads((out / "quality.json").read_text("utf-8"))["units"]}
    assert {site: u["verdict"] for site, u in units.items()} == {"A": "agrees", "B": "contradicts", "C": "mixed"}
    assert units["B"]["total_minutes"] == sum(0.25 + 0.5 * i for i in range(20)) == 100
    assert units["B"]["total_minutes_other_unit"] == 100 * 60
    assert units["B"]["minutes_per_contact"] == pytest.approx(100 / 40)
    assert units["A"]["lattice_share"] == 1
    assert rows.loc["B1", "duration_min"] == 0.75  # a contradicted claim is reported, never mended in silence


def test_auto_converts_where_the_values_speak_and_sets_aside_where_they_do_not(tmp_path):
    ledger, rows, _ = run(
        tmp_path, MAP.replace("UNIT", "auto"), x__csv=export({"A": "minutes", "B": "hours", "C": "both"})
    )
    minutes = rows.groupby("site")["duration_min"].sum(min_count=1)
    assert minutes["A"] == sum(20 + 5 * i for i in range(20))
    assert minutes["B"] == 100 * 60
    assert pd.isna(minutes["C"])
    assert (rows.loc[rows["site"] == "C", "missing"] == "duration_min=set_aside").all()
    assert sum(n for reason, n in reasons(ledger, "set_aside").items() if "unit cannot be decided" in reason) == 20


def test_unit_by_another_column(tmp_path):
    rows = ("In Person,1,1.5", "Hotline,1,45", "Other,1,45")
    text = "id,site,day,kind,n,time\n"
    text += "".join(f"{i},A,2024-01-01,{row}\n" for i, row in zip("abc", rows, strict=True))
    table = MAP.replace("UNIT", "{by: kind, units: {in person: hours, hotline: minutes}}")
    _, rows, _ = run(tmp_path, table, x__csv=text)
    assert rows["duration_min"].tolist()[:2] == [90, 45]
    assert pd.isna(rows.loc["c", "duration_min"])
    assert rows.loc["c", "missing"] == "duration_min=set_aside"
