"""ServiceModel: seeds, overrides, branches, journal, and errors that say what to mend."""

import gc
import weakref

import numpy as np
import pytest

from sim.errors import InputError
from sim.interventions import Intervention
from sim.model import ServiceModel
from sim.population import FREE, NEED
from sim.state import State
from sim.vary import vary
from tests.claims.paired import run, same_run, small_firm


@pytest.fixture
def chain():
    return small_firm(customers=60)


# --- seeds --------------------


@pytest.mark.parametrize("seed", [5, np.int64(5), np.uint64(5), np.int8(5)], ids=lambda seed: type(seed).__name__)
def test_a_seed_may_be_any_kind_of_whole_number(chain, seed):
    model = ServiceModel(chain, seed=seed)
    assert (model.seed, type(model.seed)) == (5, int)
    assert same_run(model.run(10), run(chain, 5, 10))


def test_mesas_rng_is_the_same_as_seed(chain):
    assert same_run(ServiceModel(chain, rng=5).run(10), run(chain, 5, 10))


def test_a_very_large_seed_is_welcome(chain):
    assert ServiceModel(chain, seed=2**64 - 1).run(3).day == 3
    assert ServiceModel(chain, seed=2**100).run(3).seed == 2**100


def test_without_a_seed_one_is_drawn_and_kept_so_that_the_run_can_be_made_again(chain):
    one, two = ServiceModel(chain), ServiceModel(chain)
    assert one.seed != two.seed
    assert same_run(one.run(10), run(chain, one.seed, 10))


def test_a_generator_gives_a_seed(chain):
    seeds = [ServiceModel(chain, rng=np.random.default_rng(1)).seed for _ in range(2)]
    assert seeds[0] == seeds[1]


@pytest.mark.parametrize("seed", [-1, 1.5, "five", [1, 2], np.float64(3)])
def test_what_cannot_be_a_seed_is_refused(chain, seed):
    with pytest.raises(InputError, match="this cannot be a seed") as caught:
        ServiceModel(chain, seed=seed)
    assert caught.value.place == "seed"
    assert caught.value.value is seed
    assert "whole number" in caught.value.allowed


# --- what it is made from --------------------


def test_a_bundled_organisation_is_known_by_name():
    model = ServiceModel("software_firm", seed=1)
    assert model.chain.setting("name")
    assert model.day == 0


def test_an_unknown_organisation_is_refused():
    with pytest.raises(InputError):
        ServiceModel("energy_distributer", seed=1)


def test_a_lever_may_be_given_for_the_whole_firm(chain):
    chain.nodes["Front"]["training"] = 0.2
    model = ServiceModel(chain, seed=1, training=0.05, **{"loss-aversion": 3})
    assert (model.state.unit["training"] == 0.05).all()
    assert model.state.firm["loss_aversion"][0] == 3
    assert chain.nodes["Front"]["training"] == 0.2, "the chain that was given is left alone"
    assert (ServiceModel(chain, seed=1).state.unit["training"] == [0.02, 0.2, 0.02]).all()


def test_an_unknown_lever_is_refused_with_the_nearest_known(chain):
    with pytest.raises(InputError, match="there is no such lever") as caught:
        ServiceModel(chain, seed=1, trainig=0.1)
    assert caught.value.value == "trainig"
    assert "training" in caught.value.hint


@pytest.mark.parametrize("value", [0.9, -1, float("nan"), "much", None, True])
def test_a_lever_outside_its_range_is_refused(chain, value):
    with pytest.raises(InputError, match="training cannot have this value") as caught:
        ServiceModel(chain, seed=1, training=value)
    assert caught.value.place == "model parameter training"
    assert "0 to 0.5" in caught.value.allowed


def test_a_lever_that_makes_the_chain_impossible_is_refused(chain):
    chain.add_link("Front", "Back", requests_per_case=0.1)
    with pytest.raises(InputError, match="without end"):
        ServiceModel(chain, seed=1, requests_per_case=3.0)


