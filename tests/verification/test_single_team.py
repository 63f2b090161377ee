"""One team with people neutral: against its Markov chain, Erlang C, Pollaczek and Khinchine, Crommelin, Cobham."""

import numpy as np
import pytest

from sim.chain import ServiceChain
from sim.levers import LEVERS
from sim.model import ServiceModel

from . import comparisons, theory
from .agreement import check, more_seeds
from .bench import Team, compare, one_team, runs, seeds


@more_seeds
@pytest.mark.parametrize("case", comparisons.STEPS)
def test_a_team_is_the_exact_markov_chain_of_its_step(case, more):
    check(comparisons.handover_queue(case, more), precise=0.05)


@more_seeds
def test_a_team_that_starts_with_nothing_fills_up_as_its_markov_chain_does(more):
    check(comparisons.from_empty(more=more), precise=0.05)


@more_seeds
@pytest.mark.parametrize("case", comparisons.CONTINUOUS)
def test_in_short_steps_a_team_is_the_queue_of_erlang(case, more):
    check(comparisons.erlang(case, more), precise=0.04)


@more_seeds
@pytest.mark.parametrize("case", comparisons.GENERAL)
def test_in_short_steps_one_person_waits_as_pollaczek_and_khinchine_say(case, more):
    check(comparisons.general_work(case, more), precise=0.06)


@more_seeds
@pytest.mark.parametrize("case", comparisons.FIXED)
def test_work_of_exactly_one_step_is_the_queue_of_crommelin(case, more):
    check(comparisons.fixed_work(case, more), precise=0.03)


@more_seeds
@pytest.mark.parametrize("case", comparisons.PRIORITY)
def test_in_short_steps_who_is_in_a_hurry_waits_as_cobham_says(case, more):
    check(comparisons.priority(case, more), precise=0.06)


def test_a_handover_once_an_hour_is_not_taken_for_erlang_c():
    """The comparison is able to fail: an eighth of a day between boundaries is far from continuous time."""
    rate, mean = 38.4, 0.0625
    wrong = theory.ErlangQueue(rate, 1 / mean, 3).mean_sojourn
    measured = runs(one_team(rate, Team(3, mean), 8), seeds("wrong", 10), days=300, warm_up=50)
    found = compare("", "", {"sojourn": wrong}, measured, lambda run: {"sojourn": run.mean_sojourn()})
    assert abs(found[0].z) > 20


# --- request by request ------------------------------------------------------------------------------------------------


def _journal(chain: ServiceChain, seed: int = 3, days: int = 60):
    model = ServiceModel(chain, seed=seed, journal=True).run(days)
    return model.journal.sort_values("opened", ignore_index=True)


@pytest.mark.parametrize("servers", [1, 2, 7])
@pytest.mark.parametrize("slots", [1, 8, 64])
def test_every_request_ends_when_the_recursion_of_kiefer_and_wolfowitz_says(servers, slots):
    """With fixed working time nothing is left to chance but the needs, so each single request can be followed."""
    mean = 0.11 * servers
    journal = _journal(one_team(8.0, Team(servers, mean, "fixed"), slots))
    joined = np.ceil(journal["opened"].to_numpy() * slots) / slots
    expected = theory.first_come_first_served(joined, np.full(len(journal), mean), servers)
    assert len(journal) > 300
    # what is still open at the end is missing at the end only
    assert journal["closed"].to_numpy() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("shape", ["fixed", "exponential", "lognormal"])
@pytest.mark.parametrize("servers", [1, 4])
def test_a_finer_handover_delays_nobody_and_saves_nobody_more_than_the_step(shape, servers):
    """First come, first served keeps the order of needs: putting all off by a step puts all ends off by a step at most.

    So for any working time the mean time to the answer lies between that of continuous time and one step more.
    """
    team = Team(servers, 0.1 * servers, shape, 1.2)
    coarse, fine = (_journal(one_team(8.0, team, slots)) for slots in (8, 64))
    both = coarse.merge(fine, on="opened", suffixes=("_coarse", "_fine"))
    assert len(both) > 300
    saved = (both["closed_coarse"] - both["closed_fine"]).to_numpy()
    assert saved.min() > -1e-9
    assert saved.max() < 1 / 8 + 1e-9


def test_with_people_neutral_it_does_not_matter_to_the_line_who_they_are():
    """No lever of people, customers' minds or promises that has no neutral value of its own moves a single request."""
    describes_work = {"requests_per_case", "hours_per_request", "needs_per_year"}
    chain = one_team(8.0, Team(2, 0.2, "lognormal", 1.0), 8)
    plain = _journal(chain)
    for lever in LEVERS:
        if lever.neutral is None and lever.name not in describes_work:
            other = chain.copy()
            other.graph[lever.name] = min(lever.high, max(lever.low, 0.37 * lever.default))
            moved = _journal(other.check())
            assert moved[["opened", "closed"]].equals(plain[["opened", "closed"]]), lever.name
