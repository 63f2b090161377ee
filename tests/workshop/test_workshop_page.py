"""The workshop's server as phones and a facilitator meet it: join, score, predict, reveal, change, commit."""

from __future__ import annotations

import json

import pytest

from sim import organisation
from sim.workshop import session as sessions
from tests.workshop.made_up_room import BASE, House, firm, played, reopened


@played
async def test_an_hour_goes_from_joining_to_promises(house: House):
    phones = [*await house.phones("Alpha", 5), *await house.phones("Beta", 5)]
    assert house.state["joined"] == 10
    await house.act("phase", to="score")
    for place, phone in enumerate(phones):
        await phone.score("given", 5)
        await phone.score("Beta" if place < 5 else "Alpha", 2 if place < 5 else 4)
    await house.act("phase", to="predict")
    for phone in phones:
        await phone.send("predict", hired="yes", share=80, weakest="Beta")
    assert (house.state["scored"], house.state["predicted"], house.state["reveal"]) == (10, 10, None)
    await house.act("phase", to="reveal")
    await house.act("show", what="gap", on=True)
    cell = house.cell("Beta", "Alpha")
    assert (cell["received"]["n"], cell["received"]["overall"], cell["given"]["overall"], cell["gap"]) == (5, 2, 5, 3)
    assert house.state["reveal"]["predictions"] is None
    await house.act("show", what="prediction", on=True)
    assert house.state["reveal"]["predictions"]["weakest"] == [{"department": "Beta", "votes": 10}]
    await house.act("phase", to="change")
    await house.act("lever", lever="training", where="Beta", to=0.1)
    await house.act("show", what="effect", on=True)
    change = {"lever": "training", "where": "Beta", "from": firm().value("training", "Beta"), "to": 0.1}
    assert house.state["changes"] == [change]
    await house.settled(lambda: house.state["effect"])
    await house.act("phase", to="commit")
    await phones[0].send("commit", who="Beta", what="Call back the same day", when="from Monday")
    assert [one["what"] for one in house.state["commitments"]] == ["Call back the same day"]


@played
async def test_nothing_is_revealed_before_the_reveal_and_then_only_what_is_shown(house: House):
    for phone in await house.phones("Alpha", 5):
        await house.act("phase", to="score")
        await phone.score("Beta", 1)
    for phase in ("join", "score", "predict"):
        await house.act("phase", to=phase)
        await house.act("show", what="gap", on=True)
        assert house.state["reveal"] is house.state["effect"] is None
        assert house.host_state["host"]["preview"]["reveal"] is None
    await house.act("phase", to="reveal")
    await house.act("show", what="gap", on=False)
    await house.settled(lambda: house.session.results.get("verdicts"))
    hidden = house.state["reveal"]
    assert [hidden[name] for name in ("cells", "totals", "disagree", "verdicts")] == [[], [], [], []]
    assert hidden["bottleneck"] is hidden["predictions"] is hidden["chain"] is None
    await house.act("show", what="gap", on=True)
    assert house.cell("Beta", "Alpha")["received"]["overall"] == 1
    await house.act("phase", to="score")
    assert house.state["reveal"] is None


@played
async def test_a_phone_that_comes_back_has_its_own_answers_and_no_others(house: House):
    mine, other = await house.phones("Alpha", 2)
    await house.act("phase", to="score")
    await mine.score("Beta", 2)
    await other.score("Beta", 5)
    found = (await mine.web.get(f"/j/{house.code}/me")).json()["me"]
    assert found["department"] == "Alpha"
    assert set(found["received"]["Beta"].values()) == {2}
    again = (await mine.send("join"))["me"]
    assert again == found
    assert house.state["joined"] == 2


@played
async def test_a_locked_room_takes_nobody_new_but_everybody_back(house: House):
    known = await house.phone("Alpha")
    await house.act("lock", on=True)
    stranger = house.browser()
    answer = await stranger.post(f"/j/{house.code}/join", json={})
    assert (answer.status_code, answer.json()["error"]) == (403, "error.locked")
    await known.send("join")
    await house.act("lock", on=False)
    assert (await stranger.post(f"/j/{house.code}/join", json={})).status_code == 200


@played
async def test_whoever_joins_late_can_still_score_and_promise(house: House):
    await house.act("phase", to="score")
    late = await house.phone()
    assert (await late.send("score", 409, about="given", scores={}))["error"] == "error.pick_department_first"
    await late.send("department", name="alpha")
    await late.score("given", 3)
    await house.act("phase", to="commit")
    later = await house.phone("Beta")
    await later.send("commit", what="listen first")