@pytest.mark.parametrize(("lever", "value"), [("requests_per_case", 40.0), ("passed_on", 0.9)])
def test_interventions_that_would_set_off_requests_without_end_are_refused(chain, lever, value):
    chain.add_link("Front", "Back", requests_per_case=0.1)
    model = ServiceModel(chain, seed=1)
    before = model.run(3).branch()
    with pytest.raises(InputError, match="with these interventions") as caught:
        model.intervene(Intervention(lever, value, start=10))
    assert lever in caught.value.place
    assert model.interventions == ()
    assert same_run(before.run(10), model.run(10))


def test_a_firm_whose_customers_stop_asking_goes_on():
    model = ServiceModel(
        small_firm(customers=60, new_customers=3.0),
        seed=1,
        interventions=[Intervention("requests_per_case", 0.0, start=5)],
    ).run(60)
    needs = np.asarray(model.state.request["cause"]) == NEED
    assert not (needs & (np.asarray(model.state.request["state"]) != FREE)).any()
    assert model.state.link_day["opened"][30:60].sum() < 5  # what surfaces late, and complaints about it
    assert model.state.segment["joined"][0] > 60
    assert np.isfinite(model.external_satisfaction)


# --- branches and snapshots --------------------


@pytest.mark.parametrize("day", [0, 1, 40])
def test_a_branch_goes_on_exactly_as_the_model_would(chain, day):
    model = run(chain, 2, day)
    twin = model.branch()
    assert same_run(twin.run(30), model.run(30))
    assert twin.seed == model.seed


def test_a_branch_leaves_its_model_alone(chain):
    model = run(chain, 2, 20)
    plain = model.branch()
    other = model.branch(Intervention("error_rate", 0.9, start=20))
    other.run(30)
    assert model.day == 20
    assert model.interventions == ()
    assert same_run(model.run(30), plain.run(30))
    assert not same_run(model, other)


def test_a_branch_is_what_the_whole_run_with_the_intervention_would_have_been(chain):
    later = Intervention("training", 0.2, start=25, ramp=10)
    assert same_run(run(chain, 2, 20).branch(later).run(40), run(chain, 2, 60, later))


def test_a_branch_keeps_the_interventions_and_adds_its_own(chain):
    first, second = Intervention("training", 0.2, start=5), Intervention("tools", 0.9, start=30)
    twin = run(chain, 2, 20, first).branch(second)
    assert twin.interventions == (first, second)
    assert same_run(twin.run(30), run(chain, 2, 50, first, second))


def test_branches_of_branches_keep_their_journals_apart(chain):
    model = ServiceModel(chain, seed=2, journal=True).run(10)
    twin = model.branch().run(10)
    grown = twin.branch().run(10)
    lengths = [len(one.journal) for one in (model, twin, grown)]
    assert lengths[0] < lengths[1] < lengths[2]
    assert grown.journal.equals(ServiceModel(chain, seed=2, journal=True).run(30).journal)


def test_a_snapshot_is_a_copy_of_the_arrays(chain):
    model = run(chain, 2, 20)
    kept = model.state.copy()
    model.run(30)
    model.state = kept
    assert model.day == 20
    assert same_run(model.run(30), run(chain, 2, 50))


def test_own_python_code_takes_part_in_the_morning(chain):
    class Fire:
        days = ()

        def apply(self, model):
            self.days += (model.day,)
            if model.day == 10:
                model.state.unit["tools"][:] = 0.0

    fire = Fire()
    model = ServiceModel(chain, seed=2, interventions=[fire, Intervention("training", 0.1, start=3)]).run(20)
    assert fire.days == tuple(range(20))
    assert (model.state.unit["tools"] == 0).all()
    assert len(model.interventions) == 1


# --- the journal --------------------


def test_the_journal_holds_every_closed_request_once(chain):
    model = ServiceModel(chain, seed=2, journal=True).run(60)
    table = model.journal
    assert len(table) == model.state.clock[0]["closed_ever"]
    assert len(model.journal) == len(table), "asking for it does not use it up"
    days = model.state.link_day[:60]
    assert np.bincount(table["link"], minlength=3).tolist() == days["closed"].sum(axis=0).tolist()
    assert (table["closed"] >= table["opened"]).all()
    assert table["quality"].between(0, 1).all()


