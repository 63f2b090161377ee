"""Every comparison of the queueing core with theory: the tests and the table in docs/verification.md run these.

Each function takes how many times more seeds than every day to use, and returns a list of `Comparison`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from sim import organisation
from sim.chain import ServiceChain
from sim.levers import neutral_values

from . import theory
from .bench import Comparison, Run, Team, compare, neutral_chain, one_team, runs, seeds

SHORT = 2048
"""Boundaries a day that stand for continuous time. The hand-over queue says what is left of the step: for the teams here
about 0.1 % of the time to the answer, far below the standard errors. The network's work is short and takes 4 times as
many."""


# --- one team ---------------------------------------------------------------------------------------------------------

STEPS = {  # servers, utilisation, mean working time in days, boundaries a day
    "1 person, one boundary a day": (1, 0.5, 1.0, 1),
    "1 person, a boundary an hour": (1, 0.8, 0.125, 8),
    "3 people, a boundary an hour": (3, 0.8, 0.0625, 8),
    "5 people, four boundaries a day": (5, 0.9, 0.25, 4),
    "20 people, sixteen boundaries a day": (20, 0.9, 0.25, 16),
}


def handover_queue(case: str, more: int = 1) -> list[Comparison]:
    """One team with exponential working time at boundaries far apart, against its Markov chain."""
    servers, utilisation, mean, slots = STEPS[case]
    rate = utilisation * servers / mean
    exact = theory.HandoverQueue(rate, 1.0 / mean, servers, 1.0 / slots, most=200)
    middle = round(exact.mean_present)
    long = 2.0 * exact.mean_sojourn
    short = 0.5 * exact.mean_sojourn

    def figures(run: Run) -> dict[str, float]:
        evening = run.units("present")[:, 0].astype(float)
        sojourn = run.answered()["sojourn"]
        return {
            "mean number present": run.units("present_area").mean(),
            "variance of the number present": np.mean((evening - exact.mean_present) ** 2),
            f"P(present ≤ {middle})": np.mean(evening <= middle),
            "correlation from evening to evening": np.mean(
                (evening[1:] - exact.mean_present) * (evening[:-1] - exact.mean_present)
            )
            / exact.variance_present,
            "mean time to the answer": run.mean_sojourn(),
            f"P(time to the answer > {short:.3g} days)": np.mean(sojourn > short),
            f"P(time to the answer > {long:.3g} days)": np.mean(sojourn > long),
            "utilisation": run.units("busy_days").mean() / servers,
        }

    known = {
        "mean number present": exact.mean_present,
        "variance of the number present": exact.variance_present,
        f"P(present ≤ {middle})": exact.present[: middle + 1].sum(),
        "correlation from evening to evening": exact.correlation(slots),
        "mean time to the answer": exact.mean_sojourn,
        f"P(time to the answer > {short:.3g} days)": exact.sojourn_exceeds(short),
        f"P(time to the answer > {long:.3g} days)": exact.sojourn_exceeds(long),
        "utilisation": utilisation,
    }
    chain = one_team(rate, Team(servers, mean), slots)
    measured = runs(chain, seeds(case, 20 * more), days=1000, warm_up=200, journal=True)
    return compare("one team, exact for its step", case, known, measured, figures)


CONTINUOUS = {  # servers, utilisation, mean working time in days
    "M/M/1": (1, 0.7, 0.1),
    "M/M/4": (4, 0.85, 0.1),
    "M/M/12": (12, 0.9, 0.25),
}


def erlang(case: str, more: int = 1) -> list[Comparison]:
    """One team with exponential working time at boundaries close together, against Erlang C."""
    servers, utilisation, mean = CONTINUOUS[case]
    rate = utilisation * servers / mean
    exact = theory.ErlangQueue(rate, 1.0 / mean, servers)
    times = [0.5 * mean, 2.0 * mean, 5.0 * mean]

    def figures(run: Run) -> dict[str, float]:
        sojourn = run.answered()["sojourn"]
        return {
            "mean number present": run.units("present_area").mean(),
            "P(all are busy), Erlang's C": np.mean(run.units("present") >= servers),
            "mean time to the answer": run.mean_sojourn(),
            "utilisation": run.units("busy_days").mean() / servers,
        } | {f"P(time to the answer > {t:.3g} days)": np.mean(sojourn > t) for t in times}

    known = {
        "mean number present": exact.mean_present,
        "P(all are busy), Erlang's C": exact.waits,
        "mean time to the answer": exact.mean_sojourn,
        "utilisation": utilisation,
    } | {f"P(time to the answer > {t:.3g} days)": float(exact.sojourn_exceeds(t)) for t in times}
    chain = one_team(rate, Team(servers, mean), SHORT)
    measured = runs(chain, seeds(case, 20 * more), days=800, warm_up=100, journal=True)
    return compare("one team, short steps: Erlang C", case, known, measured, figures)


GENERAL = {  # shape, coefficient of variation of the working time
    "M/D/1, fixed working time": ("fixed", 0.0),
    "M/G/1, lognormal, spread 0.8": ("lognormal", 0.8),
    "M/G/1, lognormal, spread 2": ("lognormal", 2.0),
}


def general_work(case: str, more: int = 1) -> list[Comparison]:
    """One person with fixed or lognormal working time at boundaries close together, against Pollaczek & Khinchine."""
    shape, spread = GENERAL[case]
    mean, utilisation = 0.1, 0.7
    rate = utilisation / mean
    sojourn = mean + theory.pollaczek_khinchine(rate, mean, spread)
    known = {
        "mean time to the answer": sojourn,
        "mean number present": rate * sojourn,
        "utilisation": utilisation,
    }

    def figures(run: Run) -> dict[str, float]:
        return {
            "mean time to the answer": run.mean_sojourn(),
            "mean number present": run.units("present_area").mean(),
            "utilisation": run.units("busy_days").mean(),
        }

    chain = one_team(rate, Team(1, mean, shape, spread), SHORT)
    measured = runs(chain, seeds(case, 20 * more), days=1000, warm_up=100)
    return compare("one person, short steps: Pollaczek and Khinchine", case, known, measured, figures)


FIXED = {"M/D/1": (1, 0.8), "M/D/3": (3, 0.85), "M/D/10": (10, 0.9)}


def fixed_work(case: str, more: int = 1) -> list[Comparison]:
    """A team whose working time is fixed and just one step, against Crommelin's M/D/c, which is exact there."""
    servers, utilisation = FIXED[case]
    slots = 8
    exact = theory.fixed_work_present(servers, utilisation * servers, most=250)
    n = np.arange(len(exact))
    mean = float(exact @ n)
    middle = round(mean)
    low = int(np.searchsorted(np.cumsum(exact), 0.2))
    known = {
        "mean number present": mean,
        f"P(present ≤ {low})": exact[: low + 1].sum(),
        f"P(present ≤ {middle})": exact[: middle + 1].sum(),
    }

    def figures(run: Run) -> dict[str, float]:
        evening = run.units("present")[:, 0]
        return {
            "mean number present": run.units("present_area").mean(),
            f"P(present ≤ {low})": np.mean(evening <= low),
            f"P(present ≤ {middle})": np.mean(evening <= middle),
        }

    chain = one_team(utilisation * servers * slots, Team(servers, 1.0 / slots, "fixed"), slots)
    measured = runs(chain, seeds(case, 20 * more), days=1000, warm_up=100)
    return compare("one team, work of one step: Crommelin", case, known, measured, figures)


