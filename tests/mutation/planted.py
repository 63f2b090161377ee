"""Mutants whose fate is known, tried as `python -m tests.mutation` tries them; tests/mutation/test_mutation.py asks for this.

python -m tests.mutation.planted        # prints what became of each, as JSON
"""

from __future__ import annotations

import json
import os
import sys

from tests.mutation import mutants, trial
from tests.mutation.groups import Group

FILE = "sim/rules/queueing.py"
LINES = Group("lines", True, ("tests/rules/test_lines_and_calendars.py",))
PLANTED = {
    # (function, the line with the mistake): what becomes of it
    ("comes_before", "return request[a].ready >= request[b].ready"): trial.KILLED,
    ("give_row_back", "clock.free_requests -= 1"): trial.KILLED,
    ("next_in_line", "unit[u].queued += 1"): trial.KILLED,
    ("busy_until", "if child < count:"): trial.KILLED,
    ("merge_sort", "width *= 1"): trial.TIMEOUT,
    ("take_row", "pass"): trial.SURVIVED,  # memory is asked ahead for a row: no number is another
}


def main() -> None:
    """Try the planted mutants and print what became of them."""
    if os.environ.get("NUMBA_DISABLE_JIT") != "1":
        os.environ["NUMBA_DISABLE_JIT"] = "1"
        os.execv(sys.executable, [sys.executable, "-m", "tests.mutation.planted"])
    trial.prepare()
    trial.LEAST_TIME = 3.0
    found = {}
    chosen = [one for one in mutants.of(FILE, only={name for name, _ in PLANTED}) if _is_planted(one)]
    usual = trial.Bench(1, {}).without_a_mistake([LINES])
    bench = trial.Bench(1, {f"rules: {LINES.name}": usual[LINES.name]}, [LINES])
    for one, verdict in bench.trials(chosen):
        found[f"{one.function}: {one.after}"] = [verdict.outcome, verdict.test]
    print(json.dumps(found))


def _is_planted(one: mutants.Mutant) -> bool:
    return (one.function, one.after) in PLANTED and not (one.function == "take_row" and "prefetch" not in one.before)


if __name__ == "__main__":
    main()
