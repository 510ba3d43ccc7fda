"""Raw files with warts: each form as a system would export it, with README.txt and truth.json beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crisiskit.errors import UserError, nearest
from crisiskit.simulate import raw_cad, raw_hotline, raw_infonet, raw_mobile
from crisiskit.simulate.defaults import KINDS, STAGE
from crisiskit.simulate.frame import stream
from crisiskit.simulate.settings import overlay
from crisiskit.simulate.tables import simulate, write_json

FORMS: dict[str, tuple[str, Any]] = {  # form -> kind that it is drawn from, module that describes and writes it
    "cad": ("call_for_service", raw_cad),
    "hotline": ("hotline_contact", raw_hotline),
    "mobile_crisis": ("field_response", raw_mobile),
    **{form: ("non_client_contact", raw_infonet.Export(form)) for form in raw_infonet.EXPORTS},
}


def write_raw(form: str, folder: Path, seed: int = 144, months: int | None = None, **given: Any) -> dict[str, Any]:
    """Write the raw files of a form, README.txt and truth.json into `folder`; returns the truth.

    `given`: the form's warts (counts and shares), areas, sites, start, and any setting of the kind it is drawn from.
    Raises UserError for an unknown form, setting or value.
    """
    settings = form_settings(form, given if months is None else {**given, "months": months})
    kind, module = FORMS[form]
    warts = {name: settings.pop(name) for name in module.WARTS}
    simulated = simulate(kind, seed=seed, **settings)
    if not len(simulated.interventions):
        raise UserError(f"{form}: these settings draw no record at all; raise rate ({settings['rate']}) or months")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    planted = module.write(simulated, folder, stream(seed, f"raw {form}"), warts)
    truth = {
        "simulated": True, "form": form, "seed": seed, "written": [*planted["files"], "README.txt", "truth.json"],
        "warts": warts, "planted": planted, "drawn_from": simulated.truth,
    }
    write_json(folder / "truth.json", truth)
    write_readme(folder, f"form '{form}', seed {seed}", module.COLUMNS, module.NOTES)
    return truth


def form_settings(form: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of a form: its kind's, its own defaults over them, its warts, and `given` over all."""
    if form not in FORMS:
        raise UserError(f"'{form}' is no raw form (known: {', '.join(FORMS)}){nearest(form, FORMS)}")
    kind, module = FORMS[form]
    return overlay(overlay({**KINDS[kind], **STAGE, **module.WARTS}, module.DEFAULTS, form), given, form)


def write_readme(folder: Path, what: str, columns: Mapping[str, str], notes: tuple[str, ...]) -> None:
    """Say SIMULATED, and what each column holds."""
    lines = [f"SIMULATED data, {what}. No real person, event or agency stands behind a row.", "", "Columns"]
    lines += [f"  {name}: {meaning}" for name, meaning in columns.items()]
    lines += ["", "Notes", *(f"  {note}" for note in notes), ""]
    lines += ["truth.json holds what was drawn and what was planted.", ""]
    (folder / "README.txt").write_bytes("\n".join(lines).encode())
