"""The exercise as a user meets it on the command line: words first, tables and pictures beside, mistakes explained."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from sim.hireback.market import ASSUMPTIONS
from tests.test_cli import service_culture, small  # noqa: F401  (a fixture)

SHORT = ("--runs", 2, "--warm-up", 20, "--days", 40, "--markets", 50, "--step-runs", 2)


@pytest.mark.slow
def test_the_verdict_comes_first_and_everything_is_written(small, tmp_path):  # noqa: F811
    out = tmp_path / "out"
    done = service_culture("hire-back", "store", small, *SHORT, "--out", out)
    assert done.returncode == 0, done.stderr
    first = next(line for line in done.stdout.splitlines() if line.strip())
    assert first.startswith("Would they hire Store back? ")
    for part in ("Should they?", "Both together:", "sees itself", "What could Store change?"):
        assert part in done.stdout
    names = {path.stem for path in out.iterdir() if path.suffix == ".csv"}
    assert names == {
        "departments", "clients", "matrix", "mutual", "levels", "gaps", "processes", "leaders", "should", "steps",
    }  # fmt: skip
    for picture in ("clients", "mirror", "market", "place", "takeover", "steps"):
        assert (out / f"{picture}.png").stat().st_size > 5000
    clients = pd.read_csv(out / "clients.csv")
    assert clients["runs"].eq(2).all()
    assert (clients["share_low"] <= clients["share"]).all()
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["inputs"]["department"] == "Store"
    assert manifest["inputs"]["market"]["reliability"] == 0.91


@pytest.mark.slow
def test_quick_asks_the_first_question_alone_and_all_lists_everybody(small, tmp_path):  # noqa: F811
    out = tmp_path / "out"
    done = service_culture("hire-back", "--quick", "--all", small, *SHORT, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "Of all 2 departments and contractors" in done.stdout
    assert "Should they?" not in done.stdout
    assert not (out / "should.csv").exists()
    assert (out / "market.png").exists()
    assert set(pd.read_csv(out / "departments.csv")["supplier"]) == {"Shop", "Store"}


@pytest.mark.slow
def test_json_is_json_and_the_same_again_has_the_same_hash(small, tmp_path):  # noqa: F811
    told = []
    for name, workers in (("one", 1), ("two", 2)):
        done = service_culture(
            "hire-back", "Store", small, *SHORT, "--quick", "--json", "--workers", workers, "--out", tmp_path / name
        )
        assert done.returncode == 0, done.stderr
        told.append(json.loads(done.stdout))
    assert told[0]["sha256"] == told[1]["sha256"]
    assert told[0]["answer"] in ("yes", "no", "close")
    assert {row["supplier"] for row in told[0]["clients"]} == {"Store"}


@pytest.mark.slow
def test_a_better_market_on_the_command_line_keeps_fewer(small, tmp_path):  # noqa: F811
    shares = []
    for market in ((), ("--market", "reliability=1", "--market", "assurance=0.95")):
        done = service_culture(
            "hire-back", "Store", small, *SHORT, "--quick", "--json", *market, "--out", tmp_path / str(len(shares))
        )
        shares.append(json.loads(done.stdout)["share"]["mean"])
    assert shares[1] < shares[0]


@pytest.mark.slow
def test_assumptions_are_listed_with_what_was_said_of_them():
    done = service_culture("hire-back", "--assumptions", "--json", "--market", "price=0.8")
    listed = {one["name"]: one for one in json.loads(done.stdout)}
    assert set(listed) == {one.name for one in ASSUMPTIONS}
    assert listed["price"]["value"] == 0.8
    assert listed["price"]["default"] == 1.0
    assert all(one["source"] for one in listed.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "a department or contractor, or --all"),
        (("Stroe",), "did you mean 'Store'?"),
        (("S",), "several departments are called so"),
        (("Store", "--market", "quality=1"), "nothing of this name is assumed"),
        (("Store", "--market", "reliability=2"), "a number from 0 to 1 (share)"),
        (("Store", "--market", "reliability"), "NAME=VALUE"),
        (("Store", "--price", "tools"), "LEVER=PRICE"),
        (("Store", "--without", "Z9"), "Z9"),
        (("Store", "--format", "xlsx"), "csv"),
    ],
)
def test_a_mistake_gets_one_clear_error_and_writes_nothing(arguments, expected, small, tmp_path):  # noqa: F811
    out = tmp_path / "out"
    where = [*arguments[:1], small, *arguments[1:]] if arguments else []
    done = service_culture("hire-back", *where, *SHORT, "--out", out)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert expected in done.stderr
    assert not out.exists()


@pytest.mark.slow
def test_results_of_the_user_are_not_overwritten_unasked(small, tmp_path):  # noqa: F811
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine", encoding="utf-8")
    done = service_culture("hire-back", "Store", small, *SHORT, "--quick", "--out", out)
    assert done.returncode == 2
    assert (out / "mine.txt").read_text(encoding="utf-8") == "mine"
    assert {path.name for path in out.iterdir()} == {"mine.txt"}
