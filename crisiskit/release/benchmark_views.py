"""Sections of the gaps notebook about published figures: benchmarks beside ours, and the capacity that they ask for."""

from typing import TYPE_CHECKING

from crisiskit.release import plots
from crisiskit.release.data_gap_views import NOTEBOOK
from crisiskit.release.sections import Section
from crisiskit.release.tables import reasons_text, share, text_of, words
from crisiskit.release.view import View, counted, joined, nothing_known, shows

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

OURS, THEIRS = "this source, 95 % interval", "published figure"
SHOWN = {"title": "benchmark", "figure": "published", "ours": "ours", "verdict": "verdict",
         "otherwise": "other definitions", "source_read": "published in", "edition": "edition", "verified": "verified",
         "conflicts": "conflicts with", "note": "note"}
UNVERIFIED = "Figures that are not verified were not read at their source."
NEEDS = {"events": "crisis events in all", "mobile": "met by a mobile team", "facility": "met by a crisis facility",
         "emergency_department": "met by an emergency department"}
PLANNING = ("These are ratios for planning, and no measurement: the ratios were published, not verified, and where "
            "none were published they are assumptions; a local figure is better than any of them.")


@shows(NOTEBOOK, "benchmarks")
def benchmarks(report: "Report", section: Section) -> View:
    """Published figures side by side with ours: verdicts where the gate lets them through, and why not elsewhere."""
    from crisiskit.measures.benchmarks import NOT_COMPARABLE, compare

    found = compare(report.data)
    found = found.assign(ours=[_ours(row) for _, row in found.iterrows()])
    barred = found["verdict"].str.startswith(NOT_COMPARABLE)
    group = ["source"] if "source" in found else []
    table = found[[*group, *SHOWN]].rename(columns=SHOWN)
    numbers = found["title"].nunique()
    why = ("Not comparable, and why", table[barred][[*group, "benchmark", "published", "verdict", "verified"]])
    if barred.all():
        return View(f"None of the {numbers} published figures can be compared with this source. {UNVERIFIED}",
                    folds=(why,))
    fair = found[~barred]
    note = "\n".join([_said(fair, numbers), *_changed(fair), *_conflicts(fair), UNVERIFIED])
    figure = report.figures.save(
        plots.dots(_marks(fair), "label", "share (%)", "series", percent=True),
        "benchmarks",
        title="Against published benchmarks",
        caption="Shares of this source with 95 % Wilson intervals, beside published figures. Conflicting figures all "
                "stand; the kit does not choose between them.",
        alt="; ".join(f"{row.title}: {row.ours}, published {row.figure}: {row.verdict}"
                      for row in fair.itertuples()) + ".",
        data=_marks(fair),
        n=int(fair["n"].max()),
        unit="share",
        counted="contacts at most (n of each share is in the table)",
    )
    return View(note, figure, table[~barred], "Published figures and ours", folds=(why,) if barred.any() else ())


def _ours(row: "pd.Series") -> str:
    """Our share, or our number in its unit, with its n and interval in words; "" where there is none."""
    if row["value"] is None or row["value"] != row["value"]:
        return ""
    low, high = float(row["low"]), float(row["high"])
    if row["unit"] != "share":
        return f"{float(row['value']):,.2f} {row['unit']} (n = {row['n']:,.0f}), {low:,.2f} to {high:,.2f}"
    return f"{share(row['numerator'], row['n'])}, {100 * low:.1f} to {100 * high:.1f} %"


def _said(fair: "pd.DataFrame", numbers: int) -> str:
    """Each verdict with its number of benchmarks, by name."""
    parts = [f"{verdict[0].upper()}{verdict[1:]}: {joined(rows['title'].map(_small) + _of(rows))}."
             for verdict, rows in fair.groupby("verdict", sort=False)]
    return f"{counted(fair['title'].nunique(), 'published figure')} of {numbers} can be compared. {' '.join(parts)}"


def _changed(fair: "pd.DataFrame") -> list[str]:
    """Name the benchmarks on which another definition in use would give another verdict."""
    from crisiskit.measures.benchmarks import FAILS, MEETS

    opposite = {MEETS: FAILS, FAILS: MEETS}
    turned = [row for _, row in fair.iterrows()
              if row["verdict"] in opposite and f"), {opposite[row['verdict']]}" in row["otherwise"]]
    return [f"Another denominator turns the verdict on {_small(row['title'])}: {row['otherwise']}." for row in turned]


def _small(title: str) -> str:
    return title if title[:2].isupper() else title[0].lower() + title[1:]


def _of(rows: "pd.DataFrame") -> "pd.Series":
    return " (" + rows["source"] + ")" if "source" in rows else rows["title"].map(lambda _title: "")


