"""The command line as a user meets it: in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from sim import cli, mechanisms, organisation


def service_culture(*arguments, cwd=None, **environment):
    return subprocess.run(
        [sys.executable, "-m", "sim.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "COLUMNS": "160", **environment},
        timeout=300,
    )


@pytest.fixture
def small(tmp_path):
    """An organisation that runs in no time."""
    path = tmp_path / "small.toml"
    path.write_text(
        """
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
""",
        encoding="utf-8",
    )
    return path


def test_help_answers_without_importing_the_model():
    code = "import sys; sys.argv = ['service-culture', '--help']\nfrom sim import cli\n"
    code += "try: cli.main()\nexcept SystemExit: pass\n"
    code += "print('heavy:', sorted({'numpy', 'mesa', 'numba', 'pandas', 'scipy', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "heavy: []" in done.stdout
    assert "vary" in done.stdout


def test_every_command_has_help_with_its_options():
    for command in ("run", "vary", "from-tickets", "show", "levers", "mechanisms", "organisations", "schema",
                    "new", "convert", "from-survey", "validate", "robustness", "calibrate", "simulate-tickets"):  # fmt: skip
        done = service_culture(command, "--help")
        assert done.returncode == 0, done.stderr
        assert "Usage" in done.stdout


def test_run_writes_tables_pictures_and_a_manifest(small, tmp_path):
    out = tmp_path / "out"
    done = service_culture("run", small, "--days", 20, "--seed", 4, "--out", out)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == [
        "books.csv", "chain.png", "firm.csv", "links.csv", "manifest.json", "over_time.png", "problems.csv",
        "segments.csv", "units.csv",
    ]  # fmt: skip
    firm = pd.read_csv(out / "firm.csv")
    assert list(firm["day"]) == list(range(1, 21))
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["inputs"]["seed"] == 4
    assert {"python", "mesa", "numba", "numpy", "service-culture"} <= set(manifest["versions"])
    assert "external satisfaction" in done.stdout


def test_the_manifest_is_enough_to_make_the_result_again(small, tmp_path):
    service_culture("run", small, "--days", 15, "--seed", 9, "--out", tmp_path / "first", "-q")
    manifest = json.loads((tmp_path / "first" / "manifest.json").read_text())
    (tmp_path / "again.json").write_text(json.dumps(manifest["organisation"]))
    inputs = manifest["inputs"]
    service_culture("run", tmp_path / "again.json", "--days", inputs["days"], "--seed", inputs["seed"], "-q",
                    "--out", tmp_path / "second", "--format", "parquet")  # fmt: skip
    again = json.loads((tmp_path / "second" / "manifest.json").read_text())
    assert again["results"] == manifest["results"]


def test_vary_prints_intervals_and_writes_table_and_picture(small, tmp_path):
    done = service_culture("vary", "internal-service", small, "--steps", 2, "--runs", 3, "--days", 30, "--warm-up", 10,
                           "--out", tmp_path / "out")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "n = 3 paired runs" in done.stdout
    assert "Elasticity" in done.stdout
    assert "Lag" in done.stdout
    table = pd.read_csv(tmp_path / "out" / "table.csv")
    assert {"value", "external_satisfaction", "external_satisfaction_low", "external_satisfaction_high"} <= set(table)
    assert (table["external_satisfaction_low"] <= table["external_satisfaction_high"]).all()
    assert (tmp_path / "out" / "dose_response.png").stat().st_size > 10_000


def test_json_output_is_json_and_nothing_else(small, tmp_path):
    done = service_culture("vary", "training", small, "--steps", 2, "--runs", 1, "--days", 8, "--warm-up", 2, "--json",
                           "--link", "Store:Shop", "--out", tmp_path / "a")  # fmt: skip
    assert done.returncode == 2  # training belongs to units, not links
    done = service_culture("vary", "training", small, "--steps", 2, "--runs", 1, "--days", 8, "--warm-up", 2, "--json",
                           "--department", "Store", "--out", tmp_path / "a")  # fmt: skip
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    assert len(content["table"]) == 2
    assert content["lag_satisfaction"]["mean"] is None or content["lag_satisfaction"]["mean"] > 0


def test_quiet_prints_nothing(small, tmp_path):
    done = service_culture("run", small, "--days", 3, "--out", tmp_path / "out", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "enrgy_distributor"], ["no such organisation", "did you mean 'energy_distributor'?"]),
        (["run", "missing/file.toml"], ["cannot be read", "missing/file.toml"]),
        (["vary", "internal-servise"], ["no such lever", "did you mean 'internal_service'?"]),
        (["vary", "internal-service", "--to", "1.5"], ["--from, --to", "1.5", "0 to 1"]),
        (["vary", "internal-service", "--department", "ITT"], ["no such part", "'ITT'", "did you mean 'IT'?"]),
        (["vary", "internal-service", "--link", "IT:Sals"], ["no such link", "IT:Sals"]),
        (["vary", "internal-service", "--link", "a:b", "--department", "IT"], ["a department or a link, not both"]),
        (["run", "--set", "training"], ["no intervention", "for example"]),
        (["run", "--set", "training=0.1@IT,start=9,end=3"], ["ends before it starts"]),
        (["run", "--format", "xls"], ["no such table format", "csv, parquet"]),
        (["run", "--days", "-3"], ["--days"]),
        (["levers", "frim"], ["no lever lives there", "did you mean 'firm'?"]),
        (["convert", "retailer", "x.svg"], ["no such format", ".graphml"]),
        (["run", "--without", "B9"], ["--without: there is no such mechanism", "'B9'", "one of A1, A2"]),
        (["run", "--without", "motivatoin"], ["did you mean B2, motivation?"]),
        (["show", "--without", "A5,F4"], ["F4, lag, cannot be switched off", "it is measured, not modelled"]),
        (["convert", "retailer", "x.toml", "--without", "b1,"], ["no such mechanism", "found:   ''"]),
        (
            ["run", "--days", "3", "--without", "b1", "--set", "pay=0.7", "--set", "training=0.1@IT"],
            ["--set: training belongs to B1, knowledge, which is switched off", "leave B1 out of --without"],
        ),
        (["vary", "training", "--without", "A5", "--without", "b1"], ["lever: training belongs to B1", "switched off"]),
        (["from-tickets", "x.csv", "--without", "B1", "--runs", "0"], ["there is no simulation", "--runs"]),
        (["from-tickets", "x.csv", "--without", "B8"], ["--without: there is no such mechanism", "'B8'"]),
        (["mechanisms", "Z9"], ["no such mechanism", "'Z9'"]),
        (["mechanisms", "motivaton", "retailer"], ["no such mechanism", "did you mean B2, motivation?"]),
        (["mechanisms", "retialer"], ["no such organisation", "did you mean 'retailer'?"]),
    ],
)
def test_wrong_input_gets_one_clear_error_and_writes_nothing(arguments, expected, tmp_path):
    done = service_culture(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    for part in expected:
        assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_results_of_the_user_are_not_overwritten_unasked(small, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    for extra in ([], ["--overwrite"]):
        done = service_culture("run", small, "--days", 2, "--out", out, *extra)
        assert done.returncode == 2
        assert "not empty" in done.stderr
    assert [path.name for path in out.iterdir()] == ["notes.txt"]
    first = service_culture("run", small, "--days", 2, "--out", tmp_path / "mine", "-q")
    second = service_culture("run", small, "--days", 2, "--out", tmp_path / "mine", "-q")
    third = service_culture("run", small, "--days", 3, "--out", tmp_path / "mine", "-q", "--overwrite")
    assert (first.returncode, second.returncode, third.returncode) == (0, 2, 0)
    assert len(pd.read_csv(tmp_path / "mine" / "firm.csv")) == 3


def test_a_file_in_the_place_of_the_results_is_refused(small, tmp_path):
    (tmp_path / "taken").write_text("")
    done = service_culture("run", small, "--out", tmp_path / "taken")
    assert done.returncode == 2
    assert "this is a file" in done.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_a_clear_error(small, tmp_path):
    tmp_path.chmod(0o500)
    done = service_culture("run", small, "--out", tmp_path / "out")
    tmp_path.chmod(0o700)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


def test_new_writes_a_file_that_show_accepts_and_convert_brings_through_every_format(tmp_path):
    assert service_culture("new", tmp_path / "mine.toml", "--like", "retailer").returncode == 0
    assert service_culture("new", tmp_path / "mine.toml").returncode == 2
    chain = organisation.load(tmp_path / "mine.toml")
    source = tmp_path / "mine.toml"
    for name in ("a.graphml", "b.json", "c.toml"):
        done = service_culture("convert", source, tmp_path / name)
        assert done.returncode == 0, done.stderr
        source = tmp_path / name
    again = organisation.load(source)
    assert dict(again.nodes(data=True)) == dict(chain.nodes(data=True))
    assert {edge: chain.edges[edge] for edge in chain.edges} == {edge: again.edges[edge] for edge in again.edges}
    shown = service_culture("show", source)
    assert shown.returncode == 0
    assert "load" in shown.stdout


def test_an_overloaded_unit_is_pointed_out(small, tmp_path):
    text = small.read_text().replace("staff = 2", "staff = 1").replace("customers = 300", "customers = 3000")
    small.write_text(text)
    done = service_culture("run", small, "--days", 2, "--out", tmp_path / "out")
    assert done.returncode == 0
    assert "note: Store is asked for" in done.stderr


def test_levers_organisations_and_schema_list_what_there_is():
    assert "internal-service" in service_culture("levers").stdout
    assert {one["home"] for one in json.loads(service_culture("levers", "unit", "--json").stdout)} == {"unit"}
    assert "energy_distributor" in service_culture("organisations").stdout
    assert "properties" in json.loads(service_culture("schema").stdout)


def test_without_a_mechanism_the_results_and_their_manifest_are_others(small, tmp_path):
    manifests = {}
    less, again = ["--without", "a5,B2"], ["--without", "B2", "--without", "A5"]
    for name, options in (("all", []), ("less", less), ("again", again)):
        done = service_culture("run", small, "--days", 12, "--out", tmp_path / name, *options)
        assert done.returncode == 0, done.stderr
        manifests[name] = json.loads((tmp_path / name / "manifest.json").read_text())
    assert "without A5, B2" in done.stderr
    assert "without A5, B2" in done.stdout
    assert [manifests[name]["inputs"]["without"] for name in manifests] == [[], ["A5", "B2"], ["A5", "B2"]]
    assert manifests["less"]["organisation"] == manifests["again"]["organisation"]
    assert manifests["less"]["results"] == manifests["again"]["results"] != manifests["all"]["results"]


def test_an_organisation_is_written_and_shown_without_a_mechanism(small, tmp_path):
    small.write_text(small.read_text().replace("staff = 3", "staff = 3\ntraining = 0.3"))
    done = service_culture("convert", small, tmp_path / "less.toml", "--without", "b1")
    assert (done.returncode, done.stdout.strip()) == (0, f"wrote {tmp_path / 'less.toml'}, without B1")
    assert organisation.load(tmp_path / "less.toml").value("training", "Shop") == 0
    loads = [
        json.loads(service_culture("show", *arguments, "--json").stdout)["utilisation"]["Shop"]
        for arguments in ([small], [small, "--without", "B1"], [tmp_path / "less.toml"])
    ]
    assert loads[0] > loads[1] == loads[2]
    assert "Small, without B1:" in service_culture("show", small, "--without", "B1").stdout


def test_vary_without_a_mechanism_says_so(small, tmp_path):
    done = service_culture("vary", "internal-service", small, "--steps", 2, "--runs", 2, "--days", 8, "--warm-up", 2,
                           "--without", "B2", "--out", tmp_path / "out")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "internal service, without B2" in done.stdout
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["inputs"]["without"] == ["B2"]
    assert manifest["organisation"]["graph"]["motivation_rate"] == 0


def test_beside_a_ticket_log_the_simulation_may_be_without_a_mechanism_and_the_file_is_as_derived(tmp_path):
    lines = ["id,opened,resolved,team"]
    for number in range(60):
        day, hour = 4 + number % 5, 8 + number % 8
        lines.append(f"T{number},2024-03-{day:02} {hour:02}:10,2024-03-{day:02} {hour + 1:02}:30,Desk")
    (tmp_path / "log.csv").write_text("\n".join(lines))
    files = []
    for name, options in (("a.toml", []), ("b.toml", ["--without", "B1,a5"])):
        done = service_culture("from-tickets", tmp_path / "log.csv", "--runs", 2, "--out", tmp_path / name, *options)
        assert done.returncode == 0, done.stderr
        files.append((tmp_path / name).read_text())
    assert "2 runs, without A5, B1" in done.stdout
    assert files[0] == files[1]


def test_mechanisms_lists_them_all_and_shows_one_in_detail(small):
    listed = service_culture("mechanisms", small)
    assert listed.returncode == 0, listed.stderr
    for part in ("Mechanisms in Small", "A1", "F5", "rush-share", "always"):
        assert part in listed.stdout
    as_json = json.loads(service_culture("mechanisms", small, "--json", "--without", "b2").stdout)
    found = {one["id"]: one for one in as_json}
    assert (found["B1"]["on"], found["B2"]["on"], found["F4"]["on"]) == (True, False, None)
    assert "training" in found["B1"]["levers"]
    assert {"what", "mean", "low", "high", "n"} == set(found["B2"]["measured"][0])
    detail = service_culture("mechanisms", "b2", small)
    for part in ("B2 motivation: on in Small", "Claim: With pay", "sim.rules.motivation.grounds", "motivation-rate"):
        assert part in detail.stdout
    for figure in mechanisms.measured("B2"):
        assert figure.text() in detail.stdout


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
def test_stopping_leaves_nothing_half_written(tmp_path):
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "sim.cli",
            "run",
            "energy_distributor",
            "--days",
            "100000",
            "--out",
            str(tmp_path / "out"),
        ],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # A suite that was started in the background ignores SIGINT, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    with process:
        try:
            assert "running 100000 days" in process.stderr.readline()
            time.sleep(5)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=100)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "nothing was written" in errors
    assert not (tmp_path / "out").exists()


LONG = "x" * 300
"""More letters than a name of a file may have anywhere."""


@pytest.mark.parametrize(
    "arguments",
    [
        f"run {LONG}", f"run energy_distributor --days 2 --out {LONG}", f"show {LONG}", f"compare {LONG}",
        f"convert energy_distributor {LONG}.toml", f"new {LONG}.toml", f"new {LONG}/", f"report {LONG}",
        f"from-tickets {LONG}", f"from-survey energy_distributor --staff {LONG}.csv", f"sweep {LONG}.toml",
        f"sweep status {LONG}", f"forget {LONG}", f"simulate-tickets energy_distributor --days 3 --out {LONG}.csv",
        f"calibrate energy_distributor --tickets {LONG}", f"scenario weak-link --write {LONG}",
    ],
)  # fmt: skip
def test_a_name_that_no_system_can_have_is_refused(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["service-culture", *arguments.split()])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr().err
    assert ended.value.code == 2, said
    assert said.count("error: ") == 1
    assert not list(tmp_path.iterdir())
