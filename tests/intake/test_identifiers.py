"""What is refused as a direct identifier, and what must never be."""

from pathlib import Path

import pytest

from crisiskit.engine import connect
from crisiskit.errors import UserError
from crisiskit.intake.compile import Headers
from crisiskit.intake.identifiers import (
    ADDRESS,
    BIRTH,
    EMAIL,
    NAME,
    NET,
    PHONE,
    SSN,
    TEXT,
    looks_like,
    mask,
    plain,
    refuse,
)
from crisiskit.intake.mapping import TableMap
from crisiskit.intake.read import ReadSpec, read_files

NOTES = ["Caller said she was afraid to go home and wants shelter", "He called about his brother who has not slept",
         "RP is worried, the son was released today and has no place"]
STREETS = [f"{n}00 Block of {s}" for n, s in enumerate(["44TH AVE", "MARTIN LUTHER KING JR WAY", "OAK ST", "JONES ST"])]


@pytest.mark.parametrize(("header", "values", "expected"), [
    ("Volunteer", ["Maria Lopez"], NAME),
    ("Reporting Officer", ["1042 - DAVID MILLER", "1043 - KAREN WILSON", "JOHNSON, J #1044"], NAME),
    ("Complainant", ["SMITH", "JONES", "KOWALSKI", "MILLER", "GARCIA", "DAVIS", "WILSON", "MOORE"], NAME),
    ("Anrufer Name", ["Petra Fischer", "Jürgen Weber", "Uwe Richter"], NAME),
    ("Nom", ["DUPONT Jean", "MARTIN Claire", "BERNARD Luc"], NAME),
    ("Geburtsdatum", ["15.05.1988", "02.11.1971"], BIRTH),
    ("Subject", ["Call from 937-555-1021", "Call from (312) 555-0199", "test"], TEXT),
    ("Remarks", ["SUBJ OFF MEDS", "CALLER HUNG UP", "MALE W KNIFE"], TEXT),
    ("Bemerkung", ["Die Frau war sehr aufgeregt", "Er hat nicht geschlafen und ist allein"], TEXT),
    ("Home", ["12 Elm St", "1564 N Oak Ave Apt 4", "87 Main Street", "9 Hill Rd", "33 Lake Dr"], ADDRESS),
    ("IP", ["10.0.0.1", "192.168.4.77"], NET),
    ("Crime ID", [f"{n:02x}ab" * 16 for n in range(40)], None),
    ("Location", ["12 MAIN ST / 3RD AVE", "14 OAK ST / A ST", "1 B ST / C ST", "2 D ST / E ST", "3 F ST / G ST"], None),
    ("Caller Name", ["Lopez, Maria", "Nowak, J."], NAME),
    ("client", ["Maria Lopez", "John Smith"], NAME),
    ("CLIENT_NAME", ["LOPEZ, MARIA A", "SMITH, JOHN"], NAME),
    ("FirstName", ["Siobhan", "Maria", "Otis"], NAME),
    ("Apellido", ["Gutiérrez", "Peña"], NAME),
    ("nombre y apellido", ["María Gutiérrez", "Ana Peña"], NAME),
    ("Nombre de la víctima", ["María", "Ana", "Luisa"], NAME),
    ("Entered By", ["Karen Nowak", "Tasha Reed"], NAME),
    ("Call_Taker", ["Nowak, Karen", "NULL", "Automatic Dispatch", "Reed, T."], NAME),
    ("Name", ["Maria Lopez", "John Smith", "Wei Zhang"], NAME),
    ("C7", ["Maria Lopez", "John Smith", "Karen Nowak", "Wei Zhang"], NAME),
    ("Phone", ["3125550143", "7735550199"], PHONE),
    ("callback_number", ["5550143"], PHONE),
    ("x", ["(312) 555-0143", "773-555-0199"], PHONE),
    ("Teléfono", ["11 4567 8901"], PHONE),
    ("contacto", ["+54 11 4567-8901"], PHONE),
    ("Contact", ["maria.lopez@example.org", "n/a"], EMAIL),
    ("SSN", ["123456789"], SSN),
    ("id2", ["123-45-6789", "234-56-7890"], SSN),
    ("DOB", ["1/2/1980", "11/30/2001"], BIRTH),
    ("officer_year_of_birth", ["1977-04-26T00:00:00", "1980-01-01T00:00:00"], BIRTH),
    ("Fecha de nacimiento", ["26/04/1977"], BIRTH),
    ("field 9", [f"{y}-03-0{1 + y % 9}" for y in range(1940, 2008)], BIRTH),
    ("Narrative", NOTES, TEXT),
    ("column_12", NOTES, TEXT),
    ("observaciones", ["La señora llamó porque tiene miedo", "No quiere que se avise a la policía"], TEXT),
])
def test_identifiers_are_recognised(header, values, expected):
    assert looks_like(header, values) == expected


