"""One study from question to verdict: its parts agree, its design follows the roll-out, and the machine has no say."""

import json
import os
import subprocess
import sys
from functools import cached_property

import numpy as np
import pytest
from scipy.special import comb

from crisiskit.errors import UserError
from crisiskit.impact import imputation, twoway
from crisiskit.impact.question import Question
from crisiskit.impact.randomisation import interval, randomise
from crisiskit.impact.refit import refit_of
from crisiskit.impact.study import Study
from crisiskit.simulate import simulate

IDS = [
    "joins", "pre_trends", "honest_pre_trends", "donor_pool", "minimum_detectable", "placebo_date", "placebo_outcome",
    "leave_one_area_out", "leave_one_period_out", "neighbours", "outside_hours", "reporting", "date_choice",
    "coding_change", "covid", "shocks", "dose_ceiling", "definition_curve",
]  # fmt: skip

COSTS = {"currency": "USD", "period": "a year", "programme_cost": {"value": 100, "source": "s"},
         "contacts": {"value": 10, "source": "s"}}  # fmt: skip


def asked(truth, **changed):
    given = {
        "programme": "Mobile response",
        "roll_out": [{"area": area, "start": start} for area, start in truth["effect"]["treated"].items()],
        "outcome": {"label": "targeted offences", "measure": "targeted_offences"},
        "negative_control": {"label": "other offences", "measure": "other_offences"},
        "dose_measure": "programme_contacts", "draws": 199,
    }  # fmt: skip
    return Question(**{**given, **changed})


def made(seed, effect=0.7, areas=20, treated=4, months=24, **more):
    return simulate("programme", seed=seed, areas=areas, treated=treated, months=months, effect_ratio=effect, **more)


def study_of(drawn, **changed):
    return Study(asked(drawn.truth, **changed), {"counts": drawn.counts})


@pytest.fixture(scope="module")
def drawn():
    return made(1)


@pytest.fixture(scope="module")
def study(drawn):
    return study_of(drawn, secondary=[{"label": "others", "measure": "other_offences"}],
                    costs=COSTS)


@pytest.fixture(scope="module")
def small():
    return made(1, areas=12, months=30)


def on_off(truth):
    """The programme in its areas until June and again from September on."""
    stretches = [{"end": "2024-06-30"}, {"start": "2024-09-01"}]
    return [{"area": area, "start": start} | stretch
            for area, start in truth["effect"]["treated"].items() for stretch in stretches]  # fmt: skip


# ---- the parts, and how they agree


def test_every_part_is_computed_once(study):
    parts = [name for name, part in vars(Study).items() if isinstance(part, cached_property)]
    assert {"built", "whole", "design", "advice", "estimate", "main", "drawn", "inference", "event", "others",
            "material", "checks", "secondary", "averted", "accounts", "verdict"} <= set(parts)  # fmt: skip
    for name in parts:
        found = getattr(study, name)
        assert found is getattr(study, name)
        assert (found is None) == (name == "comparison"), name


def test_the_panel_is_the_simulators_table(study, drawn):
    counted = drawn.counts[drawn.counts["measure"] == "targeted_offences"].groupby("area_id")["value"].sum()
    assert dict(zip(study.panel.units, study.panel.outcome.sum(axis=1), strict=True)) == counted.to_dict()
    assert study.panel.outcome.shape == study.whole.outcome.shape == (20, 24)


def test_the_estimate_is_the_ratio_of_ratios(study):
    panel = study.panel
    cells = [panel.outcome[np.ix_(who, when)].sum() for who in (panel.treated, ~panel.treated)
             for when in (panel.before, ~panel.before)]  # fmt: skip
    ratio = (cells[1] / cells[0]) / (cells[3] / cells[2])
    assert study.design == "did"
    assert study.main.relative == pytest.approx(ratio - 1, abs=1e-9)
    assert study.estimate.relative == pytest.approx(ratio - 1, abs=1e-6)
    assert study.main.averted == pytest.approx(cells[1] / ratio - cells[1], rel=1e-6)


