"""The machinery that makes deliberate mistakes: it notices those that are noticed, and does not cry wolf."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("cosmic_ray", reason="deliberate mistakes need the extra `reliability`")

from tests.mutation import groups, mutants, reviewed, score
from tests.mutation.trial import CRASHED, KILLED, SURVIVED, TIMEOUT, Verdict

RECOVERY = "sim/rules/recovery.py"


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A module of a few lines, in a repository of its own."""

    def write(text):
        (tmp_path / "small.py").write_text(text, encoding="utf-8")
        return mutants.of("small.py")

    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    return write


def test_each_kind_of_mistake_is_made(small):
    made = small(
        "def f(row, a, b):\n    row.x = a\n    row.n += 2\n    note(row)\n    c = max(a, b) - a\n"
        "    return c if not row.done and a < b else -b\n"
    )
    lines = {one.after for one in made}
    assert {
        "pass", "row.n -= 2", "row.n += 3", "row.n += 1", "c = min(a, b) - a", "c = max(a, b) + a",
        "return c if row.done and a < b else -b", "return c if not row.done or a < b else -b",
        "return c if not row.done and a <= b else -b", "return c if not row.done and a >= b else -b",
        "return c if not row.done and a < b else b",
    } <= {" ".join(line.split()) for line in lines}  # fmt: skip
    assert {one.before for one in made if one.after == "pass"} == {"row.x = a", "row.n += 2", "note(row)"}
    assert {one.function for one in made} == {"f"}


def test_every_mutant_is_another_text_that_can_be_compiled_and_differs_in_what_it_says():
    text = (mutants.ROOT / RECOVERY).read_text(encoding="utf-8")
    sources = []
    for one in mutants.of(RECOVERY):
        source = one.source()
        compile(source, RECOVERY, "exec")
        changed = [
            (before, after)
            for before, after in zip(text.split("\n"), source.split("\n"), strict=True)
            if before != after
        ]
        assert [(" ".join(before.split()), " ".join(after.split())) for before, after in changed] == [
            (one.before, one.after)
        ]
        sources.append(source)
    assert len(set(sources)) == len(sources) > 25


def test_a_mutant_keeps_its_name_when_other_lines_move(small):
    before = {one.key for one in small("def f(a):\n    return a + 1\n")}
    after = {
        one.key for one in small("import math\n\n\ndef g(a):\n    return a - 7\n\n\ndef f(a):\n    return a + 1\n")
    }
    assert before < after


def test_mistakes_that_read_the_same_are_told_apart(small):
    made = small("def f(a):\n    a += 1\n    a += 1\n    return a\n")
    assert len({one.key for one in made}) == len(made)
    assert sorted(one.nth for one in made if one.after == "a -= 1") == [0, 1]


def test_a_larger_sample_holds_the_smaller_one_and_something_of_every_file():
    everything = [*mutants.of(RECOVERY), *mutants.of("sim/rules/care.py"), *mutants.of("sim/rules/reciprocity.py")]
    small, large = (mutants.sample(everything, size, 1) for size in (20, 40))
    assert set(small) < set(large)
    assert {one.file for one in small} == {one.file for one in everything}
    assert len(small) == pytest.approx(20, abs=2)
    assert mutants.sample(everything, 20, 1) == small != mutants.sample(everything, 20, 2)
    assert all(sum(one.file == file for one in mutants.sample(everything, None, 1, each=6)) == 6 for file in {RECOVERY})


def verdicts(of, *outcomes):
    return {one.key: Verdict(*outcome, "", 1.0) for one, outcome in zip(of, outcomes, strict=False)}


def test_a_fingerprint_does_not_count_as_knowing_what_is_right():
    population = mutants.of(RECOVERY)
    told = verdicts(population, (KILLED, "equations"), (KILLED, "fingerprint"), (SURVIVED, ""), (TIMEOUT, "equations"),
        (CRASHED, ""),
                    (SURVIVED, ""))  # fmt: skip
    reviews = {reviewed.place_of(population[5]): reviewed.Review(reviewed.EQUIVALENT, "it is the same")}
    found = score.score(population, told, reviews)
    assert (found.tried, found.meaning, found.numbers, found.survived, found.timeouts, found.without_difference) == (
        6,
        3,
        1,
        2,
        2,
        1,
    )
    share, low, high = score.interval([found])
    assert share == 60
    assert (low, high) == pytest.approx((23.07, 88.24), abs=0.01), "Wilson's interval of 3 in 5"


def test_files_weigh_by_the_mutants_they_have_and_not_by_those_that_were_tried():
    one = score.Score(population=900, tried=10, meaning=5)
    other = score.Score(population=100, tried=100, meaning=100)
    share, low, high = score.interval([one, other])
    assert share == pytest.approx(55)
    assert low < 35
    assert high > 75
    assert score.interval([other]) == (100, 100, 100)
    assert score.interval([]) is None


def test_a_review_that_says_no_difference_where_a_test_notices_one_is_refused():
    population = mutants.of(RECOVERY)
    reviews = {reviewed.place_of(population[0]): reviewed.Review(reviewed.EQUIVALENT, "so I thought")}
    with pytest.raises(ValueError, match="notices it"):
        score.score(population, verdicts(population, (KILLED, "fingerprint")), reviews)


def test_every_review_is_of_a_line_that_is_there_and_gives_a_reason():
    reviews = reviewed.read()
    assert reviews
    for (file, _, before, _, _), review in reviews.items():
        assert file in {one for target in groups.TARGETS.values() for one in target.files}
        text = " ".join((mutants.ROOT / file).read_text(encoding="utf-8").split())
        assert before in text, f"reviewed, but no longer there: {file}: {before}"
        assert len(review.why) > 15


def test_a_review_needs_a_known_verdict_and_stands_there_once(tmp_path):
    entry = '[[mutant]]\nfile = "a"\nfunction = "f"\nbefore = "x"\nafter = "y"\nverdict = "{}"\nwhy = "because"\n'
    for text, message in ((entry.format("fine"), "a verdict is one of"), (2 * entry.format("equivalent"), "twice")):
        (tmp_path / "reviewed.toml").write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=message):
            reviewed.read(tmp_path / "reviewed.toml")


def test_every_file_of_the_rules_has_its_mistakes_made():
    there = {path.relative_to(mutants.ROOT).as_posix() for path in (mutants.ROOT / "sim/rules").glob("*.py")}
    assert set(groups.TARGETS["rules"].files) == there - {"sim/rules/__init__.py"}
    for target in groups.TARGETS.values():
        meaning = [group.meaning for group in target.groups]
        assert meaning == sorted(meaning, reverse=True), "fingerprints are asked last"
        for group in target.groups:
            assert (Path(mutants.ROOT) / group.tests[0].partition("::")[0]).exists()


@pytest.mark.slow
def test_planted_mistakes_are_killed_one_hangs_and_one_without_effect_survives():
    from tests.mutation import planted

    done = subprocess.run(
        [sys.executable, "-m", "tests.mutation.planted"], cwd=mutants.ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join([str(mutants.ROOT), *sys.path])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {name: outcome for name, (outcome, _) in found.items()} == {
        f"{function}: {after}": outcome for (function, after), outcome in planted.PLANTED.items()
    }
    assert "among_equals_by_the_draw" in found["comes_before: return request[a].ready >= request[b].ready"][1]
    untouched = subprocess.run(
        ["git", "status", "--porcelain", "sim"], cwd=mutants.ROOT, capture_output=True, text=True, check=False
    )
    assert planted.FILE not in untouched.stdout, "the mistake is never in a file"
