"""The exact results agree with each other and with values worked out by hand, before the model is held against them."""

import numpy as np
import pytest

from . import theory


def test_erlang_c_of_one_server_is_its_utilisation():
    assert theory.erlang_c(1, 0.7) == pytest.approx(0.7, rel=1e-14)


def test_erlang_c_of_two_servers_is_the_form_worked_out_by_hand():
    """C(2, a) = a^2 / (2 + a)."""
    assert theory.erlang_c(2, 1.5) == pytest.approx(1.5**2 / 3.5, rel=1e-14)


def test_the_number_present_adds_up_and_has_the_mean_that_little_gives():
    queue = theory.ErlangQueue(rate=34.0, mu=10.0, servers=4)
    present = queue.present(400)
    assert present.sum() == pytest.approx(1.0, rel=1e-12)
    assert present @ np.arange(401) == pytest.approx(queue.mean_present, rel=1e-10)
    assert present[4:].sum() == pytest.approx(queue.waits, rel=1e-10)


@pytest.mark.parametrize(("rate", "mu", "servers"), [(7.0, 10.0, 1), (34.0, 10.0, 4), (10.0, 10.0, 2), (40.0, 4.0, 12)])
def test_the_tail_of_the_time_to_the_answer_integrates_to_its_mean(rate, mu, servers):
    queue = theory.ErlangQueue(rate, mu, servers)
    times = np.linspace(0, 60 / mu, 200_001)
    assert np.trapezoid(queue.sojourn_exceeds(times), times) == pytest.approx(queue.mean_sojourn, rel=1e-5)


@pytest.mark.parametrize("servers", [1, 2, 5])
def test_the_time_of_one_who_finds_others_ahead_has_the_mean_of_its_stages(servers):
    mu = 3.0
    ahead = np.array([0, servers - 1, servers, servers + 6])
    times = np.linspace(0, 25, 20_001)
    tails = np.array([theory.served_later_than(ahead, mu, servers, time) for time in times])
    mean = 1 / mu + np.maximum(ahead - servers + 1, 0) / (servers * mu)
    assert np.trapezoid(tails, times, axis=0) == pytest.approx(mean, rel=1e-5)


@pytest.mark.parametrize(("rate", "mu", "servers"), [(7.0, 10.0, 1), (34.0, 10.0, 4)])
def test_the_handover_queue_tends_to_erlang_c_in_proportion_to_the_step(rate, mu, servers):
    limit = theory.ErlangQueue(rate, mu, servers)
    steps = [1 / 250, 1 / 500, 1 / 1000]
    queues = [theory.HandoverQueue(rate, mu, servers, step) for step in steps]
    gaps = np.array([queue.mean_sojourn - limit.mean_sojourn for queue in queues])
    assert gaps[0] / gaps[1] == pytest.approx(2.0, abs=0.05)
    assert gaps[1] / gaps[2] == pytest.approx(2.0, abs=0.05)
    assert np.all(gaps < steps)
    for time in (0.05, 0.3):
        extrapolated = 2 * queues[2].sojourn_exceeds(time) - queues[1].sojourn_exceeds(time)
        assert extrapolated == pytest.approx(float(limit.sojourn_exceeds(time)), abs=1e-4)


@pytest.mark.parametrize("step", [1.0, 0.125, 0.01])
def test_the_handover_queue_obeys_little_and_hardly_ever_reaches_its_truncation(step):
    """Counted in boundaries, one is present for ceil(R / step) steps, R being the time from joining to the end."""
    queue = theory.HandoverQueue(2.4, 1.0, 3, step)
    assert queue.present[-1] < 1e-10
    ahead = queue._ahead(0.0, 1.0)
    n = np.arange(len(ahead))
    tails = [float(ahead @ theory.served_later_than(n, 1.0, 3, m * step)) for m in range(round(80 / step))]
    assert 2.4 * step * sum(tails) == pytest.approx(queue.mean_present, rel=1e-6)


def test_the_tail_of_the_handover_queue_integrates_to_its_mean():
    queue = theory.HandoverQueue(38.4, 16.0, 3, 0.125)
    total = 0.0
    nodes, weights = np.polynomial.legendre.leggauss(12)
    for start, end in ((0.0, 0.125), (0.125, 0.25), (0.25, 0.5), (0.5, 1.0), (1.0, 4.0)):
        times = start + (end - start) * (nodes + 1) / 2
        total += (end - start) / 2 * sum(w * queue.sojourn_exceeds(t) for w, t in zip(weights, times, strict=True))
    assert total == pytest.approx(queue.mean_sojourn, rel=1e-6)


def test_crommelin_of_one_server_has_the_mean_of_pollaczek_and_khinchine():
    present = theory.fixed_work_present(1, 0.8, 300)
    expected = 0.8 + 0.8 * theory.pollaczek_khinchine(0.8, 1.0, 0.0)
    assert present @ np.arange(301) == pytest.approx(expected, rel=1e-9)


def test_pollaczek_and_khinchine_with_exponential_work_is_the_single_server_queue():
    queue = theory.ErlangQueue(7.0, 10.0, 1)
    assert theory.pollaczek_khinchine(7.0, 0.1, 1.0) == pytest.approx(queue.mean_wait, rel=1e-12)


def test_priorities_only_share_the_waiting_out():
    """Kleinrock's conservation law: the mean wait over all classes is that of first come, first served."""
    first, second = theory.priority_waits([3.0, 5.0], 2.5, 4)
    assert (3 * first + 5 * second) / 8 == pytest.approx(theory.ErlangQueue(8.0, 2.5, 4).mean_wait, rel=1e-12)


def test_the_pair_in_a_row_tends_to_two_queues_apart():
    tandem = theory.HandoverTandem(20.0, (20.0, 25.0), (2, 1), 0.7, 1 / 128, most=40)
    first = theory.HandoverQueue(20.0, 20.0, 2, 1 / 128, most=40)
    assert tandem.mean_present[0] == pytest.approx(first.mean_present, rel=1e-6)
    assert tandem.mean_present[1] == pytest.approx(theory.ErlangQueue(14.0, 25.0, 1).mean_present, rel=0.05)
    assert abs(tandem.covariance) < 0.02


def test_the_fork_and_join_tends_to_the_closed_form_of_nelson_and_tantawi():
    """Half a step to join and half a step to be told are what is left of the hand-over to first order."""
    steps = [1 / 32, 1 / 64]
    gaps = [theory.HandoverForkJoin(6.0, (12.8, 12.8), (1, 1), step, most=50).mean_join - step / 2
            - theory.fork_join_of_two(6.0, 12.8) for step in steps]  # fmt: skip
    assert abs(2 * gaps[1] - gaps[0]) < 0.001
    assert abs(gaps[1]) < abs(gaps[0]) < 0.02


def test_the_two_lines_of_a_fork_move_together():
    assert theory.HandoverForkJoin(6.0, (12.8, 12.8), (1, 1), 1 / 16, most=50).correlation_of_lines > 0.3


def test_brute_force_of_one_line_ends_when_worked_out_by_hand():
    starts, work = np.array([0.0, 0.0, 0.0, 5.0]), np.array([2.0, 1.0, 1.0, 1.0])
    assert theory.first_come_first_served(starts, work, 2).tolist() == [2.0, 1.0, 2.0, 6.0]
