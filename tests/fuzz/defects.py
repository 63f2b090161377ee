"""Defects that were found: each kind once, with an input that shows it."""

from __future__ import annotations

import hashlib
import json
import traceback
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import limits
from tests.fuzz.target import Outcome, Target, Unclear, check

HOME = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Defect:
    """What went wrong with an input: ``kind`` names the exception and the place in the program; alike ones are one defect."""

    kind: str
    said: str

    @property
    def key(self) -> str:
        """A short name for files."""
        return hashlib.sha256(self.kind.encode()).hexdigest()[:10]


def tried(target: Target, data: bytes, run: bool = True) -> Outcome | Defect:
    """Try an input within its target's limit of time; never raises, but for an interrupt."""
    limits.started(target.seconds)
    try:
        return check(target, data, run)
    except KeyboardInterrupt:
        raise
    except limits.TookTooLong as error:
        return Defect(f"took too long in {_place(error)}", f"more than {target.seconds:g} s")
    except BaseException as error:  # whatever a reader raises is what is looked for
        limits.stopped()
        return _defect(error)
    finally:
        limits.stopped()


def _defect(error: BaseException) -> Defect:
    said = "".join(traceback.format_exception(error))[-6000:]
    if isinstance(error, Unclear):
        return Defect(f"Unclear ({str(error).split(':')[0][:60]}) in {_place(error.__cause__ or error)}", said)
    return Defect(f"{type(error).__name__} in {_place(error.__cause__ or error)}", said)


def _place(error: BaseException) -> str:
    """Return the function of this project in which an exception was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [one for one in frames if Path(one.filename).is_relative_to(HOME)]
    product = [one for one in own if "tests" not in Path(one.filename).relative_to(HOME).parts] or own or frames
    if not product:
        return "nowhere"
    where = Path(product[-1].filename)
    inside = where.relative_to(HOME) if where.is_relative_to(HOME) else where.name
    return f"{inside}:{product[-1].name}"


def keep(folder: Path, target: Target, data: bytes, defect: Defect) -> Path:
    """Write an input down that shows a defect, with how to see it again; the shortest of its kind is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{target.name}-{defect.key}"
    if path.exists() and path.stat().st_size <= len(data):
        return path
    path.write_bytes(data)
    note = {
        "defect": defect.kind,
        "again": f"python -m tests.fuzz --target {target.name} --input {path}",
        "said": defect.said,
    }
    path.with_suffix(".json").write_text(json.dumps(note, indent=1), encoding="utf-8")
    return path


def kept(folder: Path, target: Target) -> list[Path]:
    """Return the inputs that were written down for a target."""
    return sorted(one for one in folder.glob(f"{target.name}-*") if one.suffix == "")
