"""Which column is what, in the dialects of several systems, and how a user corrects it."""

from __future__ import annotations

import made_up_tickets as logs
import pytest

from sim.errors import InputError
from sim.eventlog import guess_columns, read_log
from sim.eventlog.columns import looks_like_people
from sim.eventlog.roles import hours_factor, is_ended, kept

DIALECTS = {
    "servicenow": (
        ["Number", "Assignment group", "Assigned to", "Caller", "Priority", "Opened", "Resolved", "Reassignment count",
         "Reopen count"], "%d-%m-%Y %H:%M:%S"),
    "jira": (
        ["Issue key", "Custom field (Team)", "Assignee", "Reporter", "Priority", "Created", "Resolved",
         "Custom field (Reassignments)", "Custom field (Reopen Count)"], "%d/%b/%y %I:%M %p"),
    "zendesk": (
        ["Id", "Group", "Assignee", "Requester", "Priority", "Created at", "Solved at", "Transfers", "Reopens"],
        "%Y-%m-%d %H:%M:%S +0100"),
    "freshdesk": (
        ["Ticket ID", "Group", "Agent", "Full name", "Priority", "Created time", "Resolved time", "Handovers",
         "Reopens"], "%Y-%m-%d %H:%M:%S"),
    "remedy": (
        ["Incident ID*+", "Assigned Group*+", "Assignee+", "Customer Name", "Priority*", "Reported Date+",
         "Last Resolved Date", "Group Transfers", "Re-Opened"], "%m/%d/%Y %I:%M:%S %p"),
    "german": (
        ["Ticketnummer", "Gruppe", "Bearbeiter", "Melder", "Priorität", "Erstellt am", "Gelöst am", "Transfers",
         "Reopened"], "%d.%m.%Y %H:%M"),
}  # fmt: skip
ROLES = ("case", "team", "resource", "caller", "priority", "opened", "resolved", "reassignments", "reopens")


@pytest.fixture(scope="module")
def many() -> list[dict]:
    return logs.tickets(200)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_one_row_a_ticket_is_understood_in_the_dialect_of(dialect, many, tmp_path):
    header, form = DIALECTS[dialect]
    path = logs.write(tmp_path / "export.csv", logs.ticket_rows(many, header, form))
    guess = guess_columns(path)
    assert {role: guess.column(role) for role in ROLES} == dict(zip(ROLES, header, strict=True))
    assert guess.rows == "ticket"
    log = read_log(path)
    assert len(log.cases) == len(many)
    wanted = [(one["moments"][-1] - one["moments"][0]).total_seconds() / 3600 for one in many]
    assert log.cases["hours"].to_numpy() == pytest.approx(wanted, abs=0.02)
    assert (log.cases["reassigned"] > 0).mean() == pytest.approx(0.4, abs=0.1)


EVENT_DIALECTS = {
    "volvo": (["SR Number", "Change Date+Time", "Status", "Involved ST", "Owner First Name"],
              "%Y-%m-%dT%H:%M:%S+01:00", ";"),
    "rabobank": (
        ["Incident ID", "DateStamp", "IncidentActivity_Type", "Assignment Group", "Interaction ID"],
        "%d-%m-%Y %H:%M:%S",
        ";"),
    "disco": (["Case ID", "Complete Timestamp", "Activity", "Department", "Resource"], "%Y/%m/%d %H:%M:%S.000", ","),
    "pm4py": (
        ["case:concept:name", "time:timestamp", "concept:name", "org:group", "org:resource"],
        "%Y-%m-%d %H:%M:%S+00:00", ","),
    "celonis": (["_CASE_KEY", "EVENTTIME", "ACTIVITY_EN", "TEAM", "USER_NAME"], "%Y-%m-%d %H:%M:%S", ","),
}  # fmt: skip


