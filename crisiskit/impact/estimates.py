"""The full estimate of a design on a panel, by the library's own model."""

from crisiskit.impact.panel import Panel
from crisiskit.impact.question import Question
from crisiskit.impact.refit import synthetic
from crisiskit.impact.result import Estimate


def full(design: str, panel: Panel, question: Question) -> Estimate:
    """The estimate of one design on a panel, by the library's own model. UserError where the data do not allow it."""
    if design == "did":
        from crisiskit.impact.did import twfe

        return twfe(panel, model=question.model)
    if design == "its":
        from crisiskit.impact.its import from_panel

        return from_panel(panel, model=question.model)
    if design == "synthetic_control":
        return synthetic(question, panel)
    if design == "synthetic_did":
        from crisiskit.impact.staggered import synthetic_did

        return synthetic_did(panel, seed=question.seed)
    from crisiskit.impact.staggered import imputed

    return imputed(panel, model=question.model)
