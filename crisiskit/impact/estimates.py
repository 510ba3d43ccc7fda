"""The full estimate of a design on a panel, by the library's own model."""

from crisiskit.errors import UserError
from crisiskit.impact.panel import Panel
from crisiskit.impact.question import Question
from crisiskit.impact.refit import synthetic
from crisiskit.impact.result import Estimate

NAIVE = "Two-way fixed effects, not to be trusted here"


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


def companions(panel: Panel, question: Question) -> dict[str, Estimate | str]:
    """Beside imputation, where areas start at different times: the other estimators, or why one is not to be had.

    On the logarithm where no cell is 0, else on the counts. Two-way fixed effects stand there as a warning: they take
    areas already treated for a comparison; its note says how much of them does (Goodman-Bacon 2021).
    """
    from dataclasses import replace

    import numpy as np

    from crisiskit.impact import staggered
    from crisiskit.impact.did import twfe

    model = "log" if (panel.outcome[np.isfinite(panel.outcome)] > 0).all() else "linear"
    makers = {
        "Callaway and Sant'Anna": lambda: staggered.callaway_santanna(panel, model=model),
        "Sun and Abraham": lambda: staggered.sun_abraham(panel, model=model),
        NAIVE: lambda: twfe(panel, model=question.model),
    }
    found: dict[str, Estimate | str] = {}
    for title, make in makers.items():
        try:
            found[title] = make()
        except UserError as error:
            found[title] = str(error)
    naive = found[NAIVE]
    try:
        parts = staggered.bacon(panel, model=model)
    except UserError:  # on and off: there is no such decomposition
        return found
    if isinstance(naive, Estimate):
        share = f"{parts.details['forbidden']:.0%} of its weight compares with areas already treated"
        found[NAIVE] = replace(naive, notes=(*naive.notes, share), method=f"{naive.method}; {share}")
    return found
