"""Build the wheel, install it in an empty environment, and run the README's commands far from the checkout.

    python -m tests.fresh                    # every command exactly as it stands there; a quarter of an hour
    python -m tests.fresh --quick            # the long ones with fewer runs, as in CI; a few minutes
    python -m tests.fresh --python python3.13 --only "report" --keep
    python -m tests.fresh --record           # write down how long each took, for docs/reliability.md

The environment knows nothing of this one: its own home (so that the rules are compiled anew), its own path, a folder without a
repository. What is installed are the wheel and the versions of requirements.lock, extras only where the README's own commands
install them. Exits with 1 where a command fails, hangs, prints a traceback, or where the program turns out to run from the
checkout after all.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.docs import reliability
from tests.fresh import client, readme, server

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 1200.0
"""Seconds after which a command counts as hanging."""


@dataclass(frozen=True)
class Machine:
    """An environment with the wheel in it, and a folder to work in.

    Attributes
    ----------
    home : the user's home, empty at first; ``work`` below it is the current folder of every command
    python : the interpreter of the environment
    wheel : the wheel that is installed
    """

    home: Path
    python: Path
    wheel: Path

    @property
    def work(self) -> Path:
        """The folder in which commands are run."""
        return self.home / "work"

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of a command: nothing of ours."""
        return {
            "PATH": f"{self.python.parent}{os.pathsep}/usr/local/bin{os.pathsep}/usr/bin{os.pathsep}/bin",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "COLUMNS": "120",
        }

    def install(self, extra: str = "") -> None:
        """Install the wheel, with an extra or alone, and the locked versions of what it needs."""
        what = f"{self.wheel}[{extra}]" if extra else str(self.wheel)
        words = [str(self.python), "-m", "pip", "install", "-q", "-c", str(ROOT / "requirements.lock"), what]
        done = subprocess.run(words, capture_output=True, text=True, check=False)  # with this user's settings of pip
        if done.returncode:
            sys.exit(f"{shlex.join(words)} failed:\n{done.stdout}{done.stderr}")

    def where_the_program_is(self) -> Path:
        """Return the folder from which the program is imported."""
        said = self._checked([str(self.python), "-c", "import sim; print(sim.__file__)"])
        return Path(said.strip()).parent

    def run(self, words: list[str], limit: float = LIMIT) -> subprocess.CompletedProcess[str]:
        """Run a command of the README and return what became of it."""
        return subprocess.run(
            words, cwd=self.work, env=self.variables, capture_output=True, text=True, timeout=limit, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def _checked(self, words: list[str]) -> str:
        done = self.run(words)
        if done.returncode:
            sys.exit(f"{shlex.join(words)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout


def make(python: str, home: Path) -> Machine:
    """Build the wheel from the checkout and make an environment with nothing else in it."""
    (home / "work").mkdir()
    wheels = home / "wheels"
    for words in (
        [python, "-m", "venv", str(home / "environment")],
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", str(wheels), str(ROOT)],
    ):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{shlex.join(words)} failed:\n{done.stderr}")
    (wheel,) = wheels.glob("*.whl")
    machine = Machine(home, home / "environment" / "bin" / "python", wheel)
    machine.install()
    return machine


def tried(machine: Machine, command: readme.Command, quick: bool) -> str:
    """Run a command; return what is wrong with what came of it, or nothing."""
    client.prepare(machine.work, command.words)
    words = readme.shortened(command.words) if quick else list(command.words)
    if command.kind == "server":
        return server.tried(words, machine.work, machine.variables)
    if command.kind == "python":
        words = [str(machine.python), "-W", "error::UserWarning", *words]
    try:
        done = machine.run(words)
    except subprocess.TimeoutExpired:
        return f"not finished after {LIMIT:.0f} seconds"
    if done.returncode:
        return f"exit code {done.returncode}\n{done.stdout[-1500:]}{done.stderr[-3000:]}"
    if "Traceback" in done.stdout + done.stderr:
        return f"a traceback\n{done.stderr[-3000:]}"
    missing = [out for out in command.written if not (machine.work / out).exists()]
    return f"it should have written {', '.join(missing)}" if missing else ""


def main() -> None:
    """Do as somebody would who has never seen the project."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="interpreter to make the environment with")
    parser.add_argument("--quick", action="store_true", help="fewer runs in the long commands")
    parser.add_argument(
        "--only",
        default="",
        help="only commands in which this text stands; what others would have written is not there then",
    )
    parser.add_argument("--keep", action="store_true", help="leave the environment and say where it is")
    parser.add_argument("--record", action="store_true", help="write the seconds down for the documentation")
    asked = parser.parse_args()

    home = Path(tempfile.mkdtemp(prefix="fresh-"))
    try:
        wrong = try_all(make(asked.python, home), asked.quick, asked.only, asked.record)
    finally:
        if asked.keep:
            print(f"the environment is left in {home}")
        else:
            shutil.rmtree(home, ignore_errors=True)
    sys.exit(1 if wrong else 0)


def try_all(machine: Machine, quick: bool, only: str, write_down: bool) -> int:
    """Run all commands; return how many went wrong."""
    if ROOT in machine.where_the_program_is().parents:
        sys.exit("the program is imported from the checkout, not from the wheel")
    commands = [one for one in readme.commands((ROOT / "README.md").read_text(encoding="utf-8")) if only in one.text]
    rows: list[dict[str, str | int | float]] = []
    wrong = 0
    for number, command in enumerate(commands, 1):
        start = time.perf_counter()
        if command.kind == "install":
            machine.install(command.extra)
            trouble = ""
        else:
            trouble = tried(machine, command, quick)
        seconds = time.perf_counter() - start
        wrong += bool(trouble)
        print(
            f"{number:3}/{len(commands)} {seconds:6.1f} s  {'WRONG' if trouble else 'fine '}  {command.text}",
            flush=True,
        )
        if trouble:
            print(trouble, flush=True)
        rows.append({"command": f"`{command.text}`", "seconds": round(seconds, 1), "outcome": trouble[:40] or "done"})
    if write_down:
        reliability.record("fresh", "python -m tests.fresh" + (" --quick" if quick else "") + " --record", rows)
    print(f"{len(commands) - wrong} of {len(commands)} commands do what the README says")
    return wrong


if __name__ == "__main__":
    main()
