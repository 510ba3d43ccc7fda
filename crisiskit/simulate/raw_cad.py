"""Raw form `cad`: weekly extracts of a dispatch system, with the warts of real ones."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crisiskit.errors import UserError
from crisiskit.simulate.tables import Simulated
from crisiskit.simulate.text import (
    clock_changes,
    delimited,
    iso_time,
    local,
    save,
    some,
    us_time,
    whole,
    worded,
    yes_no,
)

TIMES = {
    "Received": "received_at", "Dispatched": "dispatched_at", "Enroute": "enroute_at", "Arrived": "arrived_at",
    "Cleared": "cleared_at",
}
SOURCES = {
    "911": "E-911", "988": "988 TRANSFER", "officer_initiated": "OFFICER", "referral": "OUTSIDE AGENCY",
    "other": "PHONE",
}
RESPONDERS = {
    "police": "PATROL", "cit_officer": "CIT", "co_responder": "CO-RESPONSE", "mobile_crisis": "MOBILE CRISIS",
    "ems": "MEDIC", "fire": "ENGINE",
}
ENDINGS = {
    "resolved": "RES-Resolved", "referred": "REF-Referred", "transported": "TRN-Transported",
    "hospital": "HOSP-Hospital",
    "involuntary_hold": "INV-Involuntary Hold", "arrested": "ARR-Arrest", "cited": "CI-Citation",
    "shelter": "SHL-Shelter",
    "refused": "RFS-Refused", "unable_to_locate": "UTL-Unable to Locate", "cancelled": "CAN-Cancelled",
}
RACES = {"white": "W", "black": "B", "hispanic": "H", "asian": "A", "american_indian_alaska_native": "I", "other": "O"}
SEXES = {"female": "F", "male": "M", "transgender": "T", "nonbinary": "X", "other": "O"}
MISSING = {"unknown": "UNK", "declined": "REFUSED", "not_asked": "NOT ASKED", "not_applicable": "N/A"}

COLUMNS = {
    "Incident_Number": "yy-nnnnnn, unique but for exact duplicates",
    "Agency": "POLICE, EMS, FIRE, CRISIS: whose unit went", "Station": "site", "County": "place of the incident",
    "Received": "wall clock, m/d/yyyy h:mm:ss AM/PM or ISO with .000; never missing",
    "Answer_Seconds": "seconds to answer; -9999 is a sentinel",
    "Dispatched": "as Received; NULL is missing", "Enroute": "as Received",
    "Arrived": "as Received; some 12:00:00 AM are no times",
    "Cleared": "as Received; some before Arrived",
    "Call_Source": ", ".join(SOURCES.values()), "Priority": "1 (highest) to 4",
    "Initial_Problem": "call type at the start", "Final_Problem": "call type at the end",
    "Second_Problem": "a further need or blank",
    "Risk": "NONE, LOW, MODERATE, HIGH, IMMINENT", "Weapon": "Y, N",
    "Triage": "ELIGIBLE, NOT ELIGIBLE, blank = not triaged",
    "Responder": ", ".join(RESPONDERS.values()), "Units": "number of units", "CIT_Requested": "Y, N",
    "CIT_Dispatched": "Y, N",
    "CIT_Arrived": "Y, N",
    "Disposition": f"{', '.join(ENDINGS.values())}, DUP-Duplicate; sometimes two joined by comma and blank",
    "Force_Used": "Y, N, blank", "Subject_Injured": "Y, N, blank", "Officer_Injured": "Y, N, blank",
    "De_Escalated": "Y, N, blank = not recorded",
    "Age": "years, or a word for missing", "Sex": ", ".join(SEXES.values()), "Race": ", ".join(RACES.values()),
    "Call_Taker": "staff code",
}
NOTES = (
    "Words for missing in Age, Sex, Race: UNK unknown, REFUSED declined, NOT ASKED, N/A; empty = left blank.",
    "One file (truth.json: drift_file) also has Shift and Day_Night, in the middle, and says Final_Disposition.",
    "One line has three fields too many. Wall clocks have no zone; some stand in an hour repeated or skipped.",
    "DUP-Duplicate rows are second calls about one event; OFFICER rows are officer-initiated; some lines stand twice.",
)
WARTS: dict[str, Any] = {
    "weeks_per_file": 1, "date_style": "mixed", "duplicate_lines": 12, "duplicate_calls": 60, "false_midnights": 15,
    "clear_before_arrival": 12,
    "sentinel_share": 0.012, "clock_change_rows": 3, "malformed_lines": 1,
}
DEFAULTS: dict[str, Any] = {"months": 12}


def write(simulated: Simulated, folder: Path, rng: np.random.Generator, warts: dict[str, Any]) -> dict[str, Any]:
    """Write the files of the form and return the counts of what was planted."""
    if warts["date_style"] not in ("us", "iso", "mixed"):
        raise UserError(f"date_style: '{warts['date_style']}' is not one of us, iso, mixed")
    frame, truth = _at_clock_changes(simulated, rng, warts["clock_change_rows"])
    zone = simulated.truth["settings"]["time_zone"]
    clocks = pd.DataFrame({name: local(frame[column], zone) for name, column in TIMES.items()})
    cells = _cells(frame, rng)
    unserved = some(rng, clocks["Arrived"].notna(), warts["duplicate_calls"])
    clocks.loc[unserved, ["Dispatched", "Enroute", "Arrived"]] = pd.NaT
    cells.loc[unserved, "Disposition"] = "DUP-Duplicate"
    rest = cells["Disposition"].ne("DUP-Duplicate") & clocks["Arrived"].notna()
    backwards = some(rng, rest & cells["Call_Source"].ne("OFFICER"), warts["clear_before_arrival"])
    clocks.loc[backwards, "Cleared"] = clocks.loc[backwards, "Arrived"] - pd.Timedelta("7min")
    rest.iloc[backwards] = False
    midnight = some(rng, rest, warts["false_midnights"])
    clocks.loc[midnight, "Arrived"] = clocks.loc[midnight, "Arrived"].dt.normalize()
    sentinel = rng.random(len(cells)) < warts["sentinel_share"]
    cells.loc[sentinel, "Answer_Seconds"] = "-9999"
    skipped = _skipped_hour(simulated, clocks, rng)
    marked = sentinel | np.isin(np.arange(len(cells)), np.concatenate([unserved, backwards, midnight]))
    files, written = _files(folder, cells, clocks, marked, rng, warts)
    return truth | written | {
        "files": files, "records": len(cells), "duplicate_calls": len(unserved), "clear_before_arrival": len(backwards),
        "false_midnights": len(midnight), "sentinel_-9999": int(sentinel.sum()), "skipped_hour_received": skipped,
        "officer_initiated": int(cells["Call_Source"].eq("OFFICER").sum()),
        "NULL_arrived": int(clocks["Arrived"].isna().sum()),
        "cancelled": int(cells["Disposition"].str.startswith("CAN").sum()),
    }


def _cells(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """All cells but the clocks, in the words of the system."""
    year = frame["received_local"].dt.year % 100
    agency = {"ems": "EMS", "fire": "FIRE", "mobile_crisis": "CRISIS"}
    triage = frame["eligible"].map({True: "ELIGIBLE", False: "NOT ELIGIBLE"}).fillna("")
    second = frame["needs"].map(lambda needs: needs[1].replace("_", " ").upper() if len(needs) > 1 else "")
    return pd.DataFrame({
        "Incident_Number": [f"{y:02}-{i + 1:06}" for i, y in enumerate(year)],
        "Agency": frame["responder"].map(lambda who: agency.get(who, "POLICE")), "Station": frame["site"],
        "County": frame["area_id"],
        "Answer_Seconds": frame["wait_s"].astype("Int64").astype(str), "Call_Source": worded(frame["access"], SOURCES),
        "Priority": frame["priority"], "Initial_Problem": frame["call_type_initial"],
        "Final_Problem": frame["call_type_final"],
        "Second_Problem": second, "Risk": frame["risk"].str.upper(), "Weapon": yes_no(frame["weapon"]),
        "Triage": triage,
        "Responder": worded(frame["responder"], RESPONDERS), "Units": frame["units"].astype(str),
        "CIT_Requested": yes_no(frame["cit_requested"]), "CIT_Dispatched": yes_no(frame["cit_dispatched"]),
        "CIT_Arrived": yes_no(frame["cit_arrived"]),
        "Disposition": frame["outcomes"].map(lambda all_of: ", ".join(ENDINGS[one] for one in all_of)),
        "Force_Used": yes_no(frame["force_used"]), "Subject_Injured": yes_no(frame["injury_subject"]),
        "Officer_Injured": yes_no(frame["injury_responder"]), "De_Escalated": yes_no(frame["deescalated"]),
        "Age": whole(frame["age"], frame, MISSING), "Sex": worded(frame["gender"], SEXES | MISSING),
        "Race": worded(frame["race_ethnicity"], RACES | MISSING),
        "Call_Taker": [f"STAFF-{number:03}" for number in rng.integers(1, 41, len(frame))],
    })


def _at_clock_changes(simulated: Simulated, rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, dict[str, int]]:
    """Move `n` records of each autumn into the repeated hour of that night, some of them across its end."""
    frame, zone = simulated.interventions.copy(), simulated.truth["settings"]["time_zone"]
    repeated, _ = clock_changes(_days(simulated), zone)
    columns = [*TIMES.values(), "answered_at"]
    for hour in repeated:
        rows = some(rng, frame["access"].ne("officer_initiated"), n)
        first = pd.Timestamp(hour).tz_localize(zone, ambiguous=True).tz_convert("UTC")
        target = first + pd.to_timedelta(rng.integers(0, 7200, len(rows)), unit="s")
        shift = pd.Series(target, index=rows) - frame.loc[rows, "received_at"]
        for column in columns:
            frame.loc[rows, column] = frame.loc[rows, column] + shift
    frame["received_local"] = local(frame["received_at"], zone)
    frame = frame.sort_values("received_at", kind="stable").reset_index(drop=True)
    inside = np.isin(frame["received_local"].to_numpy().astype("M8[h]"), repeated)
    return frame, {"repeated_hour_received": int(inside.sum())}


def _skipped_hour(simulated: Simulated, clocks: pd.DataFrame, rng: np.random.Generator) -> int:
    """Give one record of each spring night a wall time that does not exist, as from a clock not put forward."""
    _, skipped = clock_changes(_days(simulated), simulated.truth["settings"]["time_zone"])
    moved = 0
    for hour in skipped:
        row = clocks["Received"].searchsorted(pd.Timestamp(hour) + pd.Timedelta("1h"))
        if row < len(clocks):
            shift = pd.Timestamp(hour) + pd.Timedelta(int(rng.integers(0, 3600)), "s") - clocks["Received"].iloc[row]
            clocks.iloc[int(row)] = clocks.iloc[int(row)] + shift
            moved += 1
    return moved


def _days(simulated: Simulated) -> np.ndarray:
    start = np.datetime64(simulated.truth["start"])
    return np.arange(start, (start.astype("M8[M]") + simulated.truth["months"]).astype("M8[D]"))


def _files(
    folder: Path, cells: pd.DataFrame, clocks: pd.DataFrame, marked: np.ndarray, rng: np.random.Generator,
    warts: dict[str, Any],
) -> tuple[dict[str, int], dict[str, Any]]:
    """Cut into files by week, spell dates, repeat lines, spoil one that is not `marked`, let one header drift."""
    day = (clocks["Received"].dt.normalize() - clocks["Received"].iloc[0].normalize()).dt.days
    number = (day.clip(lower=0) // (7 * max(warts["weeks_per_file"], 1))).to_numpy()
    last = int(number.max())
    drift, spoilt = min(2, last), min(1, last)
    twice = some(rng, number != spoilt, warts["duplicate_lines"])
    files: dict[str, int] = {}
    truth: dict[str, Any] = {"duplicate_lines": len(twice), "malformed_lines": 0, "iso_files": []}
    for part in range(last + 1):
        here = np.flatnonzero(number == part)
        if not len(here):
            continue
        here = np.sort(np.concatenate([here, twice[number[twice] == part]]))
        iso = warts["date_style"] == "iso" or (warts["date_style"] == "mixed" and part % 5 == 3)
        spelled = {name: (iso_time if iso else us_time)(clocks[name].iloc[here], "NULL") for name in TIMES}
        table = cells.iloc[here].assign(**spelled)[list(COLUMNS)]
        if part == drift:
            hour = clocks["Received"].iloc[here].dt.hour
            table.insert(12, "Shift", np.where(hour < 8, "C", np.where(hour < 16, "A", "B")))
            table.insert(13, "Day_Night", np.where((hour >= 6) & (hour < 18), "DAY", "NIGHT"))
            table = table.rename(columns={"Disposition": "Final_Disposition"})
        rows = table.to_numpy(dtype=object).tolist()
        name = f"cad_{clocks['Received'].iloc[here[0]]:%Y-%m-%d}.csv"
        if part == spoilt:
            lines = some(rng, ~marked[here], warts["malformed_lines"])
            for line in lines:
                rows[line] += ["STRAY", "STRAY", "STRAY"]
            truth |= {"malformed_file": name, "malformed_lines": len(lines)}
        if part == drift:
            truth["drift_file"] = name
        truth["iso_files"] += [name] if iso else []
        files[save(folder / name, delimited(list(table.columns), rows))] = len(rows)
    return files, truth
