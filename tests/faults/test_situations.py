"""Folders that may not be written, no home, no terminal, damaged files, two processes at once, a clock that goes back."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from experiments.sweeps import folder as folders
from experiments.sweeps import status as statuses
from experiments.sweeps.ledger import Ledger
from sim import compiled
from sim.errors import InputError
from sim.workshop import session as sessions
from sim.workshop.inputs import Refused
from sim.workshop.store import NotKept, Store, files
from tests.experiments import cheap
from tests.faults.zygote import ROOT
from tests.workshop.made_up_room import Model, firm

POSIX = pytest.mark.skipif(os.name == "nt", reason="users and streams are others there")
ROOT_USER = pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0, reason="only root may become somebody else; others need not"
)
NOBODY, UNKNOWN = 65534, 12345


def python(code, *words, cwd, output=subprocess.PIPE, without=(), **environment):
    """Run a piece of Python in a process of its own."""
    said = {name: value for name, value in os.environ.items() if name not in without}
    return subprocess.run(
        [sys.executable, "-c", code, *words], cwd=cwd, env=said | {"PYTHONPATH": str(ROOT)} | environment, stdout=output,
        stderr=subprocess.PIPE, check=False,
    )  # fmt: skip


@pytest.fixture
def shared():
    """A folder that others may look into; pytest keeps its own from them."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        os.chmod(name, 0o755)
        yield Path(name).resolve()


COMMAND = "import sys; from sim.cli import main; sys.argv = ['service-culture', *sys.argv[1:]]; main()"


# --- folders ----------------------------------------------------------------------------------------------------------

WRITERS = f"""
NOBODY = {NOBODY}
import os
import sys
import tempfile
from pathlib import Path
from sim import results
from sim.eventlog import tickets
from sim.cli.describing import write_folder
from sim.errors import ServiceCultureError
from sim.workshop import session
from sim.workshop.store import Store
from experiments.sweeps import folder, ledger
from tests.experiments import cheap

def results_folder(here):
    with results.folder(here / "out") as draft:
        (draft / "a.csv").write_text("x")

def old_results(here):
    with results.folder(here / "earlier", overwrite=True) as draft:
        (draft / "a.csv").write_text("x")

WRITERS = (
    results_folder,
    old_results,
    lambda here: results.write_text(here / "a.txt", "x"),
    lambda here: results.write_text(here / "old.txt", "x", overwrite=True),
    lambda here: tickets.write_whole(here / "firm.toml", "x"),
    lambda here: write_folder(here / "firm", {{"a.csv": "x"}}, False),
    lambda here: folder.create(here / "sweep", cheap.plan(samples=2)),
    lambda here: ledger.Lock(folder.create(here / "swept", cheap.plan(samples=2))).take(),
    lambda here: session.begin(here / "sessions", None),
    lambda here: session.begin(here, None),
)
with tempfile.TemporaryDirectory() as scratch:  # everything is imported that somebody else may not be able to read
    for write in WRITERS:
        write(Path(scratch))
os.setgroups([])
os.setgid(NOBODY)
os.setuid(NOBODY)
for write in WRITERS:
    try:
        write(Path(sys.argv[1]))
    except ServiceCultureError as error:
        print("refused" if "\\n" in str(error) else "refused without what was found")
    else:
        print("written")
"""


@POSIX
@ROOT_USER
@pytest.mark.slow
def test_a_folder_that_may_only_be_read_is_told_in_a_sentence_by_everything_that_writes(shared):
    (shared / "earlier").mkdir()
    (shared / "earlier" / "manifest.json").write_text("{}")
    (shared / "old.txt").write_text("old")
    folders.create(shared / "swept", cheap.plan(samples=2))
    before = sorted(shared.rglob("*"))
    done = python(WRITERS, str(shared), cwd="/", NUMBA_DISABLE_JIT="1")
    assert done.stdout.decode().split() == ["refused"] * 10, done.stderr.decode()[-1500:]
    assert sorted(shared.rglob("*")) == before
    assert (shared / "old.txt").read_text() == "old"


