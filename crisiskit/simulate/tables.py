"""The simulator itself: one kind of record with known truth, as three standard tables, in memory or as a folder."""

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from crisiskit.simulate import contact, counts, follow, people, queue, response
from crisiskit.simulate.events import Events, Scene, events, scene
from crisiskit.simulate.frame import Codes, conform, numbered, schema, standard
from crisiskit.simulate.settings import settings_for

TABLES = ("interventions", "follow_ups", "counts")


@dataclass(frozen=True)
class Simulated:
    """Three standard tables and the truth they were drawn from."""

    interventions: pd.DataFrame
    follow_ups: pd.DataFrame
    counts: pd.DataFrame
    truth: dict[str, Any] = field(repr=False)


def simulate(
    kind: str, seed: int = 144, months: int = 24, start: str = "2023-01-01", areas: int = 8, sites: int = 4,
    **given: Any
) -> Simulated:
    """Simulate one kind of record (or `programme`, a panel of areas and months) from a seed and settings.

    `given` holds any setting of `crisiskit.simulate.settings.KINDS[kind]`. The same arguments give the same tables.
    Rates are of first events; redials and repeats come on top. Raises UserError for an unknown kind, setting or value.
    """
    settings = settings_for(kind, given)
    stage = scene(settings, seed, months, start, areas, sites)
    found, volume = events(settings, stage)
    truth = _stage_truth(kind, settings, stage) | {"volume": volume}
    totals = counts.population(stage) + counts.staff_hours(settings, stage)
    if kind == "hotline_contact":
        found, state, truth["queue"] = queue.with_redials(settings, stage, found)
        columns = queue.calls(settings, stage, found, state)
        totals += counts.line_totals(stage, found.local, columns)
        met = state["answered"]
    elif kind == "non_client_contact":
        columns, met = contact.contacts(settings, stage, found), np.ones(len(found), bool)
    else:
        columns, truth["response"] = response.responses(settings, stage, found, kind)
        met = ~columns["outcome"].is_in("unable_to_locate", "cancelled")
    if kind == "programme":
        panel_rows, truth["panel"] = counts.panel(settings, stage, found.area, found.local)
        totals += panel_rows
    return _assemble(kind, settings, stage, found, columns, met, totals, truth)


def _assemble(
    kind: str, settings: dict[str, Any], stage: Scene, found: Events, columns: dict[str, Any], met: np.ndarray,
    totals: list[counts.Row], truth: dict[str, Any],
) -> Simulated:
    """Add person, place, period and lineage, let values go missing, and put the tables together."""
    source, anonymous = f"simulated_{kind}", kind == "non_client_contact"
    site = found.area % len(stage.sites)
    columns |= people.people(settings, stage.seed, np.arange(len(found)) if anonymous else found.person)
    columns |= {"area_id": Codes(found.area, stage.areas), "site": Codes(site, stage.sites)}
    after = conform(standard({}, "follow_ups", 0))
    if anonymous:
        columns, kept, truth["entry"] = contact.entered(settings, stage, columns, site, found.area)
        n, met = len(kept), columns["is_aggregate"] == 0
    else:
        n = len(found)
        after, truth["follow_ups"] = _followed(settings, stage, found, columns, met, source)
        day = found.local.astype("M8[D]")
        columns |= {"received_local": found.local, "period_start": day, "period_end": day, "is_aggregate": np.zeros(n)}
    tokens = people.Tokens(n)
    truth["missing"] = people.go_missing(settings, stage.seed, columns, tokens, met)
    columns |= {
        "record_id": numbered("S", n), "source": source, "area_level": "county", "time_zone": settings["time_zone"],
        "record_kind": "field_response" if kind == "programme" else kind, "missing": tokens.arrow(),
        "age_band": people.age_bands(columns["age"]), "source_file": "simulated", "source_row": np.arange(1, n + 1),
    }
    interventions = conform(standard(columns, "interventions", n))
    truth["rows"] = {"interventions": n, "follow_ups": len(after), "counts": len(totals)}
    truth["contacts"] = int(interventions["contacts"].sum())
    return Simulated(interventions, after, counts.table(totals, source), truth)


