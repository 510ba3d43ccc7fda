"""Files in the header styles of other cities and services, made on the spot; the content is invented."""

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path

HOURS = (3, 2, 2, 1, 1, 1, 2, 3, 4, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 5, 5, 4, 4)
US, N = "%m/%d/%Y %I:%M:%S %p", 160
NAMES = [
    f"{given} {family}"
    for given in ("Maria", "John", "Ann", "Wei", "Karen", "Jose")
    for family in ("Lopez", "Smith", "Nowak", "Zhang")
]


def moments(rng: random.Random, n: int = N, days: int = 300) -> list[datetime]:
    """Times in order, few of them at night."""
    start = datetime(2023, 1, 1)
    return sorted(
        start + timedelta(days=rng.randrange(days), hours=rng.choices(range(24), HOURS)[0], seconds=rng.randrange(3600))
        for _ in range(n)
    )


def save(path: Path, rows: list[dict], delimiter: str = ",") -> Path:
    """Write rows as delimited text."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def _rows(make, n: int = N) -> list[dict]:
    rng = random.Random(5)
    return [make(i, t, rng.choice, rng) for i, t in enumerate(moments(rng, n))]


def _after(t: datetime, minutes: int, form: str = US) -> str:
    return (t + timedelta(minutes=minutes)).strftime(form)


def seattle(i, t, pick, rng):
    arrived = _after(t, 8, "%b %d %Y %I:%M:%S:") + "000" + _after(t, 8, "%p")
    return {
        "CAD Event Number": 20230000000000 + i,
        "Event Clearance Description": pick(["ASSISTANCE RENDERED", "PHYSICAL ARREST MADE"]),
        "Call Type": pick(["911", "ONVIEW", "TELEPHONE OTHER, NOT 911"]),
        "Priority": pick("1234"),
        "Initial Call Type": pick(["SUICIDE - IP/JO SUICIDAL PERSON AND ATTEMPTS", "TRESPASS"]),
        "Final Call Type": pick(["--CRISIS COMPLAINT - GENERAL", "--DISTURBANCE - OTHER"]),
        "Original Time Queued": t.strftime(US),
        "Arrived Time": "Jan 01 1900 12:00:00:000AM" if i % 9 == 0 else arrived,
        "Precinct": pick(["NORTH", "WEST"]),
        "Beat": pick(["U2    ", "K3    "]),
    }


def phoenix(i, t, pick, rng):
    return {
        "INCIDENT_NUM": 2023000000000 + i,
        "DISP_CODE": pick("ABCD1"),
        "DISPOSITION": pick(["ARREST MADE", "GONE ON ARRIVAL", "CANCELLED"]),
        "FINAL_RADIO_CODE": pick(["918", "415F", "239"]),
        "FINAL_CALL_TYPE": pick(["MENTAL HEALTH", "WELFARE CHECK", "TRAFFIC STOP"]),
        "CALL_RECEIVED": t.strftime("%m/%d/%Y %I:%M:%S%p"),
        "HUNDREDBLOCKADDR": f"{rng.randrange(10, 99)}XX N {i % 50}TH AVE",
        "GRID": pick(["BC21", "CD33"]),
    }


def new_orleans(i, t, pick, rng):
    return {
        "NOPD_Item": f"A{i:05}23",
        "Type": pick(["21", "103M"]),
        "TypeText": pick(["COMPLAINT OTHER", "MENTAL PATIENT"]),
        "Priority": pick(["1A", "2B"]),
        "InitialType": pick(["21", "103M"]),
        "InitialTypeText": pick(["COMPLAINT OTHER", "MENTAL PATIENT", "SUICIDE THREAT"]),
        "MapX": 3680000 + i,
        "MapY": 530000 + i,
        "TimeCreate": t.strftime(US),
        "TimeDispatch": _after(t, 4),
        "TimeArrive": _after(t, 14) if i % 5 else "",
        "TimeClosed": _after(t, 44),
        "Disposition": pick(["NAT", "GOA"]),
        "DispositionText": pick(["Necessary Action Taken", "GONE ON ARRIVAL"]),
        "SelfInitiated": pick("YN"),
        "Beat": pick(["1A01", "5G04"]),
        "Zip": "70116",
    }


def baltimore(i, t, pick, rng):
    return {
        "RowID": i,
        "CallNumber": f"P23{i:07}",
        "CallDateTime": t.strftime("%Y/%m/%d %H:%M:%S+00"),
        "Priority": pick(["Low", "High"]),
        "District": pick(["ND", "SW", "CD"]),
        "Description": pick(["BEHAVIOR CRISIS", "TRAFFIC STOP", "OVERDOSE"]),
        "ZIPCode": 21201 + i % 20,
    }


def austin(i, t, pick, rng):
    form = "%b %d %Y %I:%M:%S %p"
    return {
        "Incident Number": 230000000 + i,
        "Mental Health Flag": pick(["Mental Health Incident", "Not Mental Health Incident"]),
        "Priority Level": f"Priority {i % 4}",
        "Response Datetime": t.strftime(form),
        "Response Hour": t.hour,
        "First Unit Arrived Datetime": _after(t, 9, form),
        "Call Closed Datetime": _after(t, 50, form),
        "Sector": pick(["Adam", "Baker"]),
        "Initial Problem Description": pick(["Check Welfare - Urgent", "Suicidal"]),
        "Final Problem Description": pick(["EMS Psychiatric", "Suicidal"]),
        "Number of Units Arrived": pick("123"),
        "Unit Time on Scene": 2400 + i,
        "Response Time": 540,
        "Officer Injured/Killed Count": 0,
    }


def los_angeles(i, t, pick, rng):
    return {
        "Incident_Number": f"PD23{i:08}",
        "Area_Occ": pick(["Outside", "Van Nuys"]),
        "Rpt_Dist": rng.randrange(100, 2200),
        "Dispatch_Date": t.strftime("%m/%d/%Y"),
        "Dispatch_Time": t.strftime("%H:%M:%S"),
        "Call_Type_Code": pick(["507P", "918A"]),
        "Call_Type_Text": pick(["AMB MENTAL", "MAN WITH GUN"]),
    }


def cincinnati(i, t, pick, rng):
    return {
        "ADDRESS_X": "1XX W 5TH ST",
        "LATITUDE_X": 39.1 + i / 9000,
        "LONGITUDE_X": -84.5 - i / 9000,
        "AGENCY": "CPD",
        "CREATE_TIME_INCIDENT": t.strftime(US),
        "DISPOSITION_TEXT": pick(["ARR: ARREST", "CAN: CANCEL"]),
        "EVENT_NUMBER": f"CPD23{i:07}",
        "INCIDENT_TYPE_ID": pick(["MHRT", "DOMINP"]),
        "INCIDENT_TYPE_DESC": pick(["MENTAL HEALTH RESPONSE TEAM", "DOMESTIC VIOLENCE IN PROGRESS"]),
        "PRIORITY": i % 30,
        "ARRIVAL_TIME_PRIMARY_UNIT": _after(t, 12) if i % 4 else "",
        "CLOSED_TIME_INCIDENT": _after(t, 70),
        "DISPATCH_TIME_PRIMARY_UNIT": _after(t, 3),
        "DISTRICT": pick("12345"),
        "NEIGHBORHOOD": pick(["DOWNTOWN", "AVONDALE"]),
    }


def county_line(i, t, pick, rng):
    return {
        "Call ID": 5000 + i,
        "Call Date": t.strftime("%m/%d/%Y"),
        "Call Time": t.strftime("%I:%M %p") if i % 20 else "",
        "Caller Name": pick(NAMES),
        "Callback Number": f"312-555-0{rng.randrange(100, 140)}",
        "Caller Age": pick([*"0123456789"]) + pick("23456") if i % 7 else "Unknown",
        "Gender": pick(["Female", "Male", "Non-binary", "Prefer not to say"]),
        "County": pick(["Cook", "Lake", "NO"]),
        "Reason for Call": pick(["Suicidal thoughts", "Anxiety", "Domestic violence"]),
        "Talk Time": f"0:{rng.randrange(2, 59):02}:{rng.randrange(60):02}",
        "Wait Time (sec)": pick(["4", "31", "88", "-9999"]),
        "Counselor": pick(NAMES),
        "Outcome": pick(["Resolved", "Caller declined"]),
        "Notes": f"Caller said she was upset about matter {i} and wants to talk",
    }


def linea(i, t, pick, rng):
    return {
        "Folio": i + 1,
        "Fecha de la llamada": t.strftime("%d/%m/%Y"),
        "Hora": t.strftime("%H:%M"),
        "Nombre": pick(NAMES),
        "Teléfono": 5510000000 + rng.randrange(200),
        "Edad": pick(["Sin datos", *map(str, range(18, 60))]),
        "Sexo": pick("MF"),
        "Municipio": pick(["Zapopan", "Tonalá"]),
        "Motivo": pick(["Violencia de pareja", "Ideación suicida", "Duelo"]),
        "Duración (min)": pick(["5", "12", "33"]),
    }


def monthly(folder: Path) -> Path:
    """A 988-type table: one row per month and state."""
    rng = random.Random(5)
    rows = [
        {
            "Month": datetime(2023, m, 1).strftime("%b-%y"),
            "State": s,
            "Calls Routed": rng.randrange(900, 2000),
            "Calls Answered": rng.randrange(700, 890),
            "Calls Abandoned": rng.randrange(10, 90),
            "Answer Rate": f"{rng.randrange(80, 95)}%",
            "Average Speed to Answer (sec)": rng.randrange(10, 40),
        }
        for m in range(1, 13)
        for s in ("IL", "WI", "IN")
    ]
    return save(folder / "line_988.csv", rows)


def workbook(folder: Path) -> Path:
    """A workbook with titles above the header in row 4, times without a date, and a total at the end."""
    from openpyxl import Workbook

    rng = random.Random(5)
    book = Workbook()
    sheet = book.active
    sheet.title = "Report"
    sheet["A1"], sheet["A2"] = "Crisis Response Team", "Prepared 2024-01-05"
    head = [
        "Encounter #",
        "Date",
        "Dispatch Time",
        "Arrival Time",
        "Clear Time",
        "Presenting Issue",
        "Disposition",
        "Client Age",
        "Gender",
        "Zip",
    ]
    body = [
        [
            1000 + i,
            t.date(),
            *[(t + timedelta(minutes=m)).time().replace(microsecond=0) for m in (0, 11, 71)],
            rng.choice(["Mental Health", "Suicidal Ideation"]),
            rng.choice(["Transported to hospital", "Resolved on scene", "Arrest"]),
            rng.randrange(15, 80),
            rng.choice("MF"),
            rng.choice([60601, 60622]),
        ]
        for i, t in enumerate(moments(rng, 120))
    ]
    for r, row in enumerate([head, *body, ["Total", 120]], 4):
        for c, value in enumerate(row, 1):
            sheet.cell(r, c, value)
    path = folder / "crt.xlsx"
    book.save(path)
    return path


CITIES = {
    f.__name__: f
    for f in (seattle, phoenix, new_orleans, baltimore, austin, los_angeles, cincinnati, county_line, linea)
}


def city(name: str, folder: Path) -> Path:
    """Write the file of one city or service."""
    return save(folder / f"{name}.csv", _rows(CITIES[name]), ";" if name == "linea" else ",")
