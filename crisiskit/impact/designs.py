"""Which designs a panel can support, which assumption fails where it cannot, and what data would help."""

from collections.abc import Callable
from dataclasses import dataclass

from crisiskit.impact.panel import Panel

FEWEST_BEFORE = {"did": 2, "event_study": 3, "its": 8, "synthetic_control": 8}
FEWEST_AFTER, FEWEST_DONORS = 3, 5


@dataclass(frozen=True)
class Possible:
    """One design for one panel: `why_not` is empty where it can be used; `rests_on` is what nobody can test."""

    design: str
    title: str
    rests_on: str
    why_not: str
    would_help: str

    @property
    def usable(self) -> bool:
        return not self.why_not


def choose(panel: Panel, asked: str) -> str:
    """The design of the main estimate: what was asked for, or by what the panel has.

    One area, or all at once and none to compare with: an interrupted time series. All areas at once: difference in
    differences. At different times, or on and off: imputation, which never compares with an area already treated.
    """
    if asked != "auto":
        return asked
    if panel.treated.all() and (panel.roll_out == "block" or len(panel.units) == 1):
        return "its"
    return "did" if panel.roll_out == "block" else "staggered"


def possible(panel: Panel) -> tuple[Possible, ...]:
    """Every design with what stands in its way on this panel, in the order of the report."""
    before, after = int(panel.before.sum()), int((panel.status > 0).any(axis=0).sum())
    donors, treated = int((~panel.treated).sum()), int(panel.treated.sum())
    facts = _Facts(before, after, donors, treated, panel.roll_out, len(set(panel.first[panel.treated])))
    return tuple(
        Possible(name, title, rests_on, *_first_fault(tests, facts)) for name, title, rests_on, tests in DESIGNS
    )


@dataclass(frozen=True)
class _Facts:
    before: int
    after: int
    donors: int
    treated: int
    roll_out: str
    starts: int


Test = tuple[Callable[[_Facts], bool], str, str]
_COMPARED: Test = (lambda f: f.donors >= 2, "there are no two areas without the programme to compare with",
                   "the same counts for areas that never had the programme")  # fmt: skip
_AFTER: Test = (lambda f: f.after >= FEWEST_AFTER, f"fewer than {FEWEST_AFTER} periods lie after the start",
                "the following months")  # fmt: skip
_BLOCK: Test = (lambda f: f.roll_out == "block", "the areas did not all start at once and stay",
                "no further data: the design for staggered adoption serves")  # fmt: skip


def _before(name: str) -> Test:
    fewest = FEWEST_BEFORE[name]
    return (lambda f: f.before >= fewest, f"fewer than {fewest} periods lie before the first start", "earlier months")


DESIGNS: tuple[tuple[str, str, str, tuple[Test, ...]], ...] = (
    ("did", "Difference in differences, counts and logarithms",
     "without the programme, treated and other areas would have moved in parallel (in ratios)",
     (_COMPARED, _before("did"), _BLOCK)),
    ("event_study", "Event study", "the same, period by period", (_COMPARED, _before("event_study"), _BLOCK)),
    ("its", "Interrupted time series of the treated areas",
     "level, trend and season would have gone on, and nothing else happened at the start",
     (_before("its"), _AFTER)),
    ("staggered", "Staggered adoption (imputation, Callaway and Sant'Anna, Sun and Abraham)",
     "areas that start later would have moved like those that start earlier, and nobody acted before the start",
     (_COMPARED, _before("did"), (lambda f: f.starts >= 2, "all areas start at once",
                                        "no further data: the other designs serve"))),
    ("synthetic_control", "Synthetic control", "a mix of the other areas that moved alike before would have gone on so",
     ((lambda f: f.donors >= FEWEST_DONORS, f"fewer than {FEWEST_DONORS} areas are there to mix",
       "more areas without the programme"), _before("synthetic_control"), _BLOCK)),
    ("synthetic_did", "Synthetic difference in differences", "weighted areas and periods would have moved in parallel",
     ((lambda f: f.donors > max(f.treated, FEWEST_DONORS - 1), "there are not more comparison areas than treated ones",
       "more areas without the programme"), _before("synthetic_control"), _BLOCK)),
)  # fmt: skip


def _first_fault(tests: tuple[Test, ...], facts: _Facts) -> tuple[str, str]:
    return next(((fault, helps) for holds, fault, helps in tests if not holds(facts)), ("", ""))

