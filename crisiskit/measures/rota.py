"""Scheduled staff by hour of the week, from the totals `staff_hours` that a source keeps in `counts`.

Hours come by the hour of the day (column `hour`, or `group` hour_of_day with `level` 0 to 23) or by the hour of the
week (`group` hour_of_week with `level` 0 to 167, from Monday 00:00). Areas and sources are added up.
"""

import numpy as np
import pandas as pd
from ibis import _

from crisiskit.measures.tables import Tables

HOUR_OF_DAY, HOUR_OF_WEEK = "hour_of_day", "hour_of_week"


def scheduled(tables: Tables, first: pd.Timestamp, last: pd.Timestamp) -> tuple[pd.Series | None, str]:
    """Return the mean number of people scheduled, by number of the hour of the week (0 to 167), and a remark.

    Only periods that touch `first` to `last` count. None, with the reason, where there is no schedule by the hour.
    """
    if "counts" not in tables.tables:
        return None, "no schedule: the source has no counts"
    rows = tables.tables["counts"].filter((_.measure == "staff_hours") & _.value.notnull() & _.period_start.notnull())
    rows = rows.mutate(period_end=_.period_end.coalesce(_.period_start))
    keys = ["period_start", "period_end", "hour", "group", "level"]
    held = tables.fetch(rows.group_by(keys).aggregate(value=_.value.sum()))
    if held.empty:
        return None, "no schedule: counts hold no staff_hours"
    held["period_start"], held["period_end"] = (pd.to_datetime(held[name]) for name in ("period_start", "period_end"))
    place = _place(held)
    by_week = held["group"].eq(HOUR_OF_WEEK).to_numpy() & place.notna().to_numpy()
    if by_week.any():
        held, place = held[by_week], place[by_week]
    touching = (held["period_end"] >= first) & (held["period_start"] <= last)
    if place.notna().sum() == 0:
        return None, "no schedule: staff_hours are not by the hour"
    held, place = held[touching & place.notna()], place[touching & place.notna()].astype("int64")
    if held.empty:
        return None, "no schedule: staff_hours are of other periods than the contacts"
    return (_of_week(held, place) if by_week.any() else _of_day(held, place)), ""


def _place(held: pd.DataFrame) -> pd.Series:
    """Number of the hour, of the day or of the week, that each row stands for; NaN where it names none."""
    named = held["group"].isin([HOUR_OF_DAY, HOUR_OF_WEEK])
    level = pd.to_numeric(held["level"].where(named), errors="coerce").astype("float64")
    place = held["hour"].astype("float64").fillna(level)
    return place.where(place.between(0, np.where(held["group"] == HOUR_OF_WEEK, 167, 23)))


def _of_day(held: pd.DataFrame, place: pd.Series) -> pd.Series:
    """Hours per day of the periods, the same on every weekday."""
    periods = held[["period_start", "period_end"]].drop_duplicates()
    days = ((periods["period_end"] - periods["period_start"]).dt.days + 1).sum()
    daily = (held.groupby(place)["value"].sum() / days).reindex(range(24))
    return pd.Series(np.tile(daily.to_numpy(), 7), range(168))


def _of_week(held: pd.DataFrame, place: pd.Series) -> pd.Series:
    """Hours per weekday of that name in the periods."""
    periods = held[["period_start", "period_end"]].drop_duplicates()
    days = np.concatenate([pd.date_range(start, end).day_of_week for start, end in periods.itertuples(index=False)])
    often = np.repeat(np.bincount(days, minlength=7).astype("float64"), 24)
    return held.groupby(place)["value"].sum().reindex(range(168)) / np.where(often > 0, often, np.nan)
