"""``service-culture validate`` and ``robustness`` as a user meets them."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
OWN = """format = 1
[[findings]]
id = "P1"
claim = "Nine customers in ten stay"
source = "our own books"
kind = "level"
measure = "retention"
organisation = "retailer"
range = [0, 100]
days = 20
seeds = 3
[[findings]]
id = "P2"
claim = "Training of nobody does nothing"
kind = "effect"
organisation = "retailer"
instead_of = ["training=0.05"]
change = ["training=0.05"]
measure = "external_satisfaction"
published = 1.0
days = 20
seeds = 3
"""


def call(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "sim.cli", *arguments], cwd=folder, capture_output=True, text=True, timeout=600,
        env=dict(__import__("os").environ, PYTHONPATH=str(ROOT)),
    )  # fmt: skip


def test_findings_of_ones_own_are_judged_and_written(tmp_path):
    (tmp_path / "mine.toml").write_text(OWN)
    done = call(tmp_path, "validate", "--findings", "mine.toml", "--only-own", "--quick")
    assert done.returncode == 0, done.stderr
    assert "✓ inside" in done.stdout
    assert "✗ outside" in done.stdout
    here = tmp_path / "results" / "validate"
    checks = pd.read_csv(here / "checks.csv")
    assert list(checks["verdict"]) == ["inside", "outside"]
    assert {"findings.csv", "validation.md", "overview.png", "manifest.json", "p1-runs.csv"} <= {
        path.name for path in here.iterdir()
    }
    text = (here / "validation.md").read_text(encoding="utf-8")
    assert "our own books" in text
    assert "*external satisfaction*, outside: no reason is known." in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["validate", "V99"], "no such finding"),
        (["validate", "--only-own"], "nothing to check"),
        (["validate", "--findings", "nowhere.toml"], "nowhere.toml"),
        (["validate", "--findings", "mine.toml", "P9"], "no such finding"),
        (["robustness", "no-such-story"], "no-such-story"),
        (["robustness", "--organisation", "nowhere"], "no such organisation"),
        (["robustness", "--runs", "1"], "runs"),
    ],
)
def test_mistakes_are_said_with_exit_code_2_and_nothing_is_written(tmp_path, arguments, said):
    (tmp_path / "mine.toml").write_text(OWN)
    done = call(tmp_path, *arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


def test_the_list_runs_nothing(tmp_path):
    done = call(tmp_path, "validate", "--list", "--json")
    found = json.loads(done.stdout)
    assert [one["id"] for one in found][:3] == ["V1", "V2", "V3"]
    assert all(one["source"] and one["experiment"] for one in found)
    assert not any(tmp_path.iterdir())


def test_the_recorded_validation_holds_every_finding_and_every_miss_has_a_reason():
    checks = pd.read_csv(ROOT / "docs" / "validation" / "checks.csv", keep_default_na=False)
    assert checks["id"].nunique() >= 17
    assert not checks.duplicated(["id", "figure"]).any()
    missed = checks[checks["verdict"] != "inside"]
    assert (missed["reason"].str.len() > 20).all(), missed[missed["reason"].str.len() <= 20][["id", "figure"]]
    assert (checks["simulated"].astype(str).str.len() > 0).all()
