"""Data files of the package: notebooks."""
