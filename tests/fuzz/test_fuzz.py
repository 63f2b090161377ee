"""A bounded share of the search, the same inputs every time, blind; ``python -m tests.fuzz`` is guided and goes on."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from sim.errors import InputError
from tests.fuzz import defects, hostile, limits, search, targets, trees
from tests.fuzz.defects import Defect
from tests.fuzz.target import Target, Unclear, check, unclear

TARGETS = targets.every()
SHARE, SLOW_SHARE = 150, 500
"""Inputs of every target in the everyday suite, and in the slow one."""
SLOW_READERS = {"tickets-csv": 0.1, "tickets-xes": 0.1}
"""Targets that take a share of these numbers: one export is read and fitted in half a second."""


def _hold(target: Target, count: int, seed: int) -> Counter[str]:
    target = replace(target, seconds=300)  # what is compiled and loaded at the first use takes its time
    seen: Counter[str] = Counter()
    with limits.watched():
        for data in search.at_random(target, round(count * SLOW_READERS.get(target.name, 1)), seed):
            outcome = defects.tried(target, data, run=seen["accepted"] % 30 == 0)
            if isinstance(outcome, Defect):
                pytest.fail(f"{outcome.kind}\n{data[:2000]!r}\n{outcome.said}")
            seen[outcome] += 1
    return seen


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_is_handed_in_is_used_or_refused_in_one_clear_sentence(name):
    seen = _hold(TARGETS[name], SHARE, seed=1)
    assert seen["accepted"]


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_more_of_whatever_is_handed_in_is_used_or_refused_in_one_clear_sentence(name):
    _hold(TARGETS[name], SLOW_SHARE, seed=2)


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_has_an_example_that_is_accepted(name):
    target = TARGETS[name]
    outcomes = {check(target, data, run=False) for data in target.seeds()}
    assert "accepted" in outcomes


# --- the harness itself finds what it is for -------------------------------------------------------------------------


def _target(read=lambda data: data, use=lambda accepted: None, **more) -> Target:
    return Target("made-up", lambda: [b"x = 1\n"], read, use, ("sim.errors",), **more)


def _refuse(**error):
    def read(data):
        raise InputError(**error)

    return read


@pytest.mark.parametrize(
    "error",
    [
        {"problem": " ", "place": "x"},
        {"problem": "nothing says where"},
        {"problem": "1 validation error for File", "place": "x"},
        {"problem": "Traceback (most recent call last)", "place": "x"},
        {"problem": "no such thing", "place": "x", "allowed": "<class 'str'>"},
    ],
)
def test_a_refusal_that_helps_nobody_is_a_defect(error):
    with pytest.raises(Unclear):
        check(_target(_refuse(**error)), b"x")


def test_a_clear_refusal_is_none():
    assert check(_target(_refuse(problem="no such thing", place="line 3")), b"x") == "refused"


def test_refusals_cannot_clear_the_screen_or_fill_it():
    error = InputError(
        "\x1b[2J\x07", source="a\nb", place="\u202e" * 9, value="\x1b" * 9, allowed="\ud800" * 5000, hint="x" * 99_999
    )
    assert unclear(error) is None
    str(error).encode()


def test_another_exception_a_hang_and_a_late_refusal_are_defects_of_their_own_kind():
    def late(accepted):
        raise InputError("too late", place="x")

    def hang(data):
        while True:
            pass

    broken = _target(lambda data: {}["key"])
    with limits.watched():
        kinds = [
            defects.tried(one, b"x").kind
            for one in (broken, _target(hang, seconds=0.05), _target(use=late), _target(_refuse(problem=" ")))
        ]
    assert [kind.split()[0] for kind in kinds] == ["KeyError", "took", "AcceptedButRefusedInUse", "Unclear"]


def test_a_finding_is_kept_with_how_to_see_it_again_and_the_shorter_one_of_its_kind(tmp_path):
    target = _target(lambda data: {}["key"])
    found = defects.tried(target, b"longer")
    path = defects.keep(tmp_path, target, b"longer", found)
    defects.keep(tmp_path, target, b"short", found)
    defects.keep(tmp_path, target, b"longest of all", found)
    assert path.read_bytes() == b"short"
    assert f"--target made-up --input {path}" in path.with_suffix(".json").read_text()
    assert defects.kept(tmp_path, target) == [path]


def test_the_same_seed_makes_the_same_inputs_and_another_one_others():
    target = TARGETS["organisation-toml"]
    assert search.at_random(target, 50, 1) == search.at_random(target, 50, 1) != search.at_random(target, 50, 2)


@pytest.mark.parametrize("form", ["toml", "json"])
def test_a_tree_that_is_written_says_what_it_said(form):
    read, write = trees.FORMS[form]
    tree = {
        "a": 1,
        "b c": [0.5, True, "x\n\x7f€"],
        "table": {"x": 1.0, "inner": [{"y": "z"}]},
        "rows": [{"p": 1}, {"p": 2}],
    }
    assert read(write(tree)) == tree


def test_blind_changes_change():
    rng = Random(1)
    made = {hostile.blind(b"name = 1\nother = 2\n", rng, (b"word",)) for _ in range(500)}
    assert len(made) > 300


def test_whoever_changes_a_value_changes_no_other():
    rng = Random(3)
    for _ in range(300):
        one = hostile.value(rng)
        if isinstance(one, list):
            one.append(one)
        elif isinstance(one, dict):
            one["itself"] = one
    for one in hostile.OTHERS:
        json.dumps(one, default=str)  # raises where a value holds itself
