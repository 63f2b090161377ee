"""Sweeps as a user meets them: processes that are stopped, killed and run out of room, and go on."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments.sweeps import drive, read
from experiments.sweeps.status import status
from tests.experiments import cheap

ROOT = Path(__file__).parents[2]
ENVIRONMENT = os.environ | {"COLUMNS": "160", "PYTHONPATH": str(ROOT)}
COMMAND = [sys.executable, "-m", "sim.cli"]


def service_culture(*arguments, **said):
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, env=ENVIRONMENT,
                          timeout=600, **said)  # fmt: skip


SMALL = """
format = 1
name = "Small"
[[departments]]
name = "Shop"
staff = 3
hours_per_request = 0.5
[[segments]]
name = "Buyers"
customers = 60
needs_per_year = 12
[[links]]
supplier = "Shop"
client = "Buyers"
"""


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def options(firm, out, samples, days=60):
    return ("sweep", "run", firm, "--lever", "training=0..0.1", "--lever", "openness=0.1..0.9", "--samples", samples,
            "--warm-up", days, "--days", days, "--out", out, "--workers", 2)  # fmt: skip


def table_of(folder):
    out = folder.with_suffix(".csv")
    done = service_culture("sweep", "table", folder, "--out", out, "--overwrite")
    assert done.returncode == 0, done.stderr
    return out.read_bytes()


# --- stopped, killed, gone on with -----------------------------------------------------------------------------------


def _as_from_a_terminal():
    """Whoever runs the tests in the background, or with nohup, has these signals ignored."""
    for number in signal.SIGINT, signal.SIGHUP:
        signal.signal(number, signal.SIG_DFL)


def wait_until(process, is_so, seconds=120):
    """Wait for something that a process does, or for its end."""
    until = time.monotonic() + seconds
    while process.poll() is None and not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.slow
def test_stopped_and_killed_in_every_way_the_final_table_is_that_of_an_uninterrupted_sweep(small, tmp_path):
    whole = subprocess.Popen([*COMMAND, *map(str, options(small, tmp_path / "whole", 300))], env=ENVIRONMENT,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)  # fmt: skip
    wait_until(whole, lambda: (tmp_path / "whole" / "sweep.json").exists())
    look = service_culture("sweep", "status", tmp_path / "whole", "--json")
    said = whole.communicate(timeout=120)[1]
    assert whole.returncode == 0, said
    assert look.returncode == 0, look.stderr
    looked = json.loads(look.stdout)
    assert looked["runs"] == 300
    assert looked["state"] in ("running", "finished")
    folder, chance, codes = tmp_path / "broken", random.Random(4), []
    for number in signal.SIGINT, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP:
        driver = subprocess.Popen([*COMMAND, *map(str, options(small, folder, 300))], env=ENVIRONMENT,
                                  preexec_fn=_as_from_a_terminal,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
        before = status(folder).standing.recorded if (folder / "sweep.json").exists() else 0
        wait_until(driver, lambda: (folder / "sweep.json").exists() and status(folder).standing.recorded > before)  # noqa: B023
        time.sleep(chance.random() * 0.3)
        driver.send_signal(number)
        said = driver.communicate(timeout=120)[1]
        codes.append(driver.returncode)
        if driver.returncode == 130:
            assert "Go on with: service-culture sweep resume" in said
            assert "nothing was written" not in said
        if driver.returncode == 0:
            break
    kills = [130, -9, 130, 130]
    assert codes == kills[: len(codes)] or codes[-1] == 0, codes
    assert codes[0] == 130
    again = service_culture("sweep", "resume", folder)
    assert again.returncode == 0, again.stderr
    assert table_of(folder) == table_of(tmp_path / "whole")
    assert service_culture("sweep", "check", folder).returncode == 0


DRIVER = """
import sys
from experiments.sweeps import drive
from experiments.sweeps.executors import Threads
from tests.experiments import cheap
drive.FEWEST_SECONDS = 0.05
drive.sweep(sys.argv[1], cheap.plan(samples=4096), pool=Threads(2))
"""


@pytest.mark.slow
def test_killed_ten_times_at_random_moments_a_sweep_loses_nothing_and_has_nothing_twice(tmp_path):
    drive.sweep(tmp_path / "whole", cheap.plan(samples=4096))
    folder, chance, killed, steps = tmp_path / "broken", random.Random(1), 0, []
    code = DRIVER
    while killed < 10:
        driver = subprocess.Popen([sys.executable, "-c", code, str(folder)], env=ENVIRONMENT, stderr=subprocess.DEVNULL)
        journal = folder / "lock"
        until = time.monotonic() + 60
        before = status(folder).sessions if journal.exists() else 0
        while driver.poll() is None and time.monotonic() < until:
            if (folder / "sweep.json").exists() and status(folder).sessions > before:
                break
            time.sleep(0.01)
        time.sleep(chance.random() * 0.25)
        driver.kill()
        if driver.wait() == 0:
            break
        killed += 1
        if (folder / "sweep.json").exists():
            table = read.runs(folder)
            assert table["run"].is_unique
            steps.append(len(table))
    assert killed >= 3
    assert steps == sorted(steps)
    assert drive.sweep(folder).whole
    assert read.runs(folder).equals(read.runs(tmp_path / "whole"))
    with drive.Ledger(folder, read_only=True) as ledger:
        recorded = sorted(one.name for one in ledger.shards("runs"))
    assert sorted(one.stem for one in (folder / "runs").iterdir()) == recorded
    print(f"killed {killed} times; recorded before each kill: {steps}")


# --- no room ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def little_room(tmp_path):
    place = tmp_path / "little"
    place.mkdir()
    if os.name != "posix" or os.geteuid() != 0 or subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(place)], capture_output=True, check=False
    ).returncode:  # fmt: skip
        pytest.skip("a small file system can be mounted by root only")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.slow
def test_a_full_disk_ends_with_a_clear_message_and_with_room_again_the_sweep_is_finished(small, little_room, tmp_path):
    folder, ballast = little_room / "s", little_room / "ballast"
    ballast.write_bytes(b"x" * 480_000)
    full = service_culture(*options(small, folder, 400, days=40), "--quiet")
    assert full.returncode == 1, full.stderr
    assert "there is no room to write" in full.stderr
    assert "Traceback" not in full.stderr
    again = service_culture("sweep", "resume", folder)
    assert (again.returncode, "no room" in again.stderr) == (1, True), again.stderr
    subprocess.run(["mount", "-o", "remount,size=20M", str(little_room)], check=True)
    done = service_culture("sweep", "resume", folder)
    assert done.returncode == 0, done.stderr
    elsewhere = service_culture(*options(small, tmp_path / "whole", 400, days=40), "--quiet")
    assert elsewhere.returncode == 0
    assert table_of(folder) == table_of(tmp_path / "whole")


# --- wrong input, and failures ---------------------------------------------------------------------------------------

SCENARIO = 'format = 1\norganisation = "software_firm"\ndays = 20\n'
FILE = 'format = 1\norganisation = "software_firm"\n[design]\nmethod = "sobol"\nsamples = 4\n'
FILE += '[[levers]]\nlever = "training"\nfrom = 0\nto = 0.1\n'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "software_firm", "--lever", "trainig=0..0.1"], "training"),
        (["run", "software_firm", "--lever", "training=0..7"], "training"),
        (["run", "software_firm", "--lever", "training=0..0.1", "--design", "latin"], "no such design"),
        (["run", "software_firm", "--lever", "training=0..0.1", "--executor", "cloud"], "no such executor"),
        (["run", "software_firm", "--lever", "training=0..0.1", "--scheduler", "nonsense://x"], "address"),
        (["run", "software_firm"], "nothing to vary"),
        (["run", "sweep.toml", "--lever", "training=0..0.1"], "a sweep file says what is varied"),
        (["run", "scenario.toml"], ""),
        (["resume", "nowhere"], "no sweep in this folder"),
        (["status", "nowhere"], "no sweep in this folder"),
        (["table", "nowhere"], "no sweep in this folder"),
    ],
    ids=lambda one: " ".join(one)[:50] if isinstance(one, list) else "",
)
def test_what_cannot_be_used_ends_with_one_clear_error_and_nothing_written(tmp_path, arguments, said):
    (tmp_path / "scenario.toml").write_text(SCENARIO)
    (tmp_path / "sweep.toml").write_text(FILE)
    done = service_culture("sweep", *arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert len(re.findall(r"^error:", done.stderr, re.MULTILINE)) == 1
    assert said in done.stderr
    assert {one.name for one in tmp_path.iterdir()} <= {"scenario.toml", "sweep.toml", "results"}
    assert not (tmp_path / "results" / "sweep" / "sweep.json").exists()


@pytest.mark.slow
def test_failures_end_with_exit_code_1_and_csv_and_parquet_hold_the_same_to_the_bit(tmp_path):
    import pandas as pd
    import pyarrow.csv

    folder = tmp_path / "s"
    drive.sweep(folder, cheap.plan(cheap.fails_above_half, samples=16))
    done = service_culture("sweep", "resume", folder, "--retry-failed", "--quiet")
    assert done.returncode == 1
    assert "8 of 16 runs failed" in done.stderr
    listed = json.loads(service_culture("sweep", "failures", folder, "--json").stdout)
    assert [one["kind"] for one in listed] == ["ValueError"] * 8
    assert {one["attempts"] for one in listed} == {2}
    for form in "csv", "parquet":
        assert service_culture("sweep", "table", folder, "--out", tmp_path / f"t.{form}").returncode == 0
    ours = read.runs(folder)
    written = pyarrow.csv.read_csv(tmp_path / "t.csv").to_pandas()
    pd.testing.assert_frame_equal(written, ours, check_exact=True, check_dtype=False)  # a CSV knows no 32 bits
    assert pd.read_parquet(tmp_path / "t.parquet").equals(ours)
