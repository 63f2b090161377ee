"""A room as a pure fold of events: what a session is after everything that has happened in it.

`sim.workshop.checks` says whether something may happen and returns it in its clean form; `Room.apply` makes it happen. It never
refuses, so the events of a session file always give the same room again. Nothing here knows the screen, the disk, the network,
the time of day or the model.

Departments have keys (``d1``, ``d2``, …), so that renaming one keeps its scores. Everything that the facilitator can take back
is kept in slots (levers, pinned baseline, market, a department, a commitment); a step is what slots held before and after.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sim.workshop import inputs
from sim.workshop.scores import MINIMUM, OWN, Block, Cell, Group, Snapshot, Voice
from sim.workshop.store import Event

PHASES = ("join", "score", "predict", "reveal", "change", "commit", "close")
SCORING = ("score", "predict")
REVEALED = PHASES[PHASES.index("reveal") :]
COMMITTING = ("change", "commit", "close")
PARTS = ("gap", "verdict", "chain", "bottleneck", "disagree", "prediction", "effect")

DEEPEST = 200
"""Steps that can be undone."""
ONE_PULL = 1.5
"""Seconds within which moves of one lever are one step: a slider that is dragged is taken back at once."""

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
    """Who changes what by when; ``once`` is what the page calls it, the same each time that it is sent."""

    id: int
    person: str
    who: str
    what: str
    when: str
    removed: bool = False
    once: str = ""


@dataclass(slots=True)
class Person:
    """Somebody in the room, by a random key: a phone, a paper sheet, or a simulated participant.

    ``once`` is what the facilitator's page calls a sheet, the same each time that it is sent.
    """

    department: str | None = None
    people: int = 1
    source: str = "phone"
    once: str = ""
    given: dict[str, dict[str, int]] = field(
        default_factory=dict
    )  # by department: who moves keeps what was said before
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
    pulling: tuple[Place, str, float] | None = None
    past: list[Step] = field(default_factory=list)
    future: list[Step] = field(default_factory=list)
    _known_cells: tuple[Any, list[Cell], Any] | None = field(default=None, repr=False, compare=False)

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

    def promised(self, person: str, once: Any) -> bool:
        """Tell whether somebody's commitment is there already, from an earlier time that it was sent."""
        return bool(once) and any((one.person, one.once) == (person, once) for one in self.commitments.values())

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
        """Return what may be seen by pair: the organisation's links, hidden or not, and pairs of which something is shown."""
        hangs_on = (id(self.snapshot), id(self.fixed), tuple(self.departments.values()))
        if self._known_cells is None or self._known_cells[0] != hangs_on:
            self._known_cells = (
                hangs_on,
                self._cells(),
                (self.snapshot, self.fixed),
            )  # kept, so that no other has its id
        return self._known_cells[1]

    def _cells(self) -> list[Cell]:
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

    # --- what happens -------------------------------------------------------------------------------------------------

    def apply(self, event: Event) -> None:
        """Make an event happen that was checked."""
        getattr(self, f"_on_{event.kind}")(event.data, event.at)

    def _on_open(self, data: Mapping[str, Any], at: float) -> None:
        for name in ("title", "organisation", "currency", "language", "minimum", "room_builds", "own_chain"):
            setattr(self, name, data[name])
        self.departments = {one["key"]: Department(**one) for one in data["departments"]}
        self.links = tuple((supplier, client) for supplier, client in data["links"])
        self.others = tuple(data["others"])
        self.fixed = tuple(Cell.from_dict(one) for one in data.get("cells", ()))
        for name in ("changes", "pinned"):
            found = [
                (tuple(one["where"]), Change(one["lever"], None, one["from"], one["to"])) for one in data.get(name, ())
            ]
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
            data["id"], data["person"], data["who"], data["what"], data["when"], once=data.get("once", "")
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
        others = tuple(part for part in self.shown if part != data["what"])
        self.shown = (*others, data["what"]) if data["on"] else others  # the screen shows what was switched on last

    def _on_focus(self, data: Mapping[str, Any], at: float) -> None:
        self.focus = data["department"]

    def _on_refresh(self, data: Mapping[str, Any], at: float) -> None:
        self.snapshot = self.snapshot.taken(self.blocks(), self.minimum)
        now = {key: one.prediction for key, one in self.counted().items() if one.prediction is not None}
        before = self.predictions
        weight = {key: one.people for key, one in self.people.items()}
        differ = sum(weight.get(key, 1) for key in {*before, *now} if before.get(key) != now.get(key))
        if sum(weight[key] for key in now) >= self.minimum and differ >= self.minimum:
            self.predictions = now

    def _on_language(self, data: Mapping[str, Any], at: float) -> None:
        self.language = data["to"]

    def _on_minimum(self, data: Mapping[str, Any], at: float) -> None:
        self.minimum = data["to"]

    def _on_timer(self, data: Mapping[str, Any], at: float) -> None:
        self.timer_ends = None if data["minutes"] is None else round(at + 60 * data["minutes"], 3)

    def _on_paper(self, data: Mapping[str, Any], at: float) -> None:
        self.people.setdefault(
            data["person"], Person(data["home"], data.get("people", 1), "paper", data.get("once", ""))
        )
        if "hired" in data:
            self._on_predict(data, at)
        else:
            self._on_score(data, at)

    def _on_rehearse(self, data: Mapping[str, Any], at: float) -> None:
        self._clear_rehearsal()
        self.rehearsing = True
        for number, one in enumerate(data["people"], start=1):
            self.people[f"s{number}"] = Person(
                one["department"],
                1,
                "simulated",
                "",
                {one["department"]: one["given"]},
                one["received"],
                one["prediction"],
            )

    def _on_rehearse_stop(self, data: Mapping[str, Any], at: float) -> None:
        """Begin at the beginning, whether or not the file still holds what simulated participants said."""
        self._clear_rehearsal()
        self.rehearsing = False
        self.phase, self.shown = "join", ()

    def _clear_rehearsal(self) -> None:
        """Take everything away that simulated participants said, and what was shown of it."""
        self.people = {key: one for key, one in self.people.items() if one.source != "simulated"}
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
        self.pulling = None

    def _on_undo(self, data: Mapping[str, Any], at: float) -> None:
        self.pulling = None
        self.future.append(self.past.pop())
        for slot, before, _ in self.future[-1]:
            self._fill(slot, before)

    def _on_redo(self, data: Mapping[str, Any], at: float) -> None:
        self.pulling = None
        self.past.append(self.future.pop())
        for slot, _, after in self.past[-1]:
            self._fill(slot, after)

    def _on_lever(self, data: Mapping[str, Any], at: float) -> None:
        place = tuple(data["where"])
        new = Change(data["lever"], None, data["from"], data["to"])
        kept = [(at_, one) for at_, one in self.changes if (at_, one.lever) != (place, new.lever)]
        if new.to != new.before:
            kept.append((place, new))
        now = tuple(sorted(kept, key=self._from_general_to_special))
        if self.pulling is not None and self.pulling[:2] == (place, new.lever) and 0 <= at - self.pulling[2] < ONE_PULL:
            ((slot, before, _),) = self.past.pop()
            self.changes = before
            self._step((slot, now))
        else:
            self._step((("changes",), now))
        self.pulling = (place, new.lever, at) if self.past and self.past[-1][0][2] == now else None

    def _from_general_to_special(self, pair: tuple[Place, Change]) -> tuple[Any, ...]:
        """Order changes so that what is said of a part stands after what is said of the whole, and over it."""
        place, change = pair
        return change.lever, len(place), [key not in self.departments for key in place], place

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
