"""Nothing that anybody sees depends on what a group below the minimum answered."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.workshop import scores as scoring
from sim.workshop import session as sessions
from sim.workshop import share
from sim.workshop.scores import DIMENSIONS, OWN, Cell, Figure, Snapshot, Voice
from sim.workshop.store import Store
from tests.workshop.made_up_room import Model, firm

NAMES = ["Alpha", "Beta", "Gamma", "Delta"]


class Played:
    """A session whose every message and question to the model is written down."""

    def __init__(self, folder: Path, **settings) -> None:
        path = sessions.begin(folder, firm(), **settings)
        store = Store(path)
        store.set_facts(code="BCDFG")  # the same in every room, so that only answers can make a difference
        self.session = sessions.Session(store, model=Model, first=1)
        self.seen: list[object] = []
        self.session.engine.ask = self.seen.append  # type: ignore[method-assign]

    def do(self, kind, data, person=None):
        kept = self.session.submit(kind, data, person)
        for hub in (self.session.public, self.session.host):
            hub.refresh()
            if hub.message not in self.seen:
                self.seen.append(hub.message)
        return kept

    def everything(self) -> list[str]:
        """Return all that was said, to screens, to the model, and in exports."""
        exports = [share.as_json(self.session), share.scores_csv(self.session), share.commitments_csv(self.session)]
        asked = [
            repr((one.key, one.changes, one.cells, one.market, one.focus))
            for one in self.seen
            if not isinstance(one, bytes)
        ]
        said = [one.decode() for one in self.seen if isinstance(one, bytes)]
        return [*said, *dict.fromkeys(asked), *map(str, exports)]


_scores = st.dictionaries(st.sampled_from(DIMENSIONS), st.integers(1, 5), max_size=5)
_person = st.dictionaries(st.sampled_from([OWN, *NAMES]), _scores, max_size=5)


def play(folder: Path, large, few, guesses=()) -> list[str]:
    """Play a room: departments with many people who answer ``large``; one, Delta, with those who answer ``few``."""

    async def main() -> list[str]:
        room = Played(folder)
        people = [("Alpha", a) for a in large[0]] + [("Beta", a) for a in large[1]]
        few_people = [("Delta", a) for a in few]
        everybody = [*people, *few_people]
        for number, (home, _) in enumerate(everybody):
            room.do("join", {"department": home}, f"person {number}")
        room.do("phase", {"to": "score"})
        for part in scoring_parts():
            room.do("show", {"what": part, "on": True})
        for number, (home, answers) in enumerate(everybody):
            # that somebody scored counts in the total, so everybody says something first
            room.do("score", {"about": OWN, "scores": answers.get(OWN) or {"empathy": 3}}, f"person {number}")
            for about, given_scores in answers.items():
                if about not in (home, OWN):
                    room.do("score", {"about": about, "scores": given_scores}, f"person {number}")
        for phase in ("reveal", "change", "commit", "close"):
            room.do("phase", {"to": phase})
            room.do("refresh", {})
            room.do("focus", {"department": "Delta"})
        said = room.everything()
        room.session.close()
        return said

    return asyncio.run(main())


def scoring_parts():
    from sim.workshop.room import PARTS

    return PARTS


@given(
    st.tuples(st.lists(_person, min_size=5, max_size=6), st.lists(_person, min_size=5, max_size=6)),
    st.integers(1, 4).flatmap(lambda n: st.tuples(*[st.lists(_person, min_size=n, max_size=n)] * 2)),
)
@settings(max_examples=4, deadline=None)
def test_no_byte_that_leaves_the_server_depends_on_what_a_small_department_answered(tmp_path_factory, large, few):
    said = [play(tmp_path_factory.mktemp("room"), large, one) for one in few]
    assert said[0] == said[1]


@given(st.integers(1, 4).flatmap(lambda n: st.tuples(*[st.lists(_scores, min_size=n, max_size=n)] * 2)))
@settings(max_examples=4, deadline=None)
def test_a_few_raters_of_a_large_department_are_as_safe_as_a_small_department(tmp_path_factory, few):
    """Everybody of a large department scores, but only a few score Gamma: nothing tells what, or whether they did."""

    def room(answers):
        large = [{OWN: dict.fromkeys(DIMENSIONS, 4), "Beta": {"empathy": 1 + n % 5}} for n in range(7)]
        for person, scores in zip(large, answers, strict=False):
            person["Gamma"] = scores
        return play(tmp_path_factory.mktemp("room"), (large, []), [])

    assert room(few[0]) == room(few[1]) == room([])


@given(st.lists(st.tuples(st.integers(0, 6), _scores), max_size=8))
@settings(max_examples=15, deadline=None)
def test_taking_the_scores_anew_tells_nothing_while_fewer_than_the_minimum_changed_them(tmp_path_factory, changes):
    """After the reveal up to four people change what they said, as often as they like: the picture stays, to the byte."""
    changes = [(person % 4, scores) for person, scores in changes]

    async def main() -> None:
        room = Played(tmp_path_factory.mktemp("room"))
        for number in range(7):
            room.do("join", {"department": "Alpha"}, f"person {number}")
        room.do("phase", {"to": "score"})
        for number in range(7):
            room.do("score", {"about": "Beta", "scores": dict.fromkeys(DIMENSIONS, 1 + number % 5)}, f"person {number}")
        room.do("phase", {"to": "reveal"})
        room.do("show", {"what": "gap", "on": True})
        before = room.session.public_state()["reveal"]["cells"]
        room.do("phase", {"to": "score"})
        for person, scores in changes:
            if scores:  # who takes everything back is counted out of the total
                room.do("score", {"about": "Beta", "scores": scores}, f"person {person}")
        room.do("phase", {"to": "reveal"})
        room.do("refresh", {})
        assert room.session.public_state()["reveal"]["cells"] == before
        room.session.close()

    asyncio.run(main())


def block(*values: int, first: int = 0) -> dict[str, Voice]:
    return {f"p{first + number}": Voice(value) for number, value in enumerate(values)}


GROUP = (("IT", "Sales"), "empathy")


def test_a_block_is_replaced_as_soon_as_enough_people_differ():
    first = Snapshot().taken({GROUP: block(1, 1, 1, 1, 1)}, 5)
    assert first.figure(("IT", "Sales")).overall == 1
    four = first.taken({GROUP: block(5, 5, 5, 5, 1)}, 5)
    assert four.figure(("IT", "Sales")).overall == 1
    five = four.taken({GROUP: block(5, 5, 5, 5, 5)}, 5)
    assert five.figure(("IT", "Sales")).overall == 5
    six = five.taken({GROUP: block(5, 5, 5, 5, 5, 1)}, 5)
    assert six.figure(("IT", "Sales")).n == 5
    ten = six.taken({GROUP: block(5, 5, 5, 5, 5, 1, 1, 1, 1, 1)}, 5)
    assert (ten.figure(("IT", "Sales")).n, ten.figure(("IT", "Sales")).overall) == (10, 3)


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(DIMENSIONS)), st.lists(st.integers(1, 5), max_size=8)
    )
)
def test_what_is_shown_is_the_mean_of_at_least_the_minimum_of_people(blocks):
    now = {((supplier, "Sales"), name): block(*values) for (supplier, name), values in blocks.items()}
    snapshot = Snapshot().taken(now, 5)
    for supplier in NAMES:
        figure = snapshot.figure((supplier, "Sales"))
        for name in DIMENSIONS:
            values = blocks.get((supplier, name), [])
            shown = None if figure is None else figure.mean[name]
            if len(values) < 5:
                assert shown is None
            else:
                assert shown == pytest.approx(sum(values) / len(values), abs=0.001)


def test_a_gap_compares_only_dimensions_that_both_sides_show():
    def figure(**mean):
        return Figure(5, dict.fromkeys(DIMENSIONS) | mean, 3, 1)

    assert Cell("IT", "Sales", figure(empathy=2.0, tangibles=5.0), figure(empathy=4.0, reliability=1.0)).gap == 2
    assert Cell("IT", "Sales", figure(empathy=2.0), figure(reliability=1.0)).gap is None
    assert Cell("IT", "Sales", None, figure(reliability=1.0)).gap is None


def test_a_total_is_weighted_by_raters_and_made_of_what_is_shown():
    one = Figure(5, dict.fromkeys(DIMENSIONS, 2.0), 2.0, 1.0)
    other = Figure(15, dict.fromkeys(DIMENSIONS, 4.0), 4.0, None)
    both = scoring.together([one, other])
    assert (both.n, both.overall, both.spread) == (20, 3.5, 1.0)
    assert scoring.together([]) is None


def test_what_a_cell_writes_reads_back_the_same():
    cell = Cell("IT", "Sales", Figure(5, dict.fromkeys(DIMENSIONS, 2.0) | {"empathy": None}, 2.0, 0.5), None)
    assert Cell.from_dict(json.loads(json.dumps(cell.as_dict()))) == cell


def test_guesses_of_fewer_than_the_minimum_are_not_shown(tmp_path):
    async def main() -> None:
        room = Played(tmp_path)
        room.do("phase", {"to": "predict"})
        for number in range(5):
            room.do("join", {"department": "Alpha"}, f"person {number}")
        for number in range(4):
            room.do("predict", {"hired": "yes", "share": 10, "weakest": "Beta"}, f"person {number}")
        room.do("phase", {"to": "reveal"})
        room.do("show", {"what": "prediction", "on": True})
        assert room.session.public_state()["reveal"]["predictions"] is None
        room.do("phase", {"to": "predict"})
        room.do("predict", {"hired": "no", "share": 90, "weakest": None}, "person 4")
        room.do("phase", {"to": "reveal"})
        assert room.session.public_state()["reveal"]["predictions"] is None  # as it was taken
        room.do("refresh", {})
        found = room.session.public_state()["reveal"]["predictions"]
        assert (found["n"], found["hired"], found["share"]["mean"]) == (5, {"yes": 4, "no": 1}, 26)
        room.session.close()

    asyncio.run(main())
