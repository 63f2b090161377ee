"""What may happen in a room now, and in which clean form it is kept. Nothing is changed here: `sim.workshop.room` does that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sim.workshop import inputs
from sim.workshop.inputs import Refused
from sim.workshop.room import COMMITTING, PARTS, PHASES, SCORING, Department, Person, Place, Room
from sim.workshop.scores import OWN, SMALLEST_MINIMUM

MOST_PEOPLE = 500
MOST_DEPARTMENTS = 60
MOST_COMMITMENTS = 200
MOST_OF_ONE = 20
"""Promises that one phone may make."""
GUESS = "prediction"
"""What a paper sheet is about that holds a guess instead of scores."""

Data = Mapping[str, Any]


def check(room: Room, kind: str, data: Data, person: str | None = None) -> dict[str, Any]:
    """Return what is to be kept of an event, or raise `Refused`.

    ``person`` is the participant's key for what phones do, None for the facilitator.
    """
    if person is not None and kind in PARTICIPANT:
        return PARTICIPANT[kind](room, data, person)
    if person is None and kind in FACILITATOR:
        return FACILITATOR[kind](room, data)
    raise Refused("unknown_action")


# --- names and places -------------------------------------------------------------------------------------------------


def _own(room: Room, person: str) -> Person:
    if person not in room.people:
        raise Refused("join_first", 403)
    return room.people[person]


def _known(room: Room, name: Any) -> Department:
    found = room.named(name)
    if found is None:
        raise Refused("unknown_department", name=inputs.shown(name))
    return found


def _new_name(room: Room, name: Any, but: str | None = None) -> str:
    clean = inputs.name(name)
    taken = {one.name for one in room.present if one.key != but} | {*room.others, OWN, GUESS}
    if inputs.folded(clean) in {*map(inputs.folded, taken)}:
        raise Refused("name_taken", name=clean)
    return clean


def _new_department(room: Room, name: Any, **more: Any) -> dict[str, Any]:
    clean = _new_name(room, name)
    if len(room.present) >= MOST_DEPARTMENTS or len(room.departments) >= 4 * MOST_DEPARTMENTS:
        raise Refused("too_many_departments", most=MOST_DEPARTMENTS)
    return {"key": f"d{len(room.departments) + 1}", "name": clean, **more}


def place(room: Room, where: Any) -> Place:
    """Return where a lever is to be pulled, by keys, from what the page sends (None, NAME or SUPPLIER:CLIENT)."""
    if where is None or where == "":
        return ()
    if not isinstance(where, str):
        raise Refused("unknown_place", where=inputs.shown(where))
    keys = {one.name: one.key for one in room.present} | {name: name for name in room.others}
    if where in keys:
        return (keys[where],)
    for at, letter in enumerate(where):  # a name may hold a colon itself
        if letter == ":" and where[:at] in keys and where[at + 1 :] in keys:
            return (keys[where[:at]], keys[where[at + 1 :]])
    raise Refused("unknown_place", where=inputs.shown(where))


# --- participants -----------------------------------------------------------------------------------------------------


def _join(room: Room, data: Data, person: str) -> dict[str, Any]:
    if person not in room.people:
        if room.locked:
            raise Refused("locked", 403)
        _room_for_one_more(room)
    wanted = data.get("department")
    return {"person": person, "department": None if wanted is None else _known(room, wanted).key}


def _room_for_one_more(room: Room) -> None:
    if len(room.people) >= MOST_PEOPLE:
        raise Refused("room_full", 403, most=MOST_PEOPLE)


def _pick(room: Room, data: Data, person: str) -> dict[str, Any]:
    _own(room, person)
    found = room.named(data.get("name"))
    if found is not None:
        return {"person": person, "department": found.key}
    if not room.room_builds:
        raise Refused("unknown_department", name=inputs.shown(data.get("name")))
    if room.phase not in ("join", *SCORING):
        raise Refused("not_now", 409)
    return {"person": person, "new": _new_department(room, data.get("name"))}


def _score(room: Room, data: Data, person: str) -> dict[str, Any]:
    home = room.department_of(_own(room, person))
    if room.phase not in SCORING:
        raise Refused("not_now", 409)
    if home is None:
        raise Refused("pick_department_first", 409)
    return {"person": person, "home": home, **_sheet(room, data, home)}


def _sheet(room: Room, data: Data, home: str) -> dict[str, Any]:
    about = data.get("about")
    key = OWN if about == OWN else _known(room, about).key
    if key == home:
        raise Refused("own_department")
    return {"about": key, "scores": inputs.scores(data.get("scores"))}


def _predict(room: Room, data: Data, person: str) -> dict[str, Any]:
    _own(room, person)
    if room.phase != "predict":
        raise Refused("not_now", 409)
    return {"person": person, **_guess(room, data)}


def _guess(room: Room, data: Data) -> dict[str, Any]:
    weakest, share = data.get("weakest"), data.get("share")
    return {
        "hired": inputs.one_of(data.get("hired"), ("yes", "no"), "hired"),
        "share": None if share is None else inputs.number(share, 0, 100, "share"),
        "weakest": None if weakest is None else _known(room, weakest).key,
    }


def _commit(room: Room, data: Data, person: str) -> dict[str, Any]:
    _own(room, person)
    if room.phase not in COMMITTING:
        raise Refused("not_now", 409)
    if sum(one.person == person for one in room.commitments.values()) >= MOST_OF_ONE:
        raise Refused("too_many_commitments", most=MOST_OF_ONE)
    return _promise(room, data, person)


def _promise(room: Room, data: Data, person: str = "host") -> dict[str, Any]:
    if len(room.commitments) >= MOST_COMMITMENTS:
        raise Refused("too_many_commitments", most=MOST_COMMITMENTS)
    return {
        "person": person,
        "id": len(room.commitments) + 1,
        "who": inputs.text(data.get("who"), "who", needed=False),
        "what": inputs.text(data.get("what"), "what"),
        "when": inputs.text(data.get("when"), "when", needed=False),
        "once": _once(data),
    }


def _once(data: Data) -> str:
    """Return what the page calls something that it may have to send again; the same name is kept once."""
    return inputs.text(data.get("once"), "once", needed=False)


# --- the facilitator --------------------------------------------------------------------------------------------------


def _phase(room: Room, data: Data) -> dict[str, Any]:
    return {"to": inputs.one_of(data.get("to"), PHASES, "to")}


def _on_or_off(room: Room, data: Data) -> dict[str, Any]:
    return {"on": inputs.flag(data.get("on"), "on")}


def _show(room: Room, data: Data) -> dict[str, Any]:
    return {"what": inputs.one_of(data.get("what"), PARTS, "what"), "on": inputs.flag(data.get("on"), "on")}


def _focus(room: Room, data: Data) -> dict[str, Any]:
    wanted = data.get("department")
    return {"department": None if wanted is None else _known(room, wanted).key}


def _lever(room: Room, data: Data) -> dict[str, Any]:
    """Keep a lever; its name, range and value before were looked up by the session, which knows the chain."""
    return {
        "lever": data["lever"],
        "where": list(place(room, data.get("where"))),
        "from": float(data["from"]),
        "to": float(data["to"]),
    }


def _assume(room: Room, data: Data) -> dict[str, Any]:
    """Keep an assumption; its name and range were looked up by the session, which knows the market."""
    return {"name": data["name"], "to": None if data.get("to") is None else float(data["to"])}


def _nothing_more(room: Room, data: Data) -> dict[str, Any]:
    return {}


def _undo(room: Room, data: Data) -> dict[str, Any]:
    if not room.past:
        raise Refused("nothing_to_undo", 409)
    return _names_are_free(room, [(slot, before) for slot, before, _ in room.past[-1]])


def _redo(room: Room, data: Data) -> dict[str, Any]:
    if not room.future:
        raise Refused("nothing_to_redo", 409)
    return _names_are_free(room, [(slot, after) for slot, _, after in room.future[-1]])


def _names_are_free(room: Room, fills: list[tuple[Any, Any]]) -> dict[str, Any]:
    """Refuse to bring back a name that another department has taken meanwhile."""
    for slot, value in fills:
        if slot[0] == "department" and value is not None and not value.removed:
            _new_name(room, value.name, but=value.key)
    return {}


def _department(room: Room, data: Data) -> dict[str, Any]:
    todo = inputs.one_of(data.get("what"), ("add", "rename", "remove"), "what")
    more: dict[str, Any] = {}
    if data.get("staff") is not None:
        more["staff"] = int(inputs.number(data["staff"], 1, 1_000_000, "staff", whole=True))
    if data.get("faces_customers") is not None:
        more["faces_customers"] = inputs.flag(data["faces_customers"], "faces_customers")
    if todo == "add":
        return {"what": "add", **_new_department(room, data.get("name"), **more)}
    found = _known(room, data.get("name"))
    if todo == "remove":
        return {"what": "remove", "key": found.key}
    to = data.get("to")
    name = found.name if to is None else _new_name(room, to, found.key)
    return {"what": "rename", "key": found.key, "name": name, **more}


def _paper(room: Room, data: Data) -> dict[str, Any]:
    """Keep a block of a sheet of paper; the first begins a sheet, later ones name it, and so does one that is sent again."""
    sheet, once = data.get("sheet"), _once(data)
    if sheet is None and once:
        sheet = next((key for key, one in room.people.items() if (one.source, one.once) == ("paper", once)), None)
    if sheet is not None:
        known = room.people.get(sheet) if isinstance(sheet, str) else None
        if known is None or known.source != "paper" or known.department is None:
            raise Refused("unknown_sheet", sheet=inputs.shown(sheet))
        kept = {"person": sheet, "home": known.department}
    else:
        _room_for_one_more(room)
        count = int(inputs.number(data.get("count", 1), 1, 1000, "count", whole=True))
        home = _known(room, data.get("department")).key
        number = sum(one.source == "paper" for one in room.people.values()) + 1
        kept = {"person": f"p{number}", "home": home, "people": count, "once": once}
    if data.get("about") == GUESS:
        return kept | {"about": GUESS, **_guess(room, data)}
    return kept | _sheet(room, data, kept["home"])


def _language(room: Room, data: Data) -> dict[str, Any]:
    return {"to": inputs.one_of(data.get("to"), ("en", "de", "xx"), "to")}


def _minimum(room: Room, data: Data) -> dict[str, Any]:
    if room.fixed or any(one.has_scored for one in room.people.values()):
        raise Refused("minimum_is_fixed", 409)
    return {"to": int(inputs.number(data.get("to"), SMALLEST_MINIMUM, 100, "to", whole=True))}


def _timer(room: Room, data: Data) -> dict[str, Any]:
    minutes = data.get("minutes")
    return {"minutes": None if minutes is None or data.get("stop") else inputs.number(minutes, 0.1, 600, "minutes")}


def _commit_remove(room: Room, data: Data) -> dict[str, Any]:
    known = room.commitments.get(data["id"]) if isinstance(data.get("id"), int) else None
    if known is None or known.removed:
        raise Refused("unknown_commitment")
    return {"id": known.id}


def _rehearse(room: Room, data: Data) -> dict[str, Any]:
    """Keep what simulated participants say; `sim.workshop.rehearsal` drew it."""
    return {"people": data["people"]}


def _rehearse_stop(room: Room, data: Data) -> dict[str, Any]:
    if not room.rehearsing:
        raise Refused("not_now", 409)
    return {}


PARTICIPANT: dict[str, Callable[[Room, Data, str], dict[str, Any]]] = {
    "join": _join,
    "department_of": _pick,
    "score": _score,
    "predict": _predict,
    "commit": _commit,
}
"""What phones do."""

FACILITATOR: dict[str, Callable[[Room, Data], dict[str, Any]]] = {
    "phase": _phase,
    "lock": _on_or_off,
    "show": _show,
    "focus": _focus,
    "lever": _lever,
    "undo": _undo,
    "redo": _redo,
    "pin": _nothing_more,
    "reset": _nothing_more,
    "assume": _assume,
    "department": _department,
    "paper": _paper,
    "language": _language,
    "minimum": _minimum,
    "refresh": _nothing_more,
    "timer": _timer,
    "commit": _promise,
    "commit_remove": _commit_remove,
    "room_builds": _on_or_off,
    "rehearse": _rehearse,
    "rehearse_stop": _rehearse_stop,
}
"""What the facilitator does."""
