"""All checks: always the same ones, within their budget, and the same whatever the order of what they are given."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.impact.checks.every import CHECKS, run_all
from crisiskit.impact.material import Quick
from crisiskit.impact.verdict import rules

OUTSIDE = {"joins", "pre_trends", "donor_pool"}  # made from a design's own results, not here


def full(make, panel_of, **settings):
    """A study that names everything a check can ask for."""
    panel = panel_of(**settings)
    half = {"seed": 9, **settings, "effect": 0.0}
    named = {name: {"label": name, "measure": "x"} for name in ("negative_control", "recording", "outside_hours")}
    panels = {name: panel_of(**half) for name in named} | {("calls", "reported"): panel_of(**settings, seed=3)}
    panels |= {("calls", "occurred"): panel} | {f"d{k}": panel_of(**settings, seed=20 + k) for k in range(6)}
    count = len(panel.starts)
    return make(panel, window=(count // 4, count), panels=panels, contacts=5000.0, neighbours=[panel.units[-1]],
                outcome={"label": "calls", "dates": {"occurred": "a", "reported": "b"}},
                definitions=[{"label": f"d{k}", "measure": "x"} for k in range(6)],
                alternative_areas={"two": list(panel.units[:2])},
                shocks=[{"name": "flood", "days": {"from": "2019-03-01", "to": "2019-04-30"}}],
                changes=[(date(2018, 9, 1), "a form"), (date(2018, 7, 1), "a code")], **named)  # fmt: skip


def test_ids_are_the_names_of_the_checks_and_the_rules_know_them(make, panel_of):
    ids = [check.id for check in run_all(make(panel_of()))]
    assert ids == [check.__name__ for check in CHECKS]
    assert set(rules()["critical"]) - OUTSIDE <= set(ids)


def test_what_is_not_possible_says_what_would_help(make, panel_of):
    for check in run_all(make(panel_of())):
        assert bool(check.asks) == (check.status == "not possible"), check.id
        assert check.finding.endswith("."), check.id


def test_a_study_that_names_everything_gets_every_answer(make, panel_of):
    checks = run_all(full(make, panel_of, months=30, start=15))
    assert [check.id for check in checks if check.status == "not possible"] == []


def test_the_largest_panel_stays_within_the_budget(make, panel_of):
    calls = []
    material = full(make, panel_of, areas=200, months=60, treated=20, start=36)

    def refit(panel, model=""):
        calls.append(panel)
        return material.refit(panel, model)

    run_all(replace(material, refit=refit))
    assert len(calls) <= 220


def test_the_order_of_what_is_named_changes_nothing(make, panel_of):
    material = full(make, panel_of, months=30, start=15)
    question = material.question
    turned = question.model_copy(update={
        "alternative_areas": {name: areas[::-1] for name, areas in question.alternative_areas.items()},
        "neighbours": question.neighbours[::-1], "roll_out": question.roll_out[::-1]})  # fmt: skip
    for one, two in zip(run_all(material), run_all(replace(material, question=turned, changes=material.changes[::-1])),
                        strict=True):  # fmt: skip
        assert (one.status, one.finding, dict(one.numbers)) == (two.status, two.finding, dict(two.numbers))
        if one.table is not None:
            pd.testing.assert_frame_equal(one.table, two.table)


def test_data_that_never_answer_give_no_error(make, panel_of):
    def refit(panel, model=""):
        raise UserError("perfect separation")

    material = replace(full(make, panel_of, months=30, start=15), refit=refit)
    found = {check.id: check for check in run_all(material)}
    assert found.pop("dose_ceiling").status == "pass"  # needs no other estimate
    assert found.pop("coding_change").status == "warn"
    for name in ("covid", "shocks"):  # what cannot be left out stays a doubt
        check = found.pop(name)
        assert (check.status, "perfect separation" in check.finding) == ("warn", True)
    for check in found.values():
        assert (check.status, "perfect separation" in check.finding) == ("not possible", True), check.id


def test_one_area_alone_can_be_asked_what_needs_no_other(make, panel_of):
    """An interrupted time series: half fewer after the start, by the means before and after."""

    def refit(panel, model=""):
        on = panel.status[0] > 0
        b = float(np.log(panel.outcome[0, on].mean() / panel.outcome[0, ~on].mean()))
        shares = [float(np.expm1(end)) for end in (b, b - 0.1, b + 0.1)]
        return Quick(b, b - 0.1, b + 0.1, 0.001 if abs(b) > 0.1 else 0.5, *shares, 1.0, 1, 1)

    checks = {check.id: check for check in run_all(make(panel_of(areas=1, treated=1, effect=-0.7), refit=refit))}
    assert checks["leave_one_area_out"].status == "not possible"
    assert checks["leave_one_period_out"].status == "pass"
    assert len(checks["placebo_date"].table) == 7
    assert checks["definition_curve"].numbers["estimable"] == 2  # one model, two windows


@pytest.mark.parametrize("settings", [{"treated": 1}, {"areas": 2, "treated": 1}, {"start": 1}, {"start": 23},
                                      {"mean": 0.05}, {"months": 4, "start": 2}])  # fmt: skip
def test_thin_panels_give_findings(make, panel_of, settings):
    checks = run_all(make(panel_of(**settings)))
    assert all(check.status in ("pass", "warn", "fail", "not possible") for check in checks)
    assert not any("nan" in check.finding.split() for check in checks)