PRIORITY = {"1 person": (1, 0.8, 0.3), "4 people": (4, 0.9, 0.5)}


def priority(case: str, more: int = 1) -> list[Comparison]:
    """Requests in a hurry go ahead of the others but interrupt nobody, against Cobham."""
    servers, utilisation, hurried = PRIORITY[case]
    mean = 0.1 * servers
    rate = utilisation * servers / mean
    first, second = theory.priority_waits([rate * hurried, rate * (1 - hurried)], 1.0 / mean, servers)
    known = {
        "mean time to the answer, in a hurry": mean + first,
        "mean time to the answer, the others": mean + second,
        "mean number present": theory.ErlangQueue(rate, 1.0 / mean, servers).mean_present,
    }

    def figures(run: Run) -> dict[str, float]:
        answers = run.answered()
        rushed = answers["rush"] == 1
        return {
            "mean time to the answer, in a hurry": answers["sojourn"][rushed].mean(),
            "mean time to the answer, the others": answers["sojourn"][~rushed].mean(),
            "mean number present": run.units("present_area").mean(),
        }

    chain = one_team(rate, Team(servers, mean), SHORT, rush_share=hurried)
    measured = runs(chain, seeds("priority " + case, 20 * more), days=800, warm_up=100, journal=True)
    return compare("two classes, short steps: Cobham", case, known, measured, figures)


