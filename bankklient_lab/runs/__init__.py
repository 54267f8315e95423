"""Notebook runs with parameters, by hand and by schedule; the only room that executes notebooks."""