@pytest.mark.parametrize(("header", "values"), [
    ("incident_number", ["2301000001", "2301000002"]),
    ("call_number", ["180243072", "180240538"]),
    ("Master_Incident_Number", ["25-090416", "25-022007"]),
    ("template_id", ["78352", "217261"]),
    ("officer_id", ["7497", "7770  "]),
    ("Dispatcher", ["STAFF-013", "C2C", "Automatic Dispatch", "NULL", "CAD to CAD Service 1"]),
    ("Phone_Time", ["227", "1234567"]),
    ("Incident_Phone_Stop", ["2025-10-26 00:21:17.000"]),
    ("TIME_PHONEPICKUP", ["20230101120501"]),
    ("Call_Reception", ["Phone", "E-911", "OFFICER", "Radio", "Text"]),
    ("Number of Contacts", ["1", "3", "12"]),
    ("problem", ["MENTAL HEALTH CASE", "SUICIDE IN PROG NO INJ", "CHECK THE WELFARE"]),
    ("initial_call_type", ["PERSON IN BEHAVIORAL/EMOTIONAL CRISIS", "SUICIDE - IP/JO SUICIDAL PERSON AND ATTEMPTS"]),
    ("disposition", ["Patient Declined Transport", "Gone on Arrival", "No Action Possible / Necessary"]),
    ("access", ["Officer initiated", "Officer Initiated", "911"]),
    ("address", STREETS * 5),
    ("area_id", STREETS),
    ("addr", ["REINDEER CT & DEAD END", "HAWS AVE", "BRIAR PATH & WHITEMARSH LN"]),
    ("city", ["San Francisco", "Saint Joseph", "Santa Rosa", "St. Charles"]),
    ("Name", ["Cook", "DuPage", "Lake", "De Kalb"]),
    ("NBHD_NAME", ["Virginia Village", "Chaffee Park", "Lincoln Park", "Ruby Hill"]),
    ("CTYNAME", ["Autauga County", "Jefferson Davis Parish", "Prince George's County"]),
    ("Center", ["Harbor House", "Safe Passage", "YWCA Evanston"]),
    ("agency_name", ["Mercy Hospital", "Saint Anthony", "Rape Crisis Services"]),
    ("Client Type", ["Significant Other", "Primary Victim", "Walk In"]),
    ("client", ["Significant Other", "Family Member", "New Client", "Unknown Person"]),
    ("client_id", ["A-0001", "A-0002"]),
    ("Reported By", ["Family Member", "Third Party", "Neighbor", "Self"]),
    ("officer_race", ["White", "Asian", "Two or More Races", "Hispanic or Latino", "Not Specified"]),
    ("officer_bureau_desc", ["OPERATIONS BUREAU", "PATROL OPERATIONS", "CRIMINAL INVESTIGATIONS"]),
    ("latitude", ["40.2978759", "-75.5812935"]),
    ("location", ["(37.77444199483868, -122.5046792231959)"]),
    ("zip", ["19525", "60601-1234"]),
    ("year_of_birth", ["1977", "1980"]),
    ("Place of birth", ["Argentina", "Paraguaya"]),
    ("Date of call", [f"{y}-03-01" for y in range(1970, 2020)]),
    ("reported_date", ["2015-06-15T00:00:00", "1900-01-01T00:00:00"]),
    ("Description", ["THEFT", "BURGLARY OF VEHICLE", "ASSAULT"] * 20),
    ("Notes", ["UTL", "GOA", "UTL"]),
    ("blank", []),
])
def test_what_is_no_identifier_is_let_through(header, values):
    assert looks_like(header, values) is None


def test_a_category_of_long_texts_is_no_free_text():
    texts = ["The caller was connected to the local center and was safe", "The caller hung up before the greeting"]
    assert looks_like("disposition", texts * 50) is None


