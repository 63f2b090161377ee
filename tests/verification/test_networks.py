"""Several teams with people neutral: Jackson, two in a row, fork and join, and the traffic of bundled organisations."""

import pytest

from . import comparisons
from .agreement import check, more_seeds


@more_seeds
def test_in_short_steps_teams_that_hand_cases_on_are_a_jackson_network(more):
    check(comparisons.jackson_network(more=more), precise=0.02)


@more_seeds
def test_two_teams_in_a_row_are_the_exact_markov_chain_of_their_step(more):
    check(comparisons.tandem(more=more), precise=0.02)


@more_seeds
@pytest.mark.parametrize("case", comparisons.FORKS)
def test_a_case_that_needs_two_teams_waits_for_the_later_of_them(case, more):
    check(comparisons.fork_join(case, more), precise=0.03)


@more_seeds
def test_in_short_steps_fork_and_join_takes_the_time_of_nelson_and_tantawi(more):
    check(comparisons.fork_join_in_short_steps(more=more), precise=0.03)


@more_seeds
def test_fork_and_join_is_what_an_independent_program_finds(more):
    check(comparisons.fork_join_by_brute_force(more=more), precise=0.03)


@more_seeds
@pytest.mark.parametrize("name", comparisons.ORGANISATIONS)
def test_a_bundled_organisation_has_the_traffic_and_utilisation_of_its_equations(name, more):
    check(comparisons.traffic(name, more), precise=0.05)
