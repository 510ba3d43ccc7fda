"""Simulated data with known truth: standard tables (`simulate`, `write_tables`) and raw files with warts (`write_raw`).

Every draw comes from a seeded numpy generator; times are whole seconds and numbers are written in stated formats,
so the
same seed gives the same data everywhere.
"""

from crisiskit.simulate.tables import Simulated, simulate, write_tables

__all__ = ["Simulated", "simulate", "write_tables"]