def from_empty(case: str = "3 people who start with nothing", more: int = 1) -> list[Comparison]:
    """The first days of a team that starts with nothing, against the Markov chain, not yet in equilibrium."""
    slots, days = 8, [1, 2, 4, 8]
    exact = theory.HandoverQueue(43.2, 16.0, 3, 1.0 / slots, most=200)
    # Boundary 0 comes before any need; the needs of the first step join at boundary 1.
    means = exact.mean_present_from_empty(slots * days[-1])
    known = {f"mean number present on the evening of day {day}": float(means[slots * day - 1]) for day in days}

    def figures(run: Run) -> dict[str, float]:
        return {f"mean number present on the evening of day {day}": run.units("present")[day - 1, 0] for day in days}

    chain = one_team(43.2, Team(3, 0.0625), slots, customers=50)
    measured = runs(chain, seeds(case, 300 * more), days=days[-1], warm_up=0)
    return compare("one team, exact for its step", case, known, measured, figures)


# --- networks ---------------------------------------------------------------------------------------------------------

NETWORK = ["A", "B", "C"]
_NETWORK_TEAMS = {"A": Team(2, 0.05), "B": Team(1, 0.04), "C": Team(3, 0.15)}
_NETWORK_ROUTES = {("A", "B"): 0.5, ("A", "C"): 0.3, ("B", "C"): 0.4, ("C", "A"): 0.25}
_NETWORK_RATE, _NETWORK_DOORS = 16.0, {"A": 0.75, "B": 0.25}