@pytest.mark.parametrize("dialect", EVENT_DIALECTS)
def test_one_row_an_event_is_understood_in_the_dialect_of(dialect, many, tmp_path):
    header, form, separator = EVENT_DIALECTS[dialect]
    rows = [header]
    for one in many:
        steps = [*zip(one["path"], one["people"], one["moments"], strict=False)]
        for team, person, when in steps:
            rows.append([one["id"], when.strftime(form), "Assigned", team, person])
        rows.append([one["id"], one["moments"][-1].strftime(form), "Closed", steps[-1][0], steps[-1][1]])
    path = logs.write(tmp_path / "events.csv", rows, separator)
    guess = guess_columns(path)
    assert guess.rows == "event"
    assert [guess.column(role) for role in ("case", "timestamp", "status", "team")] == header[:4]
    log = read_log(path)
    handed = log.handovers.set_index(["giver", "taker"])["count"]
    assert handed["Service Desk", "Network"] == sum(one["path"][-1] == "Network" for one in many)


def test_servicenow_event_log_gives_paths_people_and_figures(many, tmp_path):
    log = read_log(logs.write(tmp_path / "log.csv", logs.event_rows(many)))
    assert log.columns.rows == "event"
    assert (log.cases["visits"] > 1).mean() == pytest.approx(sum(len(o["path"]) > 1 for o in many) / len(many))
    assert log.callers.seen == len({one["caller"] for one in many})
    assert log.assignees["Service Desk"] <= 8
    assert (log.cases["reopened"] > 0).sum() == sum(one["reopened"] for one in many)


def test_the_order_of_lines_does_not_matter(many, tmp_path):
    rows = logs.event_rows(many, "%d-%m-%Y %H:%M:%S")
    a = read_log(logs.write(tmp_path / "a.csv", rows))
    b = read_log(logs.write(tmp_path / "b.csv", [rows[0], *sorted(rows[1:], key=lambda row: (row[2][::-1], row[0]))]))
    assert a.handovers.equals(b.handovers)
    assert sorted(a.cases["hours"]) == sorted(b.cases["hours"])


@pytest.mark.parametrize("mark", ["", "?", "NULL", "N/A", "-", "none", "NaN"])
def test_marks_for_missing_values_are_no_team_and_no_person(many, tmp_path, mark):
    rows = logs.event_rows(many, missing=mark)
    for row in rows[1::7]:
        row[3] = mark
    log = read_log(logs.write(tmp_path / "log.csv", rows))
    assert set(log.visits["team"]) <= {*logs.TEAMS, "No team named"}
    assert log.assignees.drop("No team named", errors="ignore").max() <= 8
    assert log.callers.seen == len({one["caller"] for one in many})


def test_a_user_overrides_each_guess(many, tmp_path):
    header = ["Id", "Group", "Assignee", "Requester", "Priority", "Created at", "Solved at", "Transfers", "Reopens"]
    path = logs.write(tmp_path / "log.csv", logs.ticket_rows(many, header, "%Y-%m-%d %H:%M"))
    guess = guess_columns(path, {"team": "priority", "caller": "none"})
    assert guess.column("team") == "Priority"
    assert guess.choices["team"].confidence == "given"
    assert guess.column("caller") is None
    assert set(read_log(path, {"team": "Priority"}).visits["team"]) == {"P2", "P3"}


def test_wrong_overrides_are_answered_with_the_nearest_name(many, tmp_path):
    path = logs.write(tmp_path / "log.csv", logs.event_rows(many))
    with pytest.raises(InputError, match="no such column") as caught:
        guess_columns(path, {"team": "asignment_group"})
    assert "assignment_group" in (caught.value.hint or "")
    with pytest.raises(InputError, match="no such role") as caught:
        guess_columns(path, {"teem": "assignment_group"})
    assert "team" in (caught.value.hint or "")


def test_a_log_without_dates_says_what_is_missing(tmp_path):
    rows = [["number", "team", "opened"], *([f"I{n}", "A", "soon"] for n in range(50))]
    with pytest.raises(InputError, match=r"dates|opened") as caught:
        read_log(logs.write(tmp_path / "log.csv", rows))
    assert caught.value.hint


