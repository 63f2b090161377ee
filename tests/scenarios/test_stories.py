"""Every story on every bundled organisation: what it claims, it shows; where it cannot be told, it says what is lacking."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest

from sim import organisation, scenario, story
from sim.compare import Comparison, compare
from sim.errors import InputError

STORIES = story.names()
FIRMS = organisation.bundled()


@functools.cache
def told(name: str, firm: str) -> Comparison:
    return compare(story.find(name).told_on(organisation.load(firm)))


@pytest.mark.parametrize("name", STORIES)
def test_a_storys_docstring_tells_it(name):
    one = story.find(name)
    assert 10 < len(one.title) < 120
    for section in story.SECTIONS:
        assert len(one.section(section)) > 30, f"{name} says nothing under {section}:"
    assert one.section("Question").endswith("?")


@pytest.mark.parametrize("name", STORIES)
def test_a_story_can_be_told_on_a_bundled_organisation_or_says_what_is_lacking(name):
    able = 0
    for firm in FIRMS:
        chain = organisation.load(firm)
        if story.find(name).lacks(chain):
            with pytest.raises(InputError, match="cannot be told"):
                story.find(name).told_on(chain)
            continue
        scenarios = story.find(name).told_on(chain)
        able += 1
        assert len(scenarios) >= 2
        assert len({one.name for one in scenarios}) == len(scenarios)
        assert all(one.question for one in scenarios)
    assert able >= 1


@pytest.mark.slow
@pytest.mark.parametrize("firm", FIRMS)
@pytest.mark.parametrize("name", STORIES)
def test_a_storys_points_hold(name, firm):
    one = story.find(name)
    if one.lacks(organisation.load(firm)):
        pytest.skip(f"{firm} has no {one.lacks(organisation.load(firm))}")
    points = one.points(told(name, firm))
    assert len(points) >= 2
    missed = [f"{point.text}: {point.figure.text(point.digits)} {point.unit}" for point in points if not point.holds]
    assert not missed, missed


def _blocks(language: str) -> list[str]:
    text = (Path(__file__).resolve().parents[2] / "docs" / "scenarios.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_examples_of_the_documentation_run():
    (example,) = _blocks("python")
    exec(compile(example, "docs/scenarios.md", "exec"), {})
    (file,) = _blocks("toml")
    assert scenario.parse(file).what_if("Further").interventions[0].ramp == 60
