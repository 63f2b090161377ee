"""ServiceModel: a mesa.Model whose step is one working day."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import mesa
import networkx as nx
import numpy as np
import pandas as pd

from sim import agents, organisation, population
from sim import state as states
from sim.chain import ServiceChain
from sim.compiled import wrapping_integers
from sim.errors import InputError
from sim.interventions import Intervention, Schedule, rows_of
from sim.population import DEPARTMENT, NOBODY
from sim.rules import day

JOURNAL_ROWS = 4096
"""Closed requests that the journal holds before they are taken out of the compiled loop."""

MOST_DAYS_AT_ONCE = 50
"""Days that `ServiceModel.run` leaves to compiled code before Python can be interrupted."""


@runtime_checkable
class Actor(Protocol):
    """Python code that takes part in the day, beside `Intervention`: called each morning before anything happens."""

    def apply(self, model: ServiceModel) -> None:
        """Change whatever it likes in the model's state."""


class ServiceModel(mesa.Model):
    """A firm's service chain as an agent-based model; one step is one working day.

    Parameters
    ----------
    chain : a `ServiceChain`, the path of an organisation file, or the name of a bundled organisation
    seed : the run's seed, any integer; None draws one, which `seed` then holds
    interventions : levers pulled on given days, and other Python `Actor` objects
    journal : keep every closed request, for `journal`
    rng : what Mesa passes as ``rng``; an integer is the same as ``seed``
    overrides : any lever by name, for the whole firm, as ``mesa.batch_run`` passes parameters

    Attributes
    ----------
    state : every array of the model, see `sim.population`
    chain : the chain it was built from

    A user's own ``mesa.Agent`` classes take part: their ``step`` is called once a day, in the order in which the agents
    were made, after the day's work (``joins = "evening"``, the default) or before it (``joins = "morning"``).
    """

    def __init__(
        self,
        chain: ServiceChain | str | Path = "energy_distributor",
        seed: int | None = None,
        interventions: Iterable[Intervention | Actor] = (),
        journal: bool = False,
        rng: Any = None,
        **overrides: float,
    ) -> None:
        seed = _whole_seed(seed, rng)
        super().__init__(rng=seed % 2**63)
        self.seed: int = seed
        self.chain = organisation.load(chain).everywhere(overrides, place="model parameter")
        self.state = states.build(self.chain, seed, JOURNAL_ROWS if journal else 1)
        self._blank: states.State | None = None
        self._schedule = Schedule(self.chain, self.state)
        self._actors: tuple[Actor, ...] = ()
        self.intervene(*interventions)
        self._journal: list[np.ndarray] = []
        self._agents_made = False
        self._customers: dict[int, tuple[tuple[int, int], agents.Customer]] | None = None
        self._agents_by_type = _ByType(self, vars(self)["_agents_by_type"])
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "external_satisfaction": "external_satisfaction",
                "internal_satisfaction": "internal_satisfaction",
                "net_promoter_score": "net_promoter_score",
                "customers": "customers",
            }
        )

    # --- running -----------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Run one working day."""
        self.advance()
        self.datacollector.collect(self)

    def run(self, days: int) -> ServiceModel:
        """Run ``days`` working days without filling the data collector, and return the model; the fast way to run."""
        until = self.day + days
        while self.day < until:
            before = self.day
            self.advance(min(until, before + MOST_DAYS_AT_ONCE))
            self.steps += self.day - before
        return self

    def advance(self, until: int | None = None) -> None:
        """Let one day happen: interventions, own agents in the morning, the compiled day, own agents in the evening.

        Where no Python code takes part in the days before ``until``, they happen at once, up to the next intervention.
        """
        state = self.state
        today = state.day
        self._schedule.apply(state, today)
        for actor in self._actors:
            actor.apply(self)
        self._own_agents("morning")
        if (
            until is None
            or self._actors
            or any(not issubclass(kind, agents.ServiceAgent) for kind in self._agents_by_type)
        ):
            until = today + 1
        until = min(until, self._schedule.changes_after(today) or until)
        state.make_room_until(until)
        with wrapping_integers():
            while (wanted := day.run_until(until, *state.arrays())) != day.DAY_DONE:
                if wanted == day.MORE_REQUESTS:
                    state.grow_requests()
                elif wanted == day.MORE_CUSTOMERS:
                    state.grow_customers()
                elif wanted == day.MORE_PROBLEMS:
                    state.grow_problems()
                elif wanted == day.MORE_LATER:
                    state.grow_later()
                else:
                    self._drain_journal()
        if self._customers is not None:
            self._sync_customers()
        self._own_agents("evening")

    def intervene(self, *interventions: Intervention | Actor) -> None:
        """Add interventions to those that the model has; levers go back to the organisation's values first."""
        given = tuple(interventions)
        pulled = [*self._schedule.interventions, *(one for one in given if isinstance(one, Intervention))]
        _check_traffic(self.chain, pulled)
        self._schedule.restore(self.state)
        self._schedule = Schedule(self.chain, self.state, pulled)
        self._actors += tuple(one for one in given if not isinstance(one, Intervention))

    def branch(self, *interventions: Intervention | Actor) -> ServiceModel:
        """Return an independent copy of the model as it stands now, with further interventions.

        The copy goes on exactly as this model would: "from day 120, what if…". Agents are made anew when asked for.
        """
        twin = self._shell(self.seed)
        twin.steps = self.steps
        twin.state = self.state.copy()
        twin._journal = list(self._journal)
        twin.datacollector = copy.deepcopy(self.datacollector)
        twin.intervene(*interventions)
        return twin

    def restart(self, seed: int, *interventions: Intervention | Actor) -> ServiceModel:
        """Return a model of the same firm on its first morning, with another seed and with these interventions alone.

        The same as a new `ServiceModel`, and several times as quick where many seeds of one firm are run.
        """
        if self._blank is None:
            self._blank = states.blank(self.chain, JOURNAL_ROWS if self._keeps_journal else 1)
        twin = self._shell(_whole_seed(seed, None))
        twin.steps = 0
        twin.state = states.begin(self._blank.copy(), twin.seed)
        twin._journal = []
        twin._schedule, twin._actors = Schedule(twin.chain, twin.state), ()
        twin.datacollector = mesa.DataCollector(model_reporters=dict(self.datacollector.model_reporters))
        twin.intervene(*interventions)
        return twin

    def _shell(self, seed: int) -> ServiceModel:
        """Return a model that has all of this one's attributes, and Mesa's own parts, which are bound to one model, anew."""
        twin = object.__new__(type(self))
        mesa.Model.__init__(twin, rng=seed % 2**63)
        for name, value in vars(self).items():
            twin.__dict__.setdefault(name, value)
        twin.seed = seed
        twin._agents_made, twin._customers = False, None
        twin._agents_by_type = _ByType(twin, {})
        return twin

    def close(self) -> None:
        """Let go of everything at once. Where many models are run, each should be closed, or stand in a ``with`` statement.

        A Mesa model refers to itself, so that Python would keep its arrays until it next looks for such circles. It does so
        seldom, and gigabytes gather meanwhile.
        """
        self.__dict__.clear()

    def __enter__(self) -> ServiceModel:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def day(self) -> int:
        """Working days that have been run."""
        return self.state.day

    @property
    def interventions(self) -> tuple[Intervention, ...]:
        """Interventions of this run."""
        return tuple(self._schedule.interventions)

    # --- figures that Mesa's data collector reads ------------------------------------------------------------------------

    @property
    def customers(self) -> int:
        """Active customers."""
        return int(self.state.segment["active"].sum())

    @property
    def external_satisfaction(self) -> float:
        """Mean satisfaction of active customers, 0 to 100; nan when nobody is left."""
        total = self.customers
        return 100 * float(self.state.segment["satisfaction_sum"].sum()) / total if total else float("nan")

    @property
    def internal_satisfaction(self) -> float:
        """Mean satisfaction of staff with those who serve them inside, 0 to 100; nan where nobody serves inside."""
        link = self.state.link
        clients = link["clients"].sum()
        return 100 * float(link["satisfaction_sum"].sum()) / float(clients) if clients else float("nan")

    @property
    def net_promoter_score(self) -> float:
        """Promoters less detractors in per cent of active customers, -100 to 100; nan when nobody is left."""
        segment, total = self.state.segment, self.customers
        return 100 * float(segment["promoters"].sum() - segment["detractors"].sum()) / total if total else float("nan")

    @property
    def bonds(self) -> nx.Graph:
        """Ties between colleagues as a graph of employees' rows, with strength and, across teams, the link they cross."""
        graph = nx.Graph()
        units = self.chain.units
        for row, unit in enumerate(self.state.employee["unit"].tolist()):
            graph.add_node(row, unit=units[unit])
        edges = self.chain.links
        for tie in self.state.bond:
            link = edges[tie["link"]] if tie["link"] != NOBODY else None
            graph.add_edge(int(tie["one"]), int(tie["other"]), strength=float(tie["strength"]), link=link)
        return graph

    @property
    def profit(self) -> float:
        """Profit so far, in the organisation's currency."""
        return float(self.state.firm["cash"][0])

    @property
    def journal(self) -> pd.DataFrame:
        """Closed requests so far, one a row, if the model keeps a journal; see `sim.population.JOURNAL`."""
        if not self._keeps_journal:
            raise InputError(
                "this model keeps no journal",
                place="ServiceModel.journal",
                allowed="a model made with journal=True",
            )
        self._drain_journal()
        empty = np.zeros(0, population.JOURNAL)
        return pd.DataFrame({name: np.concatenate([empty[name], *(part[name] for part in self._journal)])
                             for name in population.JOURNAL.names or ()})  # fmt: skip

    @property
    def _keeps_journal(self) -> bool:
        return len(self.state.journal) > 1

    def _drain_journal(self) -> None:
        clock = self.state.clock[0]
        if rows := int(clock["journal_rows"]):
            self._journal.append(np.asarray(self.state.journal[:rows]).copy())
            clock["journal_rows"] = 0

    # --- Mesa agents ---------------------------------------------------------------------------------------------------

    @property
    def agents(self) -> Any:
        """All agents; customers are among them once `agents_by_type` has been asked for them."""
        self._make_agents()
        return self._all_agents

    @property
    def agents_by_type(self) -> Any:
        """Agents by class; asking for `Customer` makes the customers agents."""
        self._make_agents()
        return self._agents_by_type

    @property
    def agent_types(self) -> list[type]:
        """Classes of agents that there are; customers are among them even before they have been made agents."""
        self._make_agents()
        return list(dict.fromkeys([*self._agents_by_type, agents.Customer]))

    def _make_agents(self) -> None:
        """Make the agents for units, staff and managers on first use: a sweep that never looks pays nothing."""
        if self._agents_made:
            return
        self._agents_made = True
        for row, unit in enumerate(self.state.unit):
            (agents.Department if unit["kind"] == DEPARTMENT else agents.Contractor)(self, row)
        for row in range(len(self.state.employee)):
            agents.Employee(self, row)
        for row in range(len(self.state.manager)):
            agents.Manager(self, row)

    def _sync_customers(self) -> None:
        """Make agents of customers who came, and remove those of customers who left."""
        if self._customers is None:
            self._customers = {}
            self._agents_by_type[agents.Customer] = type(self._all_agents)([], random=self.random)
        rows = self.state.customer
        known = self._customers
        active = rows["active"] == 1
        for index, (who, agent) in list(known.items()):
            if not active[index] or (int(rows["segment"][index]), int(rows["ordinal"][index])) != who:
                agent.remove()
                del known[index]
        for index in np.flatnonzero(active).tolist():
            if index not in known:
                who = (int(rows["segment"][index]), int(rows["ordinal"][index]))
                known[index] = (who, agents.Customer(self, index))

    def _own_agents(self, point: str) -> None:
        """Call ``step`` of agents of a user's own classes that join the day at this point."""
        for kind in list(self._agents_by_type):
            if not issubclass(kind, agents.ServiceAgent) and getattr(kind, "joins", "evening") == point:
                dict.__getitem__(self._agents_by_type, kind).do("step")


