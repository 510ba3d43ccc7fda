"""Saved figures: picture, vector picture, data and sidecar under one name, each able to stand alone."""

import base64
import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crisiskit.release.style import dress, house
from crisiskit.release.tables import table_html

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SIMULATED = "SIMULATED"


@dataclass(frozen=True)
class SavedFigure:
    """One figure on disk: `name`.png, .svg, .csv and .json in `folder`, and its HTML form for a notebook or a page."""

    folder: Path
    name: str
    title: str
    caption: str
    alt: str
    data: "pd.DataFrame"
    credit: str  # n, what was left out, source: under the picture, and after the caption in the sidecar

    def path(self, kind: str) -> Path:
        """Path of one form: png, svg, csv or json."""
        return self.folder / f"{self.name}.{kind}"

    def _repr_html_(self) -> str:
        picture = base64.b64encode(self.path("png").read_bytes()).decode("ascii")
        return (
            f'<figure id="figure-{self.name}"><img src="data:image/png;base64,{picture}" alt="{html.escape(self.alt)}" '
            f'style="max-width:100%;width:650px"><figcaption>{html.escape(self.caption)}</figcaption></figure>'
            f"<details><summary>The numbers behind this figure</summary>{table_html(self.data, self.title)}</details>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": f"{self.title}. {self.alt}"}


@dataclass(frozen=True)
class Figures:
    """Where figures of one notebook go, and what every one of them must say.

    `source_line` stands under each figure. With `simulated`, title, caption and alt text say SIMULATED, so that a
    picture taken out of its page cannot pass for data. `context` (period, time zone ...) goes into each sidecar.
    """

    folder: Path
    source_line: str
    simulated: bool
    context: dict[str, Any]

    def save(
        self,
        figure: "Figure",
        name: str,
        *,
        title: str,
        caption: str,
        alt: str,
        data: "pd.DataFrame",
        n: int,
        unit: str,
        counted: str = "contacts",
        left_out: str = "",
    ) -> SavedFigure:
        """Write `name`.png (300 dpi), .svg, .csv and .json and return the saved figure.

        `n` counts what the figure rests on, in words `counted`; `unit` is the unit of the values drawn; `left_out` says
        what is not in the figure and why. A figure without data is a programming error (ValueError): a section whose
        columns are missing says so in words instead.
        """
        if not re.fullmatch(r"[a-z0-9][a-z0-9_]*", name):
            raise ValueError(f"figure name {name!r}: lower-case letters, digits and underscores only")
        if not n or not len(data):
            raise ValueError(f"figure {name!r} has no data; say in a line what is not recorded")
        if not alt.strip() or not caption.strip():
            raise ValueError(f"figure {name!r} needs a caption and an alternative text")
        mark = f"{SIMULATED} data. " if self.simulated else ""
        shown = f"{SIMULATED}: {title}" if self.simulated else title
        facts = [f"n = {n:,} {counted}", left_out and f"Left out: {left_out}", f"Source: {self.source_line}"]
        footer = ". ".join(part.strip().rstrip(".") for part in facts if part.strip()) + "."
        saved = SavedFigure(self.folder, name, shown, f"{mark}{caption.strip()}", f"{mark}{alt.strip()}", data, footer)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._draw(figure, saved)
        saved.path("csv").write_text(data.to_csv(index=False), encoding="utf-8", newline="")
        sidecar = {
            "name": name,
            "title": shown,
            "caption": f"{saved.caption} {saved.credit}",
            "alt": saved.alt,
            "source": self.source_line,
            "n": n,
            "counted": counted,
            "unit": unit,
            "simulated": self.simulated,
            "left_out": left_out,
            "files": [f"{name}.{kind}" for kind in ("png", "svg", "csv")],
            "context": self.context,
        }
        saved.path("json").write_text(json.dumps(sidecar, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return saved

    def _draw(self, figure: "Figure", saved: SavedFigure) -> None:
        """Dress and print the picture; the bytes depend on the data only, never on the clock or the run."""
        with house():
            dress(figure, saved.title, saved.credit)
            engine = figure.get_layout_engine()
            if engine is not None:
                engine.execute(figure)  # lay out once, not once per format
                figure.set_layout_engine(None)  # "none" would leave a stand-in, for which every format is drawn twice
            about = {"Title": saved.title, "Description": saved.alt}
            png: dict[str, Any] = {"metadata": about | {"Software": None}, "pil_kwargs": {"compress_level": 3}}
            for kind, options in (("png", png), ("svg", {"metadata": about | {"Date": None, "Creator": "crisiskit"}})):
                buffer = BytesIO()
                figure.savefig(buffer, format=kind, **options)
                saved.path(kind).write_bytes(buffer.getvalue())


def sources_named(about: Iterable[dict[str, Any]]) -> str:
    """Publisher and dataset of some sources, each once: the line under figures."""
    parts = ([source.get("publisher") or source["source"], source.get("dataset") or ""] for source in about)
    return "; ".join(dict.fromkeys(", ".join(filter(None, named)) for named in parts))
