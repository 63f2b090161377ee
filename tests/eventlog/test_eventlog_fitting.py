"""From a log to an organisation, and back: what is estimated meets what made the log."""

from __future__ import annotations

import tomllib

import made_up_tickets as logs
import numpy as np
import pandas as pd
import pytest

from sim import client, organisation
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.eventlog import (
    WorkingCalendar,
    compare_table,
    derive,
    figures,
    fitting,
    from_tickets,
    guess_columns,
    held_out,
    read_log,
    simulated_figures,
)
from sim.eventlog.estimate import best_limit, censored_normal
from sim.eventlog.log import People
from sim.eventlog.people import base_error, usual_time_factor
from sim.eventlog.quantiles import product_limit_quantiles


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return logs.write(tmp_path_factory.mktemp("log") / "log.csv", logs.event_rows(logs.tickets(600)))


@pytest.fixture(scope="module")
def log(path):
    return read_log(path)


def test_doors_and_handing_on_are_those_of_the_log(log):
    chain = derive(log, adjust=False).chain
    assert chain.edges["Service Desk", "Callers"]["requests_per_case"] == 1
    assert chain.edges["Network", "Service Desk"]["passed_on"] == pytest.approx(0.3, abs=0.05)
    assert chain.edges["Database", "Service Desk"]["passed_on"] == pytest.approx(0.1, abs=0.04)
    assert not chain.has_edge("Service Desk", "Network")


def test_the_organisation_is_a_valid_file_that_says_where_its_numbers_come_from(path, tmp_path):
    report = from_tickets(path, tmp_path / "firm.toml", seeds=())
    text = (tmp_path / "firm.toml").read_text(encoding="utf-8")
    assert text == report.text
    assert "# - from the log:" in text
    assert set(organisation.load(tmp_path / "firm.toml").units) == set(logs.TEAMS)
    assert tomllib.loads(text)["segments"][0]["rush_share"] == 0


def test_the_organisation_says_which_figures_come_from_the_log(log):
    chain = derive(log, adjust=False).chain
    rows = client.set_from_data(chain)
    assert set(rows["source"]) == {"ticket export"}
    assert set(rows.loc[rows["lever"] == "hours_per_request", "place"]) == set(chain.units)
    assert rows["value"].notna().all()


def test_nobody_is_named_in_the_organisation_or_in_what_is_printed(path):
    report = from_tickets(path, seeds=())
    people = {person for one in logs.tickets(600) for person in one["people"]} | {
        one["caller"] for one in logs.tickets(600)
    }
    words = set(report.text.replace('"', " ").split()) | set(" ".join(report.lines).split())
    assert not people & words


def test_teams_below_the_smallest_group_are_pooled(log):
    chain = derive(log, smallest_group=60).chain
    assert "Database" not in chain
    assert any("pooled" in note for note in derive(log, smallest_group=60).notes)
    assert set(derive(log, smallest_group=1).unit_of.values()) == set(logs.TEAMS)


def test_simulation_reproduces_the_log(log):
    derived = derive(log)
    table = compare_table(figures(log, draws=50), simulated_figures(derived.chain, derived, range(4), log=log))
    by_name = table.set_index(table.index.str.slice(0, 40))
    for name, row in by_name.iterrows():
        if "share" in name:
            assert abs(row["difference"]) < 0.06, name
        elif "clock" in name:
            assert abs(row["relative"]) < 0.35, name  # a night begins just behind the median
        elif "handovers" not in name:
            assert abs(row["relative"]) < 0.15, name


def test_held_out_tickets_of_a_steady_log_are_predicted(log):
    table = held_out(log, range(3))
    assert abs(table.loc["share reassigned", "difference"]) < 0.12
    assert abs(table.loc["median resolution time, working days", "relative"]) < 0.35
    assert "tickets a working day" not in held_out(log, [1], by="chance").index


