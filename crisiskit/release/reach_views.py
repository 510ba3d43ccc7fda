"""Sections of the gaps notebook about reach: contacts per population by area, group and rural class, and who came."""

from typing import TYPE_CHECKING, Any

from crisiskit.release import gap_plots, plots
from crisiskit.release.cascade_views import BANDS
from crisiskit.release.data_gap_views import NOTEBOOK, each_source
from crisiskit.release.sections import Section
from crisiskit.release.tables import reasons_text, share, text_of, words
from crisiskit.release.view import View, counted, joined, nothing_known, shows
from crisiskit.standard import dictionary

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

LOWEST, HIGHEST = 14, 6  # areas of one source in a figure, where there are more
PERSON = ("gender", "race_ethnicity", "age_band")
CLASS = "rural_urban"
NUMBERS = ["numerator", "denominator", "value", "low", "high"]
MOST = 12  # areas of the share reached


def _asked(report: "Report", by: tuple[str, ...], where: dict[str, str]) -> "pd.DataFrame":
    """Rates per population of one source's contacts, by area or group."""
    return report.ask("rate_per_population", by, **({"where": where} if where else {}))


def _unit(data: "pd.DataFrame") -> str:
    return f"contacts per {data['per'].iloc[0]:,.0f} residents a year"


@shows(NOTEBOOK, "reach_areas")
def reach_areas(report: "Report", section: Section) -> View:
    """Rates by area as counted and drawn to the mean, lowest first, with what the funnel says of each."""
    import pandas as pd

    parts, refused, notes = [], [], []
    for name, where in each_source(report):
        answer = _asked(report, ("area_id",), where)
        known = answer.dropna(subset=["value", "area_id"])
        if len(known) < 2:
            reason = reasons_text(answer["reasons"].iloc[0]) if known.empty else "there is one area with a population"
            refused.append(f"{name}: {reason}" if name else reason)
            continue
        judged = _judged(known)
        parts.append(judged.assign(source=name))
        notes.append(_spoken(judged, name))
    if not parts:
        return nothing_known(section, "; ".join(refused))
    data = pd.concat([_ends(part) for part in parts], ignore_index=True)
    several = len(parts) > 1
    data["label"] = data["area_id"].astype(str) + (" (" + data["source"] + ")" if several else "")
    unit = _unit(data)
    every = pd.concat(parts, ignore_index=True)
    figure = report.figures.save(
        plots.dots(_both(data), "label", unit, "rate"),
        "rates_drawn_to_the_mean",
        title="Contacts per population by area, as counted and drawn to the mean",
        caption="As counted: with the exact 95 % Poisson interval. Drawn to the mean: estimated from the area and from "
        "how much areas differ beyond chance, with its 95 % credible interval.",
        alt=" ".join(notes),
        data=data[["label", *NUMBERS, "population", "shrunk", "shrunk_low", "shrunk_high", "finding", "verdict"]],
        n=int(every["numerator"].sum()),
        unit=unit,
        left_out=f"{counted(len(every) - len(data), 'area')} in the middle" if len(every) > len(data) else "",
    )
    columns = ["source", "area_id", *NUMBERS, "bound_high", "population", "shrunk", "shrunk_low", "shrunk_high",
               "finding", "low998", "high998", "verdict"]  # fmt: skip
    why = dict.fromkeys(text for text in every["reasons"] if text)
    lines = [*notes, *(f"To know: {reasons_text(text)}." for text in why), *(f"Not drawn: {text}." for text in refused)]
    lines.append("No file says which areas lie beside each other, so each is drawn to the mean of all areas.")
    return View("\n".join(lines), figure, folds=(("Every area", every[columns]),))


def _judged(known: "pd.DataFrame") -> "pd.DataFrame":
    """Rates with their shrunken estimates and funnel limits, the lowest shrunken rate first."""
    from crisiskit.measures.funnel import funnel
    from crisiskit.measures.shrink import shrunken

    drawn = shrunken(known)
    limits = funnel(known, overdispersed=True)[["low998", "high998", "verdict"]]
    return drawn.join(limits).sort_values("shrunk", kind="stable", ignore_index=True)


def _ends(data: "pd.DataFrame") -> "pd.DataFrame":
    """All areas, or the lowest and highest of very many."""
    import pandas as pd

    if len(data) <= LOWEST + HIGHEST:
        return data
    return pd.concat([data.head(LOWEST), data.tail(HIGHEST)])


