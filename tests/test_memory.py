"""Models that nobody can reach any more do not pile up, and a run that would need more memory than there is says so."""

import gc

import pytest

from sim import memory, state
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.model import ServiceModel


def firm(**links: float) -> ServiceChain:
    chain = ServiceChain(name="firm")
    chain.add_department("Front", staff=2)
    chain.add_segment("Customers", customers=50, needs_per_year=12)
    chain.add_link("Front", "Customers", **links)
    return chain.check()


def test_models_that_nobody_closes_do_not_gather(monkeypatch):
    chain = firm()
    gc.collect()
    before = memory.held()
    one = ServiceModel(chain, seed=1)
    size = memory.held() - before
    assert size >= sum(array.nbytes for array in one.state.arrays()) > 0
    monkeypatch.setattr(memory, "_next_look", before + 5 * size)
    monkeypatch.setattr(memory, "FIRST_LOOK", before + 5 * size)
    gc.disable()  # only what is tested here looks
    try:
        most = 0
        for seed in range(40):
            ServiceModel(chain, seed=seed).run(1)
            most = max(most, memory.held() - before)
    finally:
        gc.enable()
    assert most <= 7 * size


def test_a_closed_model_is_gone_at_once():
    gc.collect()
    before = memory.held()
    with ServiceModel(firm(), seed=1) as model:
        model.branch().close()
        assert memory.held() > before
    assert memory.held() == before


def test_models_that_are_in_use_are_looked_at_less_and_less_often(monkeypatch):
    looks = []
    monkeypatch.setattr(memory.gc, "collect", lambda: looks.append(1))
    monkeypatch.setattr(memory, "_next_look", memory.held() + 10**6)
    monkeypatch.setattr(memory, "FIRST_LOOK", memory.held() + 10**6)

    class Holder:
        pass

    kept = [Holder() for _ in range(1000)]
    for one in kept:
        memory.hold(one, 10**5)
    assert 2 <= len(looks) <= 8


def test_an_organisation_that_falls_behind_without_end_is_refused_in_words_before_memory_ends(monkeypatch):
    monkeypatch.setattr(state, "MOST_OPEN_REQUESTS", 2048)
    chain = firm()
    chain.nodes["Customers"].update(customers=2000, needs_per_year=250)
    with pytest.raises(InputError, match="more requests are open") as caught:
        ServiceModel(chain.check(), seed=1).run(20)
    assert "day" in caught.value.place
    assert "more staff" in caught.value.hint
