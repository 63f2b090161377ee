"""Files and folders that appear whole or not at all, and what happens where two processes want the same place."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from sim import results, whole
from sim.errors import InputError
from tests.faults.drill import listing


def hidden(folder: Path) -> list[str]:
    return [name for name in listing(folder) if name.startswith(".")]


def abandon_a_file(folder: Path, name: str) -> None:
    """Leave a draft as a process does that is killed while it writes."""
    _, descriptor = whole._new_file(folder / name)
    os.write(descriptor, b"half")
    os.close(descriptor)


def abandon_a_folder(folder: Path, name: str) -> None:
    draft, descriptor = whole._new_folder(folder / name)
    (draft / "half").write_text("half")
    if descriptor is not None:
        os.close(descriptor)


@pytest.mark.skipif(os.name == "nt", reason="without locks, drafts are forgotten by their age")
def test_what_a_dead_process_left_is_deleted_by_the_next_that_writes_the_same_name_and_nothing_else(tmp_path):
    abandon_a_file(tmp_path, "a.txt")
    abandon_a_folder(tmp_path, "out")
    abandon_a_file(tmp_path, "other.txt")
    (tmp_path / ".a.txt.keep").write_text("the user's own")
    results.write_text(tmp_path / "a.txt", "whole")
    with results.folder(tmp_path / "out") as draft:
        (draft / "manifest.json").write_text("{}")
    left = hidden(tmp_path)
    assert ".a.txt.keep" in left
    assert sorted(one.split(".")[1] for one in left) == ["a", "other"]


def test_the_draft_of_a_living_process_is_left_alone(tmp_path):
    with whole.file(tmp_path / "a.txt") as slow:
        slow.write(b"slow")
        results.write_text(tmp_path / "a.txt", "quick")
        with pytest.raises(InputError, match="exists"):
            results.write_text(tmp_path / "a.txt", "again")
        assert [name for name in hidden(tmp_path) if name.endswith(".draft")], "the slow one's"
        (tmp_path / "a.txt").unlink()
    assert (tmp_path / "a.txt").read_text() == "slow"
    assert hidden(tmp_path) == []


def test_of_two_that_write_one_new_file_the_second_is_told_and_the_first_is_kept(tmp_path):
    def write_slowly():
        with whole.file(tmp_path / "a.txt") as slow:
            slow.write(b"slow")
            results.write_text(tmp_path / "a.txt", "quick")

    with pytest.raises(FileExistsError):
        write_slowly()
    assert (tmp_path / "a.txt").read_text() == "quick"
    assert hidden(tmp_path) == []


def test_of_two_runs_into_one_new_folder_neither_is_lost(tmp_path):
    out = tmp_path / "out"

    def run_slowly():
        with results.folder(out) as slow:
            (slow / "manifest.json").write_text('"slow"')
            with results.folder(out) as quick:
                (quick / "manifest.json").write_text('"quick"')

    with pytest.raises(InputError, match="another process") as told:
        run_slowly()
    assert (out / "manifest.json").read_text() == '"quick"'
    assert (tmp_path / "out-2" / "manifest.json").read_text() == '"slow"'
    assert "out-2" in str(told.value)
    assert hidden(tmp_path) == []


def test_a_folder_is_replaced_in_one_step_and_in_two_where_the_system_knows_no_such_step(tmp_path, monkeypatch):
    out = tmp_path / "out"
    for number, one_step in enumerate((True, True, False)):
        if not one_step:
            monkeypatch.setattr(whole, "_renaming", lambda: None)
        with results.folder(out, overwrite=True) as draft:
            (draft / "manifest.json").write_text(str(number))
            (draft / f"{number}.csv").write_text("x")
        assert sorted(listing(out)) == sorted([f"{number}.csv", "manifest.json"])
        assert hidden(tmp_path) == []


def test_earlier_results_that_were_moved_aside_by_a_process_that_died_are_put_back(tmp_path):
    retired = tmp_path / ".out.0123abcd.old"
    retired.mkdir()
    (retired / "manifest.json").write_text("earlier")
    with pytest.raises(RuntimeError), results.folder(tmp_path / "out", overwrite=True):
        raise RuntimeError
    assert (tmp_path / "out" / "manifest.json").read_text() == "earlier"
    assert hidden(tmp_path) == []


def test_where_no_locks_are_known_drafts_are_forgotten_by_their_age(tmp_path, monkeypatch):
    monkeypatch.setattr(whole, "fcntl", None)
    abandon_a_file(tmp_path, "a.txt")
    results.write_text(tmp_path / "a.txt", "1")
    assert len(hidden(tmp_path)) == 1, "it may be that of a living process"
    long_ago = time.time() - 2 * whole.FORGOTTEN
    os.utime(tmp_path / hidden(tmp_path)[0], (long_ago, long_ago))
    results.write_text(tmp_path / "a.txt", "2", overwrite=True)
    assert hidden(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_is_written_through_and_what_is_no_file_is_left_alone(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.txt").write_text("old")
    (tmp_path / "a.txt").symlink_to(tmp_path / "real" / "a.txt")
    (tmp_path / "out").symlink_to(tmp_path / "real")
    results.write_text(tmp_path / "a.txt", "new", overwrite=True)
    assert (tmp_path / "real" / "a.txt").read_text() == "new"
    assert (tmp_path / "a.txt").is_symlink()
    (tmp_path / "real" / "manifest.json").write_text("{}")
    with results.folder(tmp_path / "out", overwrite=True) as draft:
        (draft / "manifest.json").write_text("[]")
    assert (tmp_path / "out").is_symlink()
    assert (tmp_path / "real" / "manifest.json").read_text() == "[]"
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="cannot be written"):
        results.write_text(tmp_path / "pipe", "x", overwrite=True)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at the system calls of Linux")
def test_content_is_handed_to_the_disk_before_it_takes_its_name_and_the_name_after(tmp_path, monkeypatch):
    order = []
    fsync, rename, renamed = os.fsync, os.replace, whole._renamed

    def noting_fsync(descriptor):
        order.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(os, "replace", lambda *names: (order.append("name"), rename(*names)))
    monkeypatch.setattr(whole, "_renamed", lambda *names: (order.append("name"), renamed(*names))[1])
    results.write_text(tmp_path / "a.txt", "x", overwrite=True)
    assert order == ["file", "name", "folder"]
    for _ in range(2):
        order.clear()
        with results.folder(tmp_path / "out", overwrite=True) as draft:
            (draft / "manifest.json").write_text("{}")
        assert [one for one in order if one != "name"] == ["file", "folder", "folder"]
