"""Cost: what a contact or an outcome costs, from minutes of work, wages and fixed costs that the user names.

Volunteers are not paid: their time is valued at a wage of its own, stands in columns of its own, and is in no cost.
"""

from collections.abc import Mapping

import ibis
import numpy as np
import pandas as pd
from ibis import _

from crisiskit.errors import UserError, nearest
from crisiskit.measures.answer import finish, ratio, tally
from crisiskit.measures.intervals import ratio_limits
from crisiskit.measures.request import AGGREGATE, NUMBERS, Request, Why, count, missing
from crisiskit.standard import dictionary

EXTRAS = ("paid_min", "volunteer_min", "labour_cost", "fixed_cost", "volunteer_value", "volunteer_value_per_unit")


def cost_per_contact(request: Request) -> pd.DataFrame:
    """(Paid minutes x wage x funded share + fixed) / contacts, over the rows that have minutes and contacts."""
    table = request.rows()
    return _cost(request, table, [("contacts missing", table.contacts.isnull())], table.contacts.cast("float64"))


def cost_per_outcome(request: Request) -> pd.DataFrame:
    """The cost of all records / the records that ended so.

    The work on records that ended otherwise is part of what the outcome costs.
    """
    codes = dictionary.table("interventions").columns["outcome"].codes
    wanted = request.variant["outcome"]
    if wanted not in codes:
        raise UserError(f"measure '{request.measure.id}': there is no outcome '{wanted}'{nearest(wanted, codes)}")
    table = request.rows()
    why = [AGGREGATE, *((f"outcome {label}", condition) for label, condition in missing(table, "outcome"))]
    return _cost(request, table, why, (table.outcome == wanted).cast("float64"))


def _cost(request: Request, table: ibis.Table, why: Why, units: ibis.Value) -> pd.DataFrame:
    """Answer cost / units; limits are the ratio estimator's for paid minutes per unit, at the wage, plus fixed."""
    minutes = table.responder_min.coalesce(table.duration_min)
    volunteer = (table.responder == "volunteer").fill_null(False)  # who is not known is counted as paid, and said
    table = table.mutate(_units=units, _minutes=minutes, _volunteer=volunteer,
                         _paid=ibis.ifelse(volunteer, 0, minutes))
    clock = [AGGREGATE] if request.by_clock and AGGREGATE not in why else []
    why = [*clock, *why, ("minutes missing", table._minutes.isnull())]
    sums = {"paid_min": _._paid.sum(), "volunteer_min": _._minutes.sum(where=_._volunteer), "units": _._units.sum(),
            "yy": (_._paid * _._paid).sum(), "xy": (_._units * _._paid).sum(), "xx": (_._units * _._units).sum(),
            "one_clock": (_.responder_min.isnull() & _.duration_min.notnull()).sum(),
            "nobody": _.responder.isnull().sum()}
    recorded = list(dict.fromkeys(name for alternative in request.measure.needs for name in alternative))
    groups = tally(request, count(request, table, why, sums, recorded=recorded), why, sums)
    priced = _priced(request, groups)
    return finish(request, priced, _notes(request, priced), extras=EXTRAS,
                  kept={"minutes of the contact, not summed over units": "one_clock",
                        "responder not known, time counted as paid": "nobody"})


def _priced(request: Request, groups: pd.DataFrame) -> pd.DataFrame:
    """Put money on minutes. Fixed costs are allotted to groups by their units, so that the groups add up to them."""
    variant = request.variant
    wage = np.nan if variant["wage_per_h"] is None else variant["wage_per_h"] * variant["funded_share"]
    own = np.nan if variant["volunteer_wage_per_h"] is None else variant["volunteer_wage_per_h"]
    units = groups["units"].astype("float64")
    fixed = variant["fixed"] * ratio(units, pd.Series(units.sum(), units.index))
    labour, given = groups["paid_min"] / 60 * wage, groups["volunteer_min"] / 60 * own
    low, high = ratio_limits(ratio(groups["paid_min"], units), units, groups["rows_used"], groups["yy"], groups["xy"],
                             groups["xx"], variant["confidence"])
    share, per_unit = ratio(fixed, units), wage / 60
    priced = groups.assign(
        numerator=labour + fixed, denominator=units, value=ratio(labour + fixed, units),
        low=np.maximum(low, 0) * per_unit + share, high=high * per_unit + share, labour_cost=labour, fixed_cost=fixed,
        volunteer_value=given, volunteer_value_per_unit=ratio(given, units))
    if variant["wage_per_h"] is None:
        priced[["fixed_cost", *(name for name in NUMBERS if name != "denominator")]] = np.nan
    return priced


def _notes(request: Request, priced: pd.DataFrame) -> Mapping[int, str]:
    """Say what was not given, and what a fixed cost was spread over."""
    variant, notes = request.variant, {}
    for index, row in priced.iterrows():
        parts = []
        if variant["wage_per_h"] is None:
            parts.append("needs wage_per_h: the kit assumes no wage")
        elif variant["fixed"] and row["rows_left_out"]:
            parts.append("fixed cost is spread over the rows used only")
        if variant["wage_per_h"] is not None and row["units"] == 0 and row["rows_used"]:
            parts.append("no unit to divide by")
        if row["volunteer_min"] > 0:
            parts.append("volunteer time is in no cost")
            parts += ["it needs volunteer_wage_per_h to be valued"] if variant["volunteer_wage_per_h"] is None else []
        notes[index] = "; ".join(parts)
    return notes
