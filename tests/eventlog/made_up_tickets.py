"""Made-up ticket logs for the tests: a known little help desk, written in many dialects."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

TEAMS = ("Service Desk", "Network", "Database")
MONDAY = datetime(2024, 3, 4)


def tickets(count: int = 400, seed: int = 1, days: int = 40) -> list[dict]:
    """Return tickets: 60 % end at the desk, 30 % go to Network, 10 % to Database; Monday to Friday, 8 to 18 h."""
    random = np.random.default_rng(seed)
    out = []
    for number in range(count):
        day = int(random.integers(days))
        start = MONDAY + timedelta(days=7 * (day // 5) + day % 5, hours=8 + float(random.uniform(0, 9.9)))
        path = ["Service Desk"]
        if (chance := random.random()) > 0.6:
            path.append("Network" if chance < 0.9 else "Database")
        stays = np.exp(random.normal(1.0, 1.0, len(path)))  # hours
        moments = [start]
        for stay in stays:
            moments.append(later(moments[-1], float(stay)))
        out.append(
            {
                "id": f"INC{number:06d}",
                "path": path,
                "moments": moments,
                "people": [f"{team[:2]}{int(random.integers(8))}" for team in path],
                "caller": f"C{int(random.integers(150))}",
                "reopened": int(random.random() < 0.06),
                "made": hours_between(moments[0], moments[-1]) <= 8,
                "priority": "P3" if random.random() < 0.8 else "P2",
            }
        )
    return sorted(out, key=lambda ticket: ticket["moments"][0])


def later(start: datetime, hours: float) -> datetime:
    """Return the moment that many working hours later, 8 to 18 h on weekdays."""
    now = start
    while True:
        left = (now.replace(hour=18, minute=0, second=0, microsecond=0) - now).total_seconds() / 3600
        if hours <= left:
            return now + timedelta(hours=hours)
        hours -= max(left, 0.0)
        now = (now + timedelta(days=1)).replace(hour=8, minute=0, second=0, microsecond=0)
        while now.weekday() > 4:
            now += timedelta(days=1)


def hours_between(start: datetime, end: datetime) -> float:
    """Return working hours between two moments, counted by the quarter of an hour."""
    quarters, now = 0, start
    while now < end:
        quarters += now.weekday() < 5 and 8 <= now.hour < 18
        now += timedelta(minutes=15)
    return quarters / 4


def event_rows(many: list[dict], form: str = "%d-%m-%Y %H:%M", missing: str = "?") -> list[list[str]]:
    """Return an event log: a row when a ticket is opened, handed over, resolved and closed."""
    rows = [["number", "state", "sys_updated_at", "assignment_group", "assigned_to", "caller_id", "made_sla",
             "reopen_count", "opened_at", "resolved_at", "closed_at", "priority"]]  # fmt: skip
    for one in many:
        first, last = one["moments"][0], one["moments"][-1]
        closed = last + timedelta(days=5)
        shared = [one["caller"], str(one["made"]).upper(), str(one["reopened"]), first.strftime(form),
                  last.strftime(form), closed.strftime(form), one["priority"]]  # fmt: skip
        for place, team in enumerate(one["path"]):
            state, when = ("New" if place == 0 else "Active"), one["moments"][place]
            rows.append([one["id"], state, when.strftime(form), team, one["people"][place], *shared])
        rows.append([one["id"], "Resolved", last.strftime(form), one["path"][-1], one["people"][-1], *shared])
        rows.append([one["id"], "Closed", closed.strftime(form), one["path"][-1], missing, *shared])
    return rows


def ticket_rows(many: list[dict], header: list[str], form: str) -> list[list[str]]:
    """Return one row a ticket: number, team, assignee, caller, priority, opened, resolved, reassignments, reopens."""
    rows = [header]
    for one in many:
        rows.append(
            [one["id"], one["path"][-1], one["people"][-1], one["caller"], one["priority"],
             one["moments"][0].strftime(form), one["moments"][-1].strftime(form), str(len(one["path"]) - 1),
             str(one["reopened"])]
        )  # fmt: skip
    return rows


def text_of(rows: list[list[str]], separator: str = ",") -> str:
    """Return rows as the text of a CSV file."""
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows(rows)
    return out.getvalue()


def write(path: Path, rows: list[list[str]], separator: str = ",", encoding: str = "utf-8") -> Path:
    """Write rows as a CSV file and return its path."""
    path.write_bytes(text_of(rows, separator).encode(encoding))
    return path


def xes_of(many: list[dict]) -> str:
    """Return the same tickets as an XES log."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<log xes.version="1.0" xmlns="http://www.xes-standard.org/">',
             '<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>',
             '<global scope="event"><string key="concept:name" value="x"/></global>']  # fmt: skip
    for one in many:
        lines.append(f'<trace><string key="concept:name" value="{one["id"]}"/>')
        steps = [*zip(one["path"], one["people"], one["moments"], strict=False)]
        steps.append((one["path"][-1], one["people"][-1], one["moments"][-1]))
        for place, (team, person, when) in enumerate(steps):
            state = "Completed" if place == len(steps) - 1 else "Accepted"
            lines.append(
                f'<event><string key="org:group" value="{team}"/><string key="org:resource" value="{person}"/>'
                f'<date key="time:timestamp" value="{when.strftime("%Y-%m-%dT%H:%M:%S")}.000+01:00"/>'
                f'<string key="concept:name" value="{state}"/>'
                '<string key="lifecycle:transition" value="complete"/></event>'
            )
        lines.append("</trace>")
    return "\n".join([*lines, "</log>"])
