"""Training-need index: z-scores by hand, every component shown, small groups and silent fields marked."""

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.measures.training_need import NO_SHIFT, Components, need_index

TWO = Components(fields=("need",), outcomes=("force_used",), least=30)


def shift(site: str, hour: int | None, number: int, blank: int = 0, force: int = 0) -> pd.DataFrame:
    """Records of one site at one hour: so many, of which some have no need recorded, and some record force."""
    return pd.DataFrame({"site": site, "contacts": 1, "is_aggregate": False,
                         "received_local": pd.Timestamp(2025, 1, 6, hour) if hour is not None else pd.NaT,
                         "need": [None] * blank + ["suicide"] * (number - blank),
                         "force_used": [True] * force + [False] * (number - force)})


def tables(*parts: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {"interventions": pd.concat(parts, ignore_index=True)}


def test_by_hand() -> None:
    """North by day: 10 of 100 blank; south by night: 40 of 100. Pooled 0.25, error 0.0433, so z is -3.46 and 3.46."""
    frame = need_index(tables(shift("north", 8, 100, 10, 5), shift("south", 23, 100, 40, 5)), components=TWO)
    rows = frame.set_index(["site", "component"])
    assert rows.loc[("north", "need"), "z"] == pytest.approx(-0.15 / np.sqrt(0.25 * 0.75 / 100))
    assert rows.loc[("south", "need"), ["shift", "numerator", "n", "pooled"]].tolist() == ["night", 40, 100, 0.25]
    assert rows.loc[("south", "force_used"), "z"] == pytest.approx(0)
    assert rows.loc[("south", "need"), "index"] == pytest.approx(0.15 / np.sqrt(0.25 * 0.75 / 100) / 2)
    assert frame["components"].eq(2).all()
    assert not frame["small"].any()


def test_an_index_never_stands_without_its_components() -> None:
    frame = need_index(tables(shift("north", 8, 50, 5), shift("south", 8, 50, 9)), components=TWO)
    assert set(frame["component"]) == {"need", "force_used"}
    means = frame.groupby(["site", "shift"])["z"].mean()
    assert frame.groupby(["site", "shift"])["index"].first().to_list() == pytest.approx(means.to_list())


def test_what_does_not_vary_has_no_z_and_is_in_no_mean() -> None:
    frame = need_index(tables(shift("north", 8, 50, 5), shift("south", 8, 50, 9)), components=TWO)
    force = frame[frame["component"] == "force_used"]
    assert force["z"].isna().all()
    assert frame["components"].eq(1).all()


@pytest.mark.parametrize(("hour", "name"), [(6, "night"), (7, "day"), (14, "day"), (15, "evening"), (22, "evening"),
                                            (23, "night"), (0, "night"), (None, NO_SHIFT)])
def test_shifts_at_their_edges(hour: int | None, name: str) -> None:
    assert set(need_index(tables(shift("north", hour, 5, 1)), components=TWO)["shift"]) == {name}


def test_small_groups_are_marked_and_unknown_sites_stay() -> None:
    parts = tables(shift("north", 8, 29, 3), shift("south", 8, 30, 3), shift(None, 8, 30, 2))  # type: ignore[arg-type]
    frame = need_index(parts, components=TWO)
    small = frame.groupby("site", dropna=False)["small"].first()
    assert small["north"]
    assert not small["south"]
    assert frame["site"].isna().sum() == 2


def test_kinds_of_missing_count_and_what_does_not_apply_does_not() -> None:
    part = shift("north", 8, 10, 2)
    part.loc[8, "need"] = "unknown"
    part.loc[9, "need"] = "not_applicable"
    row = need_index(tables(part), components=TWO).iloc[0]
    assert (row["numerator"], row["n"]) == (3, 9)
    ages = shift("north", 8, 4).assign(age=[30, None, None, None],
                                       missing=[None, "age=not_applicable", "age=unknown", None])
    row = need_index(tables(ages), components=Components(fields=("age",), outcomes=())).iloc[0]
    assert (row["numerator"], row["n"]) == (2, 3)


def test_fields_that_the_source_does_not_record_are_not_missing() -> None:
    frame = need_index(tables(shift("north", 8, 40, 4)))
    assert set(frame["component"]) == {"need", "force_used"}


def test_rows_that_cover_a_period_are_left_out_and_counted() -> None:
    month = shift("north", 8, 1).assign(is_aggregate=True, contacts=400)
    frame = need_index(tables(shift("north", 8, 40, 4), month), components=TWO)
    assert frame["n"].eq(40).all()
    assert frame.attrs["left_out"] == 1


@pytest.mark.parametrize(("arguments", "message"), [
    ({"site": "sit"}, "did you mean 'site'"), ({"site": "agency"}, "no record has a value in 'agency'"),
    ({"components": Components(outcomes=("need",))}, "'need' is no yes/no column"),
    ({"components": Components(shifts={"day": (7, 19), "night": (20, 7)})}, "must cover each hour"),
    ({"components": Components(fields=("age",), outcomes=("arrested",))}, "records none of the components")])
def test_mistakes_are_told(arguments: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        need_index(tables(shift("north", 8, 40, 4)), **arguments)
