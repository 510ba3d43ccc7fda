"""The study's period: flows lie within it or are out, a stock stays."""

from datetime import date

NOTEBOOK = "10_response_patterns"


def test_a_population_outlives_the_period_because_it_is_no_flow(report, record):
    def count(measure, first, last):
        return {"source": "census", "measure": measure, "value": 1.0, "period_start": first, "period_end": last,
                "source_file": "c.csv", "source_row": 1}  # fmt: skip

    year, month = (date(2024, 1, 1), date(2024, 12, 31)), (date(2024, 2, 1), date(2024, 2, 29))
    counts = [count("population", *year), count("offences", *year), count("offences", *month)]
    made = report(NOTEBOOK, [record(1, period_start=date(2024, 2, 3))], counts, period_from="2024-02-01",
                  period_to="2024-03-31")  # fmt: skip
    held = made.data.fetch(made.data.tables["counts"].select("measure", "period_end"))
    assert sorted(zip(held["measure"], held["period_end"].astype(str).str[:10], strict=True)) == [
        ("offences", "2024-02-29"),
        ("population", "2024-12-31"),
    ]


def test_a_period_that_is_open_on_one_side_keeps_the_other(report, record):
    rows = [record(i, period_start=date(2024, month, 1)) for i, month in enumerate((1, 2, 3))]
    made = report(NOTEBOOK, rows, period_from="2024-02-01")
    assert sorted(made.data.fetch(made.data.tables["interventions"].select("record_id"))["record_id"]) == ["r1", "r2"]
