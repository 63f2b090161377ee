"""A1: the service chain, a networkx.DiGraph of who serves whom.

Nodes are departments, contractors and customer segments; an edge runs from supplier to client. Any depth, and cycles
are normal. All attributes are plain numbers and strings, so a chain goes through networkx's own formats and comes back.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import defusedxml.ElementTree
import networkx as nx
import numpy as np

from sim import given, levers, structure
from sim.errors import InputError, did_you_mean

MOST_BYTES = 20_000_000
"""A GraphML file larger than this is refused."""


class ServiceChain(nx.DiGraph):
    """A directed graph of who serves whom, which knows what a valid chain is.

    It is an ordinary ``networkx.DiGraph``: every networkx function works on it. Build it with `add_department`,
    `add_contractor`, `add_segment` and `add_link`, or from any graph with the same attributes, then call `check`.

    Node attributes: ``kind`` (department, contractor, segment); units have ``staff``, ``managers`` and
    ``working_time``, segments ``customers``; beside them any lever whose home is the unit or the segment. Edge
    attributes: levers whose home is the link. Graph attributes: ``name``, ``description``, ``currency``,
    ``hours_per_day``, ``slots_per_day``, ``sources`` (what was set from data), and any lever, for the whole firm.
    """

    def add_department(self, name: str, **attributes: Any) -> None:
        """Add a department; ``attributes`` are its structure and unit levers."""
        self._add_node_once(name, "department", attributes)

    def add_contractor(self, name: str, **attributes: Any) -> None:
        """Add a contractor; ``attributes`` are its structure and unit levers."""
        self._add_node_once(name, "contractor", attributes)

    def add_segment(self, name: str, **attributes: Any) -> None:
        """Add a customer segment; ``attributes`` are its structure and segment levers."""
        self._add_node_once(name, "segment", attributes)

    def add_link(self, supplier: str, client: str, **attributes: Any) -> None:
        """Add the link "supplier serves client"; both must be in the chain."""
        for role, name in (("supplier", supplier), ("client", client)):
            if name not in self:
                raise InputError(
                    f"the {role} of this link is not in the chain",
                    place=role,
                    value=name,
                    allowed="the name of a department, contractor or segment",
                    hint=did_you_mean(str(name), map(str, self.nodes)),
                )
        if self.has_edge(supplier, client):
            raise InputError(
                "this link stands twice",
                place="supplier",
                value=f"{supplier} → {client}",
                allowed="one link from a supplier to a client",
                hint="add up the requests per case in one link",
            )
        self.add_edge(supplier, client, **structure.plain(attributes))

    def _add_node_once(self, name: str, kind: str, attributes: Mapping[str, Any]) -> None:
        if name in self:
            raise InputError(
                "this name stands twice",
                place="name",
                value=name,
                allowed="a name that no other department, contractor or segment has",
                hint="rename one of them, or merge the two",
            )
        self.add_node(name, kind=kind, **structure.plain(attributes))

    @property
    def units(self) -> list[str]:
        """Names of departments and contractors, in alphabetical order: the order of the model's rows."""
        return sorted(name for name, kind in self.nodes(data="kind") if kind in ("department", "contractor"))

    @property
    def segments(self) -> list[str]:
        """Names of the customer segments, in alphabetical order: the order of the model's rows."""
        return sorted(name for name, kind in self.nodes(data="kind") if kind == "segment")

    @property
    def links(self) -> list[tuple[str, str]]:
        """Links as (supplier, client), ordered by client and supplier: the order of the model's rows."""
        return sorted(self.edges, key=lambda edge: (edge[1], edge[0]))

    def setting(self, name: str) -> Any:
        """Return a graph attribute, or its default."""
        return self.graph.get(name, structure.GRAPH_DEFAULTS[name])

    def value(self, lever_name: str, *place: str) -> float:
        """Return a lever's value at a node or link (`place`), falling back to the firm's and then the default."""
        one = levers.BY_NAME[lever_name]
        own = self.edges[place] if len(place) == 2 else self.nodes[place[0]] if place else {}
        return float(own.get(lever_name, self.graph.get(lever_name, one.default)))

    def everywhere(self, values: Mapping[str, float], *, place: str = "lever") -> ServiceChain:
        """Return a checked copy in which levers have these values in the whole firm, over what nodes and links say."""
        if not values:
            return self
        chain: ServiceChain = self.copy()
        bags = [chain.graph, *chain.nodes.values(), *chain.edges.values()]
        for name, value in values.items():
            one = levers.lever(name, place=place)
            number = one.check(value, place=f"{place} {one.name}")
            for bag in bags:
                bag.pop(one.name, None)
            chain.graph[one.name] = number
        return chain.check()

    # --- checking --------------------------------------------------------------------------------------------------

    def check(self) -> ServiceChain:
        """Return this chain if it is valid, else raise `InputError` with the first thing that is not."""
        self._check_attributes()
        self._check_size()
        self._check_shape()
        self._check_traffic()
        return self

    def _check_attributes(self) -> None:
        structure.check_bag(self.graph, "graph", "organisation", home=None)
        for name, data in self.nodes(data=True):
            structure.check_name(name, "nodes")
            kind = data.get("kind")
            if kind not in structure.KINDS:
                raise InputError(
                    "this node is of no known kind",
                    place=f"{name}.kind",
                    value=kind,
                    allowed=", ".join(structure.KINDS),
                    hint=did_you_mean(str(kind), structure.KINDS),
                )
            home: levers.Home = "segment" if kind == "segment" else "unit"
            structure.check_bag(data, home, f"{kind} {name!r}", home=home)
            if structure.REQUIRED[home] not in data:
                raise InputError(
                    "something is missing here",
                    place=f"{kind} {name!r}: {structure.REQUIRED[home]}",
                    allowed=structure.allowed_number(structure.REQUIRED[home], whole=True),
                )
            if kind != "segment" and data.get("working_time", "lognormal") not in structure.SHAPES:
                raise InputError(
                    "there is no such shape of working time",
                    place=f"{kind} {name!r}: working_time",
                    value=data["working_time"],
                    allowed=", ".join(structure.SHAPES),
                    hint=did_you_mean(str(data["working_time"]), structure.SHAPES),
                )
        for supplier, client, data in self.edges(data=True):
            structure.check_bag(data, "link", f"link {supplier!r} → {client!r}", home="link")

    def _check_shape(self) -> None:
        if not self.segments:
            raise InputError("there are no customers", place="segments", allowed="at least one customer segment")
        if not self.units:
            raise InputError("nobody serves", place="departments", allowed="at least one department or contractor")
        segments = set(self.segments)
        for supplier, client in self.edges:
            place = f"link {supplier!r} → {client!r}"
            if supplier in segments:
                raise InputError(
                    "a customer segment cannot be a supplier",
                    place=place,
                    value=supplier,
                    allowed="a department or contractor",
                    hint="swap supplier and client",
                )
            if supplier == client:
                raise InputError(
                    "a unit cannot be its own client", place=place, value=supplier, allowed="two different units"
                )
            if client in segments and self.edges[supplier, client].get("passed_on", 0) > 0:
                raise InputError(
                    "customers have no cases to hand on",
                    place=f"{place}: passed_on",
                    value=self.edges[supplier, client]["passed_on"],
                    allowed="passed_on only on links whose client is a department or contractor",
                    hint="requests_per_case says which share of the customers' needs goes to this supplier",
                )
        for segment in self.segments:
            if not any(self.value("requests_per_case", s, segment) > 0 for s in self.predecessors(segment)):
                raise InputError(
                    "nobody serves these customers",
                    place=f"segment {segment!r}",
                    value=segment,
                    allowed="a segment that is the client of at least one link with requests_per_case above 0",
                    hint=f"add a link whose client is {segment!r}",
                )
        reached = set(segments)
        used = nx.DiGraph(
            (client, supplier)
            for supplier, client in self.edges
            if self.value("requests_per_case", supplier, client) > 0
            or (client not in segments and self.value("passed_on", supplier, client) > 0)
            or (client not in segments and self.value("requests_per_hire", supplier, client) > 0)
        )
        for segment in segments & set(used):
            reached |= nx.descendants(used, segment)
        for unit in self.units:
            if unit not in reached:
                raise InputError(
                    "nobody ever asks this unit for anything",
                    place=f"{self.nodes[unit]['kind']} {unit!r}",
                    value=unit,
                    allowed="a unit from which links lead, directly or through others, to a customer segment",
                    hint=f"add a link whose supplier is {unit!r}, or leave the unit out",
                )

    def _check_size(self) -> None:
        staff = {name: self.nodes[name].get("staff", 1) for name in self.units}
        served = sum(count * self.in_degree(name) for name, count in staff.items())
        customers = sum(self.nodes[name].get("customers", 0) for name in self.segments)
        for what, place, found, most in (
            ("departments and segments", "departments, contractors and segments", len(self), structure.MOST_NODES),
            ("people", "staff of all units together", sum(staff.values()), structure.MOST_STAFF),
            ("customers", "customers of all segments together", customers, structure.MOST_CUSTOMERS),
            (
                "working relations", "staff × the units that serve them, all units together", served,
                structure.MOST_RELATIONS,
            ),
        ):  # fmt: skip
            if found > most:
                raise InputError(
                    f"these are more {what} than this program can hold",
                    place=place,
                    value=found,
                    allowed=f"up to {most:,}",
                    hint="describe a smaller firm of the same shape: what matters is work per person, not the number of people",
                )

    def _check_traffic(self) -> None:
        units = self.units
        routing, handed_on = self._routing()
        worst = int(np.argmax(handed_on.sum(axis=0))) if units else 0
        if handed_on[:, worst].sum() > 0.99:
            raise InputError(
                "this unit hands on nearly everything, and some cases would never end",
                place=f"unit {units[worst]!r}: the passed_on of its links",
                value=float(handed_on[:, worst].sum()),
                allowed="a sum of at most 0.99 over the links whose client it is",
            )
        radius = max(abs(np.linalg.eigvals(routing + handed_on)))
        if radius >= 0.999:
            cycle = self._fastest_growing_cycle(routing + handed_on)
            raise InputError(
                "one request would set off more requests without end",
                place="links between " + ", ".join(sorted(cycle)),
                value=round(float(radius), 3),
                allowed="a growth factor (largest eigenvalue of requests per case) below 1",
                hint="lower requests_per_case on the links of the cycle: these units ask each other too often",
            )
        total = sum(self.case_rates().values())
        if total > structure.MOST_REQUESTS_PER_DAY:
            raise InputError(
                "these are more requests a day than this program can hold",
                place="segments: customers × needs_per_year × requests_per_case",
                value=total,
                allowed=f"up to {structure.MOST_REQUESTS_PER_DAY:,} requests a day",
            )

    def _fastest_growing_cycle(self, traffic: np.ndarray) -> set[str]:
        """Return the units of the strongly connected component whose own growth factor is the largest."""
        row = {name: place for place, name in enumerate(self.units)}

        def growth(units: set[str]) -> float:
            rows = [row[name] for name in units]
            return float(max(abs(np.linalg.eigvals(traffic[np.ix_(rows, rows)]))))

        return max(nx.strongly_connected_components(nx.subgraph_view(self, filter_node=row.__contains__)), key=growth)

    # --- traffic -----------------------------------------------------------------------------------------------------

    def _routing(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the cases that one case of unit j (column) makes at unit i (row): by asking, and by handing on."""
        place = {name: row for row, name in enumerate(self.units)}
        asking = np.zeros((len(place), len(place)))
        handing = np.zeros_like(asking)
        for supplier, client in self.edges:
            if client in place and supplier in place:
                asking[place[supplier], place[client]] = self.value("requests_per_case", supplier, client)
                handing[place[supplier], place[client]] = self.value("passed_on", supplier, client)
        return asking, handing

    def case_rates(self) -> dict[str, float]:
        """Return the cases per day that reach each unit in the long run, by the traffic equations.

        lambda = (I - R)^-1 lambda0, where R holds requests per case and shares handed on between units and lambda0 what
        customers ask directly (Jackson 1957, doi:10.1287/opre.5.4.518). Work sent back is not counted.
        """
        units = self.units
        outside = np.zeros(len(units))
        for segment in self.segments:
            needs = (
                self.nodes[segment].get("customers", 0) * self.value("needs_per_year", segment) / levers.DAYS_PER_YEAR
            )
            for supplier in self.predecessors(segment):
                outside[units.index(supplier)] += needs * self.value("requests_per_case", supplier, segment)
        asking, handing = self._routing()
        rates = np.linalg.solve(np.eye(len(units)) - asking - handing, outside)
        return dict(zip(units, (float(rate) for rate in rates), strict=True))

    def link_rates(self) -> dict[tuple[str, str], float]:
        """Return the requests per day to be expected over each link, by the traffic equations."""
        rates = self.case_rates()
        flows = {}
        for supplier, client in self.links:
            if client in rates:
                cases = rates[client]
            else:
                customers = self.nodes[client].get("customers", 0)
                cases = customers * self.value("needs_per_year", client) / levers.DAYS_PER_YEAR
            flows[supplier, client] = cases * self.value("requests_per_case", supplier, client)
        return flows

    def utilisation(self) -> dict[str, float]:
        """Return the working time asked of each unit, as a share of what its staff have.

        Above 1 the backlog grows without end, unless pressure makes people faster. Work sent back is not counted.
        """
        hours = self.setting("hours_per_day")
        return {
            unit: rate
            * self.value("hours_per_request", unit)
            / (hours * self.nodes[unit].get("staff", 1) * (1 - self.value("training", unit)))
            for unit, rate in self.case_rates().items()
        }

    # --- networkx's own formats --------------------------------------------------------------------------------------

    def to_node_link(self) -> dict[str, Any]:
        """Return networkx's node-link form, ready for JSON."""
        return nx.node_link_data(self, edges="edges")

    @classmethod
    def from_node_link(cls, data: Mapping[str, Any]) -> ServiceChain:
        """Build a checked chain from networkx's node-link form; the edges may stand under ``edges`` or ``links``."""
        try:
            graph = nx.node_link_graph(
                dict(data), directed=True, multigraph=False, edges="links" if "links" in data else "edges"
            )
            graph.graph = dict(graph.graph)
        except (nx.NetworkXException, AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
            raise InputError(
                "this is not the node-link form of a graph",
                place="node-link data",
                value=f"{type(error).__name__}: {error}",
                allowed="what networkx.node_link_data(graph, edges='edges') returns",
            ) from None
        return cls.from_graph(graph)

    def to_graphml(self, path: str | Path) -> None:
        """Write GraphML, which Gephi, yEd and igraph read."""
        nx.write_graphml(nx.DiGraph(self), path)

    @classmethod
    def from_graphml(cls, path: str | Path) -> ServiceChain:
        """Read GraphML and check the chain."""
        try:
            content = given.read_bytes(path, MOST_BYTES, allowed="a GraphML file")
            defusedxml.ElementTree.fromstring(content)  # refuses entities that expand without end
            graph = nx.read_graphml(io.BytesIO(content))
        except InputError:
            raise
        except Exception as error:  # networkx takes a file apart without looking: any kind of error may come of it
            raise InputError(
                "this is not GraphML",
                source=str(path),
                value=f"{type(error).__name__}: {error}",
                allowed="a GraphML file",
            ) from None
        try:
            return cls.from_graph(graph)
        except InputError as error:
            raise error.located(str(path)) from None

    @classmethod
    def from_graph(cls, graph: nx.DiGraph) -> ServiceChain:
        """Build a checked chain from any directed graph with the right attributes."""
        if not graph.is_directed():
            raise InputError(
                "the links of this graph have no direction",
                place="graph",
                value=type(graph).__name__,
                allowed="a directed graph, with links from supplier to client",
            )
        if not isinstance(graph.graph, dict):
            raise InputError("this is no table of what the whole firm has", place="graph", value=graph.graph,
                             allowed="names and values, such as name and currency")  # fmt: skip
        chain = cls()
        chain.graph.update(
            (name, value)
            for name, value in structure.plain(graph.graph).items()
            if name not in ("node_default", "edge_default")
        )
        chain.add_nodes_from((name, structure.plain(data)) for name, data in graph.nodes(data=True))
        for supplier, client, data in graph.edges(data=True):
            attributes = {name: value for name, value in data.items() if name != "id"}
            structure.check_bag(attributes, "link", f"link {supplier!r} → {client!r}", home="link")
            chain.add_link(supplier, client, **attributes)
        return chain.check()