def _both(data: "pd.DataFrame") -> "pd.DataFrame":
    """Two rows per area: its rate as counted, and drawn to the mean."""
    import pandas as pd

    shrunk = data[["label", "shrunk", "shrunk_low", "shrunk_high"]].set_axis(["label", "value", "low", "high"], axis=1)
    raw = data[["label", "value", "low", "high"]].assign(rate="as counted")
    return pd.concat([raw, shrunk.assign(rate="drawn to the mean")], ignore_index=True)


def _spoken(data: "pd.DataFrame", name: str) -> str:
    """Which areas lie below the mean for sure, and which is counted lowest without being so."""
    lead = f"{name}: " if name else ""
    below = data[data["finding"] == "below"]
    mean = text_of(float(data["towards"].iloc[0]))
    if below.empty:
        lowest = data.loc[data["value"].idxmin()]
        return (
            f"{lead}no area lies below the mean ({mean}) beyond what chance and size allow; counted lowest is "
            f"{lowest['area_id']} ({text_of(lowest['value'])}, {counted(int(lowest['numerator']), 'contact')}), which "
            "chance may explain."
        )
    named = joined(f"{row.area_id} ({text_of(row.value)} as counted, {text_of(row.shrunk)} drawn to the mean; "
                   f"{counted(int(row.numerator), 'contact')})" for row in below.head(6).itertuples())  # fmt: skip
    more = f" and {len(below) - 6} more" if len(below) > 6 else ""
    return f"{lead}below the mean ({mean}) beyond chance: {named}{more}; {len(data) - len(below)} areas are not."


@shows(NOTEBOOK, "reach_groups")
def reach_groups(report: "Report", section: Section) -> View:
    """Contacts per resident of the same group, with the bound that contacts of unknown group set."""
    import pandas as pd

    parts, refused = [], []
    for name, where in each_source(report):
        for column in (column for column in PERSON if column in report.recorded["interventions"]):
            answer = _asked(report, (column,), where)
            known = answer.dropna(subset=["value", column])
            label = f"{words(column)}{f' ({name})' if name else ''}"
            if known.empty:
                refused.append(f"{label}: {reasons_text(answer['reasons'].iloc[0])}")
                continue
            group = known[column].map(lambda value: words(value))
            parts.append(known.assign(label=label + ": " + group, of=label, group=group))
    if not parts:
        return nothing_known(section, "; ".join(refused))
    data = pd.concat(parts, ignore_index=True)
    for column in ("bound_low", "bound_high"):
        data[column] = data[column].fillna(data["value"])
    unit = _unit(data)
    figure = report.figures.save(
        gap_plots.bounds(data, "label", unit, percent=False),
        "rates_by_group",
        title="Contacts per population by group",
        caption="Dot and line: contacts of known group per resident of that group, with the exact 95 % Poisson "
        "interval. Bar: from no contact of unknown group being of it to all of them.",
        alt="; ".join(f"{row.label} {text_of(row.value)}" for row in data.itertuples()) + ".",
        data=data[["label", *NUMBERS, "bound_low", "bound_high"]],
        n=int(data.groupby("of")["numerator"].sum().max()),
        unit=unit,
        left_out="; ".join(dict.fromkeys(reasons_text(text) for text in data["reasons"] if text)),
    )
    said = "; ".join(f"{row.label} {text_of(row.value)} ({text_of(row.low)} to {text_of(row.high)}; "
                     f"{row.numerator:,.0f} contacts)" for row in data.itertuples())  # fmt: skip
    lines = [f"In {unit}: {said}.", *(f"Not drawn: {text}." for text in refused)]
    return View("\n".join(lines), figure)


@shows(NOTEBOOK, "rural_urban")
def rural_urban(report: "Report", section: Section) -> View:
    """Rates by class of area, as ratios of sums over the areas of each class, with exact intervals."""
    import pandas as pd

    from crisiskit.measures.intervals import garwood

    classes = _classes(report)
    if classes.empty:
        return nothing_known(section, f"no count is broken down by {CLASS}")
    rows = []
    for name, where in each_source(report):
        known = _asked(report, ("area_id",), where).dropna(subset=["value", "area_id"])
        merged = known.merge(classes, on="area_id", how="left")
        merged["level"] = merged["level"].fillna("class not known")
        for level, part in merged.groupby("level"):
            contacts, years, per = part["numerator"].sum(), part["denominator"].sum(), part["per"].iloc[0]
            low, high = (float(limit[0]) / years * per for limit in garwood([contacts]))
            rows.append({"source": name, "class": level, "areas": len(part), "contacts": contacts,
                         "person-years": years, "rate": contacts / years * per, "low": low, "high": high,
                         "per": per})  # fmt: skip
    if not rows:
        return nothing_known(section, "no area has both contacts that may be divided and a population")
    table = pd.DataFrame(rows)
    said = "; ".join(f"{row['source']} class {row['class']} {text_of(row['rate'])} ({text_of(row['low'])} to "
                     f"{text_of(row['high'])}, {row['contacts']:,.0f} contacts)".strip() for row in rows)  # fmt: skip
    note = f"Contacts per {table['per'].iloc[0]:,.0f} residents a year: {said}."
    return View(note, table=table, caption="Contacts per population by class of area")


