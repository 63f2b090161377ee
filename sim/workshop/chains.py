"""The room's chain: the organisation with what the room renamed, added and removed, or a chain that the room built itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.chain import ServiceChain
from sim.levers import Lever
from sim.workshop import firm
from sim.workshop.room import Department, Room

Pairs = tuple[tuple[str, str], ...]
Key = tuple[tuple[Department, ...], Pairs]
"""What a room's chain hangs on, beside the organisation: its departments, and pairs that the organisation does not link."""


def opening(chain: ServiceChain | None) -> dict[str, Any]:
    """Return what the first event of a session says of the organisation; departments have keys in the order of its units."""
    if chain is None:
        return {"organisation": "", "currency": "EUR", "departments": [], "links": [], "others": []}
    keys = {name: f"d{number}" for number, name in enumerate(chain.units, start=1)}
    departments = [
        {
            "key": keys[name],
            "name": name,
            "kind": chain.nodes[name]["kind"],
            "staff": int(chain.nodes[name]["staff"]),
            "faces_customers": _faces(chain, name),
        }
        for name in chain.units
    ]
    return {
        "organisation": chain.setting("name"),
        "currency": chain.setting("currency"),
        "departments": departments,
        "links": [[keys[supplier], keys[client]] for supplier, client in chain.links if client in keys],
        "others": chain.segments,
    }


def _faces(chain: ServiceChain, unit: str) -> bool:
    return any(client in chain.segments for client in chain.successors(unit))


def shown_pairs(room: Room) -> Pairs:
    """Return pairs of departments that the organisation does not link, and of which something is shown."""
    pairs = {group for group in room.snapshot.groups() if group[1] in room.departments}
    pairs |= {(cell.supplier, cell.client) for cell in room.fixed}
    return tuple(sorted(pairs - {*room.links}))


def key(base: ServiceChain | None, room: Room) -> Key:
    """Return what the chain hangs on.

    Who serves whom is taken from who scored whom, as far as that may be seen, and only where the room brought a department in
    itself: the organisation's own departments are linked as it describes them.
    """
    departments = tuple(room.departments.values())
    new = {one.key for one in departments[len(base.units) if base is not None else 0 :]}
    return departments, tuple(pair for pair in shown_pairs(room) if new & {*pair})


def of_key(base: ServiceChain | None, wanted: Key) -> ServiceChain | None:
    """Return the chain that `key` describes; raises `InputError` where the departments make none.

    A room that builds its own has none before something of it is shown: who serves whom is known from then on.
    """
    departments, pairs = wanted
    if base is None and not pairs:
        return None
    if (
        base is not None
        and not pairs
        and departments == tuple(Department(**one) for one in opening(base)["departments"])
    ):
        return base
    units = base.units if base is not None else []
    known_as = {one.key: was for one, was in zip(departments, units, strict=False)}
    rows = described(departments, pairs)
    present = [one for one in departments if not one.removed]
    return firm.firm_of(
        [
            firm.Department(
                name=one.name,
                suppliers=tuple(row["suppliers"]),
                clients=tuple(row["clients"]),
                staff=one.staff,
                faces_customers=one.faces_customers
                and not (base is not None and one.key in known_as and _faces(base, known_as[one.key])),
                contractor=one.kind == "contractor",
                known_as=known_as.get(one.key),
            )
            for one, row in zip(present, rows, strict=True)
        ],
        base,
    )


def value(chain: ServiceChain, lever: Lever, place: Sequence[str]) -> float | None:
    """Return what a lever is at a place (firm, node, link), or None where it cannot be pulled there.

    A lever of links is pulled at a unit on every link by which it serves, at a segment on every link that serves it; its value
    there is the mean over them.
    """
    if not all(name in chain for name in place) or (len(place) == 2 and not chain.has_edge(*place)):
        return None
    if len(place) == 1 and lever.home == "link":
        edges = list(chain.in_edges(place[0]) if place[0] in chain.segments else chain.out_edges(place[0]))
        return sum(chain.value(lever.name, *edge) for edge in edges) / len(edges) if edges else None
    homes = {0: None, 1: "segment" if place and place[0] in chain.segments else "unit", 2: "link"}
    if place and homes[len(place)] != lever.home:
        return None
    return chain.value(lever.name, *place)


def described(departments: Sequence[Department], pairs: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return the departments that are there as the page reads them: with the names of whom they serve and who serves them."""
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
