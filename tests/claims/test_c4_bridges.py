"""C4: bridges raise trust, cut blame, and let people cover for each other."""

import numpy as np
import pytest

from sim import draws
from sim.chain import ServiceChain
from sim.estimates import estimate
from sim.rules import bonds, bridges
from tests.claims.paired import SEEDS, difference, measure, on_link, pull, run, same_run, small_firm

MEET = pull(gatherings=12)
TRAIN = pull(cross_training=0.6)


def divided_firm(**graph):
    """The row, in a hurry at times, whose units put the blame on each other."""
    chain = small_firm(**graph)
    for unit in chain.units:
        chain.nodes[unit]["ownership"] = 0.5
    chain.nodes["Customers"]["rush_share"] = 0.2
    return chain.check()


def level(column, start=100):
    """Return a figure: the mean of a column over the links inside, in points."""

    def figure(model):
        inside = np.asarray(model.state.link["clients"]) > 0
        return 100 * float(model.state.link_day[start : model.day][:, inside][column].mean())

    return figure


def a_hundred_cases(column, start=100):
    """Return a figure: a count on links inside per hundred services."""

    def figure(model):
        days = slice(start, model.day)
        return 100 * float(model.state.link_day[days][column].sum() / model.state.unit_day[days]["served"].sum())

    return figure


def test_bridges_raise_trust(measured):
    chain = divided_firm()
    for words, change in (("twelve gatherings a year", MEET), ("60 % cross-trained", TRAIN)):
        agreed = difference(on_link("Middle", "Front", "rush_agreed", "rush"), chain, change)
        warm = difference(on_link("Middle", "Front", "empathy"), chain, change)
        trust = difference(level("trust"), chain, change)
        measured(f"{words}: points of rush requests of colleagues agreed to", agreed)
        measured(f"{words}: points of empathy toward colleagues", warm)
        measured(f"{words}: points of trust in those by whom one is served", trust)
        assert agreed.low > 0
        assert warm.low > 0
        assert trust.low > 0


def test_bridges_cut_blame_and_rivalry(measured):
    chain = divided_firm()
    for words, change in (("twelve gatherings a year", MEET), ("60 % cross-trained", TRAIN)):
        blamed = difference(a_hundred_cases("blamed"), chain, change)
        hostile = difference(level("hostility"), chain, change)
        measured(f"{words}: cases put on somebody else, in a hundred services", blamed)
        measured(f"{words}: points of hostility", hostile)
        assert blamed.high < 0
        assert hostile.high < 0


def test_customers_of_a_divided_firm_gain_from_bridges(measured):
    chain = divided_firm()
    for words, change in (("twelve gatherings a year", MEET), ("60 % cross-trained", TRAIN)):
        gain = difference(measure("external_satisfaction"), chain, change, days=350)
        measured(f"{words}: points of external satisfaction", gain)
        assert gain.low > 0


def uneven_firm(**graph):
    """Front has too little staff for its customers, Back more than it needs."""
    chain = ServiceChain(rush_share=0, churn=0, new_customers=0, **graph)
    chain.add_department("Front", staff=3, hours_per_request=0.5)
    chain.add_department("Back", staff=10, hours_per_request=0.2)
    chain.add_segment("Customers", customers=460, needs_per_year=25)
    chain.add_link("Back", "Front")
    chain.add_link("Front", "Customers", promise_days=0.5)
    return chain.check()


def covered(model, start=100):
    table = model.state.unit_day[start : model.day]
    return 100 * float(table["covered"].sum() / table["served"].sum())


def test_people_of_the_other_side_cover_where_there_is_a_line(measured):
    chain = uneven_firm()
    trained = pull(cross_training=0.6)
    help_given = difference(covered, chain, trained)
    wait = difference(measure("wait"), chain, trained)
    pressure = difference(lambda m: 100 * m.state.unit_day[100 : m.day]["pressure"].max(axis=1).mean(), chain, trained)
    pleased = difference(measure("external_satisfaction"), chain, trained)
    measured("per cent of services given by staff of the other unit, 60 % cross-trained, too few in front", help_given)
    measured("days of customers' wait, the same", wait)
    measured("points of work pressure, the same", pressure)
    measured("points of external satisfaction, the same", pleased)
    assert help_given.low > 0
    assert wait.high < 0
    assert pressure.high < 0
    assert pleased.low > 0


