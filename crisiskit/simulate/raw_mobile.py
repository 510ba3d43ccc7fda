"""Raw form `mobile_crisis`: a team's dispatch log kept in a workbook (or, without openpyxl, the same sheet as CSV)."""

import io
import re
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crisiskit.errors import UserError
from crisiskit.simulate.raw_hotline import GENDERS, MISSING, RACES
from crisiskit.simulate.tables import Simulated
from crisiskit.simulate.text import delimited, local, save, some, whole, worded, yes_no

CLOCKS = {
    "Requested": "received_at", "Dispatched": "dispatched_at", "Arrived": "arrived_at", "Engaged": "engaged_at",
    "Departed": "cleared_at",
}
REASONS = {
    "mental_health": "Mental health crisis", "suicide": "Suicidality", "substance_use": "Substance use",
    "domestic_violence": "Domestic violence", "sexual_assault": "Sexual assault", "child_safety": "Child in distress",
    "older_adult": "Older adult", "homelessness": "Housing", "welfare_check": "Welfare check",
}
ACCESS = {"911": "911", "988": "988", "referral": "Partner agency", "other": "Team line"}
DISPOSITIONS = {
    "resolved": "Remained in community", "referred": "Referred to services", "transported": "Transported elsewhere",
    "hospital": "Emergency department", "involuntary_hold": "Involuntary hold", "arrested": "Arrest",
    "shelter": "Shelter",
    "refused": "Declined help",
}
ENDS = {"unable_to_locate": "Unable to Locate", "cancelled": "Cancelled", "refused": "Refused"}
WHERE = "a date cell, an Excel serial number or text m/d/yyyy h:mm; to the minute"

COLUMNS = {
    "Case": "case number, unique", "Base": "site", "County": "place of service",
    "Referred By": ", ".join(ACCESS.values()),
    "Requested": WHERE, "Dispatched": WHERE, "Arrived": WHERE, "Engaged": f"{WHERE}; some are midnights, no times",
    "Departed": WHERE, "Minutes on Scene": "whole minutes, blank where nobody arrived",
    "Reason 1": ", ".join(REASONS.values()), "Reason 2": "as Reason 1 or blank",
    "Risk": "None, Low, Moderate, High, Imminent",
    "End Point": "Engaged Client (also Engaged client), Unable to Locate, Cancelled, Refused",
    "Disposition": f"{', '.join(DISPOSITIONS.values())}; blank where nobody was met", "Police Called": "Yes, No",
    "Force Used": "Yes, No, blank", "De-escalated": "Yes, No, blank = not recorded",
    "Client No": "person number, an identifier: hash it; blank = not known", "Age": "years, or a word for missing",
    "Gender": ", ".join(GENDERS.values()), "Race/Ethnicity": ", ".join(RACES.values()), "Veteran": "Yes, No, blank",
    "Consent to Follow-up": "Yes, No, blank = not offered",
}
NOTES = (
    "Sheet 'Dispatches': title in row 1, header in row 3, then data, a blank row, two rows of totals (Total, Average).",
    "Words for missing in Age, Gender, Race/Ethnicity: Unknown, Declined, Not asked, n/a; empty = left blank.",
    "A second sheet, 'Notes', holds prose. As CSV the file has the same rows, and dates are text or serial numbers.",
)
WARTS: dict[str, Any] = {
    "format": "auto", "serial_share": 0.10, "text_share": 0.10, "false_midnights": 20, "blank_end_points": 40,
}
DEFAULTS: dict[str, Any] = {
    "months": 12, "rate": 25.0, "access": {"911": 0.35, "988": 0.25, "referral": 0.25, "other": 0.15},
    "responder": {"police": 0, "cit_officer": 0, "co_responder": 0, "mobile_crisis": 1},
}


