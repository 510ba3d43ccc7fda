"""Drafts of other people's files run at once: the ledger closes, key columns are right, identifiers stay out."""

import random
from pathlib import Path

import other_files as drafts
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.intake.mapping import SourceMap, load
from crisiskit.intake.standardize import standardize
from crisiskit.intake.suggest import draft


def drafted(files: list[Path], folder: Path, **more) -> tuple[SourceMap, str]:
    summary = draft(files, folder / "draft.yaml", **more)
    return load(folder / "draft.yaml"), summary


def run(files: list[Path], folder: Path):
    """Draft, standardize, and return (the only table map, its rows, the ledger, the summary)."""
    source, summary = drafted(files, folder)
    ledger = standardize(source, files[0].parent, folder / "out")
    assert ledger.closes
    table = next(iter(source.tables.values()))
    return table, pd.read_parquet(folder / "out" / f"{table.into}.parquet"), ledger, summary


def origins(table) -> dict[str, object]:
    """Standard column -> source column (a tuple where several are joined)."""
    found = {}
    for name, spec in table.columns.items():
        parts = (
            tuple(part.column for part in spec.source or spec.first_of or spec.gather)
            or spec.constant
            or tuple(spec.flags.values())
        )
        found[name] = parts[0] if isinstance(parts, tuple) and len(parts) == 1 else parts
    return found


EXPECTED = {
    "seattle": {
        "record_id": "CAD Event Number",
        "received_at": "Original Time Queued",
        "arrived_at": "Arrived Time",
        "access": "Call Type",
        "call_type_initial": "Initial Call Type",
        "call_type_final": "Final Call Type",
        "need": "Initial Call Type",
        "area_id": "Beat",
    },
    "phoenix": {
        "record_id": "INCIDENT_NUM",
        "received_at": "CALL_RECEIVED",
        "call_type_final": "FINAL_CALL_TYPE",
        "outcome": "DISPOSITION",
    },
    "new_orleans": {
        "record_id": "NOPD_Item",
        "received_at": "TimeCreate",
        "dispatched_at": "TimeDispatch",
        "arrived_at": "TimeArrive",
        "cleared_at": "TimeClosed",
        "call_type_initial": "InitialTypeText",
        "outcome": "DispositionText",
        "area_id": "Beat",
    },
    "baltimore": {
        "record_id": "CallNumber",
        "received_at": "CallDateTime",
        "call_type_initial": "Description",
        "area_id": "District",
    },
    "austin": {
        "record_id": "Incident Number",
        "received_at": "Response Datetime",
        "arrived_at": "First Unit Arrived Datetime",
        "cleared_at": "Call Closed Datetime",
        "call_type_final": "Final Problem Description",
        "units": "Number of Units Arrived",
    },
    "los_angeles": {
        "record_id": "Incident_Number",
        "dispatched_at": ("Dispatch_Date", "Dispatch_Time"),
        "occurred_on": "Dispatch_Date",
        "call_type_initial": "Call_Type_Text",
    },
    "cincinnati": {
        "record_id": "EVENT_NUMBER",
        "received_at": "CREATE_TIME_INCIDENT",
        "dispatched_at": "DISPATCH_TIME_PRIMARY_UNIT",
        "arrived_at": "ARRIVAL_TIME_PRIMARY_UNIT",
        "cleared_at": "CLOSED_TIME_INCIDENT",
        "latitude": "LATITUDE_X",
        "longitude": "LONGITUDE_X",
        "need": "INCIDENT_TYPE_DESC",
    },
    "county_line": {
        "record_id": "Call ID",
        "received_at": ("Call Date", "Call Time"),
        "occurred_on": "Call Date",
        "wait_s": "Wait Time (sec)",
        "duration_min": "Talk Time",
        "age": "Caller Age",
        "person_key": "Callback Number",
        "area_id": "County",
    },
    "linea": {
        "record_id": "Folio",
        "received_at": ("Fecha de la llamada", "Hora"),
        "age": "Edad",
        "gender": "Sexo",
        "need": "Motivo",
        "duration_min": "Duración (min)",
        "area_id": "Municipio",
        "person_key": "Teléfono",
    },
}
NEVER = {
    "austin": {"duration_min", "injury_responder", "enroute_at", "wait_s"},
    "cincinnati": {"age"},
    "phoenix": {"arrived_at"},
}


