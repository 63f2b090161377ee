"""What leaves the room: a file that makes the same result elsewhere, and tables. Aggregates that are shown, never an answer."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import structure
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.formulas import guarded
from sim.workshop import inputs
from sim.workshop.inputs import Refused
from sim.workshop.scores import DIMENSIONS, HIGHEST, LOWEST, OWN, SMALLEST_MINIMUM, Cell

if TYPE_CHECKING:
    from sim.workshop.room import Change, Place
    from sim.workshop.session import Session

FORMAT = 1


def as_json(session: Session) -> str:
    """Return the share file of a session.

    It holds the organisation as the room has it, levers, seed, runs, version, market assumptions and the shown cells: all that
    a result hangs on, so that the same program makes exactly the same one of it.
    """
    from sim.workshop.session import version

    room = session.room
    chain = session.chain()
    if chain is None:
        raise Refused("nothing_to_share", 409)
    content = {
        "format": FORMAT,
        "what": "service-culture workshop",
        "version": version(),
        "title": room.title,
        "organisation": chain.to_node_link(),
        "language": room.language,
        "minimum": room.minimum,
        "settings": session.settings,
        "market": room.market,
        "changes": _by_names(session, room.changes, chain),
        "pinned": _by_names(session, room.pinned, chain),
        "focus": room.name(room.focus) if room.focus and room.name(room.focus) in chain else None,
        "cells": [
            cell.as_dict()
            for cell in room.cells()
            if (cell.received or cell.given) and cell.supplier in chain and cell.client in chain
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _by_names(session: Session, changes: Sequence[tuple[Place, Change]], chain: ServiceChain) -> list[dict[str, Any]]:
    """Return changes with the names that places have now; those at departments that were removed are left out."""
    named = [([session.room.name(key) for key in place], one) for place, one in changes]
    return [
        {"lever": one.lever, "where": where, "from": one.before, "to": one.to}
        for where, one in named
        if all(name in chain for name in where)
    ]


def read(path: Path) -> tuple[ServiceChain, dict[str, Any]]:
    """Return the organisation of a share file and the rest of it, checked; raises `InputError`."""
    from sim import organisation

    try:
        data = json.loads(organisation.read_text(path))
    except (ValueError, RecursionError) as error:
        raise InputError(
            "this is not JSON",
            source=str(path),
            value=str(error),
            allowed="a share.json that the workshop page exported",
        ) from None
    try:
        return _checked(data)
    except InputError as error:
        raise error.located(str(path)) from None


def _checked(data: Any) -> tuple[ServiceChain, dict[str, Any]]:
    if not isinstance(data, Mapping) or data.get("what") != "service-culture workshop" or data.get("format") != FORMAT:
        raise InputError(
            "this is not a share file", place="format", value=data.get("format") if isinstance(data, Mapping) else None,
            allowed=f"a share.json of format {FORMAT}, as the workshop page exports it",
        )  # fmt: skip
    if not isinstance(data.get("organisation"), Mapping):
        raise InputError("there is no organisation in this share file", place="organisation", value=data.get("organisation"),
                         allowed="the organisation as the workshop page exports it")  # fmt: skip
    chain = ServiceChain.from_node_link(data["organisation"])
    names = {*chain.units, *chain.segments}
    rest: dict[str, Any] = {}
    try:
        rest["cells"] = [_cell(one, chain) for one in data["cells"]]
        for name in ("changes", "pinned"):
            rest[name] = [_change(one, names) for one in data[name]]
        rest["market"] = _market(data["market"])
        rest["settings"] = {name: _whole(data["settings"][name], name, *ends) for name, ends in SETTINGS.items()}
        rest["minimum"] = _whole(data["minimum"], "minimum", SMALLEST_MINIMUM, LARGEST_MINIMUM)
        from sim.workshop.language import check

        rest["language"] = check(str(data["language"]))
        rest["version"], rest["title"] = (
            inputs.clean(data[name], name, structure.LONGEST_NAME) for name in ("version", "title")
        )
        rest["focus"] = data.get("focus")
        if rest["focus"] is not None and rest["focus"] not in chain.units:
            raise InputError(
                "there is no such department", place="focus", value=rest["focus"], allowed=", ".join(chain.units)
            )
    except Refused as error:
        from sim.workshop.language import say

        raise InputError(say(error.key, "en", **error.params), place=str(error.params["field"])) from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            "something in this share file is missing or of the wrong kind", value=f"{type(error).__name__}: {error}",
            allowed="a share.json as the workshop page exports it",
        ) from None  # fmt: skip
    return chain, rest


MOST_DAYS = 100_000
"""As in `sim.scenario`, whose import would make the page wait for the model."""
SETTINGS = {"seed": (0, 2**53), "runs": (2, 1000), "warm_up": (0, MOST_DAYS), "days": (4, MOST_DAYS)}
"""Least and most of what decides how long the model computes; as `service-culture workshop` takes them."""
LARGEST_MINIMUM = 100


def _whole(value: Any, place: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InputError("this value cannot be used", place=place, value=value,
                         allowed=f"a whole number from {least:,} to {most:,}")  # fmt: skip
    return value


def _number(value: Any, place: str, low: float, high: float) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
        raise InputError("a score lies outside the scale", place=place, value=value, allowed=f"{low:g} to {high:g}")
    return float(value)


def _market(said: Mapping[str, Any]) -> dict[str, float]:
    """Return assumptions of the market and of how scores are read; only these names are known."""
    if not said:
        return {}
    from sim.hireback.market import ASSUMPTIONS
    from sim.workshop.verdict import READING

    known = {one.name: one for one in (*ASSUMPTIONS, *READING)}
    for name in said:
        if name not in known:
            raise InputError("there is no such assumption", place="market", value=name, allowed=", ".join(known))
    return {name: known[name].check(value, place="market") for name, value in said.items()}


def _cell(one: Mapping[str, Any], chain: ServiceChain) -> dict[str, Any]:
    cell = Cell.from_dict(one)
    for name in (cell.supplier, cell.client):
        if name not in chain.units:
            raise InputError("this cell is of no department", place="cells", value=name, allowed=", ".join(chain.units))
    for figure in (cell.received, cell.given):
        if figure is None:
            continue
        _whole(figure.n, "cells: n", 1, 1_000_000)
        if not any(value is not None for value in figure.mean.values()):
            raise InputError("a cell shows no score", place="cells: mean", value=f"{cell.supplier} → {cell.client}",
                             allowed=f"the mean of at least one of {', '.join(figure.mean)}")  # fmt: skip
        for value in (figure.overall, *(value for value in figure.mean.values() if value is not None)):
            _number(value, "cells", LOWEST, HIGHEST)
        if figure.spread is not None:
            _number(figure.spread, "cells: spread", 0, HIGHEST - LOWEST)
    return cell.as_dict()


def _change(one: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    from sim import levers

    found = levers.lever(one["lever"], place="changes")
    if not isinstance(one["where"], list) or not {*one["where"]} <= names or len(one["where"]) > 2:
        raise InputError("there is no such place", place="changes", value=one["where"])
    return {
        "lever": found.name,
        "where": one["where"],
        "from": found.check(one["from"], place="changes"),
        "to": found.check(one["to"], place="changes"),
    }


def scores_csv(session: Session) -> bytes:
    """Return the shown cells as a table: one row per pair and view, scores from 1 to 5, with raters and spread."""
    rows = []
    for cell in session.room.cells():
        if cell.received is not None:
            rows.append((cell.supplier, cell.client, "received", cell.received))
    for one in session.room.present:
        own = session.room.snapshot.figure((one.key, OWN))
        if own is not None:
            rows.append((one.name, "", "given", own))
    table: list[list[Any]] = [["supplier", "client", "view", "raters", *DIMENSIONS, "overall", "spread"]]
    table += [
        [supplier, client, view, figure.n, *(figure.mean[name] for name in DIMENSIONS), figure.overall, figure.spread]
        for supplier, client, view, figure in rows
    ]
    return _csv(table)


def commitments_csv(session: Session) -> bytes:
    """Return who changes what by when as a table."""
    kept = [one for one in session.room.commitments.values() if not one.removed]
    return _csv([["who", "what", "when"], *([one.who, one.what, one.when] for one in kept)])


def _csv(rows: list[list[Any]]) -> bytes:
    """Return a CSV that spreadsheets open as it is meant: UTF-8 with its mark, and no text that begins a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow([guarded(one) for one in row])
    return out.getvalue().encode("utf-8-sig")