def jackson_network(case: str = "3 teams with a loop", more: int = 1) -> list[Comparison]:
    """Three teams that hand cases on, in a loop, against Jackson's product form."""
    place = {name: row for row, name in enumerate(NETWORK)}
    routing = np.zeros((3, 3))
    for (one, other), share in _NETWORK_ROUTES.items():
        routing[place[one], place[other]] = share
    outside = np.array([_NETWORK_RATE * _NETWORK_DOORS.get(name, 0.0) for name in NETWORK])
    mu = np.array([1.0 / _NETWORK_TEAMS[name].mean for name in NETWORK])
    servers = np.array([_NETWORK_TEAMS[name].servers for name in NETWORK])
    teams = theory.jackson(outside, routing, mu, servers)
    present = [team.present(3) for team in teams]
    known = {f"mean number present at {name}": team.mean_present for name, team in zip(NETWORK, teams, strict=True)}
    known |= {f"cases a day at {name}": team.rate for name, team in zip(NETWORK, teams, strict=True)}
    known |= {
        "mean time in the network": sum(team.mean_present for team in teams) / _NETWORK_RATE,
        "P(A ≤ 1 and B ≤ 1 and C ≤ 3)": float(present[0][:2].sum() * present[1][:2].sum() * present[2][:4].sum()),
        "covariance of A and B": 0.0,
        "covariance of B and C": 0.0,
    }

    def figures(run: Run) -> dict[str, float]:
        evening = run.units("present").astype(float)
        away = evening - [team.mean_present for team in teams]
        found = {f"mean number present at {name}": run.units("present_area")[:, place[name]].mean() for name in NETWORK}
        found |= {f"cases a day at {name}": run.units("arrived")[:, place[name]].mean() for name in NETWORK}
        found |= {
            "mean time in the network": run.links("wait").sum() / run.links("encounters").sum(),
            "P(A ≤ 1 and B ≤ 1 and C ≤ 3)": np.mean((evening <= [1, 1, 3]).all(axis=1)),
            "covariance of A and B": np.mean(away[:, 0] * away[:, 1]),
            "covariance of B and C": np.mean(away[:, 1] * away[:, 2]),
        }
        return found

    chain = neutral_chain(_NETWORK_TEAMS, _NETWORK_DOORS, _NETWORK_RATE, 4 * SHORT, passes=_NETWORK_ROUTES)
    measured = runs(chain, seeds(case, 20 * more), days=500, warm_up=30)
    return compare("network, short steps: Jackson", case, known, measured, figures)


def tandem(case: str = "2 teams in a row, a boundary an hour", more: int = 1) -> list[Comparison]:
    """Two teams in a row at boundaries far apart, against the Markov chain of the pair."""
    rate, share, slots = 24.0, 0.7, 8
    teams = {"A": Team(2, 0.05), "B": Team(1, 0.04)}
    mu = teams["A"].mean ** -1, teams["B"].mean ** -1
    exact = theory.HandoverTandem(rate, mu, (2, 1), share, 1.0 / slots)
    first, second = exact.mean_present
    known = {
        "mean number present at the first": first,
        "mean number present at the second": second,
        "covariance of the two": exact.covariance,
    }

    def figures(run: Run) -> dict[str, float]:
        area, evening = run.units("present_area").mean(axis=0), run.units("present").astype(float)
        return {
            "mean number present at the first": area[0],
            "mean number present at the second": area[1],
            "covariance of the two": np.mean((evening[:, 0] - first) * (evening[:, 1] - second)),
        }

    chain = neutral_chain(teams, {"A": 1.0}, rate, slots, passes={("A", "B"): share})
    measured = runs(chain, seeds(case, 20 * more), days=1000, warm_up=100)
    return compare("network, exact for its step", case, known, measured, figures)


# --- fork and join -------------------------------------------------------------------------------------------------------

FORKS = {  # rate, the two teams behind, boundaries a day
    "1 and 1 person, a boundary an hour": (8.0, (Team(1, 0.08), Team(1, 0.08)), 8),
    "1 and 3 people, four boundaries a day": (6.0, (Team(1, 0.125), Team(3, 0.4)), 4),
    "2 and 2 people, 32 boundaries a day": (8.0, (Team(2, 0.16), Team(2, 0.18)), 32),
}


