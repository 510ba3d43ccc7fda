"""Rates per population: contacts of an area over the person-years of the people who live in it.

The numerator and the denominator come from different files, so that the join is the measure: what matched, what stood
on one side only, and what was left out is counted and said. Contacts without a place are in no rate and in its bounds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from ibis import _

from crisiskit.errors import UserError
from crisiskit.measures import dimensions
from crisiskit.measures.answer import finish, nothing, plain, pooled, ratio, tally
from crisiskit.measures.intervals import garwood
from crisiskit.measures.outcomes import UNDECIDED
from crisiskit.measures.period import CALENDAR, Observed, bounds, observed
from crisiskit.measures.population import AREA, PERSON, groups_held, person_years, residents, stand_in, summed
from crisiskit.measures.request import NUMBERS, Request, Why, count, missing
from crisiskit.measures.standard import Standard, parse, standardised
from crisiskit.standard import dictionary

EXTRAS = ("per", "population", "years", "bound_low", "bound_high")
"""`per` is null where the value is no ratio of numerator and denominator; `population` is a mean over the years."""

NO_AREA, NO_GROUP, NO_PERIOD = "no population for the area", "no population for the group", "no one period"
OUTSIDE, OTHER_BASIS = "outside the period", "area basis is not"
OPEN = tuple(kind for kind in dictionary.KINDS if kind != "not_applicable")
"""Codes of a person column that say that its value applies and is not known."""

BASES = {
    "incident": "a rate of incidents in a place per resident of it, not of its residents",
    "caller_origin": "contacts that came from the area per resident of it; callers need not live there",
    "agency": "the service sits in the area; the people whom it helps may live elsewhere",
    "other": "what stands in the area is not known",
    None: "area_basis is not recorded: contacts and residents may not mean the same place",
}
"""What to say where the contacts' area is not the place of residence, which is the meaning of the population's area."""


@dataclass(frozen=True)
class Joined:
    """Contacts by cell with the reasons why they cannot be used, and the person-years that they were joined to."""

    cells: pd.DataFrame
    why: Why
    exposure: pd.DataFrame
    period: Observed
    notes: Mapping[tuple, str]


def rate_per_population(request: Request) -> pd.DataFrame:
    """Contacts per population and year, by area unless `by` says otherwise, with exact Poisson limits.

    `by` may hold area_id, area_level, year, month, fiscal_year, a person column that the population is broken down by,
    and any other column; a rate without area_id is that of all areas of a level together. Areas without a contact are
    rows with 0. `attrs["join"]` of the answer holds the join: areas matched, and those on one side only.
    """
    request = request if request.by else replace(request, by=("area_id",))
    standard = parse(request.variant.get("standard"))
    _check_keys(request, standard)
    counted, why = _counted(request, standard)
    rows = int(counted["_rows"].sum())
    recorded = {name: int(counted[f"recorded_{name}"].sum()) for name in request.measure.needs[0]}
    if not all(recorded.values()):
        return nothing(request, extras=EXTRAS, rows=rows, here=recorded)
    if "counts" not in request.tables.tables:
        return _refused(request, "not recorded in this source: table 'counts'", rows)
    asked = [*request.by, *request.where, *([standard.by] if standard else [])]
    persons = [name for name in PERSON if name in asked]
    people = residents(request, request.variant["population"], persons)
    if people.empty:
        return _refused(request, _lacking(request, persons), rows)
    kept = [name for name in persons if name in request.by or (standard and name == standard.by)]
    refusal = _mixed(request, counted)
    if refusal:
        return _refused(request, refusal, rows)
    return _answer(request, standard, _joined(request, counted, why, summed(people, kept), kept))


def _check_keys(request: Request, standard: Standard | None) -> None:
    for name in (*request.by, *request.where):
        if name in dimensions.DIMENSIONS and name not in CALENDAR:
            raise UserError(f"measure '{request.measure.id}': a population has no '{name}'; use {', '.join(CALENDAR)}")
    if standard and standard.by in request.by:
        raise UserError(f"standard: '{standard.by}' cannot be both a stratum and in by")


def _refused(request: Request, reason: str, rows: int) -> pd.DataFrame:
    """Answer one row without a number, with the reason."""
    return nothing(request, extras=EXTRAS).assign(reasons=reason, rows_left_out=rows)


def _lacking(request: Request, persons: Sequence[str]) -> str:
    name, held = request.variant["population"], groups_held(request, request.variant["population"])
    if not persons:
        return f"not recorded in this source: totals of measure '{name}' by area in table 'counts'"
    return (f"not recorded in this source: measure '{name}' by {', '.join(persons)} in table 'counts' "
            f"(it is there by {', '.join(held) or 'nothing'})")


def _counted(request: Request, standard: Standard | None) -> tuple[pd.DataFrame, Why]:
    """Count the contacts by group, area, basis and stratum; conditions that the person's place or group be known."""
    also = [name for name in (*AREA, "area_basis") if name not in request.by] + ([standard.by] if standard else [])
    table = request.rows(also=also)
    why: list = [("contacts missing", _.contacts.isnull()), ("period missing", _.period_start.isnull())]
    asked = bounds(request)
    if asked.start or asked.end:
        why.append((OUTSIDE, asked.outside()))
    if request.variant["basis"]:
        why.append((f"{OTHER_BASIS} {request.variant['basis']}",
                    _.area_basis.isnull() | (_.area_basis != request.variant["basis"])))
    for column in ("area_id", *([standard.by] if standard else [])):
        why += [(f"{column} {label}", condition) for label, condition in missing(table, column)]
    cells = count(request, table, why, also=also, recorded=request.measure.needs[0])
    whole = cells[[*AREA, "area_basis"]].astype("object")
    return cells.assign(**whole.where(whole.notna(), None)), why


