"""Between a room and the model: turns what the room looks like into wishes, off the event loop, the newest only.

One thread per session does what takes more than a moment: importing the model (which compiles it on a fresh machine), verdicts on
the shown cells, the picture of the chain, the levers of a department. Runs belong to `sim.workshop.simulation`, which has its own
threads. Results are never kept on disk: after a restart the room makes its wishes again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.errors import InputError
from sim.workshop.room import Change
from sim.workshop.scores import Cell

if TYPE_CHECKING:
    from sim.chain import ServiceChain

log = logging.getLogger("sim.workshop")


@dataclass(frozen=True)
class Functions:
    """What the engine calls; `load` gives the project's own.

    Attributes
    ----------
    simulator : (chain, seed=, runs=, warm_up=, days=, workers=) → an object with ``ask(wish, on_result)`` and ``close()``
    wish : makes a wish of changes, pinned, cells, market, focus, version
    levers_for : (chain, unit) → levers of a department, as dictionaries
    verdicts : (chain, cells, market, seed=) → verdicts without "should"
    chain_picture : (chain, cells) → nodes and links
    market : (overrides by name) → market; raises `InputError`
    assumptions : () → [{name, value, low, high, unit, default, source}] of the market
    """

    simulator: Callable[..., Any]
    wish: Callable[..., Any]
    levers_for: Callable[[ServiceChain, str], list[dict[str, Any]]]
    verdicts: Callable[..., list[dict[str, Any]]]
    chain_picture: Callable[[ServiceChain, Sequence[Cell]], dict[str, Any]]
    market: Callable[[Mapping[str, float]], Any]
    assumptions: Callable[[], list[dict[str, Any]]]


def load() -> Functions:
    """Import the model and what the page asks of it; takes seconds, and up to a minute on a fresh machine."""
    from sim.hireback import market  # type: ignore[import-not-found]
    from sim.workshop import simulation, verdict  # type: ignore[attr-defined]

    return Functions(
        simulation.Simulator,
        simulation.Wish,
        simulation.levers_for,
        verdict.verdicts,
        verdict.chain_picture,
        lambda overrides: market.Market(**overrides),
        lambda: list(market.ASSUMPTIONS),
    )


@dataclass(frozen=True)
class Question:
    """What a room looks like to the model. ``key`` tells the chain apart: two questions with one key have the same chain."""

    key: object
    chain: Callable[[], ServiceChain]
    changes: tuple[Change, ...]
    pinned: tuple[Change, ...]
    cells: tuple[Cell, ...]
    market: tuple[tuple[str, float], ...]
    focus: str | None
    version: str

    def same_as(self, other: Question | None) -> bool:
        """Tell whether the answers would be the same."""
        mine, others = (
            None if one is None else (one.key, one.changes, one.pinned, one.cells, one.market, one.focus, one.version)
            for one in (self, other)
        )
        return mine == others


class Engine:
    """Answers the newest question of one session.

    Parameters
    ----------
    deliver : takes parts of the answer as they come, from any thread: ``deliver(number of the question, part)``, where a part
        is a dictionary with any of ``levers``, ``assumptions``, ``verdicts``, ``chain``, ``chain_error``, ``running`` and what
        the simulator returns: ``effect``, ``bottleneck``, ``should`` (by department)
    functions : loads what is called; runs in the engine's thread
    """

    def __init__(
        self,
        deliver: Callable[[int, dict[str, Any]], None],
        *,
        seed: int,
        runs: int,
        warm_up: int,
        days: int,
        workers: int | None = None,
        functions: Callable[[], Functions] = load,
    ) -> None:
        self._deliver, self._load = deliver, functions
        self._settings = {"seed": seed, "runs": runs, "warm_up": warm_up, "days": days, "workers": workers}
        self._asked = threading.Condition()
        self._question: Question | None = None
        self._number = 0
        self._closed = False
        self._thread: threading.Thread | None = None
        self._simulator: Any = None
        self._chain: tuple[object, ServiceChain] | None = None

    def ask(self, question: Question) -> int:
        """Ask; an older question that has not been answered is dropped. Returns its number, which its results carry."""
        with self._asked:
            if self._closed or question.same_as(self._question):
                return self._number
            self._question = question
            self._number += 1
            self._asked.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="workshop-engine", daemon=True)
                self._thread.start()
            return self._number

    def close(self) -> None:
        """Stop; runs that are on their way end with their current one."""
        with self._asked:
            self._closed = True
            self._asked.notify()
        if self._simulator is not None:
            self._simulator.close()

    def _work(self) -> None:
        self._deliver(0, {"running": {"done": 0, "of": 1, "what": "compiling"}})
        try:
            functions = self._load()
            self._deliver(0, {"assumptions": functions.assumptions(), "running": None})
        except Exception as error:
            log.exception("the model could not be loaded")
            self._deliver(0, {"running": None, "chain_error": str(error)})
            return
        answered = 0
        while True:
            with self._asked:
                self._asked.wait_for(lambda: self._closed or self._number > answered)  # noqa: B023 - called here and now
                if self._closed:
                    return
                question, answered = self._question, self._number
            assert question is not None
            try:
                self._answer(functions, question, answered)
            except InputError as error:
                self._deliver(answered, {"chain_error": str(error), "running": None})
            except Exception as error:
                log.exception("a question could not be answered")
                self._deliver(answered, {"chain_error": f"{type(error).__name__}: {error}", "running": None})

    def _answer(self, functions: Functions, question: Question, number: int) -> None:
        if self._chain is None or self._chain[0] != question.key:
            if self._simulator is not None:
                self._simulator.close()
                self._simulator = None
            self._chain = (question.key, question.chain())
            self._simulator = functions.simulator(self._chain[1], **self._settings)
        chain = self._chain[1]
        market = functions.market(dict(question.market))
        part: dict[str, Any] = {"chain_error": None, "chain": functions.chain_picture(chain, question.cells)}
        part["levers"] = functions.levers_for(chain, question.focus) if question.focus in chain else []
        self._deliver(number, part)
        if question.cells:
            self._deliver(
                number, {"verdicts": functions.verdicts(chain, question.cells, market, seed=self._settings["seed"])}
            )
        wish = functions.wish(
            changes=question.changes, pinned=question.pinned, cells=question.cells, market=market, focus=question.focus,
            version=question.version,
        )  # fmt: skip
        self._simulator.ask(wish, lambda result: self._deliver(number, result))
