"""What the tests of claims measure: kept, held against ``sim/measured.json``, and written there with ``--record``.

A claim test calls ``measured(what, figure)``; its file's name says the mechanism (``test_b2_motivation.py``: B2). Results
are the same to the last bit everywhere, so a recorded figure that is no longer measured is a change of results: the test
fails until the figures are recorded anew and the change is declared in CHANGELOG.md.
"""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from sim import mechanisms
from sim.estimates import Estimate

FILE = Path(mechanisms.__file__).with_name(mechanisms.MEASURED)
CLAIM = re.compile(r"test_([a-g]\d)_")
DIGITS = 6
"""Significant digits that are kept; the last bits of a standard deviation may differ between processors."""


def entry(what: str, figure: object) -> dict[str, Any]:
    """Return a figure as the file keeps it: an estimate, a single number, or a text."""
    if isinstance(figure, Estimate):
        mean, low, high = (kept(value) for value in (figure.mean, figure.low, figure.high))
        return {"what": what, "mean": mean, "low": low, "high": high, "n": figure.runs}
    if isinstance(figure, str):
        return {"what": what, "text": figure}
    return {"what": what, "mean": kept(float(figure)), "low": None, "high": None, "n": None}  # type: ignore[arg-type]


def kept(value: float) -> float | None:
    """Return a number rounded to `DIGITS` significant digits; None where there is none."""
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Tell whether two entries agree to `DIGITS` significant digits; on the edge of rounding either side will do."""
    if one.keys() != other.keys():
        return False
    for name, value in one.items():
        if name in ("mean", "low", "high") and value is not None and other[name] is not None:
            if not math.isclose(value, other[name], rel_tol=1.01 * 10 ** (1 - DIGITS), abs_tol=1e-9):
                return False
        elif value != other[name]:
            return False
    return True


def text(one: dict[str, Any] | None) -> str:
    """Return an entry as a message shows it."""
    if one is None:
        return "nothing"
    if "text" in one:
        return repr(one["text"])
    return f"{one['mean']}" + ("" if one["low"] is None else f" [{one['low']}, {one['high']}], n = {one['n']}")


def mechanism_of(path: str | Path) -> str | None:
    """Return the id of the mechanism whose claim a file tests, or None when it tests none."""
    found = CLAIM.match(Path(path).name)
    return found.group(1).upper() if found else None


def complaints(of: str, figures: list[dict[str, Any]], known: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Return a line for every figure that is not recorded, or recorded otherwise."""
    recorded = {one["what"]: one for one in known.get(of, [])}
    return [
        f"{of}: {one['what']}\n    recorded: {text(recorded.get(one['what']))}\n    measured: {text(one)}"
        for one in figures
        if one["what"] not in recorded or not same(one, recorded[one["what"]])
    ]


@pytest.fixture
def measured(request: pytest.FixtureRequest):
    """Keep a figure that a claim measured; ``--measured`` shows them at the end, ``--record`` writes them down."""

    def keep(what: str, figure: object) -> None:
        request.node.user_properties.append(("measured", entry(what, figure)))

    return keep


def figures_of(properties: list[tuple[str, Any]]) -> list[dict[str, Any]]:
    """Return the figures among a test's properties, which pytest-xdist carries between processes."""
    return [value for name, value in properties if name == "measured"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item):
    """After a test that held: are its figures those that are recorded?"""
    result = yield
    of = mechanism_of(item.path)
    if of and not item.config.getoption("--record"):
        wrong = complaints(of, figures_of(item.user_properties), mechanisms.recorded())
        if wrong:
            pytest.fail(
                "\n".join(wrong) + f"\n\nThese figures are not those of sim/{FILE.name}. If the change was meant:\n"
                "    python -m pytest tests/claims --record\nand declare it in CHANGELOG.md (**results change**).",
                pytrace=False,
            )
    return result


class Book:
    """Collects the figures of a whole run, in the process that reports it, and writes them down at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.found: dict[str, list[tuple[tuple[int, str], dict[str, Any]]]] = defaultdict(list)
        self.incomplete: set[str] = set()
        self.lines: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take up a test's figures; of a mechanism with a test that failed or was left out, not all are known."""
        of = mechanism_of(report.nodeid.split("::")[0])
        if of is None:
            return
        if not report.passed:
            self.incomplete.add(of)
        elif report.when == "call":
            order = (report.location[1] or 0, report.nodeid)
            self.found[of] += [(order, one) for one in figures_of(report.user_properties)]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the figures down when asked for."""
        if not self.config.getoption("--record"):
            return
        part = self.config.option.keyword or any("::" in argument for argument in self.config.args)
        new = {of: [one for _, one in sorted(figures, key=lambda pair: pair[0])] for of, figures in self.found.items()}
        try:
            written = merged(mechanisms.recorded(), new, set(new) if part else self.incomplete)
        except ValueError as error:
            self.lines.append(f"nothing was recorded: {error}")
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            return
        FILE.write_text(as_text(written), encoding="utf-8")
        self.lines.append(f"recorded in sim/{FILE.name}: {', '.join(sorted(new)) or 'nothing'}")
        self.lines.append("next: python -m tests.docs.update, for the documents that show them")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show what was measured, and what became of it."""
        if self.config.getoption("--measured"):
            for of in sorted(self.found):
                terminalreporter.section(f"what the claim of {of} measured")
                for _, one in sorted(self.found[of], key=lambda pair: pair[0]):
                    terminalreporter.write_line(f"{one['what']}: {text(one)}")
        for line in self.lines:
            terminalreporter.write_line(line)


Figures = dict[str, list[dict[str, Any]]]


def merged(known: Figures, new: Figures, incomplete: set[str]) -> Figures:
    """Return the recorded figures with new ones: in place of a mechanism's old ones, or among them where not all ran.

    Raises ValueError when two figures of one mechanism bear the same words.
    """
    result = dict(known)
    for of, figures in new.items():
        words = [one["what"] for one in figures]
        if twice := sorted({what for what in words if words.count(what) > 1}):
            raise ValueError(f"two figures of {of} bear the same words: {twice[0]!r}")
        if of in incomplete:
            fresh = {one["what"]: one for one in figures}
            kept_ones = [fresh.pop(one["what"], one) for one in known.get(of, [])]
            result[of] = [*kept_ones, *fresh.values()]
        else:
            result[of] = figures
    return {of: result[of] for of in sorted(result) if result[of]}


def as_text(figures: Figures) -> str:
    """Return the file's text: one figure a line, so that a change shows in a diff as what it is."""
    blocks = [
        f"  {json.dumps(of)}: [\n" + ",\n".join("    " + json.dumps(one, ensure_ascii=False) for one in found) + "\n  ]"
        for of, found in figures.items()
    ]
    return "{\n" + ",\n".join(blocks) + "\n}\n"
