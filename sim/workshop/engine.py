"""Between a room and the model: turns what the room looks like into wishes, off the event loop, the newest only.

One thread per session does what takes more than a moment: importing the model (which compiles it on a fresh machine), building
the chain, the levers of a department. Runs belong to `sim.workshop.simulation`, which has threads of its own. Results are never
kept on disk: after a restart the room makes its wishes again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sim.errors import InputError
from sim.workshop.room import Change
from sim.workshop.scores import DIMENSIONS, Cell

if TYPE_CHECKING:
    from sim.chain import ServiceChain
    from sim.workshop import verdict

log = logging.getLogger("sim.workshop")

UNKNOWN_SPREAD = 0.8
"""Standard deviation between people, in points of score, where a sheet speaks for several. No source: a modelling choice."""

Part = dict[str, Any]
Tell = Callable[[Part], None]


@dataclass(frozen=True)
class Question:
    """What a room looks like to the model.

    ``key`` tells chains apart: two questions with one key have the same chain. ``chain`` makes it; None: there is none yet.
    """

    key: object
    chain: Callable[[], ServiceChain | None]
    changes: tuple[Change, ...]
    pinned: tuple[Change, ...]
    cells: tuple[Cell, ...]
    market: tuple[tuple[str, float], ...]
    focus: str | None

    @property
    def background(self) -> tuple[object, ...]:
        """What verdicts, bottleneck and "should" hang on."""
        return self.key, self.cells, self.market

    @property
    def levers(self) -> tuple[object, ...]:
        """What a change and its effect hang on."""
        return self.background, self.changes, self.pinned


class Model:
    """What the engine asks: the project's model. Making one imports it: seconds, on a fresh machine up to a minute."""

    def __init__(self) -> None:
        from sim.hireback import market
        from sim.workshop import menu, simulation, verdict

        self._market, self._menu, self._simulation, self._verdict = market, menu, simulation, verdict

    def assumptions(self) -> list[Part]:
        """Return what is assumed of the market and of how scores are read."""
        return [{**asdict(one), "value": one.default} for one in (*self._market.ASSUMPTIONS, *self._verdict.READING)]

    def simulator(self, chain: ServiceChain, tell: Tell, settings: Mapping[str, Any]) -> Any:
        """Return what runs the model for one chain."""
        return self._simulation.Simulator(chain, tell=tell, **settings)

    def levers(self, chain: ServiceChain, unit: str) -> list[Part]:
        """Return the levers of a department."""
        return self._menu.levers_for(chain, unit)

    def picture(self, chain: ServiceChain, cells: tuple[Cell, ...], levels: list[Any]) -> Part:
        """Return the chain, coloured by the room's scores where they are shown, and by the model elsewhere."""
        known = {(supplier, client): level for supplier, client, level in levels}
        return self._verdict.chain_picture(chain, known | self._verdict.room_levels(self._cells(cells)))

    def wish(self, question: Question) -> Any:
        """Return a question as the simulator reads it."""
        market = dict(question.market)
        reading = {one.name: market.pop(one.name) for one in self._verdict.READING if one.name in market}
        changes, pinned = (
            tuple(self._verdict.Change(one.lever, one.where, one.to) for one in side)
            for side in (question.changes, question.pinned)
        )
        return self._simulation.Wish(
            changes,
            pinned,
            self._cells(question.cells),
            self._market.Market(**market),
            self._verdict.Reading(**reading),
        )

    def _cells(self, cells: tuple[Cell, ...]) -> tuple[verdict.Cell, ...]:
        """Return what clients said; a dimension that too few rated is read as their mean over the others."""
        found = []
        for cell in cells:
            if (seen := cell.received) is None:
                continue
            scores = [seen.mean[name] for name in DIMENSIONS]
            found.append(
                self._verdict.Cell(
                    cell.supplier, cell.client, seen.n, tuple(seen.overall if one is None else one for one in scores),
                    UNKNOWN_SPREAD if seen.spread is None else seen.spread,
                )
            )  # fmt: skip
        return tuple(found)