def _mixed(request: Request, cells: pd.DataFrame) -> str:
    """Say why the contacts cannot stand in one figure: areas of several kinds, or of several meanings."""
    used = cells[cells["_why"] == -1]
    for column, what in (("area_basis", "meanings"), ("area_level", "levels")):
        values = used[column].map(lambda value: value or "not recorded").unique()
        if len(values) > 1 and column not in request.by:
            return (f"refused: areas of several {what} in one figure ({', '.join(sorted(values))}); "
                    f"add {column} to by, or choose one in where")
    return ""


def _joined(request: Request, cells: pd.DataFrame, why: Why, people: pd.DataFrame, persons: Sequence[str]) -> Joined:
    """Join contacts and person-years by area, group and period; what stands on one side only gets its reason."""
    quiet = [place for place, (label, _condition) in enumerate(why) if label == OUTSIDE]
    used = cells["_why"].isin([-1, *quiet])  # an area whose contacts are all of another period has none in this one
    levels = set(people["area_level"].dropna())
    own = set(cells.loc[used, "area_level"].dropna())
    if not levels and len(own) == 1:
        people = people.assign(area_level=next(iter(own)))
    if len(levels) == 1 and "area_level" not in request.by:  # a level not recorded can only mean the one there is
        cells = cells.assign(area_level=cells["area_level"].fillna(next(iter(levels))))
    people = people[people["area_level"].isin(set(cells.loc[used, "area_level"]))]
    if request.variant["areas"] == "contacts":
        people = people[people["area_id"].isin(set(cells.loc[used, "area_id"]))]
    times = [name for name in request.by if name in (*CALENDAR, "source")]
    period = observed(request)
    exposure, notes = _exposure(period, cells.loc[used, times].drop_duplicates(), people, [*AREA, *persons], times)
    here = {plain(row) for row in exposure[list(AREA)].itertuples(index=False)}
    whole = {plain(row) for row in exposure[[*AREA, *persons]].itertuples(index=False)}
    joint = {plain(row) for row in exposure[[*times, *AREA, *persons]].itertuples(index=False)}
    steps = ((NO_AREA, [*AREA], here), (NO_GROUP, [*AREA, *persons], whole), (NO_PERIOD, [*times, *AREA, *persons],
                                                                            joint))
    places = cells["_why"].to_numpy().copy()
    for position, (_label, keys, known) in enumerate(steps, len(why)):
        lost = np.array([plain(row) not in known for row in cells[keys].itertuples(index=False)], bool)
        places = np.where((places == -1) & lost, position, places)
    labels = [(label, _.contacts.isnull()) for label, _keys, _known in steps]  # judged here, not in the engine
    return Joined(cells.assign(_why=places), [*why, *labels], exposure, period, notes)


