"""A room as a pure fold of events: what a session is after everything that has happened in it.

`Room.check` says whether something may happen and returns it in its clean form, without changing anything; `Room.apply` makes it
happen. `apply` never refuses, so the events of a session file always give the same room again. Nothing here knows the screen, the
disk, the network, the time of day or the model.

Departments have keys (``d1``, ``d2``, …), so that renaming one keeps its scores. Everything that the facilitator can take back is kept
in slots (levers, pinned baseline, market, a department, a commitment); a step is what slots held before and after.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sim.workshop import inputs
from sim.workshop.inputs import Refused
from sim.workshop.scores import MINIMUM, OWN, SMALLEST_MINIMUM, Block, Cell, Group, Snapshot, Voice
from sim.workshop.store import Event

PHASES = ("join", "score", "predict", "reveal", "change", "commit", "close")
SCORING = ("score", "predict")
REVEALED = PHASES[PHASES.index("reveal") :]
COMMITTING = ("change", "commit", "close")
PARTS = ("gap", "verdict", "chain", "bottleneck", "disagree", "prediction", "effect")

MOST_PEOPLE = 500
MOST_DEPARTMENTS = 60
MOST_COMMITMENTS = 200
MOST_OF_ONE = 20
"""Commitments that one phone may make."""
DEEPEST = 200
"""Steps that can be undone."""

Slot = tuple[str, ...]
Step = tuple[tuple[Slot, Any, Any], ...]


@dataclass(frozen=True, slots=True)
class Department:
    """A department or contractor of the room; ``staff`` is None where nobody said."""

    key: str
    name: str
    kind: str = "department"
    staff: int | None = None
    faces_customers: bool = False
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A lever pulled somewhere: ``where`` is None (the firm), a unit, a segment or SUPPLIER:CLIENT, by name."""

    lever: str
    where: str | None
    before: float
    to: float

    def as_dict(self) -> dict[str, Any]:
        """Return the change as the page reads it."""
        return {"lever": self.lever, "where": self.where, "from": self.before, "to": self.to}


Place = tuple[str, ...]
"""Where a lever is pulled, by keys: () for the firm, (unit or segment,), (supplier, client)."""


@dataclass(frozen=True, slots=True)
class Commitment:
    """Who changes what by when."""

    id: int
    person: str
    who: str
    what: str
    when: str
    removed: bool = False


@dataclass(slots=True)
class Person:
    """Somebody in the room, by a random key: a phone, a paper sheet, or a simulated participant."""

    department: str | None = None
    people: int = 1
    source: str = "phone"
    given: dict[str, dict[str, int]] = field(default_factory=dict)  # by department: who moves keeps what was said before
    received: dict[str, dict[str, int]] = field(default_factory=dict)
    prediction: dict[str, Any] | None = None

    @property
    def has_scored(self) -> bool:
        """Whether any score was given."""
        return any(self.given.values()) or any(self.received.values())


