"""Balances, statements, entries and cash flow: typed doors to SQL table macros (the .sql files beside them)."""