@pytest.fixture(autouse=True)
def _key(tmp_path, monkeypatch):
    monkeypatch.setenv("CRISISKIT_KEY_FILE", str(tmp_path / "key"))


@pytest.mark.parametrize("name", EXPECTED)
def test_a_city_that_was_never_seen_is_drafted_and_runs(name, tmp_path):
    table, rows, ledger, _ = run([drafts.city(name, tmp_path)], tmp_path)
    found = origins(table)
    assert {column: found.get(column) for column in EXPECTED[name]} == EXPECTED[name]
    assert not NEVER.get(name, set()) & found.keys()
    assert (ledger.total("rows_read"), ledger.total("standardized"), len(rows)) == (drafts.N, drafts.N, drafts.N)
    assert rows["period_start"].notna().all()


def test_sentinel_dates_and_local_codes_of_the_draft(tmp_path):
    _, rows, ledger, _ = run([drafts.city("seattle", tmp_path)], tmp_path)
    assert rows["arrived_at"].isna().sum() == len(range(0, drafts.N, 9))
    assert set(rows["access"]) == {"911", "officer_initiated", "other"}
    assert set(rows["need"]) == {"suicide", "disturbance"}


def test_names_and_numbers_of_callers_do_not_come_through(tmp_path):
    table, rows, _, summary = run([drafts.city("county_line", tmp_path)], tmp_path)
    assert set(table.drop) == {"Caller Name", "Counselor", "Notes"}
    assert table.columns["person_key"].hash
    text = (
        (tmp_path / "draft.yaml").read_text("utf-8")
        + summary
        + rows.to_csv()
        + "".join(path.read_text("utf-8") for path in (tmp_path / "out").glob("*.json"))
    )
    assert not any(name in text for name in drafts.NAMES)
    assert "312-555-01" not in text
    assert (tmp_path / "key").read_text().strip() not in text


def test_kinds_of_missing_and_units_of_the_county_line(tmp_path):
    table, rows, _, _ = run([drafts.city("county_line", tmp_path)], tmp_path)
    assert rows["missing"].fillna("").str.contains("age=unknown").sum() == len(range(0, drafts.N, 7))
    assert set(rows["gender"]) == {"female", "male", "nonbinary", "declined"}
    assert rows["wait_s"].min() == 4
    assert rows["duration_min"].between(2, 60).all()
    assert rows["received_at"].isna().sum() == len(range(0, drafts.N, 20))
    assert set(rows["area_id"]) == {"Cook", "Lake", "NO"}


def test_a_workbook_with_titles_above_and_a_total_below(tmp_path):
    table, rows, ledger, _ = run([drafts.workbook(tmp_path)], tmp_path)
    assert table.read.header_row == 4
    assert (ledger.total("rows_read"), ledger.total("rejected"), len(rows)) == (121, 1, 120)
    assert origins(table)["arrived_at"] == ("Date", "Arrival Time")
    assert set(rows["outcome"]) == {"hospital", "resolved", "arrested"}


def test_a_monthly_table_becomes_counts_of_whole_months(tmp_path):
    table, rows, _, _ = run([drafts.monthly(tmp_path)], tmp_path)
    assert table.into == "counts"
    assert rows.groupby("measure").size().to_dict() == {"offered": 36, "answered": 36, "abandoned": 36}
    february = rows[rows["period_start"].astype(str) == "2023-02-01"]
    assert set(february["period_end"].astype(str)) == {"2023-02-28"}
    assert set(rows["area_id"]) == {"IL", "WI", "IN"}


def test_headers_that_drift_go_into_one_table(tmp_path):
    rows = drafts._rows(drafts.phoenix)
    one = drafts.save(tmp_path / "calls_1.csv", rows[:80])
    new = [
        {"Shift": "A", **{("Final Disposition" if k == "DISPOSITION" else k): v for k, v in row.items() if k != "GRID"}}
        for row in rows[80:]
    ]
    two = drafts.save(tmp_path / "calls_2.csv", new)
    table, standard, ledger, _ = run([one, two], tmp_path)
    assert origins(table)["outcome"] == ("DISPOSITION", "Final Disposition")
    assert table.columns["outcome"].optional
    assert len(standard) == drafts.N
    assert standard["outcome"].notna().all()


