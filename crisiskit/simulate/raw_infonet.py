"""Raw forms `infonet_*`: four exports of one state system for victim services, as its forms behaved in 2021.

Two kinds share the columns: non-client crisis interventions of sexual-assault centres (hours in quarter steps, county
of residence) and hotline calls of domestic-violence centres (whole minutes, county called from, time of the first
call). Rows with more than one contact are totals of a week or a month, written at its last date, with cumulative time.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crisiskit.simulate.frame import stream
from crisiskit.simulate.tables import Simulated, simulate
from crisiskit.simulate.text import delimited, save, some, us_date, us_time, worded

ASSAULT_CENTERS = ("Amber House", "Beacon Center", "Cedar Door", "Dawn Desk")
VIOLENCE_CENTERS = ("Evergreen Hub", "Ferry Office", "Garden Rooms")
GENDERS = {
    "female": "Female", "male": "Male", "transgender": "Transgender", "nonbinary": "Non-binary", "other": "Other",
    "unknown": "Unknown",
}
RACES = {
    "white": "White", "black": "Black/African American", "hispanic": "Hispanic/Latino", "asian": "Asian",
    "american_indian_alaska_native": "American Indian/Alaska Native", "other": "Other", "unknown": "Unknown",
}
SERVICES = {"infonet_non_client": "Non-Client Crisis Intervention", "infonet_hotline": "Hotline Call"}
SAME = {
    "Type of Intervention": "Type", "Call Type": "Type", "Intervention Date": "Date", "Hotline Call Date": "Date",
}
TOWNS = ("Mill Hollow", "Old Ferry", "Stonebridge", "Upper Fold")
REFERRALS = ("Hospital", "Police", "Self", "State's Attorney", "Friend", "Social service agency")
FIRST, LAST = ("Ada", "Bo", "Cleo", "Dov", "Edda", "Finn"), ("Sampleton", "Mockford", "Testerly")
NAMES = tuple(f"{first} {last}" for last in LAST for first in FIRST)
HOTLINE: dict[str, Any] = {
    "modality": {"in_person": 0, "phone": 1, "video": 0}, "talk_median_min": 25.0, "zero_contacts_share": 0.0,
    "need": {"domestic_violence": 0.8, "sexual_assault": 0.05, "child_safety": 0.05, "legal": 0.05, "other": 0.05},
}

SHARED = {
    "ID": "record number, unique in the export", "Center": "center",
    "Number of Contacts": "whole, 0-999 (hotline 1-999); above 1 the row is a total",
}
WIDE = {
    "ID": SHARED["ID"],
    "Center": f"sexual assault: {', '.join(ASSAULT_CENTERS)}; domestic violence: {', '.join(VIOLENCE_CENTERS)}",
    "Service": "Non-Client Crisis Intervention, Hotline Call",
    "Type": "In-Person, Phone; for hotline calls Hotline Call",
    "Date": "M/d/yyyy, never blank; of a total the last date of its week (ends Sunday) or month",
    "Time of First Call": "h:mm AM/PM, hotline only", "Number of Contacts": SHARED["Number of Contacts"],
    "Total Time": "non-client: HOURS in steps of 0.25; hotline: whole MINUTES, but one center types hours",
    "Client Type": "Victim, Significant Other, Unknown, blank; non-client only",
    "Gender Identity": "words, Unknown, blank; non-client only",
    "Race/Ethnicity": "words, Unknown, blank; non-client only",
    "Age": "years; -1 = unknown, blank = unassigned; non-client only",
    "County": "non-client: of residence; hotline: called from; Out of State and Unknown are codes", "Town": "optional",
    "Township": "optional", "Zip": "optional, leading zeros", "Referral From": "optional", "Referral To": "optional",
    "Staff ID": "STnnn", "Last Revised": "revision stamp, M/d/yyyy h:mm:ss AM/PM",
}
EXPORTS: dict[str, dict[str, str]] = {
    "infonet_non_client": {
        "ID": SHARED["ID"], "Center": SHARED["Center"], "Type of Intervention": "In-Person, Phone",
        "Intervention Date": WIDE["Date"], "Number of Contacts": SHARED["Number of Contacts"],
        "Gender Identity": WIDE["Gender Identity"], "Race/Ethnicity": WIDE["Race/Ethnicity"], "Age": WIDE["Age"],
    },
    "infonet_hotline": {
        "ID": SHARED["ID"], "Center": SHARED["Center"], "Call Type": "Hotline Call", "Hotline Call Date": WIDE["Date"],
        "Number of Contacts": SHARED["Number of Contacts"],
    },
    "infonet_volunteer": {
        "ID": SHARED["ID"], "Center": SHARED["Center"], "Volunteer": "a NAME (invented): drop or hash it",
        "Date": WIDE["Date"],
        "Total Time": "HOURS in steps of 0.25 at sexual-assault centers, whole MINUTES at domestic-violence centers",
        "Number of Contacts": SHARED["Number of Contacts"],
    },
    "infonet_full": WIDE,
}
NOTES = (
    "Rows with Number of Contacts above 1 are totals; the export does not say of a week or a month (truth.json does).",
    "In 2021 everything not in person was counted as Phone.",
)
WARTS: dict[str, Any] = {"out_of_state_share": 0.03, "unknown_county_share": 0.06, "hours_centers": 1}
DEFAULTS: dict[str, Any] = {
    "start": "2021-01-01", "months": 12, "sites": len(ASSAULT_CENTERS), "rate": 22.0, "aggregate_month_share": 0.10,
    "aggregate_week_share": 0.08,
    "missing_kinds": {"unknown": 0.55, "declined": 0, "not_asked": 0, "not_applicable": 0, "blank": 0.45},
}


class Export:
    """One of the four exports, as a form."""

    WARTS, DEFAULTS, NOTES = WARTS, DEFAULTS, NOTES

    def __init__(self, form: str) -> None:
        self.form, self.COLUMNS = form, EXPORTS[form]

    def write(
        self, simulated: Simulated, folder: Path, _: np.random.Generator, warts: dict[str, Any]
    ) -> dict[str, Any]:
        """Write the export and return contacts and minutes as they truly are, and the counts of what was planted.

        The four exports of one seed show the same records.
        """
        drawn = simulated.truth
        calls = simulate(
            "non_client_contact", drawn["seed"] + 1, drawn["months"], drawn["start"], len(drawn["areas"]),
            len(VIOLENCE_CENTERS),
            **{**drawn["settings"], **HOTLINE},
        )
        wide = _wide(simulated, calls, stream(drawn["seed"], "raw infonet"), warts)
        if self.form in SERVICES:
            wide = wide[wide["Service"].eq(SERVICES[self.form])]
        elif self.form == "infonet_volunteer":
            wide = wide[wide["Volunteer"].ne("")]
        cells = wide[[SAME.get(name, name) for name in self.COLUMNS]]
        text = delimited(list(self.COLUMNS), cells.to_numpy(dtype=object).tolist())
        name = save(folder / f"{self.form}.csv", text)
        return {"files": {name: len(wide)}, "records": len(wide)} | _planted(wide)


def _planted(table: pd.DataFrame) -> dict[str, Any]:
    contacts = table["Number of Contacts"].astype(int)
    by = table["Service"] + " / " + table["Center"]
    totals = {f"{length}ly": table.loc[table["_period"].eq(length), "ID"].tolist() for length in ("week", "month")}
    return {
        "contacts": {name: int(n) for name, n in contacts.groupby(by).sum().items()},
        "minutes": {name: int(n) for name, n in table["_minutes"].groupby(by).sum().items()},
        "hours_typed_as_minutes_rows": int(table["_wrong"].sum()), "totals": totals,
        "contacts_in_totals": int(contacts[table["_period"].ne("")].sum()),
        "zero_contact_rows": int(contacts.eq(0).sum()),
        "age_unknown": int(table["Age"].eq("-1").sum()),
        "age_blank": int((table["Age"].eq("") & table["_person"]).sum()),
        "out_of_state": int(table["County"].eq("Out of State").sum()),
        "unknown_county": int(table["County"].eq("Unknown").sum()),
    }


def _wide(simulated: Simulated, calls: Simulated, rng: np.random.Generator, warts: dict[str, Any]) -> pd.DataFrame:
    """Both kinds in one table, by date, with columns of truth (their names begin with _) beside the form's."""
    parts = []
    places = ASSAULT_CENTERS, VIOLENCE_CENTERS
    for found, service, centers in zip((simulated, calls), SERVICES.values(), places, strict=True):
        names = {site: centers[i % len(centers)] for i, site in enumerate(found.truth["sites"])}
        parts.append(_part(found.interventions, service, names, rng, warts))
    table = pd.concat(parts, ignore_index=True).sort_values("_day", kind="stable", ignore_index=True)
    table["ID"] = [str(700001 + i) for i in range(len(table))]
    return table


