"""crisiskit: from the records that crisis services keep to figures that may be defended."""

__version__ = "0.1.0"
