"""One study from question to verdict; every part is computed once, when it is first asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact import designs
from crisiskit.impact.believe import Recommendation, inference_table, recommend
from crisiskit.impact.estimates import companions, full
from crisiskit.impact.material import Material, Quick
from crisiskit.impact.panel import Panel
from crisiskit.impact.question import Outcome, Question, Span
from crisiskit.impact.refit import DEALT_OUT, of_design, own_inference, refit_of
from crisiskit.impact.result import Check, Estimate
from crisiskit.impact.verdict import Verdict, judge

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.impact.build import Built
    from crisiskit.impact.cost import Accounts
    from crisiskit.impact.cost_plan import Averted
    from crisiskit.impact.encounters import Comparison
    from crisiskit.impact.randomisation import Randomisation


@dataclass(frozen=True, eq=False)
class Study:
    """The evaluation of one programme. `tables` are standard tables (or their folder), `changes` the sources' logs."""

    question: Question
    tables: Any
    changes: tuple[tuple[date, str], ...] = ()

    @cached_property
    def built(self) -> "Built":
        """The panel of the main comparison with the audit of how it was put together."""
        return self._build(self.question)

    @property
    def panel(self) -> Panel:
        """The panel of the main comparison."""
        return self.built.panel

    @cached_property
    def whole(self) -> Panel:
        """The same areas and outcome over all the periods that the data cover."""
        return self._build(self.question.model_copy(update={"window": None})).panel

    def _build(self, question: Question, **changed: Any) -> "Built":
        from crisiskit.impact.build import build

        known = self.built.recorded if changed.get("outcome") or changed.get("date") else None
        return build(self._open, question, main=known, **changed)

    @cached_property
    def _open(self) -> Any:
        from crisiskit.measures.tables import open_tables

        return open_tables(self.tables)

    def rebuild(
        self, *, outcome: Outcome | None = None, date: str = "", treated: tuple[str, ...] | None = None,
        window: Span | None = None,
    ) -> Panel:  # fmt: skip
        """The panel with another outcome, date, list of treated areas or window; built once for each."""
        key = (outcome.model_dump_json() if outcome else "", date, treated, window and (window.first, window.last))
        if key not in self._panels:
            question = self.question.model_copy(update={"window": window}) if window else self.question
            self._panels[key] = self._build(question, outcome=outcome, date=date, treated=treated).panel
        return self._panels[key]

    @cached_property
    def _panels(self) -> dict[Any, Panel]:
        return {}

    @cached_property
    def design(self) -> str:
        """The design of the main estimate. UserError for `did` where areas do not start at once and stay."""
        chosen = designs.choose(self.panel, self.question.design)
        if chosen == "did" and self.panel.roll_out != "block":
            raise UserError("design: 'did' does not fit, for the areas did not all start at once and stay: two-way "
                            "fixed effects compare with areas already treated; say staggered, or auto")  # fmt: skip
        return chosen

    @cached_property
    def advice(self) -> Recommendation:
        """Which inference is to be believed, and why: by the number of areas, or the design's own."""
        found = recommend(self.panel)
        return found if self.design in DEALT_OUT else of_design(found, self.estimate)

    @cached_property
    def estimate(self) -> Estimate:
        """The main estimate, by the library's own model."""
        return full(self.design, self.panel, self.question)

    @cached_property
    def main(self) -> Quick:
        """The main estimate with the inference that is believed: its p, and its interval by inverting the test."""
        whole = {"draws": self.question.draws} if self.design in DEALT_OUT else {}
        quick = self.refit(self.panel, **whole)
        believed = self.inference[self.inference["believed"]]
        if self.design not in DEALT_OUT or believed.empty:
            return quick
        ends = believed.iloc[0][["low", "high", "relative_low", "relative_high", "p"]].astype("float64")
        return replace(quick, **ends.to_dict())

    @cached_property
    def refit(self) -> Any:
        """The study's estimate for another panel: refit(panel, model="")."""
        return refit_of(self.question, self.design)

    @cached_property
    def drawn(self) -> "Randomisation | None":
        """The distribution of the statistic had other areas got the programme; None where areas are not compared."""
        from crisiskit.impact import imputation
        from crisiskit.impact.randomisation import randomise

        if self.design not in DEALT_OUT:
            return None
        engine = imputation.reassigned if self.design == "staggered" else None
        return randomise(self.panel, self.question.model, self.question.draws, self.question.seed, engine=engine)

    @cached_property
    def inference(self) -> "pd.DataFrame":
        """Every inference beside the others, with the one to be believed and why; the design's own where it has one."""
        if self.design not in DEALT_OUT:
            return own_inference(self.advice, self.estimate)
        return inference_table(self.panel, self.estimate, self.question.draws, self.question.seed, self.question.model)

    @cached_property
    def event(self) -> Estimate | None:
        """The event study; None where roll-out, periods or counts do not allow it (`no_event` says why)."""
        return self._event if isinstance(self._event, Estimate) else None

    @property
    def no_event(self) -> tuple[str, str]:
        """Why there is no event study, and what would help; two empty texts where there is one."""
        return ("", "") if isinstance(self._event, Estimate) else self._event

    @cached_property
    def _event(self) -> Estimate | tuple[str, str]:
        from crisiskit.impact.event_study import event_study

        item = next(item for item in designs.possible(self.panel) if item.design == "event_study")
        if not item.usable:
            return item.why_not, item.would_help
        try:
            return event_study(self.panel, model=self.question.model)
        except UserError as error:
            return str(error), "longer periods (step), or an outcome with more events"

    @cached_property
    def longer(self) -> Panel:
        """The panel with all the periods before it that the data cover, up to its own last one."""
        return self.whole.only(periods=np.array([start <= self.panel.starts[-1] for start in self.whole.starts]))

    @cached_property
    def others(self) -> Mapping[str, Estimate | str]:
        """Title of every other design to its estimate, or to why there is none.

        On the study's panel; where that holds too few periods before the start, on all the earlier ones as well, which
        the title then says.
        """
        found: dict[str, Estimate | str] = {}
        for near, far in zip(designs.possible(self.panel), designs.possible(self.longer), strict=True):
            if near.design in (self.design, "event_study"):
                continue
            title, panel = near.title, self.panel
            if not near.usable and far.usable:
                title, panel = f"{near.title}, from {self.longer.starts[0]} on", self.longer
            elif not near.usable:
                found[title] = f"{near.why_not}; what would help: {near.would_help}"
                continue
            try:
                found[title] = full(near.design, panel, self.question)
            except UserError as error:
                found[title] = str(error)
        if self.design == "staggered":
            return companions(self.panel, self.question) | found
        return found | self._adjusted()

    def _adjusted(self) -> dict[str, Estimate | str]:
        """The two-way fixed effects adjusted for the question's covariates, where it names some."""
        from crisiskit.impact.did import twfe

        names = self.question.covariates
        if not names or self.design != "did":
            return {}
        title = f"Difference in differences, adjusted for {', '.join(names)}"
        try:
            return {title: twfe(self.panel, model=self.question.model, covariates=names)}
        except UserError as error:
            return {title: str(error)}

    @cached_property
    def material(self) -> Material:
        """What the checks work with."""
        contacts = float(self.question.dose or np.nan)
        if self.question.dose is None and self.panel.dose is not None:
            served = self.panel.dose[self.panel.status > 0]
            contacts = float(np.nansum(served)) if np.isfinite(served).any() else np.nan
        return Material(self.question, self.panel, self.whole, self.estimate, self.main, self.refit, self.rebuild,
                        self.changes, contacts)  # fmt: skip

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """Every check, always, in one order."""
        from crisiskit.impact.checks.every import run_all

        return (*self._of_design(), *run_all(self.material))

    def _of_design(self) -> tuple[Check, ...]:
        """The join audit, and the checks that need the design's own results."""
        from crisiskit.impact import mde
        from crisiskit.impact.audit import check as joins
        from crisiskit.impact.checks.trends import trends
        from crisiskit.impact.synthetic_control import donor_pool

        found = trends(self.panel, self.question.model, self.estimate, self.event, self.no_event)
        detectable = mde.minimum_detectable(self.panel, self.estimate, self.question.worth, placebos=self._pretended())
        merges = joins(self.built.joins, self.question.join_limit, self.built.silent)
        return (merges, *found, donor_pool(self.panel), detectable)

    def _pretended(self) -> np.ndarray | None:
        """The estimates had other areas got the programme, where randomisation is believed."""
        from crisiskit.impact import imputation
        from crisiskit.impact.randomisation import randomise

        if self.advice.kind != "randomisation" or self.design not in DEALT_OUT:
            return None
        engine = imputation.reassigned if self.design == "staggered" else None
        asked = self.question
        drawn = randomise(self.panel, asked.model, asked.draws, asked.seed, statistic="estimate", engine=engine)
        return drawn.distribution[1:][np.isfinite(drawn.distribution[1:])]

    @cached_property
    def secondary(self) -> "pd.DataFrame | None":
        """The main and the further outcomes with p adjusted for their number; None without further ones.

        An outcome that cannot be estimated has a row without numbers, which says why.
        """
        import pandas as pd

        from crisiskit.impact.multiple import across

        if not self.question.secondary or self.design not in DEALT_OUT:
            return None
        asked, panels, lost = self.question, {self.question.outcome.label: self.panel}, []
        for outcome in asked.secondary:
            try:
                panel = self.rebuild(outcome=outcome)
                across({outcome.label: panel}, model=asked.model, draws=99, seed=asked.seed)
                panels[outcome.label] = panel
            except UserError as error:
                lost.append({"outcome": outcome.label, "note": str(error)})
        found = across(panels, model=asked.model, draws=asked.draws, seed=asked.seed)
        return pd.concat([found, pd.DataFrame(lost)], ignore_index=True) if lost else found

    @cached_property
    def comparison(self) -> "Comparison | None":
        """Encounters by who responded; None where the question asks for no such comparison."""
        from crisiskit.impact.encounters import compare

        return compare(self._open, self.question.encounters) if self.question.encounters else None

    @cached_property
    def averted(self) -> "Averted | None":
        """Outcomes averted by the main estimate, for the accounts; None where they are stated or cannot be told."""
        from crisiskit.impact.cost import averted_from

        main, on = self.main, (self.panel.status > 0) & np.isfinite(self.panel.outcome)
        stated = self.question.costs is not None and self.question.costs.averted is not None
        bounded = -1 < main.relative_low <= main.relative_high < np.inf
        if stated or not bounded or self.question.outcome.better != "fewer":
            return None
        return averted_from(main.relative, main.relative_low, main.relative_high, float(self.panel.outcome[on].sum()),
                            "the estimate of this report, with the interval that is believed")  # fmt: skip

    @cached_property
    def accounts(self) -> "Accounts | None":
        """The programme's accounts; None where the question states no costs."""
        from crisiskit.impact.cost import accounts

        return accounts(self.question.costs, self.averted) if self.question.costs else None

    @cached_property
    def verdict(self) -> Verdict:
        """The verdict by the declared rules."""
        compared = not bool(self.panel.treated.all())
        return judge(self.question, self.main, self.checks, self.advice.smallest_p, self.design, compared)
