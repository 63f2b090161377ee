"""There and back: an organisation's simulated requests as a ticket log, and the organisation that the log tells of."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import made_up_tickets as logs
import numpy as np
import pytest

from experiments import round_trip
from experiments.made_up_firms import made_up
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.eventlog import derive, export, guess_columns, held_out, inside, read_log, split, witness
from sim.eventlog.calendar import WorkingCalendar
from sim.formulas import guarded, unguarded
from sim.model import ServiceModel

ROOT = Path(__file__).resolve().parents[2]
OFFICE = export.office_hours()


def firm() -> ServiceChain:
    """Return a small firm: a desk that asks experts inside and hands on to a workshop."""
    chain = ServiceChain()
    chain.graph.update(name="Small firm", slots_per_day=16)
    chain.add_department("Desk", staff=6, hours_per_request=0.6, error_rate=0.1)
    chain.add_department("Experts", staff=5, hours_per_request=1.2, error_rate=0.05)
    chain.add_department("Workshop", staff=6, hours_per_request=2.0, error_rate=0.05)
    chain.add_segment("People", customers=1500, needs_per_year=8.0)
    chain.add_link("Desk", "People", requests_per_case=0.9, promise_days=1.0)
    chain.add_link("Workshop", "People", requests_per_case=0.1, promise_days=2.0)
    chain.add_link("Experts", "Desk", requests_per_case=0.35, promise_days=0.5)
    chain.add_link("Workshop", "Desk", requests_per_case=0.0, passed_on=0.15, promise_days=1.0)
    return chain.check()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("trip")


@pytest.fixture(scope="module")
def paths(folder):
    """Return the same log in every format."""
    out = {}
    for ending in export.SUFFIXES:
        out[ending] = folder / f"log{ending}"
        export.simulate_tickets(firm(), out[ending], days=60, seed=3)
    return out


@pytest.fixture(scope="module")
def log(paths):
    return read_log(paths[".csv"])


@pytest.fixture(scope="module")
def recovered(log):
    return derive(log, smallest_group=1)


# --- the witness -------------------------------------------------------------------------------------------------------


def test_a_witnessed_run_is_the_same_run_to_the_bit():
    seen, unseen = ServiceModel(firm(), seed=5), ServiceModel(firm(), seed=5, journal=True).run(40)
    trail = np.concatenate(list(witness.watch(seen, 40)))
    closed = trail[trail["ended"] == witness.CLOSED]
    for name, column in unseen.journal.items():
        assert np.array_equal(closed[name], column.to_numpy()), name
    for name in ("unit", "employee", "customer", "link", "relation", "segment"):
        assert getattr(seen.state, name).tobytes() == getattr(unseen.state, name).tobytes(), name


def test_work_begins_after_the_request_came_and_takes_what_staff_were_busy():
    model = ServiceModel(firm(), seed=6).run(30)
    busy = model.state.employee["busy_days"].sum()
    trail = np.concatenate(list(witness.watch(model, 60)))
    service = trail[trail["what"] == witness.SERVICE]
    assert (service["began"] >= service["opened"] - 1e-4).all()
    worked = (service["time"] - service["began"]).sum()
    assert worked == pytest.approx(model.state.employee["busy_days"].sum() - busy, rel=0.02)  # less what was under way


# --- the file ----------------------------------------------------------------------------------------------------------


def test_every_format_gives_the_same_organisation_to_the_last_digit(paths, recovered):
    for path in paths.values():
        again = derive(read_log(path), smallest_group=1).chain
        assert again.to_node_link() == recovered.chain.to_node_link(), path.name


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_log(paths, tmp_path):
    for ending in (".csv.gz", ".xes.gz"):
        export.simulate_tickets(firm(), tmp_path / f"log{ending}", days=60, seed=3)
        assert (tmp_path / f"log{ending}").read_bytes() == paths[ending].read_bytes()
    export.simulate_tickets(firm(), tmp_path / "other.csv", days=60, seed=4)
    assert (tmp_path / "other.csv").read_bytes() != paths[".csv"].read_bytes()
    assert gzip.decompress(paths[".csv.gz"].read_bytes()) == paths[".csv"].read_bytes()


def test_what_is_read_is_what_was_written(log):
    written = {one.number: one for one in export.tickets(firm(), days=60, seed=3)}
    assert len(log.cases) == len(written)
    assert log.cases["reassigned"].sum() == sum(one.steps[-1].passed for one in written.values())
    assert log.cases["reopened"].sum() == sum(one.steps[-1].reopened for one in written.values())
    assert int(log.cases["open"].sum()) == sum(not one.resolved for one in written.values()) > 0
    assert log.cases["work"].sum() == pytest.approx(sum(one.steps[-1].worked for one in written.values()), abs=0.1)
    assert len(log.visits) == sum(1 + one.steps[-1].passed for one in written.values())
    children = sum(bool(one.parent) for one in written.values())
    assert children == int(log.cases["inside"].sum()) > 100


def test_events_of_a_ticket_are_in_order_and_within_office_hours():
    for ticket in export.tickets(firm(), days=20, seed=1):
        times = [step.when for step in ticket.steps]
        assert times == sorted(times)
        assert ticket.opened == times[0]
        for when in times:
            hour, minute, second = (int(part) for part in when[11:].split(":"))
            assert 8 * 3600 <= 3600 * hour + 60 * minute + second <= 18 * 3600 + 1


def test_xes_is_well_formed_and_declares_what_it_uses(paths):
    root = ElementTree.parse(paths[".xes"]).getroot()
    name = "{http://www.xes-standard.org/}"
    assert root.tag == f"{name}log"
    assert root.get("xes.version") == "1849-2016"
    assert {one.get("prefix") for one in root.iter(f"{name}extension")} == {"concept", "lifecycle", "time", "org"}
    transitions = {
        one.get("value") for one in root.iter(f"{name}string") if one.get("key") == "lifecycle:transition"
    }  # fmt: skip
    assert transitions == {"schedule", "start", "reassign", "complete", "resume"}
    numbers = [next(c for c in t if c.get("key") == "concept:name").get("value") for t in root.iter(f"{name}trace")]
    assert len(numbers) == len(set(numbers)) > 1000


def test_names_that_are_formulas_or_markup_come_back_and_no_cell_is_a_formula(tmp_path):
    names = ["=SUM(A1:A9)", '@Desk; "North"', "<R&D> 'x', Ünit", "'=quoted"]
    chain = ServiceChain()
    for place, name in enumerate(names):
        chain.add_department(name, staff=5, hours_per_request=0.5)
        if place:
            chain.add_link(name, names[place - 1], requests_per_case=0.5)
    chain.add_segment("-People", customers=600, needs_per_year=10.0)
    chain.add_link(names[0], "-People", requests_per_case=1.0)
    chains = []
    for ending in (".csv", ".xes"):
        export.simulate_tickets(chain, tmp_path / f"log{ending}", days=20, seed=1)
        chains.append(derive(read_log(tmp_path / f"log{ending}"), smallest_group=1).chain)
        assert set(chains[-1].units) == set(names)
    assert chains[0].to_node_link() == chains[1].to_node_link()
    with (tmp_path / "log.csv").open(encoding="utf-8", newline="") as file:
        assert not [cell for row in csv.reader(file) for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]


def test_an_apostrophe_is_taken_off_only_where_it_guards_a_formula():
    for name in ("=a", "'=a", "''=a", "+1", "@x", "O'Neil", "'quoted'", "plain", "-x"):
        assert unguarded(guarded(name)) == name


def test_no_person_of_the_log_has_more_than_a_number(paths):
    with paths[".csv"].open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert all(row["caller_id"][0] in "CS" and row["caller_id"][1:].isdigit() for row in rows)
    assert all(not row["assigned_to"] or row["assigned_to"][1:].isdigit() for row in rows)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("log.txt", {}, "says no format"),
        ("log", {}, "says no format"),
        (".csv", {}, "says no format"),
        ("log.xes", {"per_ticket": True}, "not one row a ticket"),
        ("no/log.csv", {}, "no such folder"),
        ("log.csv", {"days": 0}, "too few days"),
        ("log.csv", {"warm_up": -1}, "too few days"),
    ],
)
def test_what_cannot_be_written_is_said_and_nothing_is_left_behind(name, options, said, tmp_path):
    with pytest.raises(InputError, match=said):
        export.simulate_tickets(firm(), tmp_path / name, **{"days": 5, "seed": 1, **options})
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays_unless_it_may_be_replaced(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="there already"):
        export.simulate_tickets(firm(), path, days=5, seed=1)
    assert path.read_text(encoding="utf-8") == "mine"
    done = export.simulate_tickets(firm(), path, days=5, seed=1, overwrite=True)
    assert len(path.read_text(encoding="utf-8").splitlines()) == done.events + 1


def test_a_team_whose_name_means_no_value_is_refused(tmp_path):
    chain = ServiceChain()
    chain.add_department("Unknown", staff=3, hours_per_request=1.0)
    chain.add_segment("People", customers=100)
    chain.add_link("Unknown", "People", requests_per_case=1.0)
    with pytest.raises(InputError, match="would not come back"):
        export.simulate_tickets(chain, tmp_path / "log.csv", days=5, seed=1)


# --- what comes back ---------------------------------------------------------------------------------------------------


def test_doors_requests_and_handing_on_come_back(recovered):
    chain = recovered.chain
    assert set(chain.units) == {"Desk", "Experts", "Workshop"}
    assert chain.edges["Desk", "Callers"]["requests_per_case"] == pytest.approx(0.9, abs=0.03)
    assert chain.edges["Experts", "Desk"]["requests_per_case"] == pytest.approx(0.35, abs=0.04)
    assert chain.edges["Workshop", "Desk"]["passed_on"] == pytest.approx(0.15, abs=0.03)
    assert not chain.has_edge("Experts", "Callers")
    assert not chain.has_edge("Desk", "Experts") or chain.edges["Desk", "Experts"].get("requests_per_case", 0) == 0


def test_rates_working_times_staff_and_promises_come_back(recovered):
    errors = round_trip.compare(firm(), recovered.chain)
    assert abs(errors["hours_bias"]) < 10
    assert errors["hours"] < 12
    assert errors["staff"] < 15
    assert errors["promises"] < 3
    assert -5 < errors["arrivals"] < 25  # repeats and complaints are tickets, too


def test_what_a_case_waits_for_inside_is_not_taken_for_a_rest(log, recovered):
    waits = inside.covered(log, log.visits)
    asked = log.cases["parent"][log.cases["parent"] >= 0].unique()
    first = log.visits[log.visits["case"].isin(asked) & (log.visits["place"] == 0)].index
    assert (waits[first] > 0).mean() > 0.9
    assert (waits <= log.visits["days"].fillna(np.inf) + 1e-9).all()
    alone = np.setdiff1d(np.arange(len(waits)), log.visits[log.visits["case"].isin(asked)].index)
    assert not waits[alone].any()


def test_without_working_times_the_log_says_so_and_their_error_is_larger(log):
    blind = read_log(log.source, {"work": "none"})
    derived = derive(blind, smallest_group=1)
    assert any("not in the log" in note for note in derived.notes)
    with_hours = derive(log, smallest_group=1)
    assert round_trip.compare(firm(), derived.chain)["hours"] > round_trip.compare(firm(), with_hours.chain)["hours"]


def test_one_row_a_ticket_still_tells_who_asks_whom(folder):
    path = folder / "tickets.csv"
    done = export.simulate_tickets(firm(), path, days=60, seed=3, per_ticket=True)
    log = read_log(path)
    assert log.columns.rows == "ticket"
    assert len(log.cases) == done.tickets == done.events
    chain = derive(log, smallest_group=1).chain
    assert chain.edges["Experts", "Desk"]["requests_per_case"] == pytest.approx(0.35, abs=0.06)


def test_the_derived_organisation_meets_its_log(log, recovered):
    errors = round_trip._run_again(log, recovered, range(2))
    assert abs(errors["within_sla"]) < 10
    assert abs(errors["median_days"]) < 25


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 9))
def test_made_up_firms_come_back_within_the_error_stated(seed):
    chain = made_up(seed)
    log, _ = round_trip.through(chain, ".csv", 40, seed)
    found = derive(log, smallest_group=1).chain
    for edge, flow in chain.link_rates().items():
        if flow * 40 > 10:  # a link that is hardly used in the period cannot be seen
            assert found.has_edge(edge[0], "Callers" if edge[1] == "Clients" else edge[1]), edge
    errors = round_trip.compare(chain, found)
    assert errors["doors_found"] == 100
    assert errors["asking_real"] >= 95
    assert errors["hours"] < 20
    assert errors["promises"] < 3


@pytest.mark.slow
def test_the_check_for_validation_finds_the_organisation_behind_its_log():
    result = round_trip.FINDING.run(round_trip.Effort(share=0.1))
    verdicts = {one.name: one.verdict for one in result.checks}
    assert len(verdicts) == len(result.checks) == len(round_trip.STATED)
    assert [one.reason for one in result.checks if one.verdict == "inside"] == [""] * list(verdicts.values()).count(
        "inside"
    )
    assert list(verdicts.values()).count("inside") >= 8
    assert verdicts["handovers over links that are real"] == "direction only"


# --- parents in logs of others -----------------------------------------------------------------------------------------


def child_rows(parent_of) -> list[list[str]]:
    """Return one row a ticket: 60 parents at the desk, a child each; ``parent_of`` gives the child's parent cell."""
    rows = [["Number", "Parent incident", "Assignment group", "Opened", "Resolved"]]
    start = np.datetime64("2024-03-04T08:00:00")
    for n in range(60):
        begin = start + np.timedelta64(7 * 24 * (n // 10), "h") + np.timedelta64(20 * (n % 10), "m")
        rows.append([f"P{n}", "", "Service Desk", str(begin), str(begin + np.timedelta64(300, "m"))])
        rows.append([f"K{n}", parent_of(n), "Network", str(begin), str(begin + np.timedelta64(120, "m"))])
    return rows


def test_child_tickets_become_links_between_departments(tmp_path):
    log = read_log(logs.write(tmp_path / "log.csv", child_rows(lambda n: f"P{n}")))
    chain = derive(log, smallest_group=1).chain
    assert chain.edges["Network", "Service Desk"]["requests_per_case"] == pytest.approx(1.0)
    assert not chain.has_edge("Network", "Callers")
    assert len(log.outer.cases) == 60


def test_parents_that_are_no_tickets_of_the_log_are_left_alone(tmp_path):
    log = read_log(logs.write(tmp_path / "log.csv", child_rows(lambda n: f"CHG{n}")))
    assert not log.has_inside
    assert any("means something else" in note for note in log.notes)


def test_duplicates_that_end_after_their_master_are_no_requests_between_teams(tmp_path):
    rows = child_rows(lambda n: f"P{n}")
    for row in rows[2::2]:
        row[4] = str(np.datetime64(row[4]) + np.timedelta64(2, "D"))
    log = read_log(logs.write(tmp_path / "log.csv", rows))
    assert not log.has_inside
    assert any("duplicates" in note for note in log.notes)


def test_parents_in_a_circle_and_tickets_that_are_their_own_parent_do_no_harm():
    notes: list[str] = []
    case = np.arange(6)
    parent = np.array([np.nan, 0, 1, 4, 3, 5], float)
    row, named = inside.parents(case, parent, notes)
    assert row.tolist() == [-1, 0, 1, -1, -1, -1]
    assert named.tolist() == [False, True, True, False, False, False]
    assert "circle" in notes[0]
    assert inside.roots(row).tolist() == [0, 0, 0, 3, 4, 5]


def test_a_log_without_parents_is_read_as_before(tmp_path):
    path = logs.write(tmp_path / "log.csv", logs.event_rows(logs.tickets(200)))
    guess = guess_columns(path)
    assert guess.column("parent") is None and guess.column("asker") is None  # noqa: PT018
    log = read_log(path)
    assert not log.has_inside
    assert log.outer is log


# --- fitted on one part, checked on the rest ---------------------------------------------------------------------------


def test_a_child_stays_with_its_parent_when_a_log_is_split(log):
    train, test = split(log, 0.7)
    assert len(train.cases) + len(test.cases) == len(log.cases)
    assert train.outer.cases["opened"].max() <= test.outer.cases["opened"].min()
    for part in (train, test):
        parents = part.cases["parent"].to_numpy()
        assert (part.cases["inside"].to_numpy() == (parents >= 0))[parents >= 0].all()
        assert parents.max() < len(part.cases)
    assert (train.cases["parent"] >= 0).sum() + (test.cases["parent"] >= 0).sum() == (log.cases["parent"] >= 0).sum()


def test_the_rest_of_a_steady_log_is_predicted(log):
    table = held_out(log, range(3), share=0.7, smallest_group=1)
    assert set(table["verdict"]) <= {"inside", "outside"}
    inside_ = (table["simulation"] >= table["log_low"]) & (table["simulation"] <= table["log_high"])
    assert (inside_ == (table["verdict"] == "inside")).all()
    assert abs(table.loc["tickets a working day", "relative"]) < 0.1
    assert abs(table.loc["median resolution time, working days", "relative"]) < 0.25


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, 2.0, 0.9999])
def test_a_split_that_leaves_too_little_is_refused(log, share):
    with pytest.raises(InputError, match=r"no share|too few tickets"):
        split(log, share)