def _conflicts(fair: "pd.DataFrame") -> list[str]:
    """Name, once per topic, the published figures that disagree with each other."""
    said = []
    for topic, rows in fair[fair["conflicts"] != ""].groupby("topic", sort=False):
        each = rows.drop_duplicates("benchmark")
        figures = joined(f"{row.figure} ({_small(row.title)}; {row.source_read}, edition {row.edition})"
                         for row in each.itertuples())
        said.append(f"Published figures on {words(topic)} conflict, and all of them stand: {figures}.")
    return said


def _marks(fair: "pd.DataFrame") -> "pd.DataFrame":
    """Rows to draw: ours with its interval, and the published figure as a point, or as a line from low to high."""
    import pandas as pd

    from crisiskit.standard.benchmarks import benchmarks as registry

    shares = fair[fair["unit"] == "share"]
    label = shares["title"] + _of(shares)
    ours = pd.DataFrame({"label": label, "series": OURS, "value": shares["value"], "low": shares["low"],
                         "high": shares["high"], "n": shares["n"]})
    limits = [(item.low if item.low is not None else item.high, item.high if item.high is not None else item.low)
              for item in map(registry().get, shares["benchmark"]) if item is not None]
    low, high = (pd.Series([limit[place] for limit in limits], shares.index, float) for place in (0, 1))
    theirs = pd.DataFrame({"label": label, "series": THEIRS, "value": (low + high) / 2, "low": low, "high": high})
    return pd.concat([ours, theirs]).sort_index(kind="stable").reset_index(drop=True)


@shows(NOTEBOOK, "capacity")
def capacity(report: "Report", section: Section) -> View:
    """Crisis resource need of the people of the contacts' areas, as low, central and high, beside contacts a month."""
    from crisiskit.measures.capacity import listed, need, published

    asked = report.ask("rate_per_population", ("area_level", "area_basis"), areas="contacts")
    known = asked.dropna(subset="value")
    if known.empty:
        return nothing_known(section, f"no population of the areas of the contacts ({asked['reasons'].iloc[0]})")
    row = known.sort_values("numerator", kind="stable").iloc[-1]
    people, months = float(row["population"]), 12 * row["denominator"] / row["population"]
    table = need(people).replace({"quantity": NEEDS})
    events = table[table["unit"] == "events a month"].rename(columns={"central": "value"})
    recorded = {"quantity": "contacts recorded", "low": None, "value": row["numerator"] / months, "high": None}
    data = _drawn(events, recorded)
    figure = report.figures.save(
        plots.dots(data, "quantity", "events or contacts a month"),
        "capacity",
        title="Crisis events to plan for, and contacts recorded",
        caption="Low, central and high need of a month from planning ratios, beside the contacts recorded. A contact "
                "is no event: one event may make several contacts, and other services meet others.",
        alt="; ".join(f"{line.quantity} {text_of(float(line.value))}" for line in data.itertuples()) + " a month.",
        data=data,
        n=round(people),
        unit="events a month",
        counted="residents",
    )
    together = report.pooled if len(known) == 1 else ""
    lines = [_capacity_said(row, people, table, months) + together, _levels(known, row), PLANNING, UNVERIFIED]
    left = reasons_text(row["reasons"])
    lines.append(f"To know with the contacts: {left}." if left else "")
    folds = (("Every ratio, as low, central and high", listed(published())),)
    return View("\n".join(line for line in lines if line), figure, table, "Crisis resource need", folds)


def _drawn(events: "pd.DataFrame", recorded: dict) -> "pd.DataFrame":
    import pandas as pd

    rows = pd.concat([events[["quantity", "low", "value", "high"]], pd.DataFrame([recorded])], ignore_index=True)
    return rows.astype({"low": float, "value": float, "high": float})


def _capacity_said(row: "pd.Series", people: float, table: "pd.DataFrame", months: float) -> str:
    """The need and the contacts of a month, in words."""
    events = table.iloc[0]
    return (f"The areas of these contacts ({words(row['area_level'])}) have {people:,.0f} residents. The ratios put "
            f"their need at {events['central']:,.0f} crisis events a month (low {events['low']:,.0f}, high "
            f"{events['high']:,.0f}); {row['numerator'] / months:,.0f} contacts a month are recorded "
            f"({row['numerator']:,.0f} in {text_of(months)} months).")


def _levels(known: "pd.DataFrame", row: "pd.Series") -> str:
    rest = known.drop(index=row.name).dropna(subset=["area_level"])
    others = [f"{words(level)} by {words(basis)}" if isinstance(basis, str) else words(level)
              for level, basis in zip(rest["area_level"], rest["area_basis"], strict=True)]
    return f"Contacts placed otherwise are not in it: {joined(others)}." if others else ""