def _classes(report: "Report") -> "pd.DataFrame":
    """The rural-urban class of each area, where the counts hold one: columns `area_id`, `level`."""
    table = report.data.tables["counts"]
    held = report.data.fetch(table.filter(table.group == CLASS).select("area_id", "level").distinct())
    return held.dropna().drop_duplicates("area_id")


@shows(NOTEBOOK, "reach_eligible")
def reach_eligible(report: "Report", section: Section) -> View:
    """Of eligible contacts, how many somebody came to: in all, by band of hours, and by area, with bounds."""
    import pandas as pd

    programme = report.settings.get("programme", "")
    who = "any responder"
    if programme:
        who = f"a responder of the programme ({joined(words(code.strip()) for code in programme.split(','))})"
    lines, parts, refused = [], [], []
    for name, where in each_source(report):
        whole = _reached(report, (), where)
        if whole["value"].isna().all():
            refused.append(f"{name}: {reasons_text(whole['reasons'].iloc[0])}" if name else whole["reasons"].iloc[0])
            continue
        row = whole.iloc[0]
        lines.append(
            f"{f'{name}: ' if name else ''}{share(row['numerator'], row['denominator'])} eligible contacts were "
            f"reached by {who}; bounds {100 * row['bound_low']:.1f} to {100 * row['bound_high']:.1f} %. Left out: "
            f"{reasons_text(row['reasons'])}."
        )
        parts.append(pd.concat([_by_band(report, where), _by_area(report, where)]).assign(source=name))
    if not lines:
        return nothing_known(section, "; ".join(refused))
    data = pd.concat(parts, ignore_index=True)
    lines += [f"Not judged: {text}." for text in refused]
    if len(data) < 2:
        return View("\n".join(lines))
    data["label"] += data["denominator"].map(_n) + (" " + data["source"] if len(parts) > 1 else "")
    figure = report.figures.save(
        gap_plots.bounds(data, "label", "eligible contacts that were reached (%)"),
        "eligible_reached",
        title="Eligible contacts that were reached, by hour and area",
        caption=f"Reached by {who}. Dot and line: share of contacts known to be eligible, with its 95 % Wilson "
        "interval. Bar: where it can lie whatever those not triaged were.",
        alt="; ".join(f"{row.label} {100 * row.value:.1f} %" for row in data.itertuples()) + ".",
        data=data[["label", *NUMBERS, "recorded_share", "bound_low", "bound_high"]],
        n=int(data["denominator"].max()),
        unit="share",
        counted="eligible contacts at most (n of each share is in its label)",
    )
    return View("\n".join(lines), figure)


def _reached(report: "Report", by: tuple[str, ...], where: dict[str, Any]) -> "pd.DataFrame":
    """The share of eligible contacts reached, by the programme's responders where the study names them."""
    programme = report.settings.get("programme", "")
    options: dict[str, Any] = {"responder": programme} if programme else {}
    return report.ask("reach", by, **({"where": where} if where else {}), **options)


def _by_area(report: "Report", where: dict[str, str]) -> "pd.DataFrame":
    """The areas with most eligible contacts, by name."""
    found = _reached(report, ("area_id",), where).dropna(subset=["value", "area_id"])
    found = found[~found["area_id"].isin(dictionary.KINDS)].nlargest(MOST, "denominator").sort_values("area_id")
    return found.assign(label=found["area_id"].astype("str"))


def _by_band(report: "Report", where: dict[str, str]) -> "pd.DataFrame":
    """The four bands of the day that hold an eligible contact."""
    import pandas as pd

    if "received_local" not in report.recorded["interventions"]:
        return pd.DataFrame()
    bands = [_reached(report, (), where | {"hour": tuple(range(6 * band, 6 * band + 6))}).assign(label=name)
             for band, name in BANDS.items()]  # fmt: skip
    return pd.concat(bands).dropna(subset="value")


def _n(number: float) -> str:
    return f" (n\u00a0=\u00a0{number:,.0f})"
