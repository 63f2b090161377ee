"""Exact results of queueing theory, computed apart from the model: nothing here imports `sim`.

Times are in working days. ``step`` is the time between two boundaries, 1 / slots_per_day; ``servers`` is c, ``mu`` the
rate of service of one server, ``rate`` the arrivals per day (lambda), ``load`` the offered load rate / mu.

The model hands work over at boundaries, so for positive steps it is not M/M/c but the *hand-over queue*: what arises
within a step joins the line together at the next boundary. At boundaries, before that batch joins,

    Y(k) = what a pure death process with rates mu min(n, c), started in X(k - 1), has left after one step,
    X(k) = Y(k) + Poisson(rate * step),

which is a Markov chain. As the step shrinks it tends to M/M/c.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import linalg, special, stats

# --- continuous time --------------------------------------------------------------------------------------------------


def erlang_b(servers: int, load: float) -> float:
    """Return Erlang's loss probability, by its recursion B(0) = 1, 1 / B(c) = 1 + c / (load B(c - 1)) (Erlang 1917)."""
    inverse = 1.0
    for c in range(1, servers + 1):
        inverse = 1.0 + inverse * c / load
    return 1.0 / inverse


def erlang_c(servers: int, load: float) -> float:
    """Return the probability that an arrival has to wait in M/M/c (Erlang 1917): B / (1 - rho (1 - B))."""
    lost = erlang_b(servers, load)
    return lost / (1.0 - load / servers * (1.0 - lost))


@dataclass(frozen=True)
class ErlangQueue:
    """M/M/c: Poisson arrivals, exponential working time, first come first served."""

    rate: float
    mu: float
    servers: int

    @property
    def load(self) -> float:
        return self.rate / self.mu

    @property
    def waits(self) -> float:
        return erlang_c(self.servers, self.load)

    @property
    def spare(self) -> float:
        """Rate at which a line that everybody works on gets shorter, c mu - rate."""
        return self.servers * self.mu - self.rate

    @property
    def mean_wait(self) -> float:
        return self.waits / self.spare

    @property
    def mean_sojourn(self) -> float:
        return self.mean_wait + 1.0 / self.mu

    @property
    def mean_present(self) -> float:
        """L = rate W (Little 1961)."""
        return self.rate * self.mean_sojourn

    def present(self, most: int) -> np.ndarray:
        """Return the probabilities of 0 ... ``most`` requests present: birth and death, detailed balance."""
        weight = np.ones(most + 1)
        for n in range(1, most + 1):
            weight[n] = weight[n - 1] * self.load / min(n, self.servers)
        # the tail beyond ``most`` is geometric
        rest = weight[most] * self.load / self.servers / (1.0 - self.load / self.servers)
        return weight / (weight.sum() + rest)

    def sojourn_exceeds(self, time: np.ndarray | float) -> np.ndarray:
        """Return P(W + S > t); W is 0 with probability 1 - C, else exponential with rate c mu - rate."""
        t = np.asarray(time, dtype=float)
        a, b = self.spare, self.mu
        if np.isclose(a, b):
            return (1.0 - self.waits + self.waits * (1.0 + b * t)) * np.exp(-b * t)
        both = (a * np.exp(-b * t) - b * np.exp(-a * t)) / (a - b)
        return (1.0 - self.waits) * np.exp(-b * t) + self.waits * both


def pollaczek_khinchine(rate: float, mean: float, spread: float) -> float:
    """Return the mean wait in M/G/1, rate E[S^2] / (2 (1 - rho)); ``spread`` is S's coefficient of variation.

    Pollaczek 1930, doi:10.1007/BF01194620; Khinchine 1932.
    """
    return rate * mean**2 * (1.0 + spread**2) / (2.0 * (1.0 - rate * mean))


def fixed_work_present(servers: int, load: float, most: int) -> np.ndarray:
    """Return the probabilities of 0 ... ``most`` present in M/D/c (Crommelin 1932).

    Watched once a working time D, whoever was in service has left and nobody else has: X' = max(X - c, 0) + Poisson(load).
    """
    return _stationary(_served_at_once(servers, most) @ _arriving(load, most))