def test_main_is_two_way_fixed_effects_with_randomisation(study):
    panel, question = study.panel, study.question
    fit, drawn = twoway.fit(panel.outcome, panel.status, "poisson"), randomise(panel, "poisson", 199, question.seed)
    assert (study.main.b, study.main.p) == (fit.b, drawn.p)
    assert study.drawn.p == drawn.p
    assert study.drawn.estimate == pytest.approx(fit.b, abs=1e-9)
    assert drawn.assignments == comb(20, 4, exact=True)
    ends = interval(panel, "poisson", 199, question.seed)
    assert (study.main.low, study.main.high) == (ends.low, ends.high)
    assert study.main.relative_high == pytest.approx(np.exp(ends.high) - 1)
    assert (study.main.units, study.main.treated) == (20, 4)
    assert study.inference.set_index("method").loc["randomisation of the programme", "p"] == drawn.p
    assert study.inference["believed"].tolist() == [False, False, False, True]
    assert study.advice.smallest_p == pytest.approx(1 / comb(20, 4))


def test_the_interval_holds_the_planted_effect(study):
    assert study.main.relative_low < -0.3 < study.main.relative_high < 0


def test_averted_is_the_main_estimate_in_outcomes(study):
    averted, main = study.averted, study.main
    seen = study.panel.outcome[study.panel.status > 0].sum()
    assert averted.value == pytest.approx(main.averted)
    for found, share in ((averted.low, main.relative_high), (averted.high, main.relative_low)):
        assert found == pytest.approx(seen / (1 + share) - seen)
    assert averted.low < averted.value < averted.high
    quantities = {quantity.name: quantity.value for quantity in study.accounts.quantities}
    assert quantities["cost_per_contact"] == 10


def test_averted_is_not_told_where_it_is_stated_not_bounded_or_not_wanted(drawn, study):
    stated = COSTS | {"averted": {"value": 5, "source": "a study"}}
    assert study_of(drawn, costs=stated).averted is None
    more = {"label": "targeted offences", "measure": "targeted_offences", "better": "more"}
    assert study_of(drawn, outcome=more).averted is None
    area, start = next(iter(drawn.truth["effect"]["treated"].items()))
    alone = made(1, areas=10, treated=1)
    lone = study_of(alone, roll_out=[{"area": area, "start": start}])
    assert (lone.main.relative_low, lone.main.relative_high) == (-1, np.inf)
    assert lone.averted is None


def test_the_dose_is_what_the_panel_holds(drawn, study):
    assert study.material.contacts == drawn.truth["panel"]["programme_contacts"]
    assert study_of(drawn, dose=5.0).material.contacts == 5
    assert np.isnan(study_of(drawn, dose_measure="").material.contacts)


def test_secondary_outcomes_are_adjusted_for_their_number(study, drawn):
    table = study.secondary
    assert table["outcome"].tolist() == ["targeted offences", "others"]
    assert (table["p_holm"] >= table["p"]).all()
    assert table["p"].iloc[0] == study.main.p
    assert study_of(drawn).secondary is None


def test_every_check_is_there_once(study):
    assert [check.id for check in study.checks] == IDS
    assert {check.status for check in study.checks} <= {"pass", "warn", "fail", "not possible"}
    for check in study.checks:
        assert check.finding.endswith("."), check.id
        assert bool(check.asks) or check.status != "not possible", check.id


@pytest.mark.parametrize("changed", [{"design": "its"}, {"design": "synthetic_control"}, {"design": "staggered"}])
def test_no_design_goes_without_a_check(small, changed):
    assert [check.id for check in study_of(small, **changed).checks] == IDS


# ---- designs


def test_areas_that_start_at_different_times_are_imputed():
    drawn = made(1, areas=12, stagger_months=2)
    study = study_of(drawn)
    panel = study.panel
    fit = imputation.impute(panel.outcome, panel.status)
    assert (study.design, panel.roll_out) == ("staggered", "staggered")
    assert study.main.b == study.estimate.estimate == fit.b
    assert study.main.p == randomise(panel, "poisson", 199, 144, engine=imputation.reassigned).p
    assert study.main.b != pytest.approx(twoway.fit(panel.outcome, panel.status, "poisson").b, abs=1e-3)
    assert study.main.relative_low < -0.3 < study.main.relative_high
    assert study.event is None
    assert [check.id for check in study.checks] == IDS


def test_a_programme_that_goes_on_and_off_is_imputed(small):
    study = study_of(small, roll_out=on_off(small.truth))
    assert (study.design, study.panel.roll_out) == ("staggered", "switching")
    paused = [str(day)[:7] in ("2024-07", "2024-08") for day in study.panel.starts]
    assert not study.panel.status[:, paused].any()
    assert study.main.b == imputation.impute(study.panel.outcome, study.panel.status).b
    assert study.main.relative < 0
    assert [check.id for check in study.checks] == IDS
    assert study.verdict.sentence


