"""How quick the workshop's page is in a full room: one facilitator with a browser, thirty phones, a real server.

    python -m experiments.benchmarks.workshop            # about three minutes; quiet machine wanted
    python -m experiments.benchmarks.workshop --quick    # less than a minute, to see that everything runs

Needs the extra ``test`` (Playwright) and Debian's chromium, or another one on the path. The server is a process of its own,
started by the command that people use; everything stays on this machine. What is timed, is timed where people wait: from
moving a slider in the facilitator's browser to the redrawn page, paired runs included. Where NiceGUI is installed
(``pip install nicegui``), a page of the same kind made with it is measured in the same run: it is what a Python user would pick
instead.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from experiments.benchmarks.speed import resized
from sim import organisation

EMPLOYEES, CUSTOMERS = 300, 2000
PHONES = 30
PAGE = "a participant's page"
LEVER = "tools"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
DIMENSIONS = ("reliability", "responsiveness", "assurance", "empathy", "tangibles")

MOVE = """([selector, value]) => new Promise((done) => {
  const slider = document.querySelector(selector);
  const began = performance.now();
  const there = () => document.querySelector(`[data-testid=effect][data-to="${value}"]`);
  const watch = new MutationObserver(() => {
    if (!there()) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
  });
  watch.observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
  slider.value = value;
  slider.dispatchEvent(new Event("input", {bubbles: true}));
  slider.dispatchEvent(new Event("change", {bubbles: true}));
})"""
"""Moves a slider and answers, in milliseconds, when the page shows what the change does."""


@dataclass
class Report:
    """What was measured, as rows of a table: what, target, figure."""

    rows: list[tuple[str, str, str, bool]] = field(default_factory=list)

    def add(self, what: str, target: float, found: float, unit: str, more: str = "") -> None:
        """Add a figure and whether it keeps the target."""
        print(f"{what}: {found:.3g} {unit}{more}", file=sys.stderr, flush=True)
        self.rows.append((what, f"≤ {target:g} {unit}", f"{found:.3g} {unit}{more}", found <= target))

    def print(self) -> None:
        """Print the table."""
        print("| what | target | measured | |\n|---|---:|---:|---|")
        for what, target, found, kept in self.rows:
            print(f"| {what} | {target} | {found} | {'met' if kept else '**missed**'} |")


@contextmanager
def server(home: Path) -> Iterator[tuple[subprocess.Popen[str], str, str, str, float]]:
    """Start a workshop; give the process, its address, the code, the facilitator's address, and seconds until it answers."""
    chain = resized(EMPLOYEES, CUSTOMERS)
    file = home / "firm.toml"
    file.write_text(organisation.dump(chain), encoding="utf-8")
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "sim.cli", "workshop", str(file), "--port", str(free_port()), "--no-browser",
         "--folder", str(home / "sessions")],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        said, found = "", None
        assert process.stdout
        while not found:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(said)
            said += line
            found = re.search(r"(http://[^/\s]+)/host/(\w+)\?key=[\w-]+", said)
        ready = time.perf_counter() - began
        yield process, found[1], found[2], found[0], ready
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def memory(process: subprocess.Popen[Any]) -> float:
    """Return the resident memory of a process, in MB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


class Phones:
    """Thirty phones: each keeps a stream open and sends what a phone sends."""

    def __init__(self, home: str, code: str, departments: list[str]) -> None:
        self.home, self.code, self.departments = home, code, departments
        self.heard: dict[int, float] = {}
        self.clients: list[Any] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def join(self) -> float:
        """Let everybody join at once, each with a stream; return the seconds until the last is in."""
        import httpx

        began = time.perf_counter()
        self.clients = [
            httpx.AsyncClient(base_url=self.home, headers={"Origin": self.home}, timeout=None) for _ in range(PHONES)
        ]

        async def one(number: int) -> None:
            client = self.clients[number]
            (await client.get(f"/j/{self.code}")).raise_for_status()
            department = self.departments[number % len(self.departments)]
            (await client.post(f"/j/{self.code}/join", json={"department": department})).raise_for_status()
            self.tasks.append(asyncio.create_task(self._listen(number)))

        await asyncio.gather(*(one(number) for number in range(PHONES)))
        return time.perf_counter() - began

    async def _listen(self, number: int) -> None:
        """Keep a stream open and note when states come; bytes are counted and not read, as phones are other machines."""
        host, port = self.home.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=2**20)
        writer.write(f"GET /j/{self.code}/events HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        try:
            while chunk := await reader.read(2**18):
                if b"event: state" in chunk:
                    self.heard.setdefault(number, time.perf_counter())
        finally:
            writer.close()

    async def score(self, number: int, about: str, value: int) -> None:
        """Let a phone score a block."""
        answer = await self.clients[number].post(
            f"/j/{self.code}/score", json={"about": about, "scores": dict.fromkeys(DIMENSIONS, value)}
        )
        answer.raise_for_status()

    async def close(self) -> None:
        """Let everybody go."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for client in self.clients:
            await client.aclose()