def _followed(
    settings: dict[str, Any], stage: Scene, found: Events, columns: dict[str, Any], met: np.ndarray, source: str
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The follow-ups of events, and in `columns` what they tell about the events themselves."""
    n, person = len(found), columns["person_key"]
    first = {
        "ids": numbered("S", n), "keys": person, "known": np.asarray(person.is_valid()), "at": found.at, "met": met,
        "referred": columns["referred"] == 1, "repeat": found.repeat,
        "consented": np.full(n, np.nan), "satisfaction": np.full(n, np.nan),
    }
    after, truth = follow.follow_ups(settings, stage.seed, source, first)
    columns |= {name: first[name] for name in ("consented", "satisfaction")}
    return after, truth


def _stage_truth(kind: str, settings: dict[str, Any], stage: Scene) -> dict[str, Any]:
    begins = {name: str(start) for name, start in zip(stage.areas, stage.starts, strict=True) if not np.isnat(start)}
    return {
        "simulated": True, "kind": kind, "seed": stage.seed, "start": str(stage.days[0]), "months": len(stage.months),
        "settings": settings,
        "areas": {
            name: {"ratio": ratio, "population": people}
            for name, ratio, people in zip(stage.areas, stage.ratio.tolist(), stage.population.tolist(), strict=True)
        },
        "sites": list(stage.sites),
        "effect": {"outcome": settings["effect_outcome"], "ratio": settings["effect_ratio"], "treated": begins},
    }


def write_tables(simulated: Simulated, folder: Path) -> list[Path]:
    """Write a standardized folder (Parquet tables, ledger.json, quality.json) and truth.json beside them."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    frames = {name: frame for name in TABLES if len(frame := getattr(simulated, name))}
    paths = []
    for name, frame in frames.items():
        paths.append(folder / f"{name}.parquet")
        pq.write_table(pa.Table.from_pandas(frame, schema(name), preserve_index=False), paths[-1], compression="zstd")
    rows = {name: len(frame) for name, frame in frames.items()}
    written = [f"{name}.parquet" for name in frames] + ["ledger.json", "quality.json", "truth.json"]
    truth = simulated.truth | {"written": written}
    contents = {"ledger": _ledger(simulated, rows), "quality": _quality(simulated), "truth": truth}
    for name, content in contents.items():
        paths.append(folder / f"{name}.json")
        write_json(paths[-1], content)
    return paths


def write_json(path: Path, content: Any) -> None:
    """Write JSON in one layout on every platform."""
    path.write_bytes((json.dumps(content, indent=1, ensure_ascii=False, default=_plain) + "\n").encode())


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value)}")


def _ledger(simulated: Simulated, rows: dict[str, int]) -> dict[str, Any]:
    total = sum(rows.values())
    file = {
        "file": "simulated", "sha256": None, "bytes": None, "encoding": None, "delimiter": None, "format": "simulated",
        "rows_read": total,
        "standardized": total, "collapsed": 0, "excluded": 0, "quarantined": 0, "rejected": 0,
        "notes": ["SIMULATED: drawn from stated laws, no real record"],
    }
    return {
        "source": f"simulated_{simulated.truth['kind']}", "closes": True, "files": [file], "reasons": [],
        "unmapped_columns": {}, "unmapped_codes": [],
        "tables": rows,
    }


def _quality(simulated: Simulated) -> dict[str, Any]:
    source, frame = f"simulated_{simulated.truth['kind']}", simulated.interventions
    aggregate = frame["is_aggregate"].astype(bool)
    contacts, total = int(frame.loc[aggregate, "contacts"].sum()), int(frame["contacts"].sum())
    share = contacts / total if total else None
    about = {
        "source": source, "publisher": "crisiskit simulate",
        "dataset": f"SIMULATED {simulated.truth['kind']}, seed {simulated.truth['seed']}",
        "address": "", "licence": "MIT",
        "cannot_tell": ["anything about real people: every record is drawn from stated laws (truth.json)"],
        "changes": [], "time_zone": simulated.truth["settings"]["time_zone"], "simulated": True, "next_export": [],
    }
    return {
        "source": [source], "checks": [], "units": [], "about": [about],
        "duplicates": {"exact_duplicate_rows": 0, "groups": 0},
        "aggregate": {"rows": int(aggregate.sum()), "contacts": contacts, "share_of_contacts": share},
    }