def fork_join(case: str, more: int = 1) -> list[Comparison]:
    """A front office without work of its own asks two teams once each and waits for both, against the Markov chain."""
    rate, (one, two), slots = FORKS[case]
    step = 1.0 / slots
    exact = theory.HandoverForkJoin(rate, (1 / one.mean, 1 / two.mean), (one.servers, two.servers), step)
    lines = [theory.HandoverQueue(rate, 1 / team.mean, team.servers, step) for team in (one, two)]
    at = max(1, round(exact.mean_join / step))
    # A case is opened half a step before it joins, on average, and its finish is filed one step after its inputs came.
    known = {
        "mean time to the answer": 0.5 * step + exact.mean_join,
        f"P(both answers are in after {at} steps)": 1.0 - exact.steps_exceed[at],
        "mean square of the time to both answers": exact.second_moment_join,
        "mean number present in front": rate * (exact.mean_join + step),
        "mean number present at the first": lines[0].mean_present,
        "mean number present at the second": lines[1].mean_present,
    }

    def figures(run: Run) -> dict[str, float]:
        answers = run.answered()
        answers = answers[answers["parent"] == 0]
        joining = answers["closed"] - np.ceil(answers["opened"] * slots) * step
        area = run.units("present_area").mean(axis=0)
        return {
            "mean time to the answer": answers["sojourn"].mean(),
            f"P(both answers are in after {at} steps)": np.mean(joining < (at + 0.5) * step),
            "mean square of the time to both answers": np.mean(joining**2),
            "mean number present in front": area[0],
            "mean number present at the first": area[1],
            "mean number present at the second": area[2],
        }

    measured = runs(_fork(rate, one, two, slots), seeds(case, 20 * more), days=1000, warm_up=100, journal=True)
    return compare("fork and join, exact for its step", case, known, measured, figures)


def _fork(rate: float, one: Team, two: Team, slots: int) -> ServiceChain:
    teams = {"A front": Team(1, 0.0), "One": one, "Two": two}
    return neutral_chain(teams, {"A front": 1.0}, rate, slots, asks={("A front", "One"): 1.0, ("A front", "Two"): 1.0})


def fork_join_in_short_steps(case: str = "1 and 1 person", more: int = 1) -> list[Comparison]:
    """The same with boundaries close together, against the closed form of Flatto & Hahn and Nelson & Tantawi."""
    rate, mean = 7.0, 0.1
    known = {"mean time to the answer": theory.fork_join_of_two(rate, 1 / mean)}

    def figures(run: Run) -> dict[str, float]:
        outside = run.model.chain.links.index(("A front", "Customers"))
        return {"mean time to the answer": run.mean_sojourn(outside)}

    chain = _fork(rate, Team(1, mean), Team(1, mean), SHORT)
    measured = runs(chain, seeds("fork " + case, 20 * more), days=1000, warm_up=100)
    return compare("fork and join, short steps: Nelson and Tantawi", case, known, measured, figures)


def fork_join_by_brute_force(case: str = "lognormal work, 2, 2 and 3 people", more: int = 1) -> list[Comparison]:
    """A front office with work of its own and any number of requests per case, against an independent program.

    The "exact" value is simulated too, so the standard error is that of the difference.
    """
    rate, slots, days, warm_up = 12.0, 8, 600, 50
    front, one, two = Team(2, 0.12, "lognormal", 0.5), Team(2, 0.1, "lognormal", 0.8), Team(3, 0.12, "lognormal", 1.5)
    asked = {("A front", "One"): 1.3, ("A front", "Two"): 1.6}
    count = 20 * more

    def moments(opened: np.ndarray, closed: np.ndarray) -> dict[str, float]:
        kept = (opened >= warm_up) & (opened < warm_up + days - 20)
        sojourn = (closed - opened)[kept]
        return {
            "mean time to the answer": sojourn.mean(),
            "mean square of the time to the answer": np.mean(sojourn**2),
            "P(time to the answer > 0.5 days)": np.mean(sojourn > 0.5),
            "P(time to the answer > 1 day)": np.mean(sojourn > 1.0),
        }

    behind = [(team.servers, team.mean, team.spread, asked["A front", name]) for name, team in
              (("One", one), ("Two", two))]  # fmt: skip
    brute = pd.DataFrame(
        moments(
            *theory.fork_join_by_brute_force(
                np.random.default_rng(seed), warm_up + days, 1 / slots, rate,
                (front.servers, front.mean, front.spread), behind,
            )
        )
        for seed in seeds("brute " + case, count)
    )  # fmt: skip

    def figures(run: Run) -> dict[str, float]:
        answers = run.model.journal
        answers = answers[answers["parent"] == 0]
        return moments(answers["opened"].to_numpy(), answers["closed"].to_numpy())

    chain = neutral_chain({"A front": front, "One": one, "Two": two}, {"A front": 1.0}, rate, slots, asks=asked)
    measured = runs(chain, seeds(case, count), days=days, warm_up=warm_up, journal=True)
    found = compare("fork and join by brute force", case, brute.mean().to_dict(), measured, figures)
    return [replace(one, error=float(np.hypot(one.error, brute[one.figure].sem()))) for one in found]