class _ByType(dict[type, Any]):
    """Mesa's agents by type, which makes customers agents when it is asked for them."""

    def __init__(self, model: ServiceModel, known: Mapping[type, Any]) -> None:
        super().__init__(known)
        self._model = model

    def __missing__(self, kind: type) -> Any:
        if kind is agents.Customer and self._model._customers is None:
            self._model._sync_customers()
        if kind in self:
            return self[kind]
        raise KeyError(kind)

    def __reduce__(self) -> Any:
        return (_rebuild_by_type, (), {"model": self._model}, None, iter(self.items()))

    def __setstate__(self, kept: dict[str, Any]) -> None:
        self._model = kept["model"]


def _rebuild_by_type() -> _ByType:
    return _ByType.__new__(_ByType)


def _whole_seed(seed: int | None, rng: Any) -> int:
    """Return the run's seed from what the user or Mesa gave."""
    given = seed if seed is not None else rng
    if given is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0] >> np.uint64(1))
    if isinstance(given, np.random.Generator):
        return int(given.integers(2**63))
    try:
        return int(np.random.SeedSequence(given).entropy)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise InputError(
            "this cannot be a seed", place="seed", value=given, allowed="a whole number, 0 or more"
        ) from None


def _check_traffic(chain: ServiceChain, interventions: Iterable[Intervention]) -> None:
    """Raise `InputError` when interventions could set off more requests than any chain may, each at its highest."""
    pulled = [one for one in interventions if one.lever in ("requests_per_case", "passed_on", "needs_per_year")]
    if not pulled:
        return
    worst, segments = chain.copy(), chain.segments
    for one in pulled:
        for row in rows_of(chain, one.lever, one.where):
            if one.lever == "needs_per_year":
                bag, value = worst.nodes[segments[row]], worst.value(one.lever, segments[row])
            else:
                edge = chain.links[row]
                if one.lever == "passed_on" and edge[1] in segments:
                    continue
                bag, value = worst.edges[edge], worst.value(one.lever, *edge)
            bag[one.lever] = max(value, one.to)
    try:
        worst.check()
    except InputError as error:
        raise InputError(
            f"with these interventions, {error.problem}",
            place=f"intervention on {', '.join(sorted({one.lever for one in pulled}))}: {error.place}",
            value=error.value,
            allowed=error.allowed,
            hint=error.hint,
        ) from None
