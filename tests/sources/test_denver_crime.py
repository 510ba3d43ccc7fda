"""Denver crime counted into `counts`: offences and incidents by occurrence and report, families of offences."""

import pytest

FOLDER = "denver-crime"
FILE = f"{FOLDER}/denver_crime_reported_2019-01_to_2021-08.csv.gz"
MONTHS = [f"2019-{m:02}" for m in (12,)] + [f"2020-{m:02}" for m in range(1, 12)]
NO_PRECINCT = ("unknown", "436", "316")


@pytest.fixture(scope="module")
def crime(source):
    return source("denver_crime")


@pytest.fixture(scope="module")
def figures(expected):
    return expected(FOLDER)


@pytest.fixture(scope="module")
def counts(crime):
    """The counts with their month, day and year as text."""
    start = crime.counts["period_start"].astype(str)
    return crime.counts.assign(month=start.str[:7], year=start.str[:4])


@pytest.fixture(scope="module")
def panel(counts):
    """Precinct by month and family within the study's window, valid precincts only."""
    rows = counts[(counts["area_level"] == "precinct") & (counts["group"] == "family") & counts["month"].isin(MONTHS)]
    return rows[~rows["area_id"].isin(NO_PRECINCT)]


def test_ledger_closes(crime, figures, closes, count_records):
    assert count_records(FILE) == figures["rows"]["rows_in_file"]
    closes(crime, figures["rows"]["rows_in_file"])
    assert crime.total("standardized") == figures["rows"]["offences"]
    assert crime.quality["duplicates"]["exact_duplicate_rows"] == figures["rows"]["exact_duplicate_rows"]
    assert crime.counts["period_start"].isna().sum() == 0


def test_a_cell_stands_once(crime):
    key = ["measure", "area_level", "area_id", "period_start", "period_end", "group", "level"]
    assert not crime.counts.duplicated(key).any()


@pytest.mark.parametrize(("measure", "date"), [("offences_occurred", "first"), ("offences_reported", "reported")])
def test_city_by_day(counts, figures, measure, date):
    days = counts[(counts["measure"] == measure) & counts["area_level"].isna() & counts["group"].isna()]
    assert days["value"].sum() == figures["rows"]["offences"]
    by_year = days.groupby("year")["value"].sum().to_dict()
    assert {year: by_year[year] for year in figures[f"by_year_{date}"]} == figures[f"by_year_{date}"]
    if date == "reported":
        assert days.groupby("month")["value"].sum().to_dict() == figures["by_month_reported"]
    else:
        weekday = days["period_start"].map(lambda day: day.strftime("%a"))
        assert days.groupby(weekday)["value"].sum().to_dict() == figures["weekday_first"]


@pytest.mark.parametrize("measure", ["offences_occurred", "offences_reported"])
def test_breakdowns_add_up(counts, figures, measure):
    rows = counts[counts["measure"] == measure]
    category = rows[rows["group"] == "category"]
    assert category.groupby("level")["value"].sum().to_dict() == figures["category"]
    assert rows.loc[rows["group"] == "offence_type", "value"].sum() == figures["rows"]["offences"]
    district = rows[rows["area_level"] == "district"]
    published = {("unknown" if name == "U" else name): n for name, n in figures["district"].items() if name}
    assert district.groupby("area_id")["value"].sum().to_dict() == published
    assert district.loc[district["area_id"].isna(), "value"].sum() == figures["district"][""]
    precinct = category.groupby("area_id", dropna=False)["value"].sum()
    strays = {("unknown" if name == "999" else name): n for name, n in figures["rows_without_valid_precinct"].items()}
    assert {name: precinct.get(name, 0) for name in strays if name != "blank"} == {
        name: n for name, n in strays.items() if name != "blank"}
    assert len(precinct) - len(NO_PRECINCT) == figures["valid_precincts"]


@pytest.mark.parametrize("measure", ["offences_occurred", "offences_reported"])
@pytest.mark.parametrize("level", ["precinct", "neighborhood"])
def test_families(counts, figures, measure, level):
    rows = counts[(counts["measure"] == measure) & (counts["group"] == "family") & (counts["area_level"] == level)]
    found = rows.groupby("level")["value"].sum().to_dict()
    assert found == {name: n for name, n in figures["families_offences"].items() if name != "all"}


def test_panel_totals(panel, figures):
    totals = panel.groupby(["level", "measure"])["value"].sum()
    for key, published in figures["panel_totals"].items():
        family, date, what = key.split("|")
        assert totals[family, f"{what}_{date}"] == published, key


def test_panel_months(panel, figures):
    months = panel.groupby(["level", "measure", "month"])["value"].sum()
    for key, published in figures["panel_months"].items():
        family, date, what = key.split("|")
        assert months[family, f"{what}_{date}"].to_dict() == published, key


def test_panel_cells(panel, figures):
    rows = panel[(panel["level"] == "targeted") & (panel["measure"] == "offences_occurred")]
    cells = rows.pivot_table(index="area_id", columns="month", values="value", fill_value=0)
    published = figures["panel_precincts_targeted_occurred_offences"]
    assert {name: cells.loc[name, MONTHS].astype(int).tolist() for name in cells.index} == published


def test_left_out_of_the_panel(counts, figures):
    rows = counts[(counts["group"] == "family") & (counts["level"] == "targeted") & counts["month"].isin(MONTHS)]
    rows = rows[(rows["area_level"] == "precinct") & rows["area_id"].isin(NO_PRECINCT)]
    for date, published in figures["window_left_out_of_panel_targeted"].items():
        assert rows.loc[rows["measure"] == f"offences_{date}", "value"].sum() == published


def test_neighborhoods_meet_their_population(counts, source, figures):
    people = source("population_denver").counts.set_index("area_id")["value"]
    rows = counts[(counts["measure"] == "offences_occurred") & (counts["area_level"] == "neighborhood")]
    assert rows["area_id"].nunique() == figures["neighbourhood"]["matched"]
    assert set(rows["area_id"].dropna()) == set(people.index)
    window = rows[(rows["level"] == "targeted") & rows["month"].isin(MONTHS)]
    assert window.loc[window["area_id"].isna(), "value"].sum() == figures["neighbourhood"]["blank_rows"]
    rate = figures["neighbourhood"]["city_rate_12_months"]
    placed = window.loc[window["area_id"].notna(), "value"].sum()
    assert (placed, people.sum()) == (rate["k"], rate["population"])
    assert round(placed / people.sum() * 100_000, 4) == rate["rate_per_100k"]
