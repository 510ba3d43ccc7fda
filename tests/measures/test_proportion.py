"""A share: what is in doubt widens the bounds, what is excluded does not, and nothing is lost."""

from ibis import _

from crisiskit.measures.proportion import proportion
from crisiskit.measures.request import ask


def test_doubt_widens_the_bounds_and_exclusion_does_not(rows) -> None:
    """Yes, yes, no, in doubt, excluded: 2 of 3, between 2 of 4 and 3 of 4."""
    request = ask(rows(arrested=[True, True, False, None, None], flags=[None, None, None, None, "out"]), "arrested")
    why = [("excluded", _["flags"] == "out"), ("in doubt", _.arrested.isnull())]
    row = proportion(request, request.rows(), why, _.arrested, [["arrested"]], ["in doubt"], "a note",
                     {"yes": _.arrested}).iloc[0]
    assert (row["numerator"], row["denominator"], row["bound_low"], row["bound_high"]) == (2, 3, 2 / 4, 3 / 4)
    assert (row["rows_used"], row["rows_left_out"]) == (3, 2)
    assert row["reasons"] == "excluded 1; in doubt 1; kept: yes 2; a note"
