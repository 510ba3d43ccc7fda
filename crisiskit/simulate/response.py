"""Calls for service and field responses: who goes, the chain of clocks, how it ends."""

from typing import Any

import numpy as np
import pyarrow as pa

from crisiskit.simulate.events import Events, Scene, treated
from crisiskit.simulate.frame import Codes, draw, keys, lists, lognormal, pick, stream

CALL_TYPES = {
    "mental_health": "MENTAL HEALTH CASE", "suicide": "SUICIDAL PERSON", "substance_use": "OVERDOSE OR INTOXICATION",
    "domestic_violence": "DOMESTIC DISTURBANCE", "sexual_assault": "SEXUAL ASSAULT", "child_safety": "CHILD WELFARE",
    "older_adult": "OLDER ADULT CONCERN", "homelessness": "PERSON WITHOUT SHELTER", "welfare_check": "WELFARE CHECK",
}
ELIGIBLE = ("mental_health", "suicide", "substance_use", "welfare_check", "homelessness")
FLAGS = {
    "arrested": ("arrested",), "hospitalized": ("hospital", "involuntary_hold"), "involuntary": ("involuntary_hold",),
}
NAT = np.datetime64("NaT", "s")


def clocks(settings: dict[str, Any], stage: Scene, found: Events, columns: dict[str, Any]) -> dict[str, np.ndarray]:
    """The chain received, answered, dispatched, enroute, arrived, engaged, cleared, in whole seconds; lognormal steps.

    Dispatch takes longer for lower priority and at night, travel in under-served areas,
    scene by responder. Officers who
    come upon an event are answered, dispatched and on scene at once.
    """
    rng, n = stream(stage.seed, "clocks"), len(found)
    at_once = columns["access"].is_in("officer_initiated")
    slow = found.area >= len(stage.areas) - settings["underserved_areas"]
    priority = np.array(settings["priority_ratio"])[np.clip(columns["priority"].codes, 0, 3)]
    dispatch = settings["dispatch_median_min"] * priority * np.where(found.night, settings["night_ratio"], 1)
    travel = settings["travel_median_min"] * np.where(slow, settings["underserved_ratio"], 1)
    scene = settings["scene_median_min"] * columns["responder"].number(settings["scene_ratio"], 1.0)
    medians = {
        "answered_at": (settings["answer_median_s"], settings["answer_sigma"]),
        "dispatched_at": (60 * dispatch, settings["dispatch_sigma"]),
        "enroute_at": (60 * settings["turnout_median_min"], settings["turnout_sigma"]),
        "arrived_at": (60 * travel, settings["travel_sigma"]),
        "engaged_at": (60 * settings["engage_median_min"], settings["engage_sigma"]),
        "cleared_at": (60 * scene, settings["scene_sigma"]),
    }
    chain, now = {"received_at": found.at}, found.at
    for name, (median, sigma) in medians.items():
        seconds = np.round(lognormal(rng, median, sigma, n)).astype("m8[s]")
        if name in ("engaged_at", "cleared_at"):  # both count from the arrival
            chain[name] = chain["arrived_at"] + seconds
        else:
            now = chain[name] = now + np.where(at_once, np.timedelta64(0, "s"), seconds)
    chain["engaged_at"] = np.minimum(chain["engaged_at"], chain["cleared_at"])
    none = rng.random(n) < settings["no_arrival_share"]
    none |= slow & found.night & (rng.random(n) < settings["night_gap_share"])
    none &= ~at_once
    for name in ("arrived_at", "engaged_at"):
        chain[name] = np.where(none, NAT, chain[name])
    chain["cleared_at"] = np.where(none, chain["enroute_at"] + np.timedelta64(300, "s"), chain["cleared_at"])
    chain["unmet"] = none
    return chain