def _served_at_once(servers: int, most: int) -> np.ndarray:
    left = np.zeros((most + 1, most + 1))
    for n in range(most + 1):
        left[n, max(n - servers, 0)] = 1.0
    return left


def priority_waits(rates: list[float], mu: float, servers: int) -> list[float]:
    """Return the mean wait of each class, the first served first, none interrupted (Cobham 1954, doi:10.1287/opre.2.1.70).

    W(k) = W0 / ((1 - s(k-1)) (1 - s(k))), s(k) the utilisation by classes 1 ... k, W0 = C(c, load) / (c mu).
    """
    delay = erlang_c(servers, sum(rates) / mu) / (servers * mu)
    used = np.concatenate([[0.0], np.cumsum(rates) / (servers * mu)])
    return [delay / ((1.0 - used[k]) * (1.0 - used[k + 1])) for k in range(len(rates))]


def jackson(outside: np.ndarray, routing: np.ndarray, mu: np.ndarray, servers: np.ndarray) -> list[ErlangQueue]:
    """Return each team of an open Jackson network as the M/M/c queue that it is like (Jackson 1957).

    ``routing[i, j]`` is the probability that a case which team i has served goes on to team j. Arrivals solve
    rate = outside + routing^T rate, and the numbers present at one moment are independent.
    """
    rates = np.linalg.solve(np.eye(len(outside)) - routing.T, outside)
    return [ErlangQueue(float(r), float(m), int(c)) for r, m, c in zip(rates, mu, servers, strict=True)]


def fork_join_of_two(rate: float, mu: float) -> float:
    """Return the mean time until both of two like M/M/1 teams have done their part: (12 - rho) / 8 / (mu - rate).

    Exact for two (Flatto & Hahn 1984, SIAM J. Appl. Math. 44; Nelson & Tantawi 1988, doi:10.1109/12.2213).
    """
    return (12.0 - rate / mu) / 8.0 / (mu - rate)


# --- the hand-over queue -------------------------------------------------------------------------------------------------


def _arriving(mean: float, most: int) -> np.ndarray:
    """Return the matrix of n -> n + Poisson(``mean``), what would go beyond ``most`` staying there."""
    chance = stats.poisson.pmf(np.arange(most + 1), mean)
    joined = np.zeros((most + 1, most + 1))
    for n in range(most + 1):
        joined[n, n:] = chance[: most + 1 - n]
        joined[n, most] += 1.0 - joined[n].sum()
    return joined


def _dying(mu: float, servers: int, most: int, step: float) -> np.ndarray:
    """Return the transition matrix over one step of the pure death process with rates mu min(n, c)."""
    out = mu * np.minimum(np.arange(most + 1), servers)
    generator = np.diag(-out) + np.diag(out[1:], -1)
    return np.clip(linalg.expm(generator * step), 0.0, None)


def _stationary(transition: np.ndarray) -> np.ndarray:
    """Return pi with pi P = pi and sum 1."""
    size = len(transition)
    system = np.vstack([transition.T - np.eye(size), np.ones(size)])
    right = np.zeros(size + 1)
    right[-1] = 1.0
    return np.linalg.lstsq(system, right, rcond=None)[0]


def served_later_than(ahead: np.ndarray, mu: float, servers: int, time: float) -> np.ndarray:
    """Return P(R > t) for one who finds ``ahead`` requests before it: R = Erlang(ahead - c + 1, c mu) + Exp(mu).

    With k = ahead - c + 1 > 0 turns to wait and c > 1,
    P(R > t) = P(E_k(c mu) > t) + exp(-mu t) (c / (c - 1))^k P(E_k(c mu - mu) <= t); with c = 1, R is Erlang(k + 1, mu).
    """
    turns = np.maximum(np.asarray(ahead) - servers + 1, 0)
    if servers == 1:
        return special.gammaincc(turns + 1, mu * time)
    waiting = turns > 0
    k = np.where(waiting, turns, 1)
    late = special.gammaincc(k, servers * mu * time)
    with np.errstate(divide="ignore"):
        tail = np.log(special.gammainc(k, (servers - 1) * mu * time))
    late = late + np.exp(tail - mu * time + k * np.log(servers / (servers - 1)))
    return np.where(waiting, late, np.exp(-mu * time))


