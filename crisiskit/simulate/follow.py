"""What comes after: the follow-up cascade, referrals and first services, needs, surveys, repeat events."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from crisiskit.simulate.frame import Codes, conform, lognormal, numbered, pick, standard, stream

NAT = np.datetime64("NaT", "s")
HOUR, DAY = 3600, 86400
SERVICES = {
    "counseling_individual": 0.45, "support_group": 0.15, "legal_advocacy": 0.15, "shelter": 0.1, "medical": 0.1,
    "information": 0.05,
}


def follow_ups(
    settings: dict[str, Any], seed: int, source: str, first: dict[str, Any]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """All steps after the contacts in `first` (arrays ids, at, known, met, referred, person, repeat) and the truth.

    `met`: contacts in which a person was spoken with; only they are followed. `known`: not anonymous.
    """
    met = np.flatnonzero(first["met"])
    parts: list[pa.Table] = []
    truth: dict[str, Any] = {}
    for make in (_cascade, _referrals, _needs, _surveys, _repeats):
        rows, columns, numbers = make(settings, stream(seed, make.__name__), first, met)
        parts.append(_part(columns, rows, first))
        truth |= numbers
    table = pa.concat_tables(parts)
    n = len(table)
    whole = {name: table[name].combine_chunks() for name in table.column_names}
    whole |= {"follow_up_id": numbered("F", n), "source": source}
    whole |= {"source_file": "simulated", "source_row": np.arange(1, n + 1)}
    return conform(standard(whole, "follow_ups", n)), truth


def _part(columns: dict[str, Any], rows: np.ndarray, first: dict[str, Any]) -> pa.Table:
    at = pa.array(rows)
    linked = {"record_id": first["ids"].take(at), "person_key": first["keys"].take(at)}
    return standard(linked | columns, "follow_ups", len(rows))


def _cascade(settings: dict[str, Any], rng: np.random.Generator, first: dict[str, Any], met: np.ndarray) -> tuple:
    """Offered, consented, attempted, reached: one row per contact that was offered one, or could not be (anonymous)."""
    known = first["known"][met]
    rows = met[~known | (rng.random(len(met)) < settings["offered_share"])]
    n, known = len(rows), first["known"][rows]
    consented = known & (rng.random(n) < settings["consented_share"])
    attempted = consented & (rng.random(n) < settings["attempted_share"])
    reached = attempted & (rng.random(n) < settings["reached_share"])
    tried = np.round(lognormal(rng, HOUR * settings["attempt_median_hours"], settings["attempt_sigma"], n))
    spoken = np.round(lognormal(rng, HOUR * settings["reach_median_hours"], settings["reach_sigma"], n))
    spoken = np.maximum(spoken, tried)
    status = Codes(np.where(~known, 4, np.where(reached, 2, np.where(attempted, 3, np.where(consented, 1, 0)))),
                   ["refused", "consented", "attended", "unreachable", "ineligible"])
    at = first["at"][rows]
    again = rng.random(n) < settings["revictimized_share"]
    first["consented"][rows[known]] = consented[known]
    columns = {
        "step": "follow_up", "status": status, "due_at": np.where(consented, at + np.timedelta64(72 * HOUR, "s"), NAT),
        "attempted_at": np.where(attempted, at + tried.astype("m8[s]"), NAT),
        "reached_at": np.where(reached, at + spoken.astype("m8[s]"), NAT),
        "repeat_victimization": np.where(reached, again, np.nan),
    }
    within = {f"within_{h}_h": int((reached & (spoken <= h * HOUR)).sum()) for h in (24, 48, 72)}
    counts = {"ineligible": ~known, "offered": known, "consented": consented}
    counts |= {"attempted": attempted, "reached": reached}
    return rows, columns, {"follow_up": {name: int(mask.sum()) for name, mask in counts.items()} | within}


def _referrals(settings: dict[str, Any], rng: np.random.Generator, first: dict[str, Any], met: np.ndarray) -> tuple:
    """One row per referral made; accepted, and completed at the first service for those who attend."""
    rows = met[first["referred"][met]]
    n = len(rows)
    accepted = rng.random(n) < settings["accepted_share"]
    attended = accepted & (rng.random(n) < settings["attended_share"])
    wait = lognormal(rng, DAY * settings["first_service_median_days"], settings["first_service_sigma"], n)
    wait = np.round(wait).astype("m8[s]")
    columns = {
        "step": "referral", "status": Codes(np.where(attended, 2, accepted), ["refused", "accepted", "attended"]),
        "completed_at": np.where(attended, first["at"][rows] + wait, NAT),
        "provider": pick(rng, n, {"Simulated Clinic": 0.5, "Simulated Family Center": 0.3, "Simulated Shelter": 0.2}),
        "service": pick(rng, n, SERVICES),
    }
    truth = {"made": n, "accepted": int(accepted.sum()), "attended": int(attended.sum())}
    for days in (7, 14, 30):
        truth[f"first_service_within_{days}_days"] = int((attended & (wait <= np.timedelta64(days * DAY, "s"))).sum())
    return rows, columns, {"referrals": truth}


def _needs(settings: dict[str, Any], rng: np.random.Generator, first: dict[str, Any], met: np.ndarray) -> tuple:
    """One row per domain assessed; a domain that was not assessed leaves no row, one without need has severity 0."""
    rows, domains, severities, mets, truth = [], [], [], [], {}
    for position, (domain, share) in enumerate(settings["need_identified_share"].items()):
        assessed = met[rng.random(len(met)) < settings["assessed_share"]]
        n = len(assessed)
        found = rng.random(n) < share
        severity = pick(rng, n, settings["severity"])
        chance = settings["need_met_share"][domain] * severity.number(settings["severity_met_ratio"], 1.0)
        done = found & (rng.random(n) < chance)
        points = severity.number({name: float(name) for name in severity.names}, np.nan)
        rows.append(assessed)
        domains.append(np.full(n, position))
        severities.append(np.where(found, points, 0.0))
        mets.append(np.where(found, done, np.nan))
        truth[domain] = {"assessed": n, "identified": int(found.sum()), "met": int(done.sum())}
    columns = {
        "step": "needs_assessment", "domain": Codes(np.concatenate(domains), list(settings["need_identified_share"])),
        "severity": np.concatenate(severities), "met": np.concatenate(mets), "instrument": "simulated needs list, 0-3",
    }
    return np.concatenate(rows), columns, {"needs": truth}


def _surveys(settings: dict[str, Any], rng: np.random.Generator, first: dict[str, Any], met: np.ndarray) -> tuple:
    """One row per satisfaction survey that came back."""
    rows = met[rng.random(len(met)) < settings["survey_share"]]
    score = pick(rng, len(rows), settings["satisfaction"])
    points = score.number({name: float(name) for name in score.names}, np.nan)
    first["satisfaction"][rows] = points
    columns = {
        "step": "survey", "status": "attended", "instrument": "simulated satisfaction, 1-5", "item": "total",
        "score": points,
        "completed_at": first["at"][rows] + np.round(rng.exponential(5 * DAY, len(rows))).astype("m8[s]"),
    }
    return rows, columns, {"surveys": {"asked": len(met), "returned": len(rows)}}


def _repeats(settings: dict[str, Any], rng: np.random.Generator, first: dict[str, Any], met: np.ndarray) -> tuple:
    """One row per contact that is a further event of a person already known."""
    rows = np.flatnonzero(first["repeat"] & first["known"])
    return rows, {"step": "repeat_event", "completed_at": first["at"][rows]}, {"repeat_event_rows": len(rows)}


