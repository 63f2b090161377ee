"""What leaves the room: a file that makes the same result elsewhere, and tables. Aggregates that are shown, never an answer."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.chain import ServiceChain
from sim.errors import InputError
from sim.workshop.inputs import Refused
from sim.workshop.scores import DIMENSIONS, OWN, Cell

if TYPE_CHECKING:
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
        "changes": [_by_names(session, place, one) for place, one in room.changes],
        "pinned": [_by_names(session, place, one) for place, one in room.pinned],
        "focus": room.name(room.focus) if room.focus and room.name(room.focus) in chain else None,
        "cells": [
            cell.as_dict()
            for cell in room.cells()
            if (cell.received or cell.given) and cell.supplier in chain and cell.client in chain
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _by_names(session: Session, place: tuple[str, ...], change: Any) -> dict[str, Any]:
    return {
        "lever": change.lever,
        "where": [session.room.name(key) for key in place],
        "from": change.before,
        "to": change.to,
    }


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
    chain = ServiceChain.from_node_link(data.get("organisation") or {})
    rest = {name: data.get(name) for name in ("version", "title", "language", "minimum", "settings", "market", "focus")}
    names = {*chain.units, *chain.segments}
    try:
        rest["cells"] = [_cell(one, chain) for one in data["cells"]]
        for name in ("changes", "pinned"):
            rest[name] = [_change(one, names) for one in data[name]]
        rest["market"] = {str(name): float(value) for name, value in data["market"].items()}
        rest["settings"] = {name: _whole(data["settings"][name]) for name in ("seed", "runs", "warm_up", "days")}
        rest["minimum"] = _whole(data["minimum"])
        from sim.workshop.language import check

        check(str(rest["language"]))
        rest["version"], rest["title"] = str(rest["version"]), str(rest["title"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            "something in this share file is missing or of the wrong kind", value=f"{type(error).__name__}: {error}",
            allowed="a share.json as the workshop page exports it",
        ) from None  # fmt: skip
    return chain, rest


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise ValueError(f"not a whole number: {value!r}")
    return value


def _cell(one: Mapping[str, Any], chain: ServiceChain) -> dict[str, Any]:
    cell = Cell.from_dict(one)
    for name in (cell.supplier, cell.client):
        if name not in chain.units:
            raise InputError("this cell is of no department", place="cells", value=name, allowed=", ".join(chain.units))
    for figure in (cell.received, cell.given):
        if figure is not None and not all(value is None or 1 <= value <= 5 for value in figure.mean.values()):
            raise InputError("a score lies outside the scale", place="cells", value=dict(figure.mean), allowed="1 to 5")
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
        writer.writerow(
            [f"'{one}" if isinstance(one, str) and one[:1] in ("=", "+", "-", "@", "\t", "\r") else one for one in row]
        )
    return out.getvalue().encode("utf-8-sig")
