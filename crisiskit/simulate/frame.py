"""From arrays to a standard table: the small column type for codes, and the frame with every dictionary column."""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crisiskit.standard import dictionary

ARROW = {
    "string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us", "UTC"), "local": pa.timestamp("us"), "date": pa.date32(),
    "list": pa.list_(pa.string()),
}
PANDAS: dict[pa.DataType, Any] = {
    pa.string(): pd.StringDtype(na_value=np.nan), pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype(),
    pa.date32(): pd.ArrowDtype(pa.date32()), ARROW["list"]: pd.ArrowDtype(ARROW["list"]),
}


def stream(seed: int, name: str) -> np.random.Generator:
    """A generator of its own for each part, so that a new setting in one part leaves the draws of the others alone."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


class Codes:
    """A text column as small numbers into a list of names; -1 is null."""

    def __init__(self, codes: np.ndarray, names: Sequence[str]) -> None:
        self.codes, self.names = codes.astype(np.int16), list(names)

    def __len__(self) -> int:
        return len(self.codes)

    def is_in(self, *names: str) -> np.ndarray:
        """Mask of the rows that hold one of `names`."""
        return np.array([*(name in names for name in self.names), False])[self.codes]

    def put(self, rows: np.ndarray, name: str | None) -> None:
        """Write `name` (None: null) into the rows of a mask."""
        if name is not None and name not in self.names:
            self.names.append(name)
        self.codes[rows] = -1 if name is None else self.names.index(name)

    def number(self, values: Mapping[str, float], otherwise: float) -> np.ndarray:
        """The number that belongs to each row's name."""
        return np.array([*(values.get(name, otherwise) for name in self.names), otherwise])[self.codes]

    def counts(self) -> dict[str, int]:
        """Rows per name, in the order of the names."""
        rows = np.bincount(self.codes[self.codes >= 0], minlength=len(self.names))
        return dict(zip(self.names, rows.tolist(), strict=True))

    def take(self, rows: np.ndarray) -> "Codes":
        return Codes(self.codes[rows], self.names)

    def copy(self) -> "Codes":
        return Codes(self.codes.copy(), self.names)

    def arrow(self) -> pa.Array:
        """The column as text."""
        indices = pa.array(self.codes, mask=self.codes < 0)
        return pa.DictionaryArray.from_arrays(indices, pa.array(self.names, pa.string())).cast(pa.string())


def pick(rng: np.random.Generator, n: int, weights: Mapping[str, float]) -> Codes:
    """Draw `n` names with these weights (they need not add up to one)."""
    return Codes(draw(rng.random(n), np.array(list(weights.values()), float)), list(weights))


def draw(uniform: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Positions drawn by inversion from weights along the last axis; one row of weights per draw, or one for all."""
    cumulative = np.cumsum(weights, axis=-1)
    if cumulative.ndim == 1:
        return np.minimum(np.searchsorted(cumulative, uniform * cumulative[-1], side="right"), len(weights) - 1)
    return np.minimum((cumulative <= (uniform * cumulative[:, -1])[:, None]).sum(axis=1), weights.shape[1] - 1)


def lognormal(rng: np.random.Generator, median: np.ndarray | float, sigma: float, n: int) -> np.ndarray:
    """Draws of a lognormal law given by its median and the sigma of its logarithm."""
    return median * np.exp(sigma * rng.standard_normal(n))


def numbered(prefix: str, n: int) -> pa.Array:
    """Identifiers `prefix0000001` and so on, in order."""
    digits = pc.utf8_lpad(pa.array(np.arange(1, n + 1)).cast(pa.string()), width=7, padding="0")
    return pc.binary_join_element_wise(prefix, digits, "")


def keys(ids: np.ndarray, seed: int, known: np.ndarray) -> pa.Array:
    """Sixteen hexadecimal digits per id (a mixing function, splitmix64); null where not `known`."""
    x = ids.astype(np.uint64) + np.uint64(seed * 0x9E3779B97F4A7C15 % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
    digits = np.frombuffer((x ^ (x >> np.uint64(31))).astype(">u8").tobytes().hex().encode(), dtype="S16")
    return pc.if_else(pa.array(known), pa.array(digits).cast(pa.string()), pa.scalar(None, pa.string()))


def lists(first: Codes, second: Codes) -> pa.Array:
    """A list per row of `first` and, where there is one and it differs, `second`; null where `first` is."""
    names = pa.array(dict.fromkeys([*first.names, *second.names]), pa.string())
    place = {name: i for i, name in enumerate(names.to_pylist())}
    pair = [np.array([*(place[name] for name in part.names), -1])[part.codes] for part in (first, second)]
    pair[1] = np.where(pair[1] == pair[0], -1, pair[1])
    flat = np.column_stack(pair).ravel()
    offsets = np.concatenate([[0], np.cumsum((np.column_stack(pair) >= 0).sum(axis=1))]).astype(np.int32)
    members = names.take(pa.array(flat[flat >= 0]))
    return pa.ListArray.from_arrays(pa.array(offsets), members, mask=pa.array(pair[0] < 0))


def standard(columns: Mapping[str, Any], table: str, n: int) -> pa.Table:
    """An arrow table of `n` rows with every column of a standard table, in dictionary order; what is not given is null.

    Values: Codes, arrow arrays, numpy arrays (NaN and NaT are null; 0, 1, NaN for booleans), or one text for all rows.
    """
    described = dictionary.table(table).columns
    unknown = columns.keys() - described.keys()
    if unknown:
        raise KeyError(f"not in the dictionary of {table}: {sorted(unknown)}")
    return pa.table({name: _array(columns.get(name), ARROW[column.type], n) for name, column in described.items()})


def conform(table: pa.Table) -> pd.DataFrame:
    """A standard table as a pandas frame whose types say the same: str, Int64, boolean, date and list by arrow."""
    return table.to_pandas(types_mapper=PANDAS.get)


def _array(values: Any, kind: pa.DataType, n: int) -> pa.Array:
    if values is None:
        return pa.nulls(n, kind)
    if isinstance(values, Codes):
        return values.arrow()
    if isinstance(values, str):
        return Codes(np.zeros(n), [values]).arrow()
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values.cast(kind)
    if values.dtype.kind == "M":
        unit = "D" if pa.types.is_date(kind) else "us"
        return pa.array(values.astype(f"M8[{unit}]")).cast(kind)
    if values.dtype.kind == "f" and not pa.types.is_floating(kind):
        absent = np.isnan(values)
        return pa.array(np.where(absent, 0, values).astype(np.int64), mask=absent).cast(kind)
    return pa.array(values, from_pandas=True).cast(kind)


def schema(table: str) -> pa.Schema:
    """The Parquet schema of a standard table."""
    return pa.schema([(name, ARROW[column.type]) for name, column in dictionary.table(table).columns.items()])
