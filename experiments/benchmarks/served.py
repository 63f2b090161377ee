"""A workshop that runs as a process of its own, and may be killed and started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from experiments.benchmarks.workshop import free_port, memory

READY = 120
"""Seconds that a server may take to start."""


class Served:
    """A workshop that runs as a process of its own, and may be killed and started again on the same port."""

    def __init__(self, home: Path) -> None:
        self.folder, self.port, self._said = home / "sessions", free_port(), home / "said.txt"
        self.process: subprocess.Popen[bytes] | None = None
        self.page = self.code = ""
        self._spent = 0.0

    async def start(self, *arguments: str) -> float:
        """Start it and return the seconds until pages can be opened."""
        began = time.perf_counter()
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sim.cli", "workshop", *arguments, "--no-browser", "--port", str(self.port),
                 "--folder", str(self.folder)],
                stdout=said, stderr=subprocess.STDOUT,
            )  # fmt: skip
        while "Ctrl-C stops" not in (text := self._said.read_text(encoding="utf-8")):
            if self.process.poll() is not None or time.perf_counter() - began > READY:
                raise RuntimeError(f"the server does not start: {text}")
            await asyncio.sleep(0.02)
        found = re.search(r"http://\S+/host/(\w+)\?key=\S+", text)
        assert found is not None
        self.page, self.code = found[0], found[1]
        return time.perf_counter() - began

    def kill(self) -> None:
        """Kill it as a crash or a battery would."""
        assert self.process is not None
        self._spent = self.seconds
        self.process.kill()
        self.process.wait()

    @property
    def seconds(self) -> float:
        """Processor time that the server has taken so far, those before it included."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return self._spent + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def memory(self) -> float:
        """Resident memory, in MB."""
        assert self.process is not None
        return memory(self.process)

    def end(self) -> None:
        """End it for good."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
            self.process.kill()
