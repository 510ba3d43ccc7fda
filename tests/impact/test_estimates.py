"""Full estimates by design, and the estimators that stand beside imputation where areas start at different times."""

import numpy as np
import pytest

from crisiskit.impact import estimates, twoway
from crisiskit.impact.panel import Panel
from crisiskit.impact.question import Question
from crisiskit.impact.result import Estimate
from crisiskit.simulate.panels import panel

ASKED = Question.model_validate({
    "programme": "x", "roll_out": [{"area": "1", "start": "2020-01-01"}], "draws": "199",
    "outcome": {"label": "calls", "measure": "calls"},
})  # fmt: skip


def made(drawn, status=None) -> Panel:
    return Panel(drawn.units, drawn.starts, "month", drawn.outcome, drawn.status if status is None else status, "calls")


@pytest.mark.parametrize("design", ["did", "its", "synthetic_control", "synthetic_did"])
def test_every_design_gives_an_estimate_of_a_known_effect(design):
    found = estimates.full(design, made(panel(5, 30, 30, 4, -0.6, 15, mean=45.0)), ASKED)
    assert isinstance(found, Estimate)
    assert found.relative == pytest.approx(np.expm1(-0.6), abs=0.12)


def test_the_companions_of_imputation_agree_where_effects_are_alike():
    drawn = made(panel(8, 40, 24, 12, -0.5, 8, cohorts=2, stagger=5, mean=50.0))
    main = estimates.full("staggered", drawn, ASKED)
    found = estimates.companions(drawn, ASKED)
    assert list(found) == ["Callaway and Sant'Anna", "Sun and Abraham", estimates.NAIVE]
    for one in found.values():
        assert one.relative == pytest.approx(main.relative, abs=0.12)
    naive = found[estimates.NAIVE]
    assert naive.estimate == pytest.approx(twoway.fit(drawn.outcome, drawn.status).b, abs=1e-8)
    assert "of its weight compares with areas already treated" in naive.method


def test_a_programme_that_pauses_has_no_companions_but_says_why():
    drawn = panel(8, 20, 24, 4, -0.5, 8)
    status = drawn.status.copy()
    status[:, 14:18] = 0
    found = estimates.companions(made(drawn, status), ASKED)
    assert "pauses or ends" in found["Callaway and Sant'Anna"]
    assert isinstance(found[estimates.NAIVE], Estimate)