def _exposure(period: Observed, moments: pd.DataFrame, people: pd.DataFrame, keys: Sequence[str],
              times: Sequence[str]) -> tuple[pd.DataFrame, Mapping[tuple, str]]:
    """Return person-years by time key, area and group with `years` of each, and by time key what stood in for what."""
    parts, notes = [], {}
    for moment in [dict(zip(times, row, strict=True)) for row in moments.itertuples(index=False)] if times else [{}]:
        found = [(window, person_years(people, window, keys)) for window in period.windows(moment)]
        parts += [part.assign(years=window.years, **moment) for window, part in found]
        notes[plain(moment.values())] = "; ".join(filter(None, [*period.notes, *(
            stand_in(part, window) for window, part in found)]))
    columns = [*times, *keys]
    empty = pd.DataFrame(columns=[*columns, "person_years", "years"]).astype({"person_years": float, "years": float})
    if not parts:
        return empty, notes
    return pd.concat(parts).groupby(columns, as_index=False)[["person_years", "years"]].sum(), notes


def _answer(request: Request, standard: Standard | None, joined: Joined) -> pd.DataFrame:
    """Build the groups, with rows of 0 for areas without a contact, and their numbers, bounds and reasons."""
    cells, by, per = joined.cells, list(request.by), float(request.variant["per"])
    groups = _with_empty(request, tally(request, cells, joined.why), joined)
    used = cells[cells["_why"] == -1]
    total = used.groupby("_group")["_contacts"].sum().reindex(groups["_group"], fill_value=0).to_numpy("float64")
    low, high = garwood(total, request.variant["confidence"])
    base = groups["person_years"]
    rates = {name: per * ratio(pd.Series(np.asarray(values), groups.index), base)
             for name, values in (("value", total), ("low", low), ("high", high))}
    groups = groups.assign(numerator=total, denominator=base, **rates, per=per, unknown=_unknown(joined, groups, by),
                           population=ratio(base, groups["years"]), bound_low=rates["value"])
    groups["bound_high"] = groups["value"] + per * ratio(groups["unknown"], base)
    notes = _notes(request, groups, joined)
    if standard:
        groups, more = standardised(groups, used, joined.exposure, by, standard, per, request.variant["confidence"])
        notes = {index: "; ".join(filter(None, [text, more.get(index, "")])) for index, text in notes.items()}
    groups["_group"] = groups.index
    empty = _empty(groups) & base.notna()
    lost = (groups["rows_used"] == 0) & ~empty
    groups.loc[lost, ["bound_low", "bound_high"]] = np.nan
    frame = finish(request, groups, notes, extras=EXTRAS, needs=[])
    frame.loc[empty.to_numpy(), list(NUMBERS)] = groups.loc[empty, list(NUMBERS)].to_numpy("float64")
    return _labelled(request, standard, frame, joined)


def _empty(groups: pd.DataFrame) -> pd.Series:
    """Tell which groups truly have no contact: no row at all, or none but those of other periods or bases."""
    lost = [name for name in groups if name.startswith("left ") and not name.startswith(("left " + OUTSIDE,
                                                                                       "left " + OTHER_BASIS))]
    return (groups["rows_used"] == 0) & (groups[lost].sum(axis=1) == 0)


def _with_empty(request: Request, groups: pd.DataFrame, joined: Joined) -> pd.DataFrame:
    """Give each group its person-years, and add the groups that have person-years and no row; sorted by keys."""
    by = list(request.by)
    keys = [name for name in by if name in joined.exposure]
    sums = {"person_years": ("person_years", "sum"), "years": ("years", "max")}
    grid = joined.exposure.groupby(keys or (lambda _row: 0), as_index=False).agg(**sums)
    others = [name for name in by if name not in keys]
    if others:
        grid = grid.merge(groups.loc[groups["rows_used"] > 0, others].drop_duplicates(), how="cross")
    place = {plain(row[:-2]): row[-2:] for row in grid[[*by, *sums]].itertuples(index=False, name=None)}
    held = [plain(row) for row in groups[by].itertuples(index=False)]
    groups[list(sums)] = np.array([place.get(row, (np.nan, np.nan)) for row in held], float).reshape(-1, 2)
    fresh = [(*key, *values) for key, values in place.items() if key not in set(held)]
    rows = pd.DataFrame(fresh, columns=[*by, *sums]).reindex(columns=groups.columns)
    rows = rows.fillna({name: 0 for name in groups if name not in (*by, *sums, "aggregate_share")})
    rows["_group"] = range(len(groups), len(groups) + len(rows))
    whole = pd.concat([groups, rows.astype(groups.dtypes.drop(by).to_dict())]) if fresh else groups
    return whole.sort_values(by, na_position="last", ignore_index=True)


