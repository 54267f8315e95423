"""Tests of bankklient_lab.formats."""