def _part(
    frame: pd.DataFrame, service: str, names: dict[str, str], rng: np.random.Generator, warts: dict[str, Any]
) -> pd.DataFrame:
    """The cells of one kind, and the truth about them."""
    n, hotline, many = len(frame), service == "Hotline Call", frame["is_aggregate"].astype(bool)
    day = pd.to_datetime(frame["occurred_on"])
    minutes = frame["duration_min"].to_numpy(float)
    if hotline:  # whole minutes, off the quarter-hour lattice
        minutes = np.maximum(minutes + rng.integers(-7, 8, n), 1)
    center = frame["site"].map(names)
    wrong = hotline & center.isin(VIOLENCE_CENTERS[max(len(VIOLENCE_CENTERS) - warts["hours_centers"], 0) :]).to_numpy()
    minutes = np.where(wrong, np.maximum(np.round(minutes / 15), 1) * 15, minutes)
    in_hours = wrong | (not hotline)
    typed = [f"{m / 60:.2f}" if hours else str(int(m)) for m, hours in zip(minutes, in_hours, strict=True)]
    lot = rng.random(n)
    outside, nowhere = (lot < warts["out_of_state_share"], lot >= 1 - warts["unknown_county_share"])
    county = np.where(outside, "Out of State", np.where(nowhere, "Unknown", frame["area_id"]))
    revised = pd.to_datetime(frame["recorded_on"]) + pd.to_timedelta(rng.integers(8 * 3600, 18 * 3600, n), unit="s")
    first_call = day + pd.to_timedelta(rng.integers(0, 1440, n), unit="min")
    volunteer = frame["responder"].eq("volunteer") | (many & (rng.random(n) < 0.4))
    worker = np.where(volunteer, [NAMES[i] for i in rng.integers(0, len(NAMES), n)], "")
    person: dict[str, Any] = {
        "Gender Identity": worded(frame["gender"], GENDERS), "Race/Ethnicity": worded(frame["race_ethnicity"], RACES),
        "Age": _age(frame), "Client Type": _optional(rng, n, ("Victim", "Victim", "Significant Other", "Unknown"), 0.1),
    }
    form = np.where(frame["modality"].eq("in_person"), "In-Person", "Phone")
    return pd.DataFrame({
        "Center": center, "Service": service,
        "Type": service if hotline else form,
        "Date": us_date(day),
        "Time of First Call": [f"{t:%I:%M %p}".lstrip("0") if hotline else "" for t in first_call],
        "Number of Contacts": frame["contacts"].astype(str), "Total Time": typed,
        **{name: "" if hotline else np.where(many, "", values) for name, values in person.items()},
        "County": county, "Town": _optional(rng, n, TOWNS, 0.5),
        "Township": _optional(rng, n, ("North", "South", "West"), 0.7),
        "Zip": _optional(rng, n, ("00501", "00544", "09999", "12345"), 0.4),
        "Referral From": _optional(rng, n, REFERRALS, 0.4),
        "Referral To": _optional(rng, n, REFERRALS, 0.5), "Staff ID": [f"ST{i:03}" for i in rng.integers(1, 25, n)],
        "Last Revised": us_time(revised), "Volunteer": worker, "_day": day, "_minutes": minutes, "_wrong": wrong,
        "_period": np.where(many, frame["time_precision"], ""), "_person": (not hotline) & ~many,
    })


def _age(frame: pd.DataFrame) -> pd.Series:
    """-1 where the form was told that the age is unknown, blank where nothing was typed."""
    unknown = frame["missing"].fillna("").str.contains("age=unknown", regex=False)
    return frame["age"].astype("Int64").astype(str).where(frame["age"].notna(), "").mask(unknown, "-1")


def _optional(rng: np.random.Generator, n: int, words: tuple[str, ...], blank_share: float) -> np.ndarray:
    chosen = np.array(words, object)[rng.integers(0, len(words), n)]
    chosen[some(rng, np.ones(n, bool), int(n * blank_share))] = ""
    return chosen