@pytest.mark.parametrize(("header", "words"), [
    ("CallerName", "caller name"), ("TimeCreate", "time create"), ("Teléfono", "telefono"), ("DOB", "dob"),
    ("911_T", "911 t"), ("Reason for Dispatch #1", "reason for dispatch #1"), ("ADMCalls", "adm calls"),
])
def test_headers_are_split_into_plain_words(header, words):
    assert plain(header) == words


def test_the_mask_keeps_the_shape_and_nothing_else():
    assert mask("María O'Brien-Lopez, 555-0143") == "Xxxxx X'Xxxxx-Xxxxx, 999-9999"


def refused(tmp_path: Path, text: str, columns: dict, **more) -> list[str]:
    (tmp_path / "calls.csv").write_text(text, "utf-8")
    con = connect()
    read = read_files(con, ReadSpec(files=("calls.csv",)), tmp_path, tmp_path / "work")[0]
    tree = {"into": "interventions", "read": {"files": ["calls.csv"]}, "columns": columns, **more}
    spec = TableMap.model_validate(tree)
    return refuse(spec, "tables.calls", read, Headers(read.columns, read.file))


TEXT_FILE = "Date;Volunteer;Phone;Notes;DOB;Zip\n" + "".join(
    f"2024-01-0{i + 1};Maria Lopez;312555014{i};{note};196{i}-05-0{i + 1};6060{i}\n" for i, note in enumerate(NOTES))


def test_an_identifier_that_would_be_stored_is_refused_with_the_fix(tmp_path):
    with pytest.raises(UserError) as caught:
        refused(tmp_path, TEXT_FILE, {"occurred_on": "Date", "agency": "Volunteer"})
    said = str(caught.value)
    assert said.startswith("calls.csv, column 'Volunteer': looks like a person's name (such as Xxxxx Xxxxx), and ")
    assert "tables.calls.columns.agency would store it" in said
    assert "    person_key:\n      from: 'Volunteer'\n      hash: true\n" in said
    assert "drop: ['Volunteer']" in said
    assert "Maria" not in said
    assert "Lopez" not in said


@pytest.mark.parametrize(("column", "spec"), [
    ("person_key", {"from": "Volunteer", "hash": "true"}),
    ("program", {"from": "Volunteer", "coarsen": "1"}),
    ("age_band", {"from": "DOB", "coarsen": "year"}),
    ("program", {"from": "Notes", "pattern": r"(\d+)"}),
    ("program", {"from": {"column": "Notes", "pattern": r"(\d+)"}}),
    ("responder", {"from": "Volunteer", "codes": {"*": "volunteer"}}),
    ("weapon", {"from": "Notes", "yes": ["*"]}),
    ("area_id", "Zip"),
])
def test_what_the_mapping_takes_care_of_is_let_through(tmp_path, column, spec):
    refused(tmp_path, TEXT_FILE, {"occurred_on": "Date", column: spec})


@pytest.mark.parametrize(("column", "spec", "what"), [
    ("person_key", "Volunteer", NAME),
    ("needs", {"gather": ["Zip", "Notes"]}, TEXT),
    ("program", {"first_of": ["Zip", "Phone"]}, PHONE),
    ("area_id", {"from": ["Zip", "Volunteer"]}, NAME),
    ("responder", {"from": "Volunteer", "codes": {"Maria Lopez": "volunteer"}}, NAME),
    ("age_band", "DOB", BIRTH),
    ("satisfaction", "Phone", PHONE),
    ("recorded_on", "DOB", BIRTH),
])
def test_every_way_to_store_one_is_refused(tmp_path, column, spec, what):
    with pytest.raises(UserError, match=what):
        refused(tmp_path, TEXT_FILE, {"occurred_on": "Date", column: spec})


def test_unmapped_columns_that_look_like_identifiers_are_listed(tmp_path):
    listed = refused(tmp_path, TEXT_FILE, {"occurred_on": "Date", "area_id": "Zip"}, drop=["volunteer"])
    assert listed == ["Phone", "Notes", "DOB"]


def test_nothing_is_refused_in_a_file_without_rows(tmp_path):
    assert refused(tmp_path, "Date,Caller Name\n", {"occurred_on": "Date", "agency": "Caller Name"}) == []
