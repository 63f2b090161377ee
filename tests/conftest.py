"""Shared by all tests: the repository on the path, slow tests only when asked for, and a book of what claims measure."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
sys.path.insert(0, str(ROOT))


# Examples are the same in every run, so that a change is judged by what it does; look for new ones with
# pytest --hypothesis-profile=random
settings.register_profile("same", derandomize=True)
settings.register_profile("random", derandomize=False)
settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the slow tests too")
    parser.addoption("--measured", action="store_true", help="at the end, show the figures that the claims measured")
    parser.addoption("--record", action="store_true", help="write the figures that the claims measured down")


def pytest_configure(config: pytest.Config) -> None:
    from tests import recording

    config.pluginmanager.register(recording)
    if not hasattr(config, "workerinput"):  # with pytest-xdist, the process that hears of all tests keeps the book
        config.pluginmanager.register(recording.Book(config))


REAL = (
    "browser/",
    "workshop/test_workshop_command.py",
    "experiments/cluster/",
    "experiments/test_sweep_cli.py",
    "test_cli",
)
"""Tests that talk with real processes, sockets or a browser: on a machine under load one of them may miss a deadline. They get
a second attempt, which the summary counts as a rerun; what is wrong fails twice."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(TESTS) and item.path.relative_to(TESTS).as_posix().startswith(REAL):
            item.add_marker(pytest.mark.flaky(reruns=2, reruns_delay=2))
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="slow; run with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)
