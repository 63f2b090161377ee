"""A run is recorded once or not at all, whatever happens to the process, the disk or the files."""

from __future__ import annotations

import io
import os
import pickle
import sqlite3
import subprocess
import sys
import threading
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.sweeps import folder as folders
from experiments.sweeps import ledger as ledgers
from experiments.sweeps import read, shards
from experiments.sweeps.ledger import CannotWrite, DiskFull, Ledger, Lock
from experiments.sweeps.shards import Batch, Failure, Task
from sim.errors import InputError
from tests.experiments import cheap

PLAN = cheap.plan(samples=24)
STEPS = ("write", "begin", "insert shard", "insert file", "insert run", "commit", "committed", "replace", "replaced")


class Killed(BaseException):
    """Stands for kill -9: nothing after it is done."""


@pytest.fixture
def folder(tmp_path):
    return folders.create(tmp_path / "sweep", PLAN)


def task(folder, plan=PLAN, in_sight=True):
    name = folders.manifest(folder)["sweep"]
    where = str(folder) if in_sight else ""
    return pickle.dumps(Task(plan.simulator, tuple(plan.space.names), plan.root(), where, name))


def batch(runs, name, plan=PLAN):
    runs = np.asarray(runs)
    return Batch(name, runs, plan.point_of(runs), plan.replicate_of(runs), plan.seed_of(runs), plan.values_of(runs))


def receipt(folder, runs, name, plan=PLAN, in_sight=True):
    return shards.work(task(folder, plan, in_sight), batch(runs, name, plan))


def in_files(folder, kind="runs"):
    """Runs in `runs/*.parquet`, as any other program sees them."""
    found = [pq.read_table(path)["run"].to_pylist() for path in sorted((folder / kind).glob("*.parquet"))]
    return sorted(run for one in found for run in one)


def consistent(folder, runs):
    with Ledger(folder, read_only=True) as ledger:
        assert ledger.recorded().tolist() == sorted(runs)
        assert ledger.counts()[0] == len(runs)
        names = {one.name for one in ledger.shards()}
    assert in_files(folder) == sorted(runs)
    assert {path.stem for path in (folder / "runs").iterdir()} == names
    assert [path.name for path in (folder / "pending").iterdir()] == [folders.manifest(folder)["sweep"]]
    if runs:
        assert read.runs(folder)["run"].tolist() == sorted(runs)


def mended(folder, plan=PLAN):
    with folders.open_ledger(folder, plan):
        pass


# --- once ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("in_sight", [True, False], ids=["shared folder", "elsewhere"])
def test_the_same_receipt_twice_counts_once_and_overlapping_batches_never_twice(folder, in_sight):
    with Ledger(folder) as ledger:
        first = receipt(folder, [0, 1, 2], "a", in_sight=in_sight)
        assert ledger.record(first) == 3
        assert ledger.record(first) == 0
        assert ledger.record(receipt(folder, [2, 3], "b", in_sight=in_sight)) == 0
        assert ledger.record(receipt(folder, [3, 4], "c", in_sight=in_sight)) == 2
    consistent(folder, [0, 1, 2, 3, 4])


def test_a_receipt_without_its_file_is_not_recorded(folder):
    with Ledger(folder) as ledger:
        gone = receipt(folder, [0, 1], "a")
        (folder / "pending" / "runs-a.parquet").unlink()
        assert ledger.record(gone) == 0
        short = receipt(folder, [2, 3], "b")
        os.truncate(folder / "pending" / "runs-b.parquet", 10)
        assert ledger.record(short) == 0
    consistent(folder, [])


def test_a_failure_is_noted_counted_and_forgotten_when_the_run_succeeds(folder):
    with Ledger(folder) as ledger:
        for _ in range(2):
            ledger.record(shards.Receipt("x", np.array([], dtype=int), (Failure(5, "ValueError", "no", "…"),)))
        assert ledger.failures() == [{"run": 5, "kind": "ValueError", "message": "no", "traceback": "…", "attempts": 2}]
        assert ledger.counts() == (0, 1)
        ledger.record(receipt(folder, [5], "y"))
        assert ledger.counts() == (1, 0)
        ledger.record(shards.Receipt("z", np.array([], dtype=int), (Failure(5, "Late", "", ""),)))
        assert ledger.counts() == (1, 0), "a late failure does not unmake a result"