def test_a_known_chain_comes_back_from_its_own_simulated_log(tmp_path):
    known = ServiceChain(**fitting.ALREADY_IN_THE_LOG)
    known.graph.update(slots_per_day=48, knowledge_time=0.0, knowledge_errors=0.0, motivation_errors=0.0)
    known.add_department("Desk", staff=12, hours_per_request=0.4, pause_share=0.7, pause_days=0.8, error_rate=0.1,
                         training=0.0)  # fmt: skip
    known.add_department("Experts", staff=12, hours_per_request=0.8, pause_share=0.9, pause_days=3.0, error_rate=0.1,
                         training=0.0)  # fmt: skip
    known.add_segment("People", customers=2000, needs_per_year=2.5, rush_share=0.0, churn=0.0, new_customers=0.0)
    known.add_link("Desk", "People", requests_per_case=0.8, promise_days=2.5, reopen_rate=0.5)
    known.add_link("Experts", "People", requests_per_case=0.2, promise_days=2.5, reopen_rate=0.5)
    known.add_link("Experts", "Desk", requests_per_case=0.0, passed_on=0.35, dependence=0.0)

    from sim.model import ServiceModel

    model = ServiceModel(known, seed=5, journal=True).run(220)
    journal = model.journal
    journal = journal[(journal["opened"] > 20) & (journal["opened"] < 120)]
    office = WorkingCalendar.office()
    start = float(office.to_working(1_709_510_400.0))  # Monday 4 March 2024

    def clock(days: pd.Series) -> pd.Series:
        return pd.to_datetime(pd.Series(office.to_clock(start + days.to_numpy())).round(), unit="s")

    units, links = known.units, known.links
    frame = pd.DataFrame(
        {
            "Number": [f"T{n}" for n in range(len(journal))],
            "Opened": clock(journal["opened"]).dt.strftime("%Y-%m-%d %H:%M:%S"),
            "Resolved": clock(journal["closed"]).dt.strftime("%Y-%m-%d %H:%M:%S"),
            "Assignment group": [units[u] for u in journal["last_unit"]],
            "Reassignment count": journal["handovers"].to_numpy(),
            "Reopen count": journal["reopened"].to_numpy(),
            "Made SLA": journal["in_time"].astype(bool).to_numpy(),
            "Caller": [f"c{n}" for n in journal["client"]],
        }
    )
    assert {links[link][0] for link in journal["link"]} == {"Desk", "Experts"}
    frame.to_csv(tmp_path / "log.csv", index=False)
    log = read_log(tmp_path / "log.csv")
    derived = derive(log)
    assert derived.per_day == pytest.approx(20, rel=0.1)
    assert derived.chain.nodes["Callers"]["customers"] == pytest.approx(2000, rel=0.35)
    table = compare_table(figures(log, draws=50), simulated_figures(derived.chain, derived, range(10), log=log))
    # The log names nobody, so the desk of twelve comes back as one of two, who are busy and tire.
    assert abs(table.loc["median resolution time, working days", "relative"]) < 0.2
    assert abs(table.loc["90th percentile of it, working days", "relative"]) < 0.15
    assert abs(table.loc["share reassigned", "difference"]) < 0.06
    assert abs(table.loc["share reopened", "difference"]) < 0.02
    assert abs(table.loc["share within SLA", "difference"]) < 0.08


def test_working_time_in_the_log_is_taken_from_it(tmp_path):
    many = logs.tickets(300)
    header = ["Id", "Group", "Assignee", "Requester", "Priority", "Created at", "Solved at", "Transfers", "Reopens"]
    rows = logs.ticket_rows(many, header, "%Y-%m-%d %H:%M")
    random = np.random.default_rng(2)
    rows = [[*rows[0], "Time spent (minutes)"], *([*row, f"{random.uniform(20, 100):.0f}"] for row in rows[1:])]
    derived = derive(read_log(logs.write(tmp_path / "log.csv", rows)))
    hours = derived.chain.nodes["Service Desk"]["hours_per_request"] * usual_time_factor()
    assert hours == pytest.approx(1.0, abs=0.1)
    assert any("own column" in note for note in derived.notes)


def test_due_dates_become_promises(tmp_path):
    header = ["Id", "Group", "Assignee", "Requester", "Priority", "Created at", "Solved at", "Transfers", "Reopens"]
    many = logs.tickets(300)
    rows = logs.ticket_rows(many, header, "%Y-%m-%d %H:%M")
    due = [logs.later(one["moments"][0], 20).strftime("%Y-%m-%d %H:%M") for one in many]
    rows = [[*rows[0], "Due by Time"], *([*row, when] for row, when in zip(rows[1:], due, strict=True))]
    derived = derive(read_log(logs.write(tmp_path / "log.csv", rows)))
    assert derived.limit_source == "due"
    assert derived.limits["Service Desk"] == pytest.approx(2.0, rel=0.1)
    log = read_log(tmp_path / "log.csv")
    assert log.cases["made_sla"].mean() == pytest.approx((log.cases["resolved"] <= log.cases["due"]).mean())