def test_gatherings_alone_let_nobody_do_the_others_work():
    assert difference(covered, uneven_firm(), MEET, seeds=range(1, 4)).high == 0


def test_the_more_are_trained_the_more_they_cover():
    shares = (0.0, 0.1, 0.5)
    values = np.array(
        [[covered(run(uneven_firm(), seed, 200, *pull(cross_training=one))) for one in shares] for seed in SEEDS]
    )
    for step in np.diff(values, axis=1).T:
        assert estimate(step).low > 0


def test_those_who_cannot_help_do_not_keep_those_who_can_from_it(measured):
    """Of twenty idle colleagues a tenth can cover; that the one who has been free the longest cannot is no obstacle."""
    chain = uneven_firm()
    chain.nodes["Back"]["staff"] = 20
    wait = difference(measure("wait"), chain, pull(cross_training=0.1))
    assert wait.high < 0
    model = run(chain, 1, 100)
    back = np.asarray(model.state.employee)[np.asarray(model.state.employee["unit"]) == chain.units.index("Back")]
    key = model.state.link["key"][chain.links.index(("Back", "Front"))]
    able = [bridges.able_to_cover(model.state.keys, post, key, 0.1) for post in back["post"]]
    assert 0 < sum(able) < 8


def neighbours(right):
    """Left has more work than hours; Right is another unit with customers of its own, so many."""
    chain = ServiceChain(rush_share=0, churn=0, new_customers=0)
    for name, customers in (("Left", 400), ("Right", right)):
        chain.add_department(name, staff=3, hours_per_request=0.7)
        chain.add_segment(f"Customers of {name}", customers=customers, needs_per_year=25)
        chain.add_link(name, f"Customers of {name}")
    chain.add_link("Left", "Right", requests_per_case=0.01, cross_training=1.0)
    return chain.check()


def test_nobody_covers_for_others_while_there_is_work_of_their_own():
    busy, idle = (estimate([covered(run(neighbours(right), s, 150)) for s in SEEDS]) for right in (400, 100))
    assert busy.high < idle.low / 4


def test_ties_across_grow_with_gatherings_and_fade_without():
    """In balance r (w - w0) = g G (1 - w): twelve gatherings a year, each a fifth of what lacks, against 1 % a day."""
    tie, a_day = 0.0, 12 / 250
    for _ in range(2000):
        tie = bonds.tie_after(tie, 0.0, 0.01, a_day, 0.2)
    assert tie == pytest.approx(0.2 * a_day / (0.01 + 0.2 * a_day))
    for _ in range(69):
        tie = bonds.tie_after(tie, 0.0, 0.01, 0.0, 0.2)
    assert tie == pytest.approx(0.5 * 0.2 * a_day / (0.01 + 0.2 * a_day), rel=0.01)


def test_a_bridge_is_as_strong_in_the_firm_as_its_equation_says(measured):
    bridge = estimate(
        [run(small_firm(quit_rate=0.0), seed, 400, *MEET).state.link_day[399]["bridge"].max() for seed in SEEDS]
    )
    measured("strength of a bridge with twelve gatherings a year (equation: 0.49)", bridge)
    assert bridge.mean == pytest.approx(0.49, abs=0.02)


def test_who_can_cover_is_a_share_of_posts_and_stays_so():
    keys = draws.keys(3)
    able = [[bridges.able_to_cover(keys, np.uint64(post * 7919), np.uint64(5), share) for post in range(3000)] for share in
            (0.2, 0.5)]  # fmt: skip
    assert np.mean(able, axis=1) == pytest.approx([0.2, 0.5], abs=0.03)
    assert all(more or not less for less, more in zip(*able, strict=True))


def test_without_cross_training_and_gatherings_bridges_move_nothing():
    chain = divided_firm()
    moved = pull(bridge_growth=0.9, bridge_trust=0.0, bridge_blame=0.0, cover_knowledge=0.1)
    assert same_run(run(chain, 1, 80), run(chain, 1, 80, *moved))


def test_gatherings_that_bring_nobody_together_change_nothing():
    chain = divided_firm(bridge_growth=0.0, gathering_cost=0.0)
    assert same_run(run(chain, 1, 80), run(chain, 1, 80, *pull(gatherings=250)))
