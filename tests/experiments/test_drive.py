"""Driving a sweep: whoever works and however it is stopped, in the end every run is there once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from experiments.sweeps import drive, read, shards
from experiments.sweeps import folder as folders
from experiments.sweeps.design import Design
from experiments.sweeps.executors import PoolLost, Processes, Threads
from experiments.sweeps.ledger import CannotWrite, DiskFull, Ledger, Lock
from experiments.sweeps.plan import Plan
from experiments.sweeps.simulate import FunctionRuns, ServiceRuns
from experiments.sweeps.space import Factor, Space, lever_factor
from experiments.sweeps.status import status
from sim import organisation
from sim.errors import InputError
from tests.experiments import cheap


@pytest.fixture
def counting(tmp_path, monkeypatch):
    """A folder in which every run leaves a line."""
    place = tmp_path / "calls"
    place.mkdir()
    monkeypatch.setenv(cheap.CALLS, str(place))
    return place


def expected(plan):
    """The table without any sweep: a loop over the plan."""
    runs = np.arange(len(plan))
    rows = [
        plan.simulator.run(dict(zip(plan.space.names, row, strict=True)), seed).figures
        for row, seed in zip(plan.values_of(runs).tolist(), plan.seed_of(runs).tolist(), strict=True)
    ]
    return pd.DataFrame(rows)


def check_whole(folder, plan, but=()):
    table = read.runs(folder)
    keep = np.setdiff1d(np.arange(len(plan)), but)
    assert table["run"].tolist() == keep.tolist()
    found = expected(plan) if not len(but) else None
    if found is not None:
        pd.testing.assert_frame_equal(table[list(plan.simulator.outputs)], found, check_exact=True)
    np.testing.assert_array_equal(table[plan.space.names].to_numpy(), plan.values_of(keep))
    assert table["seed"].tolist() == plan.seed_of(keep).tolist()
    pending = [one.name for one in (folder / "pending").iterdir()]
    assert pending == [folders.manifest(folder)["sweep"]]


# --- where it is done ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 3])
def test_with_threads_every_run_is_there_once_and_is_what_a_loop_would_give(tmp_path, counting, workers):
    plan = cheap.plan(samples=60, replicates=2)
    standing = drive.sweep(tmp_path / "s", plan, pool=Threads(workers))
    assert standing.whole
    assert not standing.missing
    assert cheap.calls(counting) == 120
    check_whole(tmp_path / "s", plan)


def test_an_executor_of_ones_own_is_used_and_left_open(tmp_path):
    plan = cheap.plan()
    with ThreadPoolExecutor(2) as own:
        assert drive.sweep(tmp_path / "s", plan, pool=own).whole
        assert own.submit(int, "3").result() == 3
    check_whole(tmp_path / "s", plan)


@pytest.mark.slow
def test_with_processes_of_either_making_the_table_is_the_same(tmp_path):
    plan = cheap.plan()
    assert drive.sweep(tmp_path / "a", plan, pool=Processes(2)).whole
    with ProcessPoolExecutor(2) as own:
        assert drive.sweep(tmp_path / "b", plan, pool=own).whole
    for name in "ab":
        check_whole(tmp_path / name, plan)


def test_workers_that_do_not_see_the_folder_send_their_shards(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "_in_sight", lambda task: False)
    plan = cheap.plan()
    drive.sweep(tmp_path / "s", plan)
    check_whole(tmp_path / "s", plan)


def test_a_folder_of_the_same_name_on_another_machine_is_not_taken_for_the_sweeps(tmp_path):
    plan = cheap.plan(samples=4)
    for name in "ab":
        folders.create(tmp_path / name, plan)
    told = [folders.manifest(tmp_path / name)["sweep"] for name in "ab"]
    common = (plan.simulator, ("x", "y"), plan.root())
    assert shards._in_sight(shards.Task(*common, str(tmp_path / "a"), told[0]))
    assert not shards._in_sight(shards.Task(*common, str(tmp_path / "a"), told[1]))


def test_two_sweeps_in_one_process_at_the_same_time_do_not_meet(tmp_path):
    plans = {name: cheap.plan(cheap.slow, samples=20, seed=seed) for name, seed in (("a", 1), ("b", 5))}
    threads = [threading.Thread(target=drive.sweep, args=(tmp_path / name, plan)) for name, plan in plans.items()]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    for name, plan in plans.items():
        check_whole(tmp_path / name, plan)


def test_the_model_of_this_package_gives_the_same_table_in_whatever_order_and_company(tmp_path):
    firm = organisation.load("software_firm")
    space = Space((
        lever_factor(firm, "training", 0, 0.1),
        lever_factor(firm, "word_of_mouth", 1, 2, kind="uncertainty"),
    ))  # fmt: skip
    simulator = ServiceRuns(firm, space, warm_up=3, days=5, outputs=["profit"], series=["profit"], every=2)
    plan = Plan(space, Design("grid", levels=2), simulator, replicates=2)
    tables = []
    for name, pool in (("a", Threads(1)), ("b", Threads(3))):
        drive.sweep(tmp_path / name, plan, pool=pool)
        tables.append((read.runs(tmp_path / name), read.series(tmp_path / name)))
    alone = [plan.simulator.run(dict(row), 1) for row in plan.points.to_dict("records")]
    assert tables[0][0].equals(tables[1][0])
    assert tables[0][1].equals(tables[1][1])
    assert tables[0][0]["profit"].tolist()[::2] == [one.figures["profit"] for one in alone]
    assert tables[0][1].query("run == 0")["profit"].tolist() == alone[0].series["profit"].tolist()


# --- runs that go wrong ----------------------------------------------------------------------------------------------


def test_runs_that_fail_in_whatever_way_are_recorded_as_failures_and_all_others_are_done(tmp_path):
    space = Space((Factor("x", "input", 0, 63 / 64), Factor("y", "input", 1, 1.5)))
    plan = Plan(space, Design("grid", levels={"x": 64, "y": 2}),
                FunctionRuns(cheap.in_every_bad_way, ["sum", "third", "chance"]))  # fmt: skip
    standing = drive.sweep(tmp_path / "s", plan)
    found = read.failures(tmp_path / "s")
    kinds = ["InputError", "SystemExit", "InputError", "ValueError", "TimeoutError", "ConnectionError", "MemoryError"]
    assert (standing.recorded, standing.failed, standing.missing) == (114, 14, 0)
    assert found["kind"].tolist()[::2] == kinds
    assert found["attempts"].tolist() == [1] * 14
    assert "no such firm" in found["message"][0]
    assert "in_every_bad_way" in found["traceback"][0]
    check_whole(tmp_path / "s", plan, found["run"])
    assert status(tmp_path / "s").state == "finished with failures"
    assert status(tmp_path / "s").errors["InputError"] == 4


def test_a_firm_that_is_impossible_at_some_points_fails_there_only(tmp_path):
    firm = organisation.load("software_firm")
    # Support and Engineering ask each other; at 50 requests per case that would go on without end.
    asked = Factor("requests_per_case@Support:Engineering", "uncertainty", values=(0.0, 0.1, 50.0))
    space = Space((asked,))
    runs = ServiceRuns(firm, space, warm_up=2, days=2, outputs=["profit"])
    standing = drive.sweep(tmp_path / "s", Plan(space, Design("grid"), runs))
    assert (standing.recorded, standing.failed) == (2, 1)
    assert read.failures(tmp_path / "s")["kind"].tolist() == ["InputError"]


def test_failures_are_left_alone_until_they_are_asked_for_and_forgotten_when_mended(tmp_path, counting, monkeypatch):
    plan = cheap.plan(cheap.fails_above_half)
    first = drive.sweep(tmp_path / "s", plan)
    assert first.failed == 20
    assert drive.sweep(tmp_path / "s", plan).failed == 20
    assert cheap.calls(counting) == 40
    assert drive.sweep(tmp_path / "s", plan, retry_failed=True).failed == 20
    assert cheap.calls(counting) == 60
    assert set(read.failures(tmp_path / "s")["attempts"]) == {2}
    monkeypatch.setenv("CHEAP_MENDED", "1")
    assert drive.sweep(tmp_path / "s", plan, retry_failed=True).whole
    assert cheap.calls(counting) == 80
    assert read.failures(tmp_path / "s").empty
    check_whole(tmp_path / "s", plan)


@pytest.mark.parametrize(
    ("series", "returned"),
    [
        (("level",), {"day": np.arange(3), "level": np.arange(2.0)}),
        (("level",), {"day": np.arange(3), "other": np.arange(3.0)}),
        (("level",), {"level": np.arange(3.0)}),
        ((), {"day": np.arange(3), "level": np.arange(3.0)}),
    ],
    ids=["of two lengths", "of another name", "without days", "unannounced"],
)  # fmt: skip
def test_time_series_that_are_not_as_announced_are_failures_of_their_runs(tmp_path, series, returned):
    plan = Plan(cheap.SPACE, Design("sobol", 2), cheap.WithSeries(series, returned))
    standing = drive.sweep(tmp_path / "s", plan)
    assert standing.failed == 2
    assert "series" in read.failures(tmp_path / "s")["message"][0]


@pytest.mark.slow
def test_a_run_that_kills_its_worker_is_found_and_all_others_are_done(tmp_path):
    plan = cheap.plan(cheap.kills_its_worker, samples=32)
    standing = drive.sweep(tmp_path / "s", plan, pool=Processes(2))
    found = read.failures(tmp_path / "s")
    assert found["kind"].tolist() == ["WorkerDied"] * standing.failed
    assert set(found["run"]) == set(plan.points.query("0.4 < x < 0.45").index)
    check_whole(tmp_path / "s", plan, found["run"])


@pytest.mark.slow
def test_a_worker_that_dies_by_accident_costs_no_run(tmp_path, counting):
    plan = cheap.plan(cheap.kills_its_worker_once, samples=32)
    assert drive.sweep(tmp_path / "s", plan, pool=Processes(2)).whole
    check_whole(tmp_path / "s", plan)


# --- a model of one's own --------------------------------------------------------------------------------------------


def test_a_model_of_ones_own_is_swept_gone_on_with_and_read_without_it(tmp_path):
    folder = tmp_path / "s"
    small, large = (Plan(cheap.SPACE, Design("sobol", samples), cheap.WithSeries()) for samples in (4, 9))
    drive.sweep(folder, small)
    assert drive.sweep(folder, large).whole
    assert len(read.runs(folder)) == 9
    assert read.failures(folder).empty
    series = read.series(folder)
    assert series[["run", "day"]].to_numpy().tolist() == [[run, day] for run in range(9) for day in (5, 10, 12)]
    assert folders.load(folder).simulator.outputs == ("end",)
    with pytest.raises(InputError, match="model that was swept cannot be found") as told:
        drive.sweep(folder)
    assert "with the plan" in str(told.value)


# --- simulators that cannot be sent ----------------------------------------------------------------------------------


def test_a_function_that_cannot_be_sent_to_workers_is_refused_in_words(tmp_path):
    plan = cheap.plan(lambda point, seed: {"sum": 1.0}, outputs=("sum",))
    with pytest.raises(InputError, match="cannot be sent to workers") as told:
        drive.sweep(tmp_path / "s", plan)
    assert "no lambda" in str(told.value)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("  Error during deserialization of the task graph. This\n"), "on the scheduler's machine, too"),
        (ModuleNotFoundError("No module named 'experiments'"), "No module named 'experiments'"),
    ],
    ids=["scheduler", "worker"],
)  # fmt: skip
def test_a_machine_that_lacks_the_program_is_told_in_words_and_the_sweep_can_go_on_elsewhere(tmp_path, error, said):
    class Bare(Threads):
        def open(self):
            pool = super().open()

            def fail(*given):
                failed = Future()
                failed.set_exception(error)
                return failed

            pool.submit = fail
            return pool

    plan = cheap.plan(samples=8)
    with pytest.raises(InputError, match="same version of service-culture") as told:
        drive.sweep(tmp_path / "s", plan, pool=Bare(2))
    assert said in str(told.value)
    assert read.failures(tmp_path / "s").empty
    assert drive.sweep(tmp_path / "s").whole
    check_whole(tmp_path / "s", plan)


# --- one driver, one plan --------------------------------------------------------------------------------------------


def test_a_second_driver_is_refused_and_the_first_goes_on(tmp_path):
    plan = cheap.plan(cheap.slow, samples=30)
    refused = []

    def second(now):
        if not refused:
            try:
                drive.sweep(tmp_path / "s", plan)
            except InputError as error:
                refused.append(str(error))

    assert drive.sweep(tmp_path / "s", plan, progress=second).whole
    assert "another process is driving" in refused[0]


def test_another_plan_is_refused_and_told_where_it_differs(tmp_path):
    drive.sweep(tmp_path / "s", cheap.plan(samples=8))
    before = (tmp_path / "s" / "sweep.json").read_bytes()
    for other, place in (
        (cheap.plan(samples=16, replicates=2), "replicates"),
        (cheap.plan(samples=8, seed=3), "seed"),
        (cheap.plan(samples=4), "points"),
        (cheap.plan(samples=8, method="lhs"), "design.method"),
        (cheap.plan(cheap.slow, samples=8), "simulator.model"),
    ):
        with pytest.raises(InputError, match="another sweep") as told:
            drive.sweep(tmp_path / "s", other)
        assert place in str(told.value.place)
    assert (tmp_path / "s" / "sweep.json").read_bytes() == before


def test_going_on_with_another_version_of_the_model_is_refused_and_reading_is_not(tmp_path, monkeypatch):
    firm = organisation.load("software_firm")
    space = Space((lever_factor(firm, "training", 0, 0.1),))

    def plan(samples=2):
        return Plan(space, Design("sobol", samples), ServiceRuns(firm, space, warm_up=2, days=2))

    drive.sweep(tmp_path / "s", plan())
    monkeypatch.setattr("experiments.sweeps.simulate.model_version", lambda: "another")
    for again in (None, plan(), plan(4)):
        with pytest.raises(InputError, match="another version of the model"):
            drive.sweep(tmp_path / "s", again)
    assert len(read.runs(tmp_path / "s")) == 2
    assert status(tmp_path / "s").state == "finished"


def test_more_samples_of_the_same_design_run_only_what_is_new(tmp_path, counting):
    drive.sweep(tmp_path / "s", cheap.plan(samples=8, replicates=2))
    assert status(tmp_path / "s").standing.whole
    plan = cheap.plan(samples=20, replicates=2)
    assert drive.sweep(tmp_path / "s", plan).whole
    assert cheap.calls(counting) == 40
    check_whole(tmp_path / "s", plan)


def test_killed_while_it_is_made_larger_a_sweep_goes_on_as_either(tmp_path, monkeypatch):
    small, large = cheap.plan(samples=8), cheap.plan(samples=20)
    folder = tmp_path / "s"
    drive.sweep(folder, small)
    large.points.to_parquet(folder / "design.parquet", index=False)  # and then killed, before sweep.json was written
    assert drive.sweep(folder).whole
    assert len(folders.load(folder)) == 8
    assert drive.sweep(folder, large).whole
    check_whole(folder, large)


def test_a_folder_with_other_things_in_it_is_not_touched(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(InputError, match="not empty"):
        drive.sweep(tmp_path, cheap.plan())
    with pytest.raises(InputError, match="no sweep in this folder"):
        drive.sweep(tmp_path)
    with pytest.raises(InputError, match="no sweep in this folder"):
        drive.sweep(tmp_path / "nowhere")
    assert [one.name for one in tmp_path.iterdir()] == ["thesis.txt"]


def test_two_that_make_the_same_folder_at_once_make_one(tmp_path, monkeypatch):
    plan = cheap.plan(samples=4)
    barrier = threading.Barrier(4)
    write = folders._write_plan

    def together(*given):
        write(*given)
        barrier.wait(20)

    monkeypatch.setattr(folders, "_write_plan", together)
    errors = []

    def make():
        try:
            folders.create(tmp_path / "s", plan)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert errors == []
    assert [one.name for one in tmp_path.iterdir()] == ["s"], "no drafts are left"


# --- stopping and going on -------------------------------------------------------------------------------------------


def stop_after(seconds):
    """A progress function that interrupts the driver, as Ctrl-C does, when some runs are recorded."""
    until = time.monotonic() + seconds

    def progress(now):
        if time.monotonic() > until and now.recorded:
            raise KeyboardInterrupt

    return progress


@pytest.mark.parametrize("own", [False, True], ids=["threads", "an executor of one's own"])
def test_ctrl_c_records_what_is_under_way_and_only_what_is_missing_runs_later(tmp_path, counting, monkeypatch, own):
    monkeypatch.setattr(drive, "HEARTBEAT", 0.1)
    plan = cheap.plan(cheap.slow, samples=80)
    folder = tmp_path / "s"
    pool = ThreadPoolExecutor(2) if own else Threads(2)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        drive.sweep(folder, plan, pool=pool, progress=stop_after(0.2))
    assert time.monotonic() - began < 5
    now = status(folder)
    assert (now.state, now.ended) == ("stopped", "stopped by the user")
    assert 0 < now.standing.recorded < 80
    assert cheap.calls(counting) == now.standing.recorded, "no run was begun in vain"
    assert drive.sweep(folder, pool=Threads(2)).whole
    assert cheap.calls(counting) == 80
    check_whole(folder, plan)
    if own:
        pool.shutdown()


@pytest.mark.slow
def test_ctrl_c_reaches_batches_in_other_processes_after_the_run_that_they_are_at(tmp_path, counting, monkeypatch):
    monkeypatch.setattr(drive, "FEWEST_SECONDS", 60.0)
    plan = cheap.plan(cheap.very_slow, samples=300)
    folder = tmp_path / "s"
    with pytest.raises(KeyboardInterrupt):
        drive.sweep(folder, plan, pool=Processes(1), progress=stop_after(6))
    began = time.monotonic()
    recorded = status(folder).standing.recorded
    assert 0 < recorded < 150
    assert cheap.calls(counting) == recorded
    assert time.monotonic() - began < 10
    assert not list((folder / "pending").glob("stop-*"))


def test_interrupted_between_a_record_and_its_note_a_run_still_counts_once(tmp_path, monkeypatch):
    plan = cheap.plan(samples=30)
    record, left = Ledger.record, [3]

    def twice(ledger, receipt):
        new = record(ledger, receipt)
        left[0] -= 1
        if left[0] in (0, -1):  # Ctrl-C, and again while what is under way is recorded
            raise KeyboardInterrupt
        return new

    monkeypatch.setattr(Ledger, "record", twice)
    with pytest.raises(KeyboardInterrupt):
        drive.sweep(tmp_path / "s", plan, pool=Threads(2))
    monkeypatch.setattr(Ledger, "record", record)
    assert threading.active_count() < 10
    assert drive.sweep(tmp_path / "s").whole
    check_whole(tmp_path / "s", plan)


def test_an_error_in_the_middle_leaves_a_sweep_that_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(drive, "HEARTBEAT", 0.1)

    def broken(now):
        if now.recorded > 5:
            raise ZeroDivisionError

    plan = cheap.plan(cheap.slow, samples=60)
    with pytest.raises(ZeroDivisionError):
        drive.sweep(tmp_path / "s", plan, progress=broken)
    assert status(tmp_path / "s").ended == "stopped by an error"
    assert drive.sweep(tmp_path / "s").whole
    assert status(tmp_path / "s").sessions == 2
    check_whole(tmp_path / "s", plan)


def test_a_full_disk_ends_the_sweep_in_words_even_where_a_sign_of_life_cannot_be_written(tmp_path, monkeypatch):
    plan = cheap.plan(cheap.slow, samples=60)
    full = threading.Event()
    write, seen = shards.write, Ledger.seen

    def writing(path, content):
        if full.is_set():
            raise OSError(28, "No space left on device")
        write(path, content)

    def alive(*given):
        if full.is_set():
            raise DiskFull("no room")
        seen(*given)

    monkeypatch.setattr(shards, "write", writing)
    monkeypatch.setattr(Ledger, "seen", alive)
    monkeypatch.setattr(drive, "HEARTBEAT", 0.05)
    with pytest.raises(DiskFull, match="No space left"):
        drive.sweep(tmp_path / "s", plan, progress=lambda now: now.recorded > 10 and full.set())
    full.clear()
    assert 0 < status(tmp_path / "s").standing.recorded < 60
    assert drive.sweep(tmp_path / "s").whole
    check_whole(tmp_path / "s", plan)


def test_a_disk_that_cannot_be_written_for_another_reason_is_told_as_such(tmp_path, monkeypatch):
    def refuse(path, content):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(shards, "write", refuse)
    with pytest.raises(CannotWrite, match="Permission denied"):
        drive.sweep(tmp_path / "s", cheap.plan())


class Unreliable(Threads):
    """Threads whose every fourth batch is lost, in each of the ways in which executors say so."""

    errors = (BrokenExecutor("gone"), ConnectionResetError(), EOFError(), TimeoutError())

    def __init__(self):
        super().__init__(2)
        self.sent = self.opened = 0

    def open(self):
        self.opened += 1
        pool, mine = super().open(), self
        submit = pool.submit

        def losing(*given):
            mine.sent += 1
            if mine.sent % 4 == 3:
                lost = Future()
                if mine.sent % 8 == 3:
                    lost.set_exception(mine.errors[mine.sent // 8 % 4])
                else:
                    lost.cancel()
                    lost.set_running_or_notify_cancel()
                return lost
            return submit(*given)

        pool.submit = losing
        return pool


def test_batches_that_are_lost_are_sent_again_until_all_is_done(tmp_path):
    plan = cheap.plan(samples=90)
    pool = Unreliable()
    assert drive.sweep(tmp_path / "s", plan, pool=pool).whole
    assert pool.opened > 2
    check_whole(tmp_path / "s", plan)


def test_a_pool_that_never_comes_back_is_given_up_and_the_sweep_can_go_on_elsewhere(tmp_path, monkeypatch):
    class Dead(Threads):
        def open(self):
            pool = super().open()
            pool.shutdown()

            def refuse(*given):
                raise ConnectionRefusedError

            pool.submit = refuse
            return pool

    monkeypatch.setattr("experiments.sweeps.drive.time.sleep", lambda seconds: None)
    plan = cheap.plan()
    with pytest.raises(PoolLost, match="10 times"):
        drive.sweep(tmp_path / "s", plan, pool=Dead())
    assert drive.sweep(tmp_path / "s").whole
    check_whole(tmp_path / "s", plan)


def test_shards_that_vanish_before_they_are_recorded_are_made_again(tmp_path, monkeypatch):
    write, count = shards.write, [0]

    def losing(path, content):
        write(path, content)
        count[0] += 1
        if count[0] % 3 == 2:
            path.unlink()

    monkeypatch.setattr(shards, "write", losing)
    plan = cheap.plan()
    assert drive.sweep(tmp_path / "s", plan).whole
    check_whole(tmp_path / "s", plan)


# --- how far it is ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_status_tells_what_the_folder_holds_while_it_is_driven_and_afterwards(tmp_path, monkeypatch):
    monkeypatch.setattr(drive, "HEARTBEAT", 0.1)
    folder, seen = tmp_path / "s", []
    standing = drive.sweep(folder, cheap.plan(cheap.slow, samples=150), pool=Threads(1),
                           progress=lambda now: seen.append((now, status(folder))))  # fmt: skip
    assert {one.state for _, one in seen} == {"running"}
    assert all(now.recorded == one.standing.recorded for now, one in seen)
    after = status(folder)
    assert (after.state, after.ended, after.sessions) == ("finished", "finished", 1)
    assert after.size == sum(one.stat().st_size for one in (folder / "runs").iterdir())
    for rate in (standing.rate, after.standing.rate):
        assert 15 < rate < 50, "50 a second at most, less what a busy machine takes"
    assert after.work >= 3


def test_throughput_does_not_count_the_time_for_which_a_sweep_was_stopped(tmp_path, monkeypatch):
    folder = folders.create(tmp_path / "s", cheap.plan())
    clock = [1000.0]
    monkeypatch.setattr("experiments.sweeps.ledger.time.time", lambda: clock[0])
    with Ledger(folder) as ledger:
        for began in (1000.0, 1060.0):
            clock[0] = began
            session = ledger.begin("nobody")
            for _ in range(10):
                clock[0] += 1
                ledger._db.execute(
                    "INSERT INTO shard(name, runs, recorded) VALUES (?, 2, ?)", (str(clock[0]), clock[0])
                )
            ledger.seen(session, "stopped by the user")
    assert status(folder).standing.rate == pytest.approx(2)


def test_a_driver_that_was_killed_here_is_at_once_known_to_be_gone_and_elsewhere_after_a_minute(tmp_path, monkeypatch):
    folder = folders.create(tmp_path / "s", cheap.plan())
    with Ledger(folder) as ledger:
        ledger.begin("threads")
        assert status(folder).state == "stopped"
        ledger._db.execute("UPDATE session SET host = 'elsewhere'")
        assert status(folder).state == "running"
        ledger._db.execute("UPDATE session SET seen = seen - 100")
        assert status(folder).state == "stopped"
    lock = Lock(folder)
    lock.take()
    assert status(folder).state == "running"
    lock.give_back()


# --- processes do not outlive their driver ----------------------------------------------------------------------------


@pytest.mark.slow
def test_workers_of_a_driver_that_is_killed_end_by_themselves(tmp_path):
    code = (
        "import sys\nfrom experiments.sweeps import drive\nfrom experiments.sweeps.executors import Processes\n"
        "from tests.experiments import cheap\n"
        "if __name__ == '__main__':\n"
        "    plan = cheap.plan(cheap.very_slow, samples=4000)\n"
        "    drive.sweep(sys.argv[1], plan, pool=Processes(2))\n"
    )
    (tmp_path / "own.py").write_text(code)
    driver = subprocess.Popen([sys.executable, tmp_path / "own.py", tmp_path / "s"], env=os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path), cheap.CALLS: str(tmp_path)})  # fmt: skip

    def workers():
        return [
            int(one.name) for one in tmp_path.iterdir() if one.name.isdigit() and (os.path.exists(f"/proc/{one.name}"))
        ]

    until = time.monotonic() + 90
    while len(workers()) < 2 and time.monotonic() < until:
        time.sleep(0.1)
    driver.kill()
    driver.wait()
    until = time.monotonic() + 10
    while workers() and time.monotonic() < until:
        time.sleep(0.1)
    assert workers() == []
