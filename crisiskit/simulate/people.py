"""Who: age, gender and the rest, and the mechanism by which they go missing, in the five kinds."""

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crisiskit.simulate.frame import Codes, lognormal, pick, stream

BANDS = (0, 8, 10, 12, 14, 16, 18, 20, 30, 40, 50, 60, 65)
BAND_NAMES = tuple(f"{low}-{above - 1}" for low, above in pairwise(BANDS)) + ("65+",)


class Tokens:
    """The column `missing`: tokens like `age=unknown`, gathered for columns that are not text."""

    def __init__(self, n: int) -> None:
        self.parts: list[pa.Array] = []
        self.n = n

    def add(self, column: str, kinds: Codes) -> None:
        """Note the kind of missing of `column`, row by row; blank and present leave no token."""
        kinds = kinds.copy()
        kinds.put(kinds.is_in("blank"), None)
        tokens = pc.binary_join_element_wise(column, kinds.arrow(), "=")
        self.parts.append(pc.fill_null(pc.binary_join_element_wise(tokens, ";", ""), ""))

    def arrow(self) -> pa.Array:
        if not self.parts:
            return pa.nulls(self.n, pa.string())
        joined = pc.utf8_rtrim(pc.binary_join_element_wise(*self.parts, ""), ";")
        return pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), joined)


def people(settings: dict[str, Any], seed: int, person: np.ndarray) -> dict[str, Any]:
    """Complete person columns; a person who comes again is the same."""
    rng = stream(seed, "people")
    last = int(person.max()) + 1 if len(person) else 0
    age = np.clip(np.floor(lognormal(rng, settings["age_median"], settings["age_sigma"], last)), 5, 97)
    columns: dict[str, Any] = {"age": age[person]}
    for name in ("gender", "race_ethnicity", "language", "housing"):
        columns[name] = pick(rng, last, settings[name]).take(person)
    columns["veteran"] = ((rng.random(last) < settings["veteran_share"]) & (age >= 18))[person].astype(float)
    columns["relation"] = pick(rng, len(person), settings["relation"])
    return columns


def go_missing(
    settings: dict[str, Any], seed: int, columns: dict[str, Any], tokens: Tokens, asked: np.ndarray | None = None
) -> dict[str, Any]:
    """Take values away in place and return the truth about it: complete shares, and what went, by field and group.

    A field's value goes with its share, at random (MCAR), but for `mnar_field`: there the group `mnar_group` loses it
    `mnar_ratio` times as often (at most 95 %), so that shares among the known are biased against that group.
    Rows outside `asked` (contacts that nobody answered) are blank, and stand in no share.
    """
    truth: dict[str, Any] = {}
    for name, share in settings["missing"].items():
        rng = stream(seed, f"missing {name}")
        values, n = columns[name], len(columns[name])
        chance = np.full(n, share)
        if name == settings["mnar_field"] and isinstance(values, Codes):
            chance[values.is_in(settings["mnar_group"])] = min(share * settings["mnar_ratio"], 0.95)
        here = np.ones(n, bool) if asked is None else asked
        gone = (rng.random(n) < chance) & here
        kinds = pick(rng, n, settings["missing_kinds"])
        mechanism = "MNAR" if name == settings["mnar_field"] else "MCAR"
        truth[name] = {"mechanism": mechanism, "asked": int(here.sum()), "missing": int(gone.sum())}
        truth[name]["kinds"] = kinds.take(gone).counts()
        if isinstance(values, Codes):
            truth[name]["complete"] = values.take(here).counts()
            truth[name]["missing_by_group"] = values.take(gone).counts()
            for kind in settings["missing_kinds"]:
                values.put(gone & kinds.is_in(kind), None if kind == "blank" else kind)
            values.put(~here, None)
        else:
            columns[name] = np.where(gone | ~here, np.nan, values)
            kinds.put(~gone, None)
            tokens.add(name, kinds)
    return truth


def age_bands(age: np.ndarray) -> Codes:
    """Age bands of the field's forms; null where age is."""
    known = ~np.isnan(age)
    position = np.searchsorted(BANDS, np.where(known, age, 0), side="right") - 1
    return Codes(np.where(known, position, -1), BAND_NAMES)
