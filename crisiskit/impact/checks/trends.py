"""The checks of trends before the start: by the event study where there is one, else by what lies before any start."""

from collections.abc import Callable

from crisiskit.errors import UserError
from crisiskit.impact import honest, pretrends
from crisiskit.impact.panel import Panel
from crisiskit.impact.result import Check, Estimate

PRE, HONEST = "pre_trends", "honest_pre_trends"
ASKS = "longer periods (step), or more periods before the start"


def trends(
    panel: Panel, model: str, estimate: Estimate, event: Estimate | None, why_not: tuple[str, str]
) -> tuple[Check, Check]:  # fmt: skip
    """`pre_trends` and `honest_pre_trends`; `why_not` says why there is no event study, and what would help."""
    if event is not None:
        return _tried(PRE, pretrends.TITLE, lambda: pretrends.check(panel, event, estimate)), _tried(
            HONEST, honest.TITLE, lambda: honest.of_panel(panel, model))  # fmt: skip
    lost, helps = why_not
    bounds = Check(HONEST, honest.TITLE, "not possible", f"No event study: {lost}.", asks=helps)
    if panel.treated.all():
        return Check(PRE, pretrends.TITLE, "not possible", f"No event study: {lost}.", asks=helps), bounds
    return _tried(PRE, pretrends.TITLE, lambda: pretrends.check_before(panel, model, estimate.estimate)), bounds


def _tried(name: str, title: str, make: Callable[[], Check]) -> Check:
    """The check, or that the data do not allow it."""
    try:
        return make()
    except UserError as error:
        return Check(name, title, "not possible", f"{str(error).rstrip('.')}.", asks=ASKS)