def test_two_way_fixed_effects_are_refused_where_they_mislead(small):
    with pytest.raises(UserError, match="design: 'did' does not fit.*say staggered, or auto"):
        study_of(small, roll_out=on_off(small.truth), design="did").verdict  # noqa: B018


def test_imputation_of_one_start_is_the_ratio_of_ratios(small):
    assert study_of(small, design="staggered").main.b == pytest.approx(study_of(small).main.b, abs=1e-7)


def test_one_area_alone_is_an_interrupted_series(small):
    from crisiskit.impact.its import from_panel

    area = next(iter(small.truth["effect"]["treated"]))
    start = small.truth["effect"]["treated"][area]
    alone = small.counts[small.counts["area_id"] == area]
    study = Study(asked(small.truth, roll_out=[{"area": area, "start": start}]), {"counts": alone})
    assert study.design == "its"
    found = from_panel(study.panel)
    assert (study.main.b, study.main.p) == (found.estimate, found.p)
    assert (study.drawn, study.event, study.secondary) == (None, None, None)
    assert study.advice.smallest_p == 0
    assert study.verdict.rule != "cannot_reach"
    status = {check.id: check.status for check in study.checks}
    assert list(status) == IDS
    assert {status[name] for name in ("pre_trends", "donor_pool", "leave_one_area_out")} == {"not possible"}
    assert all(isinstance(other, str) for other in study.others.values())
    assert "own ups and downs" in study.advice.reason
    (row,) = study.inference.itertuples()
    assert (row.method, row.p, row.low, row.relative_high) == (found.method, found.p, found.low, found.relative_high)
    assert row.believed


def test_columns_of_every_inference_are_the_same(small, study):
    columns = study.inference.columns.tolist()
    for design in ("its", "synthetic_control", "staggered"):
        assert study_of(small, design=design).inference.columns.tolist() == columns


def test_synthetic_control_takes_its_p_from_placebo_areas(small):
    from crisiskit.impact.placebo_areas import with_placebos

    study = study_of(small, design="synthetic_control")
    found = with_placebos(study.panel, demeaned=True, draws=199, seed=144, statistic="mean")
    assert (study.main.b, study.main.p) == (found.estimate, found.p)
    assert study.advice.smallest_p == pytest.approx(1 / (1 + comb(8, 4)))
    assert study.main.relative < -0.1
    assert study.drawn is None
    assert study.inference["p"].tolist() == [study.main.p]
    assert "smallest p it can reach is 0.014" in study.inference["why"].iloc[0]
    assert study.estimate.design == "synthetic_control"


def test_one_treated_area_stays_open_whatever_the_estimate(small):
    treated = small.truth["effect"]["treated"]
    others = [{"area": area, "start": start} for area, start in treated.items()][:1]
    study = study_of(small, roll_out=others)
    assert (study.verdict.kind, study.verdict.rule) == ("inconclusive", "cannot_reach")
    assert study.advice.smallest_p == pytest.approx(1 / 12)


# ---- the estimate made again


def test_refit_takes_another_panel_and_another_model(study):
    refit = refit_of(study.question, "did")
    again, main = refit(study.panel), study.main
    assert (again.b, again.p, again.relative, again.averted) == (main.b, main.p, main.relative, main.averted)
    t = randomise(study.panel, "poisson", 199, study.question.seed).distribution
    crit = np.quantile(np.abs(t), 0.95, method="higher")
    assert again.high - again.low == pytest.approx(2 * crit * twoway.fit(study.panel.outcome, study.panel.status).se)
    linear = refit(study.panel, "linear")
    fit = twoway.fit(study.panel.outcome, study.panel.status, "linear")
    on = study.panel.status > 0
    assert linear.b == fit.b
    assert linear.relative == pytest.approx(fit.b / fit.expected[on].mean())
    assert linear.averted == pytest.approx(-fit.b * on.sum())


# ---- the machine has no say


def summary(study):
    main = study.main
    return json.dumps([main.b, main.low, main.high, main.p, main.averted,
                       [(check.id, check.status, check.finding) for check in study.checks],
                       study.verdict.sentence, list(study.panel.units)])  # fmt: skip


def test_rows_in_any_order_give_the_same_study(drawn):
    one = summary(study_of(drawn))
    assert summary(Study(asked(drawn.truth), {"counts": drawn.counts.sample(frac=1, random_state=3)})) == one


def test_roll_out_in_any_order_gives_the_same_study(small):
    lines = on_off(small.truth)
    one, two = study_of(small, roll_out=lines), study_of(small, roll_out=lines[::-1])
    assert one.main == two.main