# --- killed between any two steps ------------------------------------------------------------------------------------


class Dying:
    """A connection that dies at a step."""

    def __init__(self, db, step):
        self._db, self.step = db, step

    def _at(self, step):
        if step == self.step:
            self._db.close()  # what the system does with a dead process: locks are given back, what is not committed is gone
            raise Killed

    def execute(self, text, *rest):
        if text == "COMMIT":
            self._at("commit")
            found = self._db.execute(text)
            self._at("committed")
            return found
        if text.startswith("BEGIN"):
            self._at("begin")
        if text.startswith("INSERT INTO shard"):
            self._at("insert shard")
        return self._db.execute(text, *rest)

    def executemany(self, text, *rest):
        if text.startswith("INSERT INTO file"):
            self._at("insert file")
        if text.startswith("INSERT INTO run"):
            self._at("insert run")
        return self._db.executemany(text, *rest)

    @property
    def in_transaction(self):
        return False

    def close(self):
        self._db.close()


def record_and_die(folder, made, step):
    """Record a receipt in a process that is killed at a step; None: it lives."""
    replace = os.replace

    def dying(*names):
        if step == "replace":
            raise Killed
        replace(*names)
        if step == "replaced":
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        ledger = Ledger(folder)
        ledger._db = Dying(ledger._db, step)
        patch.setattr("experiments.sweeps.ledger.os.replace", dying)
        try:
            if step == "write":
                raise Killed
            return ledger.record(made)
        except Killed:
            return None
        finally:
            ledger.close()


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_a_batch_is_recorded_whole_or_not_at_all_and_can_be_done_again(folder, step):
    record_and_die(folder, receipt(folder, [0, 1], "before"), None)
    record_and_die(folder, receipt(folder, [2, 3, 4], "dying"), step)
    committed = step in ("committed", "replace", "replaced")
    with Ledger(folder, read_only=True) as ledger:
        seen = ledger.recorded().tolist()
    assert seen == ([0, 1, 2, 3, 4] if committed else [0, 1])
    assert read.runs(folder)["run"].tolist() == seen, "readable before anyone mends"
    mended(folder)
    consistent(folder, seen)
    assert record_and_die(folder, receipt(folder, [2, 3, 4], "again"), None) == (0 if committed else 3)
    mended(folder)
    consistent(folder, [0, 1, 2, 3, 4])


def test_killed_while_striking_out_no_file_is_left_that_nobody_knows(folder, monkeypatch):
    record_and_die(folder, receipt(folder, [0, 1], "a"), None)
    ledger = Ledger(folder)
    ledger._db = Dying(ledger._db, "begin")
    with pytest.raises(Killed):
        ledger.forget(["a"])
    ledger.close()
    mended(folder)
    consistent(folder, [])


ACTIONS = st.lists(
    st.tuples(
        st.lists(st.integers(0, 23), min_size=1, max_size=5, unique=True),
        st.sampled_from([None, None, *STEPS]),
        st.booleans(),
        st.sampled_from(["", "", "", "mend", "lose a shard", "damage a shard", "lose the ledger", "strike out"]),
    ),
    max_size=8,
)


