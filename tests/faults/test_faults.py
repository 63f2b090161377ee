"""Killed at a write, on a full disk, on a broken one: whole or not at all. A sample; the whole is `python -m tests.faults`."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.faults import shim, stories, traced
from tests.faults.drill import drill
from tests.faults.zygote import Zygote

EVERYDAY = ("workshop session", "workshop wiped", "compiled code")
SLOW = ("a folder of results, over earlier ones", "sweep", "sweep made larger", "new and convert", "report, html")


def needs_the_shim():
    """Skip where the library cannot be made; never on Linux in CI, where all that it needs is there."""
    try:
        shim.library()
    except shim.NoShim as error:
        if sys.platform == "linux" and os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def zygote():
    needs_the_shim()
    with Zygote() as running:
        yield running


@pytest.mark.parametrize("name", EVERYDAY)
def test_stopped_at_a_write_or_without_room_it_is_whole_or_not_at_all_and_goes_on(zygote, name):
    told = drill(zygote, name, ("kill", "ENOSPC"), most=3)
    assert told.writes > 10, "the shim sees what is written"
    assert not told.wrong


@pytest.mark.slow
@pytest.mark.parametrize("name", [*EVERYDAY, *SLOW])
def test_stopped_in_the_middle_of_a_write_or_on_a_broken_disk_it_is_whole_or_not_at_all_and_goes_on(zygote, name):
    told = drill(zygote, name, ("kill", "torn", "ENOSPC", "EIO", "clock"), most=2)
    assert not told.wrong


def test_every_way_of_writing_a_file_is_seen_and_a_torn_write_is_torn(tmp_path):
    needs_the_shim()
    inside, log = tmp_path / "inside", tmp_path / "log"
    inside.mkdir()
    code = (
        "import os, shutil, sqlite3; os.chdir('inside')\n"
        "open('a', 'wb').write(b'1234'); os.replace('a', 'b'); os.link('b', 'c'); os.symlink('b', 'd'); os.unlink('c')\n"
        "os.truncate('b', 2); shutil.copyfile('b', 'e'); os.mkdir('f'); shutil.rmtree('f')\n"
        "db = sqlite3.connect('g', isolation_level=None); db.execute('CREATE TABLE t(x)'); db.close()\n"
        "open('../outside', 'wb').write(b'not counted')"
    )
    run = [sys.executable, "-c", code]
    subprocess.run(run, cwd=tmp_path, env=os.environ | shim.environment(inside, log=log), check=True)
    calls = {line.split()[1].removesuffix("64") for line in log.read_text().splitlines()}
    assert {"open", "write", "rename", "link", "symlink", "unlink", "truncate", "mkdir", "rmdir", "pwrite"} <= calls
    assert {"sendfile", "copy_file_range", "write"} & calls
    assert "outside" not in log.read_text()
    for one in inside.iterdir():
        one.unlink()
    done = subprocess.run(run, cwd=tmp_path, env=os.environ | shim.environment(inside, shim.How.TORN, 2), check=False)
    assert (done.returncode, (inside / "a").read_bytes()) == (-9, b"12")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a folder of results", "sweep", "workshop session", "report, pdf"])
def test_no_write_of_a_story_escapes_the_shim(name):
    needs_the_shim()
    try:
        seen, real, missed = traced.traced(name)
    except (shim.NoShim, subprocess.CalledProcessError) as error:
        pytest.skip(f"strace does not work here: {error}")
    assert real > 3  # a report is one file: made, written, handed to the disk, named
    assert not missed, f"of {real} calls the shim saw {seen}"


def test_every_story_that_is_sampled_is_one(zygote):
    assert {*EVERYDAY, *SLOW} <= set(stories.STORIES)
