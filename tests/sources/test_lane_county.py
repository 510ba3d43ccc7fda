"""Lane County mobile crisis: false midnights, undated records and multi-response reasons, against published figures."""

import pytest
from python_calamine import CalamineWorkbook

FOLDER = "lane-county-mobile-crisis"
STEPS = {"requested": "received_at", "dispatched": "dispatched_at", "arrived": "arrived_at",
         "engaged_time": "engaged_at", "departed": "cleared_at"}
CLOCKS = {"request_to_dispatch": "dispatch_time", "request_to_arrival": "response_time"}


@pytest.fixture(scope="module")
def lane(source):
    return source("lane_county")


@pytest.fixture(scope="module")
def figures(expected):
    return expected(FOLDER)


@pytest.fixture(scope="module")
def sheet(shared_data):
    """The rows of the workbook, read without the kit."""
    header, *rows = CalamineWorkbook.from_path(shared_data / FOLDER / "MCSLC.xlsx").get_sheet_by_name(
        "Abbrev list").to_python()
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_ledger_closes(lane, figures, closes, sheet):
    assert len(sheet) == figures["rows"]["rows_in_file"]
    closes(lane, len(sheet))
    assert lane.total("standardized") == figures["rows"]["distinct_records"]
    assert lane.interventions["record_id"].nunique() == figures["rows"]["distinct_ids"]
    assert lane.quality["duplicates"]["exact_duplicate_rows"] == figures["rows"]["exact_duplicate_rows"]
    assert lane.ledger["unmapped_codes"] == []
    times = lane.interventions[list(STEPS.values())]
    undated = times.isna().all(axis=1) & ~lane.interventions["missing"].fillna("").str.contains("_at=set_aside")
    assert undated.sum() == figures["rows"]["without_any_time"]


def test_false_midnights_are_set_aside_and_keep_their_day(lane, figures):
    for step, column in STEPS.items():
        assert lane.set_aside(column, "false midnight") == figures["times_midnight"][step], step
        late = lane.set_aside(column) - figures["times_midnight"][step]  # a departure before the arrival
        blank = lane.interventions[column].isna().sum() - figures["times_midnight"][step] - late
        assert blank == figures["times_missing"][step], step
    dated = lane.interventions["period_start"]
    assert dated.isna().sum() == figures["rows"]["without_request_date"]
    kept = lane.interventions["received_at"].isna() & dated.notna()
    assert kept.sum() == figures["times_midnight"]["requested"]
    assert set(lane.interventions.loc[kept, "time_precision"]) == {"day"}


def test_impossible_departure_is_set_aside(lane, figures):
    assert figures["impossible_clocks_raw"]["departure_year_2005"] == 1
    assert lane.set_aside("cleared_at", "2005-05-23") > 0
    assert (lane.interventions["cleared_at"].dropna().dt.year >= 2024).all()


def test_calendar(lane, figures):
    assert lane.contacts("year") == figures["calendar_by_request"]["by_year"]
    assert lane.contacts("month") == figures["calendar_by_request"]["by_month"]


def test_codes(lane, figures):
    city = {("unknown" if name == "Unknown" else name): n for name, n in figures["city"].items()}
    assert lane.known("area_id") == city
    ends = {name: n for name, n in figures["end_point"].items() if name != "blank"}
    assert lane.known("end_point") == ends
    assert lane.interventions["end_point"].isna().sum() == figures["end_point"]["blank"]
    said = {name: n for name, n in figures["disposition"].items() if name != "blank"}
    assert lane.known("disposition") == said
    assert lane.known("outcome") == figures["outcome"]
    pairs = lane.interventions[["disposition", "outcome"]].drop_duplicates()
    assert dict(pairs.itertuples(index=False)) == figures["mapping_outcome"]


def test_end_points_by_spelling(lane, sheet, figures):
    said = {f"{row['ID']:.0f}": " ".join(row["End Point of Dispatch"].split()).lower() for row in sheet}
    for record, code in lane.interventions[["record_id", "end_point"]].dropna().itertuples(index=False):
        assert code == figures["mapping_end_point"][said[record]]


