"""A session: the results of trials, kept in Cosmic Ray's database outside the repository, so that a stopped run goes on.

What is known of a mutant is kept under what it changes and the text of its file's function, so that results of another
version of the rules are never taken for those of this one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import pickle
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome, WorkItem, WorkResult

from tests.mutation import mutants, operators
from tests.mutation.mutants import ROOT, Mutant
from tests.mutation.trial import CRASHED, SURVIVED, TIMEOUT, Verdict

_WORKER = {TIMEOUT: WorkerOutcome.ABNORMAL, CRASHED: WorkerOutcome.ABNORMAL}


class Session:
    """The open session in a folder; `opened` makes one."""

    def __init__(self, folder: Path, database: WorkDB) -> None:
        self.folder, self._database = folder, database
        self._known = {item.job_id for item in database.work_items}

    @classmethod
    @contextlib.contextmanager
    def opened(cls, folder: Path) -> Iterator[Session]:
        """Open the session in a folder, made where it is missing."""
        folder.mkdir(parents=True, exist_ok=True)
        with use_db(str(folder / "session.sqlite")) as database:
            yield cls(folder, database)

    def mutants_of(self, files: Iterable[str]) -> list[Mutant]:
        """Return every mutant of some files; the list of an unchanged file is kept, since making it takes seconds."""
        found: list[Mutant] = []
        how = b"".join(Path(module.__file__ or "").read_bytes() for module in (mutants, operators))
        for file in files:
            name = hashlib.sha256(how + file.encode() + (ROOT / file).read_bytes()).hexdigest()[:16]
            kept = self.folder / f"mutants-{name}.pickle"
            if not kept.exists():
                kept.write_bytes(pickle.dumps(mutants.of(file)))
            found += pickle.loads(kept.read_bytes())
        return found

    def results(self, of: Iterable[Mutant]) -> dict[str, Verdict]:
        """Return what is known of these mutants, by their key."""
        results = dict(self._database.results)
        found = {}
        for one in of:
            result = results.get(job(one))
            if result is not None:
                found[one.key] = Verdict(**json.loads(result.output or "{}"))
        return found

    def keep(self, mutant: Mutant, verdict: Verdict) -> None:
        """Keep a result at once; a new one takes the place of an old one."""
        if job(mutant) not in self._known:
            self._known.add(job(mutant))
            place = ((1, 0), (2, 0))
            spec = MutationSpec(
                mutant.file, mutant.operator, mutant.occurrence, *place, definition_name=mutant.function
            )
            self._database.add_work_item(WorkItem.single(job(mutant), spec))
        self._database.set_result(
            job(mutant),
            WorkResult(
                worker_outcome=_WORKER.get(verdict.outcome, WorkerOutcome.NORMAL),
                output=json.dumps(asdict(verdict)),
                test_outcome=TestOutcome.SURVIVED if verdict.outcome == SURVIVED else TestOutcome.KILLED,
                diff=f"- {mutant.before}\n+ {mutant.after}",
            ),
        )


def job(mutant: Mutant) -> str:
    """Return the name of a mutant's trial: what it changes, in this very text of its statement."""
    return f"{mutant.key}-{mutant.text}"
