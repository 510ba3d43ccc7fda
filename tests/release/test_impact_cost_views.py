"""Costs and encounters as tables and as drawn; nothing is assumed where nothing is stated."""

import pytest
from impact_reports import axes_of, question, report, visible

from crisiskit.release import impact_cost_plots, impact_plots
from crisiskit.release import impact_cost_views as views

SOURCE = {"source": "a contract"}
COSTS = {
    "currency": "USD", "programme_cost": {"value": "100000", "low": "90000", "high": "120000"} | SOURCE,
    "contacts": {"value": "500"} | SOURCE, "unit_costs": {"offence": {"value": "600"} | SOURCE},
    "volunteer_hours": {"value": "40"} | SOURCE, "volunteer_wage": {"value": "30"} | SOURCE, "draws": "500",
}  # fmt: skip
PLAN = {
    "treated": ["mobile_crisis"], "comparison": ["police"], "outcomes": ["arrested"],
    "covariates": ["priority", "risk"],
}  # fmt: skip


def test_the_accounts_are_those_of_the_study():
    made = report(asked=question(costs=COSTS))
    view = views.money(made)
    table = view.table.set_index("quantity")
    assert table.loc["cost per contact", "value"] == pytest.approx(200)
    assert table.loc["offences averted", "value"] == pytest.approx(made.study.main.averted, rel=1e-9)
    assert table.loc["cost per offence averted", "value"] == pytest.approx(100_000 / made.study.main.averted, rel=1e-9)
    assert "volunteers' time worth 1,200" in view.note
    assert set(view.folds[0][1].columns) >= {"formula", "source"}


def test_the_tornado_and_the_plane_are_drawn_from_the_draws(monkeypatch):
    made = report(asked=question(costs=COSTS))
    figures = axes_of(monkeypatch, impact_cost_plots, "doubt")
    view = views.cost_doubt(made)
    bars, plane = figures[0].axes
    ends = sorted({round(patch.get_x() + patch.get_width()) for patch in bars.patches})
    assert ends == [90_000, 120_000]
    assert len(plane.collections[0].get_offsets()) == 500
    assert "500 draws" in view.note


def test_without_costs_nothing_is_assumed():
    assert "no cost is assumed without a source" in views.money(report()).note
    assert views.cost_doubt(report()).absent
    assert views.encounters(report()).absent


def test_encounters_are_told_as_shares_and_drawn_as_differences(monkeypatch, tmp_path):
    from crisiskit.simulate import simulate, write_tables

    write_tables(simulate("field_response", seed=5, months=12), tmp_path)
    programme = simulate("programme", seed=3, areas=14, treated=4, effect_ratio=0.6)
    programme.counts.assign(source="simulated_field_response").to_parquet(tmp_path / "counts.parquet")
    made = report(tmp_path, question(encounters=PLAN))
    figures = axes_of(monkeypatch, impact_plots, "intervals")
    view = views.encounters(made)
    table = made.study.comparison.table
    drawn = [line.get_xdata()[0] for line in figures[0].axes[0].lines if len(line.get_xdata()) == 1]
    assert drawn == pytest.approx((100 * table["difference"]).tolist())
    weighted = table[table["method"] == "weighted"].iloc[0]
    assert f"in {weighted['risk_programme']:.1%} of the programme's encounters" in view.note
    assert [name for name, _ in view.folds][1:3] == ["Recorded or missing", "Balance before and after weighting"]
    html = visible(view)
    assert not any(f">{word}<" in html for word in ("nan", "None", "inf"))