def test_a_log_without_teams_becomes_one_unit(tmp_path):
    rows = [[row[0], row[8], row[9]] for row in logs.event_rows(logs.tickets(80))]
    log = read_log(logs.write(tmp_path / "log.csv", rows))
    assert derive(log).chain.units == ["All staff"]


def test_a_team_whose_tickets_do_not_say_whether_they_were_reassigned_is_a_door(tmp_path):
    """Otherwise nobody would ever ask it for anything, and the organisation would be refused."""
    rows = ["number,opened_at,resolved_at,assignment_group,reassignment_count"]
    rows += [
        f"T{n},2024-03-{n % 20 + 1:02d} 09:00,2024-03-{n % 20 + 1:02d} {10 + n % 7}:30,{team},{count}"
        for n, (team, count) in enumerate([("Desk", 0), ("Network", 1), ("Desk", 1), ("Branch", "")] * 10)
    ]
    path = tmp_path / "tickets.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    derived = derive(read_log(path), smallest_group=1)
    chain = derived.chain
    doors = {
        unit: chain.edges[unit, "Callers"]["requests_per_case"]
        for unit in chain.units
        if chain.has_edge(unit, "Callers")
    }
    assert set(doors) == {"Desk", "Branch"}
    assert sum(doors.values()) == pytest.approx(1.0)
    assert [note for note in derived.notes if note.startswith("assumed: tickets start") and note.endswith(": Branch")]


def test_tickets_still_open_are_not_forgotten(tmp_path):
    many = logs.tickets(300)
    rows = logs.event_rows(many)
    ids = {one["id"] for one in many[-40:]}
    rows = [row for row in rows if not (row[0] in ids and row[1] in ("Resolved", "Closed"))]
    for row in rows:
        if row[0] in ids:
            row[9] = row[10] = "?"
    log = read_log(logs.write(tmp_path / "log.csv", rows))
    assert log.cases["open"].sum() == 40
    assert any("still open" in note for note in log.notes)
    derive(log).chain.check()


def test_nothing_is_written_where_something_is_wrong(path, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError):
        from_tickets(bad, tmp_path / "out.toml")
    (tmp_path / "there.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="there already"):
        from_tickets(path, tmp_path / "there.toml", seeds=())
    with pytest.raises(InputError, match="no such folder"):
        from_tickets(path, tmp_path / "nowhere" / "out.toml", seeds=())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.csv", "there.toml"]
    assert (tmp_path / "there.toml").read_text(encoding="utf-8") == "mine"


# --- estimators against what is known -------------------------------------------------------------------------------


def test_the_censored_normal_finds_mean_and_spread_behind_lower_bounds():
    random = np.random.default_rng(4)
    x = random.normal(2, 1.5, 4000)
    bound = random.normal(2.5, 1.5, 4000)
    mean, sd = censored_normal(np.minimum(x, bound), x > bound)
    assert mean == pytest.approx(2, abs=0.1)
    assert sd == pytest.approx(1.5, abs=0.1)


def test_the_product_limit_estimator_gives_the_textbook_values():
    # Six remissions, two censored: S falls to 5/6, 5/8, 5/16 at 2, 5, 7 weeks.
    time, ended = np.array([2.0, 3.0, 5.0, 6.0, 7.0, 9.0]), np.array([True, False, True, False, True, False])
    assert product_limit_quantiles(time, ended, (0.16, 0.37, 0.6))[:3] == [2.0, 5.0, 7.0]
    assert np.isnan(product_limit_quantiles(time, ended, (0.95,))[0])


def test_the_time_limit_behind_kept_promises_is_found():
    days = np.random.default_rng(5).exponential(2, 2000)
    limit, wrong = best_limit(days, (days <= 1.7).astype(float))
    assert limit == pytest.approx(1.7, abs=0.02)
    assert wrong == 0


def test_people_who_come_once_and_twice_tell_of_those_who_did_not_come():
    callers = np.random.default_rng(6).integers(0, 1000, 700)
    assert People.count(callers).estimated == pytest.approx(1000, rel=0.15)


def test_ordinary_people_make_the_share_of_errors_that_was_asked_for():
    assert base_error(0.0) == 0
    assert 0.05 < base_error(0.1) < 0.1  # newcomers make the rest


def test_guessing_does_not_read_what_it_need_not(path):
    assert guess_columns(path).rows == "event"
