"""Every check, always, in one order."""

from collections.abc import Callable

from crisiskit.impact.checks.curve import definition_curve
from crisiskit.impact.checks.dose import dose_ceiling
from crisiskit.impact.checks.leave_out import leave_one_area_out, leave_one_period_out
from crisiskit.impact.checks.placebo import placebo_date, placebo_outcome
from crisiskit.impact.checks.recording import coding_change, date_choice, reporting
from crisiskit.impact.checks.shocks import covid, shocks
from crisiskit.impact.checks.spill_over import neighbours, outside_hours
from crisiskit.impact.material import Material
from crisiskit.impact.result import Check

CHECKS: tuple[Callable[[Material], Check], ...] = (
    placebo_date, placebo_outcome, leave_one_area_out, leave_one_period_out, neighbours, outside_hours, reporting,
    date_choice, coding_change, covid, shocks, dose_ceiling, definition_curve,
)  # fmt: skip
"""Named as their ids; none is optional."""


def run_all(material: Material) -> tuple[Check, ...]:
    """The findings of every check, in the order of CHECKS; data that cannot answer give 'not possible', no error."""
    return tuple(check(material) for check in CHECKS)
