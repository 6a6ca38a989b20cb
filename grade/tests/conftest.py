"""Marks of the tests."""


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: left out by make test FAST=1")