@played
async def test_scores_and_guesses_are_taken_in_their_phase_only(house: House):
    phone = await house.phone("Alpha")
    guess = {"hired": "yes", "share": 50, "weakest": "Beta"}
    for phase, scored, guessed in (
        ("join", 409, 409),
        ("score", 200, 409),
        ("predict", 200, 200),
        ("reveal", 409, 409),
    ):
        await house.act("phase", to=phase)
        await phone.score("Beta", 3, scored)
        await phone.send("predict", guessed, **guess)


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("score", {"about": "Beta", "scores": {"reliability": 6}}),
        ("score", {"about": "Beta", "scores": {"reliability": 2.5}}),
        ("score", {"about": "Beta", "scores": {"reliability": True}}),
        ("score", {"about": "Beta", "scores": {"charm": 3}}),
        ("score", {"about": "Beta", "scores": [1, 2]}),
        ("score", {"about": "Alpha", "scores": {}}),
        ("score", {"about": "Nobody", "scores": {}}),
        ("score", {"about": ["Beta"], "scores": {}}),
        ("predict", {"hired": "perhaps"}),
        ("predict", {"hired": "yes", "share": 101}),
        ("predict", {"hired": "yes", "share": "50"}),
        ("department", {"name": "Nobody"}),
        ("commit", {"what": ""}),
        ("commit", {"what": "x" * 201}),
        ("commit", {"what": "bell \x07"}),
        ("commit", {"what": "turned \u202e around"}),
        ("commit", {"what": 7}),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_message_and_changes_nothing(tmp_path, what, data):
    @played
    async def test(house: House):
        phone = await house.phone("Alpha")
        await house.act("phase", to="commit" if what == "commit" else "predict")
        before = house.state
        answer = await phone.send(what, 400, **data)
        assert answer["ok"] is False
        from sim.workshop import language

        assert language.say(answer["error"], "de", **answer["params"])
        assert house.state == before

    test(tmp_path)


@played
async def test_texts_of_people_come_back_as_texts(house: House):
    await house.act("phase", to="commit")
    phone = await house.phone("Alpha")
    text = "<script>alert(1)</script> & 'ümlaut' 👩‍👩‍👧"
    await phone.send("commit", what=f"  {text} \n", who="Alpha")
    assert house.state["commitments"][0]["what"] == text
    page = await house.host.get(f"/host/{house.code}/print")
    assert "<script>alert(1)" not in page.text


@played
async def test_renaming_a_department_keeps_its_scores_and_levers_and_can_be_taken_back(house: House):
    phones = await house.phones("Alpha", 5)
    await house.act("phase", to="score")
    for phone in phones:
        await phone.score("Beta", 4)
    await house.act("lever", lever="training", where="Beta", to=0.1)
    await house.act("department", what="rename", name="Beta", to="Bravo", staff=12)
    await house.act("phase", to="reveal")
    await house.act("show", what="gap", on=True)
    assert house.cell("Bravo", "Alpha")["received"]["overall"] == 4
    assert house.state["changes"][0]["where"] == "Bravo"
    assert house.session.chain().nodes["Bravo"]["staff"] == 12
    await house.act("undo")
    assert house.cell("Beta", "Alpha")["received"]["overall"] == 4
    assert house.session.chain().nodes["Beta"]["staff"] == 8


@played
async def test_a_removed_department_goes_with_its_cells_and_comes_back_with_them(house: House):
    phones = await house.phones("Alpha", 5)
    await house.act("phase", to="score")
    for phone in phones:
        await phone.score("Beta", 4)
    await house.act("phase", to="reveal")
    await house.act("show", what="gap", on=True)
    await house.act("department", what="remove", name="Beta")
    assert "Beta" not in json.dumps(house.state)
    assert "Beta" not in house.session.chain()
    await house.act("undo")
    assert house.cell("Beta", "Alpha")["received"]["overall"] == 4
    assert "Beta" in house.session.chain()


@played
async def test_a_name_that_was_taken_meanwhile_does_not_come_back(house: House):
    await house.act("department", what="rename", name="Beta", to="Bravo")
    await house.act("room_builds", on=True)
    phone = await house.phone()
    await phone.send("department", name="BETA")
    assert (await house.act("undo", 400))["error"] == "error.name_taken"
    assert {one["name"] for one in house.state["departments"]} >= {"BETA", "Bravo"}


