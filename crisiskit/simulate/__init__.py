"""Simulated data with known truth: standard tables (`simulate`, `write_tables`) and raw files with warts (`write_raw`).

Every draw comes from a seeded numpy generator; times are whole seconds and numbers are written in stated formats,
so the
same seed gives the same data everywhere.
"""

from crisiskit.simulate.defaults import KINDS
from crisiskit.simulate.raw import FORMS, write_raw
from crisiskit.simulate.run import demo, run_simulate
from crisiskit.simulate.tables import Simulated, simulate, write_tables

__all__ = ["FORMS", "KINDS", "Simulated", "demo", "run_simulate", "simulate", "write_raw", "write_tables"]
