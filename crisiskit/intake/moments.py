"""Clock columns of a draft: formats, zones and doubts; and an arrival that only a response time tells."""

import re
from dataclasses import replace
from typing import Any

from crisiskit.intake import dates, evidence, kinds
from crisiskit.intake.lines import UNITS, Line, Table_, source_of
from crisiskit.intake.matching import MEDIUM, Choice


def dated(line: Line, choice: Choice, spec: dict[str, Any], received: Choice | None) -> None:
    """Formats and refinements of a clock or day, with remarks on what is doubtful."""
    p = choice.source
    if p.formats:
        spec["formats"] = p.formats[0] if len(p.formats) == 1 else list(p.formats)
    read = p.dates
    if read is None:
        return
    day = p.parts[0] if p.parts else p
    if day.cut or day.utc:
        line.after.append("ALL TIMES BESIDE THE DAY ARE THE SAME, midnight in another zone: the day alone is taken")
    if day.utc:
        spec["zone"] = "UTC"
    if any(form.startswith("epoch") for form in p.formats):
        line.after.append("numbers that count from 1970 in UTC")
    if read.timed and read.midnights > max(2, read.full_hours / 8) and line.column != "occurred_on":
        spec["midnight"] = "missing"
        line.after.append(
            f"{read.midnights:,} times of exactly 0:00 look like dates without a time: they are set aside"
        )
    if read.impossible:
        line.after.append(f"{read.impossible:,} dates such as 1900-01-01 stand for none: they are set aside")
    if p.parts and line.column != "received_at":
        if received and received.source.parts and received.source.parts[0].name == day.name:
            spec["after"] = "received_at"
            line.after.append(f"the day is that of '{day.name}'; a time past midnight is the next day's")
        else:
            line.after.append(f"the day is that of '{day.name}': a time past midnight seems to come first")
    if read.order == "both":
        line.after.append(
            "SOME VALUES PROVE MONTH FIRST AND SOME DAY FIRST: the rest may be read wrongly; ask for ISO dates"
        )
    line.why += f"; {read.first} to {read.last}" if read.first else ""


def labelled(line: Line, spec: dict[str, Any], zone: str) -> None:
    """Labels of a zone in the cells (EST, EDT) say in which zone the column is written; of several, one can be read."""
    formats = [spec["formats"]] if isinstance(spec.get("formats"), str) else list(spec.get("formats", []))
    marked = {form: where for form in formats if (where := evidence.labelled(form))}
    if not marked:
        return
    where = max(sorted(set(marked.values())), key=list(marked.values()).count)
    labels = dates.ZONES[where]
    kept = [form for form in formats if marked.get(form) == where]
    stems = dict.fromkeys(form.rsplit(" ", 1)[0] for form in kept)
    spec["formats"] = list(dict.fromkeys([*kept, *(f"{stem} {label}" for stem in stems for label in labels)]))
    said = ", ".join(labels)
    line.after.append(f"written in {where}, as its label says" if where != zone else f"its labels: {said}")
    if where != zone:
        spec["zone"] = where
    if len(kept) < len(formats):
        line.after.append(f"SOME TIMES HAVE ANOTHER LABEL OR NONE: they are set aside; only {said} is read")
    if len(labels) == 2 and not any(form.endswith(labels[1]) for form in kept):
        said = f"{labels[0]} is read as the clock on the wall in summer too"
        line.after.append(f"NO TIME IS LABELLED {labels[1]}: {said}")


def arrival(base: Table_, chosen: dict[str, Choice]) -> tuple[Line, Choice] | None:
    """`arrived_at` out of the receipt and a response time, where no column holds the arrival and the unit is told."""
    received, taken = chosen.get("received_at"), {choice.source.name for choice in chosen.values()}
    times = [p for p in base.profiles if re.search(r"\bresponse time\b|\bresponse (sec|min)", p.words)]
    times = [p for p in times if p.kind in ("integer", "number", "clock") and not p.unit and p.decimal == "."]
    if "arrived_at" in chosen or not received or len(times) != 1 or times[0].name in taken:
        return None
    p = times[0]
    unit = next((unit for unit, pattern in UNITS.items() if re.search(pattern, p.words)), None)
    if p.kind == "clock":
        unit = kinds.length_unit(p.words, p.values)[0]
    if unit is None or re.search(r"\b(average|avg|mean|median)\b", p.words):
        return None
    why = f"received_at and the {unit} of '{p.name}' after it"
    spec = source_of(received, base.files)
    line = Line("arrived_at", spec, p.name, MEDIUM, why, p.examples(), p.share)
    dated(line, replace(received, column="arrived_at"), spec, None)
    spec["plus"] = {"column": p.name, "unit": unit}
    line.after = ["CHECK WHERE THE RESPONSE TIME BEGINS: at the receipt of the call, as here, or at the dispatch"]
    return line, Choice("arrived_at", replace(p, parts=()), 1.0, MEDIUM, why)