class Engine:
    """Answers the newest question of one session.

    Parameters
    ----------
    deliver : takes parts of the answer as they come, from any thread: ``deliver(number of the question, part)``, where a part
        is a dictionary with any of ``levers``, ``assumptions``, ``chain``, ``trouble``, ``running`` and what the simulator
        tells: ``effect``, ``verdicts``, ``levels``, ``bottleneck``, ``should`` (by department)
    model : makes what is asked; called in the engine's thread
    """

    def __init__(
        self,
        deliver: Callable[[int, Part], None],
        *,
        seed: int,
        runs: int,
        warm_up: int,
        days: int,
        workers: int | None = None,
        model: Callable[[], Any] = Model,
    ) -> None:
        self._deliver, self._make = deliver, model
        self._settings = {"seed": seed, "runs": runs, "warm_up": warm_up, "days": days, "workers": workers}
        self._asked = threading.Condition()
        self._question: Question | None = None
        self._number = 0
        self._closed = False
        self._thread: threading.Thread | None = None
        self._simulator: Any = None
        self._chain: ServiceChain | None = None

    def ask(self, question: Question) -> None:
        """Ask; an older question that has not been answered is dropped. Its number goes up with each that differs."""
        with self._asked:
            if self._closed or (
                self._question is not None
                and (question.levers, question.focus) == (self._question.levers, self._question.focus)
            ):
                return
            self._question = question
            self._number += 1
            self._asked.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="workshop-engine", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop; runs that are on their way end with their current one."""
        with self._asked:
            self._closed = True
            self._asked.notify()
            simulator, self._simulator = self._simulator, None
        if simulator is not None:
            simulator.close()

    def _work(self) -> None:
        self._deliver(0, {"running": {"done": 0, "of": 1, "what": "compiling"}})
        try:
            model = self._make()
            self._deliver(0, {"assumptions": model.assumptions()})
        except Exception as error:
            log.exception("the model could not be loaded")
            self._deliver(0, {"running": None, "trouble": str(error)})
            return
        answered, last = 0, None
        while True:
            with self._asked:
                while not self._closed and self._number <= answered:
                    self._asked.wait()
                if self._closed:
                    return
                question, answered = self._question, self._number
            assert question is not None
            try:
                self._answer(model, question, last, answered)
                last = question
            except InputError as error:
                self._fail(answered, str(error))
            except Exception as error:
                log.exception("a question could not be answered")
                self._fail(answered, f"{type(error).__name__}: {error}")

    def _fail(self, number: int, text: str) -> None:
        self._deliver(number, {"trouble": text, "running": None})

    def _answer(self, model: Any, question: Question, last: Question | None, number: int) -> None:
        """Ask the simulator for what the change since the last answered question touches, and no more."""
        self._deliver(number, {"trouble": None})
        if last is None or last.key != question.key or self._simulator is None:
            last = None
            chain = question.chain()
            with self._asked:
                before, self._simulator = self._simulator, None
            if before is not None:
                before.close()
            self._deliver(
                number,
                dict.fromkeys(("effect", "verdicts", "bottleneck", "should"))
                | {
                    "levels": [],
                    "levers": [],
                    "chain": None if chain is None else model.picture(chain, question.cells, []),
                },
            )
            if chain is None:
                self._deliver(number, {"running": None})
                return
            simulator = model.simulator(chain, lambda news: self._news(number, news), self._settings)
            with self._asked:
                if self._closed:
                    simulator.close()
                    return
                self._simulator, self._chain = simulator, chain
        assert self._chain is not None
        chain = self._chain
        if last is None or last.focus != question.focus:
            focus = question.focus
            self._deliver(
                number, {"levers": model.levers(chain, focus) if focus is not None and focus in chain else []}
            )
        wish = model.wish(question)
        if last is None or last.levers != question.levers:
            if question.changes or question.pinned:
                self._simulator.ask(wish, lambda part: self._deliver(number, part))
            else:
                self._simulator.ask(wish, lambda part: None)  # takes the place of an older wish
                self._deliver(number, {"effect": None})
        if last is None or last.background != question.background:

            def told(part: Part) -> None:
                if "levels" in part:
                    part = {**part, "chain": model.picture(chain, question.cells, part["levels"])}
                self._deliver(number, part)

            if last is not None:
                self._deliver(number, {"chain": model.picture(chain, question.cells, [])})
            self._simulator.prepare(wish, told)

    def _news(self, number: int, news: Part) -> None:
        """Pass on what the simulator says of itself: that it is ready, or that something failed."""
        if "failed" in news:
            self._fail(number, str(news["failed"]))
        elif "ready" in news:
            self._deliver(number, {"ready": news["ready"], "running": None})
