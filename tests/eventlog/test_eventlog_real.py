"""The real log: 890 incidents of an IT company (UCI, DOI 10.24432/C57S4H), if at hand; and a large made-up one."""

from __future__ import annotations

import csv
import tracemalloc
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from sim.eventlog import compare_table, derive, figures, read_log, simulated_figures

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "servicenow_incidents_2016-03.csv"


@pytest.fixture(scope="module")
def real():
    if not REAL.exists():
        pytest.skip("the real log is not at hand")
    return read_log(REAL)


def test_the_real_log_is_read_as_its_description_says(real):
    assert len(real.cases) == 890
    assert real.events == 5998
    assert real.columns.rows == "event"
    assert real.columns.order.choice == "dmy"
    assert real.cases["made_sla"].mean() == pytest.approx(0.556, abs=0.001)
    assert (real.cases["reassigned"] > 0).mean() == pytest.approx(0.439, abs=0.001)
    assert real.cases["hours"].median() == pytest.approx(54.47, abs=0.01)


def test_the_derived_organisation_reproduces_the_real_log(real):
    derived = derive(real)
    table = compare_table(figures(real, draws=100), simulated_figures(derived.chain, derived, range(1, 5), log=real))
    assert abs(table.loc["tickets a working day", "relative"]) < 0.06
    assert abs(table.loc["median resolution time, working days", "relative"]) < 0.15
    assert abs(table.loc["90th percentile of it, working days", "relative"]) < 0.2
    assert abs(table.loc["median resolution time, clock hours", "relative"]) < 0.35  # a weekend begins just behind it
    assert abs(table.loc["90th percentile of it, clock hours", "relative"]) < 0.2
    assert abs(table.loc["share reassigned", "difference"]) < 0.04
    assert abs(table.loc["share within SLA", "difference"]) < 0.06
    assert abs(table.loc["share reopened", "difference"]) < 0.01


def test_no_unit_of_the_real_organisation_is_smaller_than_five(real):
    chain = derive(real).chain
    assert min(chain.nodes[unit]["staff"] for unit in chain.units) >= 5


@pytest.mark.slow
def test_a_large_log_is_streamed(tmp_path):
    random = np.random.default_rng(1)
    path = tmp_path / "large.csv"
    start = datetime(2023, 1, 2, 8)
    filler = "text " * 60
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["Incident ID", "DateStamp", "Activity", "Assignment Group", "Assignee", "Description"])
        for event in range(200_000):
            case, step = event // 4, event % 4
            when = start + timedelta(minutes=int(case * 5 + step * random.integers(1, 300)))
            out.writerow(
                [f"I{case}", when.strftime("%d/%m/%Y %H:%M"), ("Open", "Update", "Update", "Resolved")[step],
                 f"TEAM{(case + step // 2) % 12}", f"u{case % 90}", filler]
            )  # fmt: skip
    tracemalloc.start()
    log = read_log(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(log.cases) == 50_000
    assert peak < path.stat().st_size
