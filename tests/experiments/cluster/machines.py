"""Several "machines" on one: network namespaces joined by a bridge, each with its own address, to test what a cluster does.

Where the system does not let us make namespaces (no Linux, no root, no ``ip``), the machines are plain processes on loopback
addresses, and `Machines.kind` says so. A machine's processes can be killed without notice, and its cable can be pulled.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
NETWORKS = [f"10.213.{third}.0/24" for third in range(1, 250)]
"""Private networks of which the first that nobody here uses is taken."""


class CannotCut(RuntimeError):
    """The machines are no namespaces, so that there is no cable to pull."""


@dataclass
class Machine:
    """One machine: its address, its namespace (empty on loopback), and the processes that run on it."""

    name: str
    address: str
    namespace: str
    cable: str
    logs: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *command: str | Path) -> subprocess.Popen[bytes]:
        """Start a process there; what it prints goes to a file ``<machine>-<n>.log``."""
        prefix = ["ip", "netns", "exec", self.namespace] if self.namespace else []
        with (self.logs / f"{self.name}-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [*prefix, *map(str, command)], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            )  # fmt: skip
        self.processes.append(process)
        return process

    def keep_running(self, *command: str | Path, blind_to: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a process and start it again whenever it ends, as systemd or Kubernetes would.

        ``blind_to`` is a folder that this machine does not see; only where machines are namespaces.
        """
        script = f"while true; do {shlex.join(map(str, command))}; sleep 0.5; done"
        if blind_to is not None and self.namespace:  # `ip netns exec` gives each process a view of mounts of its own
            script = f"mount -t tmpfs none {shlex.quote(str(blind_to))} && {script}"
        return self.start("sh", "-c", script)

    def kill(self) -> None:
        """Kill every process of this machine without notice, with whatever it has started itself."""
        for process in self.processes:
            _kill(process)

    def cut(self) -> None:
        """Pull the cable."""
        if not self.namespace:
            raise CannotCut("machines on loopback have no cable")
        _ip("link", "set", self.cable, "down")

    def mend(self) -> None:
        """Put the cable back in."""
        if not self.namespace:
            raise CannotCut("machines on loopback have no cable")
        _ip("link", "set", self.cable, "up")

    @property
    def said(self) -> str:
        """What its processes have printed so far."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.logs.glob(f"{self.name}-*.log")))


@dataclass
class Machines:
    """All machines, and the address at which they see this process."""

    kind: str
    here: str
    all: list[Machine]

    def __getitem__(self, index: int) -> Machine:
        return self.all[index]


@contextlib.contextmanager
def machines(count: int, logs: Path) -> Iterator[Machines]:
    """Give ``count`` machines, as namespaces where that is possible; take everything down afterwards, come what may."""
    logs.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        reason = _why_no_namespaces()
        found = _on_loopback(count, logs, reason) if reason else _in_namespaces(count, logs, stack)
        stack.callback(_kill_all, found)
        yield found


def _why_no_namespaces() -> str:
    """Return why there can be no namespaces here; nothing where there can."""
    if not sys.platform.startswith("linux"):
        return "no Linux"
    if shutil.which("ip") is None:
        return "no ip command"
    probe = f"sc{os.getpid()}p"
    try:
        _ip("netns", "add", probe)
    except (subprocess.CalledProcessError, PermissionError):
        return "not allowed to make network namespaces"
    try:
        _ip("-n", probe, "link", "set", "lo", "up")
        _ip("link", "add", probe, "type", "veth", "peer", "name", f"{probe}q")
        _ip("link", "del", probe)
    except subprocess.CalledProcessError:
        return "not allowed to make virtual cables"
    finally:
        _ip("netns", "del", probe)
    return ""


def _on_loopback(count: int, logs: Path, reason: str) -> Machines:
    return Machines(
        f"loopback ({reason})",
        "127.0.0.1",
        [Machine(f"machine{number}", "127.0.0.1", "", "", logs) for number in range(count)],
    )


def _in_namespaces(count: int, logs: Path, stack: contextlib.ExitStack) -> Machines:
    _clear_away_what_killed_tests_left()
    mark = f"sc{os.getpid()}"  # names of interfaces may have fifteen letters
    bridge = f"{mark}b"
    network = _free_network()
    hosts = [str(address) for address, _ in zip(network.hosts(), range(count + 1), strict=False)]
    _ip("link", "add", bridge, "type", "bridge")
    stack.callback(_ip_if_possible, "link", "del", bridge)
    _ip("addr", "add", f"{hosts[0]}/{network.prefixlen}", "dev", bridge)
    _ip("link", "set", bridge, "up")
    found = []
    for number, address in enumerate(hosts[1:]):
        namespace, cable = f"{mark}n{number}", f"{mark}v{number}"
        _ip("netns", "add", namespace)
        stack.callback(_ip_if_possible, "netns", "del", namespace)
        _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        stack.callback(_ip_if_possible, "link", "del", cable)
        _ip("link", "set", cable, "master", bridge)
        _ip("link", "set", cable, "up")
        _ip("-n", namespace, "addr", "add", f"{address}/{network.prefixlen}", "dev", "eth0")
        _ip("-n", namespace, "link", "set", "eth0", "up")
        _ip("-n", namespace, "link", "set", "lo", "up")
        found.append(Machine(f"machine{number}", address, namespace, cable, logs))
    return Machines("network namespaces", hosts[0], found)


def _clear_away_what_killed_tests_left() -> None:
    """Take down machines whose test is no longer alive; one that was killed could not."""
    for line in _ip("netns", "list").splitlines():
        name = line.split()[0]
        if (mine := re.fullmatch(r"sc(\d+)n\d+", name)) and not Path(f"/proc/{mine[1]}").exists():
            for process in _ip("netns", "pids", name).split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(process), signal.SIGKILL)
            _ip_if_possible("netns", "del", name)
            _ip_if_possible("link", "del", f"sc{mine[1]}b")


def _free_network() -> ipaddress.IPv4Network:
    used = _ip("-4", "-o", "addr", "show") + _ip("-4", "route", "show")
    for text in NETWORKS:
        network = ipaddress.ip_network(text)
        if text.removesuffix("0/24") not in used and isinstance(network, ipaddress.IPv4Network):
            return network
    raise RuntimeError("no private network is free")


def _ip(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True, timeout=30).stdout


def _ip_if_possible(*words: str) -> None:
    with contextlib.suppress(subprocess.SubprocessError):
        _ip(*words)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=30)


def _kill_all(found: Machines) -> None:
    for machine in found.all:
        machine.kill()


def wait_for_port(address: str, port: int, seconds: float = 60) -> None:
    """Wait until somebody listens there."""
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((address, port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def scheduler_command(address: str, port: int) -> Sequence[str]:
    """Return the command of a Dask scheduler."""
    return [
        sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", address, "--port", str(port),
        "--no-dashboard", "--no-show",
    ]  # fmt: skip


def worker_command(scheduler: str, address: str, name: str) -> Sequence[str]:
    """Return the command of a Dask worker with one thread and without a nanny that would restart it."""
    return [
        sys.executable, "-m", "distributed.cli.dask_worker", scheduler, "--host", address, "--nthreads", "1",
        "--no-nanny", "--no-dashboard", "--memory-limit", "0", "--name", name,
    ]  # fmt: skip
