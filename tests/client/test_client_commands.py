"""The commands around a client's data, as a user meets them; and that every example of docs/client_data.md works."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from made_up_client import staff_survey, twelve_departments, write_csv

from sim import client, organisation
from sim.client.surveys import read_customers, read_staff

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "client_data.md").read_text(encoding="utf-8")


@pytest.fixture
def service_culture(tmp_path, monkeypatch, capsys):
    """Return a function that runs a command in a folder of its own, in this process, and gives code, output and errors."""
    from sim import cli

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["service-culture", *arguments])
        with pytest.raises(SystemExit) as left:
            cli.main()
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return run


def block(name: str) -> str:
    found = re.search(rf"```{name}\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found, name
    return found[1]


def test_the_commands_of_the_document_run_one_after_the_other(tmp_path, service_culture):
    """The example firm of the template, with surveys of it: four commands to an organisation that says its sources."""
    (tmp_path / "staff.csv").write_text(
        "Respondent,Rater department,Rated department,Score\n"
        + "".join(f"{n},Customer Service,IT,{3 + n % 3}\n{n},Customer Service,Finance,4\n" for n in range(9))
        + "90,Sales,IT,1\n91,Sales,IT,2\n",
        encoding="utf-8",
    )
    (tmp_path / "customers.csv").write_text(
        "Segment,CSAT,NPS\n" + "".join(f"Homes,{3 + n % 3},{6 + n % 5}\n" for n in range(40)), encoding="utf-8"
    )
    for line in block("sh").strip().splitlines():
        extra = ["--no-fit"] if "from-survey" in line else []
        code, said, errors = service_culture(*line.split()[1:], *extra)
        assert code == 0, errors
    assert "staff survey, 9 raters" in said
    assert "worth asking for" in said
    chain = organisation.load(tmp_path / "firm.toml")
    assert chain.edges["IT", "Customer Service"]["satisfaction_gap"] == pytest.approx(0.0, abs=0.01)
    assert "satisfaction_gap" not in chain.edges["IT", "Sales"]


def test_the_surveys_of_the_document_are_read(tmp_path):
    from sim.sheets import example

    for name in ("staff", "wide", "customers", "means"):
        (tmp_path / f"{name}.csv").write_text(block(f"csv {name}"), encoding="utf-8")
    assert set(read_staff(tmp_path / "staff.csv", example()).groups) == {("IT", "Sales"), ("Finance", "Sales")}
    assert read_staff(tmp_path / "wide.csv", example()).groups["Finance", "Sales"].size == 2
    assert set(read_customers(tmp_path / "customers.csv", example()).csat) == {"Homes", "Businesses"}
    assert read_customers(tmp_path / "means.csv", example()).net["Homes"].size == 240


def test_the_python_of_the_document_runs():
    for code in re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL):
        exec(compile(code, "client_data.md", "exec"), {})


def test_the_mistake_of_the_document_reads_as_it_says(tmp_path, service_culture):
    import openpyxl

    from sim import sheets

    (tmp_path / "firm.xlsx").write_bytes(sheets.workbook(sheets.example(), template=True))
    book = openpyxl.load_workbook(tmp_path / "firm.xlsx")
    book["Departments"]["B1"] = "stafff"
    book.save(tmp_path / "firm.xlsx")
    code, _, errors = service_culture("show", "firm.xlsx")
    assert code == 2
    said = re.search(r"```\n(error: .*?)```", DOCUMENT, re.DOTALL)[1].strip().splitlines()
    for line in said:
        assert line.split(" …")[0] in errors


def test_new_writes_a_workbook_a_folder_or_a_text_file_and_protects_what_is_there(tmp_path, service_culture):
    for target in ("firm.xlsx", "firm/", "firm.toml"):
        assert service_culture("new", target)[0] == 0
        assert service_culture("show", target)[0] == 0
        code, _, errors = service_culture("new", target)
        assert code == 2
        assert "overwrite" in errors
        assert service_culture("new", target, "--overwrite")[0] == 0
    assert service_culture("new", "firm.ods")[0] == 2
    assert service_culture("new", "more.xlsx", "--like", "retailer")[0] == 0
    assert service_culture("convert", "more.xlsx", "more.toml")[0] == 0
    assert service_culture("convert", "more.toml", "more/")[0] == 0
    for name in ("more.toml", "more"):
        assert set(organisation.load(tmp_path / name).edges) == set(organisation.load("retailer").edges)


def test_a_survey_that_cannot_be_used_leaves_nothing_behind(tmp_path, service_culture):
    (tmp_path / "staff.csv").write_text("Rater,Rated,Score\nSales,Nobody,3\n", encoding="utf-8")
    service_culture("new", "firm.xlsx")
    code, _, errors = service_culture("from-survey", "firm.xlsx", "--staff", "staff.csv", "--out", "firm.toml")
    assert code == 2
    assert "'Nobody'" in errors
    assert not (tmp_path / "firm.toml").exists()
    code, _, errors = service_culture("from-survey", "firm.xlsx")
    assert (code, "nothing to set from" in errors) == (2, True)


@pytest.mark.slow
def test_twelve_departments_and_two_surveys_become_an_organisation_within_a_command(tmp_path, service_culture):
    chain = twelve_departments()
    (tmp_path / "firm.xlsx").write_bytes(organisation.as_bytes(chain, "firm.xlsx"))
    inside = [edge for edge in chain.links if edge[1] in chain.units]
    people = {edge: 3 if number % 4 == 0 else 9 for number, edge in enumerate(inside)}
    staff_survey(tmp_path / "staff.csv", chain, dict.fromkeys(inside, 0.72), people)
    write_csv(tmp_path / "customers.csv", ("Segment", "CSAT"), [("Trade", 4), ("Households", 4)] * 30)
    code, said, errors = service_culture(
        "from-survey",
        "firm.xlsx",
        "--staff",
        "staff.csv",
        "--customers",
        "customers.csv",
        "--out",
        "firm.toml",
        "--json",
    )
    assert code == 0, errors
    found = json.loads(said)
    assert {level["people"] for level in found["levels"]} <= {9, 30, "5 or more"}
    assert all(level["modelled"]["runs"] == 10 for level in found["levels"])
    assert len(client.set_from_data(organisation.load(tmp_path / "firm.toml"))) >= len(found["levels"])
