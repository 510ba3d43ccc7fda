"""Línea 144: three years with drifting headers, flags gathered into needs, identical rows kept; published figures."""

import numpy as np
import pytest

FOLDER = "linea-144-argentina"
FILES = {"2020": "linea144-2020.csv.gz", "2021": "linea144-2021.csv.gz", "2022": "linea144-enero-diciembre-2022.csv.gz"}
TYPES = {
    "tipo_de_violencia_fisica": "physical_violence", "tipo_de_violencia_psicologica": "psychological_violence",
    "tipo_de_violencia_sexual": "sexual_assault", "tipo_de_violencia_economica_y_patrimonial": "economic_violence",
    "tipo_de_violencia_simbolica": "symbolic_violence",
}
SETTINGS = {
    "tipo_de_violencia_domestica": "domestic_violence", "modalidad_de_violencia_institucional": "institutional_setting",
    "modalidad_de_violencia_laboral": "work_setting",
    "modalidad_violencia_contra_libertad_reproductiva": "reproductive_freedom",
    "modalidad_de_violencia_obstetrica": "obstetric_setting", "modalidad_de_violencia_mediatica": "media_setting",
    "modalidad_de_violencia_otras": "other_setting",
}
GENDERS = {
    "female": ["Mujer"], "male": ["Varon"], "transgender_female": ["Mujer Trans"], "transgender": ["Transgenero"],
    "transgender_male": ["Varón Trans"], "travesti": ["Travesti"], "intersex": ["Intersexual"], "other": ["Otro"],
}
RELATIONS = {"ex_partner": ["Ex pareja"], "partner": ["Pareja"], "other": ["Otro"], "family": ["Otro familiar"],
             "parent": ["Padre o tutor", "Madre o tutor"], "superior": ["Superior jerarquico"]}


@pytest.fixture(scope="module")
def line(source):
    return source("linea_144")


@pytest.fixture(scope="module")
def figures(expected):
    return expected(FOLDER)


@pytest.fixture(scope="module")
def year(line):
    """A function that gives the contacts of one year."""
    days = line.interventions["period_start"].astype(str).str[:4]
    return lambda wanted: line.interventions[days == wanted]


def test_ledger_closes(line, figures, closes, count_records):
    rows = figures["all"]["rows"]
    closes(line, rows["rows_in_file"])
    for entry, (name, file) in zip(line.ledger["files"], FILES.items(), strict=True):
        assert entry["file"] == f"{FOLDER}/{file}"
        assert entry["rows_read"] == entry["standardized"] == figures[name]["rows"]["records"]
        assert count_records(f"{FOLDER}/{file}") == figures[name]["rows"]["rows_in_file"]
    assert line.quality["duplicates"]["exact_duplicate_rows"] == rows["exact_duplicate_rows"]
    groups = line.quality["duplicates"]["groups"]
    assert groups == rows["rows_in_identical_groups"] - rows["exact_duplicate_rows"]
    assert line.interventions["period_start"].isna().sum() == rows["without_usable_date"]
    assert line.ledger["unmapped_codes"] == []


def test_calendar(line, figures):
    assert line.contacts("year") == figures["all"]["calendar"]["by_year"]
    assert line.contacts("weekday") == figures["all"]["calendar"]["by_weekday"]
    only = {"year": "2020"}
    assert line.contacts("month", where=only) == figures["2020"]["calendar"]["by_month"]
    assert line.contacts("weekday", where=only) == figures["2020"]["calendar"]["by_weekday"]
    days = line.contacts("day", where=only)
    assert len(days) == figures["2020"]["days_with_contacts"]
    busiest, contacts = figures["2020"]["busiest_day"]
    assert days[busiest] == contacts == max(days.values())
    assert (min(days), max(days)) == (figures["2020"]["first_day"], figures["2020"]["last_day"])
    before = [n for day, n in days.items() if "2020-02-21" <= day < "2020-03-20"]
    assert len(before) == 28
    assert sum(before) == figures["lockdown_2020"]["28_days_before_20_march"]


def test_no_hour_is_made_up(line):
    assert line.interventions["received_local"].isna().all()
    assert set(line.interventions["time_precision"]) == {"day"}


