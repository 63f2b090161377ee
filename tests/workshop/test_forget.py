"""`service-culture forget`: what was answered is gone from the disk; nothing else is touched, nothing that is in use."""

from __future__ import annotations

import os
import sqlite3
import time

import pytest
from typer.testing import CliRunner

from sim.cli.app import app
from sim.errors import InputError
from sim.workshop import forgetting
from sim.workshop.session import begin
from sim.workshop.store import SUFFIX, Store
from tests.workshop.made_up_room import firm

SAID = "unmistakable sentence of somebody"


def session(folder, *, title="Northern office", answers=3, days_ago=0.0):
    """Write a session in which something was said, and return its code and file."""
    path = begin(folder, firm(), title=title)
    store = Store(path)
    at = time.time() - 86_400 * days_ago
    for number in range(answers):
        store.append("join", {"person": f"{number}", "department": "d1"}, at)
    data = {"id": 1, "person": "0", "who": "we", "what": SAID, "when": "soon"}
    store._base.execute("UPDATE events SET at = ?", (at,))
    store.append("commit", data, at)
    code = store.fact("code")
    store.close()
    return code, path


def command(*arguments, typed=None, terminal=False, monkeypatch=None):
    import sim.cli  # noqa: F401  (adds the commands)

    if terminal:
        monkeypatch.setattr("sim.cli.forgetting._agreed", lambda count: typed == "y")
    return CliRunner().invoke(app, ["forget", *map(str, arguments)])


def test_without_a_name_sessions_are_listed_and_nothing_is_removed(tmp_path):
    code, path = session(tmp_path, answers=4)
    done = command("--folder", tmp_path)
    assert done.exit_code == 0
    assert code in done.stdout
    assert "Northern office" in done.stdout
    assert "4" in done.stdout
    assert time.strftime("%Y-%m-%d") in done.stdout
    assert path.exists()
    assert "No workshop session" in command("--folder", tmp_path / "nowhere").stdout


@pytest.mark.parametrize("way", ["code", "small code", "title", "file", "path"])
def test_a_session_is_removed_by_code_title_file_or_path_with_all_that_stands_beside_it(tmp_path, way):
    code, path = session(tmp_path)
    _, other = session(tmp_path, title="Southern office")
    for end in forgetting.ENDINGS:
        path.with_name(path.name + end).write_bytes(b"" if end != "-lock" else b"x")
    names = {"code": code, "small code": code.lower(), "title": "northern OFFICE", "file": path.name, "path": path}
    done = command(names[way], "--yes", "--folder", tmp_path)
    assert done.exit_code == 0, done.output
    assert sorted(tmp_path.iterdir()) == [other]
    assert "Downloads" in done.stdout  # it says what it cannot reach


def test_what_was_said_is_overwritten_and_not_only_unlinked(tmp_path):
    """A second name for each file shows what is left in the blocks after the first is gone."""
    _, path = session(tmp_path / "sessions")
    reader = sqlite3.connect(path)  # so that the log stays beside the file when the writer closes, as after a crash
    reader.execute("SELECT count(*) FROM events").fetchone()
    store = Store(path)
    store.append("commit", {"id": 2, "person": "0", "who": "we", "what": SAID, "when": "later"})
    store.close()
    kept = {}
    for one in forgetting.parts(path):
        kept[one.name] = tmp_path / f"again-{one.name}"
        os.link(one, kept[one.name])
    reader.close()
    assert any(SAID.encode() in one.read_bytes() for one in kept.values())
    (found,) = forgetting.kept(path.parent)
    forgetting.forget(found)
    assert list(path.parent.iterdir()) == []
    assert not any(SAID.encode() in one.read_bytes() for one in kept.values() if not one.name.endswith("-wal"))
    assert set((tmp_path / f"again-{path.name}").read_bytes()) <= {0}


def test_a_session_that_a_server_has_open_is_left_whole_and_so_are_those_named_with_it(tmp_path):
    code, path = session(tmp_path)
    free, other = session(tmp_path, title="Southern office")
    store = Store(path)
    list(store.events())
    done = command(free, code, "--yes", "--folder", tmp_path)
    assert isinstance(done.exception, InputError)
    assert "open" in str(done.exception)
    assert "nothing was removed" in str(done.exception)
    assert path.exists()
    assert other.exists()
    store.append("commit", {"id": 2, "person": "0", "who": "", "what": "still works", "when": ""})
    assert [event.data["what"] for event in store.events() if event.kind == "commit"] == [SAID, "still works"]
    store.close()
    assert command(free, code, "--yes", "--folder", tmp_path).exit_code == 0
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_session_is_never_removed_whatever_it_is_called(tmp_path):
    _, path = session(tmp_path / "sessions")
    folder = path.parent
    letter = folder / f"letter{SUFFIX}"
    letter.write_text("Dear all", encoding="utf-8")
    accounts = folder / f"accounts{SUFFIX}"
    with sqlite3.connect(accounts) as base:
        base.execute("CREATE TABLE facts (name TEXT, value TEXT)")
    base.close()
    link = folder / f"link{SUFFIX}"
    target = tmp_path / "elsewhere.workshop"
    target.write_bytes(path.read_bytes())
    link.symlink_to(target)
    beside = folder / "notes.txt"
    beside.write_text("mine", encoding="utf-8")
    for name in (letter, accounts, link):
        done = command(name, "--yes", "--folder", folder)
        assert isinstance(done.exception, InputError)
        assert "left alone" in str(done.exception) or "no such" in str(done.exception)
    assert command("--all", "--yes", "--folder", folder).exit_code == 0
    assert sorted(folder.iterdir()) == sorted([letter, accounts, link, beside])
    assert target.exists()


def test_old_sessions_are_removed_by_their_last_event_and_new_ones_stay(tmp_path):
    _, old = session(tmp_path, days_ago=40)
    _, new = session(tmp_path, days_ago=3)
    os.utime(old)  # a copy or a backup may have touched it since
    done = command("--older-than", 30, "--yes", "--folder", tmp_path)
    assert done.exit_code == 0
    assert list(tmp_path.iterdir()) == [new]
    assert "nothing to remove" in command("--older-than", 30, "--yes", "--folder", tmp_path).stdout


def test_where_nobody_can_be_asked_it_refuses_and_where_somebody_says_no_nothing_goes(tmp_path, monkeypatch):
    code, path = session(tmp_path)
    done = command(code, "--folder", tmp_path)
    assert isinstance(done.exception, InputError)
    assert "--yes" in str(done.exception)
    assert path.exists()
    assert command(code, "--folder", tmp_path, typed="n", terminal=True, monkeypatch=monkeypatch).exit_code == 1
    assert path.exists()
    assert command(code, "--folder", tmp_path, typed="y", terminal=True, monkeypatch=monkeypatch).exit_code == 0
    assert not path.exists()


def test_a_name_that_is_nearly_right_is_completed_and_one_that_two_bear_is_asked_for_by_code(tmp_path):
    code, _ = session(tmp_path)
    with pytest.raises(InputError, match="did you mean 'Northern office'"):
        forgetting.chosen(tmp_path, ["northern ofice"])
    session(tmp_path)
    with pytest.raises(InputError, match=code):
        forgetting.chosen(tmp_path, ["Northern office"])
    done = command(code, "--all", "--folder", tmp_path)
    assert isinstance(done.exception, InputError)