def endings(
    settings: dict[str, Any], stage: Scene, found: Events, columns: dict[str, Any], none: np.ndarray
) -> dict[str, int]:
    """Outcomes by responder, with the programme's effect on one of them; returns how many it turned aside."""
    rng, n = stream(stage.seed, "endings"), len(found)
    responder = columns["responder"]
    names = list(dict.fromkeys(name for weights in settings["outcome"].values() for name in weights))
    weights = [settings["outcome"].get(who, {"resolved": 1}) for who in responder.names]
    table = np.array([[weight.get(name, 0) for name in names] for weight in weights])
    outcome = Codes(draw(rng.random(n), table[responder.codes]), names)
    truth = {}
    if settings["effect_outcome"] in outcome.names:
        aside = outcome.is_in(settings["effect_outcome"]) & treated(stage, found.area, found.local)
        aside &= rng.random(n) >= settings["effect_ratio"]
        outcome.put(aside, "resolved")
        truth["turned_aside"] = int(aside.sum())
    outcome.put(none & (rng.random(n) < 0.5), "unable_to_locate")
    outcome.put(none & ~outcome.is_in("unable_to_locate"), "cancelled")
    met = ~none
    columns["outcome"] = outcome
    second = Codes(np.where((rng.random(n) < 0.12) & met & ~outcome.is_in("referred"), 0, -1), ["referred"])
    columns["outcomes"] = lists(outcome, second)
    columns["referred"] = (outcome.is_in("referred") | (second.codes == 0)).astype(float)
    for flag, codes in FLAGS.items():
        columns[flag] = outcome.is_in(*codes).astype(float)
    for flag in ("force", "injury_subject", "injury_responder"):
        happened = rng.random(n) < responder.number(settings[f"{flag}_share"], 0.0)
        columns["force_used" if flag == "force" else flag] = np.where(met, happened, np.nan)
    calm = rng.random(n) < responder.number(settings["deescalated_share"], 0.7)
    recorded = met & (rng.random(n) < settings["deescalation_recorded_share"])
    columns["deescalated"] = np.where(recorded, calm, np.nan)
    called = rng.random(n) < settings["police_called_share"]
    columns["police_involved"] = (called | responder.is_in("police", "cit_officer", "co_responder")).astype(float)
    return truth


def responses(
    settings: dict[str, Any], stage: Scene, found: Events, kind: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """All columns but the person's, of dispatch events or field responses, and the truth about them."""
    rng, n = stream(stage.seed, "responses"), len(found)
    drawn = ("need", "access", "priority", "risk", "responder")
    columns: dict[str, Any] = {name: pick(rng, n, settings[name]) for name in drawn}
    weapon, triaged = rng.random(n) < settings["weapon_share"], rng.random(n) < settings["triaged_share"]
    final = pick(rng, n, settings["need"])
    final.codes = np.where(rng.random(n) < settings["reclassified_share"], final.codes, columns["need"].codes)
    second = pick(rng, n, settings["need"])
    second.codes[rng.random(n) >= settings["second_need_share"]] = -1
    eligible = columns["need"].is_in(*ELIGIBLE) & ~weapon & ~columns["risk"].is_in("imminent")
    cit, units = columns["responder"].is_in("cit_officer"), 1 + (rng.random(n) < settings["second_unit_share"])
    asked = cit | (rng.random(n) < settings["cit_requested_share"])
    sent = cit | (asked & (rng.random(n) < 0.6))
    chain = clocks(settings, stage, found, columns)
    none = chain.pop("unmet")
    truth = endings(settings, stage, found, columns, none)
    minutes = (chain["cleared_at"] - chain["dispatched_at"]).astype(float) / 60
    blank = ~none & (rng.random(n) < settings["missing_arrival_share"])
    on_scene = np.where(none | blank, np.nan, (chain["cleared_at"] - chain["arrived_at"]).astype(float) / 60)
    chain["arrived_at"] = np.where(blank, NAT, chain["arrived_at"])
    if kind == "call_for_service":
        chain.pop("engaged_at")
    else:
        columns["end_point"] = _end_points(columns["outcome"])
    columns |= chain | {
        "needs": lists(columns["need"], second), "weapon": weapon.astype(float), "triaged": triaged.astype(float),
        "eligible": np.where(triaged, eligible, np.nan), "units": units.astype(float),
        "duration_min": np.round(on_scene, 4),
        "responder_min": np.round(units * minutes, 4),
        "wait_s": (chain["answered_at"] - chain["received_at"]).astype(float),
        "cit_requested": asked.astype(float), "cit_dispatched": sent.astype(float),
        "cit_arrived": (sent & ~none & (cit | (rng.random(n) < 0.9))).astype(float),
        "call_type_initial": _types(columns["need"]), "call_type_final": _types(final), "modality": "in_person",
        "time_precision": "second", "contacts": np.ones(n), "area_basis": "incident",
        "program": "patrol and crisis response",
        "person_key": keys(found.person, stage.seed, rng.random(n) < settings["person_key_share"]),
        "agency": "Simulated County Dispatch" if kind == "call_for_service" else "Simulated Crisis Services",
    }
    truth |= {"not_reached": int(none.sum()), "arrival_left_blank": int(blank.sum())}
    return columns, truth | {"responders": columns["responder"].counts()}


def _end_points(outcome: Codes) -> Codes:
    """How the response itself ended: the person was met, unless the outcome says otherwise."""
    ends = ("unable_to_locate", "refused", "cancelled")
    return Codes(outcome.codes, [name if name in ends else "engaged" for name in outcome.names])


def _types(need: Codes) -> pa.Array:
    return Codes(need.codes, [CALL_TYPES.get(name, name.upper()) for name in need.names]).arrow()
