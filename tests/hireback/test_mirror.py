"""G4 to G6: the mirror shows what clients see, what a unit believes, what is broken, and what leaders do about it."""

from __future__ import annotations

import numpy as np
import pytest

from sim.hireback import DIMENSIONS, mirror
from sim.hireback.asis import as_is
from sim.model import ServiceModel
from tests.hireback.firms import SHORT, firm, with_contractor


def looks(chain, **change):
    found = as_is(chain, **{**SHORT, **change})
    return found.chain, found.looks


def levels(chain, seen):
    return mirror.sides(chain, seen).set_index(["unit", "side", "dimension"])["level"]


def signs(chain, seen, unit):
    table = mirror.processes(chain, seen)
    return set(table[table["unit"] == unit]["sign"])


# --- G4 ----------------------------------------------------------------------------------------------------------------


def test_given_and_received_are_on_one_scale_and_meet_where_one_serves_the_other():
    chain = firm()
    for edge in list(chain.edges):
        if edge not in (("Back", "Front"), ("Front", "Customers")):
            chain.remove_edge(*edge)
    chain.remove_node("Help")
    level = levels(*looks(chain.check()))
    for name in (*DIMENSIONS, "overall"):
        assert level["Front", "received", name] == pytest.approx(level["Back", "given", name])
    assert np.isnan(level["Back", "received", "overall"])
    assert 0 <= level.dropna().min() <= level.dropna().max() <= 100


def test_a_unit_sees_its_errors_only_as_far_as_they_come_back():
    chain = firm(back={"error_rate": 0.3}, requests_per_case=0.5)
    told, untold = looks(chain.everywhere({"reopen_rate": 0.9})), looks(chain.everywhere({"reopen_rate": 0.0}))
    blind = {
        name: mirror.gaps(*one).set_index(["unit", "dimension"])["blind_spot"]["Back", "reliability"]
        for name, one in (("told", told), ("untold", untold))
    }
    assert blind["untold"] > 25  # everything seems right, three answers of ten are wrong
    assert blind["told"] < blind["untold"] - 10


def test_a_unit_believes_in_its_empathy_while_haste_and_distrust_reach_its_clients():
    chain = firm(goodwill=0.2)
    base, rude = levels(*looks(firm())), levels(*looks(chain))
    assert rude["Back", "given", "empathy"] < base["Back", "given", "empathy"]
    gap = base["Back", "own", "empathy"] - base["Back", "given", "empathy"]
    assert rude["Back", "own", "empathy"] - rude["Back", "given", "empathy"] > gap > 0


def test_what_a_unit_gives_does_not_hang_on_what_it_receives_in_its_own_eyes():
    chain, seen = looks(firm())
    table = mirror.gaps(chain, seen).set_index(["unit", "dimension"])
    level = levels(chain, seen)
    expected = level["Front", "given", "empathy"] - level["Front", "received", "empathy"]
    assert table["balance"]["Front", "empathy"] == pytest.approx(expected)


def test_better_tools_show_in_the_tangibles_of_both_views():
    poor, rich = levels(*looks(firm(back={"tools": 0.3}))), levels(*looks(firm(back={"tools": 0.9})))
    for side in ("given", "own"):
        assert rich["Back", side, "tangibles"] > poor["Back", side, "tangibles"] + 10


# --- G5 ----------------------------------------------------------------------------------------------------------------


def test_a_healthy_firm_has_nothing_to_tell():
    chain, seen = looks(firm(problem_rate=0.0))
    table = mirror.processes(chain, seen)
    assert table.empty
    assert tuple(table.columns) == mirror.PROCESS_COLUMNS


def test_a_request_type_that_is_never_answered_is_missing():
    chain = firm(problem_rate=0.0)
    chain.nodes["Help"]["pause_share"], chain.nodes["Help"]["pause_days"] = 1.0, 5000.0
    table = mirror.processes(*looks(chain.check()))
    found = table[(table["sign"] == "answered") & (table["unit"] == "Help")]
    assert set(found["client"]) == {"Front", "Back"}
    assert (found["state"] == "missing").all()


def test_answers_that_take_a_multiple_of_the_promise_are_broken():
    chain = firm(problem_rate=0.0)
    chain.nodes["Help"]["pause_share"], chain.nodes["Help"]["pause_days"] = 1.0, 8.0
    table = mirror.processes(*looks(chain.check()))
    found = table[(table["sign"] == "wait") & (table["unit"] == "Help")]
    assert set(found["client"]) == {"Front", "Back"}
    assert (found["figure"] > mirror.MULTIPLE).all()
    assert found["figure_runs"].eq(3).all()