@POSIX
@ROOT_USER
@pytest.mark.parametrize(
    "home", [None, *(pytest.param(one, marks=pytest.mark.slow) for one in ("/nonexistent", "/proc"))]
)
def test_without_a_home_folder_or_a_name_compiled_code_finds_a_place_and_nothing_is_left_in_the_working_folder(
    shared, home
):
    os.chmod(shared, 0o777)
    code = (
        f"import os; from sim import compiled; os.setgroups([]); os.setgid({UNKNOWN}); os.setuid({UNKNOWN})\n"
        f"home = {home!r}; os.environ.pop('HOME', 0); os.environ.update({{'HOME': home}} if home else {{}})\n"
        "print(compiled._choose_cache_folder())"
    )
    done = python(code, cwd=shared, without=("SERVICE_CULTURE_CACHE", "XDG_CACHE_HOME"), TMPDIR=str(shared),
                  NUMBA_DISABLE_JIT="1")  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-800:]
    assert done.stdout.decode().splitlines()[0].startswith(str(shared / f"service-culture-{UNKNOWN}"))
    assert {one.name for one in shared.iterdir()} == {f"service-culture-{UNKNOWN}"}, "no folder called ~"


@POSIX
def test_a_cache_that_cannot_be_written_is_said_and_one_that_somebody_else_made_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVICE_CULTURE_CACHE", "/proc/nowhere")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *names, **more: "~/.cache/service-culture")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    chosen = compiled._choose_cache_folder()
    assert chosen.is_relative_to(tmp_path)
    monkeypatch.setattr(compiled, "INTERPRETED", False)
    monkeypatch.setattr(compiled, "CACHE_FOLDER", chosen)
    assert "cannot be written (/proc/nowhere)" in compiled.note()
    own = tmp_path / f"service-culture-{os.getuid()}"
    os.chmod(own, 0o777)
    assert compiled._choose_cache_folder() is None, "anybody could have put code there"
    monkeypatch.setattr(compiled, "CACHE_FOLDER", None)
    assert "SERVICE_CULTURE_CACHE" in compiled.note()

    def none():
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.gettempdir", none)
    assert compiled._choose_cache_folder() is None


