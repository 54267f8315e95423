"""Tests of services: standing orders and permitted collections."""
