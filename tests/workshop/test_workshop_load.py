"""A full room on a server that is killed loses no answer and counts none twice (`experiments.benchmarks.room`)."""

from __future__ import annotations

import random
import sys

import pytest

from experiments.benchmarks import room
from experiments.benchmarks.phones import Log, Phone
from sim.workshop.scores import DIMENSIONS, OWN
from sim.workshop.session import begin, hashed
from sim.workshop.store import Store
from tests.workshop.made_up_room import firm


@pytest.fixture
def played(tmp_path):
    """A room of two phones whose session holds what they were told, before anything goes wrong."""
    found = room.Found()
    one = room.Played(found, tmp_path, room.parser().parse_args([]), 0)
    scores = dict.fromkeys(DIMENSIONS, 4)
    store = Store(begin(tmp_path / "sessions", firm()))
    for number in range(2):
        phone = Phone(1, "BCDFG", "127.0.0.1", "Alpha", Log(), random.Random(1))
        phone.wire.cookies["p_BCDFG"] = f"token{number}"
        phone.joined_in, phone.told, phone.promises = 1.0, {OWN: scores, "Beta": scores}, [f"promise {number}"]
        one.phones.append(phone)
        key = hashed(phone.token)
        store.append("join", {"person": key, "department": "d1"})
        for about in (OWN, "d2"):
            store.append("score", {"person": key, "home": "d1", "about": about, "scores": scores})
        store.append(
            "commit", {"id": number + 1, "person": key, "who": "", "what": f"promise {number}", "when": "", "once": ""}
        )
    yield one, store
    store.close()


def test_a_room_in_which_everything_is_there_is_found_good(played):
    one, store = played
    one.compare(store.path.parent, at_end=True)
    assert one.found.wrong == []
    assert not any(one.found.kept[name] for name in ("lost", "twice", "ghosts", "promises wrong"))


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("lost", lambda store: store.forget("score")),
        ("lost", lambda store: store.append("score", {"person": hashed("token0"), "home": "d1", "about": "d2",
                                                      "scores": dict.fromkeys(DIMENSIONS, 1)})),
        ("ghosts", lambda store: store.append("join", {"person": "ghost", "department": "d1"})),
        ("twice", lambda store: [store.append("join", {"person": "ghost", "department": "d1"}),
                                 store.append("score", {"person": "ghost", "home": "d1", "about": OWN,
                                                        "scores": dict.fromkeys(DIMENSIONS, 4)})]),
        ("promises wrong", lambda store: store.append("commit", {"id": 3, "person": hashed("token0"), "who": "",
                                                                 "what": "promise 0", "when": ""})),
        ("promises wrong", lambda store: store.forget("commit")),
    ],
)  # fmt: skip
def test_what_is_lost_or_there_twice_is_noticed(played, name, spoil):
    one, store = played
    spoil(store)
    one.compare(store.path.parent, at_end=True)
    assert one.found.kept[name] > 0


def test_a_score_on_its_way_when_the_server_dies_may_be_there_or_not_and_nothing_else(played):
    from experiments.benchmarks.phones import Waiting

    one, store = played
    new = dict.fromkeys(DIMENSIONS, 2)
    one.phones[0].in_flight = Waiting("score", {"about": OWN, "scores": new}, "score-given")
    one.compare(store.path.parent, at_end=False)
    store.append("score", {"person": hashed("token0"), "home": "d1", "about": OWN, "scores": new})
    one.compare(store.path.parent, at_end=False)
    assert (one.found.kept["in flight not there"], one.found.kept["in flight there"], one.found.kept["lost"]) == (
        1,
        1,
        0,
    )
    store.append(
        "score", {"person": hashed("token0"), "home": "d1", "about": OWN, "scores": dict.fromkeys(DIMENSIONS, 5)}
    )
    one.compare(store.path.parent, at_end=False)
    assert one.found.kept["lost"] == 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems have one loopback address")
def test_thirty_phones_on_a_server_that_is_killed_lose_nothing_and_all_come_back():
    options = room.parser().parse_args(
        ["--participants", "30", "--rooms", "1", "--kills", "1", "--seconds", "4", "--sliders", "0", "--runs", "2"]
    )
    found = room.measure(options)
    assert found.wrong == []
    assert found.kept["acknowledged"] >= 60
    assert found.kept["promises"] == 30
    assert len(found.backs) == 1
    assert len(found.joins) == 30
    assert found.log.refused == []
    assert not any(found.kept[name] for name in ("lost", "twice", "ghosts", "promises wrong", "pairs wrong"))
    assert found.kept["pairs"] > 10
    assert {row["what"] for row in found.rows()} >= {"restart to the last phone back", "… that differ"}