def test_provinces(line, year, figures):
    found = {name.replace("-", " "): int(n) for name, n in year("2020")["area_id"].value_counts().items()}
    assert found == {name.replace(",", ""): n for name, n in figures["2020"]["province"].items()}
    for name in ("2020", "2022"):
        missing = figures[name]["province_missing"]
        assert year(name)["area_id"].isna().sum() == missing["blank"]
        assert year(name)["area_id"].eq("unknown").sum() == missing["sin_datos"]
    assert line.interventions["area_id"].isna().sum() == figures["all"]["province_missing"]["blank"]
    assert line.interventions["area_id"].nunique() == 24


def test_genders_and_relations(year, figures):
    contacts, published = year("2020"), figures["2020"]
    for column, codes, key in (("gender", GENDERS, "gender"), ("offender_relation", RELATIONS, "relation")):
        counted = contacts[column].value_counts().to_dict()
        assert counted == {code: sum(published[key][name] for name in names) for code, names in codes.items()}
        assert contacts[column].isna().sum() == published[key][""]
    assert contacts["offender_gender"].isna().sum() == published["aggressor_gender"][""]
    assert contacts["offender_gender"].eq("male").sum() == published["aggressor_gender"]["Varon"]
    others = sum(published["aggressor_gender"][spelling] for spelling in ("Otro", "OTRO"))
    assert contacts["offender_gender"].eq("other").sum() == others
    pair = published["ex_partner_or_partner"]
    assert contacts["offender_relation"].isin(["partner", "ex_partner"]).sum() == pair["k"]
    assert contacts["offender_relation"].notna().sum() == pair["n"]


def test_needs(line, year, figures):
    contacts, published = year("2020"), figures["2020"]
    mentions = contacts["needs"].explode().value_counts()
    for names, key in ((TYPES, "type_yes"), (SETTINGS, "setting_yes")):
        for column, need in names.items():
            assert mentions[need] == published[key][column]["k"], column
            assert len(contacts) == published[key][column]["n"]
    assert contacts["needs"].notna().all()  # no flag is neither yes nor no
    types = contacts["needs"].map(lambda needs: sum(need in TYPES.values() for need in needs))
    assert types.eq(0).sum() == published["no_type_at_all"]
    assert round(float(types.mean()), 6) == published["mean_types_per_contact"]
    both = contacts["needs"].map(lambda needs: {"physical_violence", "sexual_assault"} <= set(needs))
    assert both.sum() == published["physical_and_sexual"]
    every = line.shares("share", of="needs")
    for column, need in TYPES.items():
        assert every[need] == figures["all"]["type_yes"][column], column


def test_ages(line, year, figures):
    for name in ("2020", "2021"):
        contacts, published = year(name), figures[name]["age"]
        aside = contacts["missing"].fillna("").str.contains("age=set_aside").sum()
        assert aside == published["over_110"]
        ages = contacts["age"].dropna().astype("int64")
        assert len(ages) + aside == published["known"]
        assert ages.le(94).sum() + published["over_94"] == published["known"]
        assert (ages.lt(5).sum(), ages.lt(18).sum()) == (published["under_5"], published["under_18"])
        assert ages.ge(65).sum() == published["65_and_over"]
        assert ages.min() == published["min"]
        quartiles = np.percentile(ages, [25, 50, 75]).tolist()
        assert quartiles == [published["p25"], published["median"], published["p75"]]
    assert line.set_aside("age", "127") == 1


def test_missing(year, figures):
    missing, contacts = figures["2020"]["missing"], year("2020")
    for column, name in (("area_id", "prov_residencia_persona_en_situacion_violencia"),
                         ("gender", "genero_persona_en_situacion_de_violencia"),
                         ("age", "edad_persona_en_situacion_de_violencia"),
                         ("offender_relation", "vinculo_con_la_persona_agresora"),
                         ("offender_gender", "genero_de_la_persona_agresora")):
        assert contacts[column].isna().sum() == missing[name]["blank"], column
        assert contacts[column].notna().sum() == missing[name]["known"], column