CODE = """
import sys; sys.path.insert(0, {folder!r})
from test_study import made, study_of, summary
print(summary(study_of(made(1, areas=10, months=16))))
"""


def test_hash_seed_and_threads_have_no_say(root):
    found = []
    for seed, threads in (("0", "1"), ("7", "2")):
        given = {**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        code = CODE.format(folder=str(root / "tests" / "impact"))
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", env=given, cwd=root)
        assert done.returncode == 0, done.stderr
        found.append(done.stdout)
    assert found[0] == found[1]
    assert json.loads(found[0])[3] <= 0.05


# ---- verdicts


@pytest.mark.parametrize("seed", [0, 2, 4])
def test_a_planted_effect_is_supported(seed):
    study = study_of(made(seed, 0.7, areas=14, treated=3))
    assert study.verdict.kind == "supported", study.verdict.sentence
    assert study.main.p == pytest.approx(1 / comb(14, 3))
    assert study.main.relative_low < -0.3 < study.main.relative_high < -0.1


@pytest.mark.parametrize("seed", [0, 2, 4])
def test_no_effect_is_never_supported(seed):
    study = study_of(made(seed, 1.0, areas=14, treated=3))
    assert study.verdict.kind in ("not supported", "inconclusive"), study.verdict.sentence
    assert study.main.p > 0.05
    assert study.main.relative_low < 0 < study.main.relative_high


def test_a_worthless_effect_is_not_supported():
    """With many areas the interval excludes what would be worth funding: no doubt is left open."""
    study = study_of(made(2, 1.0), worth=0.2)
    assert study.main.relative_low > -0.2
    assert (study.verdict.kind, study.verdict.rule) == ("not supported", "excludes_worth")


# ---- names that are not there


@pytest.mark.parametrize(("changed", "words"), [
    ({"negative_control": {"label": "o", "measure": "other_offenses"}},
     "negative_control 'o': counts have no measure 'other_offenses'.*did you mean 'other_offences'"),
    ({"secondary": [{"label": "o", "measure": "contacts"}]}, "secondary 'o': counts have no measure 'contacts'"),
    ({"definitions": [{"label": "o", "measure": "targeted_offences", "group": "family", "level": "x"}]},
     "definitions 'o': group 'family' is not among"),
    ({"recording": {"label": "o", "table": "interventions"}},
     "recording 'o': 'o' is counted in interventions, but the data hold only counts"),
    ({"outside_hours": {"label": "o", "measure": "nights"}}, "outside_hours 'o': counts have no measure 'nights'"),
    ({"alternative_areas": {"half": ["Ashvale", "Birchmear"]}},
     "alternative_areas 'half': area 'Birchmear' is none of the 20 areas.*did you mean 'Birchmere'"),
    ({"shocks": [{"name": "strike", "days": {"from": "2024-01-01", "to": "2024-02-01"}, "areas": ["Ashvail"]}]},
     "shocks 'strike': area 'Ashvail'.*did you mean 'Ashvale'"),
])  # fmt: skip
def test_a_name_that_is_not_there_stops_the_study_instead_of_a_check(drawn, changed, words):
    with pytest.raises(UserError, match=words):
        study_of(drawn, **changed).main  # noqa: B018


def test_arrests_in_calls_per_resident_from_interventions():
    """The outcome counted in records, out of a population that moves by the year; all calls are its control."""
    drawn = simulate("call_for_service", seed=4, months=24, areas=16, treated=4, effect_outcome="arrested",
                     effect_ratio=0.5, rate=120)  # fmt: skip
    calls = {"label": "calls", "table": "interventions", "measure": "records"}
    asked = Question.model_validate({
        "programme": "Co-responders", "exposure": "population", "negative_control": calls, "recording": calls,
        "roll_out": [{"area": area, "start": day} for area, day in drawn.truth["effect"]["treated"].items()],
        "outcome": calls | {"label": "arrests", "where": {"arrested": "true"}}, "draws": "199",
    })  # fmt: skip
    found = Study(asked, {"interventions": drawn.interventions, "counts": drawn.counts})
    assert found.panel.outcome.sum() == drawn.interventions["arrested"].astype("boolean").fillna(False).sum()
    assert found.main.relative_low < -0.5 < found.main.relative_high < 0
    statuses = {check.id: check.status for check in found.checks}
    assert statuses["pre_trends"] in ("pass", "warn")
    assert statuses["placebo_outcome"] == statuses["reporting"] == "pass"
    assert found.verdict.kind == "supported"
