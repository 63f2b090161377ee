"""What the model says while the room watches: runs off the page's thread, the newest wish first, cached, told as they come.

One dispatcher thread decides what is run next; a small pool runs it (the compiled core lets go of Python's lock). A wish of
the facilitator always comes before the background: what the room asked last is answered after a few paired runs, and again as
more of them are there. Every run is a future of a model that was warmed up once for its seed, so that a change costs one
future for each seed; what was run before is taken from memory.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from sim import curves, measures
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.estimates import estimate, intervals, mean_of_known
from sim.hireback.links import LinkFigures, figures_of
from sim.hireback.market import Market
from sim.interventions import Intervention
from sim.model import ServiceModel
from sim.workshop import verdict
from sim.workshop.verdict import Cell, Change, Reading, told

FIRST_WITHIN = 0.07
"""Seconds of running after which the room is shown a first answer; what pairs are finished by then stand in it."""
NICE = 5
"""How much threads that run the model give way."""
PAUSE = 0.06
"""Seconds after the first answer in which nothing is run, so that it is drawn soon."""
DAYS_AT_ONCE = 25
"""Days of a run between two looks at whether the room has asked for something else."""
MOST_KEPT = 800
"""Futures that are remembered, those used last; each takes a few kilobytes."""
MOST_MEMORY = 600_000_000
"""Bytes that the warmed-up models of a session may take; a large firm gets fewer runs."""
POINTS = 64
"""Points of a curve that is sent to the page."""

Tell = Callable[[dict[str, Any]], None]
Job = functools.partial[Iterator[None]]
"""Background work on a wish, told to somebody: ``partial(work, wish, tell)``."""


@dataclass(frozen=True)
class Wish:
    """What the room wants to see.

    Attributes
    ----------
    changes, pinned : levers as they are now, and as they are in the baseline that they are compared with
    cells : what the room scored and may see; see `sim.workshop.verdict.Cell`
    market : what the department's internal clients could buy instead
    reading : how the room's scores are read
    """

    changes: tuple[Change, ...] = ()
    pinned: tuple[Change, ...] = ()
    cells: tuple[Cell, ...] = ()
    market: Market = field(default_factory=Market)
    reading: Reading = field(default_factory=Reading)


@dataclass(frozen=True, slots=True)
class Future:
    """What one run left behind: daily satisfaction outside and inside, and what clients see of every link at the end."""

    external: np.ndarray
    internal: np.ndarray
    profit: float
    links: LinkFigures


class _Overtaken(Exception):
    """The room has asked for something else meanwhile."""


class Simulator:
    """Answers the wishes of one session.

    Parameters
    ----------
    chain : the organisation
    seed, runs, warm_up, days : seed of the first run, how many paired runs the final answer has, working days before the
        change and after it
    workers : runs at the same time; default: one per core
    tell : hears, from another thread, ``{"ready": seconds}`` once the model is compiled and the first seed warmed up, and
        ``{"failed": why}`` when something could not be run
    """

    def __init__(
        self,
        chain: ServiceChain,
        *,
        seed: int = 1,
        runs: int = 20,
        warm_up: int = 250,
        days: int = 250,
        workers: int | None = None,
        tell: Tell | None = None,
    ) -> None:
        self.chain, self.seed, self.runs, self.warm_up, self.days = chain, seed, runs, warm_up, days
        self.workers = workers or os.cpu_count() or 1
        self.window = max(1, days // 4)
        self._tell = tell or (lambda _: None)
        self._roots: dict[int, ServiceModel] = {}
        self._kept: OrderedDict[tuple[tuple[Change, ...], int], Future] = OrderedDict()
        self._vendors: dict[Market, dict[str, dict[str, Any]]] = {}
        self._pace = 0.05
        self._wish: tuple[Wish, Tell] | None = None
        self._asked = 0
        self._background: list[Job] = []
        self._news = threading.Condition()
        self._closed = False
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="workshop-run", initializer=_step_back)
        self._dispatcher = threading.Thread(target=self._dispatch, name="workshop-runs", daemon=True)
        self._dispatcher.start()

    # --- what the server calls --------------------------------------------------------------------------------------------

    def ask(self, wish: Wish, on_result: Tell) -> None:
        """Answer a wish soon; a newer one takes its place. ``on_result`` is called from another thread, several times."""
        with self._news:
            self._wish = (wish, on_result)
            self._asked += 1
            self._news.notify()

    def prepare(self, wish: Wish, on_result: Tell) -> None:
        """Look, whenever nobody is waiting, for what the reveal needs: verdicts, who holds customers back, should they go.

        Results come as ``{"verdicts": …, "levels": …}``, ``{"bottleneck": …}`` and ``{"should": {department: …}}``, each as
        soon as it is there, with ``{"running": …}`` on the way and ``{"running": None}`` at the end.
        """
        with self._news:
            self._background = [
                functools.partial(job, wish, on_result) for job in (self._as_is, self._bottleneck, self._should)
            ]
            self._news.notify()

    def close(self) -> None:
        """Stop after the runs in hand."""
        with self._news:
            self._closed = True
            self._asked += 1
            self._wish, self._background = None, []
            self._news.notify()
        self._pool.shutdown(wait=False, cancel_futures=True)

    # --- whose turn it is -------------------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        began = time.perf_counter()
        try:
            self._pool.submit(self._root, self.seed).result()
        except Exception as error:
            self._fail(error)
            return
        self._tell({"ready": round(time.perf_counter() - began, 1)})
        while steps := self._next():
            try:
                for _ in steps:
                    with self._news:
                        if self._closed or self._wish is not None:
                            break
            except _Overtaken:
                pass
            except Exception as error:
                self._fail(error)

    def _fail(self, error: Exception) -> None:
        """Tell the server what went wrong."""
        if self._closed:  # a pool that was shut down while something was on its way to it
            return
        self._tell({"failed": str(error)})
        if not isinstance(error, InputError):
            traceback.print_exception(error)

    def _next(self) -> Iterator[None] | None:
        with self._news:
            while not self._closed and self._wish is None and not self._background:
                self._news.wait()
            if self._closed:
                return None
            if self._wish is not None:
                wish, on_result = self._wish
                self._wish = None
                return self._answer(wish, on_result)
            job = self._background[0]
        return self._work_on(job)

    def _work_on(self, job: Job) -> Iterator[None]:
        """Do background work, from its beginning each time: what was run is remembered. What fails is not tried again."""
        try:
            yield from job()
        except (_Overtaken, GeneratorExit):  # to be taken up again
            raise
        except Exception as error:
            self._fail(error)
        with self._news:
            if not self._background or self._background[0] is not job:
                return
            del self._background[0]
            done = not self._background
        if done:
            job.args[1]({"running": None})

    # --- runs ---------------------------------------------------------------------------------------------------------------

    def _root(self, seed: int) -> ServiceModel:
        """Return the model of a seed on the evening before the change."""
        root = self._roots.get(seed)
        if root is None:
            root = ServiceModel(self.chain, seed=seed).run(self.warm_up)
            if len(self._roots) * sum(one.nbytes for one in root.state.arrays()) < MOST_MEMORY:
                self._roots[seed] = root
        return root

    def _future(self, changes: tuple[Change, ...], seed: int, asked: int) -> Future:
        """Return what comes of a seed under these changes; give up as soon as the room asks for something else."""
        key = (changes, seed)
        with self._news:
            if (known := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return known
        model = self._root(seed).branch(
            *(Intervention(one.lever, one.to, one.where, start=self.warm_up) for one in changes)
        )
        end = self.warm_up + self.days
        with model:
            while model.day < end:
                if self._asked != asked:
                    raise _Overtaken
                model.run(min(DAYS_AT_ONCE, end - model.day))
            arrays = measures.daily_arrays(model)
            future = Future(
                arrays["external_satisfaction"][self.warm_up :].copy(),  # a view would keep the days before
                arrays["internal_satisfaction"][self.warm_up :].copy(),
                float(np.mean(arrays["profit"][self.warm_up :])),
                figures_of(model, self.window),
            )
        with self._news:
            self._kept[key] = future
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return future

    def _pairs(self, sets: Sequence[tuple[Change, ...]], seeds: Sequence[int]) -> list[list[Future]]:
        """Return the future of every seed under every set of changes."""
        wanted = [(changes, seed) for seed in seeds for changes in sets]
        began = time.perf_counter()
        new = sum(one not in self._kept for one in wanted)
        asked = self._asked
        found = list(self._pool.map(lambda one: self._future(one[0], one[1], asked), wanted))
        if new:
            self._pace = 0.5 * self._pace + 0.5 * (time.perf_counter() - began) * self.workers / max(new, self.workers)
        return [found[row : row + len(sets)] for row in range(0, len(found), len(sets))]

    # --- answers --------------------------------------------------------------------------------------------------------------

    def _answer(self, wish: Wish, on_result: Tell) -> Iterator[None]:
        """Tell what a change does: after the few pairs that fit into `FIRST_WITHIN`, and again until all runs are there."""
        sets = (wish.pinned, wish.changes)
        pairs: list[list[Future]] = []
        step = max(2, self.workers * int(FIRST_WITHIN / max(self._pace, 0.001)))
        tell_at = step
        asked = self._asked
        while len(pairs) < self.runs:
            seeds = range(self.seed + len(pairs), self.seed + min(self.runs, len(pairs) + step))
            pairs += self._pairs(sets, seeds)
            if self._asked != asked:
                raise _Overtaken
            if len(pairs) >= min(tell_at, self.runs):
                on_result({"effect": self._effect(wish, pairs, final=len(pairs) >= self.runs)})
                if tell_at == step:
                    with self._news:  # the page draws now, on the same processor
                        self._news.wait_for(lambda: self._closed or self._wish is not None, PAUSE)
                tell_at = 2 * len(pairs)
            yield

    def _effect(self, wish: Wish, pairs: list[list[Future]], *, final: bool) -> dict[str, Any]:
        before, after = ([pair[place] for pair in pairs] for place in (0, 1))
        outside = [np.array([one.external for one in side]) for side in (before, after)]
        inside = [np.array([one.internal for one in side]) for side in (before, after)]
        return {
            "runs": len(pairs),
            "of": self.runs,
            "final": final,
            "days": self.days,
            "window": self.window,
            "seed": self.seed,
            "changes": [one.as_dict() for one in wish.changes],
            "pinned": [one.as_dict() for one in wish.pinned],
            "external": self._difference(*outside, lag=final),
            "internal": self._difference(*inside, lag=False),
            "profit": told(estimate([b.profit - a.profit for a, b in zip(before, after, strict=True)]), 0),
            "hireback": verdict.before_and_after(
                self.chain, wish.cells, wish.reading, wish.market,
                [one.links for one in before], [one.links for one in after], seed=self.seed,
            ),
            "curve": _curve(*outside),
        }  # fmt: skip

    def _difference(self, before: np.ndarray, after: np.ndarray, *, lag: bool) -> dict[str, Any]:
        ends = [mean_of_known(side[:, -self.window :], axis=1) for side in (before, after)]
        found: dict[str, Any] = {
            "before": told(estimate(ends[0])),
            "after": told(estimate(ends[1])),
            "difference": told(estimate(ends[1] - ends[0]), 2),
            "lag": None,
        }
        if lag and len(before) > 1 and np.any(after != before):
            days = curves.lag(after - before, self.window)
            found["lag"] = told(days, 0) if np.isfinite(days.mean) else None
        return found

    def _as_is(self, wish: Wish, on_result: Tell) -> Iterator[None]:
        """Tell whether each department would be hired back as things are, and how satisfied everybody is."""
        found: list[Future] = []
        while len(found) < self.runs:
            seeds = range(self.seed + len(found), self.seed + min(self.runs, len(found) + self.workers))
            found += [pair[0] for pair in self._pairs(((),), seeds)]
            on_result({"running": {"what": "as_is", "done": len(found), "of": self.runs}})
            yield
        links = [one.links for one in found]
        satisfied = mean_of_known(np.array([one.satisfaction for one in links]), axis=0)
        levels = [
            [*edge, round(100 * float(level), 1)]
            for edge, level in zip(self.chain.links, satisfied, strict=True)
            if np.isfinite(level)
        ]
        on_result({
            "verdicts": verdict.verdicts(self.chain, wish.cells, wish.reading, wish.market, links, seed=self.seed),
            "levels": levels,
            "external": told(estimate([self._end(one) for one in found])),
        })  # fmt: skip

    def _bottleneck(self, wish: Wish, on_result: Tell) -> Iterator[None]:
        """Tell what customers would gain if each department took full care of those whom it serves inside."""
        units = [one for one in self.chain.units if any(supplier == one for supplier, client in self.inside)]
        runs = max(2, self.runs // 2)
        found = []
        for number, unit in enumerate(units):
            sets = ((), (Change("internal_service", unit, 1.0),))
            ends = []
            for start in range(0, runs, self.workers):
                seeds = range(self.seed + start, self.seed + min(runs, start + self.workers))
                ends += [self._end(after) - self._end(before) for before, after in self._pairs(sets, seeds)]
                yield
            effect = estimate(ends)
            found.append((-effect.mean, {"department": unit, "effect": told(effect, 2)}))
            on_result({"running": {"what": "bottleneck", "done": number + 1, "of": len(units)}})
        best_first = [one for _, one in sorted(found, key=lambda one: one[0])]
        on_result({"bottleneck": {"runs": runs, "days": self.days, "departments": best_first}})

    def _should(self, wish: Wish, on_result: Tell) -> Iterator[None]:
        """Tell what a market vendor in each unit's place would do to customers, colleagues and costs."""
        from sim.hireback import vendor

        known = self._vendors.setdefault(wish.market, {})
        asked, units = self._asked, self.chain.units

        def tell(one: vendor.Should) -> None:
            known[one.unit] = one.as_dict()
            on_result({"should": dict(known), "running": {"what": "should", "done": len(known), "of": len(units)}})

        missing = [unit for unit in units if unit not in known]
        if missing:
            vendor.should_all(
                self.chain, missing, market=wish.market, runs=max(2, self.runs // 2), seed=self.seed, warm_up=self.warm_up,
                days=self.days, workers=self.workers, on_result=tell, stop=lambda: self._asked != asked,
            )  # fmt: skip
        if len(known) < len(units):
            raise _Overtaken
        on_result({"should": dict(known)})
        yield

    @property
    def inside(self) -> list[tuple[str, str]]:
        """Links whose client is a department or contractor."""
        segments = set(self.chain.segments)
        return [edge for edge in self.chain.links if edge[1] not in segments]

    def _end(self, future: Future) -> float:
        return float(np.nanmean(future.external[-self.window :]))


def _step_back() -> None:
    """Let the threads that run the model give way to the one that serves the page, where the system can tell them apart."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def _curve(before: np.ndarray, after: np.ndarray) -> dict[str, list[float | None]]:
    """Return two curves as means over blocks of days, with the 95 % interval of the second around the first, run by run."""
    days = before.shape[1]
    edges = np.unique(np.linspace(0, days, min(days, POINTS) + 1).astype(int))
    blocks = list(pairwise(edges.tolist()))
    sides = [np.column_stack([mean_of_known(side[:, a:b], axis=1) for a, b in blocks]) for side in (before, after)]
    first, second = (mean_of_known(side, axis=0) for side in sides)
    _, low, high = intervals(sides[1] - sides[0])
    columns = {"before": first, "after": second, "low": first + low, "high": first + high}
    curve = {name: [round(v, 2) if np.isfinite(v) else None for v in values] for name, values in columns.items()}
    return {"day": [float(end) for _, end in blocks], **curve}
