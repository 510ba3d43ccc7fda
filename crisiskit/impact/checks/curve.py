"""The definition curve: the same estimate under every defensible choice, so that no one choice carries it.

Source of the idea: Simonsohn, Simmons and Nelson, "Specification curve analysis", Nature Human Behaviour 4 (2020)
1208-1214. The variants share their data, so that their number is no count of independent confirmations.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.impact.checks.common import Tried, attempt, conclusion, said, share, significant, table_of
from crisiskit.impact.checks.variants import Variant, Variants, most
from crisiskit.impact.material import Material, Quick
from crisiskit.impact.result import Check, Status

if TYPE_CHECKING:
    import pandas as pd

FAIL_SIGN, FAIL_SIGNIFICANT = 0.9, 0.5
PASS_SIGN, PASS_SIGNIFICANT = 0.95, 0.75
"""Shares of the variants with the sign of the main estimate, and with an effect at LEVEL in its direction."""

NULL_SIGNIFICANT = 0.1
"""Where the main estimate is none that can be told from chance: more variants than this with an effect are a doubt."""

TITLE = "Other defensible choices"
KEYS = list(Variant._fields)


def definition_curve(material: Material) -> Check:
    """The estimate under other outcomes, dates, areas, models and windows.

    The full cross of choices where it is within `variants.most`, else those that differ in one choice and a draw of the
    rest. With a significant main estimate: fail where fewer than FAIL_SIGN of the estimable variants share its sign, or
    fewer than FAIL_SIGNIFICANT are significant in its direction; pass from PASS_SIGN and PASS_SIGNIFICANT on; warn in
    between. Without: warn where more than NULL_SIGNIFICANT of them are significant, else pass. Table: outcome, date,
    areas, model, window, ESTIMATE (note: why there is no estimate).
    """
    variants = Variants(material)
    every, limit = variants.every(), most(material.whole)
    tried: list[Tried] = []
    for item in variants.in_order():
        if sum(one.quick is not None for one in tried) >= limit:
            break
        tried.append(Tried(tuple(item), material.main) if item == variants.main else
                     attempt(tuple(item), _estimate, material, variants, item))  # fmt: skip
    place = {tuple(item): at for at, item in enumerate(every)}
    table = table_of(sorted(tried, key=lambda one: place[one.keys]), KEYS)  # type: ignore[index]
    known = [item.quick for item in tried if item.quick]
    if len(known) < 2:
        why = next((item.note for item in tried if item.note), "the question gives one choice only")
        return Check("definition_curve", TITLE, "not possible", f"No other variant can be estimated: {why}.",
                     asks="definitions, further dates of the outcome, or alternative_areas.", table=table)  # fmt: skip
    return _judged(material.main, known, table, len(every))


def _estimate(material: Material, variants: Variants, item: Variant) -> Quick:
    found: Quick = material.refit(variants.panel(item), model=item.model)
    return found


def _judged(main: Quick, known: Sequence[Quick], table: "pd.DataFrame", planned: int) -> Check:
    signs = np.array([np.sign(q.b) for q in known])
    calls = np.array([conclusion(q) for q in known])
    way = np.sign(main.b)
    same, backed = float((signs == way).mean()), float((calls == way).mean())
    any_call = float((calls != 0).mean())
    relative = np.array([q.relative for q in known])
    relative = relative[np.isfinite(relative)]
    status: Status
    if not significant(main):
        status = "warn" if any_call > NULL_SIGNIFICANT else "pass"
    elif same < FAIL_SIGN or backed < FAIL_SIGNIFICANT:
        status = "fail"
    else:
        status = "pass" if same >= PASS_SIGN and backed >= PASS_SIGNIFICANT else "warn"
    numbers = {"variants": float(len(table)), "estimable": float(len(known)), "possible": float(planned),
               "same_sign": same, "significant_same": backed, "significant_any": any_call}  # fmt: skip
    finding = (f"Of {len(known)} variants that can be estimated ({planned} possible), {same:.0%} have the sign of the "
               f"main estimate and {backed:.0%} show an effect at 5 % in its direction")  # fmt: skip
    if len(relative):
        rank = int((relative < main.relative).sum()) + 1
        numbers |= {"lowest": float(relative.min()), "median": float(np.median(relative)),
                    "highest": float(relative.max()), "rank": float(rank)}  # fmt: skip
        finding += (f". They go from {share(relative.min())} to {share(relative.max())} (median "
                    f"{share(float(np.median(relative)))}); the main one, {said(main)}, is number {rank} from the "
                    "lowest")  # fmt: skip
    return Check("definition_curve", TITLE, status, f"{finding}.", numbers, table=table)
