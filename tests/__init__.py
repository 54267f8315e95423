"""Tests, laid out like the package; browser/, notebooks/, faults/ and bench/ beside it."""
