"""What the command line and the demo call: a kind or a form by name, into a folder of its own."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from crisiskit.errors import UserError, nearest
from crisiskit.simulate import counts
from crisiskit.simulate.defaults import KINDS, STAGE
from crisiskit.simulate.events import scene
from crisiskit.simulate.raw import FORMS, form_settings, write_raw, write_readme
from crisiskit.simulate.settings import from_words, overlay, settings_for
from crisiskit.simulate.tables import simulate, write_json, write_tables
from crisiskit.simulate.text import delimited, save

DEMO_MONTHS = 26  # two full years, which trend, season and forecast need, and a little more
DEMO_COLUMNS = {
    "cad/": "form cad, see its README", "hotline/": "form hotline, see its README",
    "counts/population.csv": "County, Year, Population, Female, Male",
    "counts/staff_hours.csv": "Month (yyyy-mm), Hour (0-23), Scheduled Hours",
    "counts/offences.csv": "County, Month (yyyy-mm), Targeted Offences, Other Offences, Programme Contacts",
}
DEMO_PROGRAMME: dict[str, Any] = {"areas": 20, "treated": 4, "effect_ratio": 0.75, "rate": 45.0}
"""The demo's programme: from the middle month a quarter fewer targeted offences in four of twenty counties."""


def run_simulate(
    name: str, out: Path, seed: int = 144, months: int | None = None, settings: Mapping[str, Any] | Iterable[str] = ()
) -> list[Path]:
    """Simulate a kind of record as standard tables, a raw form, or `demo`, into `out`; returns the files written.

    `settings`: a mapping, or `key=value` words. Raises UserError for an unknown name, setting or value, and for a
    folder that holds files which were not simulated.
    """
    known = [*KINDS, *FORMS, "demo"]
    if name not in known:
        raise UserError(f"'{name}' cannot be simulated (known: {', '.join(known)}){nearest(name, known)}")
    given = dict(settings) if isinstance(settings, Mapping) else from_words(settings)
    out = Path(out)
    if name == "demo":
        if given:
            raise UserError(f"demo takes a seed and months, and no settings (given: {', '.join(given)})")
        _clear(out)
        return demo(out, seed, months or DEMO_MONTHS)
    given |= {} if months is None else {"months": months}
    if name in FORMS:
        form_settings(name, given)  # settings are checked before the folder is touched
        _clear(out)
        return [out / file for file in write_raw(name, out, seed, **given)["written"]]
    every = overlay({**KINDS[name], **STAGE}, given, name)
    settings_for(name, {key: value for key, value in every.items() if key not in STAGE})
    _clear(out)
    return write_tables(simulate(name, seed=seed, **every), out)


def demo(folder: Path, seed: int = 144, months: int = DEMO_MONTHS) -> list[Path]:
    """Write the raw files of the embedded demo: dispatch, a help line, population, staff hours and offences.

    The dispatch and the line serve the same eight simulated counties. A programme begins in four of them; its offences
    are counted in twenty.
    """
    folder = Path(folder)
    parts = {
        "cad": write_raw("cad", folder / "cad", seed, months, rate=58.0, weeks_per_file=26),
        "hotline": write_raw("hotline", folder / "hotline", seed, months, rate=33.0),
    }
    every = overlay(KINDS["call_for_service"], {}, "demo")
    stage = scene(every, seed, months, STAGE["start"], STAGE["areas"], STAGE["sites"])
    people: dict[tuple[str, str], list[str]] = {}
    for _, value, _, area, first, _, _, _ in counts.population(stage):
        people.setdefault((str(area), str(first)[:4]), []).append(str(int(value)))
    hours = counts.staff_hours(every, stage)
    staff = [[str(first)[:7], str(hour), f"{value:.2f}"] for _, value, _, _, first, _, _, hour in hours]
    rows = [[*key, *values] for key, values in people.items()]
    header = ["County", "Year", "Population", "Female", "Male"]
    save(folder / "counts" / "population.csv", delimited(header, rows))
    save(folder / "counts" / "staff_hours.csv", delimited(["Month", "Hour", "Scheduled Hours"], staff))
    programme = _offences(folder / "counts" / "offences.csv", seed, months)
    written = [f"{part}/{file}" for part, truth in parts.items() for file in truth["written"]]
    written += [*(name for name in DEMO_COLUMNS if name.endswith(".csv")), "README.txt", "truth.json"]
    write_readme(folder, f"the demo, seed {seed}", DEMO_COLUMNS, ("The folders cad and hotline say more.",))
    truth = {"simulated": True, "form": "demo", "seed": seed, "written": written, "programme": programme}
    write_json(folder / "truth.json", truth)
    return [folder / file for file in written]


def _offences(path: Path, seed: int, months: int) -> dict[str, Any]:
    """Write the demo programme's panel as a wide table; returns what was planted in it."""
    made = simulate("programme", seed=seed, months=months, **DEMO_PROGRAMME)
    names = {"targeted_offences": "Targeted Offences", "other_offences": "Other Offences",
             "programme_contacts": "Programme Contacts"}  # fmt: skip
    cells: dict[tuple[str, str], dict[str, str]] = {}
    rows = made.counts[made.counts["measure"].isin(list(names))]
    for row in rows.itertuples(index=False):
        key = (str(row.area_id), str(row.period_start)[:7])
        cells.setdefault(key, {})[str(row.measure)] = str(int(row.value))
    lines = [[*key, *(values[name] for name in names)] for key, values in cells.items()]
    save(path, delimited(["County", "Month", *names.values()], lines))
    return {name: made.truth[name] for name in ("effect", "panel")}


def _clear(folder: Path) -> None:
    """Remove what an earlier simulation wrote; UserError if the folder holds anything else."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UserError(f"{folder} is a file; name a folder that is new, empty, or made by crisiskit simulate")
    truth = folder / "truth.json"
    try:
        content = json.loads(truth.read_bytes()) if truth.is_file() else {}
    except ValueError:
        content = {}
    written = content.get("written", []) if isinstance(content, dict) and content.get("simulated") is True else []
    there = sorted(path for path in folder.rglob("*") if not path.is_dir())
    strange = [path for path in there if path.relative_to(folder).as_posix() not in written]
    if strange:
        raise UserError(f"{folder} holds files that were not simulated, such as {strange[0].name}; name another folder")
    for path in there:
        path.unlink()