@POSIX
def test_in_a_folder_that_was_deleted_a_command_says_that_it_cannot_write(tmp_path):
    code = "import os, tempfile; here = tempfile.mkdtemp(); os.chdir(here); os.rmdir(here); " + COMMAND
    done = python(code, "new", "firm.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.decode().startswith("error: "), done.stderr


# --- what is printed ----------------------------------------------------------------------------------------------------


@POSIX
@pytest.mark.parametrize("command", [("levers",), pytest.param(("mechanisms", "A2"), marks=pytest.mark.slow),
                                     pytest.param(("mechanisms",), marks=pytest.mark.slow)])  # fmt: skip
def test_a_terminal_that_knows_few_letters_gets_the_table_with_question_marks(tmp_path, command):
    done = python(
        COMMAND, *command, cwd=tmp_path, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii"
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout.decode("ascii").strip()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_where_what_is_found_cannot_be_printed_one_sentence_says_so(tmp_path):
    with open("/dev/full", "wb") as full:
        done = python(COMMAND, "levers", cwd=tmp_path, output=full)
    assert done.returncode == 2
    assert done.stderr.decode().startswith("error: standard output cannot be written")
    assert len(done.stderr.splitlines()) == 1


@POSIX
@pytest.mark.slow
def test_a_reader_that_leaves_and_an_output_that_is_closed_are_no_mistakes(tmp_path):
    read, write = os.pipe()
    os.close(read)
    done = python(COMMAND, "levers", cwd=tmp_path, output=write)
    os.close(write)
    assert done.stderr == b""
    closed = (
        "import os; os.close(1); import subprocess, sys; "
        "sys.exit(subprocess.call([sys.executable, '-c', sys.argv[1], 'levers']))"
    )
    done = python(closed, COMMAND, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")


# --- damaged files --------------------------------------------------------------------------------------------------------


def a_session(folder):
    async def play():
        session = sessions.Session(Store(sessions.begin(folder, firm())), model=Model)
        session.engine.ask = lambda question: None
        for number in range(6):
            session.submit("join", {"department": "Alpha"}, f"person {number}")
        session.close()
        return session.store.path

    return asyncio.run(play())


def opened_or_refused(path):
    """Open a session as the workshop does; any other error than the one for users is a defect."""
    store = None
    try:
        store = Store(path)
        sessions.Session(store, model=Model).close()
    except InputError as error:
        if store is not None:
            store.close()
        return str(error)
    return None


@pytest.mark.parametrize("every", [977, pytest.param(61, marks=pytest.mark.slow)])
def test_a_session_file_with_a_damaged_byte_is_opened_or_refused_in_a_sentence(tmp_path, every):
    path = a_session(tmp_path / "sessions")
    content = path.read_bytes()
    damaged = tmp_path / "damaged.workshop"
    refused = 0
    for place in range(0, len(content), every):
        damaged.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        said = opened_or_refused(damaged)
        refused += said is not None
        assert said is None or str(damaged) in said
    for size in (0, 1, 100, 4096, len(content) // 2):
        damaged.write_bytes(content[:size])
        assert opened_or_refused(damaged) is not None
    assert refused > 0
    assert path.read_bytes() == content


def test_a_session_comes_into_being_with_all_that_it_needs_or_not_at_all(tmp_path, monkeypatch):
    folder = tmp_path / "sessions"

    def full(self):
        raise NotKept("the disk is full")

    monkeypatch.setattr(Store, "fold", full)
    with pytest.raises(InputError, match="cannot be begun"):
        sessions.begin(folder, firm())
    assert list(folder.iterdir()) == []
    monkeypatch.undo()
    path = a_session(folder)
    assert files(folder) == [path]
    assert path.stat().st_mode & 0o777 == 0o600 or os.name == "nt"
    assert [one.name for one in folder.iterdir()] == [path.name]


def test_an_answer_that_the_disk_does_not_take_is_refused_so_that_the_phone_says_it_again(tmp_path, monkeypatch):
    async def play():
        session = sessions.Session(Store(sessions.begin(tmp_path, firm())), model=Model)
        session.engine.ask = lambda question: None
        session.submit("join", {"department": "Alpha"}, "somebody")
        before = session.public_state()
        session.store._base.execute("PRAGMA query_only = ON")  # as a disk that takes nothing
        with pytest.raises(Refused) as told:
            session.submit("join", {"department": "Beta"}, "another")
        assert (told.value.key, told.value.status) == ("error.not_kept", 507), "500 and more: the phone keeps it"
        assert session.public_state() == before
        session.store._base.execute("PRAGMA query_only = OFF")
        session.submit("join", {"department": "Beta"}, "another")
        assert len(session.room.people) == 2
        session.close()

    asyncio.run(play())


@pytest.mark.skipif(compiled.INTERPRETED, reason="nothing is compiled")
def test_compiled_code_that_is_damaged_is_compiled_again_and_never_run(tmp_path, monkeypatch, capsys):
    from tests.faults import tiny

    monkeypatch.setattr(compiled, "CACHE_FOLDER", tmp_path)
    assert compiled.kernel(tiny.double)(21) == 42
    (path,) = tmp_path.rglob("*.nbc")
    whole = path.read_bytes()
    for harm in (b"", whole[:10], whole[:-1], whole[:500] + b"\x00" + whole[501:], b"\x00" * len(whole)):
        path.write_bytes(harm)
        again = compiled.kernel(tiny.double)
        assert again(21) == 42
        assert not again.stats.cache_hits
        assert len(path.read_bytes()) == len(whole)
    known = compiled.kernel(tiny.double)
    assert known(21) == 42
    assert known.stats.cache_hits
    monkeypatch.setattr(
        compiled.whole, "file", lambda *given, **more: (_ for _ in ()).throw(OSError(28, "No space left"))
    )
    path.unlink()
    compiled._say_that_it_is_not_kept.cache_clear()
    assert compiled.kernel(tiny.double)(21) == 42
    assert capsys.readouterr().err.count("cannot be kept") == 1


# --- two processes --------------------------------------------------------------------------------------------------------


def test_a_session_that_is_open_in_one_process_is_refused_to_a_second_until_the_first_closes_or_dies(tmp_path):
    path = a_session(tmp_path / "sessions")
    code = (
        "import sys, os, signal; from pathlib import Path; from sim.workshop.house import Workshop; path = Path(sys.argv[1])\n"
        "from tests.workshop.made_up_room import Model\n"
        "Workshop(path.parent, model=Model).open(path); print('open', flush=True); sys.stdin.readline()"
    )
    first = subprocess.Popen([sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             env=os.environ | {"PYTHONPATH": str(ROOT), "NUMBA_DISABLE_JIT": "1"}, cwd=tmp_path)  # fmt: skip
    from sim.workshop.house import Workshop

    try:
        assert first.stdout.readline().strip() == b"open"
        with pytest.raises(InputError, match="open in another process"):
            Workshop(path.parent, model=Model).open(path)
    finally:
        first.kill()
        first.communicate()
    again = Workshop(path.parent, model=Model)
    assert len(again.open(path).room.people) == 6
    again.close()
    assert not [one.name for one in path.parent.iterdir() if one.name.endswith("-lock")]


@pytest.mark.slow
@pytest.mark.skipif(compiled.INTERPRETED, reason="nothing is compiled")
def test_processes_that_compile_into_one_cache_for_the_first_time_do_not_disturb_each_other(tmp_path):
    code = (
        "import sys; from pathlib import Path; from sim import compiled; from tests.faults import tiny\n"
        "compiled.CACHE_FOLDER = Path(sys.argv[1]); double = compiled.kernel(tiny.double)\n"
        "values = [double(21), double(2.5), double(True)]; assert values == [42, 5.0, 2], values\n"
        "print(sum(double.stats.cache_hits.values()))"
    )
    run = [sys.executable, "-c", code, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    several = [subprocess.Popen(run, env=environment, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(3)]
    assert [one.communicate()[0].strip().isdigit() for one in several] == [True] * 3
    assert subprocess.run(run, env=environment, cwd=ROOT, capture_output=True, check=True).stdout.strip() == b"3"
    assert len(list(tmp_path.rglob("*.nbc"))) == 3
    assert not list(tmp_path.rglob(".*.draft"))


# --- the clock ------------------------------------------------------------------------------------------------------------


def test_with_a_clock_that_was_set_back_phones_still_take_what_a_restarted_server_tells(tmp_path, monkeypatch):
    path = a_session(tmp_path)
    first = sessions.Session(Store(path), model=Model)
    number = first.public.id
    first.close()
    now = time.time_ns()
    monkeypatch.setattr("sim.workshop.session.time.time_ns", lambda: now - 86_400 * 10**9)
    second = sessions.Session(Store(path), model=Model)
    assert second.public.id > number, "phones drop what has a lower number"
    second.close()


def test_a_driver_elsewhere_that_died_before_the_clock_was_set_back_is_not_taken_for_alive(tmp_path, monkeypatch):
    folder = folders.create(tmp_path / "sweep", cheap.plan(samples=2))
    with Ledger(folder) as ledger:
        session = ledger.begin("3 machines")
        ledger._db.execute("UPDATE session SET host = 'elsewhere'")
        ledger.seen(session)
    assert statuses.status(folder).state == "running"
    now = time.time()
    monkeypatch.setattr("experiments.sweeps.status.time.time", lambda: now - 86_400)
    found = statuses.status(folder)
    assert found.state == "stopped"
    assert not found.standing.rate < 0


def test_after_the_clock_was_set_back_moves_of_a_lever_hours_apart_are_steps_of_their_own():
    from sim.workshop.room import Room
    from sim.workshop.store import Event

    room = Room()
    for number, (at, to) in enumerate(((1000.0, 0.1), (1001.0, 0.2), (500.0, 0.3))):
        room.apply(Event(number, "lever", {"lever": "training", "where": [], "from": 0.0, "to": to}, at))
    assert len(room.past) == 2, "a pull of a second is one step, and so is the one after the clock was set back"
