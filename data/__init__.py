"""Data files of the package: data."""
