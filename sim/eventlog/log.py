"""A ticket log in memory: cases, the visits that they made to teams, and counts of people."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.eventlog import inside, roles
from sim.eventlog.calendar import WEEK, WorkingCalendar
from sim.eventlog.columns import ColumnGuess, looks_like_people

DATES = ("opened", "resolved", "closed", "timestamp")
NO_TEAM = "No team named"
WHOLE = "All staff"


@dataclass(frozen=True, slots=True)
class People:
    """How many different people a log names, and how many of them once and twice (for those it does not name)."""

    seen: int = 0
    once: int = 0
    twice: int = 0

    @classmethod
    def count(cls, hashes: np.ndarray) -> People:
        """Count people from one hash a case."""
        _, times = np.unique(hashes, return_counts=True)
        return cls(len(times), int((times == 1).sum()), int((times == 2).sum()))

    @property
    def estimated(self) -> int:
        """People there are at least, seen or not: S + f1² / (2 f2) (Chao 1984, Scand. J. Statist. 11, 265–270)."""
        unseen = self.once**2 / (2 * self.twice) if self.twice else self.once * (self.once - 1) / 2
        return self.seen + round(min(unseen, 20 * self.seen))


@dataclass(slots=True)
class Log:
    """What `sim.eventlog.read_log` makes of a file. Times are seconds since 1970 on the log's clock.

    Attributes
    ----------
    columns : the guess behind it
    cases : one row a case: ``opened``, ``resolved`` (NaN: not resolved), ``closed``, ``due``, ``made_sla`` (1, 0, NaN),
        ``reassigned`` and ``reopened`` (times), ``hours`` (clock hours from opened to resolved), ``days`` (working
        days), ``priority``, ``work`` (hours, where the log has them), ``first_team``, ``last_team``, ``visits``,
        ``open`` (whether the case was still open when the log was taken), ``parent`` (row of the case for which it was
        opened, −1: none), ``inside`` (whether another team asked, not a customer), ``client`` (that team)
    visits : one row a stay of a case at a team: ``case`` (row of `cases`), ``place`` (0 for the first), ``team``,
        ``start``, ``end``, ``days`` (working days), ``left`` (``handed``, ``resolved``, ``closed`` without a
        resolution, or still ``open``)
    handovers : ``giver``, ``taker``, ``count``
    assignees : team → most different people seen working in it in one week
    callers : counts of people who asked
    calendar : working time
    events : rows read
    teams_seen : whether the log names teams, and whether its rows show the path from team to team
    path_seen : see above
    people_as_teams : whether team names looked like individuals and were replaced by numbers
    window : first and last opening that count as the period of the log
    notes : what a user should know
    """

    columns: ColumnGuess
    cases: pd.DataFrame
    visits: pd.DataFrame
    handovers: pd.DataFrame
    assignees: pd.Series
    callers: People
    calendar: WorkingCalendar
    events: int
    teams_seen: bool
    path_seen: bool
    people_as_teams: bool
    window: tuple[float, float]
    notes: list[str] = field(default_factory=list)

    @property
    def source(self) -> str:
        """Name of the file."""
        return str(self.columns.layout.path)

    @property
    def window_days(self) -> float:
        """Working days from the first to the last opening that count."""
        return float(np.diff(self.calendar.to_working(np.array(self.window)))[0])

    @property
    def has_inside(self) -> bool:
        """Whether teams ask each other for something in this log."""
        return bool(self.cases["inside"].any())

    @property
    def outer(self) -> Log:
        """The tickets that customers opened: the log itself where it holds no others."""
        return self.part(~self.cases["inside"].to_numpy()) if self.has_inside else self

    def part(self, chosen: np.ndarray) -> Log:
        """Return the log of some of its cases (a mask over `cases`), for checks on data that were held out."""
        cases = self.cases[chosen].copy()
        renumber = np.cumsum(chosen) - 1
        parent = cases["parent"].to_numpy()
        cases["parent"] = np.where((parent >= 0) & chosen[parent], renumber[parent], -1)
        visits = self.visits[chosen[self.visits["case"].to_numpy()]].copy()
        visits["case"] = renumber[visits["case"].to_numpy()]
        window = _window(cases["opened"].to_numpy(), [])
        return Log(
            self.columns, cases.reset_index(drop=True), visits.reset_index(drop=True), count_handovers(visits),
            self.assignees, self.callers, self.calendar, self.events, self.teams_seen, self.path_seen,
            self.people_as_teams, window, list(self.notes),
        )  # fmt: skip

    def describe(self) -> list[str]:
        """Return lines for people."""
        first, last = (pd.Timestamp(int(second), unit="s").strftime("%Y-%m-%d") for second in self.window)
        each = "events" if self.columns.rows == "event" else "rows"
        teams = self.visits["team"].nunique() if self.teams_seen else 0
        return [
            f"{len(self.cases):,} tickets in {self.events:,} {each}, opened {first} to {last}; "
            f"{int(np.isfinite(self.cases['resolved']).sum()):,} resolved; {teams} teams",
            f"working time: {self.calendar.describe()}",
            *(f"note: {note}" for note in self.notes),
        ]


def assemble(
    guess: ColumnGuess, events: pd.DataFrame, tickets: pd.DataFrame, teams: list[str], states: list[str],
    priorities: list[str], askers: list[str], calendar: WorkingCalendar | None, notes: list[str], fewest: int,
) -> Log:  # fmt: skip
    """Put a log together from what was kept of its rows."""
    number = pd.Index(tickets["case"])
    rows_read = len(events) if guess.rows == "event" else len(tickets)
    if guess.rows == "event":
        dated = np.isfinite(events["timestamp"].to_numpy())
        if not dated.all():
            notes.append(f"{int((~dated).sum()):,} events without a time are left out")
        events = events[dated]
        rank = number.get_indexer(events["case"])
        order = np.lexsort((np.arange(len(events)), events["timestamp"].to_numpy(), rank))
        events = events.iloc[order].assign(case=rank[order]).reset_index(drop=True)
    cases = _cases(guess, tickets, events, states, notes)
    cases["priority"] = [priorities[int(code)] if code == code else "" for code in tickets["priority"]]
    usable = np.isfinite(cases["opened"].to_numpy())
    ended = usable & np.isfinite(cases["resolved"].to_numpy())
    if ended.sum() < fewest:
        raise InputError(
            "too few tickets have a beginning and an end", source=str(guess.layout.path),
            place=" and ".join(repr(guess.column(role)) for role in DATES if guess.column(role)),
            value=f"{int(ended.sum())} of {len(cases)} tickets", allowed=f"at least {fewest}",
            hint="are these the right columns? Name others with --column opened=NAME, --column resolved=NAME",
        )  # fmt: skip
    if not usable.all():
        notes.append(f"{int((~usable).sum()):,} tickets without a date of opening are left out")
    stamps = [cases["opened"].to_numpy(), cases["resolved"].to_numpy()]
    if guess.rows == "event":
        at_work = (
            events["timestamp"].to_numpy() <= cases["resolved"].fillna(np.inf).to_numpy()[events["case"].to_numpy()]
        )
        stamps = [stamps[0], events["timestamp"].to_numpy()[at_work]]
    calendar = calendar or WorkingCalendar.infer(np.concatenate(stamps))
    taken = float(np.nanmax(np.concatenate([*stamps, cases["closed"].to_numpy()])))
    visits = _visits(guess, cases, events, tickets, taken)
    people = looks_like_people(guess.column("team") or "", teams) or (
        guess.column("team") is not None and guess.column("team") == guess.column("resource")
    )
    labels = [f"Team {place + 1}" for place in range(len(teams))] if people else teams
    unnamed = NO_TEAM if teams else WHOLE
    visits["team"] = [labels[code] if code >= 0 else unnamed for code in visits["team"]]
    assignees = _assignees(guess, events, tickets, labels, unnamed)

    kept = np.flatnonzero(usable)
    renumber = np.full(len(cases), -1)
    renumber[kept] = np.arange(len(kept))
    visits = visits[renumber[visits["case"].to_numpy()] >= 0].copy()
    visits["case"] = renumber[visits["case"].to_numpy()]
    cases = cases.iloc[kept].reset_index(drop=True)
    visits["days"] = calendar.between(visits["start"].to_numpy(), visits["end"].to_numpy())
    cases["hours"] = (cases["resolved"] - cases["opened"]) / 3600.0
    cases["days"] = calendar.between(cases["opened"].to_numpy(), cases["resolved"].to_numpy())
    cases["open_hours"] = np.where(cases["open"], (taken - cases["opened"]) / 3600.0, np.nan)
    cases["open_days"] = np.where(cases["open"], calendar.between(cases["opened"].to_numpy(), np.array(taken)), np.nan)
    by_case = visits.groupby("case", sort=True)["team"]
    cases["first_team"] = by_case.first().reindex(range(len(cases))).to_numpy()
    cases["last_team"] = by_case.last().reindex(range(len(cases))).to_numpy()
    cases["visits"] = by_case.size().reindex(range(len(cases))).to_numpy()
    path_seen = guess.rows == "event" and bool(teams)
    row, named = inside.parents(tickets["case"].to_numpy()[kept], tickets["parent"].to_numpy(dtype=float)[kept], notes)
    cases["parent"] = row
    of_asker = _teams_of_askers(askers, teams, labels)
    cases["asker"] = [of_asker[int(code)] if code == code else "" for code in tickets["asker"].to_numpy()[kept]]
    inside.mark(cases, visits, named, path_seen, notes)
    callers = People.count(tickets["caller"][kept[~cases["inside"].to_numpy()]].dropna().to_numpy())
    in_time = np.where(cases["resolved"] <= cases["due"], 1.0, 0.0)
    dated = np.isfinite(cases["resolved"]) & np.isfinite(cases["due"])
    cases["made_sla"] = cases["made_sla"].fillna(pd.Series(np.where(dated, in_time, np.nan)))
    seen = cases["visits"].to_numpy() - 1.0
    if guess.column("reassignments") is not None:
        stations = "station" in (guess.column("reassignments") or "").casefold()
        counted = tickets["reassignments"].to_numpy()[kept] - (1.0 if stations else 0.0)
        cases["reassigned"] = np.where(np.isfinite(counted), np.maximum(counted, 0.0), seen if path_seen else np.nan)
    else:
        cases["reassigned"] = seen if path_seen else np.nan
    return Log(
        guess, cases, visits.reset_index(drop=True), count_handovers(visits), assignees, callers, calendar,
        rows_read, bool(teams), path_seen, people, _window(cases["opened"].to_numpy(), notes), notes,
    )  # fmt: skip


def _teams_of_askers(askers: list[str], teams: list[str], labels: list[str]) -> list[str]:
    """Return the team that each group of askers is, empty where it is none."""
    by_name = {team.casefold(): label for team, label in zip(teams, labels, strict=True)}
    return [by_name.get(name.casefold(), "") for name in askers]


def _cases(
    guess: ColumnGuess, tickets: pd.DataFrame, events: pd.DataFrame, states: list[str], notes: list[str]
) -> pd.DataFrame:
    """Return opening, resolution, closing and reopening of every ticket, from columns or, failing that, from events."""
    blank = np.full(len(tickets), np.nan)
    cases = pd.DataFrame({role: tickets.get(role, blank) for role in ("opened", "resolved", "closed", "due", "work")})
    cases["made_sla"] = tickets.get("made_sla", blank)
    cases["reopened"] = tickets["reopens"]
    cases["open"] = False
    has_resolved = np.isfinite(cases["resolved"]).sum() > 0.3 * len(cases)
    if guess.rows == "event":
        first = events.groupby("case")["timestamp"].min().reindex(range(len(cases))).to_numpy()
        last = events.groupby("case")["timestamp"].max().reindex(range(len(cases))).to_numpy()
        cases["opened"] = cases["opened"].where(np.isfinite(cases["opened"]), first)
        story = _story(events, states, len(cases))
        if not np.isfinite(cases["reopened"]).any() and story is not None:
            cases["reopened"] = story["reopened"].to_numpy().astype(float)
            notes.append("reopening is read from states: a ticket that leaves a final state was opened again")
        if not has_resolved:
            _resolve_from_story(guess, cases, story, last, notes)
    elif not has_resolved:
        cases["resolved"] = cases["closed"]
        notes.append(f"no date of resolution: that of closing ({guess.column('closed')!r}) stands in for it")
    if has_resolved and np.isfinite(cases["closed"]).any():
        filed = ~np.isfinite(cases["resolved"]) & np.isfinite(cases["closed"])
        if filed.any():
            notes.append(
                f"{int(filed.sum()):,} tickets were closed without a date of resolution: they count as arrivals, "
                "not in resolution times"
            )
    backwards = cases["resolved"] < cases["opened"]
    if backwards.any():
        notes.append(
            f"{int(backwards.sum()):,} tickets were resolved before they were opened: those dates are left out"
        )
        cases.loc[backwards, "resolved"] = np.nan
    cases["open"] = ~np.isfinite(cases["resolved"]) & ~np.isfinite(cases["closed"])
    if cases["open"].any():
        notes.append(f"{int(cases['open'].sum()):,} tickets were still open when the log was taken")
    return cases


def _story(events: pd.DataFrame, states: list[str], cases: int) -> pd.DataFrame | None:
    """Return what its states tell of each case: when it was last resolved, last ended, and how often it came back."""
    if not states:
        return None
    ended = np.array([roles.is_ended(state) for state in states] + [False])
    solved = np.array([roles.is_ended(state, solved=True) for state in states] + [False])
    if not ended.any():
        return None
    case, code = events["case"].to_numpy(), events["status"].to_numpy()
    time = events["timestamp"].to_numpy()
    known = code >= 0
    case, code, time = case[known], code[known], time[known]
    new = np.concatenate([[True], case[1:] != case[:-1]])
    entered = new | np.concatenate([[True], code[1:] != code[:-1]])
    back = ~new & ~ended[code] & np.concatenate([[False], ended[code[:-1]]])
    entered_end = ended[code] & (new | ~np.concatenate([[False], ended[code[:-1]]]))
    out = pd.DataFrame({"reopened": np.bincount(case[back], minlength=cases)})
    for name, mask in (("solved", solved[code] & entered), ("ended", entered_end)):
        out[name] = np.nan
        out.loc[case[mask], name] = time[mask]  # the last one stays
    final = np.concatenate([case[1:] != case[:-1], [True]])
    out["final"] = False
    out.loc[case[final], "final"] = ended[code[final]]
    return out


def _resolve_from_story(
    guess: ColumnGuess, cases: pd.DataFrame, story: pd.DataFrame | None, last: np.ndarray, notes: list[str]
) -> None:
    if story is not None and story["final"].mean() > 0.2:
        resolved = story["solved"].where(np.isfinite(story["solved"]), story["ended"]).where(story["final"])
        cases["resolved"] = resolved.to_numpy()
        notes.append(
            "no date of resolution: the last time a ticket went into a final state "
            f"({guess.column('status')!r}) stands in for it"
        )
    elif np.isfinite(cases["closed"]).sum() > 0.3 * len(cases):
        cases["resolved"] = cases["closed"]
        notes.append(f"no date of resolution: that of closing ({guess.column('closed')!r}) stands in for it")
    else:
        cases["resolved"] = last
        notes.append("neither a date of resolution nor a final state: a ticket's last event stands in for it")


def _visits(
    guess: ColumnGuess, cases: pd.DataFrame, events: pd.DataFrame, tickets: pd.DataFrame, taken: float
) -> pd.DataFrame:
    """Return the stays of cases at teams: from one assignment, or the opening, to the next, or the resolution."""
    opened, resolved = cases["opened"].to_numpy(), cases["resolved"].to_numpy()
    still = cases["open"].to_numpy()
    how = np.where(np.isfinite(resolved), "resolved", np.where(still, "open", "closed"))
    until = np.where(np.isfinite(resolved), resolved, np.where(still, np.maximum(taken, opened), np.nan))
    if guess.rows == "ticket":
        team = tickets["team"].fillna(-1).to_numpy().astype(int)
        return pd.DataFrame(
            {"case": np.arange(len(cases)), "place": 0, "team": team, "start": opened, "end": until, "left": how}
        )
    case, time = events["case"].to_numpy(), events["timestamp"].to_numpy()
    team = events["team"].to_numpy().astype(float)
    team[team < 0] = np.nan
    filled = pd.Series(team).groupby(case).ffill().groupby(case).bfill().fillna(-1).to_numpy().astype(int)
    first = np.concatenate([[True], case[1:] != case[:-1]])
    live = first | (time <= np.where(np.isfinite(resolved), resolved, np.inf)[case])  # what comes later is filing
    case, time, filled = case[live], time[live], filled[live]
    first = np.concatenate([[True], case[1:] != case[:-1]])
    starts = first | np.concatenate([[True], filled[1:] != filled[:-1]])
    case, time, filled, first = case[starts], time[starts], filled[starts], first[starts]
    is_last = np.concatenate([first[1:], [True]])
    start = np.where(first, np.minimum(opened[case], time), time)
    end = np.where(is_last, until[case], np.concatenate([time[1:], [np.nan]]))
    left = np.where(is_last, how[case], "handed")
    place = np.arange(len(case)) - np.maximum.accumulate(np.where(first, np.arange(len(case)), 0))
    return pd.DataFrame({"case": case, "place": place, "team": filled, "start": start, "end": end, "left": left})


def count_handovers(visits: pd.DataFrame) -> pd.DataFrame:
    """Return who hands work to whom and how often: ``giver``, ``taker``, ``count``."""
    ordered = visits.sort_values(["case", "place"], kind="stable")
    giver = ordered["team"].to_numpy()
    same = ordered["case"].to_numpy()[1:] == ordered["case"].to_numpy()[:-1]
    pairs = pd.DataFrame({"giver": giver[:-1][same], "taker": giver[1:][same]})
    pairs = pairs[pairs["giver"] != pairs["taker"]]
    return pairs.groupby(["giver", "taker"], sort=True).size().rename("count").reset_index()


def _assignees(
    guess: ColumnGuess, events: pd.DataFrame, tickets: pd.DataFrame, labels: list[str], unnamed: str
) -> pd.Series:
    """Return, for every team, the most different people seen in it in one week: over a long log people come and go."""
    source, when = (events, "timestamp") if guess.rows == "event" else (tickets, "opened")
    known = source["resource"].fillna(0) != 0
    frame = pd.DataFrame(
        {
            "team": source.loc[known, "team"].fillna(-1).astype(int),
            "week": (source.loc[known, when] // WEEK if when in source else 0),
            "who": source.loc[known, "resource"],
        }
    )
    counts = frame.groupby(["team", "week"])["who"].nunique().groupby("team").max()
    names = [labels[int(code)] if code >= 0 else unnamed for code in counts.index.to_numpy()]
    return pd.Series(counts.to_numpy(dtype=int), index=names, dtype=int, name="assignees")


def _window(opened: np.ndarray, notes: list[str]) -> tuple[float, float]:
    """Return the period of the log: first to last opening, less a few stragglers far outside."""
    first, last = float(opened.min()), float(opened.max())
    low, high = (float(x) for x in np.quantile(opened, [0.01, 0.99]))
    if last - first > 3 * (high - low) / 0.98 and high > low:
        notes.append(
            "1 % of tickets at either end were opened long before or after the rest: the period leaves them out"
        )
        return low, high
    return first, last
