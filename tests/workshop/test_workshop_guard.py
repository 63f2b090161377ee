"""Who may ask, from where, how much and how often; and that rooms know nothing of each other."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.workshop.guard import MOST_BYTES, Buckets, host_is_ours
from sim.workshop.language import catalogue
from sim.workshop.server import ACTIONS
from sim.workshop.session import LETTERS
from tests.workshop.made_up_room import BASE, House, Phone, firm, played, reopened


@played
async def test_the_facilitators_page_needs_a_key_that_is_not_the_code(house: House):
    stranger = house.browser()
    for path in (f"/host/{house.code}", f"/screen/{house.code}", f"/host/{house.code}/events", f"/host/{house.code}/print",
                 f"/host/{house.code}/export/share.json", f"/host/{house.code}/export/scores.csv"):  # fmt: skip
        assert (await stranger.get(path)).status_code == 403, path
    assert (await stranger.post(f"/host/{house.code}/act", json={"do": "phase", "to": "reveal"})).status_code == 403
    for key in (house.code, "", house.session.secret[:-1], house.session.secret + "x", "ü"):
        assert (await stranger.get(f"/host/{house.code}", params={"key": key})).status_code == 403
    phone = await house.phone("Alpha")
    assert (await phone.web.get(f"/host/{house.code}")).status_code == 403
    assert house.state["phase"] == "join"


@played
async def test_the_key_leaves_the_address_and_stands_in_no_state_or_page(house: House):
    answer = await house.browser().get(f"/host/{house.code}", params={"key": house.session.secret})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/host/{house.code}")
    for cookie in answer.headers.get_list("set-cookie"):
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.casefold()
        assert "Path=/host;" in cookie or "Path=/screen;" in cookie
    page = await house.host.get(f"/host/{house.code}")
    shared = await house.host.get(f"/host/{house.code}/export/share.json")
    for text in (page.text, shared.text, json.dumps(house.host_state)):
        assert house.session.secret not in text


@played
async def test_a_phones_cookie_goes_to_its_own_room_only_and_the_file_does_not_hold_it(house: House):
    answer = await house.browser().post(f"/j/{house.code}/join", json={})
    cookie = answer.headers["set-cookie"]
    assert f"Path=/j/{house.code};" in cookie
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.casefold()
    token = answer.cookies[f"p_{house.code}"]
    folder = house.session.store.path.parent
    assert not any(token.encode() in path.read_bytes() for path in folder.iterdir())
    assert house.session.store.path.stat().st_mode & 0o077 == 0


@played
async def test_two_rooms_cannot_see_or_lead_each_other(house: House):
    other = house.workshop.begin(firm(), language="de")
    leader = house.browser()
    await leader.get(f"/host/{other.code}", params={"key": other.secret})
    assert (await leader.post(f"/host/{house.code}/act", json={"do": "lock", "on": True})).status_code == 403
    assert (await leader.get(f"/host/{house.code}", params={"key": other.secret})).status_code == 403
    phone = await house.phone("Alpha")
    await house.act("phase", to="score")
    elsewhere = Phone(house, other.code)
    elsewhere.web.cookies = phone.web.cookies
    for name, value in phone.web.cookies.items():  # even a stolen cookie under the other room's name opens nothing
        elsewhere.web.cookies.set(name.replace(house.code, other.code), value)
    assert (await elsewhere.send("score", 403, about="given", scores={}))["error"] == "error.join_first"
    assert other.public_state()["joined"] == 0
    assert other.public_state()["phase"] == "join"


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1:8321", True), ("localhost:1", True), ("192.168.137.1:8321", True), ("[::1]:80", True),
        ("evil.example", False), ("127.0.0.1.evil.example", False), ("", False), ("[::1", False), ("localhost.evil", False),
    ],
)  # fmt: skip
def test_only_addresses_and_the_laptops_own_name_are_answered(host, ours):
    assert host_is_ours(host) is ours


@played
async def test_other_sites_can_neither_read_nor_write(house: House):
    rebound = house.browser(base="http://evil.example:8321")
    assert (await rebound.get(f"/j/{house.code}")).status_code == 421
    url = f"/host/{house.code}/act"
    act = {"do": "lock", "on": True}
    for headers in (
        {"Origin": "http://evil.example"}, {"Origin": "http://127.0.0.1:9999"}, {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    ):  # fmt: skip
        assert (await house.host.post(url, json=act, headers=headers)).status_code == 403, headers
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await house.host.post(url, content=json.dumps(act), headers=form)).status_code == 415
    assert (
        await house.host.post(url, content=json.dumps(act), headers={"Content-Type": "text/plain"})
    ).status_code == 415
    assert house.state["locked"] is False
    assert (await house.host.post(url, json=act, headers={"Origin": BASE, "Sec-Fetch-Site": "same-origin"})).is_success
    answer = await house.host.get(f"/j/{house.code}", headers={"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


@played
async def test_every_answer_forbids_scripts_and_frames_of_others(house: House):
    for path in ("/", "/reach", f"/j/{house.code}", "/static/live.js", "/nothing", f"/host/{house.code}/act"):
        headers = (await house.host.get(path)).headers
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "no-store" in headers["cache-control"]


@pytest.mark.parametrize("content", [b"[1]", b"{", b"\xff", b"[" * 50_000, b'{"a":' * 10_000, b"7", b'"text"'])
def test_bodies_that_are_no_json_object_are_refused(tmp_path, content):
    @played
    async def test(house: House):
        answer = await house.host.post(
            f"/host/{house.code}/act", content=content, headers={"Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.json()["error"]) == (400, "error.not_json")

    test(tmp_path)


_leaf = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        [
            "Alpha",
            "Beta",
            "given",
            "prediction",
            "yes",
            "add",
            "rename",
            "remove",
            "reveal",
            "score",
            "training",
            "price",
            "p1",
        ]
    )
)
_anything = st.recursive(
    _leaf, lambda one: st.lists(one, max_size=2) | st.dictionaries(st.text(max_size=3), one, max_size=2), max_leaves=4
)
_FIELDS = [
    "about", "scores", "name", "to", "what", "on", "department", "lever", "where", "id", "minutes", "count", "sheet", "hired",
    "share", "weakest", "who", "when", "staff", "faces_customers", "people", "confirm", "organisation", "language", "minimum",
]  # fmt: skip


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["join", "department", "score", "predict", "commit"]) | st.none(),
            st.sampled_from([*ACTIONS, "rehearse_stop", "wipe", "else", "new"]),
            st.dictionaries(st.sampled_from(_FIELDS), _anything, max_size=6),
        ),
        max_size=25,
    )
)
@settings(max_examples=5, deadline=None)
def test_whatever_is_sent_is_done_or_refused_and_never_breaks_anything(tmp_path_factory, sent):
    @played
    async def test(house: House):
        phone = await house.phone("Alpha")
        for path, do, data in sent:
            before = house.session.room.past, house.state
            content = json.dumps({"do": do, **data})
            if path is None:
                web, url = house.host, "/host/new" if do == "new" else f"/host/{house.code}/act"
            else:
                web, url = phone.web, f"/j/{house.code}/{path}"
            answer = await web.post(url, content=content, headers={"Content-Type": "application/json"})
            assert answer.status_code in (200, 400, 403, 404, 409, 429), (url, content)
            assert answer.json()["ok"] is (answer.status_code == 200)
            if answer.status_code != 200:
                assert (house.session.room.past, house.state) == before
                assert answer.json()["error"] in catalogue("en")
        house.session.host.refresh()
        again = reopened(house)
        assert again.room == house.session.room
        again.close()

    test(tmp_path_factory.mktemp("room"))


@played
async def test_bodies_over_the_limit_are_refused_whether_they_say_so_or_not(house: House):
    phone = await house.phone("Alpha")
    url, kind = f"/j/{house.code}/commit", {"Content-Type": "application/json"}
    large = b" " * (MOST_BYTES + 1)
    assert (await phone.web.post(url, content=large, headers=kind)).status_code == 413

    async def pieces():
        for _ in range(70):
            yield b" " * 1024

    assert (await phone.web.post(url, content=pieces(), headers=kind)).status_code == 413


@played
async def test_sixty_phones_behind_one_address_join_and_score_without_being_stopped(house: House):
    async def one() -> None:
        phone = await house.phone("Alpha")
        await house.browser().get("/", params={"code": house.code})
        for about in ("given", "Beta", "Gamma", "Delta"):
            await phone.score(about, 3)

    await house.act("phase", to="score")
    await asyncio.gather(*(one() for _ in range(60)))
    assert house.state["scored"] == 60


@played
async def test_a_phone_that_floods_is_stopped_and_the_others_are_not(house: House):
    loud, quiet = await house.phones("Alpha", 2)
    await house.act("phase", to="score")
    answers = [await loud.web.post(f"/j/{house.code}/score", json={"about": "given", "scores": {}}) for _ in range(120)]
    assert {one.status_code for one in answers} == {200, 429}
    await quiet.score("given", 3)


@played
async def test_codes_and_keys_cannot_be_guessed_for_long(house: House):
    guesser = house.browser(address="10.0.0.66")
    codes = [
        (await guesser.get(f"/j/BBB{first}{second}")).status_code for first in LETTERS[:8] for second in LETTERS[:10]
    ]
    assert codes[0] == 404
    assert codes[-1] == 429
    assert (await guesser.get(f"/j/{house.code}")).status_code == 429  # and is not told that this one is right
    guesser = house.browser(address="10.0.0.67")
    keys = [(await guesser.get(f"/host/{house.code}", params={"key": str(n)})).status_code for n in range(40)]
    assert keys[0] == 403
    assert keys[-1] == 429
    assert (await house.browser(address="10.0.0.8").get(f"/j/{house.code}")).status_code == 200


def test_a_bucket_fills_again_and_forgets_who_is_long_gone():
    bucket = Buckets(rate=1, burst=2, most=3)
    assert [bucket.take("a", 0), bucket.take("a", 0), bucket.take("a", 0)] == [True, True, False]
    assert [bucket.take("a", 1), bucket.take("a", 1)] == [True, False]
    for name in "bcde":
        bucket.take(name, 1)
    assert len(bucket._levels) == 3


@played
async def test_what_does_not_exist_is_said_in_the_browsers_language(house: House):
    asked = {"Accept": "text/html", "Accept-Language": "de-CH,de;q=0.9,en;q=0.5"}
    answer = await house.browser().get("/j/XXXXX", headers=asked)
    assert answer.status_code == 404
    assert "keinen Workshop" in answer.text
    assert (await house.browser().get("/j/XXXXX")).json()["error"] == "error.no_such_session"
    for path in (
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/nothing",
        f"/host/{house.code}/export/events.csv",
    ):
        assert (await house.host.get(path)).status_code == 404
