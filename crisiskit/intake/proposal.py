"""From matched columns to the column maps of a drafted mapping, each with its confidence, examples and reason."""

import re
from typing import Any

from crisiskit.intake import cells, evidence, kinds
from crisiskit.intake.headers import synonyms
from crisiskit.intake.identifiers import NAME, PHONE, plain
from crisiskit.intake.lines import UNITS, Line, Table_, source_of
from crisiskit.intake.matching import HIGH, LOW, MEDIUM, UNSURE, Choice, code_of, codes_for, flag, is_yes_no, series
from crisiskit.intake.moments import dated, labelled
from crisiskit.intake.profile import Profile
from crisiskit.standard import dictionary

MOST_CODES, MOST_OTHERS = 60, 15


def missing_of(choice: Choice, blanks: set[str]) -> dict[str, str]:
    """The spellings of missing that the table does not name already; one that is a code of the column is none."""
    found: dict[str, str] = {}
    for p in (choice.source, *choice.source.parts, *choice.also):
        found |= {v: kind for v, kind in p.missing.items() if cells.fold(v) not in blanks}
    coded = choice.column in synonyms()["codes"]
    found = {v: k for v, k in found.items() if not (coded and code_of(choice.column, v))}
    flagged = dictionary.table("interventions").columns[choice.column].type == "boolean"
    if flagged or choice.column in ("gender", "race_ethnicity"):
        found |= {v: "unknown" for v in choice.source.values if flag(v) == UNSURE}
    if choice.column in ("age", "area_id"):
        found |= {v: "unknown" for v in found if v.startswith("-")}
    if choice.column in ("latitude", "longitude"):
        found |= {v: "blank" for v in choice.source.values if not v.strip("0.")}
    if choice.column == "person_key":
        found |= _nobody(choice.source)
    kept: dict[str, str] = {}
    for value, kind in found.items():
        if cells.fold(value) not in map(cells.fold, kept):
            kept[value] = kind
    return kept


def _nobody(p: Profile) -> dict[str, str]:
    """Values of a person's identifier that stand for nobody, such as Anonymous: words, or one value in many rows."""
    often = max(20, 0.02 * p.rows)
    digits = p.identifier == PHONE or sum(any(map(str.isdigit, v)) for v in p.values) > 0.5 * len(p.values)
    return {
        v: "unknown"
        for v, n in p.values.items()
        if n > often and (p.identifier == NAME or digits and not any(map(str.isdigit, v)))
    }


def line_of(choice: Choice, base: Table_, chosen: dict[str, Choice]) -> Line | str:
    """The line of one choice, or the reason (text) why it is not proposed after all."""
    p, column = choice.source, dictionary.table("interventions").columns[choice.column]
    spec = source_of(choice, base.files)
    line = Line(choice.column, spec, _label(choice), choice.confidence, choice.why, p.examples(), p.share)
    missing = missing_of(choice, base.blanks)
    if missing:
        spec["missing"] = missing
    if p.decimal == "," and column.type in ("integer", "number"):
        spec["decimal"] = ","
    if column.type in ("timestamp", "date", "local"):
        dated(line, choice, spec, chosen.get("received_at"))
        labelled(line, spec, base.zone)
    elif column.type == "boolean":
        _flagged(spec, p)
    elif choice.column in ("duration_min", "wait_s"):
        refused = _unit(line, choice, spec, base, chosen)
        if refused:
            return refused
    elif choice.column in synonyms()["codes"]:
        _coded(line, choice, spec)
    if choice.column == "person_key":
        spec["hash"] = "true"
        line.after.append("a keyed hash: the identifier itself is not stored")
    return line


def _label(choice: Choice) -> str:
    parts = choice.source.parts or (choice.source, *choice.also)
    return (" + " if choice.source.parts else " / ").join(part.name for part in parts)


def _flagged(spec: dict[str, Any], p: Profile) -> None:
    told = [v for v in p.values if flag(v) != UNSURE]
    yes = [
        v
        for v in told
        if flag(v) in synonyms()["yes_words"].split() or (not flag(v).startswith("not-") and not is_yes_no(p))
    ]
    no = [v for v in told if v not in yes]
    known = {*cells.YES, *cells.NO}
    if any(cells.fold(v) not in known for v in told):
        spec |= {"yes": yes} if yes else {}
        spec |= {"no": no} if no else {}


def _coded(line: Line, choice: Choice, spec: dict[str, Any]) -> None:
    """The codes block: spellings that are known, and as a comment those that someone has to judge."""
    known = {*dictionary.table("interventions").columns[choice.column].codes, *cells.FOUR}
    values: dict[str, int] = {}
    for p in (choice.source, *choice.also):
        for value, n in p.values.items():
            values[value] = values.get(value, 0) + n
    told = [v for v in values if choice.codes.get(v)]
    codes: dict[str, str] = {}
    for value in told[:MOST_CODES]:
        if cells.fold(value) not in known and cells.fold(value) not in map(cells.fold, codes):
            codes[value] = choice.codes[value]
    others = [v for v in values if not choice.codes.get(v)]
    typed = choice.column == "need" and len(values) > 30
    if typed:
        codes["*"] = "other"
        line.after.append("all other call types are `other` here and keep their words in call_type_initial")
    if codes:
        spec["codes"] = codes
    if others:
        shown = ", ".join(f"{v[:40]} ({values[v]:,})" for v in others[:MOST_OTHERS])
        more = f" and {len(others) - MOST_OTHERS:,} more" if len(others) > MOST_OTHERS else ""
        line.after.append(f"no code is known for: {shown}{more}" + ("" if typed else "; add them to codes"))


