"""A process that has imported everything and forks for each fault: one kill costs milliseconds rather than an import.

`Zygote` starts ``python -m tests.faults.zygote`` with the shim loaded, and sends it one line of JSON per job. The zygote forks;
the child arms the shim, does one step of a story, and ends, or is ended.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults import shim
from tests.faults.shim import How

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180.0
"""Seconds after which a child is taken to hang."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step ended.

    Attributes
    ----------
    code : exit code; None where the process was killed
    count : calls that changed something below the folder; 0 where it was killed
    said : what it printed, on both streams
    acknowledged : what it told the outside world as done, line by line
    hung : it did not end in time
    """

    code: int | None
    count: int
    said: str
    acknowledged: tuple[str, ...]
    hung: bool = False


class Zygote:
    """The running process; a context manager."""

    def __init__(self) -> None:
        self.scratch = Path(tempfile.mkdtemp(prefix="faults-"))
        home = self.scratch / "home"
        home.mkdir()
        self.environment = os.environ | {
            "LD_PRELOAD": str(shim.library()), "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1", "TMPDIR": str(self.scratch), "PYTHONFAULTHANDLER": "1",
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=self.environment, cwd=ROOT,
        )  # fmt: skip

    def __enter__(self) -> Zygote:
        return self

    def __exit__(self, *error: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        import shutil

        shutil.rmtree(self.scratch, ignore_errors=True)

    def do(
        self,
        story: str,
        step: str,
        folder: Path,
        how: How = How.COUNT,
        at: int = 0,
        error: int = 0,
        log: Path | None = None,
    ) -> Outcome:
        """Do a step of a story in a folder, with a fault."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        job = {"story": story, "step": step, "folder": str(folder), "how": int(how), "at": at, "error": error,
               "log": str(log) if log else None, "scratch": str(self.scratch)}  # fmt: skip
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the zygote has died")
        told = json.loads(line)
        return Outcome(told["code"], told["count"], told["said"], tuple(told["acknowledged"]), told["hung"])


def _serve() -> None:
    from tests.faults import stories

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    stories.warm_up()
    gc.collect()
    gc.freeze()  # what is not looked at by the collector is not copied into every child
    for line in sys.stdin:
        job = json.loads(line)
        print(json.dumps(_forked(stories, job)), file=answers, flush=True)


def _forked(stories: Any, job: dict[str, Any]) -> dict[str, Any]:
    scratch = Path(job["scratch"])
    said, acknowledged, counted = (scratch / name for name in ("said", "acknowledged", "counted"))
    for path in (said, acknowledged, counted):
        path.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        _child(stories, job, said, acknowledged, counted)
    until, hung = time.monotonic() + PATIENCE, False
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > until:
            hung = True
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            break
        time.sleep(0.002)
    return {
        "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        "count": int(counted.read_text()) if counted.exists() else 0,
        "said": said.read_text(errors="replace")[-20_000:] if said.exists() else "",
        "acknowledged": acknowledged.read_text().splitlines() if acknowledged.exists() else [],
        "hung": hung,
    }


def _child(stories: Any, job: dict[str, Any], said: Path, acknowledged: Path, counted: Path) -> None:
    code = 1
    try:
        stream = os.open(said, os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(stream, 1)
        os.dup2(stream, 2)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        folder = Path(job["folder"])
        os.chdir(folder)
        told = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        step = stories.step(job["story"], job["step"])
        shim.arm(folder, How(job["how"]), job["at"], job["error"], Path(job["log"]) if job["log"] else None)
        try:
            code = step(folder, lambda text: os.write(told, f"{text}\n".encode())) or 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        sys.stdout.flush()
        sys.stderr.flush()
        number = shim.count()
        shim.arm(Path("/nowhere"), How.COUNT)
        counted.write_text(str(number))
    except BaseException:
        shim.arm(Path("/nowhere"), How.COUNT)
        traceback.print_exc()
        sys.stderr.flush()
        code = 1
    finally:
        os._exit(code)


if __name__ == "__main__":
    _serve()