def test_a_column_of_words_given_as_date_is_refused(many, tmp_path):
    path = logs.write(tmp_path / "log.csv", logs.event_rows(many))
    with pytest.raises(InputError, match="no dates"):
        guess_columns(path, {"opened": "state"})


def test_fewer_than_five_finished_tickets_are_refused(tmp_path):
    with pytest.raises(InputError, match="too few tickets"):
        read_log(logs.write(tmp_path / "log.csv", logs.event_rows(logs.tickets(4))))


def test_the_description_names_every_role_and_why(many, tmp_path):
    text = "\n".join(guess_columns(logs.write(tmp_path / "log.csv", logs.event_rows(many))).describe())
    for word in ("assignment_group", "sure", "by its name", "nothing found: by when it had been promised", "day first"):
        assert word in text


def test_ambiguous_dates_are_settled_by_a_late_row(tmp_path):
    rows = [["Ticket ID", "Created", "Resolved"]]
    rows += [
        [f"T{n}", f"0{1 + n % 9}/0{1 + n % 7}/2024 10:00", f"0{1 + n % 9}/0{1 + n % 7}/2024 12:00"] for n in range(6000)
    ]
    rows.append(["T9999", "02/27/2024 10:00", "02/28/2024 12:00"])
    guess = guess_columns(logs.write(tmp_path / "log.csv", rows))
    assert guess.order.choice == "mdy"
    assert guess_columns(guess.layout.path, date_order="dmy").order.choice == "dmy"


# --- privacy -----------------------------------------------------------------------------------------------------


def test_people_are_recognised_and_teams_are_not_taken_for_people():
    assert looks_like_people("Owner", ["ann.lee@firm.org", "bo.chan@firm.org"])
    assert looks_like_people("x", ["Lee, Ann", "Chan, Bo"])
    assert looks_like_people("handled", ["Ann Lee", "Bo Chan"])
    assert not looks_like_people("Assignment group", ["Service Desk", "Field Operations", "Network Team"])
    assert not looks_like_people("Group", ["Group 70", "Group 25"])
    assert not looks_like_people("Team", ["Berlin", "Paris"])


def test_individuals_used_as_teams_are_said_and_stay_unnamed(many, tmp_path):
    rows = [[cell.replace("Se", "Ann ").replace("Ne", "Bob ") for cell in row] for row in logs.event_rows(many)]
    path = logs.write(tmp_path / "log.csv", rows)
    log = read_log(path, {"team": "assigned_to"})
    assert any("individuals" in note for note in log.notes)
    assert all(team.startswith("Team ") or team == "No team named" for team in log.visits["team"])


# --- words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "header", "wanted"),
    [("TRUE", "made_sla", 1), ("No", "Within SLA", 0), ("true", "SLA breached", 0), ("no", "Has breached", 1),
     ("Within SLA", "Resolution status", 1), ("SLA Violated", "Resolution status", 0),
     ("All Service Targets Breached", "SLM Status", 0), ("Met", "SLA", 1)],
)  # fmt: skip
def test_promises_kept_are_read_from(word, header, wanted):
    assert kept(word, header) == wanted


def test_final_states_are_told_from_others():
    for state in ("Resolved", "Closed", "Completed", "Done", "Solved", "Cancelled", "Gelöst"):
        assert is_ended(state)
    for state in ("New", "Reopened", "Unresolved", "Not closed", "Pending", "In Progress", "Awaiting User Info"):
        assert not is_ended(state)


def test_the_unit_of_working_time_comes_from_the_name_else_from_the_size():
    assert hours_factor("Time spent (minutes)", 5)[0] == 60
    assert hours_factor("Time Spent", 7200)[0] == 3600
    assert hours_factor("Effort", 2)[0] == 1