@dataclass(frozen=True)
class HandoverQueue:
    """One team with exponential working time whose arrivals join at boundaries; exact for any step.

    ``most`` truncates the number present; the probability there must be negligible (a test looks).
    """

    rate: float
    mu: float
    servers: int
    step: float
    most: int = 160

    @cached_property
    def _dies(self) -> np.ndarray:
        return _dying(self.mu, self.servers, self.most, self.step)

    @cached_property
    def _joins(self) -> np.ndarray:
        return _arriving(self.rate * self.step, self.most)

    @cached_property
    def present(self) -> np.ndarray:
        """Probabilities of X, the number present at a boundary after the batch has joined."""
        return _stationary(self._dies @ self._joins)

    @cached_property
    def before_batch(self) -> np.ndarray:
        """Probabilities of Y, the number present at a boundary before the batch joins."""
        return self.present @ self._dies

    @property
    def mean_present(self) -> float:
        return float(self.present @ np.arange(self.most + 1))

    @property
    def variance_present(self) -> float:
        return float(self.present @ np.arange(self.most + 1) ** 2) - self.mean_present**2

    def correlation(self, steps: int) -> float:
        """Return the correlation of the numbers present at boundaries this many steps apart."""
        n = np.arange(self.most + 1)
        later = np.linalg.matrix_power(self._dies @ self._joins, steps) @ n
        return (float(self.present @ (n * later)) - self.mean_present**2) / self.variance_present

    def mean_present_from_empty(self, boundaries: int) -> np.ndarray:
        """Return E[X(k)] at boundaries k = 0, 1, ... of a team that starts with nothing."""
        now = np.zeros(self.most + 1)
        now[0] = 1.0
        means = [0.0]
        for _ in range(boundaries - 1):
            now = now @ self._dies @ self._joins
            means.append(float(now @ np.arange(self.most + 1)))
        return np.array(means)

    @property
    def mean_sojourn(self) -> float:
        """Mean time from a need to its answer, both in continuous time: the hand-over takes half a step.

        With i requests ahead at the boundary, those left by the others and those of the batch that came earlier,
        the answer takes max(i - c + 1, 0) / (c mu) + 1 / mu from there.
        """
        ahead = self._ahead(0.0, 1.0)
        turns = np.maximum(np.arange(len(ahead)) - self.servers + 1, 0)
        return 0.5 * self.step + float(ahead @ turns) / (self.servers * self.mu) + 1.0 / self.mu

    def _ahead(self, start: float, end: float) -> np.ndarray:
        """Return the probabilities of the number ahead of a need that arises at u in (start, end) of the step."""
        nodes, weights = np.polynomial.legendre.leggauss(24)
        u = start + (end - start) * (nodes + 1.0) / 2.0
        n = np.arange(self.most + 1)
        earlier = (weights[:, None] / 2.0 * stats.poisson.pmf(n, self.rate * self.step * u[:, None])).sum(axis=0)
        return np.convolve(self.before_batch, earlier)[: self.most + 1]

    def sojourn_exceeds(self, time: float) -> float:
        """Return P(answer - need > t), the need arising uniformly within its step.

        A need at u of its step waits (1 - u) step for the boundary and finds Y + Poisson(rate step u) ahead of it.
        """
        first = max(0.0, 1.0 - time / self.step)  # needs after this are at the boundary in less than t
        nodes, weights = np.polynomial.legendre.leggauss(24)
        n = np.arange(self.most + 1)
        total = first
        for node, weight in zip(nodes, weights, strict=True):
            u = first + (1.0 - first) * (node + 1.0) / 2.0
            earlier = stats.poisson.pmf(n, self.rate * self.step * u)
            ahead = np.convolve(self.before_batch, earlier)[: self.most + 1]
            late = served_later_than(n, self.mu, self.servers, time - (1.0 - u) * self.step)
            total += (1.0 - first) * weight / 2.0 * float(ahead @ late)
        return total