def test_day_and_month_are_told_apart_by_evidence_or_the_doubt_is_said(tmp_path):
    dates = [d for d in pd.date_range("2023-01-01", "2023-12-31") if d.day <= 12]
    in_order = drafts.save(
        tmp_path / "in_order.csv", [{"Case ID": i, "Date of Contact": f"{d:%d/%m/%Y}"} for i, d in enumerate(dates)]
    )
    source, summary = drafted([in_order], tmp_path)
    assert source.tables["records"].columns["occurred_on"].formats == ("%d/%m/%Y",)
    assert "day first, because the rows then stand in order of time" in summary
    random.Random(5).shuffle(dates)
    shuffled = drafts.save(
        tmp_path / "shuffled.csv", [{"Case ID": i, "Date of Contact": f"{d:%d/%m/%Y}"} for i, d in enumerate(dates)]
    )
    source, summary = drafted([shuffled], tmp_path)
    assert source.tables["records"].columns["occurred_on"].formats == ("%m/%d/%Y",)
    assert "NO VALUE DECIDES between month and day first" in summary


def test_the_zone_is_asked_for_or_found_or_said_to_be_unknown(tmp_path):
    path = drafts.city("baltimore", tmp_path)
    assert drafted([path], tmp_path, zone="Pacific/Honolulu")[0].time_zone == "Pacific/Honolulu"
    assert drafted([path], tmp_path)[0].time_zone == "America/New_York"
    other = path.rename(tmp_path / "calls.csv")
    source, summary = drafted([other], tmp_path)
    assert source.time_zone == "America/Chicago"
    assert "NOTHING IN THE FILE TELLS THE ZONE" in summary
    with pytest.raises(UserError, match="no IANA time zone; did you mean 'America/Chicago'"):
        draft([other], zone="America/Chicgo")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("code,meaning\n1,alarm\n2,fight\n", "A code list is named under `codes_file`"),
        ("Call ID,Call Date\n", "no rows under the header"),
    ],
)
def test_a_file_that_cannot_be_drafted_says_why(tmp_path, text, said):
    (tmp_path / "file.csv").write_text(text)
    with pytest.raises(UserError, match=said):
        draft([tmp_path / "file.csv"])


REAL = {
    "seattle-crisis-contacts/spd_crisis_data20201114.csv": (
        1000,
        982,
        {
            "record_id": "template_id",
            "received_at": "occured_date_time",
            "reported_at": "reported_date",
            "access": "call_type",
            "force_used": "use_of_force_indicator",
            "veteran": "subject_veteran_indicator",
            "cit_arrived": "cit_officer_arrived",
            "outcome": "disposition",
        },
    ),
    "lane-county-mobile-crisis/MCSLC.xlsx": (
        4682,
        None,
        {
            "record_id": "ID",
            "received_at": "Dispatch Request Date & Time",
            "dispatched_at": "Dispatch Date & Time",
            "arrived_at": "Arrival on Scene Date & Time",
            "engaged_at": "Engagement with Client Date & Time",
            "cleared_at": "MCIT Departure Date & Time",
            "need": "Reason for Dispatch #1",
            "outcome": "Disposition",
            "area_id": "City",
        },
    ),
    "san-diego-police-cfs/pd_calls_for_service_2023_datasd.csv": (
        26595,
        26595,
        {
            "record_id": "incident_num",
            "received_at": "date_time",
            "call_type_initial": "call_type",
            "priority": "priority",
            "area_id": "beat",
        },
    ),
    "sf-fire-dispatch/sfpd_dispatch_data_subset.csv.gz": (
        10000,
        4770,
        {
            "received_at": "received_timestamp",
            "dispatched_at": "dispatch_timestamp",
            "enroute_at": "response_timestamp",
            "arrived_at": "on_scene_timestamp",
            "transported_at": "transport_timestamp",
            "hospital_at": "hospital_timestamp",
            "cleared_at": "available_timestamp",
            "latitude": "latitude",
        },
    ),
    "montgomery-county-pa-911/911.csv.gz": (
        99492,
        99492,
        {
            "received_at": "timeStamp",
            "call_type_initial": "title",
            "latitude": "lat",
            "longitude": "lng",
            "area_id": "zip",
        },
    ),
    "linea-144-argentina/linea144-*.csv.gz": (
        79565,
        79565,
        {
            "occurred_on": "fecha",
            "age": "edad_persona_en_situacion_de_violencia",
            "gender": "genero_persona_en_situacion_de_violencia",
            "area_id": "prov_residencia_persona_en_situacion_violencia",
            "area_basis": "residence",
        },
    ),
    "alexandria-decc-cad/week[34]*.csv.gz": (
        None,
        None,
        {
            "record_id": "Master_Incident_Number",
            "received_at": "Incident_Start_Time",
            "dispatched_at": "Incident_Dispatch_Time",
            "enroute_at": "Incident_Enroute_Time",
            "arrived_at": "Incident_Arrival_Time",
            "cleared_at": "Final_Closed_Time",
            "duration_min": "Total_Call_Time",
            "call_type_initial": "Problem",
            "agency": "Agency",
            "access": "Call_Reception",
        },
    ),
    "denver-crime/denver_crime_reported_2019-01_to_2021-08.csv.gz": (
        163812,
        153495,
        {
            "record_id": "INCIDENT_ID",
            "received_at": "FIRST_OCCURRENCE_DATE",
            "reported_at": "REPORTED_DATE",
            "area_id": "PRECINCT_ID",
            "latitude": "GEO_LAT",
            "longitude": "GEO_LON",
        },
    ),
}


