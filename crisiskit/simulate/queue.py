"""Hotline contacts: waiting, patience, abandonment and redials."""

from dataclasses import fields
from typing import Any

import numpy as np

from crisiskit.simulate.events import Events, Scene, to_local
from crisiskit.simulate.frame import Codes, keys, lists, lognormal, pick, stream

NAT = np.datetime64("NaT", "s")


def with_redials(
    settings: dict[str, Any], stage: Scene, found: Events
) -> tuple[Events, dict[str, np.ndarray], dict[str, Any]]:
    """Let every event wait in the queue; who abandons may dial again.

    An offered contact is answered when its wait (lognormal, longer at night) is not longer than the caller's patience
    (lognormal); else it is abandoned after the patience. Redials are further contacts of the same person, at most five.
    Returns all contacts in order of time, their wait [s], whether answered, whether a redial, and the truth.
    """
    rng = stream(stage.seed, "queue")
    end = (stage.days[-1] + 1).astype("M8[s]")
    rounds, now, redial = [], found, 0
    while redial == 0 or (len(now) and redial <= 5):
        n = len(now)
        median = settings["wait_median_s"] * np.where(now.night, settings["night_ratio"], 1.0)
        wait = np.maximum(np.round(lognormal(rng, median, settings["wait_sigma"], n)), 1)
        patience = np.maximum(np.round(lognormal(rng, settings["patience_median_s"], settings["patience_sigma"], n)), 1)
        answered = wait <= patience
        rounds.append((now, np.minimum(wait, patience), answered, np.full(n, redial > 0)))
        gap = np.round(lognormal(rng, 60 * settings["redial_median_min"], settings["redial_sigma"], n))
        at = now.at + (np.minimum(wait, patience) + gap).astype("m8[s]")
        local = to_local(at, settings["time_zone"])
        again = ~answered & (rng.random(n) < settings["redial_share"]) & (local < end)
        now = Events(now.area[again], at[again], local[again], now.person[again], now.repeat[again])
        redial += 1
    parts = [part for part, *_ in rounds]
    names = [field.name for field in fields(Events)]
    together = [np.concatenate([getattr(part, name) for part in parts]) for name in names]
    order = np.lexsort((together[0], together[1]))
    places = {"wait": 1, "answered": 2, "redial": 3}
    state = {name: np.concatenate([part[i] for part in rounds])[order] for name, i in places.items()}
    return Events(*(values[order] for values in together)), state, {
        "offered": len(order), "answered": int(state["answered"].sum()), "abandoned": int((~state["answered"]).sum()),
        "redials": int(state["redial"].sum()), "callers_first_calls": len(found),
    }


def calls(settings: dict[str, Any], stage: Scene, found: Events, state: dict[str, np.ndarray]) -> dict[str, Any]:
    """All columns but the person's, of line contacts; what is learnt in the talk is null where nobody answered."""
    rng, n = stream(stage.seed, "calls"), len(found)
    answered, wait = state["answered"], state["wait"]
    talk = np.maximum(np.round(lognormal(rng, settings["talk_median_min"], settings["talk_sigma"], n)), 1)
    picked = found.at + wait.astype("m8[s]")
    columns: dict[str, Any] = {name: pick(rng, n, settings[name]) for name in ("need", "risk", "outcome")}
    second = pick(rng, n, settings["need"])
    second.codes[(rng.random(n) >= settings["second_need_share"]) | ~answered] = -1
    for column in columns.values():
        column.put(~answered, None)
    modality = pick(rng, int(found.person.max()) + 1 if n else 0, settings["modality"]).take(found.person)
    before = np.clip(np.round(settings["distress_median"] + 1.6 * rng.standard_normal(n)), 0, 10)
    after = np.clip(np.round(before - settings["distress_drop"] + 1.2 * rng.standard_normal(n)), 0, 10)
    rated = answered & (rng.random(n) < 0.4)
    hidden = rng.random(int(found.person.max()) + 1 if n else 0) >= settings["person_key_share"]
    return columns | {
        "needs": lists(columns["need"], second), "outcomes": lists(columns["outcome"], Codes(np.full(n, -1), [])),
        "referred": np.where(answered, columns["outcome"].is_in("referred"), np.nan),
        "police_involved": np.where(answered, rng.random(n) < settings["police_called_share"], np.nan),
        "modality": modality, "access": "hotline",
        "responder": Codes(np.where(answered, rng.random(n) < 0.3, -1), ["counselor", "volunteer"]),
        "offered": np.ones(n), "answered": answered.astype(float), "abandoned": (~answered).astype(float),
        "contacts": np.ones(n),
        "received_at": found.at, "answered_at": np.where(answered, picked, NAT),
        "abandoned_at": np.where(answered, NAT, picked),
        "cleared_at": np.where(answered, picked + (60 * talk).astype("m8[s]"), NAT), "wait_s": wait,
        "duration_min": np.where(answered, talk, np.nan),
        "distress_before": np.where(rated, before, np.nan), "distress_after": np.where(rated, after, np.nan),
        "time_precision": "second", "area_basis": "caller_origin", "agency": "Simulated Help Line", "program": "line",
        "person_key": keys(found.person, stage.seed, ~hidden[found.person] if n else np.zeros(0, bool)),
    }