@played(chain=None)
async def test_a_room_builds_its_own_chain_from_who_scored_whom(house: House):
    counts = {"Sales": 5, "Service": 5, "Repair": 2}
    homes = {name: [await house.phone() for _ in range(number)] for name, number in counts.items()}
    for name, phones in homes.items():
        for phone in phones:
            await phone.send("department", name=name)
    assert [one["name"] for one in house.state["departments"]] == ["Sales", "Service", "Repair"]
    assert house.session.chain() is None
    await house.act("department", what="rename", name="Sales", faces_customers=True)
    await house.act("phase", to="score")
    for phone in homes["Sales"]:
        await phone.score("Service", 3)
    for phone in homes["Repair"]:
        await phone.score("Sales", 1)
    await house.act("phase", to="reveal")
    chain = house.session.chain()
    assert ("Service", "Sales") in chain.edges
    assert ("Sales", "Repair") not in chain.edges  # two raters: not even that they scored is told
    serving = {one["name"]: one["clients"] for one in house.state["departments"]}
    assert serving == {"Sales": [], "Service": ["Sales"], "Repair": []}


@played
async def test_a_room_with_an_organisation_adds_departments_only_where_it_may(house: House):
    phone = await house.phone()
    assert (await phone.send("department", 400, name="Iota"))["error"] == "error.unknown_department"
    await house.act("room_builds", on=True)
    await phone.send("department", name="  Iota  ")
    assert house.state["departments"][-1] | {"here": 0} == {
        "name": "Iota", "kind": "department", "staff": None, "faces_customers": False, "suppliers": [], "clients": [],
        "here": 0,
    }  # fmt: skip
    assert (await phone.send("department", name="IOTA"))["me"]["department"] == "Iota"
    for name in ("given", "Buyers", "", "!!"):
        assert (await phone.send("department", 400, name=name))["ok"] is False


@played
async def test_levers_assumptions_pins_promises_are_taken_back_and_done_again(house: House):
    await house.settled(lambda: house.session.results.get("assumptions"))

    def board():
        state = house.host_state
        return [state["changes"], state["host"]["pinned"], [one["value"] for one in state["host"]["assumptions"]],
                [one["id"] for one in state["host"]["commitments"]]]  # fmt: skip

    await house.act("phase", to="change")
    await house.act("commit", what="a promise")
    boards = [board()]
    for do, data in (
        ("lever", {"lever": "training", "where": "Beta", "to": 0.1}),
        ("lever", {"lever": "internal_service", "where": "Beta:Alpha", "to": 0.9}),
        ("pin", {}),
        ("lever", {"lever": "tools", "where": None, "to": 0.7}),
        ("assume", {"name": "price", "to": 0.8}),
        ("commit_remove", {"id": 1}),
        ("reset", {}),
    ):
        await house.act(do, **data)
        boards.append(board())
    assert len({json.dumps(one) for one in boards}) == len(boards)
    for one in reversed(boards[:-1]):
        await house.act("undo")
        assert board() == one
    assert (await house.act("undo", 409))["error"] == "error.nothing_to_undo"
    for one in boards[1:]:
        await house.act("redo")
        assert board() == one
    await house.act("undo")
    await house.act("lever", lever="training", where="Beta", to=0.15)
    assert (await house.act("redo", 409))["error"] == "error.nothing_to_redo"


@played
async def test_a_slider_that_is_dragged_is_one_step_to_take_back(house: House):
    await house.act("lever", lever="tools", where="Beta", to=0.9)
    for value in (0.05, 0.06, 0.07, 0.1):
        await house.act("lever", lever="training", where="Beta", to=value)
    assert house.host_state["host"]["past"] == 2
    assert reopened(house).room == house.session.room
    await house.act("undo")
    assert [one.lever for _, one in house.session.room.changes] == ["tools"]
    await house.act("redo")
    assert [one.to for _, one in house.session.room.changes] == [0.9, 0.1]
    await house.act("lever", lever="training", where="Beta", to=0.05)
    assert house.host_state["host"]["past"] == 3  # what was taken back and done again is not pulled further


@pytest.mark.parametrize(
    "data",
    [
        {"lever": "training", "where": "Beta", "to": 7},
        {"lever": "training", "where": "Nobody", "to": 0.1},
        {"lever": "training", "where": "Beta:Alpha", "to": 0.1},
        {"lever": "charm", "where": "Beta", "to": 0.1},
        {"lever": "training", "where": "Beta", "to": "much"},
        {"lever": ["training"], "where": "Beta", "to": 0.1},
    ],
)
def test_a_lever_outside_its_range_or_place_is_refused(tmp_path, data):
    @played
    async def test(house: House):
        assert (await house.act("lever", 400, **data))["ok"] is False
        assert house.session.room.changes == ()

    test(tmp_path)