@pytest.mark.parametrize("pattern", REAL)
def test_real_sources_are_drafted_right_and_run(pattern, shared_data, tmp_path):
    read, kept, expected = REAL[pattern]
    table, rows, ledger, summary = run(sorted(shared_data.glob(pattern)), tmp_path)
    found = origins(table)
    assert {column: found.get(column) for column in expected} == expected
    assert read in (None, ledger.total("rows_read"))
    assert kept in (None, len(rows))
    assert not {
        "officer_gender",
        "officer_race",
        "vinculo_con_la_persona_agresora",
        "genero_de_la_persona_agresora",
    } & set(map(str, found.values()))


def test_what_the_values_of_real_sources_give_away(shared_data, tmp_path):
    fire, summary = drafted(sorted(shared_data.glob("sf-fire-dispatch/*subset.csv.gz")), tmp_path)
    assert "received_at: MARKED AS UTC, BUT THE QUIET HOURS SAY LOCAL TIME" in summary
    assert fire.tables["records"].one_row_per.combine["arrived_at"] == "min"
    cad, _ = drafted(sorted(shared_data.glob("alexandria-decc-cad/week3[56].csv.gz")), tmp_path)
    assert cad.tables["records"].columns["duration_min"].unit == "seconds"
    line, _ = drafted(sorted(shared_data.glob("linea-144-argentina/*2021.csv.gz")), tmp_path)
    assert line.tables["records"].columns["needs"].flags == {
        "sexual_assault": "tipo_de_violencia_sexual",
        "domestic_violence": "tipo_de_violencia_domestica",
    }
    assert line.time_zone == "America/Argentina/Buenos_Aires"


POPULATION = {
    "illinois_county_populations_1970_2017.csv": (102 * 48, "population"),
    "us_county_population_2019.csv": (3142, "population"),
    "denver_acs_nbrhd_2015_2019.csv": (78, "population"),
    "washington_county_pop_by_age_sex_2010_2019.csv": (800 * 30, "population"),
}


@pytest.mark.parametrize("name", POPULATION)
def test_tables_of_residents_become_counts(name, shared_data, tmp_path):
    rows, measure = POPULATION[name]
    table, counts, _, _ = run([shared_data / "population-denominators" / name], tmp_path)
    assert table.into == "counts"
    assert len(counts) == rows
    assert set(counts["measure"]) == {measure}


def test_residents_of_illinois_add_up(shared_data, tmp_path):
    table, counts, _, _ = run(
        [shared_data / "population-denominators" / "illinois_county_populations_1970_2017.csv"], tmp_path
    )
    raw = pd.read_csv(
        shared_data / "population-denominators" / "illinois_county_populations_1970_2017.csv", encoding="utf-8-sig"
    )
    year = counts[counts["period_start"].astype(str) == "2017-01-01"]
    assert year["value"].sum() == raw["2017"].sum()
    assert set(year["period_end"].astype(str)) == {"2017-12-31"}
