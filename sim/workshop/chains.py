"""The room's chain: the organisation with what the room renamed, added and removed, or a chain that the room built itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import networkx as nx

from sim.chain import ServiceChain
from sim.workshop.room import Department, Room

Key = tuple[bool, tuple[tuple[str, str, str, int | None, bool, bool], ...], tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]
"""What a room's chain hangs on: whether it built its own, departments, links given, and pairs of which something is shown."""

STAFF = 5
"""People in a department that the room added to an organisation without saying how many. No source: a modelling choice."""


def opening(chain: ServiceChain | None) -> dict[str, Any]:
    """Return what the first event of a session says of the organisation."""
    if chain is None:
        return {"organisation": "", "currency": "EUR", "departments": [], "links": [], "others": []}
    units, segments = chain.units, set(chain.segments)
    keys = {name: f"d{number}" for number, name in enumerate(units, start=1)}
    return {
        "organisation": chain.setting("name"),
        "currency": chain.setting("currency"),
        "departments": [
            {
                "key": keys[name],
                "name": name,
                "kind": chain.nodes[name]["kind"],
                "staff": int(chain.nodes[name]["staff"]),
                "faces_customers": any(client in segments for client in chain.successors(name)),
            }
            for name in units
        ],
        "links": [[keys[supplier], keys[client]] for supplier, client in chain.links if client in keys],
        "others": chain.segments,
    }


def shown_pairs(room: Room) -> list[tuple[str, str]]:
    """Return pairs of departments that the organisation does not link, and of which something is shown."""
    pairs = {group for group in room.snapshot.groups() if group[1] in room.departments}
    pairs |= {(cell.supplier, cell.client) for cell in room.fixed}
    return sorted(pairs - {*room.links})


def key(room: Room) -> Key:
    """Return what the chain hangs on."""
    departments = tuple(
        (one.key, one.name, one.kind, one.staff, one.faces_customers, one.removed) for one in room.departments.values()
    )
    return (room.own_chain, departments, room.links, tuple(shown_pairs(room)) if _builds(room) else ())


def _builds(room: Room) -> bool:
    """Only what the room itself brought in is linked by who scored whom; the organisation's own links stay as described."""
    return room.own_chain or len(room.departments) > len({one for pair in room.links for one in pair})


def of(base: ServiceChain | None, room: Room) -> ServiceChain:
    """Return the chain of a room; raises `InputError` where its departments make none."""
    return of_key(base, key(room))


def of_key(base: ServiceChain | None, wanted: Key) -> ServiceChain:
    """Return the chain that `key` describes."""
    own, rows, links, pairs = wanted
    departments = [Department(*row) for row in rows]
    if own or base is None:
        from sim.workshop import firm  # type: ignore[attr-defined]

        return firm.firm_of(described(departments, [*links, *pairs]))
    return _edited(base, departments, pairs)


def described(departments: Sequence[Department], pairs: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return departments as the page and `firm_of` read them: with the names of whom they serve and who serves them."""
    names = {one.key: one.name for one in departments if not one.removed}
    return [
        {
            "name": one.name,
            "kind": one.kind,
            "staff": one.staff,
            "faces_customers": one.faces_customers,
            "suppliers": [names[s] for s, c in pairs if c == one.key and s in names],
            "clients": [names[c] for s, c in pairs if s == one.key and c in names],
        }
        for one in departments
        if not one.removed
    ]


def _edited(base: ServiceChain, departments: Sequence[Department], pairs: Sequence[tuple[str, str]]) -> ServiceChain:
    """Return the organisation with departments renamed, removed and added.

    A department that nobody asks any more, because its only clients were removed, leaves the chain with them. One that was added
    serves those who scored it, and customers when it is said to face them; every lever of it is a default.
    """
    units = base.units  # in the order in which `opening` gave them keys d1, d2, …
    chain = base.copy()
    known, added = departments[: len(units)], departments[len(units) :]
    for was, one in zip(units, known, strict=True):
        if one.removed:
            chain.remove_node(was)
        elif one.staff is not None:
            chain.nodes[was]["staff"] = one.staff
    chain = _relabelled(chain, {was: one.name for was, one in zip(units, known, strict=True) if not one.removed})
    names = {one.key: one.name for one in departments if not one.removed}
    for one in added:
        if not one.removed:
            chain.add_node(one.name, kind=one.kind, staff=one.staff or STAFF)
            for segment in chain.segments if one.faces_customers else ():
                chain.add_edge(one.name, segment)
    new = {one.key for one in added}
    for supplier, client in pairs:
        if supplier in names and client in names and new & {supplier, client}:
            chain.add_edge(names[supplier], names[client])
    while unasked := _unasked(chain):
        chain.remove_nodes_from(unasked)
    return chain.check()


def _relabelled(chain: ServiceChain, names: dict[str, str]) -> ServiceChain:
    """Return the chain with other names, as a chain."""
    if all(was == now for was, now in names.items()):
        return chain
    return ServiceChain.from_node_link(nx.node_link_data(nx.relabel_nodes(nx.DiGraph(chain), names), edges="edges"))


def _unasked(chain: ServiceChain) -> list[str]:
    """Return units from which no path leads to a customer."""
    segments = set(chain.segments)
    reached = set(segments)
    for segment in segments:
        reached |= nx.ancestors(chain, segment)
    return [unit for unit in chain.units if unit not in reached]
