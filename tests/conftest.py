"""Shared by all tests: the repository on the path, slow tests only when asked for, and a place for what they measure."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the slow tests too")
    parser.addoption("--measured", action="store_true", help="at the end, show the figures that the claims measured")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="slow; run with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


_measured: list[str] = []


@pytest.fixture
def measured(request: pytest.FixtureRequest):
    """Keep a figure that a claim measured; ``--measured`` shows them at the end of a run."""

    def keep(what: str, figure: object) -> None:
        text = (
            figure.text(3) if hasattr(figure, "text") else f"{figure:.3f}" if isinstance(figure, float) else str(figure)
        )
        line = f"{Path(str(request.node.path)).stem}: {what}: {text}"
        _measured.append(line)
        print(line)

    return keep


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    if _measured and config.getoption("--measured"):
        terminalreporter.section("what the claims measured")
        for line in _measured:
            terminalreporter.write_line(line)
