"""The documentation: its generated parts are those of the code as it is, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs import update

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md"])


@pytest.mark.parametrize("name", update.DOCUMENTS)
def test_generated_parts_are_up_to_date(name):
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert update.MARK.search(text)
    assert text.count("<!-- generated:") == text.count("<!-- end of generated -->") == len(update.MARK.findall(text))
    assert update.renewed(text) == text, f"docs/{name} is stale: python -m tests.docs.update"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_that_are_there(path):
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_the_odd_protocol_has_its_seven_elements_and_eleven_design_concepts():
    text = (ROOT / "docs" / "odd.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\d) ", text, re.MULTILINE) == list("1234567")
    concepts = text[text.index("## 4 ") : text.index("## 5 ")]
    assert re.findall(r"^### (.*)$", concepts, re.MULTILINE) == [
        "Basic principles", "Emergence", "Adaptation", "Objectives", "Learning", "Prediction", "Sensing", "Interaction",
        "Stochasticity", "Collectives", "Observation",
    ]  # fmt: skip


def test_every_lever_and_every_population_stands_in_the_odd_protocol():
    from sim import levers, population

    text = (ROOT / "docs" / "odd.md").read_text(encoding="utf-8")
    for one in levers.LEVERS:
        assert f"| `{one.name}` | {one.home} |" in text
    source = (ROOT / "sim" / "population.py").read_text(encoding="utf-8")
    described = {name: fields for name, _, fields in update.populations(source)}
    homes = {"FIRM": "firm", "UNIT": "unit", "LINK": "link", "SEGMENT": "segment"}
    for name in (*homes, "EMPLOYEE", "CUSTOMER", "REQUEST", "UNIT_DAY"):
        of_levers = [one.name for one in levers.LEVERS if one.home == homes.get(name)]
        own = [field for field, _, _ in described[name]]
        assert [*own, *of_levers] == list(getattr(population, name).names)


def test_what_a_column_means_is_the_comment_that_stands_behind_it():
    source = '''
THING = _with_levers(
    "unit",
    ("weight", "f8"),  # in kilograms
    ("height", "f8"),
)
"""A thing."""
OTHER = np.dtype([("a", "i4"), ("b", "f8")])
COUNT = 3  # no population
'''
    assert update.populations(source) == [
        ("THING", "A thing.", [("weight", "f8", "in kilograms"), ("height", "f8", "")]),
        ("OTHER", "", [("a", "i4", ""), ("b", "f8", "")]),
    ]
