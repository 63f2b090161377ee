"""Reading surveys: staff who rate the departments that serve them, customers who rate the firm."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.chain import ServiceChain
from sim.client import columns, scale
from sim.client.columns import CUSTOMER_ROLES, DIMENSIONS, STAFF_ROLES, Layout
from sim.client.groups import Group
from sim.client.names import Names
from sim.client.scale import Scale
from sim.errors import InputError
from sim.sheets import grids
from sim.sheets.grids import is_blank
from sim.sheets.layout import NOTE

PROMOTER, DETRACTOR = 9, 6
"""Answers from 0 to 10 at and above which a customer promotes, and up to which one detracts (Reichheld 2003)."""

MOST_ANSWERS = 1_000_000_000
"""Answers that one row may stand for."""


@dataclass(slots=True)
class StaffSurvey:
    """What staff answered.

    Attributes
    ----------
    groups : (rated unit, rater's unit) → answers as shares
    scale : the scale they were given on
    lines : how the file was read, for people; nothing in it depends on what any group answered, but for a guessed scale
    """

    groups: dict[tuple[str, str], Group]
    scale: Scale
    lines: list[str] = field(default_factory=list)


@dataclass(slots=True)
class CustomerScores:
    """What customers answered: satisfaction and promoter scores by segment.

    ``csat`` and ``recommend`` hold answers as shares, ``net`` net promoter scores from -100 to 100.
    """

    csat: dict[str, Group]
    recommend: dict[str, Group]
    net: dict[str, Group]
    scale: Scale | None
    lines: list[str] = field(default_factory=list)


def _layout(path: Path, roles: Mapping[str, Sequence[str]], overrides: Mapping[str, Sequence[str]]) -> Layout:
    """Return what the columns of a file are; of a workbook's sheets, the first with most columns that somebody knows."""
    filled = [grid for grid in grids.read(path) if any(not is_blank(cell) for row in grid.rows for cell in row)]
    found: list[Layout] = []
    refused: list[InputError] = []
    for grid in filled:
        try:
            found.append(columns.find(grid, roles, overrides, str(path)))
        except InputError as error:
            refused.append(error)
    if found:
        return max(found, key=lambda layout: len(layout.columns))
    if refused:
        raise refused[0]
    raise InputError("this survey has no answers", source=str(path), allowed="a header row and rows of answers")


def read_staff(
    path: str | Path,
    chain: ServiceChain,
    *,
    overrides: Mapping[str, Sequence[str]] | None = None,
    given_scale: Scale | None = None,
    missing: Sequence[str] = (),
    ignore_unknown: bool = False,
) -> StaffSurvey:
    """Read a staff survey: one row an answer (rater's unit, rated unit, scores), or one row a respondent.

    Parameters
    ----------
    path : CSV or workbook
    chain : whose units the names are matched to; its links' weights put the SERVQUAL dimensions together
    overrides : role → columns, where the guess is wrong (`sim.client.columns.overrides_of`)
    given_scale : of the answers; guessed where None
    missing : further marks that mean no answer
    ignore_unknown : leave rows out that name units which the organisation has not

    Raises
    ------
    InputError : no columns that can be used, names or answers that cannot be; cells of free text are never quoted
    """
    path = Path(path)
    try:
        return _Staff(path, chain, overrides or {}, given_scale, _marks(missing), ignore_unknown).read()
    except InputError as error:
        raise error.located(str(path)) from None


class _Staff:
    def __init__(
        self, path: Path, chain: ServiceChain, overrides: Mapping[str, Sequence[str]], given_scale: Scale | None,
        marks: frozenset[str], ignore_unknown: bool,
    ) -> None:  # fmt: skip
        mine = {role: said for role, said in overrides.items() if role in STAFF_ROLES}
        self.path, self.chain, self.marks, self.ignore_unknown = path, chain, marks, ignore_unknown
        self.given_scale = given_scale
        self.layout = _layout(path, STAFF_ROLES, mine)
        self.units = Names(chain.units)
        self.unknown: dict[str, set[str]] = {}

    def read(self) -> StaffSurvey:
        layout = self.layout
        rater = self._only("rater", "the rater's department")
        dimensions = {role: places for role, places in layout.columns.items() if role in DIMENSIONS}
        wide = "rated" not in layout.columns
        if wide:
            self._find_wide()
            layout.columns = {
                role: places for role, places in layout.columns.items() if role in ("rater", "respondent")
            }
            cells: list[tuple[int, str | None, str | None]] = [*layout.wide]
        else:
            if not dimensions and "score" not in layout.columns:
                raise self._no_scores()
            if "score" in layout.columns:  # what people say of the whole, before what they say of its parts
                dimensions = {}
                layout.columns = {role: places for role, places in layout.columns.items() if role not in DIMENSIONS}
                cells = [(layout.columns["score"][0], None, None)]
            else:
                cells = [(place, None, role) for role, places in dimensions.items() for place in places]
        read: list[tuple[Hashable, str, str, list[tuple[str | None, float]], int | None]] = []
        numbers: list[tuple[float, str]] = []
        for number, row in layout.rows():
            from_unit = self._unit(row, rater, "rater")
            by_unit: dict[str, list[tuple[str | None, float]]] = {}
            target = None if wide else self._unit(row, layout.columns["rated"][0], "rated")
            for place, unit, dimension in cells:
                value = row[place] if place < len(row) else None
                said = scale.answer(value, layout.grid.decimal, layout.grid.place(number, place), self.marks)
                if said is not None and (unit or target) is not None:
                    by_unit.setdefault(unit or str(target), []).append((dimension, said))
                    numbers.append((said, layout.grid.place(number, place)))
            people = self._people(row, number)
            who = self._person(row, number)
            if from_unit is not None:
                read += [(who, rated, from_unit, answers, people) for rated, answers in by_unit.items()]
        self._check_unknown()
        if not read:
            raise InputError(
                "no row holds an answer that can be used", source=str(self.path),
                allowed="rows with a rater's department, a rated department and a score",
            )  # fmt: skip
        used = _settled(self.given_scale, numbers, "--scale")
        groups: dict[tuple[str, str], Group] = {}
        for who, rated, from_unit, answers, people in read:
            share = self._together(answers, rated, from_unit, used)
            group = groups.setdefault((rated, from_unit), Group())
            if people is None:
                group.add(who, share)
            elif people > 0:
                group.add_sum(share, people)
        lines = [*layout.describe(), *layout.left_alone(), used.describe("--scale")]
        if "respondent" not in layout.columns and "responses" not in layout.columns and not wide:
            lines.append("no column tells respondents apart: each row counts as one person")
        if dimensions or any(dimension for _, _, dimension in layout.wide):
            lines.append("the dimensions are put together with the weights that each link has in the organisation")
        return StaffSurvey(groups, used, lines)

    def _only(self, role: str, what: str) -> int:
        places = self.layout.columns.get(role)
        if not places:
            raise InputError(
                f"no column looks like {what}", source=str(self.path), place="header",
                value=", ".join(self.layout.title(p) for p, cell in enumerate(self._titles()) if not is_blank(cell)),
                allowed=f"a column that says {what}", hint=f"name it: --column {role}=COLUMN",
            )  # fmt: skip
        return places[0]

    def _titles(self) -> list[Any]:
        return self.layout.grid.rows[self.layout.header]

    def _no_scores(self) -> InputError:
        titles = [self.layout.title(p) for p, cell in enumerate(self._titles()) if not is_blank(cell)]
        return InputError(
            "no column looks like a score", source=str(self.path), place="header", value=", ".join(titles),
            allowed="a column score (or rating, satisfaction), or columns for " + ", ".join(DIMENSIONS),
            hint="name it: --column score=COLUMN, or --column reliability=COLUMN for an item of a dimension",
        )  # fmt: skip

    def _find_wide(self) -> None:
        """Find the columns that each rate one unit: its name stands in their header."""
        taken = {place for role in ("rater", "respondent") for place in self.layout.columns.get(role, ())}
        for place, title in enumerate(self._titles()):
            if is_blank(title) or place in taken or NOTE.fullmatch(str(title)):
                continue
            unit = self.units.find(title) or self.units.within(str(title))
            if unit is not None:
                words = columns.words(title).split()
                self.layout.wide.append((place, unit, next((one for one in DIMENSIONS if one in words), None)))
        if not self.layout.wide:
            titles = [self.layout.title(p) for p, cell in enumerate(self._titles()) if not is_blank(cell)]
            raise InputError(
                "no column says which department is rated", source=str(self.path), place="header", value=", ".join(titles),
                allowed="a column for the rated department, or a column for each, headed by its name: "
                + ", ".join(self.units.names), hint="name it: --column rated=COLUMN",
            )  # fmt: skip

    def _unit(self, row: list[Any], place: int, role: str) -> str | None:
        value = row[place] if place < len(row) else None
        if is_blank(value) or str(value).strip().casefold() in self.marks:
            return None
        unit = self.units.find(value)
        if unit is None:
            self.unknown.setdefault(role, set()).add(" ".join(str(value).split()))
        return unit

    def _check_unknown(self) -> None:
        for role, said in self.unknown.items():
            if not self.ignore_unknown:
                raise self.units.unknown(
                    sorted(said), str(self.path), self.layout.title(self.layout.columns[role][0]), "department",
                    "write the names as the organisation has them, or add --ignore-unknown to leave these rows out",
                )  # fmt: skip

    def _people(self, row: list[Any], number: int) -> int | None:
        return _count(self.layout, row, number, self.marks)

    def _person(self, row: list[Any], number: int) -> Hashable:
        places = self.layout.columns.get("respondent")
        if not places:
            return number
        value = row[places[0]] if places[0] < len(row) else None
        return None if is_blank(value) else str(value).strip()

    def _together(self, answers: Sequence[tuple[str | None, float]], rated: str, rater: str, used: Scale) -> float:
        """Return one share for what a row says of a unit: the dimensions by the link's weights, items of one averaged."""
        by_dimension: dict[str | None, list[float]] = {}
        for dimension, said in answers:
            by_dimension.setdefault(dimension, []).append(used.share(said))
        if None in by_dimension:  # an overall score beside items: the score
            return _mean(by_dimension[None])
        linked = self.chain.has_edge(rated, rater)
        place = (rated, rater) if linked else ()
        weights = {one: self.chain.value(f"weight_{one}", *place) for one in by_dimension}
        total = sum(weights.values())
        if total == 0:
            return _mean([_mean(shares) for shares in by_dimension.values()])
        return sum(weights[one] * _mean(shares) for one, shares in by_dimension.items()) / total


def read_customers(
    path: str | Path,
    chain: ServiceChain,
    *,
    overrides: Mapping[str, Sequence[str]] | None = None,
    given_scale: Scale | None = None,
    missing: Sequence[str] = (),
    ignore_unknown: bool = False,
) -> CustomerScores:
    """Read customer scores: one row an answer, or one row a segment with its mean and the number of answers.

    Columns: segment (may be left out where the organisation has one), ``csat`` on any scale, ``nps``: answers from 0 to 10, or
    the net promoter score itself (-100 to 100) where a column says how many answers stand behind each row.
    """
    path = Path(path)
    try:
        return _customers(path, chain, overrides or {}, given_scale, _marks(missing), ignore_unknown)
    except InputError as error:
        raise error.located(str(path)) from None


def _customers(
    path: Path, chain: ServiceChain, overrides: Mapping[str, Sequence[str]], given_scale: Scale | None,
    marks: frozenset[str], ignore_unknown: bool,
) -> CustomerScores:  # fmt: skip
    mine = {role: said for role, said in overrides.items() if role in CUSTOMER_ROLES}
    layout = _layout(path, CUSTOMER_ROLES, mine)
    titles = [layout.title(p) for p, cell in enumerate(layout.grid.rows[layout.header]) if not is_blank(cell)]
    if "csat" not in layout.columns and "nps" not in layout.columns:
        raise InputError(
            "no column looks like a customer score", source=str(path), place="header", value=", ".join(titles),
            allowed="a column csat (or satisfaction, rating, score) or nps (or likelihood to recommend)",
            hint="name it: --column csat=COLUMN, or --column nps=COLUMN",
        )  # fmt: skip
    names = Names(chain.segments)
    segment_place = layout.columns.get("segment", [None])[0]
    if segment_place is None and len(names.names) > 1:
        raise InputError(
            "no column says which segment a customer belongs to", source=str(path), place="header", value=", ".join(titles),
            allowed="a column segment, as the organisation has several: " + ", ".join(names.names),
            hint="name it: --column segment=COLUMN",
        )  # fmt: skip
    unknown: set[str] = set()
    rows: dict[str, list[tuple[str, Hashable, float, int | None, str]]] = {"csat": [], "nps": []}
    for number, row in layout.rows():
        segment: str | None = names.names[0]
        if segment_place is not None:
            value = row[segment_place] if segment_place < len(row) else None
            if is_blank(value) or str(value).strip().casefold() in marks:
                continue
            segment = names.find(value)
            if segment is None:
                unknown.add(" ".join(str(value).split()))
        people = _count(layout, row, number, marks)
        who = _customer(layout, row, number)
        for role, answers in rows.items():
            for place in layout.columns.get(role, ()):
                value = row[place] if place < len(row) else None
                said = scale.answer(value, layout.grid.decimal, layout.grid.place(number, place), marks)
                if said is not None and segment is not None and people != 0:
                    answers.append((segment, who, said, people, layout.grid.place(number, place)))
    if unknown and not ignore_unknown:
        raise names.unknown(
            sorted(unknown), str(path), layout.title(layout.columns["segment"][0]), "segment",
            "write the names as the organisation has them, or add --ignore-unknown to leave these rows out",
        )  # fmt: skip
    if not rows["csat"] and not rows["nps"]:
        raise InputError("no row holds an answer that can be used", source=str(path), allowed="a segment and a score")
    scores = CustomerScores({}, {}, {}, None, [*layout.describe(), *layout.left_alone()])
    if rows["csat"]:
        scores.scale = _settled(given_scale, [(said, at) for _, _, said, _, at in rows["csat"]], "--customer-scale")
        scores.lines.append("csat: " + scores.scale.describe("--customer-scale"))
        for name, who, said, people, _ in rows["csat"]:
            _add(scores.csat, name, who, scores.scale.share(said), people)
    for name, who, said, people, at in rows["nps"]:
        low, high = (0, 10) if people is None else (-100, 100)
        if not low <= said <= high:
            raise InputError(
                "this answer lies outside the scale", source=str(path), place=at,
                allowed=f"{low} to {high}", hint="a net promoter score needs a column n: how many answers stand behind it",
            )  # fmt: skip
        if people is None:
            _add(scores.recommend, name, who, said / 10, None)
            _add(scores.net, name, who, 100.0 * ((said >= PROMOTER) - (said <= DETRACTOR)), None)
        else:
            _add(scores.net, name, who, said, people)
    if rows["nps"]:
        summed = any(people is not None for _, _, _, people, _ in rows["nps"])
        scores.lines.append(f"nps: {'net promoter scores, -100 to 100' if summed else 'answers from 0 to 10'}")
    return scores


def _add(groups: dict[str, Group], name: str, who: Hashable, share: float, people: int | None) -> None:
    group = groups.setdefault(name, Group())
    if people is None:
        group.add(who, share)
    else:
        group.add_sum(share, people)


def _customer(layout: Layout, row: list[Any], number: int) -> Hashable:
    places = layout.columns.get("customer")
    value = row[places[0]] if places and places[0] < len(row) else None
    return number if not places else None if is_blank(value) else str(value).strip()


def _count(layout: Layout, row: list[Any], number: int, marks: frozenset[str]) -> int | None:
    places = layout.columns.get("responses")
    if not places:
        return None
    value = row[places[0]] if places[0] < len(row) else None
    place = layout.grid.place(number, places[0])
    found = scale.answer(value, layout.grid.decimal, place, marks)
    if found is None:
        return 0
    if not 0 <= found <= MOST_ANSWERS or found != int(found):
        raise InputError(
            "this is no number of answers", place=place, allowed=f"a whole number from 0 to {MOST_ANSWERS:,}"
        )
    return int(found)


def _settled(given: Scale | None, numbers: Sequence[tuple[float, str]], option: str) -> Scale:
    """Return the scale: as given, if it holds every answer, or the guess."""
    if given is None:
        try:
            return scale.guess([said for said, _ in numbers])
        except InputError as error:
            raise InputError(error.problem, place=option, allowed=error.allowed, hint=error.hint) from None
    for said, place in numbers:
        if not given.holds(said):
            raise InputError(
                "this answer lies outside the scale", place=place, allowed=f"{given.worst:g} to {given.best:g}",
                hint=f"another {option}, or --missing for a code that means no answer",
            )  # fmt: skip
    return given


def _marks(missing: Sequence[str]) -> frozenset[str]:
    return scale.MISSING | {one.strip().casefold() for one in missing}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
