"""What every design answers with: one estimate, its doubt, and what was assumed; and what every check answers with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Scale = Literal["log", "difference"]
Status = Literal["pass", "warn", "fail", "not possible"]
FIELDS = (
    "design", "outcome", "estimate", "se", "low", "high", "p", "relative", "relative_low", "relative_high", "n",
    "units", "treated_units", "clusters", "method", "correction", "confidence",
)  # fmt: skip


@dataclass(frozen=True)
class Assumption:
    """What a design needs to be true, and which check looks at it ("" where no record can)."""

    text: str
    check: str = ""


@dataclass(frozen=True)
class Estimate:
    """One estimate of a programme's effect.

    `estimate`, `se`, `low`, `high` are on the model's own scale: `log` (a log rate ratio) or `difference` (outcomes per
    unit and period). `relative` is the same as a share of what would have been without the programme (-0.2: a fifth
    fewer); NaN where it has no meaning. `n` counts observations; `clusters` those that the standard error treats as
    independent. `correction` names the small-sample correction of `se`, and `method` the model and the inference.
    `series` is what `plot` draws: columns `at`, `estimate`, `low`, `high` (coefficients by event time) or `at`,
    `observed`, `expected` (what was seen and what was expected without the programme), `expected_low`,
    `expected_high` where known. `model` is the fitted model of the library, for whoever wants to look into it.
    """

    design: str
    outcome: str
    scale: Scale
    estimate: float
    se: float
    low: float
    high: float
    p: float
    relative: float
    relative_low: float
    relative_high: float
    n: int
    units: int
    treated_units: int
    clusters: int
    method: str
    correction: str
    confidence: float = 0.95
    assumptions: tuple[Assumption, ...] = ()
    notes: tuple[str, ...] = ()
    details: Mapping[str, float] = field(default_factory=dict)  # further numbers of the design, by name
    series: "pd.DataFrame | None" = field(default=None, repr=False, compare=False)
    model: Any = field(default=None, repr=False, compare=False)

    def tidy(self) -> "pd.DataFrame":
        """One row with the columns of FIELDS, for tables and files."""
        import pandas as pd

        return pd.DataFrame([{name: getattr(self, name) for name in FIELDS}])

    def sentence(self) -> str:
        """The estimate in words: size, interval, p, and what it rests on."""
        level = f"{100 * self.confidence:g} %"
        if self.relative == self.relative:
            size = f"{abs(self.relative):.1%} {'fewer' if self.relative < 0 else 'more'}"
            span = f"{level} interval {share_text(self.relative_low)} to {share_text(self.relative_high)}"
        else:
            size = f"a difference of {self.estimate:.4g}"
            span = f"{level} interval {self.low:.4g} to {self.high:.4g}"
        if self.low != self.low:
            span = "no interval"
        p = "" if self.p != self.p else f", p {p_text(self.p)}"
        base = f"{self.n:,} observations, {self.units} areas of which {self.treated_units} treated"
        if not self.units:
            base = f"{self.n:,} observations"
        name = self.outcome[:1].upper() + self.outcome[1:]
        return f"{name}: {size} than without the programme ({span}{p}; {base}; {self.method})."

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw `series` (or the one estimate) on the axes given, or on new ones; the house style is the caller's."""
        from crisiskit.impact.drawing import draw

        return draw(self, axes)


@dataclass(frozen=True)
class Check:
    """One attempt to prove the estimate wrong. `status` says how it went, `finding` what was seen, in a sentence.

    `status` "not possible": the data cannot answer, and `asks` says what would. `numbers` are the figures that the
    status was judged by, `table` whatever a plot or a reader needs.
    """

    id: str
    title: str
    status: Status
    finding: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    asks: str = ""
    table: "pd.DataFrame | None" = field(default=None, repr=False, compare=False)


def share_text(value: float, digits: int = 1) -> str:
    """A relative effect or an end of its interval in words: a percentage, or that there is none."""
    if value != value:
        return "unknown"
    if abs(value) == float("inf"):
        return "without bound"
    return "over +1000%" if value > 10 else f"{value:+.{digits}%}"


def p_words(p: float) -> str:
    """A p value with its letter, or that there is none."""
    return "no p" if p != p else f"p {p_text(p)}"


def p_text(p: float) -> str:
    """A p value behind the letter p: "0.012", "under 0.001"."""
    return "under 0.001" if p < 0.001 else f"{p:.3f}"
