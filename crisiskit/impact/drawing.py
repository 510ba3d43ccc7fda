"""How an estimate is drawn: plain artists on axes that the caller may own and style."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from crisiskit.impact.result import Estimate


def draw(estimate: "Estimate", axes: "Axes | None" = None) -> "Axes":
    """Draw coefficients by event time, observed against expected, or the one estimate with its interval."""
    if axes is None:
        from matplotlib.figure import Figure

        axes = Figure(layout="constrained").subplots()
    series = estimate.series
    if series is None:
        axes.errorbar([estimate.estimate], [0], xerr=[[estimate.estimate - estimate.low],
                      [estimate.high - estimate.estimate]], fmt="o")  # fmt: skip
        axes.axvline(0, linewidth=0.8, color="0.4")
        axes.set_yticks([0], [estimate.outcome])
        axes.set_xlabel("log rate ratio" if estimate.scale == "log" else "difference")
    elif "observed" in series:
        axes.plot(series["at"], series["observed"], marker="o", linestyle="", label="observed")
        axes.plot(series["at"], series["expected"], linestyle="--", label="expected without the programme")
        if "expected_low" in series:
            axes.fill_between(series["at"], series["expected_low"], series["expected_high"], alpha=0.2, linewidth=0)
        axes.set_ylabel(estimate.outcome)
        axes.legend()
    else:
        apart = [series["estimate"] - series["low"], series["high"] - series["estimate"]]
        axes.errorbar(series["at"], series["estimate"], yerr=apart, fmt="o")
        axes.axhline(0, linewidth=0.8, color="0.4")
        axes.set_xlabel("periods since the start")
        axes.set_ylabel("log rate ratio" if estimate.scale == "log" else "difference")
    return axes