@pytest.mark.slow
@settings(deadline=None, derandomize=True, max_examples=60)
@given(ACTIONS)
def test_after_any_history_files_and_ledger_hold_exactly_what_was_recorded(tmp_path_factory, actions):
    folder = folders.create(tmp_path_factory.mktemp("history") / "sweep", PLAN)
    expected: dict[str, list[int]] = {}
    for number, (runs, step, in_sight, then) in enumerate(actions):
        name = f"b{number}"
        free = not set(runs) & {run for one in expected.values() for run in one}
        record_and_die(folder, receipt(folder, runs, name, in_sight=in_sight), step)
        if free and step in (None, "committed", "replace", "replaced"):
            expected[name] = runs
        if then:
            mended(folder)
        files = sorted((folder / "runs").glob("*.parquet"))
        if then == "lose the ledger":
            (folder / "ledger.sqlite").unlink()
        elif files and then in ("lose a shard", "damage a shard", "strike out"):
            path = files[len(files) // 2]
            expected.pop(path.stem)
            if then == "lose a shard":
                path.unlink()
            elif then == "damage a shard":
                os.truncate(path, path.stat().st_size // 2)
            else:
                with Ledger(folder) as ledger:
                    assert ledger.forget([path.stem, "unknown"]) > 0
        if then:
            mended(folder)
            consistent(folder, [run for one in expected.values() for run in one])
    mended(folder)
    mended(folder)
    consistent(folder, [run for one in expected.values() for run in one])


# --- the ledger or a shard is gone, damaged, or somebody else's -------------------------------------------------------


def recorded(folder, *batches, plan=PLAN):
    with folders.open_ledger(folder, plan) as ledger:
        for number, runs in enumerate(batches):
            assert ledger.record(receipt(folder, runs, f"b{number}", plan))


@pytest.mark.parametrize("lost", ["gone", "empty", "an older one"])
def test_a_ledger_that_is_lost_is_made_anew_from_the_shards(folder, lost):
    path = folder / "ledger.sqlite"
    before = path.read_bytes()
    recorded(folder, [0, 1], [5, 4], [9])
    table = read.runs(folder)
    if lost == "gone":
        path.unlink()
    else:
        path.write_bytes(b"" if lost == "empty" else before)
    mended(folder)
    consistent(folder, [0, 1, 4, 5, 9])
    assert read.runs(folder).equals(table)


def test_making_a_ledger_anew_may_itself_be_killed(folder, monkeypatch):
    recorded(folder, [0, 1], [5, 4], [9])
    (folder / "ledger.sqlite").unlink()
    adopt, count = Ledger.adopt, []

    def dying(*given):
        count.append(1)
        if len(count) == 2:
            raise Killed
        return adopt(*given)

    monkeypatch.setattr(Ledger, "adopt", dying)
    with pytest.raises(Killed):
        mended(folder)
    mended(folder)
    consistent(folder, [0, 1, 4, 5, 9])


def test_what_is_no_shard_of_this_sweep_is_set_aside_and_not_recorded(folder, tmp_path):
    recorded(folder, [0, 1])
    other_plan = cheap.plan(samples=24, seed=2)
    other = folders.create(tmp_path / "other", other_plan)
    recorded(other, [3, 4], plan=other_plan)
    foreign = (other / "runs" / "b0.parquet").read_bytes()
    own = (folder / "runs" / "b0.parquet").read_bytes()
    (folder / "runs" / "foreign.parquet").write_bytes(foreign)
    (folder / "runs" / "twice.parquet").write_bytes(own)
    (folder / "runs" / "notes.parquet").write_bytes(b"no Parquet at all")
    outside = pa.table({"run": [10**9], "key": ["00"]})
    pq.write_table(outside, folder / "runs" / "outside.parquet")
    (folder / "ledger.sqlite").unlink()
    mended(folder)
    consistent(folder, [0, 1])
    aside = {path.name for path in (folder / "set-aside" / "runs").iterdir()}
    assert aside == {"foreign.parquet", "twice.parquet", "notes.parquet", "outside.parquet"}


def test_without_a_ledger_a_flipped_bit_in_a_shard_is_found(folder):
    recorded(folder, list(range(24)))
    path = folder / "runs" / "b0.parquet"
    content = bytearray(path.read_bytes())
    column = pq.read_metadata(path).row_group(0).column(7)
    content[column.data_page_offset + column.total_compressed_size // 2] ^= 1
    path.write_bytes(bytes(content))
    (folder / "ledger.sqlite").unlink()
    mended(folder)
    consistent(folder, [])


@pytest.mark.parametrize("harm", ["truncate", "delete", "flip"])
def test_a_damaged_shard_is_found_struck_out_and_only_its_runs_are_missing(folder, harm):
    recorded(folder, [0, 1], [2, 3])
    path = folder / "runs" / "b1.parquet"
    content = bytearray(path.read_bytes())
    if harm == "delete":
        path.unlink()
    elif harm == "truncate":
        path.write_bytes(content[:-7])
    else:
        content[len(content) // 3] ^= 4
        path.write_bytes(content)
    with Ledger(folder) as ledger:
        assert ledger.damaged() == ["b1"]
        assert ledger.mend() == (0 if harm == "flip" else 2)
        ledger.forget(ledger.damaged())
    consistent(folder, [0, 1])


def test_folders_of_a_sweep_that_are_gone_are_made_anew(folder):
    (folder / "pending" / folders.manifest(folder)["sweep"]).unlink()
    for name in ("pending", "runs"):
        (folder / name).rmdir()
    with Ledger(folder) as ledger:
        assert ledger.mend() == 0
    assert (folder / "pending").is_dir()
    assert (folder / "runs").is_dir()


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="open files are listed on Linux only")
@pytest.mark.parametrize("read_only", [True, False])
def test_a_ledger_that_cannot_be_read_is_not_left_open(folder, read_only):
    recorded(folder, [0, 1])
    path = folder / "ledger.sqlite"
    path.write_bytes(path.read_bytes()[:100] + b"no database" * 400)
    with pytest.raises(InputError, match="cannot be read"):
        Ledger(folder, read_only=read_only)
    still_open = [os.readlink(f"/proc/self/fd/{one}") for one in os.listdir("/proc/self/fd") if _is_link(one)]
    assert str(path) not in still_open


def test_looking_on_makes_no_ledger_where_there_is_none(folder):
    (folder / "ledger.sqlite").unlink(missing_ok=True)
    with pytest.raises(InputError, match="no sweep"):
        Ledger(folder, read_only=True)
    assert not (folder / "ledger.sqlite").exists()


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (sqlite3.OperationalError("database is locked"), CannotWrite),
        (sqlite3.OperationalError("disk I/O error"), CannotWrite),
        (sqlite3.OperationalError("no such column: run"), InputError),
        (sqlite3.DatabaseError("file is full of holes"), InputError),
    ],
)
def test_a_ledger_is_damaged_or_cannot_be_reached_for_now(tmp_path, said, kind):
    found = ledgers._unreadable(tmp_path / "ledger.sqlite", said)
    assert isinstance(found, kind)


def test_throughput_is_that_of_the_shards_after_the_first_and_unknown_over_less_than_a_second(folder, monkeypatch):
    with Ledger(folder) as ledger:
        assert np.isnan(ledger.rate(0.0)), "nothing is recorded"
        for number, (at, runs) in enumerate([(100.0, [0, 1]), (100.5, [2]), (104.0, [3, 4, 5])]):
            monkeypatch.setattr(ledgers.time, "time", lambda at=at: at)
            ledger.record(receipt(folder, runs, f"b{number}"))
            if number < 2:
                assert np.isnan(ledger.rate(0.0))
        assert ledger.rate(0.0) == 4 / 4.0
        assert ledger.rate(100.2) == 3 / 3.5
        assert np.isnan(ledger.rate(200.0))


def test_each_session_has_a_number_and_its_own_end(folder):
    with Ledger(folder) as ledger:
        one, other = ledger.begin("threads"), ledger.begin("processes")
        ledger.seen(other, "finished")
        ended = {row["workers"]: row["ended"] for row in ledger.sessions()}
    assert one != other
    assert ended == {"threads": None, "processes": "finished"}


def _is_link(number):
    return os.path.islink(f"/proc/self/fd/{number}")


def test_a_damaged_shard_stops_reading_with_a_hint_and_not_with_fewer_rows(folder):
    recorded(folder, [0, 1], [2, 3])
    path = folder / "runs" / "b1.parquet"
    os.truncate(path, 40)
    with pytest.raises(InputError, match="damaged") as told:
        read.runs(folder)
    assert "sweep check" in str(told.value)
    path.unlink()
    with pytest.raises(InputError, match="missing"):
        read.runs(folder)


def test_a_ledger_that_is_none_is_refused_with_what_to_do(folder):
    (folder / "ledger.sqlite").write_bytes(b"this is no database" * 100)
    for read_only in (True, False):
        with pytest.raises(InputError, match="cannot be read") as told:
            Ledger(folder, read_only=read_only)
        assert "move it away" in str(told.value)


def test_looking_on_needs_a_ledger_and_changes_nothing(folder, tmp_path):
    with pytest.raises(InputError, match="no sweep"):
        Ledger(tmp_path, read_only=True)
    assert not (tmp_path / "ledger.sqlite").exists()
    with Ledger(folder, read_only=True) as ledger, pytest.raises(CannotWrite):
        ledger.begin("nobody")


def test_a_driver_killed_in_the_middle_of_a_transaction_leaves_a_ledger_that_can_be_looked_at(folder):
    recorded(folder, [0, 1])
    code = (
        "import os, signal, sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('PRAGMA journal_mode = TRUNCATE'); db.execute('PRAGMA cache_size = 1'); db.execute('BEGIN IMMEDIATE')\n"
        "db.execute('DELETE FROM run')\n"
        "db.executemany('INSERT INTO session(host) VALUES (?)', [('x' * 900,)] * 500)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder / "ledger.sqlite")], check=False)
    assert done.returncode == -9
    assert (folder / "ledger.sqlite-journal").stat().st_size > 0, "a hot journal"
    with Ledger(folder, read_only=True) as ledger:
        assert ledger.recorded().tolist() == [0, 1]
        assert len(ledger.sessions()) == 0
    mended(folder)
    consistent(folder, [0, 1])


# --- no room ---------------------------------------------------------------------------------------------------------


class Full:
    """A connection whose disk is full at a step."""

    def __init__(self, db, word):
        self._db, self.word = db, word

    def execute(self, text, *rest):
        if text.startswith(self.word):
            raise sqlite3.OperationalError("database or disk is full")
        return self._db.execute(text, *rest)

    def __getattr__(self, name):
        return getattr(self._db, name)


@pytest.mark.parametrize("word", ["BEGIN", "INSERT INTO shard", "COMMIT"])
def test_on_a_full_disk_nothing_is_recorded_by_half_and_it_goes_on_when_there_is_room(folder, word):
    recorded(folder, [0, 1])
    made = receipt(folder, [2, 3], "late")
    ledger = Ledger(folder)
    real = ledger._db
    ledger._db = Full(real, word)
    with pytest.raises(DiskFull, match="no room"):
        ledger.record(made)
    ledger._db = real
    assert ledger.recorded().tolist() == [0, 1]
    assert ledger.record(made) == 2
    ledger.close()
    consistent(folder, [0, 1, 2, 3])


def test_a_shard_that_does_not_fit_leaves_no_part_of_itself(folder, monkeypatch):
    made = receipt(folder, [2, 3], "late", in_sight=False)

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("experiments.sweeps.shards.os.fsync", full)
    with Ledger(folder) as ledger, pytest.raises(DiskFull, match="No space left"):
        ledger.record(made)
    consistent(folder, [])


# --- one driver ------------------------------------------------------------------------------------------------------


def test_only_one_has_the_lock_and_it_is_free_again_when_given_back(folder):
    first, second = Lock(folder), Lock(folder)
    assert second.is_held() is False
    assert first.take()
    assert not second.take(patience=0)
    assert second.is_held() is True
    first.give_back()
    assert second.take(patience=0)
    second.give_back()


def test_a_folder_that_cannot_be_locked_is_refused_and_nobody_is_taken_for_its_driver(tmp_path):
    lock = Lock(tmp_path / "nowhere")
    with pytest.raises(InputError, match="cannot be locked"):
        lock.take()
    (tmp_path / "lock").mkdir()
    assert Lock(tmp_path).is_held() is None


def test_readers_see_whole_batches_while_they_are_recorded(folder):
    plan = PLAN
    made = [receipt(folder, [2 * one, 2 * one + 1], f"b{one}", in_sight=False) for one in range(12)]
    ended, seen = threading.Event(), []

    def look():
        while not ended.is_set():
            with Ledger(folder, read_only=True) as ledger:
                seen.append(len(ledger.recorded()))
            read.runs(folder)

    reader = threading.Thread(target=look)
    reader.start()
    with folders.open_ledger(folder, plan) as ledger:
        for one in made:
            ledger.record(one)
            time.sleep(0.01)
    ended.set()
    reader.join()
    assert all(one % 2 == 0 for one in seen)
    assert seen == sorted(seen)
    consistent(folder, list(range(24)))


def test_shards_hold_checksums_that_any_reader_can_verify(folder):
    made = receipt(folder, [0, 1], "a", in_sight=False)
    assert pq.read_table(io.BytesIO(made.content["runs"]), page_checksum_verification=True).num_rows == 2
