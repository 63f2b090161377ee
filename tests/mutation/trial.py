"""A trial: one mutant, in a process of its own, before one group of tests after the other until one notices.

The rules are compiled, which takes a minute; so trials run them as plain Python (``NUMBA_DISABLE_JIT=1``), where a
mutant costs a second or two. The mistake is in the text that the process imports, never in a file: a stopped trial
leaves nothing behind. The process is forked from one that has loaded the libraries, but nothing of this project.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import io
import multiprocessing
import multiprocessing.connection
import os
import resource
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pytest

from tests.mutation.groups import Group, nearest_first, target_of
from tests.mutation.mutants import ROOT, Mutant

LIBRARIES = (
    "numpy", "numba", "llvmlite", "scipy.stats", "scipy.optimize", "pandas", "networkx", "mesa", "pydantic", "tomlkit", "rich",
    "hypothesis", "hypothesis.strategies", "pyarrow.parquet", "defusedxml.ElementTree", "platformdirs", "numba.extending",
)  # fmt: skip
MOST_MEMORY = 6 * 2**30
"""Bytes of addresses that a trial may take: a mistake may fill lists without end."""
LEAST_TIME = 10.0
TIMES_LONGER = 6.0
"""A group of tests may take so many times the processor time that it takes without a mistake, but at least so many
seconds; then it hangs. Processor time does not depend on what else the machine does."""
PATIENCE = 600.0
"""Seconds after which a group of tests hangs that takes no processor time, as in a wait without end."""
_OPTIONS = (
    "-x", "-q", "--no-header", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:rerunfailures",
    # of what was loaded before the fork nothing has to be rewritten
    "-W", "ignore::pytest.PytestAssertRewriteWarning",
)  # fmt: skip
KILLED, SURVIVED, TIMEOUT, CRASHED = "killed", "survived", "timeout", "crashed"


@dataclass(frozen=True)
class Verdict:
    """How a trial ended.

    Attributes
    ----------
    outcome : killed, survived, timeout (the tests hang) or crashed (the process died)
    group, test : what noticed first; "" where nothing did
    seconds : of the trial
    """

    outcome: str
    group: str
    test: str
    seconds: float


def prepare() -> None:
    """Load the libraries, so that every trial finds them loaded."""
    if os.environ.get("NUMBA_DISABLE_JIT") != "1":
        raise RuntimeError("trials run rules as plain Python: NUMBA_DISABLE_JIT=1 has to be set before Python starts")
    for name in LIBRARIES:
        importlib.import_module(name)


class _First:
    """Remembers the first test that fails, or cannot even be collected."""

    def __init__(self) -> None:
        self.failed = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid or "collection"


class _Mistaken(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a text instead of its file."""

    def __init__(self, mutant: Mutant) -> None:
        self._name, self._path = mutant.module, str(ROOT / mutant.file)
        self._code = compile(mutant.source(), self._path, "exec")

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]
        """Return how to import the module, and nothing for others."""
        if name != self._name:
            return None
        spec = importlib.machinery.ModuleSpec(name, self, origin=self._path)
        spec.has_location = True
        return spec

    def exec_module(self, module) -> None:  # type: ignore[no-untyped-def]
        """Run the text with the mistake."""
        exec(self._code, module.__dict__)


def forget_the_project() -> None:
    """Let every module of the project be imported anew."""
    for name in list(sys.modules):
        if name.partition(".")[0] in ("sim", "experiments", "scenarios", "tests", "conftest"):
            del sys.modules[name]


def _try(
    mutant: Mutant | None, groups: Sequence[Group], limits: Sequence[float], pipe: multiprocessing.connection.Connection
) -> None:
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, hard))
    os.chdir(ROOT)
    forget_the_project()
    if mutant is not None:
        sys.meta_path.insert(0, _Mistaken(mutant))
    nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  the process ends with it
    os.dup2(nowhere.fileno(), 1)
    os.dup2(nowhere.fileno(), 2)
    sys.stdout = sys.stderr = nowhere
    file = "" if mutant is None else mutant.file
    for group, limit in zip(groups, limits, strict=True):
        began, first = time.process_time(), _First()
        resource.setrlimit(resource.RLIMIT_CPU, (int(began + limit) + 1, resource.RLIM_INFINITY))
        pipe.send(("began", group.name, "", 0.0))
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                code = int(pytest.main([*_OPTIONS, *nearest_first(group, file)], plugins=[first]))
        except BaseException as error:  # the mistake broke what pytest itself has to import
            code, first.failed = 3, first.failed or type(error).__name__
        failed = first.failed or ("" if code == 0 else f"pytest ended with {code}")
        pipe.send(("failed" if failed else "passed", group.name, failed, time.process_time() - began))
        if failed:
            break
    pipe.close()
    os._exit(0)