def _unit(line: Line, choice: Choice, spec: dict[str, Any], base: Table_, chosen: dict[str, Choice]) -> str | None:
    """Settle the unit of a duration: by the header, the spelling, the clocks; else it is found at reading (auto)."""
    p = choice.source
    said = p.unit or next((unit for unit, pattern in UNITS.items() if re.search(pattern, p.words)), None)
    found, why = (
        evidence.unit_by_clocks(base.rows, p, chosen)
        if p.kind != "clock" and choice.column == "duration_min"
        else (None, "")
    )
    if p.kind == "clock":
        spec["unit"], why = kinds.length_unit(p.words, p.values)
        line.after += [why] if why else []
    elif found or said:
        spec["unit"] = found or said
        if found and said and found != said:
            line.confidence = LOW
            why += f", although the header says {said}"
        line.after += [why] if why else []
    elif choice.column == "wait_s":
        spec["unit"], line.confidence = "seconds", MEDIUM
        line.after.append("the header names no unit: taken as seconds; check it")
    elif {"received_at", "cleared_at"} <= chosen.keys() or _middle(p) > 180:
        return "a duration whose header names no unit, and the clocks do not tell it"
    else:
        spec["unit"] = "auto"
        line.after.append("the header names no unit: it is found from the values, site by site, or set aside")
    return None


def _middle(p: Profile) -> float:
    numbers = sorted(float(v.replace(",", ".")) for v in p.values if re.fullmatch(r"\d+([.,]\d+)?", v))
    return numbers[len(numbers) // 2] if numbers else 0.0


def needs_line(base: Table_, chosen: dict[str, Choice]) -> Line | None:
    """`needs` out of numbered reasons, or out of yes/no columns whose headers name a need."""
    numbered = series(base.profiles)
    need = chosen.get("need")
    if need and need.source.name in numbered:
        members = [p for p in numbered[need.source.name] if p.kind != "empty"]
        codes: dict[str, str] = {}
        for p in members:
            codes = {v: c for v, c in codes_for("need", p).items() if c and cells.fold(v) != c} | codes
        spec = {"gather": [p.name for p in members]} | ({"codes": codes} if codes else {})
        return Line("needs", spec, f"{members[0].name} ... {members[-1].name}", need.confidence, "numbered columns")
    taken = {choice.source.name for choice in chosen.values()}
    flags: dict[str, str] = {}
    for p in base.profiles:
        code = code_of("need", p.words) if p.name not in taken and is_yes_no(p) else None
        if code and code not in flags:
            flags[code] = p.name
    if len(flags) < 2:
        return None
    return Line(
        "needs",
        {"flags": flags, **({"optional": "true"} if base.files > 1 else {})},
        ", ".join(flags.values()),
        MEDIUM,
        "yes/no columns whose headers name a need; other such columns can be added",
    )


def outcomes_line(choice: Choice, files: int) -> Line | None:
    """`outcomes` where cells hold several dispositions that also stand alone."""
    values = choice.source.values if not choice.also else {}
    for sign in (";", "|", ","):
        several = {v: [part.strip() for part in v.split(sign)] for v in values if sign in v}
        split = {v: parts for v, parts in several.items() if all(part in values for part in parts)}
        if split and sum(values[v] for v in split) >= 0.005 * sum(values.values()):
            codes = {v: c for v, c in choice.codes.items() if c and v not in split and cells.fold(v) != c}
            spec = source_of(choice, files) | {"split": sign} | ({"codes": codes} if codes else {})
            return Line(
                "outcomes",
                spec,
                choice.source.name,
                choice.confidence,
                f"cells with several, such as {next(iter(split))}",
            )
    return None


def constants(base: Table_, chosen: dict[str, Choice], names: str) -> list[Line]:
    """What the table says by being what it is: kind of record, kind and basis of the area."""
    words = f"{names} {' '.join(p.words for p in base.profiles)}"
    kinds = {
        kind: match for kind, pattern in synonyms()["record_kinds"].items() if (match := re.search(pattern, words))
    }
    order = ["field_response", "hotline_contact", "non_client_contact", "call_for_service"]
    if "field_response" not in kinds and {"dispatched_at", "arrived_at", "priority"} & chosen.keys():
        order = ["call_for_service"]
    found = next((kind for kind in order if kind in kinds), "")
    why = f"because of '{kinds[found][0]}'" if found else "nothing tells it; check it"
    lines = [Line("record_kind", {"constant": found or "call_for_service"}, "", MEDIUM if found else LOW, why)]
    lines = [] if "record_kind" in chosen else lines
    area = chosen.get("area_id")
    if area:
        level = next(
            (k for k, pattern in synonyms()["area_levels"].items() if re.search(pattern, area.source.words)), "other"
        )
        lines.append(Line("area_level", {"constant": level}, "", HIGH, f"header '{area.source.name}'"))
        basis = next(
            (k for k, pattern in synonyms()["area_basis"].items() if re.search(pattern, area.source.words)), ""
        )
        if basis or found == "call_for_service":
            lines.append(Line("area_basis", {"constant": basis or "incident"}, "", MEDIUM, "check it"))
    return lines


def slug(text: str, fallback: str = "source") -> str:
    """A name for a mapping or a measure: lower case, words joined by underscores, a letter first."""
    name = re.sub(r"[^a-z0-9]+", "_", plain(text)).strip("_")
    return name if name[:1].isalpha() else f"{fallback}_{name}" if name else fallback
