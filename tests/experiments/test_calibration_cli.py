"""Calibration as a user meets it: one command, a client's files, wrong inputs, an organisation that goes on."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from sim import organisation
from sim.client.provenance import set_from_data
from tests.client.made_up_client import write_csv
from tests.eventlog import made_up_tickets

SMALL = """
format = 1
name = "Small"
[[departments]]
name = "Service Desk"
staff = 6
hours_per_request = 0.5
[[departments]]
name = "Network"
staff = 8
hours_per_request = 1.0
[[segments]]
name = "Buyers"
customers = 400
needs_per_year = 12
[[links]]
supplier = "Service Desk"
client = "Buyers"
[[links]]
supplier = "Network"
client = "Service Desk"
requests_per_case = 0.4
"""
QUICK = ("--runs", "60", "--days", "20", "--warm-up", "10", "--seed", "3")


@pytest.fixture
def service_culture(tmp_path, monkeypatch, capsys):
    """Return a function that runs a command in a folder of its own, in this process, and gives code, output and errors."""
    from sim import cli

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    (tmp_path / "small.toml").write_text(SMALL, encoding="utf-8")
    staff = [(f"r{one}", "Service Desk", "Network", 3 + one % 3) for one in range(6)]
    write_csv(tmp_path / "staff.csv", ("Respondent", "Rater department", "Rated department", "Score"), staff)
    write_csv(tmp_path / "few.csv", ("Respondent", "Rater department", "Rated department", "Score"), staff[:4])
    answers = [("Buyers", 2 + one % 4, 5 + one % 6) for one in range(120)]
    write_csv(tmp_path / "customers.csv", ("segment", "csat", "nps"), answers)
    made_up_tickets.write(tmp_path / "tickets.csv", made_up_tickets.event_rows(made_up_tickets.tickets(400)))

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["service-culture", *arguments])
        with pytest.raises(SystemExit) as left:
            cli.main()
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return run


@pytest.mark.slow
def test_tickets_surveys_and_typed_figures_are_fitted_together_and_written(service_culture, tmp_path):
    code, out, err = service_culture(
        "calibrate", "small.toml", "--tickets", "tickets.csv", "--survey", "staff.csv", "--customers", "customers.csv",
        "--target", "retention=80±4", "--fit", "churn", "--fit", "error-rate=0.01..0.2,log", "--hold-out", "0.4",
        "--out", "fitted.toml", "--json", *QUICK,
    )  # fmt: skip
    assert code == 0, err
    said = json.loads(out)
    figures = {row["figure"]: row for row in said["fit"]}
    assert {"resolution_median", "reassigned", "internal_satisfaction@Network:Service Desk", "external_satisfaction@Buyers",
            "net_promoter_score@Buyers", "retention"} <= set(figures)  # fmt: skip
    assert figures["retention"]["client"] == 80
    assert [row["parameter"] for row in said["parameters"]] == ["churn", "error_rate"]
    assert {row["figure"] for row in said["held_out"]} >= {"resolution_median", "reassigned"}
    folder = tmp_path / "results" / "calibrate"
    names = {path.name for path in folder.iterdir()}
    assert {"parameters.csv", "fit.csv", "tradeoffs.csv", "posterior.csv", "runs.csv", "held_out.csv", "parameters.png",
            "tradeoffs.png", "fit.png", "calibrated.toml", "manifest.json"} == names  # fmt: skip
    fitted = organisation.load(tmp_path / "fitted.toml")
    for row in said["parameters"]:
        place = ("Buyers",) if row["parameter"] == "churn" else ("Network",)
        kept = organisation.load(tmp_path / "small.toml").value(row["parameter"], *place)
        expected = row["best"] if row["written"] else kept
        assert fitted.value(row["parameter"], *place) == pytest.approx(expected, rel=1e-5)
    assert set(set_from_data(fitted)["lever"]) == {row["parameter"] for row in said["parameters"] if row["written"]}
    code, out, err = service_culture("show", "fitted.toml")
    assert code == 0, err


WRONG = {
    "nothing to fit to": ((), "nothing to fit to"),
    "missing tickets": (("--tickets", "none.csv"), "none.csv"),
    "missing survey": (("--survey", "none.csv"), "none.csv"),
    "unknown lever": (("--target", "retention=80", "--fit", "chrun"), "chrun"),
    "unknown part": (("--target", "retention=80", "--fit", "churn@Sellers"), "Sellers"),
    "unknown target": (("--target", "retentoin=80"), "retention"),
    "no number": (("--target", "retention=high"), "retention=high"),
    "impossible": (("--target", "retention=180"), "0 to 100"),
    "twice": (("--target", "retention=80", "--target", "retention=81"), "twice"),
    "groups too small": (("--survey", "few.csv"), "5 or more people"),
    "groups made small": (("--survey", "staff.csv", "--smallest-group", "2"), "--smallest-group"),
    "same lever": (("--target", "retention=80", "--fit", "churn", "--fit", "churn@Buyers"), "same lever"),
    "hold out of nothing": (("--target", "retention=80", "--hold-out", "0.3"), "--hold-out"),
    "hold out too much": (("--tickets", "tickets.csv", "--hold-out", "0.9"), "--hold-out"),
    "no tickets": (("--tickets", "customers.csv"), "customers.csv"),
    "format of out": (("--target", "retention=80", "--out", "firm.docx"), ".toml"),
    "out exists": (("--target", "retention=80", "--out", "small.toml"), "--overwrite"),
    "scale": (("--survey", "staff.csv", "--scale", "good"), "--scale"),
    "ticket column": (("--tickets", "tickets.csv", "--ticket-column", "opened"), "--ticket-column"),
}


@pytest.mark.parametrize("which", WRONG)
def test_what_cannot_be_used_is_one_error_with_code_2_and_leaves_nothing(service_culture, tmp_path, which):
    before = {path.name for path in tmp_path.iterdir()}
    arguments, said = WRONG[which]
    code, out, err = service_culture("calibrate", "small.toml", *arguments, "--quiet", *QUICK)
    assert code == 2, err
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("error:") == 1
    assert said in err
    assert "Traceback" not in err
    assert {path.name for path in tmp_path.iterdir()} == before


def test_what_small_groups_answered_is_not_told_in_an_error(service_culture):
    _, _, err = service_culture("calibrate", "small.toml", "--survey", "few.csv", *QUICK)
    told = err[err.index("error:") :]
    assert "r1" not in told
    assert "4" not in told
    assert "Network" not in told


def test_a_stop_leaves_neither_results_nor_an_organisation(service_culture, tmp_path, monkeypatch):
    from experiments.calibration import runs

    def stop(*said, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs.Firms, "run", stop)
    code, _, _ = service_culture("calibrate", "small.toml", "--target", "retention=80", "--fit", "churn", "--out",
                                 "fitted.toml", *QUICK)  # fmt: skip
    assert code == 130
    assert not (tmp_path / "fitted.toml").exists()
    assert not Path(tmp_path / "results" / "calibrate").exists()


@pytest.mark.slow
def test_without_levers_named_those_that_the_figures_tell_of_are_chosen(service_culture, tmp_path):
    code, out, err = service_culture("calibrate", "small.toml", "--target", "retention=80±2", "--target",
                                     "external_satisfaction=70±1", "--json", "--runs", "100", "--days", "60", "--warm-up",
                                     "30")  # fmt: skip
    assert code == 0, err
    said = json.loads(out)
    fitted = [row["parameter"] for row in said["parameters"]]
    assert 1 <= len(fitted) <= 2
    assert set(fitted) == {row["parameter"] for row in said["screening"] if row["fitted"]}
    assert said["screening"][0]["gain"] >= said["screening"][-1]["gain"]


def test_what_has_to_be_installed_is_said_before_the_long_work(monkeypatch):
    from sim.cli.calibrating import calibrate
    from sim.errors import InputError

    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.covariance", None)
    with pytest.raises(InputError, match="scikit-learn") as caught:
        calibrate("retailer", target=["retention=88"], quiet=True)
    assert "service-culture[experiments]" in caught.value.hint
