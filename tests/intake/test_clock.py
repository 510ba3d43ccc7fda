"""Clocks against the zone database itself: every wall time, also those that occur twice or never."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import ibis
import pandas as pd
import pytest

from crisiskit import engine
from crisiskit.intake import clock

ZONES = (
    "America/New_York",
    "America/Los_Angeles",
    "America/Phoenix",
    "America/Argentina/Buenos_Aires",
    "Australia/Lord_Howe",
    "Europe/London",
    "Asia/Kolkata",
    "UTC",
)


@pytest.fixture(scope="module")
def con():
    return engine.connect()


def micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=moment.tzinfo)) // timedelta(microseconds=1)


@pytest.mark.parametrize("zone", ZONES)
def test_offset_and_doubt_of_wall_times_agree_with_the_zone_database(con, zone):
    info = ZoneInfo(zone)
    walls = [datetime(2019, 1, 1) + timedelta(minutes=31 * i) for i in range(0, 60_000)]
    table = ibis.memtable(pd.DataFrame({"m": [micros(w) for w in walls]}))
    codes = con.to_pandas(table.order_by("m").select(c=clock.offset_code(ibis._.m, zone)))["c"].tolist()
    for wall, code in zip(walls, codes, strict=True):
        first, second = (wall.replace(tzinfo=info, fold=fold).utcoffset().total_seconds() for fold in (0, 1))
        doubt = 0 if first == second else 1 if second < first else 2
        assert (code - code % 60, code % 60) == (first * 1e6, doubt), (wall, code)


@pytest.mark.parametrize("zone", ZONES)
def test_offset_at_instants_agrees_with_the_zone_database(con, zone):
    moments = [datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=47 * i) for i in range(20_000)]
    table = ibis.memtable(pd.DataFrame({"m": [micros(m) for m in moments]}))
    found = con.to_pandas(table.order_by("m").select(o=clock.offset_at(ibis._.m, zone)))["o"].tolist()
    assert found == [m.astimezone(ZoneInfo(zone)).utcoffset().total_seconds() * 1e6 for m in moments]


@pytest.mark.parametrize(
    ("text", "formats", "moment", "day"),
    [
        ("01/05/2024 11:30:00 PM", ("%m/%d/%Y %I:%M:%S %p",), "2024-01-05 23:30:00", None),
        ("1/5/2024 7:05", ("%m/%d/%Y %H:%M",), "2024-01-05 07:05:00", None),
        ("2024-01-05T07:05:06.250", ("iso",), "2024-01-05 07:05:06.250", None),
        ("2024-01-05", ("iso",), None, "2024-01-05"),
        ("45296.5", ("excel_serial",), "2024-01-05 12:00:00", None),
        ("45296", ("%m/%d/%Y", "excel_serial"), "2024-01-05", None),
        ("45231.99999", ("excel_serial",), "2023-11-01 23:59:59", None),
        ("2024-01-05 17:36:16.000000 UTC", ("%Y-%m-%d %H:%M:%S.%f UTC",), "2024-01-05 17:36:16", None),
        ("29/02/2023", ("%d/%m/%Y",), None, None),
        ("31/12/2023", ("%m/%d/%Y",), None, None),
        ("24:00", ("%H:%M",), None, None),
        ("123", ("excel_serial",), None, None),
    ],
)
def test_text_is_read_by_the_formats_named_and_by_no_other(con, text, formats, moment, day):
    assert _parse(con, text, formats) == (
        None if moment is None else micros(pd.Timestamp(moment).to_pydatetime()),
        None if day is None else micros(pd.Timestamp(day).to_pydatetime()),
    )


def _parse(con, text, formats):
    table = ibis.memtable({"t": [text]}, schema={"t": "string"})
    m, d = clock.parse(table.t, formats)
    row = con.to_pyarrow(table.select(m=m, d=d)).to_pylist()[0]
    return row["m"], row["d"]


@pytest.mark.parametrize(
    ("day", "bad"),
    [
        ("1899-12-30", True),
        ("1900-01-01", True),
        ("1904-12-31", True),
        ("1905-01-01", False),
        ("1970-01-01", True),
        ("1970-01-02", False),
        ("2098-12-31", False),
        ("2099-12-31", True),
        ("9999-12-31", True),
        ("2024-02-29", False),
    ],
)
def test_days_that_systems_write_for_none_are_impossible(con, day, bad):
    first = micros(datetime.fromisoformat(day))
    for second in (first, first + clock.DAY - 1):
        assert con.execute(clock.impossible(ibis.literal(second, type="int64"))) == bad