@played
async def test_the_newest_question_is_asked_and_the_background_only_when_it_has_to_be(house: House):
    from tests.workshop.made_up_room import Model

    Model.log = []
    house.session.think()
    await house.settled(lambda: Model.log)
    for value in (0.05, 0.1, 0.15):
        await house.act("lever", lever="training", where="Beta", to=value)
    await house.settled(
        lambda: [one for one in Model.log if one[0] == "ask" and one[1].changes and one[1].changes[0].to == 0.15]
    )
    assert [kind for kind, _ in Model.log].count("prepare") == 1
    await house.act("phase", to="change")
    await house.act("show", what="effect", on=True)
    await house.settled(lambda: house.state["effect"] and house.state["effect"]["changes"][0]["to"] == 0.15)
    asked = len(Model.log)
    await house.act("show", what="effect", on=False)
    await house.act("lock", on=True)
    assert len(Model.log) == asked


@played
async def test_a_late_answer_does_not_replace_a_newer_one(house: House):
    house.session._take(3, {"effect": {"runs": 3}})
    house.session._take(2, {"effect": {"runs": 2}, "verdicts": []})
    assert house.session.results["effect"] == {"runs": 3}
    assert house.session.results["verdicts"] == []


@played
async def test_one_laptop_and_paper_count_as_raters(house: House):
    await house.act("phase", to="score")
    scores = {"reliability": 4, "empathy": 2}
    sheet = (await house.act("paper", department="Alpha", about="Beta", scores=scores, count=6))["sheet"]
    await house.act("paper", sheet=sheet, about="given", scores=scores)
    await house.act("paper", sheet=sheet, about="prediction", hired="no", share=40, weakest="Beta")
    for _ in range(5):
        await house.act("paper", department="Gamma", about="Beta", scores={"reliability": 1})
    assert (house.state["joined"], house.state["scored"], house.state["predicted"]) == (11, 11, 6)
    await house.act("phase", to="reveal")
    for part in ("gap", "prediction"):
        await house.act("show", what=part, on=True)
    assert house.cell("Beta", "Alpha")["received"]["n"] == 6
    assert house.cell("Beta", "Alpha")["received"]["mean"]["empathy"] == 2
    assert house.cell("Beta", "Gamma")["received"]["overall"] == 1
    assert house.state["reveal"]["predictions"]["hired"] == {"yes": 0, "no": 6}
    assert (await house.act("paper", 400, sheet="p99", about="given", scores=scores))["error"] == "error.unknown_sheet"


@played
async def test_a_large_sheet_does_not_unlock_the_answers_of_a_few(house: House):
    await house.act("phase", to="score")
    for phone in await house.phones("Alpha", 2):
        await phone.score("Beta", 1)
    await house.act("paper", department="Alpha", about="Beta", scores={"reliability": 5}, count=50)
    await house.act("phase", to="reveal")
    await house.act("show", what="gap", on=True)
    assert house.cell("Beta", "Alpha")["received"] is None


@played
async def test_the_minimum_is_fixed_once_somebody_has_scored(house: House):
    phone = await house.phone("Alpha")
    await house.act("minimum", to=4)
    assert (await house.act("minimum", 400, to=2))["error"] == "error.bad_number"
    await house.act("phase", to="score")
    await phone.score("Beta", 3)
    assert (await house.act("minimum", 409, to=3))["error"] == "error.minimum_is_fixed"
    assert house.state["minimum"] == 4