@dataclass(frozen=True)
class HandoverTandem:
    """Two teams with exponential working time; a share of what the first has served goes on to the second.

    What the first finishes within a step joins the second at the next boundary, so (X1, X2) is a Markov chain:
    X2' = Y2 + Binomial(X1 - Y1, share), X1' = Y1 + Poisson(rate step). Exact for any step, by iteration.
    """

    rate: float
    mu: tuple[float, float]
    servers: tuple[int, int]
    share: float
    step: float
    most: int = 60

    @cached_property
    def present(self) -> np.ndarray:
        """Joint probabilities of (X1, X2) at a boundary."""
        size = self.most + 1
        first, second = (_dying(m, c, self.most, self.step) for m, c in zip(self.mu, self.servers, strict=True))
        joins = _arriving(self.rate * self.step, self.most)
        n = np.arange(size)
        done = np.clip(n[:, None] - n, 0, None)  # of the first team, from n to what is left
        most_routed = int(stats.poisson.ppf(1 - 1e-13, self.servers[0] * self.mu[0] * self.step)) + 1
        # split[n, left, routed]: the first goes from n to left, and so many of those go on
        split = first[:, :, None] * stats.binom.pmf(np.arange(most_routed + 1), done[:, :, None], self.share)
        split = split.reshape(size, -1).T
        now = np.zeros((size, size))
        now[0, 0] = 1.0
        for _ in range(200_000):
            rested = (split @ (now @ second)).reshape(size, most_routed + 1, size)
            after = np.zeros_like(now)
            for routed in range(min(most_routed, self.most) + 1):
                after[:, routed:] += rested[:, routed, : size - routed]
            after = joins.T @ after
            after /= after.sum()
            change = np.abs(after - now).sum()
            now = after
            if change < 1e-13:
                break
        return now

    @property
    def mean_present(self) -> tuple[float, float]:
        n = np.arange(self.most + 1)
        return float(n @ self.present.sum(axis=1)), float(self.present.sum(axis=0) @ n)

    @property
    def covariance(self) -> float:
        n = np.arange(self.most + 1)
        first, second = self.mean_present
        return float(n @ self.present @ n) - first * second


