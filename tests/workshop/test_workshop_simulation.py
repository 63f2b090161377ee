"""Runs behind the page: the newest wish first, told as they come, the same whatever was asked before."""

import json
import threading

import pytest

from sim import organisation
from sim.compare import compare
from sim.scenario import Scenario
from sim.workshop.simulation import Simulator, Wish
from sim.workshop.verdict import Change

CHAIN = organisation.load("energy_distributor")
CARE = Change("internal_service", "Billing", 0.9)
SHORT = {"runs": 4, "warm_up": 30, "days": 40, "workers": 2}


class Asker:
    """Waits for the last word on a wish."""

    def __init__(self, simulator):
        self.simulator, self.heard, self.final = simulator, [], threading.Event()

    def ask(self, wish):
        self.simulator.ask(wish, self.hear)
        return self

    def hear(self, result):
        self.heard.append(result["effect"])
        if result["effect"]["final"]:
            self.final.set()

    def answer(self):
        assert self.final.wait(120)
        return self.heard[-1]


@pytest.fixture
def simulator():
    one = Simulator(CHAIN, **SHORT)
    yield one
    one.close()


def test_the_room_hears_of_a_change_early_and_then_better(simulator):
    asker = Asker(simulator).ask(Wish(changes=(CARE,)))
    final = asker.answer()
    told = [one["runs"] for one in asker.heard]  # how many pairs fit into the first answer hangs on the machine
    assert told == sorted(set(told))
    assert told[-1] == SHORT["runs"]
    assert final["changes"] == [{"lever": "internal_service", "where": "Billing", "to": 0.9}]
    assert len(final["curve"]["day"]) == len(final["curve"]["after"]) == SHORT["days"]
    assert json.loads(json.dumps(final)) == final


def test_no_change_makes_no_difference_at_all(simulator):
    effect = Asker(simulator).ask(Wish()).answer()
    assert effect["external"]["difference"] == [0.0, 0.0, 0.0]
    assert effect["curve"]["before"] == effect["curve"]["after"]


def test_the_page_shows_what_compare_shows(simulator):
    effect = Asker(simulator).ask(Wish(changes=(CARE,))).answer()
    as_is = Scenario("as is", CHAIN, warm_up=30, days=40, runs=4)
    found = compare([as_is, as_is.what_if("care", *_pulled())])
    figure = found.difference("external_satisfaction", "care")
    assert effect["external"]["difference"] == [round(one, 2) for one in (figure.mean, figure.low, figure.high)]


def _pulled():
    from sim.interventions import Intervention

    return [Intervention(CARE.lever, CARE.to, CARE.where)]


def test_what_was_asked_before_changes_no_figure(simulator):
    other = Simulator(CHAIN, **SHORT | {"workers": 1})
    try:
        Asker(other).ask(Wish(changes=(Change("training", "IT", 0.1),))).answer()
        assert Asker(other).ask(Wish(changes=(CARE,))).answer() == Asker(simulator).ask(Wish(changes=(CARE,))).answer()
    finally:
        other.close()


def test_a_pinned_baseline_takes_the_place_of_things_as_they_are(simulator):
    both = (CARE, Change("training", "Billing", 0.1))
    pinned = Asker(simulator).ask(Wish(changes=both, pinned=(CARE,))).answer()
    alone = Asker(simulator).ask(Wish(changes=(CARE,))).answer()
    assert pinned["external"]["before"] == alone["external"]["after"]


def test_a_newer_wish_overtakes_an_older_one(simulator):
    first, last = Asker(simulator), Asker(simulator)
    for step in range(20):
        first.ask(Wish(changes=(Change("training", "IT", step / 100),)))
    last.ask(Wish(changes=(CARE,)))
    assert last.answer()["changes"][0]["lever"] == "internal_service"
    assert len(first.heard) < 20


def test_the_room_s_wish_comes_before_the_background_and_the_background_still_ends(simulator):
    told, done = {}, threading.Event()

    def hear(result):
        told.update(result)
        if "bottleneck" in result:
            done.set()

    simulator.prepare(Wish(), hear)
    for step in range(3):
        Asker(simulator).ask(Wish(changes=(Change("tools", "IT", 0.5 + step / 10),))).answer()
    assert done.wait(120)
    assert {one["department"] for one in told["bottleneck"]["departments"]} == {s for s, _ in simulator.inside}
    assert len(told["verdicts"]) == len(CHAIN.units)


def test_what_goes_wrong_is_told_and_all_else_is_answered():
    told, verdicts = [], threading.Event()
    simulator = Simulator(CHAIN, tell=told.append, **SHORT)
    try:
        simulator.prepare(Wish(), lambda result: verdicts.set() if "verdicts" in result else None)
        simulator.ask(Wish(changes=(Change("training", "Nobody", 0.1),)), lambda _: None)
        effect = Asker(simulator)
        while not any("failed" in one for one in told):
            threading.Event().wait(0.05)
        assert effect.ask(Wish()).answer()["final"]
        assert verdicts.wait(60)
        assert "no such part of the firm" in next(one["failed"] for one in told if "failed" in one)
    finally:
        simulator.close()
