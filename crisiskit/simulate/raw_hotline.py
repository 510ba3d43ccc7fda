"""Raw form `hotline`: a help line's telephone system and notes: semicolons, cp1252, one file per year."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crisiskit.simulate.tables import Simulated
from crisiskit.simulate.text import delimited, save, some, whole, worded, yes_no

LINES = ("Línea Río", "Línea Niñez", "Ligne d’Été", "Línea Montaña")
CHANNELS = {"phone": "Telephone", "text": "Text", "chat": "Web chat"}
REASONS = {
    "mental_health": "Mental health", "suicide": "Suicide", "substance_use": "Alcohol or drugs",
    "domestic_violence": "Violence at home",
    "sexual_assault": "Sexual violence", "child_safety": "Worry about a child", "older_adult": "Older adult",
    "homelessness": "No shelter",
    "welfare_check": "Worry about someone",
}
LANGUAGES = {"en": "English", "es": "Español", "pl": "Polski", "fr": "Français"}
GENDERS = {"female": "Woman", "male": "Man", "transgender": "Transgender", "nonbinary": "Non-binary", "other": "Other"}
RACES = {
    "white": "White", "black": "Black", "hispanic": "Hispanic", "asian": "Asian",
    "american_indian_alaska_native": "Native American",
    "other": "Other",
}
RELATIONS = {"self": "Self", "family": "Family", "third_party": "Friend or neighbour", "professional": "Professional"}
ENDINGS = {
    "resolved": "Talk ended well", "referred": "Referred", "transported": "Transport sent", "shelter": "Shelter found",
    "other": "Other",
}
MISSING = {"unknown": "Unknown", "declined": "Declined", "not_asked": "Not asked", "not_applicable": "n/a"}

COLUMNS = {
    "Contact Nº": "number, unique", "Line": f"site: {', '.join(LINES)}", "Channel": ", ".join(CHANNELS.values()),
    "Date": "dd/mm/yyyy, never missing; of a period total the last day of the month",
    "Time": "wall clock HH:MM:SS; blank on totals and a few others",
    "Offered": "1, on a period total their number: the contacts that the row stands for",
    "Answered": "0 or 1, on a total their number",
    "Abandoned": "0 or 1, on a total their number",
    "Result": "Answered, Abandoned, Period total, Test (a test of the line, not a contact)",
    "Wait (s)": "seconds to answer or abandonment, for a total blank; a few are negative, -9999 is a sentinel",
    "Talk minutes": "whole minutes, of a total their sum; the last line typed quarter HOURS in some months",
    "Telephone": "999-nnn-nnnn (no real area code) or Withheld; an identifier: hash it; a redial has the same number",
    "County called from": "county", "Reason": "main need; blank where nobody answered",
    "Second reason": "further need or blank",
    "Risk": "None, Low, Moderate, High, Imminent", "Speaks for": ", ".join(RELATIONS.values()),
    "Age": "years, or a word for missing",
    "Gender": ", ".join(GENDERS.values()), "Race": ", ".join(RACES.values()), "Language": ", ".join(LANGUAGES.values()),
    "Answered by": "Counsellor, Volunteer", "Outcome": ", ".join(ENDINGS.values()), "Police called": "yes, no, blank",
    "Distress before": "0-10 or blank", "Distress after": "0-10 or blank",
    "Consent to follow-up": "yes, no, blank = not offered",
}
NOTES = (
    "Semicolon-delimited, encoded in cp1252, CRLF; accents in the header, in Line and in Language.",
    "Words for missing: Unknown, Declined, Not asked, n/a not applicable; empty = left blank, or nobody answered.",
)
WARTS: dict[str, Any] = {
    "hours_months": 2, "aggregate_months": 1, "test_calls": 8, "negative_waits": 5, "sentinel_waits": 6,
    "missing_times": 10,
    "duplicate_lines": 4, "malformed_lines": 1,
}
DEFAULTS: dict[str, Any] = {"months": 12}


def write(simulated: Simulated, folder: Path, rng: np.random.Generator, warts: dict[str, Any]) -> dict[str, Any]:
    """Write one file per year and return the counts of what was planted."""
    cells, month = _cells(simulated), simulated.interventions["received_local"].dt.to_period("M").astype(str)
    lines = [name for name in map(_line, range(len(simulated.truth["sites"]))) if cells["Line"].eq(name).any()]
    last = cells["Line"].eq(lines[-1]).to_numpy()
    every = sorted(month[last].unique())
    in_hours = every[len(every) // 2 :][: warts["hours_months"]]
    in_totals = [one for one in every if one not in in_hours][: warts["aggregate_months"]]
    hours = last & month.isin(in_hours).to_numpy() & cells["Talk minutes"].ne("").to_numpy()
    quarters = np.maximum(np.round(cells.loc[hours, "Talk minutes"].astype(float) / 15), 1) / 4
    cells.loc[hours, "Talk minutes"] = [f"{value:.2f}" for value in quarters]
    single = ~(last & month.isin(in_totals).to_numpy())
    totals = [_total(cells[last & month.eq(one)], one, i) for i, one in enumerate(in_totals)]
    spoilt = _spoil(cells, single & ~hours, rng, warts)
    tests = cells.iloc[some(rng, single & ~hours, warts["test_calls"])]
    tests = tests.assign(Result="Test", Telephone="Withheld", Reason="", Outcome="")
    tests["Contact Nº"] = [f"T{i + 1}" for i in range(len(tests))]
    table = pd.concat([cells[single], tests, pd.DataFrame(totals, columns=list(COLUMNS))], ignore_index=True)
    files, written = _files(folder, table, rng, warts)
    return {"files": files, "records": len(table) - len(tests)} | written | spoilt | {
        "test_calls": len(tests), "period_totals": len(totals), "contacts_in_totals": int((~single).sum()),
        "total_months": in_totals, "hours_rows": int(hours.sum()), "hours_typed": float(quarters.sum()),
        "hours_site": lines[-1], "hours_months": in_hours, "contacts": len(cells),
        "minutes": float(simulated.interventions["duration_min"].sum()),
    }


def _spoil(cells: pd.DataFrame, plain: np.ndarray, rng: np.random.Generator, warts: dict[str, Any]) -> dict[str, int]:
    """Write impossible waits into some of the plain rows, and leave the time of some blank."""
    waits = rng.permutation(some(rng, plain, warts["negative_waits"] + warts["sentinel_waits"]))
    negative, sentinel = waits[: warts["negative_waits"]], waits[warts["negative_waits"] :]
    cells.loc[negative, "Wait (s)"] = "-" + cells.loc[negative, "Wait (s)"]
    cells.loc[sentinel, "Wait (s)"] = "-9999"
    timeless = some(rng, plain, warts["missing_times"])
    cells.loc[timeless, "Time"] = ""
    return {"negative_waits": len(negative), "sentinel_-9999": len(sentinel), "missing_times": len(timeless)}


def _cells(simulated: Simulated) -> pd.DataFrame:
    """All cells of single contacts, in the words of the form."""
    frame, sites = simulated.interventions, simulated.truth["sites"]
    lines = {name: _line(i) for i, name in enumerate(sites)}
    person = pd.factorize(frame["person_key"])[0].astype(np.int64)
    digits = (person * 7919 + simulated.truth["seed"]) % 10**7
    second = frame["needs"].map(lambda needs: REASONS[needs[1]] if len(needs) > 1 else "", na_action="ignore")
    numbers = ("duration_min", "distress_before", "distress_after")
    digit = {name: frame[name].astype("Int64").astype(str).where(frame[name].notna(), "") for name in numbers}
    telephone = [f"999-{d // 10000:03}-{d % 10000:04}" for d in digits]
    return pd.DataFrame({
        "Contact Nº": np.arange(1, len(frame) + 1).astype(str), "Line": frame["site"].map(lines),
        "Channel": worded(frame["modality"], CHANNELS),
        "Date": frame["received_local"].dt.strftime("%d/%m/%Y"),
        "Time": frame["received_local"].dt.strftime("%H:%M:%S"),
        "Offered": "1", "Answered": frame["answered"].astype(str), "Abandoned": frame["abandoned"].astype(str),
        "Result": np.where(frame["answered"].eq(1), "Answered", "Abandoned"),
        "Wait (s)": frame["wait_s"].astype("Int64").astype(str),
        "Talk minutes": digit["duration_min"],
        "Telephone": np.where(person >= 0, telephone, "Withheld"),
        "County called from": frame["area_id"], "Reason": worded(frame["need"], REASONS),
        "Second reason": second.fillna("").astype(str),
        "Risk": frame["risk"].str.capitalize().fillna(""), "Speaks for": worded(frame["relation"], RELATIONS | MISSING),
        "Age": whole(frame["age"], frame, MISSING), "Gender": worded(frame["gender"], GENDERS | MISSING),
        "Race": worded(frame["race_ethnicity"], RACES | MISSING),
        "Language": worded(frame["language"], LANGUAGES | MISSING),
        "Answered by": worded(frame["responder"], {"counselor": "Counsellor", "volunteer": "Volunteer"}),
        "Outcome": worded(frame["outcome"], ENDINGS), "Police called": yes_no(frame["police_involved"], "yes", "no"),
        "Distress before": digit["distress_before"], "Distress after": digit["distress_after"],
        "Consent to follow-up": yes_no(frame["consented"], "yes", "no"),
    })


def _line(i: int) -> str:
    """Name of the line at the i-th site."""
    return LINES[i % len(LINES)] + (f" {i // len(LINES) + 1}" if i >= len(LINES) else "")


def _total(cells: pd.DataFrame, month: str, number: int) -> list[str]:
    """One row that stands for a month of a line."""
    sums = {name: str(cells[name].astype(int).sum()) for name in ("Offered", "Answered", "Abandoned")}
    sums["Talk minutes"] = str(cells["Talk minutes"][cells["Talk minutes"].ne("")].astype(int).sum())
    own = {"Contact Nº": f"M{number + 1}", "Line": cells["Line"].iloc[0], "Result": "Period total"}
    own["Date"] = pd.Period(month, "M").end_time.strftime("%d/%m/%Y")
    return [(own | sums).get(name, "") for name in COLUMNS]


def _files(
    folder: Path, table: pd.DataFrame, rng: np.random.Generator, warts: dict[str, Any]
) -> tuple[dict[str, int], dict[str, int]]:
    """One file per year, by date and time; some lines of the last stand twice, some of the first are malformed."""
    time = table["Time"].where(table["Time"].ne(""), "23:59:59")
    moment = pd.to_datetime(table["Date"] + " " + time, format="%d/%m/%Y %H:%M:%S")
    order = moment.argsort(kind="stable")
    table, year = table.iloc[order], moment.iloc[order].dt.year
    years = sorted(year.unique())
    twice = some(rng, table["Result"].eq("Answered") & year.eq(years[-1]), warts["duplicate_lines"])
    files = {}
    for one in years:
        here = np.flatnonzero(year.eq(one))
        if one == years[-1]:
            here = np.sort(np.concatenate([here, twice]))
        rows = table.iloc[here].to_numpy(dtype=object).tolist()
        if one == years[0]:
            plain = [row[8] == "Abandoned" and row[4] != "" and row[9][0] != "-" for row in rows]
            spoilt = some(rng, plain, warts["malformed_lines"])
            for line in spoilt:
                rows[line] += ["STRAY", "STRAY"]
        files[save(folder / f"hotline_{one}.csv", delimited(list(COLUMNS), rows, ";"), "cp1252")] = len(rows)
    return files, {"duplicate_lines": len(twice), "malformed_lines": len(spoilt)}
