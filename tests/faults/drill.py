"""Disturbing a story at each of its writes, and looking at what is left.

After a kill: what was there is there, whole, old or new; what was acknowledged is there; the same command again succeeds and
leaves what an undisturbed one leaves, and nothing else. After a disk that is full, broken or cannot be written: one clear
message and the documented exit code, no traceback, nothing half-written; and it goes on when there is room.
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import stories
from tests.faults.shim import How
from tests.faults.zygote import Outcome, Zygote

ERRORS = ("ENOSPC", "EDQUOT", "EIO", "EROFS")
MODES = ("kill", "torn", *ERRORS, "once EIO", "once ENOSPC", "clock")
"""Ways to disturb: killed before the n-th write, killed in the middle of it, each error from there on, one error, clock."""

Snapshot = dict[str, str]


@dataclass
class Drilled:
    """What came of a story.

    Attributes
    ----------
    writes : calls that change something, undisturbed
    done : way to disturb → how often
    wrong : what was found that must not be
    seconds : of it all
    """

    story: str
    writes: int = 0
    done: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def row(self) -> dict[str, str | int | float]:
        """Return the row of the table."""
        failed = sum(number for mode, number in self.done.items() if mode not in ("kill", "torn", "clock"))
        return {
            "story": self.story, "writes": self.writes, "killed before": self.done["kill"], "killed within": self.done["torn"],
            **{one: self.done[one] for one in ERRORS}, "one error": failed - sum(self.done[one] for one in ERRORS),
            "clock back": self.done["clock"], "wrong": len(self.wrong), "seconds": round(self.seconds),
        }  # fmt: skip


def drill(
    zygote: Zygote,
    name: str,
    modes: Sequence[str] = MODES,
    most: int | None = None,
    seconds: float | None = None,
    others: int | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Drilled:
    """Disturb a story at every write, or at ``most`` of them spread over it, or at as many as take ``seconds``.

    With ``others``, only kills come at each of these; every other way to disturb at so many at most.
    """
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="faults-story-") as scratch:
        one = _Drill(zygote, name, Path(scratch).resolve())
        work = [
            (mode, at)
            for mode in modes
            for at in _spread(one.told.writes, one.share(mode, modes, most, seconds, others))
        ]
        for number, (mode, at) in enumerate(work, start=1):
            one.disturb(mode, at)
            progress(number, len(work))
    one.told.seconds = time.perf_counter() - began
    return one.told


def _spread(writes: int, most: int | None) -> Sequence[int]:
    if most is None or writes <= most:
        return range(1, writes + 1)
    if most < 2:
        return [1 + writes // 2]
    return sorted({round(1 + place * (writes - 1) / (most - 1)) for place in range(most)})


class _Drill:
    """A story with what it leaves undisturbed."""

    def __init__(self, zygote: Zygote, name: str, scratch: Path) -> None:
        self.zygote, self.name, self.scratch = zygote, name, scratch
        self.story = stories.STORIES[name]
        self.told = Drilled(name)
        self.start = scratch / "start"
        self.start.mkdir()
        self._known: dict[str, str | None] = {}
        self._expect(zygote.do(name, "before", self.start))
        self.before = snapshot(self.start)
        self.looked_before = self._look(self.start)
        place = self._fresh()
        began = time.perf_counter()
        done = zygote.do(name, "act", place)
        self.took = time.perf_counter() - began
        self._expect(done)
        self.told.writes = done.count
        self.after, self.looked_after, self.listed_after = snapshot(place), self._look(place), listing(place)
        self._expect(zygote.do(name, "again", place))
        self.again = snapshot(place)

    def share(
        self, mode: str, modes: Sequence[str], most: int | None, seconds: float | None, others: int | None
    ) -> int | None:
        """Return at how many writes to disturb in one way; None for all."""
        if others is not None and mode != "kill":
            most = others if most is None else min(most, others)
        if seconds is None:
            return most
        weight = {"kill": 4, "torn": 3}
        whole = sum(weight.get(one, 1) for one in modes)
        fits = max(2, int(seconds * weight.get(mode, 1) / whole / (1.5 * self.took)))
        return fits if most is None else min(fits, most)

    def _expect(self, done: Outcome) -> None:
        if done.code != 0:
            raise AssertionError(f"{self.name}: undisturbed, it ends with {done.code}: {done.said[-2000:]}")

    def _fresh(self) -> Path:
        place = self.scratch / "place"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.start, place, symlinks=True)
        return place

    def _look(self, place: Path) -> dict | None:
        """Return what a reader finds; None where the story has no reader of its own."""
        if self.story.look is None:
            return None
        done = self.zygote.do(self.name, "look", place)
        if done.code != 0 or not done.acknowledged:
            return {"wrong": f"a reader ends with {done.code}: {done.said[-1500:]}"}
        found: dict = json.loads(done.acknowledged[-1])
        return found

    def disturb(self, mode: str, at: int) -> None:
        """Disturb it once and note what is wrong."""
        place = self._fresh()
        how, error = _how(mode)
        done = self.zygote.do(self.name, "act", place, how, at, error)
        self.told.done[mode] += 1
        for wrong in self._judged(mode, done, place):
            self.told.wrong.append(f"{self.name}, {mode} at {at}: {wrong}")

    def _judged(self, mode: str, done: Outcome, place: Path) -> Iterable[str]:
        if done.hung:
            yield "it hangs"
        if "Traceback" in done.said or "Fatal Python" in done.said:
            yield f"a traceback: {done.said[-1500:]}"
            return
        if mode in ("kill", "torn"):
            if done.code is not None:
                yield f"it was to be killed, and ended with {done.code}"
        elif mode == "clock":
            if done.code != 0:
                yield f"it ended with {done.code}: {done.said[-500:]}"
        elif done.code is None:
            yield "it was killed by a signal"
        elif done.code != 0:
            if done.code not in self.story.refused:
                yield f"exit code {done.code}: {done.said[-500:]}"
            if len(re.findall(r"^error: ", done.said, re.M)) != 1:
                yield f"not one message: {done.said[-500:]!r}"
        yield from self._kept(done, place)
        state = normalised(place)
        if state not in self._known:  # what happens next hangs on what is there, and that was seen before
            self._known[state] = next(iter(self._goes_on(place, done)), None)
        if (wrong := self._known[state]) is not None:
            yield wrong

    def _kept(self, done: Outcome, place: Path) -> Iterable[str]:
        """What must be found right after the fault."""
        if self.story.look is None:
            found = snapshot(place)
            for name in sorted({*self.before, *self.after, *found}):
                was, now, will = self.before.get(name), found.get(name), self.after.get(name)
                if now not in (was, will):
                    yield f"{name} is neither as it was nor as it is to be"
                elif done.code == 0 and now != will:
                    yield f"it ended well, and {name} is not as it is to be"
            return
        found_ = self._look(place) or {}
        if "wrong" in found_:
            yield found_["wrong"]
            return
        yield from KEPT[self.name](self, done, found_)

    def _goes_on(self, place: Path, done: Outcome) -> Iterable[str]:
        """What must come of the same command again."""
        again = self.zygote.do(self.name, "again", place)
        if again.code != 0 or "Traceback" in again.said:
            yield f"again, it ends with {again.code}: {again.said[-1500:]}"
        elif self.story.look is None:
            if snapshot(place) not in (self.after, self.again):
                yield "again, it leaves something else than undisturbed"
        elif (found := self._look(place)) is None or "wrong" in found:
            yield f"again: {found}"
        elif self.name.startswith("sweep") and found["table"] != self.looked_after["table"]:  # type: ignore[index]
            yield "again, the table is another than undisturbed"
        left = [
            name
            for name in listing(place)
            if name not in self.listed_after and not known_litter(name, self.listed_after)
        ]
        if left:
            yield f"again, this is left: {left}"


def known_litter(name: str, listed: Iterable[str]) -> bool:
    """Tell whether a name differs from one that an undisturbed story leaves only in what is drawn at random."""
    return _without_chance(name) in {_without_chance(one) for one in listed}


def _kept_sweep(one: _Drill, done: Outcome, found: dict) -> Iterable[str]:
    recorded = set(found["recorded"])
    for line in done.acknowledged:
        if line.startswith("recorded") and not set(map(int, line.split()[1:])) <= recorded:
            yield f"acknowledged, and not there: {line}"
    if missing := set(one.looked_before["recorded"]) - recorded:  # type: ignore[index]
        yield f"recorded before, and gone: {sorted(missing)}"
    for run, row in found["table"].items():
        if one.looked_after["table"].get(run) != row:  # type: ignore[index]
            yield f"run {run} is another than undisturbed"
    if str(found.get("rate", "")).startswith("-"):
        yield f"a rate below nothing: {found['rate']}"


def _kept_session(one: _Drill, done: Outcome, found: dict) -> Iterable[str]:
    kept = [line.split() for line in done.acknowledged if line.startswith("kept")]
    events = max(found["events"], key=len, default=[])
    if len(found["events"]) > 1:
        yield f"{len(found['events'])} sessions where there is one"
    if kept and len(events) < int(kept[-1][1]):
        yield f"{len(events)} events where {kept[-1][1]} were acknowledged"
    if len(events) > (int(kept[-1][1]) if kept else 1) + 1:
        yield f"{len(events)} events where {len(kept)} were acknowledged"
    for line in kept:
        if len(events) >= int(line[1]) and events[int(line[1]) - 1] != line[2]:
            yield f"event {line[1]} is {events[int(line[1]) - 1]} where {line[2]} was acknowledged"
    if done.code == 0 and one.name == "workshop session" and len(events) != len(one.looked_after["events"][0]):  # type: ignore[index]
        yield "it ended well, and not all is there"


def _kept_wiped(one: _Drill, done: Outcome, found: dict) -> Iterable[str]:
    events = found["events"]
    if "wiped" in done.acknowledged and events:
        yield "acknowledged as deleted, and still there"
    before = one.looked_before["events"][0]  # type: ignore[index]
    if events and events[0][: len(before)] != before:
        yield "what was answered before is not there"


KEPT: dict[str, Callable[[_Drill, Outcome, dict], Iterable[str]]] = {
    "sweep": _kept_sweep, "sweep made larger": _kept_sweep, "workshop session": _kept_session, "workshop wiped": _kept_wiped,
    "compiled code": lambda one, done, found: () if done.code != 0 or "computed" in done.acknowledged else ("not computed",),
}  # fmt: skip


def _how(mode: str) -> tuple[How, int]:
    if mode in ("kill", "torn", "clock"):
        return {"kill": How.KILL, "torn": How.TORN, "clock": How.CLOCK}[mode], 0
    once, _, name = mode.rpartition(" ")
    return (How.FAIL_ONCE if once else How.FAIL), getattr(errno, name)


# --- what is there ----------------------------------------------------------------------------------------------------


def snapshot(place: Path) -> Snapshot:
    """Return what a user sees: every file and folder right below the folder that is not hidden, with a hash of its content."""
    return {one.name: _hash(one) for one in sorted(place.iterdir()) if not one.name.startswith(".")}


def _hash(path: Path) -> str:
    """Return a hash of a file or folder; of what an office program reads, without the time at which it was written."""
    digest = hashlib.sha256()
    if path.suffix in (".xlsx", ".docx") and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as parts:
            for name in parts.namelist():
                digest.update(name.encode() + (b"" if name == "docProps/core.xml" else parts.read(name)))
    elif path.is_dir():
        for one in sorted(path.rglob("*")):
            digest.update(f"{one.relative_to(path)}\n".encode())
            if one.is_file():
                digest.update(one.read_bytes())
    else:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def listing(place: Path) -> list[str]:
    """Return the name of everything below the folder, hidden or not."""
    return sorted(str(one.relative_to(place)) for one in place.rglob("*"))


def normalised(place: Path) -> str:
    """Return all that is there in one hash, whatever was drawn at random for the names of drafts."""
    lines = sorted(
        f"{_without_chance(str(one.relative_to(place)))} {_hash(one) if one.is_file() else ''}"
        for one in place.rglob("*")
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _without_chance(name: str) -> str:
    """Return a path without what is drawn at random: of drafts, shards, sweeps, and the codes of sessions."""
    name = re.sub(r"\.[0-9a-f]{8}(\.draft|\.old)", r".*\1", name)
    name = re.sub(r"[0-9a-f]{32}", "*", name)
    return re.sub(r"[B-Z]{5}\.workshop", "*.workshop", name)


def cross_checked(zygote: Zygote, name: str) -> tuple[int, int, list[str]]:
    """Return calls that the shim and that strace saw in a story, and what the shim missed; needs strace and ptrace."""
    from tests.faults.traced import traced

    return traced(zygote, name)


__all__ = ["ERRORS", "MODES", "Drilled", "cross_checked", "drill", "listing", "snapshot"]