def test_reasons(lane, sheet, figures):
    reasons = figures["reasons"]
    assert lane.interventions["needs"].notna().sum() == reasons["records_with_a_reason"]
    assert lane.interventions["call_type_initial"].isna().sum() == reasons["first_reason_blank"]
    columns = [f"Reason for Dispatch #{i}" for i in range(1, 6)]
    mentions: dict[str, int] = {}
    needs: dict[str, int] = {}
    for row in sheet:
        said = [row[column] for column in columns if row[column]]
        for reason in said:
            mentions[reason] = mentions.get(reason, 0) + 1
        for need in {figures["mapping_need"][reason] for reason in said}:
            needs[need] = needs.get(need, 0) + 1
    assert mentions == reasons["mentions"]  # the list keeps each need once, so records by need come from the same cells
    assert {str(k): int(n) for k, n in lane.interventions["needs"].explode().value_counts().items()} == needs


@pytest.mark.parametrize("clock", ["wall", "instant"])
@pytest.mark.parametrize("name", CLOCKS)
def test_clocks(lane, figures, name, clock):
    published = figures["clocks" if clock == "wall" else "clocks_on_instants"][name]
    assert lane.clock(CLOCKS[name], clock) == published["all"]
    within = lane.clock(CLOCKS[name], clock, within_h=24)
    values = lane.measure(CLOCKS[name], clock=clock, within_h=24)
    assert int(values["denominator"].iloc[0]) == published["within_24h"]["n"]
    assert {key: within[key] for key in ("median", "p90")} == {
        key: published["within_24h"][key] for key in ("median", "p90")}


def test_clock_of_one_city(lane, figures):
    published = figures["clocks_by_city"]["Eugene"]["request_to_dispatch"]
    values = lane.measure("dispatch_time", clock="wall", within_h=24, where={"area_id": "Eugene"})
    assert int(values["denominator"].iloc[0]) == published["n"]
    found = values.set_index("statistic")["value"].round(4)
    assert (found["median"], found["p90"]) == (published["median"], published["p90"])
    assert f"negative {published['negative']};" in values["reasons"].iloc[0]


def test_cascade(lane, figures):
    records = lane.interventions
    found = {step: int(records[column].notna().sum()) for step, column in STEPS.items()}
    found["requested"] = int(records["period_start"].notna().sum())
    found["disposition"] = int(records["outcome"].notna().sum())
    assert {step: found[step] for step in figures["cascade"]} == figures["cascade"]
    tokens, filled = records["missing"].fillna(""), {}
    for step in ("dispatched", "arrived", "engaged_time"):
        midnight = tokens.str.contains(f"{STEPS[step]}=set_aside")
        filled[step] = int((records[STEPS[step]].notna() | midnight).sum())
    assert filled == {step: figures["cascade_cell_filled"][step] for step in filled}


def test_engagement_by_end_point(lane, figures):
    records = lane.interventions
    cell = records["engaged_at"].notna().map({True: "time", False: "blank"})
    cell[records["missing"].fillna("").str.contains("engaged_at=set_aside")] = "midnight"
    table = records.groupby([records["end_point"].fillna("blank"), cell]).size()
    for end, cells in figures["engagement_cell_by_end_point"].items():
        assert {name: int(table[end, name]) for name in cells} == cells


def test_shares(lane, figures):
    shares = lane.shares("outcome_share")
    for outcome, published in figures["outcome_shares_of_known"].items():
        assert shares[outcome] == published
    engaged = lane.interventions["end_point"].eq("engaged")
    assert (int(engaged.sum()), len(engaged)) == tuple(figures["engaged_share_of_all"][key] for key in ("k", "n"))


def test_completeness(lane, figures):
    missing = figures["missing"]
    assert lane.interventions["end_point"].isna().sum() == missing["End Point of Dispatch"]["blank"]
    assert lane.known("area_id")["unknown"] == missing["City"]["unknown_text"]
    assert lane.interventions["disposition"].isna().sum() == missing["Disposition"]["blank"]