def write(simulated: Simulated, folder: Path, rng: np.random.Generator, warts: dict[str, Any]) -> dict[str, Any]:
    """Write the workbook or the CSV; UserError when a workbook is asked for and openpyxl is absent."""
    there = find_spec("openpyxl") is not None
    if warts["format"] not in ("auto", "xlsx", "csv"):
        raise UserError(f"format: '{warts['format']}' is not one of auto, xlsx, csv")
    if warts["format"] == "xlsx" and not there:
        raise UserError("format: xlsx needs the package openpyxl, which is absent; install it or write format=csv")
    frame, zone = simulated.interventions, simulated.truth["settings"]["time_zone"]
    clocks = pd.DataFrame({name: local(frame[column], zone).dt.floor("min") for name, column in CLOCKS.items()})
    midnight = some(rng, clocks["Engaged"].notna(), warts["false_midnights"])
    clocks.loc[midnight, "Engaged"] = clocks.loc[midnight, "Engaged"].dt.normalize()
    cells = _cells(frame, clocks)
    blank = some(rng, cells["End Point"].eq("Engaged Client"), warts["blank_end_points"])
    cells.loc[blank, "End Point"] = ""
    cells.loc[some(rng, cells["End Point"].eq("Engaged Client"), len(blank)), "End Point"] = "Engaged client"
    lot = rng.random(len(cells))
    spelling = np.where(lot < warts["serial_share"], 1, np.where(lot >= 1 - warts["text_share"], 2, 0))
    workbook = warts["format"] == "xlsx" or (warts["format"] == "auto" and there)
    for name in CLOCKS:
        cells[name] = [_moment(*pair, workbook) for pair in zip(clocks[name], spelling, strict=True)]
    rows: list[list[Any]] = [["Mobile crisis team: dispatch log (simulated)"], [], list(COLUMNS)]
    rows += cells[list(COLUMNS)].to_numpy(dtype=object).tolist()
    minutes = cells["Minutes on Scene"][cells["Minutes on Scene"].ne("")].astype(int)
    rows += [[], ["Total", len(cells)], ["Average minutes on scene", f"{minutes.mean():.1f}"]]
    name = _workbook(folder / "mobile_crisis.xlsx", rows) if workbook else _csv(folder / "mobile_crisis.csv", rows)
    return {
        "files": {name: len(cells)}, "records": len(cells), "false_midnights": len(midnight),
        "blank_end_points": len(blank),
        "serial_date_rows": int((spelling == 1).sum()), "text_date_rows": int((spelling == 2).sum()), "footer_rows": 2,
    }


def _cells(frame: pd.DataFrame, clocks: pd.DataFrame) -> pd.DataFrame:
    """All cells but the clocks, in the words of the log."""
    person = pd.factorize(frame["person_key"])[0]
    second = frame["needs"].map(lambda needs: REASONS.get(needs[1], needs[1]) if len(needs) > 1 else "")
    scene = (clocks["Departed"] - clocks["Arrived"]).dt.total_seconds() / 60
    met = ~frame["outcome"].isin(["unable_to_locate", "cancelled"])
    return pd.DataFrame({
        "Case": [str(20001 + i) for i in range(len(frame))], "Base": frame["site"], "County": frame["area_id"],
        "Referred By": worded(frame["access"], ACCESS),
        "Minutes on Scene": scene.round().astype("Int64").astype(str).where(scene.notna(), ""),
        "Reason 1": worded(frame["need"], REASONS), "Reason 2": second, "Risk": frame["risk"].str.capitalize(),
        "End Point": [ENDS.get(outcome, "Engaged Client") for outcome in frame["outcome"]],
        "Disposition": worded(frame["outcome"].where(met), DISPOSITIONS),
        "Police Called": yes_no(frame["police_involved"], "Yes", "No"),
        "Force Used": yes_no(frame["force_used"], "Yes", "No"),
        "De-escalated": yes_no(frame["deescalated"], "Yes", "No"),
        "Client No": [f"C{number + 1:05}" if number >= 0 else "" for number in person],
        "Age": whole(frame["age"], frame, MISSING),
        "Gender": worded(frame["gender"], GENDERS | MISSING),
        "Race/Ethnicity": worded(frame["race_ethnicity"], RACES | MISSING),
        "Veteran": yes_no(frame["veteran"], "Yes", "No"),
        "Consent to Follow-up": yes_no(frame["consented"], "Yes", "No"),
    })


def _moment(moment: pd.Timestamp, spelling: int, workbook: bool) -> Any:
    """A date cell, a serial number (days since 1899-12-30) or text."""
    if pd.isna(moment):
        return ""
    if spelling == 1:
        serial = (moment - pd.Timestamp("1899-12-30")) / pd.Timedelta("1D")
        return round(serial, 9) if workbook else f"{serial:.9f}"
    if spelling == 0 and workbook:
        return moment.to_pydatetime()
    return f"{moment.month}/{moment.day}/{moment.year} {moment.hour}:{moment.minute:02}"


def _csv(path: Path, rows: list[list[Any]]) -> str:
    width = len(COLUMNS)
    padded = [row + [""] * (width - len(row)) for row in rows]
    return save(path, delimited(padded[0], padded[1:]))


def _workbook(path: Path, rows: list[list[Any]]) -> str:
    """Write the two sheets, then the archive anew with fixed dates: openpyxl stamps the hour, and bytes must repeat."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Dispatches"
    for row in rows:
        sheet.append([None if cell == "" else cell for cell in row])
    book.create_sheet("Notes").append(["Simulated data: no real person, event or agency stands behind a row."])
    first = io.BytesIO()
    book.save(first)
    with zipfile.ZipFile(first) as made, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as kept:
        for name in made.namelist():
            content = made.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2023-01-01T00:00:00Z", content)
            kept.writestr(zipfile.ZipInfo(name, (2023, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return path.name
