"""What the search counts, and for which state of the readers."""

from __future__ import annotations

import pytest

from tests.fuzz import __main__ as command
from tests.fuzz import ledger, search
from tests.fuzz.target import Target


def _accepts_letters(data: bytes) -> str:
    from sim.errors import InputError

    if not data.decode("latin-1").isalpha():
        raise InputError("these are no letters", place="input", value=data)
    return data.decode("latin-1")


@pytest.fixture
def target():
    return Target("letters", lambda: [b"ab", b"1"], _accepts_letters, lambda accepted: None, ("sim.errors",))


def test_counts_add_up_and_are_kept_apart_by_the_state_of_the_readers(tmp_path, target):
    one = dict.fromkeys(ledger.COUNTS, 2)
    ledger.add(tmp_path, ledger.readers(target), one)
    ledger.add(tmp_path, ledger.readers(target), one)
    ledger.add(tmp_path, "before it was mended", one)
    assert ledger.total(tmp_path)["inputs"] == 6
    assert ledger.present(tmp_path, target)["inputs"] == 4


def test_a_trial_counts_what_it_did_and_stops_where_it_was_told_to(tmp_path, target):
    trial = search.Trial(target, tmp_path, inputs=2)
    for data in target.seeds():
        assert not trial.over
        trial.one(data)
    trial.flush()
    counts = ledger.total(tmp_path)
    assert trial.over
    assert [counts[name] for name in ("inputs", "accepted", "refused", "ran")] == [2, 1, 1, 1]


def test_the_command_searches_shows_and_tries_one_input_again(tmp_path, monkeypatch, target, capsys):
    monkeypatch.setattr(command.targets, "every", lambda: {"letters": target})
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    folder = ["--corpus", str(tmp_path), "--target", "letters"]
    assert command.main([*folder, "--child", "--inputs", "50"]) == 0
    assert ledger.total(tmp_path / "letters")["inputs"] == 50
    (tmp_path / "one").write_bytes(b"x")
    assert command.main([*folder, "--input", str(tmp_path / "one")]) == 0
    assert command.main([*folder, "--list"]) == 0
    assert "letters" in capsys.readouterr().out
    assert command.main(["--target", "numbers"]) == 2


def test_a_finding_that_is_not_mended_makes_the_command_fail(tmp_path, monkeypatch, capsys):
    broken = Target(
        "broken", lambda: [b"ab"], lambda data: 1 // (len(data) - 3), lambda accepted: None, ("sim.errors",)
    )
    monkeypatch.setattr(command.targets, "every", lambda: {"broken": broken})
    trial = search.Trial(broken, tmp_path / "broken", inputs=1)
    trial.one(b"abc")
    trial.flush()
    assert command.main(["--corpus", str(tmp_path), "--again"]) == 1
    assert "not mended" in capsys.readouterr().out
