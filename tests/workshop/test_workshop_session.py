"""A session's file, stream and share file: what comes back, what is told, what leaves the room."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import csv
import io
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import InputError
from sim.workshop import address, language, share, views
from sim.workshop import session as sessions
from sim.workshop.hub import Hub, as_json
from sim.workshop.inputs import Refused
from sim.workshop.room import PARTS, PHASES
from sim.workshop.scores import DIMENSIONS
from sim.workshop.store import Store, files
from tests.workshop.made_up_room import House, Model, firm, played, reopened

NAMES = ["Alpha", "Beta", "Gamma", "Delta", "Epsilon"]
_name = st.sampled_from(NAMES)
_phone = st.sampled_from([f"person {n}" for n in range(6)])
_scores = st.dictionaries(st.sampled_from(DIMENSIONS), st.integers(1, 5), max_size=3)
_flag = st.booleans()


def _event(kind: str, by: st.SearchStrategy | None = None, **data: st.SearchStrategy) -> st.SearchStrategy:
    return st.tuples(st.just(kind), st.fixed_dictionaries(data), st.none() if by is None else by)


EVENTS = st.one_of(
    _event("join", _phone, department=st.none() | _name),
    _event("department_of", _phone, name=_name),
    _event("score", _phone, about=st.just("given") | _name, scores=_scores),
    _event("predict", _phone, hired=st.sampled_from(["yes", "no"]), share=st.integers(0, 100), weakest=_name),
    _event("commit", _phone, what=st.text("ab", min_size=1, max_size=3)),
    _event("phase", to=st.sampled_from(PHASES)),
    _event("show", what=st.sampled_from(PARTS), on=_flag),
    _event("lock", on=_flag),
    _event("room_builds", on=_flag),
    _event("focus", department=_name),
    _event("lever", lever=st.sampled_from(["training", "tools"]), where=_name, to=st.floats(0, 0.2)),
    _event("department", what=st.just("rename"), name=_name, to=_name),
    _event("department", what=st.just("add"), name=_name, staff=st.integers(1, 9)),
    _event("department", what=st.just("remove"), name=_name),
    _event("paper", department=_name, about=_name, scores=_scores, count=st.integers(1, 6)),
    *(_event(kind) for kind in ("undo", "redo", "pin", "reset", "refresh")),
    _event("timer", minutes=st.integers(1, 9)),
    _event("commit_remove", id=st.integers(1, 3)),
    _event("minimum", to=st.integers(3, 5)),
)


@given(st.lists(EVENTS, max_size=60))
@settings(max_examples=25, deadline=None)
def test_whatever_happened_a_session_comes_back_from_its_file_as_it_was(tmp_path_factory, events):
    async def main() -> None:
        path = sessions.begin(tmp_path_factory.mktemp("room"), firm())
        session = sessions.Session(Store(path), model=Model, first=1)
        session.engine.ask = lambda question: None  # type: ignore[method-assign]
        for number in range(6):
            session.submit("join", {"department": NAMES[number % 2]}, f"person {number}")
        for kind, data, person in events:
            before = session.room.past, session.public_state()
            try:
                session.submit(kind, data, person)
            except Refused:
                assert (session.room.past, session.public_state()) == before
            except InputError:
                pass  # departments that make no chain have no lever
        again = sessions.Session(Store(path), model=Model, first=1)
        assert again.room == session.room
        assert again.public_state() == session.public_state()
        session.public.refresh()
        session.host.refresh()
        first = json.loads(json.dumps(views.host_state(session)["changes"]))
        taken, steps = False, len(session.room.past)  # taken by a phone, meanwhile: a name that was to come back
        while session.room.past and not taken:
            with contextlib.suppress(Refused):
                session.submit("undo", {})
                continue
            taken = True
        if not taken:
            assert session.public_state()["changes"] == []
            for _ in range(steps):  # not more: what was undone before stays undone
                session.submit("redo", {})
            assert views.host_state(session)["changes"] == first
        session.close()
        again.close()

    asyncio.run(main())


@played
async def test_ids_rise_across_a_restart(house: House):
    await house.act("lock", on=True)
    before = house.session.public.id
    house.session.public.refresh()
    again = reopened(house)
    again.public.refresh()
    assert again.public.id > before


def test_a_file_that_is_no_session_is_refused(tmp_path):
    (tmp_path / "a.workshop").write_text("not a database " * 100)
    with pytest.raises(InputError, match=r"a\.workshop"):
        Store(tmp_path / "a.workshop")
    empty = Store(tmp_path / "b.workshop")
    with pytest.raises(InputError, match="not the file of a session"):
        sessions.Session(empty)
    empty.close()
    assert len(files(tmp_path)) == 2


# --- streams ----------------------------------------------------------------------------------------------------------


def test_a_slow_listener_gets_the_latest_only_and_holds_up_nobody():
    async def main() -> None:
        state = {"value": 0}
        hub = Hub(lambda: as_json(state), 10)
        slow, fast = hub.listen(), hub.listen()
        first = await anext(slow)
        assert first == b'id: 11\nevent: state\ndata: {"id":11,"value":0}\n\n'
        assert await anext(fast) == first
        for value in range(1, 6):
            state["value"] = value
            hub.touch()
            assert json.loads((await anext(fast)).split(b"data: ")[1])["value"] == value
        assert b'"value":5' in await anext(slow)
        hub.close()
        assert [message async for message in slow] == []
        await fast.aclose()
        assert hub.listeners == 0

    asyncio.run(main())


def test_changes_within_a_tick_go_out_together_and_no_change_is_not_told():
    async def main() -> None:
        made = []
        state = {"value": 0}
        hub = Hub(lambda: made.append(1) or as_json(state), 0)
        listener = hub.listen()
        await anext(listener)
        told, made[:] = hub.id, []
        for value in range(100):
            state["value"] = value
            hub.touch()
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.1)
        assert 1 <= len(made) <= 15
        assert b'"value":99' in hub.message
        now = hub.id
        assert told < now <= told + len(made)
        hub.touch()
        await asyncio.sleep(0.1)
        assert hub.id == now
        await listener.aclose()
        state["value"] = -1
        made.clear()
        hub.touch()
        await asyncio.sleep(0.1)
        assert made == []  # nobody listens
        assert b'"value":-1' in await anext(hub.listen())
        hub.close()

    asyncio.run(main())


# --- share file -------------------------------------------------------------------------------------------------------


async def _scored(house: House) -> None:
    phones = await house.phones("Alpha", 5)
    await house.act("phase", to="score")
    for phone in phones:
        await phone.score("Beta", 4)
        await phone.score("given", 5)
    await house.settled(lambda: house.session.results.get("assumptions"))
    await house.act("department", what="rename", name="Beta", to="Bravo")
    await house.act("lever", lever="training", where="Bravo", to=0.1)
    await house.act("pin")
    await house.act("lever", lever="tools", where=None, to=0.9)
    await house.act("assume", name="price", to=0.8)
    await house.act("focus", department="Bravo")
    await house.act("phase", to="reveal")


def _question(session: sessions.Session) -> tuple[object, ...]:
    """Return what the model is asked: all that a result hangs on."""
    asked = []
    session.engine.ask = asked.append  # type: ignore[method-assign]
    session.think()
    one = asked[0]
    return (one.chain().to_node_link(), one.changes, one.pinned, one.cells, one.market, one.focus, session.settings)


@played(seed=7, runs=12)
async def test_a_share_file_asks_the_model_exactly_the_same_elsewhere(house: House):
    await _scored(house)
    file = house.session.store.path.parent.parent / "share.json"
    file.write_bytes((await house.host.get(f"/host/{house.code}/export/share.json")).content)
    assert "person" not in file.read_text()
    chain, opened = share.read(file)
    other = house.workshop.begin(
        chain, language=opened["language"], minimum=opened["minimum"], opened=opened, **opened["settings"]
    )
    assert _question(other) == _question(house.session)
    assert other.public_state()["phase"] == "reveal"
    again = share.as_json(other)
    assert json.loads(again)["cells"] == json.loads(file.read_text())["cells"]
    assert views.warnings(other) == []
    other.opened = {"version": "0.0.1"}
    assert views.warnings(other)[0]["key"] == "warning.version"
    assert "0.0.1" in views.warnings_in_words(other)[0]


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2}, {"what": "else"}, {"organisation": {}}, {"organisation": None}, {"cells": [{"supplier": "Nobody"}]},
        {"cells": 3}, {"changes": [{"lever": "charm", "where": [], "from": 0, "to": 1}]},
        {"changes": [{"lever": "training", "where": ["Nobody"], "from": 0, "to": 0.1}]},
        {"changes": [{"lever": "training", "where": [], "from": 0, "to": 99}]}, {"market": {"price": "much"}},
        {"settings": {"seed": -1}}, {"language": "klingon"}, {"minimum": None},
    ],
)  # fmt: skip
def test_a_share_file_that_was_tampered_with_is_refused_and_named(tmp_path, change):
    @played
    async def test(house: House):
        await _scored(house)
        file = tmp_path / "share.json"
        file.write_text(json.dumps(json.loads(share.as_json(house.session)) | change))
        with pytest.raises(InputError, match=r"share\.json"):
            share.read(file)

    test(tmp_path)


@played
async def test_tables_open_in_a_spreadsheet_without_running_anything(house: House):
    await _scored(house)
    await house.act("commit", what='=HYPERLINK("http://evil")', who="+Ann", when="-1")
    answer = await house.host.get(f"/host/{house.code}/export/commitments.csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[1] == ["'+Ann", '\'=HYPERLINK("http://evil")', "'-1"]
    table = csv.DictReader(io.StringIO(share.scores_csv(house.session).decode("utf-8-sig")))
    assert [(row["supplier"], row["view"], row["raters"], row["overall"]) for row in table] == [
        ("Bravo", "received", "5", "4.0"), ("Alpha", "given", "5", "5.0"),
    ]  # fmt: skip


# --- words and addresses ----------------------------------------------------------------------------------------------


def test_every_language_has_every_message_with_the_same_parameters():
    english = language.catalogue("en")
    folder = Path(language.__file__).parent / "messages"
    for spoken in language.LANGUAGES[1:]:
        own = {}
        for file in folder.glob(f"{spoken}*.json"):
            own |= json.loads(file.read_text(encoding="utf-8"))
        assert set(own) == set(english)
        for key, text in english.items():
            assert {*re.findall(r"\{\w+\}", text)} == {*re.findall(r"\{\w+\}", own[key])}, key


def test_the_pseudo_language_is_longer_accented_and_keeps_parameters():
    made, english = language.catalogue("xx"), language.catalogue("en")
    assert set(made) == set(english)
    for key, text in english.items():
        assert len(made[key]) >= 1.3 * len(text)
        assert re.findall(r"\{\w+\}", made[key]) == re.findall(r"\{\w+\}", text)
    assert language.say("error.locked", "xx") != language.say("error.locked", "en")


def test_every_refusal_in_the_code_has_its_message():
    keys = set()
    for file in Path(language.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("Refused", "refusal")
            ):
                keys |= {one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant)}
    assert len(keys) > 25
    missing = {f"error.{key}" for key in keys} - set(language.catalogue("en"))
    assert missing == set()


def test_a_language_without_catalogue_is_refused():
    with pytest.raises(InputError, match="en, de, xx"):
        language.check("fr")


def test_the_qr_code_is_one_small_picture_without_anything_from_elsewhere():
    picture = address.qr_svg("http://192.168.137.1:8321/j/BCDFG")
    assert picture.startswith("<svg")
    assert len(picture) < 6_000
    assert not re.search(r"style=|href|<script", picture)
    assert len(address.qr_terminal("http://192.168.137.1:8321/j/BCDFG").splitlines()) < 25


def test_only_the_laptop_itself_is_listened_to_unless_the_network_is_asked_for():
    with address.listen(False, 0) as alone:
        assert alone.getsockname()[0] == "127.0.0.1"
        with pytest.raises(InputError, match="port"):
            address.listen(False, alone.getsockname()[1])
    with address.listen(True, 0) as everywhere:
        assert everywhere.getsockname()[0] == "0.0.0.0"
    assert address.urls(False, 8321) == ["http://127.0.0.1:8321"]
    assert all("127.0.0.1" not in url for url in address.urls(True, 8321)) or address.addresses() == []