def test_keeping_a_journal_changes_nothing(chain):
    one, two = run(chain, 2, 40), ServiceModel(chain, seed=2, journal=True).run(40)
    for model in (one, two):
        model.state.clock["journal_rows"] = 0
    assert same_run(one, two)


def test_the_journal_of_a_busy_firm_outgrows_its_rows_within_a_day():
    chain = small_firm(customers=3000, needs=250, staff=250)
    model = ServiceModel(chain, seed=2, journal=True).run(3)
    assert len(model.journal) == model.state.clock[0]["closed_ever"] > 8192


def test_an_empty_journal_is_an_empty_table(chain):
    assert list(ServiceModel(chain, seed=2, journal=True).journal.columns)[:3] == ["link", "last_unit", "client"]
    assert len(ServiceModel(chain, seed=2, journal=True).journal) == 0


def test_a_model_without_a_journal_says_how_to_get_one(chain):
    with pytest.raises(InputError, match="keeps no journal") as caught:
        _ = run(chain, 2, 3).journal
    assert "journal=True" in caught.value.allowed


# --- beginning again, and letting go --------------------


def test_beginning_again_with_another_seed_is_a_new_model(chain):
    used = run(chain, 2, 20)
    again = used.restart(7, Intervention("training", 0.1, start=5)).run(30)
    new = ServiceModel(chain, seed=7, interventions=[Intervention("training", 0.1, start=5)]).run(30)
    assert same_run(again, new)
    assert (used.day, used.seed) == (20, 2)
    assert (again.day, again.seed, again.steps) == (30, 7, 30)


def test_beginning_again_leaves_earlier_interventions_behind(chain):
    used = ServiceModel(chain, seed=2, interventions=[Intervention("tools", 0.9)]).run(3)
    assert same_run(used.restart(2).run(10), run(chain, 2, 10))
    assert used.restart(2).interventions == ()


def test_a_copy_before_the_first_day_goes_on_as_the_model_would(chain):
    model = ServiceModel(chain, seed=4)
    assert same_run(model.branch().run(70), model.run(70))


def test_a_closed_model_gives_its_memory_back_at_once(chain):
    gc.collect()
    gc.disable()
    try:
        with run(chain, 2, 5) as model:
            kept = weakref.ref(model.state.customer)
            assert kept() is not None
        assert kept() is None
    finally:
        gc.enable()


def test_varying_a_lever_keeps_no_model(chain, monkeypatch):
    states = []
    original = State.copy

    def copy(self):
        twin = original(self)
        states.append(weakref.ref(twin.customer))
        return twin

    monkeypatch.setattr(State, "copy", copy)
    gc.collect()
    gc.disable()
    try:
        vary(chain, "training", [0.0, 0.1], runs=2, warm_up=5, days=8, workers=1)
        assert len(states) == 6
        assert not [one for one in states if one() is not None]
    finally:
        gc.enable()


# --- figures --------------------


def test_the_models_figures_are_those_of_its_rows(chain):
    model = run(chain, 2, 50)
    rows = model.state.customer[model.state.customer["active"] == 1]
    assert model.customers == len(rows)
    assert model.external_satisfaction == pytest.approx(100 * rows["satisfaction"].mean())
    assert model.internal_satisfaction == pytest.approx(100 * model.state.relation["satisfaction"].mean())
    promoters, detractors = (rows["satisfaction"] >= 0.85).mean(), (rows["satisfaction"] < 0.65).mean()
    assert model.net_promoter_score == pytest.approx(100 * (promoters - detractors))


def test_a_firm_in_which_nobody_serves_inside_has_no_internal_satisfaction():
    chain = small_firm(customers=30)
    chain.remove_nodes_from(["Back", "Middle"])
    model = ServiceModel(chain.check(), seed=1).run(5)
    assert np.isnan(model.internal_satisfaction)
    assert model.external_satisfaction > 0


def test_days_beyond_the_first_five_hundred_have_room_too(chain):
    model = run(chain, 2, 600)
    assert model.day == 600
    assert (model.state.segment_day["active"][:600] > 0).all()
