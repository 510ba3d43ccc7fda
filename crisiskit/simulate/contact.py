"""Non-client contacts: anonymous help, known to the day, some of it entered as weekly or monthly totals."""

from typing import Any

import numpy as np
import pyarrow as pa

from crisiskit.simulate.events import Events, Scene
from crisiskit.simulate.frame import Codes, lists, lognormal, pick, stream


def contacts(settings: dict[str, Any], stage: Scene, found: Events) -> dict[str, Any]:
    """All columns but the person's, of single contacts; durations in minutes, on the quarter-hour lattice."""
    rng, n = stream(stage.seed, "contacts"), len(found)
    columns: dict[str, Any] = {name: pick(rng, n, settings[name]) for name in ("need", "modality", "outcome")}
    second = pick(rng, n, settings["need"])
    second.codes[rng.random(n) >= settings["second_need_share"]] = -1
    minutes = np.maximum(np.round(lognormal(rng, settings["talk_median_min"], settings["talk_sigma"], n) / 15), 1) * 15
    late = np.minimum(np.floor(rng.exponential(4, n)), 120).astype("m8[D]")
    day = found.local.astype("M8[D]")
    return columns | {
        "needs": lists(columns["need"], second), "outcomes": lists(columns["outcome"], Codes(np.full(n, -1), [])),
        "referred": columns["outcome"].is_in("referred").astype(float),
        "contacts": (rng.random(n) >= settings["zero_contacts_share"]).astype(float), "duration_min": minutes,
        "responder": Codes((rng.random(n) < settings["volunteer_share"]).astype(int), ["advocate", "volunteer"]),
        "access": pick(rng, n, {"hotline": 0.3, "walk_in": 0.35, "referral": 0.35}),
        "occurred_on": day, "period_start": day, "period_end": day, "recorded_on": day + late,
        "is_aggregate": np.zeros(n), "time_precision": Codes(np.zeros(n), ["day"]), "area_basis": "residence",
        "agency": "Simulated Advocacy Network", "program": "non-client crisis intervention",
    }


def entered(
    settings: dict[str, Any], stage: Scene, columns: dict[str, Any], site: np.ndarray, area: np.ndarray
) -> tuple[dict[str, Any], np.ndarray, dict[str, Any]]:
    """What the sites type: some site-months as totals, some sites in hours. Returns columns, rows kept, truth."""
    minutes = float(columns["duration_min"].sum())
    columns, kept, totals = aggregated(settings, stage, columns, site, area)
    blank_on_totals(columns)
    first = max(len(stage.sites) - settings["hours_sites"], 0)
    columns["duration_min"] = np.where(site[kept] >= first, columns["duration_min"] / 60, columns["duration_min"])
    return columns, kept, {"minutes": minutes, "hours_sites": list(stage.sites[first:]), "aggregate": totals}


def aggregated(
    settings: dict[str, Any], stage: Scene, columns: dict[str, Any], site: np.ndarray, area: np.ndarray
) -> tuple[dict[str, Any], np.ndarray, dict[str, int]]:
    """Fold the contacts of some site-months into one row per month or week, area and modality, as busy
    sites enter them.

    Such a row holds the sum of contacts and minutes, the period, and its last date; what differs between its contacts
    (need, person, outcome) is null. Groups of one stay single records. Returns columns, the rows kept, and the truth.
    """
    rng = stream(stage.seed, "aggregates")
    day = columns["occurred_on"]
    month = day.astype("M8[M]")
    place = site * len(stage.months) + (month - stage.months[0]).astype(int)
    lot = rng.random(len(stage.sites) * len(stage.months))[place]
    monthly = lot < settings["aggregate_month_share"]
    weekly = ~monthly & (lot < settings["aggregate_month_share"] + settings["aggregate_week_share"])
    monday = day - ((day.astype(int) + 3) % 7).astype("m8[D]")
    first = np.where(monthly, month.astype("M8[D]"), np.maximum(monday, month.astype("M8[D]")))
    last_of_month = (month + 1).astype("M8[D]") - 1
    last = np.where(monthly, last_of_month, np.minimum(monday + 6, last_of_month))
    together = monthly | weekly
    columns["contacts"] = np.where(together, 1, columns["contacts"])
    modality, day_number = columns["modality"].codes.astype(int), (first.astype("M8[D]") - stage.days[0]).astype(int)
    modalities = len(columns["modality"].names)
    label = ((place * len(stage.areas) + area) * modalities + modality) * len(stage.days) + day_number
    _, keep, group, size = np.unique(
        np.where(together, label, -1 - np.arange(len(day))), return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(keep)
    keep, total = keep[order], {name: np.bincount(group, columns[name])[order] for name in ("contacts", "duration_min")}
    many = size[order] > 1
    folded = {name: _rows(values, keep) for name, values in columns.items()} | total
    for name in ("period_end", "occurred_on"):
        folded[name] = np.where(many, last[keep], day[keep])
    folded["period_start"] = np.where(many, first[keep], day[keep])
    folded["recorded_on"] = np.maximum(folded["recorded_on"], folded["occurred_on"])
    folded["is_aggregate"] = many.astype(float)
    for name, rows in (("month", monthly[keep] & many), ("week", weekly[keep] & many)):
        folded["time_precision"].put(rows, name)
    return folded, keep, {
        "rows": int(many.sum()), "monthly_rows": int((monthly[keep] & many).sum()),
        "weekly_rows": int((weekly[keep] & many).sum()),
        "contacts": int(total["contacts"][many].sum()), "minutes": int(total["duration_min"][many].sum()),
    }


def blank_on_totals(columns: dict[str, Any]) -> None:
    """A period total has no need, outcome or worker of its own."""
    many = columns["is_aggregate"] > 0
    for name in ("need", "outcome", "access", "responder"):
        columns[name].put(many, None)
    for name in ("needs", "outcomes"):
        columns[name] = columns[name].take(pa.array(np.arange(len(many)), mask=many))
    columns["referred"] = np.where(many, np.nan, columns["referred"])


def _rows(values: Any, keep: np.ndarray) -> Any:
    if isinstance(values, Codes):
        return values.take(keep)
    return values if isinstance(values, str) else values.take(keep)
