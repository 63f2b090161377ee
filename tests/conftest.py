"""Shared by all tests: the repository on the path, slow tests only when asked for, and a book of what claims measure."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the slow tests too")
    parser.addoption("--measured", action="store_true", help="at the end, show the figures that the claims measured")
    parser.addoption("--record", action="store_true", help="write the figures that the claims measured down")


def pytest_configure(config: pytest.Config) -> None:
    from tests import recording

    config.pluginmanager.register(recording)
    if not hasattr(config, "workerinput"):  # with pytest-xdist, the process that hears of all tests keeps the book
        config.pluginmanager.register(recording.Book(config))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="slow; run with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)
