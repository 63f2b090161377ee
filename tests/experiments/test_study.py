"""The study in docs/sweep_study.md: its file makes the runs that were analysed."""

from pathlib import Path

import pytest

from experiments.sweeps import file, study

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def plan():
    return study.plan(file.read(DOCS / "sweep_study.toml"))


def test_the_studys_file_makes_the_runs_that_the_page_speaks_of(plan):
    assert len(plan) == 20_480
    assert len(plan.space.levers) == 8
    assert plan.luck == "luck"
    text = (DOCS / "sweep_study.md").read_text(encoding="utf-8")
    assert "20,480 runs" in text


RECORDED = {
    0: (78.7084372355234, 11268179.627830582),
    7777: (81.28882174069555, 9924623.847430866),
    20479: (81.71045326013788, 10805127.162288697),
}
"""Run → external satisfaction and profit a year, as the sweep recorded them."""


@pytest.mark.slow
@pytest.mark.parametrize("run", RECORDED)
def test_a_run_of_the_study_is_the_same_today(plan, run):
    point = dict(zip(plan.space.names, plan.values_of([run])[0].tolist(), strict=True))
    figures = plan.simulator.run(point, int(plan.seed_of([run])[0])).figures
    assert (figures["external_satisfaction"], figures["profit"]) == RECORDED[run]
