"""A full room on a real server that is killed in the middle: is any answer lost, or counted twice, and how long do people wait?

    python -m experiments.benchmarks.room                                  # 200 phones, three rooms, about a quarter of an hour
    python -m experiments.benchmarks.room --participants 30 --rooms 1 --kills 1 --seconds 5 --sliders 0   # half a minute
    python -m experiments.benchmarks.room --record                         # and write the figures down

Each room: `service-culture workshop` runs as a process of its own with a folder of its own. Phones join within a
minute, each from its own address 127.0.x.y; in the last room all are behind one address, as behind a router. They score
what they give and receive, change their minds, and lose their streams. The server is killed (SIGKILL) at random
moments, while requests are on their way, and started again with ``--resume`` on the same port. Then the room predicts,
reveals, changes, commits. What every phone was told was saved is compared with the session's file (a copy of it right
after each kill, and the file itself at the end) and with what the page shows. Exit code 1 if anything differs.

Phones and server share one machine: times are those of a laptop that carries both.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from experiments.benchmarks.phones import Facilitator, Log, Phone
from experiments.benchmarks.served import READY, Served
from sim.workshop.room import Room
from sim.workshop.scores import OWN
from sim.workshop.session import hashed
from sim.workshop.store import Store, files

CASE = "energy_distributor"
LEVER = "tools"
MINDS = 0.3
"""Share of scores that are changed afterwards."""
DROPS = 0.02
"""Share of phones that lose their stream, per second of scoring."""
COMMAND = (
    "python -m experiments.benchmarks.room --participants {0.participants} --rooms {0.rooms} --kills {0.kills} "
    "--seconds {0.seconds:g} --sliders {0.sliders:g} --record"
)


@dataclass
class Found:
    """What was measured over all rooms, and what was wrong."""

    log: Log = field(default_factory=Log)
    people: int = 0
    joins: list[float] = field(default_factory=list)
    steps: list[float] = field(default_factory=list)
    backs: list[float] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    sliders: list[float] = field(default_factory=list)
    load: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    growth: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    kept: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def rows(self) -> list[dict[str, str | int]]:
        """Return the table."""
        answered = self.log.answered
        kept = self.kept
        checks = [
            ("scores that were acknowledged", kept["acknowledged"]),
            ("… and lost at a kill or at the end", kept["lost"]),
            ("scores counted more than once", kept["twice"]),
            ("people counted more than once (joined again after an answer that never came)", kept["ghosts"]),
            ("commitments that were acknowledged", kept["promises"]),
            ("… and lost, or there more than once", kept["promises wrong"]),
            ("pairs on the page, held against what the phones remember", kept["pairs"]),
            ("… that differ", kept["pairs wrong"]),
            ("on their way when the server was killed: kept once", kept["in flight there"]),
            ("on their way when the server was killed: not kept, sent again", kept["in flight not there"]),
            ("requests that were refused", len(self.log.refused)),
            ("sliders without an answer within two minutes", kept["no effect"]),
        ]
        times = [
            ("page opened to joined", self.joins, "s"),
            ("a score acknowledged", answered.get("score", []), "s"),
            ("a facilitator's step has reached the last phone", self.steps, "s"),
            ("slider moved to first effect, with the room listening", self.sliders, "s"),
            ("restart to pages open", self.starts, "s"),
            ("restart to the last phone back", self.backs, "s"),
            ("cores that the server uses while people score", self.load, ""),
            ("memory at the end of a room", self.memory, "MB"),
            ("memory growth while sliders move, per hour", self.growth, "MB"),
            ("processes that wanted the machine meanwhile (load average)", self.busy, ""),
        ]
        table: list[dict[str, str | int]] = [
            {"what": what, "median": shown(np.median(of), unit), "p95": shown(np.percentile(of, 95), unit),
             "most": shown(max(of), unit), "n": len(of)}
            for what, of, unit in times if of
        ]  # fmt: skip
        table += [
            {"what": what, "median": "", "p95": "", "most": f"{count:,}", "n": self.people} for what, count in checks
        ]
        return table


def shown(value: Any, unit: str) -> str:
    """Return a figure with its unit; without one it is a share."""
    return f"{value:.2g}" if not unit else f"{value:.3g} {unit}" if abs(value) < 1000 else f"{value:,.0f} {unit}"


class Played:
    """One room from the first phone to the end."""

    def __init__(self, found: Found, home: Path, options: argparse.Namespace, number: int) -> None:
        self.found, self.options = found, options
        self.rng = random.Random(f"{options.seed}-{number}")
        self.one_address = number == options.rooms - 1
        self.server, self.copies = Served(home), home / "copies"
        self.phones: list[Phone] = []
        self.lead: Facilitator

    async def play(self) -> None:
        """Play it."""
        options, found = self.options, self.found
        found.starts.append(await self.server.start(CASE, "--runs", str(options.runs)))
        self.lead = Facilitator(self.server.port, self.server.code, self.server.page)
        try:
            await self.lead.lead()
            await self.join()
            await self.step("score")
            await self.score()
            await self.step("predict")
            names = [one["name"] for one in self.lead.state["departments"]]
            for phone in self.phones:
                phone.predict(self.rng.choice(names))
            await self.settled()
            await self.step("reveal")
            for part in ("gap", "effect"):
                await self.lead.act("show", what=part, on=True)
            await self.look()
            await self.step("change")
            await self.sliders(names[0])
            await self.step("commit")
            await self.commit()
            await self.step("close")
            found.memory.append(self.server.memory)
            found.busy.append(os.getloadavg()[1])
        finally:
            await self.lead.leave()
            await asyncio.gather(*(phone.leave() for phone in self.phones))
            self.server.end()
        self.compare(self.server.folder, at_end=True)

    async def join(self) -> None:
        """Let everybody come within the time, in any order; departments get equally many."""
        options = self.options
        names = [one["name"] for one in self.lead.state["departments"]]
        suppliers = {one["name"]: one["suppliers"] for one in self.lead.state["departments"]}
        for number in range(options.participants):
            address = "127.0.0.2" if self.one_address else f"127.0.{1 + number // 250}.{1 + number % 250}"
            home = names[number % len(names)]
            rng = random.Random(self.rng.random())
            self.phones.append(Phone(self.server.port, self.server.code, address, home, self.found.log, rng))
            self.phones[-1].suppliers = suppliers[home]

        async def one(phone: Phone) -> None:
            await asyncio.sleep(self.rng.random() * options.seconds)
            await phone.arrive()

        killed = asyncio.create_task(self.kills(1 if options.kills > 2 else 0, options.seconds))
        await asyncio.gather(*(one(phone) for phone in self.phones), killed)
        self.found.joins += [phone.joined_in or np.nan for phone in self.phones]
        self.found.people += len(self.phones)

    async def score(self) -> None:
        """Let everybody score, change their minds and lose their streams, while the server is killed."""
        options, server = self.options, self.server

        async def one(phone: Phone) -> None:
            blocks = [OWN, *phone.suppliers]
            blocks += self.rng.choices(blocks, k=round(MINDS * len(blocks) + self.rng.random()))
            for place, about in enumerate(blocks):
                await asyncio.sleep(options.seconds / len(blocks) * self.rng.uniform(0.5, 1.0 if place else 1.5))
                phone.score(about)

        async def drops() -> None:
            while True:
                await asyncio.sleep(1)
                for phone in self.phones:
                    if self.rng.random() < DROPS:
                        phone.lose_stream()

        dropping = asyncio.create_task(drops())
        began, spent = time.perf_counter(), server.seconds
        in_score = max(options.kills - 2, min(1, options.kills)) if options.kills > 2 else options.kills
        await asyncio.gather(self.kills(in_score, options.seconds), *(one(phone) for phone in self.phones))
        dropping.cancel()
        await self.settled()
        self.found.load.append((server.seconds - spent) / (time.perf_counter() - began))

    async def kills(self, count: int, within: float) -> None:
        """Kill the server so many times at random moments, look at what it left behind, and start it again."""
        for _ in range(count):
            await asyncio.sleep(within / count * self.rng.uniform(0.15, 0.7))
            self.server.kill()
            await asyncio.sleep(0.2)  # answers that were on the wire have come in
            shutil.rmtree(self.copies, ignore_errors=True)
            shutil.copytree(self.server.folder, self.copies)
            self.compare(self.copies, at_end=False)
            here = [phone for phone in self.phones if phone.joined_in is not None]
            for phone in here:
                phone.online = False
            began = time.perf_counter()
            self.found.starts.append(await self.server.start("--resume"))
            while not all(phone.online for phone in here):
                await asyncio.sleep(0.01)
                if time.perf_counter() - began > READY:
                    raise RuntimeError("not all phones come back")
            self.found.backs.append(max((phone.back for phone in here), default=began) - began)
            await self.lead.until(lambda state: state)

    async def step(self, to: str) -> None:
        """Go to a phase and measure when the last phone shows it."""
        began = time.perf_counter()
        await self.lead.act("phase", to=to)
        while not all(to in phone.heard for phone in self.phones):
            await asyncio.sleep(0.005)
            if time.perf_counter() - began > READY:
                raise RuntimeError(f"not all phones hear of {to}")
        self.found.steps.append(max(phone.heard[to] for phone in self.phones) - began)
        await self.lead.until(lambda state: state["phase"] == to)
        say(f"  {to}: reached all after {self.found.steps[-1]:.2f} s")

    async def settled(self) -> None:
        """Wait until every outbox is empty."""
        began = time.perf_counter()
        while any(phone.waiting for phone in self.phones):
            await asyncio.sleep(0.02)
            if time.perf_counter() - began > READY:
                raise RuntimeError("answers stay unsent")

    async def look(self) -> None:
        """Compare what the page shows with what the phones remember: people and means of every pair."""
        state = await self.lead.until(lambda state: state["reveal"] and state["reveal"]["cells"] and state)
        for cell in state["reveal"]["cells"]:
            given = [phone.told[cell["supplier"]] for phone in self.phones
                     if phone.department == cell["client"] and cell["supplier"] in phone.told]  # fmt: skip
            if len(given) < state["minimum"]:
                expected = None
            else:
                expected = {name: statistics.fmean(one[name] for one in given) for name in given[0]}
            seen = cell["received"]
            good = (seen is None) == (expected is None) and (
                seen is None or (seen["n"] == len(given) and all(abs(seen["mean"][name] - value) < 0.001
                                                                 for name, value in (expected or {}).items()))
            )  # fmt: skip
            self.found.kept["pairs"] += 1
            if not good:
                self.found.kept["pairs wrong"] += 1
                self.found.wrong.append(
                    f"{cell['supplier']} → {cell['client']}: shown {seen}, told {len(given)} {expected}"
                )

    async def sliders(self, unit: str) -> None:
        """Move a slider again and again with the room listening; measure waits and memory."""
        if not self.options.sliders:
            return
        await self.lead.act("focus", department=unit)
        lever = await self.lead.until(
            lambda state: next((one for one in state["levers"] if one["name"] == LEVER), None)
        )
        end = time.perf_counter() + self.options.sliders
        times: list[float] = []
        memory: list[tuple[float, float]] = []
        number = 0
        while time.perf_counter() < end:
            number += 1
            to = round(lever["low"] + (lever["high"] - lever["low"]) * ((number * 37) % 997) / 1000, 4)  # never twice
            began = time.perf_counter()
            await self.lead.act("lever", lever=LEVER, where=lever["where"], to=to)
            try:
                await self.lead.until(
                    lambda state, to=to: any(one["to"] == to for one in (state["effect"] or {}).get("changes", ())), 120
                )
            except TimeoutError:
                self.found.kept["no effect"] += 1
                say(f"  no effect within 120 s: {self.lead.state['running']} {self.lead.state['host']['warnings']}")
                continue
            times.append(time.perf_counter() - began)
            memory.append((time.perf_counter(), self.server.memory))
            await asyncio.sleep(0.25)
        self.found.sliders += times[3:]  # the first warm the models up
        later = [one for one in memory if one[0] > end - 0.75 * self.options.sliders]
        if len(later) > 10:
            when, held = np.array(later, dtype=float).T
            slope = np.polyfit(when, held, 1)[0]
            self.found.growth.append(float(slope) * 3600)
            say(
                f"  sliders: p95 {np.percentile(times[3:], 95):.3f} s, memory {memory[0][1]:.0f} to {memory[-1][1]:.0f} MB"
            )

    async def commit(self) -> None:
        """Let everybody commit to something, while the server is killed once."""
        for number, phone in enumerate(self.phones[:150]):
            phone.promise(f"promise {number}")
        if self.options.kills > 1:
            await self.kills(1, 0.5)
        await self.settled()

    def compare(self, folder: Path, *, at_end: bool) -> None:
        """Compare what phones were told with a session file; at the end nothing is on its way any more."""
        (path,) = files(folder)
        store = Store(path)
        room, promised = Room(), Counter[str]()
        for event in store.events():
            room.apply(event)
            promised.update([event.data["what"]] if event.kind == "commit" else [])
        store.close()
        kept, wrong = self.found.kept, self.found.wrong
        known = {hashed(phone.token): phone for phone in self.phones if f"p_{phone.code}" in phone.wire.cookies}
        for key, phone in known.items():
            person = room.people.get(key)
            flying = phone.in_flight.data if phone.in_flight and phone.in_flight.what == "score" else None
            if person is None:
                if phone.joined_in is not None:
                    wrong.append(f"{phone.department}: joined, and is not there")
                    kept["lost"] += 1
                continue
            held = person.received | {OWN: next(iter(person.given.values()), None)}
            homes = {one.name: one.key for one in room.present}
            for about in {*phone.told, *([flying["about"]] if flying else [])}:
                there = held.get(about if about == OWN else homes[about])
                told = phone.told.get(about)
                if flying and flying["about"] == about and not at_end:
                    kept["in flight there" if there == flying["scores"] else "in flight not there"] += 1
                    good = there in (told, flying["scores"])
                else:
                    good = there == told
                if not good:
                    kept["lost"] += 1
                    wrong.append(f"{phone.department} about {about}: told {told}, held {there}")
        for what, times in promised.items():
            if times > 1:
                kept["promises wrong"] += 1
                wrong.append(f"{what}: there {times} times")
        for phone in self.phones:
            kept["promises wrong"] += sum(what not in promised for what in phone.promises)
        if at_end:
            kept["acknowledged"] += sum(len(phone.acknowledged) for phone in self.phones)
            kept["promises"] += sum(len(phone.promises) for phone in self.phones)
            ghosts = len(room.people) - len(self.phones)
            kept["ghosts"] += ghosts
            if ghosts:
                wrong.append(f"{len(room.people)} people for {len(self.phones)} phones")
            voices = Counter(
                group for (group, name), block in room.blocks().items() if name == "empathy" for _ in block
            )
            kept["twice"] += max(0, sum(voices.values()) - sum(len(phone.told) for phone in self.phones))


def say(text: str) -> None:
    """Print progress."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def homes(count: int) -> Iterator[list[Path]]:
    """Give folders that are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        made = [Path(folder) / str(number) for number in range(count)]
        for one in made:
            one.mkdir()
        yield made


def measure(options: argparse.Namespace) -> Found:
    """Play the rooms and return what was found."""
    from sim import organisation
    from sim.model import ServiceModel

    say("compiling the rules, if this machine has not done so")
    ServiceModel(organisation.load(CASE), seed=1).run(2)
    found = Found()
    with homes(options.rooms) as folders:
        for number, home in enumerate(folders):
            say(f"room {number + 1} of {options.rooms}: {options.participants} phones, {options.kills} kills")
            asyncio.run(Played(found, home, options, number).play())
            say(f"  wrong: {found.wrong[:5]}, refused: {dict(Counter(found.log.refused))}")
            if options.record:  # after each room: an hour of rooms is not lost with the last one
                from tests.docs.reliability import record

                record("load", COMMAND.format(options), found.rows())
    return found


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--participants", type=int, default=200, help="phones in a room [200]")
    made.add_argument(
        "--rooms", type=int, default=3, help="rooms, one after another; in the last all share an address [3]"
    )
    made.add_argument("--kills", type=int, default=5, help="times that the server is killed in a room [5]")
    made.add_argument(
        "--seconds", type=float, default=60, help="seconds in which people join, and in which they score [60]"
    )
    made.add_argument("--sliders", type=float, default=90, help="seconds in which sliders are moved; 0: none [90]")
    made.add_argument("--runs", type=int, default=20, help="paired runs behind each figure of the model [20]")
    made.add_argument("--seed", type=int, default=1, help="of departments, scores and moments of kills [1]")
    made.add_argument("--record", action="store_true", help="write the figures into docs/reliability/load.json")
    return made


def main() -> None:
    """Measure, print, record."""
    options = parser().parse_args()
    found = measure(options)
    rows = found.rows()
    print("| " + " | ".join(rows[0]) + " |\n" + "|---" * len(rows[0]) + "|")
    for row in rows:
        print("| " + " | ".join(map(str, row.values())) + " |")
    print("refused:", dict(Counter(found.log.refused)))
    for line in found.wrong[:20]:
        print("WRONG:", line)
    if found.wrong or any(found.kept[name] for name in ("lost", "twice", "ghosts", "promises wrong", "pairs wrong")):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