@dataclass
class _Running:
    mutant: Mutant | None
    process: multiprocessing.process.BaseProcess
    pipe: multiprocessing.connection.Connection
    began: float
    until: float
    group: str = ""
    times: dict[str, float] | None = None

    def end(self) -> None:
        if self.process.is_alive() and self.process.pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.join()
        self.pipe.close()


class Bench:
    """Where trials run, several at a time.

    Parameters
    ----------
    workers : how many trials at a time
    usual : seconds that each group takes without a mistake, by name of the target and group, as `without_a_mistake` returns
    them
    groups : the tests to ask; those of each mutant's target where none are given
    """

    def __init__(self, workers: int, usual: dict[str, float], groups: Sequence[Group] | None = None) -> None:
        self._workers, self._usual, self._groups = workers, usual, groups
        self._running: list[_Running] = []
        self._fork = multiprocessing.get_context("fork")

    def _limit(self, target: str, group: str) -> float:
        return max(LEAST_TIME, TIMES_LONGER * self._usual.get(f"{target}: {group}", 60.0))

    def _start(self, mutant: Mutant | None, groups: Sequence[Group]) -> _Running:
        target = "" if mutant is None else target_of(mutant.file).name
        limits = [self._limit(target, group.name) for group in groups]
        ours, theirs = self._fork.Pipe(duplex=False)
        process = self._fork.Process(target=_try, args=(mutant, groups, limits, theirs), daemon=True)
        process.start()
        theirs.close()
        now = time.monotonic()
        return _Running(mutant, process, ours, now, now + PATIENCE, times={})

    def without_a_mistake(self, groups: Sequence[Group]) -> dict[str, float]:
        """Return the seconds that each group takes on the code as it is; every test has to pass.

        Raises
        ------
        RuntimeError
            If a test fails: it would "notice" every mutant.
        """
        one = self._start(None, groups)
        try:
            verdict = self._follow(one)
        finally:
            one.end()
        if verdict is None or verdict.outcome != SURVIVED:
            raise RuntimeError(f"a test fails without any mistake: {verdict.test if verdict else one.group}")
        assert one.times is not None
        return one.times

    def _follow(self, one: _Running, wait: float | None = None) -> Verdict | None:
        """Read what a trial has to say; return its verdict, or None while it goes on."""
        while True:
            left = one.until - time.monotonic()
            if not one.pipe.poll(max(0.0, left if wait is None else min(left, wait))):
                if left <= 0.0:
                    return Verdict(TIMEOUT, one.group, "", time.monotonic() - one.began)
                return None
            try:
                told, group, test, seconds = one.pipe.recv()
            except EOFError:
                one.process.join(10.0)
                took = time.monotonic() - one.began
                if one.process.exitcode == -signal.SIGXCPU:
                    return Verdict(TIMEOUT, one.group, "", took)
                if one.process.exitcode == 0:
                    return Verdict(SURVIVED, "", "", took)
                return Verdict(CRASHED, one.group, f"exit code {one.process.exitcode}", took)
            if told == "began":
                one.group, one.until = group, time.monotonic() + PATIENCE
            elif told == "failed":
                return Verdict(KILLED, group, test, time.monotonic() - one.began)
            elif one.times is not None:
                one.times[group] = seconds

    def trials(self, mutants: Iterable[Mutant]) -> Iterator[tuple[Mutant, Verdict]]:
        """Yield the verdict on each mutant, as trials end."""
        waiting = iter(mutants)
        more = True
        try:
            while more or self._running:
                while more and len(self._running) < self._workers:
                    mutant = next(waiting, None)
                    if mutant is None:
                        more = False
                        break
                    self._running.append(self._start(mutant, self._groups or target_of(mutant.file).groups))
                if self._running:
                    multiprocessing.connection.wait([one.pipe for one in self._running], timeout=0.5)
                for one in list(self._running):
                    assert one.mutant is not None
                    verdict = self._follow(one, wait=0.0)
                    if verdict is not None:
                        self._running.remove(one)
                        one.end()
                        yield one.mutant, verdict
        finally:
            for one in self._running:
                one.end()
            self._running.clear()