@played
async def test_simulated_participants_are_marked_never_mix_with_people_and_leave_no_trace(house: House):
    from sim.workshop import server

    def drawn(chain, homes, people, *, minimum, seed):
        alpha, beta = (next(key for key, name in homes.items() if name == wanted) for wanted in ("Alpha", "Beta"))
        one = {"department": alpha, "given": {"empathy": 5}, "received": {beta: {"empathy": 5, "tangibles": 5}},
               "prediction": {"hired": "yes", "share": 77, "weakest": beta}}  # fmt: skip
        return [one] * people

    phones = await house.phones("Alpha", 5)
    await house.act("phase", to="score")
    for phone in phones:
        await phone.score("Beta", 1)
    real, server.rehearsal.participants = server.rehearsal.participants, drawn
    try:
        await house.act("rehearse", people=9)
        await house.settled(lambda: house.state["rehearsal"])
    finally:
        server.rehearsal.participants = real
    assert (house.state["rehearsal"], house.state["joined"], house.state["scored"]) == (9, 9, 9)
    await house.act("phase", to="reveal")
    await house.act("show", what="gap", on=True)
    assert house.cell("Beta", "Alpha")["received"]["overall"] == 5
    await house.act("rehearse_stop")
    state = house.state
    assert (state["rehearsal"], state["joined"], state["phase"], state["reveal"]) == (None, 5, "join", None)
    folder = house.session.store.path.parent
    assert not any(b'"share": 77' in path.read_bytes() for path in folder.iterdir())
    assert reopened(house).public_state() == state
    await house.act("phase", to="reveal")
    await house.act("show", what="gap", on=True)
    assert house.cell("Beta", "Alpha")["received"]["overall"] == 1


@played
async def test_wiping_deletes_the_file_and_ends_the_session(house: House):
    phone = await house.phone("Alpha")
    path = house.session.store.path
    assert (await house.act("wipe", 400, confirm="yes"))["ok"] is False
    assert path.exists()
    await house.act("wipe", confirm=house.code)
    assert list(path.parent.iterdir()) == []
    assert (await phone.send("score", 404, about="given", scores={}))["error"] == "error.no_such_session"


@played
async def test_the_facilitator_opens_another_session_and_leads_both(house: House):
    answer = await house.host.post("/host/new", json={"organisation": "retailer", "language": "de", "minimum": 6})
    new = house.workshop.sessions[answer.json()["code"]]
    assert (new.room.language, new.room.minimum, new.room.organisation) == (
        "de",
        6,
        organisation.load("retailer").setting("name"),
    )
    assert (await house.host.get(answer.json()["go"])).status_code == 303
    assert (await house.host.get(f"/host/{house.code}/export/scores.csv")).status_code == 200
    assert (await house.browser().post("/host/new", json={})).status_code == 403
    for named in ("/etc/passwd", "../retailer", "nothing", 7):
        refused = await house.host.post("/host/new", json={"organisation": named})
        assert refused.json()["error"] == "error.bad_organisation"


@played
async def test_codes_have_five_letters_that_nobody_mistakes_for_digits(house: House):
    codes = {sessions.new_code() for _ in range(300)}
    assert len(codes) > 290
    assert all(len(code) == 5 and code.isalpha() and not {*code} & {*"01IOAEU"} for code in codes)
    assert len(house.session.secret) >= 22  # 128 bits in base 64
    answer = await house.browser().get(f"/j/{house.code.lower()}")
    assert answer.headers["location"] == f"/j/{house.code}"
    found = await house.browser().get("/", params={"code": f" {house.code.lower()}"})
    assert found.headers["location"] == f"/j/{house.code}"


@played
async def test_pages_open_and_name_no_other_server(house: House):
    for path in ("/", f"/j/{house.code}", f"/host/{house.code}", f"/screen/{house.code}", f"/host/{house.code}/print"):
        answer = await house.host.get(path)
        assert answer.status_code == 200, path
        outside = [part for part in answer.text.split('"') if "://" in part and not part.startswith(BASE)]
        assert [one for one in outside if "www.w3.org" not in one] == []


def test_on_a_laptop_in_several_networks_the_facilitator_picks_the_address_that_phones_are_shown(tmp_path, monkeypatch):
    from sim.workshop import address

    both = ["http://10.1.1.1:8321", "http://192.168.137.1:8321"]
    monkeypatch.setattr(address, "urls", lambda lan, port: both)

    @played
    async def test(house: House):
        assert house.host_state["host"]["address"] == both[0]
        await house.act("address", to=both[1])
        place = house.host_state["host"]
        assert (place["address"], place["urls"][0]) == (both[1], f"{both[1]}/j/{house.code}")
        assert place["qr_svg"] == address.qr_svg(place["urls"][0])
        assert (await house.act("address", 400, to="http://evil.example"))["error"] == "error.bad_choice"

    test(tmp_path)


@played
async def test_a_phone_from_the_network_is_noticed(house: House):
    await house.browser(address="127.0.0.1").get("/reach")
    assert house.host_state["host"]["reached"] is False
    assert (await house.browser(address="192.168.1.20").get("/reach")).json() == {"ok": True}
    assert house.host_state["host"]["reached"] is True