@dataclass
class Room:
    """The state of one session."""

    title: str = ""
    organisation: str = ""
    currency: str = "EUR"
    language: str = "en"
    minimum: int = MINIMUM
    room_builds: bool = False
    own_chain: bool = False
    phase: str = "join"
    locked: bool = False
    focus: str | None = None
    shown: tuple[str, ...] = ()
    timer_ends: float | None = None
    departments: dict[str, Department] = field(default_factory=dict)
    links: tuple[Group, ...] = ()
    others: tuple[str, ...] = ()
    people: dict[str, Person] = field(default_factory=dict)
    rehearsing: bool = False
    snapshot: Snapshot = field(default_factory=Snapshot)
    predictions: dict[str, dict[str, Any]] = field(default_factory=dict)
    fixed: tuple[Cell, ...] = ()
    changes: tuple[tuple[Place, Change], ...] = ()
    pinned: tuple[tuple[Place, Change], ...] = ()
    market: dict[str, float] = field(default_factory=dict)
    commitments: dict[int, Commitment] = field(default_factory=dict)
    past: list[Step] = field(default_factory=list)
    future: list[Step] = field(default_factory=list)

    # --- what is there ------------------------------------------------------------------------------------------------

    @property
    def present(self) -> list[Department]:
        """Departments that are not removed, in the order in which they came."""
        return [one for one in self.departments.values() if not one.removed]

    def named(self, name: Any) -> Department | None:
        """Return the department of this name, whatever its case."""
        wanted = inputs.folded(name) if isinstance(name, str) else None
        return next((one for one in self.present if inputs.folded(one.name) == wanted), None)

    def name(self, key: str) -> str:
        """Return the name behind a key; segments are their own keys."""
        return self.departments[key].name if key in self.departments else key

    def counted(self) -> dict[str, Person]:
        """Return the people whose answers count: while rehearsing only simulated ones, so that the two never mix."""
        wanted = self.rehearsing
        return {key: one for key, one in self.people.items() if (one.source == "simulated") is wanted}

    def department_of(self, person: Person) -> str | None:
        """Return the key of a person's department, or None when there is none or it was removed."""
        own = self.departments.get(person.department or "")
        return own.key if own is not None and not own.removed else None

    def blocks(self) -> dict[tuple[Group, str], Block]:
        """Return all answers by group and dimension."""
        found: dict[tuple[Group, str], dict[str, Voice]] = {}
        present = {one.key for one in self.present}
        for key, person in self.counted().items():
            home = self.department_of(person)
            if home is None:
                continue
            sheets = [((home, OWN), person.given.get(home, {}))]
            sheets += [((s, home), scores) for s, scores in person.received.items() if s != home and s in present]
            for group, scores in sheets:
                for dimension, score in scores.items():
                    found.setdefault((group, dimension), {})[key] = Voice(score, person.people)
        return dict(found)

    def cells(self) -> list[Cell]:
        """Return what may be seen by pair: the organisation's links, hidden or not, and other pairs of which something is shown."""
        if self.snapshot.number == 0 and not self.fixed:
            return []
        order = {one.key: place for place, one in enumerate(self.present)}
        shown = {group for group in self.snapshot.groups() if group[1] != OWN}
        fixed = {(cell.supplier, cell.client): cell for cell in self.fixed}
        pairs = {pair for pair in {*self.links, *shown, *fixed} if pair[0] in order and pair[1] in order}
        found = []
        for supplier, client in sorted(pairs, key=lambda pair: (order[pair[0]], order[pair[1]])):
            received, given = self.snapshot.figure((supplier, client)), self.snapshot.figure((supplier, OWN))
            was = fixed.get((supplier, client))
            if was is not None:
                received, given = received or was.received, given or was.given
            found.append(Cell(self.name(supplier), self.name(client), received, given))
        return found

    def current(self, changes: tuple[tuple[Place, Change], ...]) -> tuple[Change, ...]:
        """Return changes with the names that places have now; those at removed departments are left out."""
        return tuple(
            replace(change, where=":".join(map(self.name, place)) or None)
            for place, change in changes
            if not any(key in self.departments and self.departments[key].removed for key in place)
        )

    # --- what may happen ----------------------------------------------------------------------------------------------

    def check(self, kind: str, data: Mapping[str, Any], person: str | None = None) -> dict[str, Any]:
        """Return what is to be kept of an event, or raise `Refused`.

        ``person`` is the participant's key for what phones do, None for the facilitator.
        """
        checker = getattr(self, f"_check_{kind}", None)
        if checker is None:
            raise Refused("unknown_action", action=inputs.shown(kind))
        return checker(data, person) if person is not None else checker(data)

    def _own(self, person: str) -> Person:
        if person not in self.people:
            raise Refused("join_first", 403)
        return self.people[person]

    def _department(self, name: Any) -> Department:
        found = self.named(name)
        if found is None:
            raise Refused("unknown_department", name=inputs.shown(name))
        return found

    def _new_name(self, name: Any, but: str | None = None) -> str:
        clean = inputs.name(name)
        taken = {inputs.folded(one.name) for one in self.present if one.key != but} | {*map(inputs.folded, self.others), OWN}
        if inputs.folded(clean) in taken:
            raise Refused("name_taken", name=clean)
        return clean

    def _new_department(self, name: Any, **more: Any) -> dict[str, Any]:
        clean = self._new_name(name)
        if len(self.present) >= MOST_DEPARTMENTS:
            raise Refused("too_many_departments", most=MOST_DEPARTMENTS)
        return {"key": f"d{len(self.departments) + 1}", "name": clean, **more}

    def _check_join(self, data: Mapping[str, Any], person: str) -> dict[str, Any]:
        if person not in self.people:
            if self.locked:
                raise Refused("locked", 403)
            if len(self.people) >= MOST_PEOPLE:
                raise Refused("room_full", 403, most=MOST_PEOPLE)
        wanted = data.get("department")
        return {"person": person, "department": None if wanted is None else self._department(wanted).key}

    def _check_department_of(self, data: Mapping[str, Any], person: str) -> dict[str, Any]:
        self._own(person)
        found = self.named(data.get("name"))
        if found is not None:
            return {"person": person, "department": found.key}
        if not self.room_builds:
            raise Refused("unknown_department", name=inputs.shown(data.get("name")))
        if self.phase not in ("join", "score", "predict"):
            raise Refused("not_now", 409)
        return {"person": person, "new": self._new_department(data.get("name"))}

    def _check_score(self, data: Mapping[str, Any], person: str) -> dict[str, Any]:
        home = self.department_of(self._own(person))
        if self.phase not in SCORING:
            raise Refused("not_now", 409)
        if home is None:
            raise Refused("pick_department_first", 409)
        return {"person": person, "home": home, **self._sheet(data, home)}

    def _sheet(self, data: Mapping[str, Any], home: str) -> dict[str, Any]:
        about = data.get("about")
        key = OWN if about == OWN else self._department(about).key
        if key == home:
            raise Refused("own_department")
        return {"about": key, "scores": inputs.scores(data.get("scores"))}

    def _check_predict(self, data: Mapping[str, Any], person: str) -> dict[str, Any]:
        self._own(person)
        if self.phase != "predict":
            raise Refused("not_now", 409)
        weakest = data.get("weakest")
        share = data.get("share")
        return {
            "person": person,
            "hired": inputs.one_of(data.get("hired"), ("yes", "no"), "hired"),
            "share": None if share is None else inputs.number(share, 0, 100, "share"),
            "weakest": None if weakest is None else self._department(weakest).key,
        }

    def _check_commit(self, data: Mapping[str, Any], person: str | None = None) -> dict[str, Any]:
        if person is not None:
            self._own(person)
            if self.phase not in COMMITTING:
                raise Refused("not_now", 409)
            if sum(one.person == person for one in self.commitments.values()) >= MOST_OF_ONE:
                raise Refused("too_many_commitments", most=MOST_OF_ONE)
        if len(self.commitments) >= MOST_COMMITMENTS:
            raise Refused("too_many_commitments", most=MOST_COMMITMENTS)
        return {
            "person": person or "host",
            "id": len(self.commitments) + 1,
            "who": inputs.text(data.get("who"), "who", needed=False),
            "what": inputs.text(data.get("what"), "what"),
            "when": inputs.text(data.get("when"), "when", needed=False),
        }

    def _check_phase(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {"to": inputs.one_of(data.get("to"), PHASES, "to")}

    def _check_lock(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {"on": inputs.flag(data.get("on"), "on")}

    _check_room_builds = _check_lock

    def _check_show(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {"what": inputs.one_of(data.get("what"), PARTS, "what"), "on": inputs.flag(data.get("on"), "on")}

    def _check_focus(self, data: Mapping[str, Any]) -> dict[str, Any]:
        wanted = data.get("department")
        return {"department": None if wanted is None else self._department(wanted).key}

    def place(self, where: Any) -> Place:
        """Return where a lever is to be pulled, by keys, from what the page sends (None, NAME or SUPPLIER:CLIENT)."""
        if where is None or where == "":
            return ()
        if not isinstance(where, str):
            raise Refused("unknown_place", where=inputs.shown(where))
        keys = {one.name: one.key for one in self.present} | {name: name for name in self.others}
        if where in keys:
            return (keys[where],)
        for at, letter in enumerate(where):  # a name may hold a colon itself
            if letter == ":" and where[:at] in keys and where[at + 1 :] in keys:
                return (keys[where[:at]], keys[where[at + 1 :]])
        raise Refused("unknown_place", where=inputs.shown(where))

    def _check_lever(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The lever, its range and the value before were looked up by the session, which knows the chain."""
        return {
            "lever": data["lever"],
            "where": list(self.place(data.get("where"))),
            "from": float(data["from"]),
            "to": float(data["to"]),
        }

    def _check_undo(self, data: Mapping[str, Any]) -> dict[str, Any]:
        self._check_step(self.past, before=True)
        return {}

    def _check_redo(self, data: Mapping[str, Any]) -> dict[str, Any]:
        self._check_step(self.future, before=False)
        return {}

    def _check_step(self, steps: list[Step], *, before: bool) -> None:
        if not steps:
            raise Refused("nothing_to_undo" if before else "nothing_to_redo", 409)
        for slot, was, then in steps[-1]:
            value = was if before else then
            if slot[0] == "department" and value is not None and not value.removed:
                self._new_name(value.name, but=value.key)

    def _check_pin(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    _check_reset = _check_refresh = _check_rehearse_stop = _check_pin

    def _check_assume(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Name and range were looked up by the session, which knows the market."""
        return {"name": data["name"], "to": None if data.get("to") is None else float(data["to"])}

    def _check_department(self, data: Mapping[str, Any]) -> dict[str, Any]:
        todo = inputs.one_of(data.get("what"), ("add", "rename", "remove"), "what")
        staff = data.get("staff")
        more: dict[str, Any] = {}
        if staff is not None:
            more["staff"] = int(inputs.number(staff, 1, 1_000_000, "staff", whole=True))
        if data.get("faces_customers") is not None:
            more["faces_customers"] = inputs.flag(data["faces_customers"], "faces_customers")
        if todo == "add":
            return {"what": "add", **self._new_department(data.get("name"), **more)}
        found = self._department(data.get("name"))
        if todo == "remove":
            return {"what": "remove", "key": found.key}
        to = data.get("to")
        return {"what": "rename", "key": found.key, "name": found.name if to is None else self._new_name(to, found.key), **more}

    def _check_paper(self, data: Mapping[str, Any]) -> dict[str, Any]:
        sheet = data.get("sheet")
        if sheet is not None:
            known = self.people.get(sheet) if isinstance(sheet, str) else None
            if known is None or known.source != "paper" or known.department is None:
                raise Refused("unknown_sheet", sheet=inputs.shown(sheet))
            return {"person": sheet, "home": known.department, **self._sheet(data, known.department)}
        if len(self.people) >= MOST_PEOPLE:
            raise Refused("room_full", 403, most=MOST_PEOPLE)
        home = self._department(data.get("department")).key
        count = int(inputs.number(data.get("count", 1), 1, 1000, "count", whole=True))
        new = {"person": f"p{len(self.people) + 1}", "home": home, "people": count}
        return new | self._sheet(data, home)

    def _check_language(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {"to": inputs.one_of(data.get("to"), ("en", "de", "xx"), "to")}

    def _check_minimum(self, data: Mapping[str, Any]) -> dict[str, Any]:
        if self.fixed or any(one.has_scored for one in self.people.values()):
            raise Refused("minimum_is_fixed", 409)
        return {"to": int(inputs.number(data.get("to"), SMALLEST_MINIMUM, 100, "to", whole=True))}

    def _check_timer(self, data: Mapping[str, Any]) -> dict[str, Any]:
        minutes = data.get("minutes")
        return {"minutes": None if minutes is None or data.get("stop") else inputs.number(minutes, 0.1, 600, "minutes")}

    def _check_commit_remove(self, data: Mapping[str, Any]) -> dict[str, Any]:
        known = self.commitments.get(data["id"]) if isinstance(data.get("id"), int) else None
        if known is None or known.removed:
            raise Refused("unknown_commitment")
        return {"id": known.id}

    def _check_rehearse(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """What simulated participants say; made by `sim.workshop.rehearsal`."""
        return {"people": data["people"]}

    # --- what happens -------------------------------------------------------------------------------------------------

    def apply(self, event: Event) -> None:
        """Make an event happen that `check` let through."""
        getattr(self, f"_on_{event.kind}")(event.data, event.at)

    def _on_open(self, data: Mapping[str, Any], at: float) -> None:
        for name in ("title", "organisation", "currency", "language", "minimum", "room_builds", "own_chain"):
            setattr(self, name, data[name])
        self.departments = {one["key"]: Department(**one) for one in data["departments"]}
        self.links = tuple((supplier, client) for supplier, client in data["links"])
        self.others = tuple(data["others"])
        self.fixed = tuple(Cell.from_dict(one) for one in data.get("cells", ()))
        for name in ("changes", "pinned"):
            found = [(tuple(one["where"]), Change(one["lever"], None, one["from"], one["to"])) for one in data.get(name, ())]
            setattr(self, name, tuple(found))
        self.market = dict(data.get("market", {}))
        self.focus = data.get("focus")
        self.phase = data.get("phase", "join")
        self.shown = tuple(data.get("shown", ()))

    def _on_join(self, data: Mapping[str, Any], at: float) -> None:
        person = self.people.setdefault(data["person"], Person())
        if data["department"] is not None:
            person.department = data["department"]

    def _on_department_of(self, data: Mapping[str, Any], at: float) -> None:
        if "new" in data:
            self.departments[data["new"]["key"]] = Department(**data["new"])
        self.people[data["person"]].department = data["new"]["key"] if "new" in data else data["department"]

    def _on_score(self, data: Mapping[str, Any], at: float) -> None:
        person = self.people[data["person"]]
        if data["about"] == OWN:
            person.given[data["home"]] = dict(data["scores"])
        else:
            person.received[data["about"]] = dict(data["scores"])

    def _on_predict(self, data: Mapping[str, Any], at: float) -> None:
        self.people[data["person"]].prediction = {name: data[name] for name in ("hired", "share", "weakest")}

    def _on_commit(self, data: Mapping[str, Any], at: float) -> None:
        self.commitments[data["id"]] = Commitment(
            data["id"], data["person"], data["who"], data["what"], data["when"]
        )

    def _on_phase(self, data: Mapping[str, Any], at: float) -> None:
        self.phase = data["to"]
        if self.phase in REVEALED and self.snapshot.number == 0:
            self._on_refresh(data, at)

    def _on_lock(self, data: Mapping[str, Any], at: float) -> None:
        self.locked = data["on"]

    def _on_room_builds(self, data: Mapping[str, Any], at: float) -> None:
        self.room_builds = data["on"]

    def _on_show(self, data: Mapping[str, Any], at: float) -> None:
        wanted = {*self.shown, data["what"]} if data["on"] else {*self.shown} - {data["what"]}
        self.shown = tuple(part for part in PARTS if part in wanted)

    def _on_focus(self, data: Mapping[str, Any], at: float) -> None:
        self.focus = data["department"]

    def _on_refresh(self, data: Mapping[str, Any], at: float) -> None:
        self.snapshot = self.snapshot.taken(self.blocks(), self.minimum)
        now = {key: one.prediction for key, one in self.counted().items() if one.prediction is not None}
        before = self.predictions
        differ = sum(before.get(key) != now.get(key) for key in {*before, *now})
        if len(now) >= self.minimum and differ >= self.minimum:
            self.predictions = now

    def _on_language(self, data: Mapping[str, Any], at: float) -> None:
        self.language = data["to"]

    def _on_minimum(self, data: Mapping[str, Any], at: float) -> None:
        self.minimum = data["to"]

    def _on_timer(self, data: Mapping[str, Any], at: float) -> None:
        self.timer_ends = None if data["minutes"] is None else round(at + 60 * data["minutes"], 3)

    def _on_paper(self, data: Mapping[str, Any], at: float) -> None:
        self.people.setdefault(data["person"], Person(data["home"], data.get("people", 1), "paper"))
        self._on_score(data, at)

    def _on_rehearse(self, data: Mapping[str, Any], at: float) -> None:
        self._clear_rehearsal()
        self.rehearsing = True
        for number, one in enumerate(data["people"], start=1):
            self.people[f"s{number}"] = Person(
                one["department"], 1, "simulated", {one["department"]: one["given"]}, one["received"], one["prediction"]
            )

    def _on_rehearse_stop(self, data: Mapping[str, Any], at: float) -> None:
        self._clear_rehearsal()

    def _clear_rehearsal(self) -> None:
        """Take everything away that simulated participants said, and what was shown of it; and begin at the beginning."""
        self.people = {key: one for key, one in self.people.items() if one.source != "simulated"}
        if self.rehearsing:
            self.rehearsing = False
            self.phase, self.shown = "join", ()
        self.snapshot, self.predictions = Snapshot(), {}

    # --- what can be taken back ---------------------------------------------------------------------------------------

    def _slot(self, slot: Slot) -> Any:
        match slot:
            case ("department", key):
                return self.departments.get(key)
            case ("commitment", number):
                return self.commitments[int(number)]
            case (name,):
                return getattr(self, name)

    def _fill(self, slot: Slot, value: Any) -> None:
        match slot:
            case ("department", key) if value is None:  # its key stays taken: somebody may have scored it
                self.departments[key] = replace(self.departments[key], removed=True)
            case ("department", key):
                self.departments[key] = value
            case ("commitment", number):
                self.commitments[int(number)] = value
            case (name,):
                setattr(self, name, value)

    def _step(self, *fills: tuple[Slot, Any]) -> None:
        step = tuple((slot, self._slot(slot), value) for slot, value in fills)
        if all(before == after for _, before, after in step):
            return
        for slot, value in fills:
            self._fill(slot, value)
        self.past = [*self.past, step][-DEEPEST:]
        self.future = []

    def _on_undo(self, data: Mapping[str, Any], at: float) -> None:
        self.future.append(self.past.pop())
        for slot, before, _ in self.future[-1]:
            self._fill(slot, before)

    def _on_redo(self, data: Mapping[str, Any], at: float) -> None:
        self.past.append(self.future.pop())
        for slot, _, after in self.past[-1]:
            self._fill(slot, after)

    def _on_lever(self, data: Mapping[str, Any], at: float) -> None:
        place = tuple(data["where"])
        new = Change(data["lever"], None, data["from"], data["to"])
        kept = [(at_, one) for at_, one in self.changes if (at_, one.lever) != (place, new.lever)]
        if new.to != new.before:
            kept.append((place, new))
        self._step((("changes",), tuple(sorted(kept, key=lambda pair: (pair[1].lever, pair[0])))))

    def _on_pin(self, data: Mapping[str, Any], at: float) -> None:
        self._step((("pinned",), self.changes))

    def _on_reset(self, data: Mapping[str, Any], at: float) -> None:
        self._step((("changes",), ()), (("pinned",), ()))

    def _on_assume(self, data: Mapping[str, Any], at: float) -> None:
        market = {name: value for name, value in self.market.items() if name != data["name"]}
        if data["to"] is not None:
            market[data["name"]] = data["to"]
        self._step((("market",), dict(sorted(market.items()))))

    def _on_department(self, data: Mapping[str, Any], at: float) -> None:
        key, more = data["key"], {name: data[name] for name in ("name", "staff", "faces_customers") if name in data}
        if data["what"] == "add":
            value = Department(key, **more)
        elif data["what"] == "remove":
            value = replace(self.departments[key], removed=True)
            if self.focus == key:
                self.focus = None
        else:
            value = replace(self.departments[key], **more)
        self._step((("department", key), value))

    def _on_commit_remove(self, data: Mapping[str, Any], at: float) -> None:
        self._step((("commitment", str(data["id"])), replace(self.commitments[data["id"]], removed=True)))
