"""Robustness: worlds differ in constants, conclusions are judged in each, and a study can be gone on with."""

import math

import pandas as pd
import pytest

from experiments.robustness import page, picture, worlds
from experiments.robustness.worlds import Share, StoryRuns
from sim import organisation, story
from sim.errors import InputError
from sim.estimates import Estimate

SCRIPT = '''"""A short story.

Story: One thing changes.

Question: Does it help?

Levers: internal_service.

Look for: anything.
"""
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.scenario import Scenario
from sim.story import Story, less, more

def scenarios(firm):
    first = Scenario("As it is", firm, warm_up=20, days=20, runs=2)
    return [first, first.what_if("Care", Intervention("internal_service", 1.0))]

def points(found):
    inside = found.difference("internal_service", 1)
    return [more("Colleagues notice", inside, "points"), less("They do not", inside, "points"),
            more("Nothing is nothing", found.difference("internal_service", 0), "points")]

STORY = Story(__doc__, scenarios, points)
'''


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "short_story.py"
    path.write_text(SCRIPT)
    return str(path)


def test_a_share_has_wilsons_interval():
    found = Share(9, 10).estimate
    assert (found.mean, found.runs) == (0.9, 10)
    assert (found.low, found.high) == pytest.approx((0.5958, 0.9821), abs=1e-4)
    assert Share(0, 10).estimate.high > 0.2
    assert math.isnan(Share(0, 0).estimate.mean)


def test_points_hold_lean_or_are_contradicted_by_their_interval():
    clear, doubtful, wrong = (
        story.more("It rises", Estimate(*one, 9), "") for one in ((2, 1, 3), (1, -1, 3), (-2, -3, -1))
    )
    assert (clear.holds, clear.leans, clear.contradicted) == (True, True, False)
    assert (doubtful.holds, doubtful.leans, doubtful.contradicted) == (False, True, False)
    assert (wrong.holds, wrong.leans, wrong.contradicted) == (False, False, True)
    unknown = story.more("It rises", Estimate(math.nan, math.nan, math.nan, 0), "")
    assert (unknown.holds, unknown.leans, unknown.contradicted) == (False, False, False)
    within = story.between("It stays", Estimate(1, 0.5, 1.5, 9), "", 0, 2)
    assert (within.holds, story.between("It stays", Estimate(3, 2.5, 3.5, 9), "", 0, 2).contradicted) == (True, True)


def test_worlds_differ_and_a_story_is_judged_in_each(script, tmp_path):
    found, table = worlds.survive(script, "retailer", tmp_path / "study", worlds=4, runs=2)
    true, false, nothing = found
    assert (true.holds, true.contradicted) == (false.contradicted, false.holds)
    assert true.leans.count >= 3
    assert true.leans.count + false.leans.count == 4
    assert (nothing.holds.count, nothing.leans.count, nothing.contradicted.count) == (0, 0, 0)
    assert table["mean_0"].nunique() == 4
    assert (table["seed"].nunique(), len(table)) == (4, 4)
    again, _ = worlds.survive(script, "retailer", tmp_path / "study", worlds=4, runs=2)
    assert again == found
    more, longer = worlds.survive(script, "retailer", tmp_path / "study", worlds=8, runs=2)
    pd.testing.assert_frame_equal(longer.head(4), table)
    assert more[0].holds.of == 8


def test_what_varies_is_what_has_no_source_and_the_story_does_not_pull(script):
    runs = StoryRuns(organisation.load("retailer"), script, 2)
    moved = {one.lever.name: one for one in runs.moved}
    assert "internal_service" not in moved
    assert "speed_up" not in moved  # measured: Oliva & Sterman
    assert len(moved) > 100
    for one in moved.values():
        assert one.low >= one.lever.low
        assert one.high <= one.lever.high
        assert one.low < one.value or one.value == one.lever.low


def test_too_few_runs_and_unknown_stories_are_refused(script):
    firm = organisation.load("retailer")
    with pytest.raises(InputError, match="too few runs"):
        StoryRuns(firm, script, 1)
    with pytest.raises(InputError):
        worlds.tellable(firm, ["no-such-story"])
    assert "weak-link" in worlds.tellable(firm)


def test_the_table_has_a_row_for_each_conclusion_and_can_be_drawn(script, tmp_path):
    found, _ = worlds.survive(script, "retailer", tmp_path / "study", worlds=2, runs=2)
    table = worlds.table(found)
    assert list(table["text"]) == ["Colleagues notice", "They do not", "Nothing is nothing"]
    assert "100 % [34, 100]" in page.markdown(table)
    picture.shares(table).savefig(tmp_path / "shares.png")