# --- the commands ------------------------------------------------------------------------------------------------------


def service_culture(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from sim.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, check=False
    )  # fmt: skip


@pytest.mark.slow
def test_the_commands_go_there_and_back(tmp_path):
    done = service_culture("simulate-tickets", "software_firm", "--days", 12, "--out", "log.csv.gz", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "tickets in" in done.stdout
    back = service_culture(
        "from-tickets", "log.csv.gz", "--out", "again.toml", "--runs", 2, "--hold-out", 0.3, "--json", cwd=tmp_path
    )  # fmt: skip
    assert back.returncode == 0, back.stderr
    answer = json.loads(back.stdout)
    assert {row["verdict"] for row in answer["held_out"]} <= {"inside", "outside"}
    assert (tmp_path / "again.toml").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["simulate-tickets", "retailer", "--out", "log.pdf"], ["--out: the ending", ".csv, .xes"]),
        (["simulate-tickets", "retailer", "--out", "nowhere/log.csv"], ["no such folder"]),
        (["simulate-tickets", "nobody", "--out", "log.csv"], ["no such organisation"]),
        (["from-tickets", "x.csv", "--hold-out", "1.5"], ["--hold-out: this is no share"]),
        (["from-tickets", "x.csv", "--hold-out", "0.3", "--runs", "0"], ["--hold-out: there is no simulation"]),
    ],
)
def test_wrong_input_gets_one_error_and_writes_nothing(arguments, said, tmp_path):
    done = service_culture(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    for part in said:
        assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_clock_of_an_export_has_an_exact_inverse():
    days = np.linspace(0, 30, 500)
    start = float(OFFICE.to_working(export.FIRST_DAY + 3600.0 * export.OPENS))
    assert OFFICE.to_working(OFFICE.to_clock(start + days)) == pytest.approx(start + days, abs=1e-6)
    assert isinstance(OFFICE, WorkingCalendar)
