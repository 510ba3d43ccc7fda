"""Population tables as rows of `counts`: whole area codes, totals that are not added to their parts."""

import pytest

FOLDER = "population-denominators"
FILES = {
    "population_illinois": "illinois_county_populations_1970_2017.csv",
    "population_illinois_rural_urban": "illinois_county_rural_urban.csv",
    "population_denver": "denver_acs_nbrhd_2015_2019.csv",
    "population_us_counties_2019": "us_county_population_2019.csv",
    "population_washington": "washington_county_pop_by_age_sex_2010_2019.csv",
}


@pytest.fixture(scope="module")
def figures(expected):
    return expected(FOLDER)


@pytest.mark.parametrize("name", FILES)
def test_ledger_closes(name, source, closes, count_records):
    encoding = "latin-1" if name == "population_us_counties_2019" else "utf-8-sig"
    found = source(name)
    closes(found, count_records(f"{FOLDER}/{FILES[name]}", encoding=encoding))
    assert found.counts["value"].notna().all()
    assert found.total("quarantined") == 0


def test_illinois(source, figures):
    counts, published = source("population_illinois").counts, figures["illinois"]
    assert len(counts) == published["long_rows"]
    assert counts["area_id"].nunique() == published["rows"]
    years = counts["period_start"].astype(str).str[:4]
    assert [years.min(), years.max(), years.nunique()] == published["years"]
    assert counts.loc[years == "2017", "value"].sum() == published["state_2017"]
    assert set(counts["measure"]) == {"population"}
    assert set(counts["period_end"].astype(str).str[4:]) == {"-12-31"}


def test_illinois_regions_join_by_whole_code(source, figures):
    counts, published = source("population_illinois_rural_urban").counts, figures["illinois"]
    people = set(source("population_illinois").counts["area_id"])
    assert len(people & set(counts["area_id"])) == published["join_by_full_fips"]
    regions = counts[counts["group"] == "region"].groupby("level")["value"].sum()
    assert regions.to_dict() == published["regions"]
    classes = counts[counts["group"] == "rural_urban"]
    assert classes["value"].sum() == published["rows"]


def test_washington(source, figures):
    found, published = source("population_washington"), figures["washington"]
    assert found.total("rows_read") == published["rows_read"]
    assert found.total("rejected") == published["empty_rows"]
    assert found.total("excluded") == published["dot_rows"]
    counts = found.counts[found.counts["period_start"].astype(str) == "2019-01-01"]
    assert counts["area_id"].nunique() == published["areas"]
    totals = counts[counts["group"].isna()].set_index("area_id")["value"]
    assert totals["53"] == published["state_2019_total_row"]
    assert totals["53033"] == published["king_2019"]
    counties = counts["area_level"] == "county"
    for group in (None, "age_band"):
        mine = counts[counties & (counts["group"].isna() if group is None else counts["group"].eq(group))]
        assert abs(mine["value"].sum() - published["state_2019_total_row"]) <= 40 * 18  # rounded cell by cell
    by_sex = counts[counts["group"].isna() | counts["group"].eq("age_band")]
    assert by_sex["value"].sum() == published["whole_column_added_up_wrongly"]  # state, counties, ages and totals
    both = counts[(counts["group"] == "age_band/gender") & (counts["area_id"] == "53033")]
    assert set(both["level"].str.split("/").str[1]) == {"female", "male"}
    assert both["level"].str.split("/").str[0].nunique() == 18


def test_united_states(source, figures):
    counts, published = source("population_us_counties_2019").counts, figures["united_states"]
    assert len(counts) == counts["area_id"].nunique() == published["rows"]
    assert counts["value"].sum() == published["total_2019"]
    assert set(counts["area_id"].str.len()) == {5}
    assert counts["area_id"].str.startswith("0").sum() == published["fips_shorter_than_five_as_delivered"]
    codes = {"Oregon|Lane County": "41039", "Pennsylvania|Montgomery County": "42091",
             "New Mexico|Doña Ana County": "35013", "Washington|King County": "53033"}
    value = counts.set_index("area_id")["value"]
    assert {name: value[code] for name, code in codes.items()} == published["chosen"]


def test_denver(source, figures):
    counts, published = source("population_denver").counts, figures["denver"]
    assert len(counts) == published["rows"]
    assert counts["value"].sum() == published["total"]
    assert counts["area_id"].nunique() == published["distinct_ids"]