async def measure(report: Report, process: Any, home: str, code: str, host: str, moves: int, rounds: int) -> None:
    """Fill the room and measure it."""
    from playwright.async_api import async_playwright

    chain = resized(EMPLOYEES, CUSTOMERS)
    departments = [unit for unit in chain.units if chain.nodes[unit]["kind"] == "department"]
    supplier = {client: s for s, client in chain.links if client in departments and s in departments}
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=chromium(), args=FLAGS)
        phone = await browser.new_page(viewport={"width": 375, "height": 740})
        sizes: list[int] = []

        async def weigh(answer: Any) -> None:
            if "/events" not in answer.url:
                sizes.append(len(await answer.body()))

        weighing: list[asyncio.Task[None]] = []
        phone.on("response", lambda answer: weighing.append(asyncio.create_task(weigh(answer))))
        began = time.perf_counter()
        await phone.goto(f"{home}/j/{code}")
        await phone.wait_for_selector("[data-page]")
        opened = time.perf_counter() - began
        await asyncio.gather(*weighing)
        report.add("a participant's page, everything that is loaded", 60, sum(sizes) / 1000, "kB")
        report.add("a participant's page, opened", 1, opened, "s")

        phones = Phones(home, code, departments)
        report.add(f"{PHONES} phones join", 7.5, await phones.join(), "s")
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        await page.goto(host)
        await act(page, code, {"do": "phase", "to": "score"})
        for number in range(PHONES):
            mine = departments[number % len(departments)]
            await phones.score(number, "given", 4)
            if mine in supplier:
                await phones.score(number, supplier[mine], 3)
        unit = departments[0]
        for todo in (
            {"do": "phase", "to": "reveal"},
            {"do": "focus", "department": unit},
            {"do": "phase", "to": "change"},
        ):
            await act(page, code, todo)
        await act(page, code, {"do": "show", "what": "effect", "on": True})
        await page.wait_for_selector(f"[data-testid=lever-{LEVER}]", timeout=120_000)
        await quiet(page, code)

        for value in (0.61, 0.62):  # the first change warms all models up, for all runs
            await page.evaluate(MOVE, [f"[data-testid=lever-{LEVER}]", f"{value:g}"])
            await page.wait_for_selector("[data-testid=effect][data-final=true]", timeout=120_000)
        broadcasts = []
        for _ in range(10):
            phones.heard.clear()
            began = time.perf_counter()
            await phones.clients[0].post(f"/j/{code}/commit", json={"who": "we", "what": "this", "when": "soon"})
            await asyncio.sleep(0.5)
            told = phones.heard.values()
            broadcasts.append(1e3 * (max(told) - began) if len(told) == PHONES else np.inf)
        report.add(
            f"a change reaches the last of {PHONES} phones, median of 10", 120, float(np.median(broadcasts)), "ms"
        )

        before = memory(process)
        times = []
        for number in range(moves):
            times.append(await page.evaluate(MOVE, [f"[data-testid=lever-{LEVER}]", value_of(number)]))
            await asyncio.sleep(0.25)
        low, middle, high = np.percentile(times[1:], [50, 95, 99])
        report.add(
            f"slider moved to page redrawn, p95 of {len(times) - 1}",
            150,
            float(middle),
            "ms",
            f" (median {low:.0f}, p99 {high:.0f})",
        )
        await act(page, code, {"do": "phase", "to": "score"})
        for turn in range(rounds):  # what an hour of thirty phones sends, without the pauses
            for number in range(PHONES):
                await phones.score(number, "given", 1 + (turn + number) % 5)
                await phones.clients[number].get(f"/j/{code}/me")
        await asyncio.sleep(2)
        report.add(f"memory that an hour adds ({rounds * PHONES} answers, {moves} changes)", 20, memory(process) - before, "MB",
                   f" (in all {memory(process):.0f} MB)")  # fmt: skip
        await phones.close()
        await browser.close()