# --- any organisation ------------------------------------------------------------------------------------------------------

ORGANISATIONS = organisation.bundled()


def traffic(name: str, more: int = 1) -> list[Comparison]:
    """A bundled organisation with people neutral, against the traffic equations and the law of utilisation."""
    chain = _with_people_neutral(organisation.load(name))
    outside, routing = _traffic_equations(chain)
    rates = np.linalg.solve(np.eye(len(outside)) - routing, outside)
    hours = np.array([chain.value("hours_per_request", unit) for unit in chain.units])
    staff = np.array([chain.nodes[unit].get("staff", 1) for unit in chain.units])
    used = rates * hours / chain.setting("hours_per_day") / staff
    known = {f"cases a day at {unit}": rate for unit, rate in zip(chain.units, rates, strict=True)}
    known |= {f"utilisation of {unit}": share for unit, share in zip(chain.units, used, strict=True)}

    def figures(run: Run) -> dict[str, float]:
        cases, busy = run.units("arrived").mean(axis=0), run.units("busy_days").mean(axis=0) / staff
        found = {f"cases a day at {unit}": rate for unit, rate in zip(chain.units, cases, strict=True)}
        return found | {f"utilisation of {unit}": share for unit, share in zip(chain.units, busy, strict=True)}

    measured = runs(chain, seeds(name, 20 * more), days=100, warm_up=50)
    return compare("bundled organisations, people neutral: traffic equations", name, known, measured, figures)


def _with_people_neutral(chain: ServiceChain) -> ServiceChain:
    """Return the organisation with every mechanism neutral, but for what describes its own work."""
    chain = chain.copy()
    kept = {"work_spread", "passed_on", "pause_share", "pause_days", "pause_spread"}
    for name, value in neutral_values().items():
        if name not in kept:
            bags = [data for _, data in chain.nodes(data=True)] + [data for *_, data in chain.edges(data=True)]
            for bag in bags:
                bag.pop(name, None)
            chain.graph[name] = value
    return chain.check()


def _traffic_equations(chain: ServiceChain) -> tuple[np.ndarray, np.ndarray]:
    """Return needs a day at each unit, and the cases at unit i that one case at unit j makes; written apart from `sim`."""
    units = chain.units
    outside, routing = np.zeros(len(units)), np.zeros((len(units), len(units)))
    for supplier, client in chain.edges:
        asked = chain.value("requests_per_case", supplier, client)
        if client in units:
            asked += chain.value("passed_on", supplier, client)
            routing[units.index(supplier), units.index(client)] = asked
        else:
            needs = chain.nodes[client]["customers"] * chain.value("needs_per_year", client) / 250
            outside[units.index(supplier)] += needs * asked
    return outside, routing


EVERY = [
    (handover_queue, list(STEPS)),
    (from_empty, ["3 people who start with nothing"]),
    (erlang, list(CONTINUOUS)),
    (general_work, list(GENERAL)),
    (fixed_work, list(FIXED)),
    (priority, list(PRIORITY)),
    (tandem, ["2 teams in a row, a boundary an hour"]),
    (jackson_network, ["3 teams with a loop"]),
    (fork_join, list(FORKS)),
    (fork_join_in_short_steps, ["1 and 1 person"]),
    (fork_join_by_brute_force, ["lognormal work, 2, 2 and 3 people"]),
    (traffic, ORGANISATIONS),
]
"""All comparisons with their cases."""
