"""Balance and overlap of compared encounters as tables, and what could be wrong, judged by stated lines."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.impact.result import Check, Status
from crisiskit.impact.weighting import standardised

if TYPE_CHECKING:
    import pandas as pd

SIDES = ("programme", "comparison")
BALANCED, OFF_BALANCE = 0.1, 0.25
"""Standardised differences up to which a covariate counts as balanced, and above which not (Austin 2009; Stuart)."""

LITTLE_LOST, MUCH_LOST = 0.05, 0.2
"""Shares of the programme's encounters without a counterpart, up to which nothing is said, and above which the estimate
speaks of too few of them."""

EVENTS = 5
"""Events in each group below which an interval by a normal approximation is not to be believed."""


def balance_table(columns: "pd.DataFrame", treated: np.ndarray, weight: np.ndarray) -> "pd.DataFrame":
    """Means of each level or measurement and their standardised difference, before (all) and after (weighted)."""
    import pandas as pd

    rows = []
    for name in columns:
        x = columns[name].to_numpy("float64")
        rows.append({
            "covariate": name, "programme": x[treated].mean(), "comparison": x[~treated].mean(),
            "programme_weighted": np.average(x[treated], weights=weight[treated]),
            "comparison_weighted": np.average(x[~treated], weights=weight[~treated]),
            "before": standardised(x, treated), "after": standardised(x, treated, weight),
        })  # fmt: skip
    return pd.DataFrame(rows)


def histogram_table(score: np.ndarray, treated: np.ndarray) -> "pd.DataFrame":
    """Encounters of each group by propensity, in steps of 0.05."""
    import pandas as pd

    edges = np.linspace(0, 1, 21)
    counts = [np.histogram(score[side], edges)[0] for side in (treated, ~treated)]
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:]} | dict(zip(SIDES, counts, strict=True)))


def flow_table(flow: Mapping[str, tuple[int, int]]) -> "pd.DataFrame":
    """Encounters of each group left after each step."""
    import pandas as pd

    return pd.DataFrame([(step, *counts) for step, counts in flow.items()], columns=["step", *SIDES])


def checks(
    balance: "pd.DataFrame", table: "pd.DataFrame", missing: "pd.DataFrame", flow: Mapping[str, tuple[int, int]]
) -> tuple[Check, ...]:
    """Balance, overlap, recording, events, and what nobody recorded; `flow` runs from all rows to those compared."""
    weighted = table[table["method"] == "weighted"]
    return (_balance(balance), _overlap(flow, weighted), _recorded(weighted, missing), _events(weighted),
            _unrecorded(weighted))  # fmt: skip


def _judged(value: float, good: float, bad: float) -> Status:
    return "pass" if value <= good else "warn" if value <= bad else "fail"


def _balance(balance: "pd.DataFrame") -> Check:
    before, after = (float(np.abs(balance[name]).max()) for name in ("before", "after"))
    worst = balance.loc[np.abs(balance["after"]).idxmax(), "covariate"]
    return Check(
        "encounter_balance", "Are the groups alike in the covariates?", _judged(after, BALANCED, OFF_BALANCE),
        f"largest standardised difference {before:.2f} before and {after:.2f} after weighting ({worst}); up to "
        f"{BALANCED:g} counts as balanced", {"before": before, "after": after}, table=balance,
    )  # fmt: skip


def _overlap(flow: Mapping[str, tuple[int, int]], weighted: "pd.DataFrame") -> Check:
    start, end = flow["eligible, of either group"], flow["inside the overlap limits"]
    lost = 1 - end[0] / start[0]
    size = float(weighted["effective_comparison"].min())
    return Check(
        "encounter_overlap", "Have the programme's encounters counterparts?", _judged(lost, LITTLE_LOST, MUCH_LOST),
        f"{start[0] - end[0]} of {start[0]} of the programme's encounters have no counterpart and are left out "
        f"({lost:.1%}); the {end[1]} others that remain weigh like {size:.0f}",
        {"left_out_share": lost, "effective_comparison": size},
    )  # fmt: skip


def _recorded(weighted: "pd.DataFrame", missing: "pd.DataFrame") -> Check:
    """Whether the sign of each difference would survive whatever the outcomes that are not recorded were."""
    least = float(missing["recorded_share"].min())
    open_ = weighted[(weighted["bound_low"] < 0) & (weighted["bound_high"] > 0)]
    status: Status = "pass" if least == 1 else "warn"
    if least == 1:
        text = "every outcome is recorded in every encounter"
    elif len(open_):
        text = (f"recorded in {least:.1%} of encounters at least; what is missing could turn the sign of "
                f"{', '.join(open_['outcome'])}")  # fmt: skip
    else:
        text = f"recorded in {least:.1%} of encounters at least; no sign could be turned by what is missing"
        status = "pass"
    return Check("encounter_recorded", "Could outcomes that are not recorded change the answer?", status, text,
                 {"least_recorded_share": least}, "outcomes recorded for every encounter", missing)  # fmt: skip


def _events(weighted: "pd.DataFrame") -> Check:
    least = weighted[["events_programme", "events_comparison"]].min(axis=1)
    few = weighted.loc[least < EVENTS, "outcome"]
    text = f"fewer than {EVENTS} events in a group: {', '.join(few)}" if len(few) else "enough events in both groups"
    return Check("encounter_events", "Are there enough events?", "warn" if len(few) else "pass", text,
                 {"least_events": float(least.min())}, "more months of encounters" if len(few) else "")  # fmt: skip


def _unrecorded(weighted: "pd.DataFrame") -> Check:
    """How strong a reason nobody recorded would have to be; no record can say whether there is one."""
    words = [
        f"{row['outcome']} {row['e_value']:.2f} (limit {row['e_value_limit']:.2f})"
        for row in weighted.to_dict("records") if np.isfinite(row["e_value"]) and np.isfinite(row["e_value_limit"])
    ]  # fmt: skip
    numbers = {f"e_value_{row['outcome']}": float(row["e_value"]) for row in weighted.to_dict("records")}
    text = ("risk ratio with both the responder and the outcome that something unrecorded would need to explain the "
            f"figure away: {', '.join(words)}; a limit of 1 needs nothing") if words else "no risk ratio is defined"
    return Check("encounter_unrecorded", "How strong must an unrecorded reason be?", "not possible", text, numbers,
                 "what dispatchers knew when they chose whom to send")  # fmt: skip
