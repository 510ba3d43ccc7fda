"""The house style of every figure: size, type, colours, and text that wraps instead of being cut.

Figures are made without pyplot, so nothing is global and a figure lives only as long as it is used.
"""

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN = 6.5  # column width of a letter or A4 page, inches
DPI = 300

# Okabe and Ito's palette: distinguishable with every common form of colour blindness.
BLUE, VERMILLION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
SKY, PURPLE, GREY, LIGHT, INK = "#56B4E9", "#CC79A7", "#8C8C8C", "#E3E3E3", "#1A1A1A"
SERIES = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY)
MARKERS = ("o", "s", "^", "D", "v", "P")

_STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",  # ships with matplotlib: the same figure on every machine
    "font.size": 9,
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in a label is a dollar sign
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": LIGHT,
    "grid.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "figure.dpi": 100,
    "figure.autolayout": False,  # a figure without a layout engine gets none, whatever the user's own settings say
    "figure.constrained_layout.use": False,
    "savefig.dpi": DPI,
    "savefig.facecolor": "white",
    "svg.fonttype": "path",  # text looks the same where the font is absent; the words are in the alt text
    "svg.hashsalt": "crisiskit",
}


@contextmanager
def house() -> Iterator[None]:
    """Apply the house style inside a `with` block: to drawing and to saving alike."""
    from matplotlib import rc_context

    with rc_context(_STYLE):
        yield


def canvas(height_in: float, rows: int = 1, columns: int = 1, **kwargs: Any) -> "tuple[Figure, Any]":
    """Return a figure of column width and its axes; `height_in` is for the plot alone, titles come on top of it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
    return figure, figure.subplots(rows, columns, **kwargs)


@lru_cache(4096)
def text_width_in(text: str, size: float, bold: bool = False) -> float:
    """Width of one line of text in inches, from the font's own metrics."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
    return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] / 72


def wrap(text: str, width_in: float, size: float = 8, bold: bool = False) -> str:
    """Break `text` into lines no wider than `width_in` inches; a word too long for a line is broken too."""
    lines = []
    for paragraph in text.split("\n"):
        characters = len(paragraph)
        pieces = [paragraph]
        while characters > 1 and any(text_width_in(piece, size, bold) > width_in for piece in pieces):
            widest = max(text_width_in(piece, size, bold) for piece in pieces)
            characters = max(1, min(characters - 1, int(characters * width_in / widest)))
            pieces = textwrap.wrap(paragraph, characters) or [""]
        lines.extend(pieces)
    return "\n".join(lines)


def wrapped(labels: Sequence[object], width_in: float = 1.9, size: float = 8) -> list[str]:
    """Wrap tick labels, so that a long category name takes a second line instead of the plot's width."""
    return [wrap(str(label), width_in, size) for label in labels]


def lines_of(labels: Sequence[str]) -> int:
    """Count the lines of all labels together: what the height of a plot with a row per label follows from."""
    return sum(label.count("\n") + 1 for label in labels)


def value_axis(axes: "Axes", label: str, which: str = "x") -> None:
    """Label the axis that carries values, start it at its data, rule it lightly and write thousands with commas."""
    from matplotlib.ticker import FuncFormatter

    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_label_text(label)
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.grid(axis=which)  # type: ignore[arg-type]


def label_rows(axes: "Axes", names: list[str]) -> None:
    """One labelled row per name, the first on top."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def dress(figure: "Figure", title: str, footer: str) -> None:
    """Put title and legend above, the footer (n, what was left out, source) below, wrapped; the plot keeps its room."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    top, bottom = wrap(title, WIDTH_IN - 0.2, 11, bold=True), wrap(footer, WIDTH_IN - 0.2, 7)
    above, below = 0.19 * lines_of([top]) + 0.1, 0.125 * lines_of([bottom]) + 0.1
    renderer = FigureCanvasAgg(figure).get_renderer()
    keys = sum(legend.get_window_extent(renderer).height for legend in figure.legends) / figure.dpi
    height, margin = figure.get_figheight() + above + keys + below, 0.1 / WIDTH_IN
    figure.set_size_inches(WIDTH_IN, height)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(rect=(margin, below / height, 1 - 2 * margin, 1 - (above + keys + below) / height))  # type: ignore[call-arg]
    for legend in figure.legends:
        legend.set_loc("upper left")
        legend.set_bbox_to_anchor((0, 1 - above / height), transform=figure.transFigure)
    figure.text(margin, 1 - 0.06 / height, top, ha="left", va="top", fontsize=11, fontweight="bold")
    figure.text(margin, 0.06 / height, bottom, ha="left", va="bottom", fontsize=7, color="#4D4D4D", linespacing=1.25)