def test_a_unit_that_is_asked_for_more_than_it_can_do_falls_behind():
    chain = firm(problem_rate=0.0, speed_up=0.0, work_intensity=0.0)  # nobody hurries
    chain.nodes["Back"]["staff"] = 1
    assert "backlog_growth" in signs(*looks(chain.check()), "Back")


def test_problems_that_nobody_dares_to_raise_are_found_and_burst():
    shut = {"voice_safety": 0.02, "voice_ease": 0.05, "openness": 0.1, "problem_rate": 60.0}
    told = signs(*looks(firm(back=shut), warm_up=100), "Back")
    assert {"problems_open", "crises", "raised"} <= told
    opened = {"voice_safety": 1.0, "voice_ease": 1.0, "openness": 1.0, "problem_rate": 3.0}
    assert not {"crises", "raised"} & signs(*looks(firm(back=opened), warm_up=100), "Back")


def test_a_few_problems_that_nobody_raised_yet_tell_no_habit():
    chain, seen = looks(firm(back={"voice_safety": 0.0, "problem_rate": 3.0}))
    assert 0 < sum(one.unit["born"][chain.units.index("Back")] for one in seen) < mirror.LEAST_CASES
    assert "raised" not in signs(chain, seen, "Back")


def test_cases_that_are_passed_on_are_found():
    assert "blame" in signs(*looks(firm(back={"ownership": 0.0}, unclear=0.5)), "Back")
    assert "blame" not in signs(*looks(firm(unclear=0.5, ownership=1.0)), "Back")


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, set()),
        ({"review_days": 0}, {"no_review"}),
        ({"review_days": 2000}, {"clarity"}),
        ({"measurement": 0}, {"no_measurement"}),
        ({"agreement": 0}, {"no_agreement"}),
        ({"agreement": 0, "measurement": 0, "review_days": 0}, {"no_agreement", "no_measurement", "no_review"}),
    ],
)
def test_agreements_that_are_absent_overdue_or_not_measured_are_found(attributes, expected):
    chain, seen = looks(with_contractor(problem_rate=0.0, **attributes), warm_up=300)
    about = {"no_agreement", "no_review", "no_measurement", "clarity"}
    assert signs(chain, seen, "Partner") & about == expected
    assert not signs(chain, seen, "Front") & about


def test_the_farthest_beyond_its_limit_comes_first_and_its_sentence_holds_the_figure():
    chain = firm(problem_rate=0.0)
    chain.nodes["Help"]["pause_share"], chain.nodes["Help"]["pause_days"] = 1.0, 8.0
    table = mirror.processes(*looks(chain.check()))
    assert table["excess"].is_monotonic_decreasing
    row = table[table["sign"] == "wait"].iloc[0]
    assert f"{row['figure']:.1f} times" in row["says"]
    assert row["shown"] > 0.5


# --- G6 ----------------------------------------------------------------------------------------------------------------


def leaders(chain, **change):
    return mirror.leaders(*looks(chain, **change)).set_index("unit")


def test_an_open_door_shows_in_the_climate_and_in_how_much_is_said():
    safe = {"voice_safety": 0.9, "voice_ease": 0.9, "openness": 1.0, "problem_rate": 30.0}
    afraid = {"voice_safety": 0.1, "voice_ease": 0.1, "openness": 0.2, "problem_rate": 30.0}
    door, wall = leaders(firm(back=safe)), leaders(firm(back=afraid))
    assert door.loc["Back", "voice_climate"] > wall.loc["Back", "voice_climate"] + 30
    assert door.loc["Back", "raised"] > wall.loc["Back", "raised"] + 20
    assert (door[["raised_low", "raised_high"]].stack() <= 100).all()


def test_leaders_who_are_advocates_show_in_support():
    assert leaders(firm(back={"advocacy": 0.9})).loc["Back", "support"] > 80
    assert leaders(firm(back={"advocacy": 0.0})).loc["Back", "support"] == 0


def test_service_is_held_against_what_the_firm_professes():
    chain = firm()
    chain.nodes["Customers"]["promised_quality"] = 0.95
    table = leaders(chain.check())
    assert table.loc["Front", "professed"] == pytest.approx(95)
    short = table.loc["Front", "quality"] - table.loc["Front", "professed"]
    assert table.loc["Front", "short_of_professed"] == pytest.approx(short)
    assert short < 0


def test_a_unit_that_served_nobody_has_no_view_of_its_service():
    model = ServiceModel(firm(customers=0), seed=1).run(30)
    seen = mirror.look(model, 10)
    assert np.isnan(seen.sides).all()
    assert np.isnan(seen.unit["quality"]).all()
