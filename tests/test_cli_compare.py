"""Comparing and telling stories on the command line, as a consultant does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from sim import organisation, saving
from sim.interventions import Intervention
from sim.scenario import Scenario

SHOP = """
format = 1
name = "Small"
[[departments]]
name = "Shop"
staff = 3
hours_per_request = 0.5
[[departments]]
name = "Store"
staff = 2
hours_per_request = 0.5
[[segments]]
name = "Buyers"
customers = 300
needs_per_year = 12
[[links]]
supplier = "Shop"
client = "Buyers"
[[links]]
supplier = "Store"
client = "Shop"
requests_per_case = 0.5
"""
SHORT = ("--runs", 3, "--days", 20, "--warm-up", 10)


def service_culture(*arguments, cwd=None, module="sim.cli"):
    return subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        capture_output=True, text=True, cwd=cwd, timeout=300, env={**os.environ, "COLUMNS": "160"},
    )  # fmt: skip


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(SHOP, encoding="utf-8")
    return path


def test_what_if_on_the_command_line_is_enough_for_a_comparison(small, tmp_path):
    out = tmp_path / "out"
    done = service_culture("compare", small, "--what-if", "Better store: error_rate=0.01@Store; training=0.05,start=5",
                           "--what-if", "promise_days=5@Shop:Buyers", *SHORT, "--out", out)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "n = 3 paired runs" in done.stdout
    assert "Better store" in done.stdout
    saved = saving.read(out)
    as_is, better, later = saved.scenarios
    assert as_is.name == "As described"
    assert better.interventions == (Intervention("error_rate", 0.01, "Store"), Intervention("training", 0.05, start=5))
    assert later.name == "promise_days=5@Shop:Buyers"
    assert {path.name for path in out.iterdir()} == {
        "affected.csv", "chain.png", "comparison.csv", "differences.png", "manifest.json", "money.csv", "over_time.csv",
        "runs.csv", "unfolding.png",
    }  # fmt: skip


@pytest.mark.slow
def test_an_earlier_comparison_is_made_again_from_its_manifest_alone(small, tmp_path):
    first = service_culture("compare", small, "--what-if", "training=0.05", *SHORT, "--out", tmp_path / "a", "--json")
    assert first.returncode == 0, first.stderr
    (tmp_path / "elsewhere").mkdir()
    manifest = tmp_path / "elsewhere" / "manifest.json"
    (tmp_path / "a" / "manifest.json").rename(manifest)
    small.unlink()
    second = service_culture("compare", manifest, "--out", tmp_path / "b", "--json")
    assert second.returncode == 0, second.stderr
    assert json.loads(first.stdout)["sha256"] == json.loads(second.stdout)["sha256"]


def test_a_scenario_file_is_compared_with_its_organisation_as_described(small, tmp_path):
    (tmp_path / "plan.toml").write_text(
        'format = 1\nname = "Plan"\norganisation = "small.toml"\ndays = 12\nwarm_up = 4\nruns = 2\n'
        '[[interventions]]\nlever = "training"\nto = 0.1\nwhere = "Store"\nramp = 3\n',
        encoding="utf-8",
    )
    done = service_culture("compare", "plan.toml", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "out" / "comparison.csv")
    assert list(dict.fromkeys(table["scenario"])) == ["As described", "Plan"]


@pytest.mark.slow
def test_two_files_of_one_firm_are_told_apart_by_their_names(small, tmp_path):
    other = tmp_path / "grown.toml"
    other.write_text(SHOP.replace("staff = 2", "staff = 4"), encoding="utf-8")
    done = service_culture("compare", small, other, *SHORT, "--out", tmp_path / "out", "--format", "parquet")
    assert done.returncode == 0, done.stderr
    assert saving.read(tmp_path / "out").tables["runs"]["scenario"].tolist() == ["small"] * 3 + ["grown"] * 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.toml"], "nowhere.toml"),
        (["small.toml"], "nothing to compare with"),
        (["small.toml", "--what-if", "trainnig=0.1"], "did you mean 'training'"),
        (["small.toml", "--what-if", "Name only:"], "pulls no lever"),
        (["small.toml", "--what-if", "training=0.1@Shopp"], "did you mean 'Shop'"),
        (["small.toml", "--what-if", "training=lots"], "lever=value"),
        (["small.toml", "--what-if", "training=0.1", "--precision", "-1"], "above 0"),
        (["small.toml", "small.toml"], "one name"),
        (["small.toml", "--what-if", "training=0.1", "--without", "B1"], "switched off"),
        (["small.toml", "--what-if", "training=0.1", "--format", "xls"], "csv, parquet"),
        (["."], "folder"),
    ],
)
def test_wrong_input_is_one_error_and_leaves_nothing(small, tmp_path, arguments, said):
    done = service_culture("compare", *arguments, "--out", "out", cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["small.toml"]


@pytest.mark.slow
def test_stories_are_listed_and_told_by_name_as_a_script_and_from_a_file(small, tmp_path):
    listed = service_culture("scenario", "--json")
    assert "weak-link" in {one["name"] for one in json.loads(listed.stdout)}
    by_name = service_culture("scenario", "weak-link", small, *SHORT, "--out", tmp_path / "a", "--json")
    assert by_name.returncode == 0, by_name.stderr
    as_script = service_culture(small, *SHORT, "--out", tmp_path / "b", "--json", module="scenarios.weak_link")
    assert as_script.returncode == 0, as_script.stderr
    one, other = json.loads(by_name.stdout), json.loads(as_script.stdout)
    assert one["sha256"] == other["sha256"]
    assert len(one["points"]) == 2
    mine = tmp_path / "mine.py"
    mine.write_text(
        '"""Mine.\n\nStory: S.\n\nQuestion: Q?\n"""\nfrom sim.interventions import Intervention\n'
        "from sim.scenario import Scenario\nfrom sim.story import Story\n\n\n"
        'def scenarios(firm):\n    first = Scenario("As it is", firm)\n'
        '    return [first, first.what_if("Trained", Intervention("training", 0.1))]\n\n\n'
        "STORY = Story(__doc__, scenarios, lambda comparison: [])\n"
    )
    done = service_culture("scenario", mine, small, *SHORT, "--out", tmp_path / "c")
    assert done.returncode == 0, done.stderr
    assert "Q?" in done.stdout


@pytest.mark.slow
def test_a_storys_scenarios_are_written_as_files_and_compared(small, tmp_path):
    done = service_culture("scenario", "weak-link", small, "--runs", 2, "--days", 8, "--warm-up", 4, "--write", "plans",
                           cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    files = sorted((tmp_path / "plans").iterdir())
    assert [path.name for path in files] == ["0-as-it-is.toml", "1-weak-store.toml"]
    done = service_culture("compare", *files, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr


def test_a_story_that_cannot_be_told_says_what_is_lacking(tmp_path):
    (tmp_path / "one.toml").write_text(
        'format = 1\nname = "One"\n[[departments]]\nname = "Shop"\nstaff = 3\n[[segments]]\nname = "Buyers"\ncustomers = 50\n'
        '[[links]]\nsupplier = "Shop"\nclient = "Buyers"\n'
    )
    done = service_culture("scenario", "weak-link", "one.toml", "--out", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert "behind those who serve customers" in done.stderr
    done = service_culture("scenario", "weak-lnk", "one.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert "did you mean 'weak-link'" in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent as a POSIX signal")
def test_ctrl_c_keeps_the_runs_that_are_finished(tmp_path):
    firm = Scenario("As it is", organisation.load("energy_distributor"), warm_up=50, days=50, runs=5000)
    for number, one in enumerate((firm, firm.what_if("Trained", Intervention("training", 0.1)))):
        (tmp_path / f"{number}.toml").write_text(one.to_toml(), encoding="utf-8")
    task = subprocess.Popen(
        [sys.executable, "-m", "sim.cli", "compare", "0.toml", "1.toml", "--out", "out"], cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        # A suite that was started in the background ignores SIGINT, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    for line in task.stderr:
        if "scenarios ×" in line:
            break
    time.sleep(15)
    task.send_signal(signal.SIGINT)
    _, said = task.communicate(timeout=400)  # on a machine that is busy with other tests
    assert task.returncode == 130
    assert "runs; these are written to" in said
    runs = pd.read_csv(tmp_path / "out" / "runs.csv")
    assert 2 <= runs["seed"].nunique() < 5000
    assert (runs.groupby("seed").size() == 2).all()
