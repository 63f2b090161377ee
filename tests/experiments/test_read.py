"""A finished sweep is one tidy table, for this package and for every other program; known answers come out of the pipeline."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.analysis import known, sobol
from experiments.analysis.gridded import to_xarray
from experiments.sweeps import drive, read
from experiments.sweeps.design import Design
from experiments.sweeps.executors import Threads
from experiments.sweeps.plan import Plan
from experiments.sweeps.simulate import FunctionRuns
from sim.errors import InputError
from tests.experiments import cheap

GUIDE = Path(__file__).parents[2] / "docs" / "sweeps.md"


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("read") / "sweep"
    plan = Plan(cheap.SPACE, Design("grid", levels=3), cheap.WithSeries(), replicates=2)
    drive.sweep(folder, plan, pool=Threads(2))
    return folder, plan


def test_the_table_is_tidy_and_sorted_and_columns_can_be_chosen(swept):
    folder, _ = swept
    table = read.runs(folder)
    assert table.columns.tolist() == ["run", "point", "replicate", "seed", "key", "x", "y", "end"]
    assert table["run"].tolist() == list(range(18))
    assert table["key"].is_unique
    assert table["key"].str.len().eq(32).all()
    some = read.runs(folder, ["end", "x"])
    assert some.equals(table[["run", "end", "x"]])
    with pytest.raises(InputError, match="no such column") as told:
        read.runs(folder, ["ends"])
    assert "did you mean 'end'" in str(told.value)


def test_a_sweep_of_which_nothing_is_recorded_is_an_empty_table_with_its_columns(tmp_path):
    from experiments.sweeps import folder as folders

    folders.create(tmp_path / "s", cheap.plan())
    table = read.runs(tmp_path / "s")
    assert table.empty
    assert table.columns.tolist() == ["run", "point", "replicate", "seed", "key", "x", "y", "sum", "third", "chance"]
    with pytest.raises(InputError, match="no time series"):
        read.series(tmp_path / "s")


def test_duckdb_polars_and_pandas_read_the_same_without_this_package(swept):
    import duckdb
    import polars

    folder, _ = swept
    for kind, ours, by in (("runs", read.runs(folder), "run"), ("series", read.series(folder), "run, day")):
        with duckdb.connect() as database:
            theirs = database.sql(f"SELECT * FROM '{folder}/{kind}/*.parquet' ORDER BY {by}").df()
        pd.testing.assert_frame_equal(theirs, ours, check_exact=True, check_dtype=False)
        frame = polars.read_parquet(f"{folder}/{kind}/*.parquet").sort(by.split(", "))
        assert frame.columns == ours.columns.tolist()
        for name in ours:
            assert frame[name].to_list() == ours[name].tolist()
        files = sorted((folder / kind).glob("*.parquet"))
        pandas = pd.concat([pd.read_parquet(one) for one in files]).sort_values(by.split(", "), ignore_index=True)
        pd.testing.assert_frame_equal(pandas, ours, check_exact=True)


def test_a_grid_becomes_an_xarray_with_a_dimension_a_factor(swept):
    folder, plan = swept
    data = to_xarray(read.runs(folder), plan.space, plan.design, ["end"])
    assert dict(data.sizes) == {"x": 3, "y": 3, "replicate": 2}
    np.testing.assert_allclose(data["end"].sel(replicate=0, y=1.0), 3 * data["x"])


def ishigami(samples):
    return Plan(known.ishigami().space(), Design("saltelli", samples), FunctionRuns(cheap.ishigami, ["y"]))


@pytest.mark.slow
def test_known_sobol_indices_come_out_of_the_whole_pipeline_also_after_an_interruption(tmp_path, monkeypatch):
    plan, folder, answer = ishigami(256), tmp_path / "s", known.ishigami()
    monkeypatch.setattr(drive, "HEARTBEAT", 0.05)

    def interrupt(now):
        if now.recorded > 300:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drive.sweep(folder, plan, progress=interrupt)
    assert 300 < len(read.runs(folder)) < len(plan)
    assert drive.sweep(folder).whole
    table = read.runs(folder)
    np.testing.assert_allclose(table["y"], answer.evaluate(plan.points))
    found = sobol.analyse(table, plan.space, plan.design, "y").estimates
    for index, truth in (("first", answer.first), ("total", answer.total)):
        rows = found[found["index"] == index].set_index("factor")
        for name, value in truth.items():
            assert rows.loc[name, "low"] - 0.02 <= value <= rows.loc[name, "high"] + 0.02, (index, name)


# --- the guide -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_programs_of_the_guide_run_as_they_stand(swept, tmp_path, monkeypatch, capsys):
    programs = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(programs) >= 3
    monkeypatch.chdir(tmp_path)
    folder, _ = swept
    (tmp_path / "study").symlink_to(folder)
    for number, program in enumerate(programs):
        module = tmp_path / f"program_{number}.py"
        module.write_text(program)
        monkeypatch.syspath_prepend(tmp_path)
        __import__(module.stem)
