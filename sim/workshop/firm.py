"""The room's own firm: a chain made from the departments that people named and from who says that it is served by whom.

What a room knows is who is there and who serves whom. The rest is assumed, and every assumption is a default of the
organisation file or one of the constants below: everybody is equally busy, so that nobody is the bottleneck for want of
staff, and what decides is how people treat each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import networkx as nx

from sim.chain import ServiceChain
from sim.errors import InputError

STAFF = 8
"""People of a department of which the room does not say how many it has."""
UTILISATION = 0.75
"""Share of their time for which people are at work on requests, on average."""
ASKING = 0.8
"""Requests that one case of a department makes of all its suppliers together; below 1, so that no work goes round for ever."""
LEAST_ASKING = 0.05
"""Requests that one case makes of new suppliers, all together, where the old ones are asked that often already."""
CUSTOMERS_PER_PERSON = 40
"""Customers for each person of the firm."""
CUSTOMERS = "Customers"


@dataclass(frozen=True, slots=True)
class Department:
    """A department as the room describes it.

    Attributes
    ----------
    name : what it is called now
    suppliers, clients : names of departments that serve it, and that it serves
    staff : people in it; None if nobody said
    faces_customers : whether it serves customers itself
    contractor : whether it is a contractor
    known_as : its name in the organisation that the room began with; None if it is new
    """

    name: str
    suppliers: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    staff: int | None = None
    faces_customers: bool = False
    contractor: bool = False
    known_as: str | None = None


def firm_of(departments: Sequence[Department], base: ServiceChain | None = None) -> ServiceChain:
    """Return a checked chain of these departments.

    ``base`` is the organisation that the room began with: what it says of a department still stands where the room has not
    changed it. Departments that the room has left out are left out with their links; new ones get links as said. A department
    from which no link leads to a customer is taken to serve those who face customers; where nobody says so, those face
    customers whom no colleague named as a supplier, or else everybody.
    """
    if not departments:
        raise InputError("there is no department", place="departments", allowed="at least one department")
    names = [one.name for one in departments]
    for name in names:
        if names.count(name) > 1:
            raise InputError("this name stands twice", place="departments", value=name, allowed="each name once")
    chain = _kept(departments, base)
    if not chain.segments:
        chain.add_segment(_free(CUSTOMERS, names), customers=0)
    new = [one for one in departments if one.name not in chain]
    for one in new:
        add = chain.add_contractor if one.contractor else chain.add_department
        add(one.name, staff=one.staff or STAFF)
    _open_doors(chain, departments)
    _link(chain, _said(chain, departments))
    doors = sorted({supplier for supplier, client in chain.links if client in chain.segments})
    _link(chain, {(name, door) for name in _unreached(chain) for door in doors})
    _load(chain, [one.name for one in new], everybody=base is None)
    return chain.check()


def _kept(departments: Sequence[Department], base: ServiceChain | None) -> ServiceChain:
    """Return what is left of the organisation that the room began with, under the names of today."""
    if base is None:
        return ServiceChain(name="The room", currency="EUR")
    today = {one.known_as: one.name for one in departments if one.known_as is not None and one.known_as in base}
    chain: ServiceChain = base.copy()
    chain.remove_nodes_from([unit for unit in base.units if unit not in today])
    clash = {old: new for old, new in today.items() if new != old and new in base and new not in today.values()}
    if clash:
        raise InputError(
            "this name is taken", place="departments", value=next(iter(clash.values())), allowed="a free name"
        )
    chain = nx.relabel_nodes(chain, {old: new for old, new in today.items() if old != new}, copy=True)
    for one in departments:
        if one.known_as is not None and one.staff and one.name in chain:
            chain.nodes[one.name]["staff"] = one.staff
    return chain


def _said(chain: ServiceChain, departments: Sequence[Department]) -> set[tuple[str, str]]:
    """Return the links that the room named and the chain does not have yet."""
    said = {(supplier, one.name) for one in departments for supplier in one.suppliers}
    said |= {(one.name, client) for one in departments for client in one.clients}
    units = set(chain.units)
    return {edge for edge in said if set(edge) <= units and edge[0] != edge[1] and edge not in chain.edges}


def _open_doors(chain: ServiceChain, departments: Sequence[Department]) -> None:
    """Let customers be served by those who said that they face them; every segment needs somebody."""
    said = [one.name for one in departments if one.faces_customers]
    if not said and not any(client in chain.segments for _, client in chain.links):
        suppliers = {supplier for supplier, _ in _said(chain, departments)}
        said = [name for name in chain.units if name not in suppliers] or chain.units
    for segment in chain.segments:
        old = list(chain.predecessors(segment))
        new = [name for name in said if name not in old] or ([] if old else chain.units)
        for supplier in old if new else ():  # customers have as many needs as before; more doors share them
            now = chain.value("requests_per_case", supplier, segment)
            chain.edges[supplier, segment]["requests_per_case"] = now * len(old) / (len(old) + len(new))
        for supplier in new:
            chain.add_link(supplier, segment, requests_per_case=1.0 / (len(old) + len(new)))


def _link(chain: ServiceChain, edges: Iterable[tuple[str, str]]) -> None:
    """Add links inside: each client asks its new suppliers for what is left of `ASKING`."""
    suppliers: dict[str, list[str]] = {}
    for supplier, client in sorted(edges):
        suppliers.setdefault(client, []).append(supplier)
    for client, new in suppliers.items():
        there = sum(chain.value("requests_per_case", old, client) for old in chain.predecessors(client))
        for supplier in new:
            chain.add_link(supplier, client, requests_per_case=max(LEAST_ASKING, ASKING - there) / len(new))


def _unreached(chain: ServiceChain) -> list[str]:
    """Return the units that nobody asks for anything, directly or through others."""
    reached = {unit for segment in chain.segments for unit in nx.ancestors(chain, segment)}
    return [unit for unit in chain.units if unit not in reached]


def _load(chain: ServiceChain, new: Sequence[str], *, everybody: bool) -> None:
    """Give customers and working times so that everybody is as busy as the constants say."""
    if everybody:
        people = sum(chain.nodes[unit]["staff"] for unit in chain.units)
        for segment in chain.segments:
            chain.nodes[segment]["customers"] = CUSTOMERS_PER_PERSON * people
    flows = chain.case_rates()
    hours = float(chain.setting("hours_per_day"))
    for unit in new:
        flow = flows.get(unit, 0.0)
        if flow > 0:
            chain.nodes[unit]["hours_per_request"] = float(
                f"{UTILISATION * chain.nodes[unit]['staff'] * hours / flow:.4g}"
            )


def _free(name: str, taken: Sequence[str]) -> str:
    return name if name not in taken else _free(name + "'", taken)
