"""Cells as systems write them: dates in several spellings, missing in several words, delimited files."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from crisiskit.simulate.events import to_local, to_utc


def local(instants: pd.Series, zone: str) -> pd.Series:
    """Wall clock of instants, without zone."""
    return instants.dt.tz_convert(ZoneInfo(zone)).dt.tz_localize(None)


def us_time(moments: pd.Series, absent: str = "") -> list[str]:
    """`3/9/2023 1:05:09 PM`, without padding."""
    return [absent if pd.isna(t) else f"{_day(t)} {t.hour % 12 or 12}:{t:%M:%S} {'AP'[t.hour > 11]}M" for t in moments]


def us_date(days: pd.Series, absent: str = "") -> list[str]:
    """`3/9/2023`, without padding."""
    return [absent if pd.isna(day) else _day(day) for day in days]


def _day(day: pd.Timestamp) -> str:
    return f"{day.month}/{day.day}/{day.year}"


def iso_time(moments: pd.Series, absent: str = "") -> list[str]:
    """`2023-03-09 13:05:09.000`."""
    return [absent if pd.isna(t) else f"{t:%Y-%m-%d %H:%M:%S}.000" for t in moments]


def worded(values: pd.Series, words: Mapping[str, str]) -> pd.Series:
    """Codes in a source's own words; blank where null, unknown codes as they are."""
    return values.map(lambda code: words.get(code, code), na_action="ignore").fillna("").astype(str)


def whole(values: pd.Series, frame: pd.DataFrame, words: Mapping[str, str]) -> pd.Series:
    """Whole numbers as text; where null, the source's word for the kind of missing that column `missing` states."""
    kinds = frame["missing"].str.extract(rf"(?:^|;){values.name}=(\w+)", expand=False)
    return values.astype("Int64").astype(str).where(values.notna(), worded(kinds, words))


def yes_no(values: pd.Series, yes: str = "Y", no: str = "N") -> pd.Series:
    """Flags as letters; blank where null."""
    return worded(values.map({True: "1", False: "0"}), {"1": yes, "0": no})


def clock_changes(days: np.ndarray, zone: str) -> tuple[np.ndarray, np.ndarray]:
    """Starts (wall clock, datetime64[h]) of the hours that the clock repeats in autumn and skips in spring."""
    first = to_utc(days[:1].astype("M8[s]"), zone, np.array([True]))
    wall = to_local(first + (3600 * np.arange(24 * len(days))).astype("m8[s]"), zone).astype("M8[h]")
    step = np.diff(wall).astype(int)
    return wall[1:][step == 0], wall[:-1][step == 2] + 1


def delimited(
    header: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str = ",", line_end: str = "\r\n"
) -> str:
    """A delimited text, quoted only where needed."""
    page = io.StringIO()
    writer = csv.writer(page, delimiter=delimiter, lineterminator=line_end)
    writer.writerow(header)
    writer.writerows(rows)
    return page.getvalue()


def save(path: Path, text: str, encoding: str = "utf-8") -> str:
    """Write exactly these characters and return the file's name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path.name


def some(rng: np.random.Generator, allowed: Any, n: int) -> np.ndarray:
    """At most `n` different row positions among the allowed ones, in order."""
    positions = np.flatnonzero(np.asarray(allowed, bool))
    return np.sort(rng.choice(positions, min(n, len(positions)), replace=False))
