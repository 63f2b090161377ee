"""A sweep in parts that know nothing of each other is, gathered, the sweep run whole."""

from __future__ import annotations

import pandas as pd
import pytest

from experiments import array_job
from experiments.sweeps import drive, read
from experiments.sweeps.design import Design
from experiments.sweeps.plan import Plan
from experiments.sweeps.simulate import ServiceRuns
from experiments.sweeps.space import Factor, Space
from sim.errors import InputError
from tests.claims.paired import small_firm

pytest.importorskip("pyarrow")

SPACE = Space((Factor("training", "lever", 0.0, 0.2), Factor("loss_aversion", "uncertainty", 1.0, 3.0)))


def plan(samples: int = 8, **more) -> Plan:
    runs = ServiceRuns(small_firm(), SPACE, warm_up=5, days=8, series=("motivation",), every=4)
    return Plan(SPACE, Design("sobol", samples), runs, **{"replicates": 2} | more)


def in_parts(folder, whole: Plan, parts: int = 3, only=None) -> None:
    for number in range(parts) if only is None else only:
        drive.sweep(folder / f"part-{number:04d}-of-{parts:04d}", array_job.part_of(whole, number, parts))


def test_gathered_parts_are_the_sweep_run_whole_to_the_last_bit(tmp_path):
    drive.sweep(tmp_path / "whole", plan())
    in_parts(tmp_path / "parts", plan())
    pd.testing.assert_frame_equal(
        array_job.gathered(tmp_path / "parts"), read.runs(tmp_path / "whole"), check_exact=True
    )
    series = array_job.gathered(tmp_path / "parts", series=True)
    pd.testing.assert_frame_equal(series, read.series(tmp_path / "whole"), check_exact=True)


def test_what_is_not_all_of_one_sweep_is_not_gathered(tmp_path):
    in_parts(tmp_path / "gap", plan(), only=[0, 2])
    with pytest.raises(InputError, match="not all parts of one sweep") as error:
        array_job.gathered(tmp_path / "gap")
    assert "[1]" in str(error.value)
    drive.sweep(tmp_path / "mixed" / "part-0000-of-0002", array_job.part_of(plan(), 0, 2))
    other = ServiceRuns(small_firm(), SPACE, warm_up=6, days=8, series=("motivation",), every=4)
    drive.sweep(
        tmp_path / "mixed" / "part-0001-of-0002",
        array_job.part_of(Plan(SPACE, Design("sobol", 8), other, replicates=2), 1, 2),
    )
    with pytest.raises(InputError, match="different sweeps"):
        array_job.gathered(tmp_path / "mixed")


def test_a_part_that_is_not_finished_is_named(tmp_path):
    from experiments.sweeps import folder as folders

    in_parts(tmp_path, plan(), parts=2, only=[0])
    folders.create(tmp_path / "part-0001-of-0002", array_job.part_of(plan(), 1, 2))
    with pytest.raises(InputError, match="this part is not finished") as error:
        array_job.gathered(tmp_path)
    assert "part-0001" in str(error.value)


def test_parts_are_refused_where_they_would_not_be_the_whole():
    with pytest.raises(InputError, match="would hang on the part"):
        array_job.part_of(plan(seeds="independent"), 0, 2)
    with pytest.raises(InputError, match="no such part"):
        array_job.part_of(plan(), 2, 2)
    with pytest.raises(InputError, match="more parts than points"):
        array_job.part_of(plan(samples=2), 3, 4)


def test_a_job_of_an_array_finds_its_part_in_the_variables_of_the_batch_system(tmp_path, monkeypatch, capsys):
    from typer.testing import CliRunner

    (tmp_path / "study.toml").write_text(
        'format = 1\norganisation = "software_firm"\nwarm_up = 2\ndays = 4\n'
        '[design]\nmethod = "sobol"\nsamples = 4\n[[levers]]\nlever = "training"\nfrom = 0.0\nto = 0.1\n'
    )
    command = ["run", str(tmp_path / "study.toml"), "--out", str(tmp_path / "study")]
    result = CliRunner().invoke(array_job.app, command)
    assert isinstance(result.exception, InputError)
    assert "no job of an array" in str(result.exception)
    monkeypatch.setenv("SLURM_ARRAY_TASK_COUNT", "2")
    monkeypatch.setenv("SLURM_ARRAY_TASK_MIN", "1")
    for number in ("1", "2"):  # sbatch --array=1-2
        monkeypatch.setenv("SLURM_ARRAY_TASK_ID", number)
        assert CliRunner().invoke(array_job.app, command).exit_code == 0
    found = CliRunner().invoke(array_job.app, ["gather", str(tmp_path / "study"), "--out", str(tmp_path / "all.csv")])
    assert found.exit_code == 0, found.output
    assert pd.read_csv(tmp_path / "all.csv")["run"].tolist() == [0, 1, 2, 3]
