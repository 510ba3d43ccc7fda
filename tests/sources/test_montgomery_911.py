"""Montgomery County 911 feed: the time inside the description, groups and types, and what cannot be identified."""

import pytest

FOLDER = "montgomery-county-pa-911"


@pytest.fixture(scope="module")
def feed(source):
    return source("montgomery_911")


@pytest.fixture(scope="module")
def figures(expected):
    return expected(FOLDER)


def test_ledger_closes(feed, figures, closes, count_records):
    rows = figures["rows"]
    assert count_records(f"{FOLDER}/911.csv.gz") == rows["rows_in_file"]
    closes(feed, rows["rows_in_file"])
    assert feed.total("standardized") == rows["records"]
    assert feed.quality["duplicates"]["exact_duplicate_rows"] == rows["exact_duplicate_rows"]
    assert feed.interventions["received_at"].isna().sum() == rows["without_received_time"]
    assert feed.interventions["reported_at"].isna().sum() == rows["without_timestamp"]


def test_calendar(feed, figures):
    assert feed.contacts("year") == figures["calendar_received"]["by_year"]
    assert feed.contacts("month") == figures["calendar_received"]["by_month"]
    times = feed.interventions["received_local"].dropna().dt.strftime("%Y-%m-%d %H:%M:%S")
    assert (times.min(), times.max()) == (figures["first_received"], figures["last_received"])
    published = feed.interventions["reported_at"].dt.tz_convert("America/New_York").dt.strftime("%Y-%m")
    assert published.value_counts().to_dict() == figures["calendar_timestamp"]["by_month"]


def test_publication_lag(feed, figures):
    lag, found = figures["publication_lag_s"], feed.measure("recording_delay", clock="wall").set_index("statistic")
    assert found["denominator"].iloc[0] == lag["n"]
    for name in ("median", "p75", "p90"):
        assert round(found.loc[name, "value"] * 60, 6) == lag[name]
    passed = (feed.interventions["reported_at"] - feed.interventions["received_at"]).dt.total_seconds().dropna()
    assert passed.lt(0).sum() == figures["rows"]["published_before_received"]
    assert passed.gt(3600).sum() == lag["over_1h"]
    assert passed.max() == lag["max"]


def test_groups_and_types(feed, figures):
    assert feed.known("program") == figures["group"]
    types = feed.known("call_type_initial")
    assert {name: types[name] for name in figures["type_top15"]} == figures["type_top15"]
    assert list(types)[:15] == list(figures["type_top15"])
    titles = feed.interventions[["program", "call_type_initial"]].drop_duplicates()
    assert len(titles) == figures["distinct_titles"]
    both = feed.interventions.groupby(["call_type_initial", "program"]).size()
    for name, published in figures["chosen_types"].items():
        found = {group: int(both.get((name, group), 0)) for group in ("EMS", "Fire", "Traffic")}
        assert found | {"all": sum(found.values())} == published


def test_mental_health_is_not_recorded(feed, figures):
    assert figures["mental_health_records"] is None
    assert "mental_health" not in feed.known("need")
    named = feed.interventions["call_type_initial"].str.contains("PSYCH|MENTAL|SUICID")
    types = feed.interventions.loc[named.fillna(False), "call_type_initial"].value_counts().to_dict()
    assert types == figures["types_naming_psychiatric_mental_suicide"]
    assert feed.known("need")["substance_use"] == figures["rates"]["overdose"]["k"]


def test_places(feed, figures):
    towns = feed.known("area_id")
    assert {name: towns[name] for name in figures["township_top10"]} == figures["township_top10"]
    assert feed.interventions["area_id"].isna().sum() == figures["missing"]["twp"]["blank"]
    north, east = feed.interventions["latitude"], feed.interventions["longitude"]
    inside = north.between(39.8, 40.7) & east.between(-76.5, -74.5)
    assert (~inside).sum() == figures["implausible_coordinates"]


def test_rate_per_population(feed, source, figures):
    """Overdoses per 100,000 person-years, with the county's population from the other source."""
    people = source("population_us_counties_2019").counts.set_index("area_id")["value"]["42091"]
    assert people == figures["rates"]["overdose"]["population"]
    written = feed.interventions["reported_at"].dt.tz_convert("America/New_York").dt.tz_localize(None)
    days = (written.max() - written.min()).total_seconds() / 86400
    assert round(days, 4) == figures["rates"]["days"]
    rate = feed.known("need")["substance_use"] / (people * days / 365.25) * 100_000
    assert round(rate, 4) == figures["rates"]["overdose"]["rate_per_100k"]