@dataclass(frozen=True)
class HandoverForkJoin:
    """A front office that asks two teams once each for every case, and waits for both; exact for any step.

    A batch joins both teams at the same boundary, each in an order of its own, so what the two have left (Y1, Y2) is a
    Markov chain in two dimensions, solved by iteration on a truncated square. Seen by one case, the others of its batch
    that stand before it are independent given their number: K ~ Poisson(rate step) others, 0 ... K of them ahead in either
    line, equally likely. Given who is ahead, the two teams work independently.
    """

    rate: float
    mu: tuple[float, float]
    servers: tuple[int, int]
    step: float
    most: int = 80

    @cached_property
    def ahead(self) -> np.ndarray:
        """Joint probabilities of the numbers ahead of a case in the two lines at the boundary where it joins."""
        size = self.most + 1
        first, second = (_dying(m, c, self.most, self.step) for m, c in zip(self.mu, self.servers, strict=True))
        mean = self.rate * self.step
        batch = stats.poisson.pmf(np.arange(int(stats.poisson.ppf(1 - 1e-13, mean)) + 2), mean)
        left = np.zeros((size, size))
        left[0, 0] = 1.0
        for _ in range(200_000):
            joined = np.zeros_like(left)
            for k, chance in enumerate(batch):
                joined[k:, k:] += chance * left[: size - k, : size - k]
            after = first.T @ joined @ second
            after /= after.sum()
            change = np.abs(after - left).sum()
            left = after
            if change < 1e-13:
                break
        seen = np.zeros_like(left)
        both = np.zeros((len(batch), len(batch)))
        for k, chance in enumerate(batch):
            both[: k + 1, : k + 1] += chance / (k + 1) ** 2
        for i, j in np.ndindex(both.shape):
            seen[i:, j:] += both[i, j] * left[: size - i, : size - j]
        return seen / seen.sum()

    def exceeds(self, time: float) -> float:
        """Return P(max(R1, R2) > t), counted from the boundary at which the case joined."""
        n = np.arange(self.most + 1)
        one, two = (served_later_than(n, m, c, time) for m, c in zip(self.mu, self.servers, strict=True))
        return float(one @ self.ahead.sum(axis=1) + self.ahead.sum(axis=0) @ two - one @ self.ahead @ two)

    @cached_property
    def steps_exceed(self) -> np.ndarray:
        """P(ceil(max(R1, R2) / step) > m) for m = 0, 1, ...: the case learns at a boundary that both have answered."""
        tail = [1.0]
        while tail[-1] > 1e-12:
            tail.append(self.exceeds(len(tail) * self.step))
        return np.array(tail)

    @property
    def mean_join(self) -> float:
        """Mean time from the boundary where a case joins to the one where both answers are there."""
        return self.step * float(self.steps_exceed.sum())

    @property
    def second_moment_join(self) -> float:
        m = np.arange(len(self.steps_exceed))
        return self.step**2 * float((2 * m + 1) @ self.steps_exceed)

    @property
    def correlation_of_lines(self) -> float:
        """Correlation of the numbers ahead in the two lines."""
        n = np.arange(self.most + 1)
        one, two = self.ahead.sum(axis=1), self.ahead.sum(axis=0)
        spread = np.sqrt((one @ n**2 - (one @ n) ** 2) * (two @ n**2 - (two @ n) ** 2))
        return float((n @ self.ahead @ n - (one @ n) * (two @ n)) / spread)


# --- brute force -----------------------------------------------------------------------------------------------------------


def first_come_first_served(starts: np.ndarray, work: np.ndarray, servers: int) -> np.ndarray:
    """Return when each request ends; they may start from ``starts`` on, and are taken in the order given.

    The recursion of Kiefer & Wolfowitz 1955, Trans. AMS 78, 1–18: who is free first takes the next.
    """
    free = [-np.inf] * servers
    ends = np.empty(len(starts))
    for place, (start, effort) in enumerate(zip(starts.tolist(), work.tolist(), strict=True)):
        end = max(start, free[0]) + effort
        heapq.heapreplace(free, end)
        ends[place] = end
    return ends


def fork_join_by_brute_force(
    generator: np.random.Generator,
    days: float,
    step: float,
    rate: float,
    front: tuple[int, float, float],
    teams: list[tuple[int, float, float, float]],
) -> tuple[np.ndarray, np.ndarray]:
    """Return when cases were opened and answered, with hand-over at boundaries: an independent program of the same rules.

    ``front`` is (servers, mean work, coefficient of variation); ``teams`` the same with requests per case behind. Work is
    lognormal.
    """
    opened = np.sort(generator.uniform(0.0, days, generator.poisson(rate * days)))
    joined = np.ceil(opened / step) * step
    ready = joined.copy()
    for servers, mean, spread, asked in teams:
        copies = np.floor(asked + generator.uniform(size=len(opened))).astype(int)
        owner = np.repeat(np.arange(len(opened)), copies)
        order = np.lexsort((generator.uniform(size=len(owner)), joined[owner]))
        owner = owner[order]
        ends = first_come_first_served(joined[owner], _lognormal(generator, mean, spread, len(owner)), servers)
        np.maximum.at(ready, owner, ends)
    order = np.argsort(ready, kind="stable")
    servers, mean, spread = front
    told = np.ceil(ready[order] / step) * step
    closed = np.empty(len(opened))
    closed[order] = first_come_first_served(told, _lognormal(generator, mean, spread, len(opened)), servers)
    return opened, closed


def _lognormal(generator: np.random.Generator, mean: float, spread: float, size: int) -> np.ndarray:
    variance = np.log1p(spread**2)
    return generator.lognormal(np.log(mean) - 0.5 * variance, np.sqrt(variance), size)