def _unknown(joined: Joined, groups: pd.DataFrame, by: Sequence[str]) -> np.ndarray:
    """Return the contacts that could belong to each group: those whose area, person group or stratum is not known.

    A contact without an area could be in any area, but only of its own group and period; so for the other keys.
    """
    labels = [label for label, _condition in joined.why]
    doubtful = [place for place, label in enumerate(labels) if label.split(" ", 1)[-1] in UNDECIDED]
    cells, persons = joined.cells, [name for name in by if name in (*PERSON, "area_basis")]
    blank = pd.DataFrame({name: cells[name].isna() | cells[name].isin(OPEN) for name in persons}, index=cells.index)
    away = cells["_why"].isin([place for place in doubtful if labels[place].startswith("area_id ")])
    without = cells["_why"].isin(doubtful) | ((cells["_why"] == labels.index(NO_GROUP)) & blank.any(axis=1))
    found = np.zeros(len(groups))
    for pattern, rows in cells[without].groupby([away[without], *(blank.loc[without, name] for name in persons)]):
        free = set(AREA) if pattern[0] else set()
        free |= {name for name, unknown in zip(persons, pattern[1:], strict=True) if unknown}
        keys = [name for name in by if name not in free]
        sums: dict[tuple, float] = {}
        for row, contacts in zip(rows[keys].itertuples(index=False), rows["_contacts"], strict=True):
            sums[plain(row)] = sums.get(plain(row), 0.0) + float(contacts)
        found += [sums.get(plain(row), 0.0) for row in groups[keys].itertuples(index=False)]
    return found


def _notes(request: Request, groups: pd.DataFrame, joined: Joined) -> dict[int, str]:
    """Write, for each group, what its rate means and rests on beyond the rows left out."""
    used = joined.cells[joined.cells["_why"] == -1]
    basis = used["area_basis"].iloc[0] if len(used) else "residence"
    join = _join(joined)
    counts = ", ".join(f"{len(areas)} {name}" for name, areas in join.items())
    several = pooled(request, request.rows(), ("source", "record_kind"), groups)
    times = [name for name in request.by if name in (*CALENDAR, "source")]
    texts = {}
    for index, row in groups.iterrows():
        meaning = BASES.get(row["area_basis"] if "area_basis" in request.by else basis, "")
        parts = [meaning, joined.notes[plain(row[times])]] if row["person_years"] > 0 else []
        parts += ["population is 0"] if row["person_years"] == 0 else []
        if row["_rows"] == 0:
            parts.append("no contact recorded here: 0 holds only where the service covers the area")
        if "area_id" not in request.by:
            parts.append(f"areas: {counts}")
        texts[int(index)] = "; ".join(filter(None, [*parts, several.get(row["_group"], "")]))
    return texts


def _join(joined: Joined) -> dict[str, list[str]]:
    """Return the areas that matched and those that stand on one side only."""
    lost = [label for label, _condition in joined.why].index(NO_AREA)
    apart = set(joined.cells.loc[joined.cells["_why"] == lost, "area_id"])
    here = set(joined.cells.loc[joined.cells["_why"].isin([-1, lost + 1, lost + 2]), "area_id"])
    return {"matched": sorted(here), "with contacts only": sorted(apart - here),
            "with population only": sorted(set(joined.exposure["area_id"]) - here)}


def _labelled(request: Request, standard: Standard | None, frame: pd.DataFrame, joined: Joined) -> pd.DataFrame:
    """Complete the label with the period and the standard, and attach the join."""
    windows = list(map(str, joined.period.spans.values()))
    parts = ["", f"person-time of {' and '.join(dict.fromkeys(windows))}"]
    if standard:
        weights = "pooled population" if standard.weights is None else "given weights"
        kind = "ratio to the rates of all areas" if standard.method == "indirect" else weights
        parts.append(f"{standard.method}ly standardised by {standard.by} ({kind})")
    frame["label"] = frame["label"] + ", ".join(parts)
    frame.attrs |= {"label": frame["label"].iloc[0], "join": _join(joined)}
    return frame
