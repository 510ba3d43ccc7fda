"""The definition curve: agreement, disagreement, and variants without an estimate."""

from dataclasses import replace

import numpy as np
import pytest

from crisiskit.impact.checks.curve import definition_curve
from crisiskit.impact.material import Quick


def defined(count):
    return [{"label": f"d{k:02d}", "measure": "x"} for k in range(count)]


def test_an_effect_in_every_definition_passes(make, panel_of):
    panels = {f"d{k:02d}": panel_of(seed=10 + k, months=36, start=20) for k in range(3)}
    material = make(panel_of(months=36, start=20), window=(10, 30), panels=panels, definitions=defined(3))
    found = definition_curve(material)
    assert found.status == "pass"
    assert found.numbers["possible"] == found.numbers["estimable"] == 4 * 3 * 3
    assert found.numbers["same_sign"] == found.numbers["significant_same"] == 1
    row = found.table.iloc[0]
    assert row[["outcome", "areas", "model", "window"]].tolist() == ["calls", "as listed", "poisson", "main"]
    assert found.numbers["rank"] == 1 + (found.table["relative"] < row["relative"]).sum()


def many(make, panel_of, answers):
    """A study of 20 definitions and one model, whose estimates are those given, the main one first."""
    panel = panel_of(months=8, start=4)
    panels = {f"d{k:02d}": panel for k in range(len(answers) - 1)}
    material = make(panel, panels=panels, definitions=defined(len(answers) - 1))
    quicks = [Quick(b, b - 0.1, b + 0.1, p, b, b - 0.1, b + 0.1, 0.0, 20, 5) for b, p in answers]
    queue = iter(quicks[1:])
    estimate = replace(material.estimate, design="synthetic_control")  # one model only
    return replace(material, main=quicks[0], estimate=estimate, refit=lambda panel, model="": next(queue))


@pytest.mark.parametrize(
    ("against", "no_effect", "status"),
    [(0, 0, "pass"), (0, 5, "pass"), (0, 6, "warn"), (0, 10, "warn"), (0, 11, "fail"), (1, 0, "pass"), (2, 0, "warn"),
     (3, 0, "fail")],
)  # fmt: skip
def test_shares_at_the_limits(make, panel_of, against, no_effect, status):
    """Of 20: 95 % is 19, 90 % is 18 (that is: fewer fails), 75 % is 15, half is 10."""
    answers = [(-0.3, 0.01)] * (20 - against - no_effect) + [(0.3, 0.3)] * against + [(-0.3, 0.2)] * no_effect
    found = definition_curve(many(make, panel_of, answers))
    assert found.numbers["estimable"] == 20
    assert found.numbers["same_sign"] == pytest.approx(1 - against / 20)
    assert found.status == status


@pytest.mark.parametrize(("effects", "status"), [(0, "pass"), (2, "pass"), (3, "warn")])
def test_no_effect_that_some_definitions_turn_into_one_is_a_doubt(make, panel_of, effects, status):
    answers = [(-0.02, 0.7)] + [(0.3, 0.01)] * effects + [(0.02, 0.6)] * (19 - effects)
    assert definition_curve(many(make, panel_of, answers)).status == status


def test_the_rank_and_the_range_are_those_of_the_table(make, panel_of):
    found = definition_curve(many(make, panel_of, [(-0.3, 0.01), (-0.5, 0.01), (-0.4, 0.01), (-0.1, 0.01)]))
    picked = [found.numbers[name] for name in ("lowest", "median", "highest", "rank")]
    assert picked == pytest.approx([-0.5, -0.35, -0.1, 3])


def test_zeros_have_no_logarithm_and_the_row_says_so(make, panel_of):
    panel = panel_of(months=12, start=6)
    outcome = panel.outcome.copy()
    outcome[9, 4] = 0
    table = definition_curve(make(replace(panel, outcome=outcome))).table.set_index(["model", "window"])
    assert "no logarithm" in table.loc[("log", "main"), "note"]
    assert np.isnan(table.loc[("log", "main"), "relative"])
    assert table.loc[("log", "3 months each side"), "note"] != ""
    assert np.isfinite(table.loc[("linear", "main"), "relative"])


def test_a_large_question_stays_within_the_limit(make, panel_of):
    panel = panel_of(areas=60, months=40, start=20)  # 2 400 cells
    material = make(panel, window=(5, 35), panels={f"d{k:02d}": panel for k in range(20)}, definitions=defined(20),
                    alternative_areas={"two": ["a000", "a001"], "one": ["a002"]}, neighbours=["a030"])  # fmt: skip
    calls = []

    def refit(panel, model=""):
        calls.append(panel)
        return material.main

    found = definition_curve(replace(material, refit=refit))
    assert found.numbers["possible"] == 21 * 4 * 3 * 3
    assert found.numbers["estimable"] == 240
    assert len(calls) == 239  # the main one is not made again


def test_one_choice_is_no_curve(make, panel_of):
    found = definition_curve(many(make, panel_of, [(-0.3, 0.01)]))
    assert found.status == "not possible"
    assert found.asks.startswith("definitions")