async def compare(report: Report, moves: int) -> None:
    """Measure a page of the same kind made with NiceGUI, with as many browsers' worth of work as one facilitator's."""
    from playwright.async_api import async_playwright

    port = free_port()
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "experiments.benchmarks.nicegui_page", str(port), str(EMPLOYEES), str(CUSTOMERS), LEVER],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with async_playwright() as play:
            browser = await play.chromium.launch(executable_path=chromium(), args=FLAGS)
            page = await browser.new_page(viewport={"width": 1280, "height": 800})
            sizes: list[int] = []
            weighing: list[asyncio.Task[None]] = []

            async def weigh(answer: Any) -> None:
                with contextlib.suppress(Exception):  # bodies of web sockets and redirects
                    sizes.append(len(await answer.body()))

            page.on("response", lambda answer: weighing.append(asyncio.create_task(weigh(answer))))
            while True:
                with contextlib.suppress(Exception):
                    await page.goto(f"http://127.0.0.1:{port}/")
                    break
                await asyncio.sleep(0.1)
                if time.perf_counter() - began > 60:
                    raise RuntimeError("the page made with NiceGUI does not start")
            ready = time.perf_counter() - began
            await page.wait_for_selector("canvas, svg")
            opened = time.perf_counter() - began - ready
            await asyncio.gather(*weighing)
            for value in (0.61, 0.62):
                await page.evaluate(MOVE, [f"[data-testid=lever-{LEVER}]", f"{value:g}"])
                await page.wait_for_selector("[data-testid=effect][data-final=true]", timeout=120_000)
            times = []
            for number in range(moves):
                times.append(await page.evaluate(MOVE, [f"[data-testid=lever-{LEVER}]", value_of(number)]))
                await asyncio.sleep(0.25)
            await browser.close()
    finally:
        process.terminate()
        process.wait(20)
    ours = {what.removesuffix(f" of {moves - 1}"): figure for what, _, figure, _ in report.rows}
    print("\n| made with NiceGUI, nobody else in the room | measured | ours, with 30 phones |\n|---|---:|---:|")
    print(f"| server ready | {ready:.3g} s | {ours['server ready after a warm start']} |")
    print(
        f"| page, everything that is loaded | {sum(sizes) / 1000:.0f} kB | {ours[PAGE + ', everything that is loaded']} |"
    )
    print(f"| page opened | {opened:.3g} s | {ours[PAGE + ', opened']} |")
    p50, p95 = np.percentile(times[1:], [50, 95])
    print(
        f"| slider moved to page redrawn, p95 | {p95:.0f} ms (median {p50:.0f}) | {ours['slider moved to page redrawn, p95']} |"
    )


def value_of(number: int) -> str:
    """Return where the slider goes next: one of its hundredths below what the organisation file says, each once in sixty."""
    return f"{(number * 37) % 60 / 100:g}"


def chromium() -> str:
    """Return where the browser is."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        raise SystemExit("there is no chromium on the path")
    return found


async def act(page: Any, code: str, todo: dict[str, Any]) -> None:
    """Do something as the facilitator."""
    ok = await page.evaluate(
        "async ([code, todo]) => (await fetch(`/host/${code}/act`, {method: 'POST', headers: "
        "{'Content-Type': 'application/json'}, body: JSON.stringify(todo)})).status",
        [code, todo],
    )
    if ok != 200:
        raise RuntimeError(f"{todo}: {ok}")


async def quiet(page: Any, code: str) -> None:
    """Wait until nothing runs in the background."""
    await page.wait_for_function("() => !document.querySelector('[data-testid=running]')", timeout=300_000)
    await asyncio.sleep(1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few repeats: to see that everything runs")
    quick = parser.parse_args().quick
    report = Report()
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as (process, home, code, host, ready):
        report.add("server ready after a warm start", 3, ready, "s")
        asyncio.run(measure(report, process, home, code, host, 8 if quick else 60, 3 if quick else 30))
    print(
        f"{EMPLOYEES} employees, {CUSTOMERS:,} customers, a year after the change; {PHONES} phones; {os.cpu_count()} cores\n"
    )
    report.print()
    if find_spec("nicegui") is None:
        print("\nNiceGUI is not installed: nothing to compare with (pip install nicegui).")
    else:
        asyncio.run(compare(report, 8 if quick else 60))


if __name__ == "__main__":
    main()
