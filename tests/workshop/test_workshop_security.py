"""What docs/threat_model.md promises of the page: keys, codes, headers, texts, and connections that only take up room."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import logging
import socket

import httpx
import pytest
import uvicorn

from sim.workshop import session as sessions
from sim.workshop.guard import HEADERS, SLOWEST_BODY, Guesses
from sim.workshop.server import configured
from sim.workshop.session import CODE_LENGTH, LETTERS
from sim.workshop.wire import Connection
from tests.workshop.made_up_room import House, Phone, firm, played, reopened

# --- who is who -------------------------------------------------------------------------------------------------------


@played
async def test_the_facilitators_key_has_256_random_bits_and_is_compared_in_constant_time(house: House):
    other = house.workshop.begin(firm())
    keys = [house.session.secret, other.secret]
    assert all(len(base64.urlsafe_b64decode(key + "=")) * 8 >= 128 for key in keys)
    assert keys[0] != keys[1]
    asked = []
    real = hmac.compare_digest
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessions.hmac, "compare_digest", lambda a, b: asked.append((a, b)) or real(a, b))
        assert not house.session.is_host("x" * 43)
        assert house.session.is_host(house.session.secret)
    assert len(asked) == 2


@played
async def test_no_cookie_of_a_participant_and_no_key_of_another_room_leads(house: House):
    phone = await house.phone("Alpha")
    token = phone.web.cookies[f"p_{house.code}"]
    other = house.workshop.begin(firm())
    for key in (token, token.split(".")[0], token.split(".")[1], other.secret, house.code, sessions.hashed(token)):
        thief = house.browser(address="10.0.0.9")
        thief.cookies.set(f"h_{house.code}", key)
        assert (await thief.get(f"/host/{house.code}")).status_code == 403, key
        assert (await thief.post(f"/host/{house.code}/act", json={"do": "lock", "on": True})).status_code == 403
        assert (await thief.get(f"/host/{house.code}", params={"key": key})).status_code == 403
    assert house.state["locked"] is False


@played
async def test_the_key_is_in_no_log_not_even_when_something_breaks(house: House):
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(logging.Formatter().format(record))

    keep, root = Keep(), logging.getLogger()
    before = root.level
    root.addHandler(keep)
    root.setLevel(logging.DEBUG)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(house.session, "think", lambda: 1 / 0)
            broken = await house.host.get(f"/host/{house.code}", params={"key": house.session.secret})
            assert broken.status_code == 303
            assert (await house.host.get(f"/host/{house.code}")).status_code == 500
        await house.browser().get(f"/host/{house.code}", params={"key": "wrong"})
    finally:
        root.removeHandler(keep)
        root.setLevel(before)
    own = [line for line in lines if "httpx" not in line and "HTTP Request" not in line]
    assert any("ZeroDivisionError" in line for line in own)
    assert not any(house.session.secret in line for line in own)


def test_a_server_writes_no_address_into_its_log(tmp_path):
    @played
    async def test(house: House):
        assert configured(house.workshop).access_log is False

    test(tmp_path)


@played
async def test_a_phone_whose_answer_was_lost_joins_again_as_the_same_person(house: House):
    phone = Phone(house, house.code)
    await phone.web.get(f"/j/{house.code}")
    handed_out = dict(phone.web.cookies)
    await phone.send("join", department="Alpha")
    again = Phone(house, house.code)  # the answer never came: it has only what the page gave it
    again.web.cookies.update(handed_out)
    await again.send("join", department="Alpha")
    assert house.state["joined"] == 1
    assert len(reopened(house).room.people) == 1


@played
async def test_only_tokens_that_this_room_handed_out_are_taken(house: House):
    other = house.workshop.begin(firm())
    good = house.session.admit()
    assert house.session.admitted(good)
    for token in (
        None,
        "",
        ".",
        "guest",
        "a" * 65,
        other.admit(),
        good + "0",
        good[:-1],
        "x" + good,
        good.upper(),
        "ü.ü",
    ):
        assert not house.session.admitted(token), token
    forger = Phone(house, house.code)
    forger.web.cookies.set(f"p_{house.code}", "chosen-by-me")
    await forger.send("join", department="Alpha")
    assert sessions.hashed("chosen-by-me") not in house.session.room.people


@played
async def test_a_commitment_and_a_sheet_that_are_sent_again_are_there_once(house: House):
    phone = await house.phone("Alpha")
    await house.act("phase", to="commit")
    for _ in range(2):
        await phone.send("commit", who="we", what="answer within a day", when="May", once="7")
    await house.act("phase", to="score")  # the room has gone on: what was kept is said to be kept
    await phone.send("commit", who="we", what="answer within a day", when="May", once="7")
    await house.act("phase", to="commit")
    await phone.send("commit", who="we", what="answer within a day", when="May", once="8")
    assert [one["what"] for one in house.state["commitments"]] == ["answer within a day"] * 2
    await house.act("phase", to="score")
    for _ in range(2):
        sheet = await house.act("paper", department="Beta", count=4, about="given", scores={"empathy": 3}, once="s")
    assert house.state["joined"] == 5
    again = reopened(house)
    assert again.room.people[sheet["sheet"]].people == 4
    assert len(again.room.people) == 2
    assert len(again.room.commitments) == 2


# --- codes ------------------------------------------------------------------------------------------------------------


def test_guessing_a_code_takes_weeks_from_one_address_and_from_many():
    """A guesser at every second of a day, then one with a new address for each guess."""
    for addresses in (1, 10_000):
        guesses, made = Guesses(), 0
        for second in range(0, 86_400, 10):
            address = f"10.{second % addresses}"
            while guesses.may(address, second):
                guesses.wrong(address, f"{made}", second)
                made += 1
        per_day = made
        assert len(LETTERS) ** CODE_LENGTH / 2 / per_day > 20, (addresses, per_day)


@played
async def test_who_guesses_is_not_told_the_right_code_and_keeps_nobody_out_who_is_in(house: House):
    inside = await house.phone("Alpha")  # all of them are behind one address
    guesser = house.browser()
    codes = [f"BBB{first}{second}" for first in LETTERS[:8] for second in LETTERS[:10]]
    assert {(await guesser.get(f"/j/{code}")).status_code for code in codes} == {404, 429}
    for path in (f"/j/{house.code}", f"/?code={house.code}", f"/j/{house.code}/me", f"/host/{house.code}"):
        assert (await guesser.get(path)).status_code == 429, path
    await house.act("phase", to="score")
    await inside.score("given", 4)
    assert (await house.browser().get(f"/host/{house.code}", params={"key": house.session.secret})).status_code == 303
    assert (await house.browser(address="10.0.0.8").get(f"/j/{house.code}")).status_code == 200


@played
async def test_two_hundred_people_behind_one_address_get_in_at_once_also_beside_phones_of_yesterday(house: House):
    stale = house.browser()
    for _ in range(120):  # pages of a session that is over ask for it again and again
        await stale.get("/j/ZZZZZ/events")
    phone = Phone(house, house.code)
    for number in range(200):
        phone.web.cookies.clear()
        assert (await phone.web.get(f"/j/{house.code}")).status_code == 200, number
        await phone.send("join", department="Alpha")
    assert house.state["joined"] == 200


# --- answers ----------------------------------------------------------------------------------------------------------


@played
async def test_every_answer_has_every_header_also_where_something_went_wrong(house: House):
    phone, host, code = await house.phone("Alpha"), house.host, house.code
    post = f"/host/{code}/act"
    form = {"Content-Type": "text/plain"}
    asked = {
        "page": host.get(f"/j/{code}"), "host": host.get(f"/host/{code}"), "screen": host.get(f"/screen/{code}"),
        "print": host.get(f"/host/{code}/print"), "export": host.get(f"/host/{code}/export/share.json"),
        "static": host.get("/static/live.js"), "style": host.get("/static/style.css"), "home": host.get("/"),
        "own answers": phone.web.get(f"/j/{code}/me"), "missing": host.get("/nothing"), "missing file": host.get("/static/no"),
        "redirect": host.get("/", params={"code": code}), "wrong method": host.get(post), "put": host.put(post, json={}),
        "delete": host.delete(f"/j/{code}"), "options": host.options(post), "head": host.head(f"/j/{code}"),
        "forbidden": house.browser().get(f"/host/{code}"), "wrong host": house.browser("http://evil.example").get("/"),
        "wrong type": host.post(post, content="{}", headers=form), "no json": host.post(post, content="[", headers={
            "Content-Type": "application/json"}),
        "too large": host.post(post, json={"x": "y" * 70_000}), "refused": host.post(post, json={"do": "nothing"}),
        "body where none belongs": host.request("GET", "/", content="x" * 10),
        "other site": host.post(post, json={}, headers={"Origin": "http://evil.example"}),
    }  # fmt: skip
    for name, asking in asked.items():
        answer = await asking
        for header, value in {**HEADERS, "Cache-Control": "no-store"}.items():
            assert value in answer.headers.get(header, ""), (name, header)
        if name in ("wrong method", "put", "delete", "options", "body where none belongs"):
            assert answer.status_code in (403, 405, 413, 415), (name, answer.status_code)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.session, "public_state", lambda: 1 / 0)
        patch.setattr(house.session, "submit", lambda *_: 1 / 0)
        answer = await phone.web.post(f"/j/{code}/score", json={"about": "given", "scores": {}})
    assert (answer.status_code, answer.json()["error"]) == (500, "error.failed")
    assert {**HEADERS}.items() <= {name: answer.headers.get(name) for name in HEADERS}.items()
    assert "ZeroDivision" not in answer.text


def test_the_policy_lets_no_script_run_that_is_not_a_file_of_ours():
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in str(policy)
    assert "*" not in str(policy)
    assert HEADERS["Referrer-Policy"] == "no-referrer"
    assert HEADERS["X-Frame-Options"] == "DENY"


@played
async def test_session_files_are_for_their_owner_only(house: House):
    await house.phone("Alpha")
    folder = house.session.store.path.parent
    assert folder.stat().st_mode & 0o777 == 0o700
    names = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert len(names) >= 2  # the file and its log
    assert {mode & 0o077 for mode in names.values()} == {0}, names


def test_the_command_says_what_lan_means(tmp_path, capsys):
    from sim.cli.workshop import _say
    from sim.workshop.house import Workshop

    for lan in (False, True):
        here = Workshop(tmp_path, lan=lan)
        _say(here, here.begin(firm()), False, 0)
        here.close()
        said = capsys.readouterr().out
        assert ("unencrypted" in said) is lan
        assert ("Only this laptop" in said) is not lan


# --- connections ------------------------------------------------------------------------------------------------------


def served(test):
    """Play a test over a real server on loopback whose silent connections end after 0.3 s and which has ten places."""

    def play(tmp_path):
        @played
        async def main(house: House):
            config = configured(house.workshop)

            class Hasty(Connection):
                silent, most = 0.3, 10

            config.http = Hasty
            config.log_level = "critical"
            listening = socket.socket()
            listening.bind(("127.0.0.1", 0))
            server = uvicorn.Server(config)
            task = asyncio.create_task(server.serve(sockets=[listening]))
            while not server.started:
                await asyncio.sleep(0.01)
            port = listening.getsockname()[1]
            try:
                await test(house, port)
            finally:
                house.workshop.end_streams()
                server.should_exit = server.force_exit = True
                await task
                listening.close()

        main(tmp_path)

    play.__name__, play.__doc__ = test.__name__, test.__doc__
    return play


async def connected(port, address="127.0.0.1"):
    return await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))


async def ended(reader, within=3.0):
    """Return what came until the other side closed the connection."""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(within):
            return await reader.read()
    return b""


@served
async def test_connections_that_say_nothing_or_drip_are_closed_and_those_that_listen_are_kept(house: House, port: int):
    silent, writer = await connected(port)
    assert await ended(silent) == b""
    writer.close()
    reader, writer = await connected(port)
    writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")

    async def drip():
        with contextlib.suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(b"X: y\r\n")
                await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    assert await ended(reader) == b""
    dripping.cancel()
    writer.close()
    reader, writer = await connected(port)  # a stream may be as silent as it likes
    writer.write(f"GET /j/{house.code}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    await reader.readuntil(b"event: state")
    await asyncio.sleep(0.6)
    house.session.touch()
    assert not reader.at_eof()
    await house.act("lock", on=True)
    async with asyncio.timeout(3):
        await reader.readuntil(b'"locked":true')
    writer.close()


@served
async def test_a_kept_connection_may_wait_between_requests_and_no_body_may_drip(house: House, port: int):
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as web:
        assert (await web.get("/reach")).status_code == 200
        await asyncio.sleep(0.6)
        assert (await web.get("/reach")).status_code == 200
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.workshop.guard.SLOWEST_BODY", 0.3)
        reader, writer = await connected(port)
        writer.write(
            f"POST /j/{house.code}/join HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            "Content-Length: 1000\r\n\r\n{".encode()
        )
        answer = await ended(reader)
        assert b" 408 " in answer
        assert b"nosniff" in answer
        writer.close()
    assert SLOWEST_BODY <= 30


@served
async def test_what_is_no_request_gets_the_headers_too(house: House, port: int):
    reader, writer = await connected(port)
    writer.write(b"GET\x00/ nonsense\r\n\r\n")
    answer = await ended(reader)
    assert answer.startswith(b"HTTP/1.1 400")
    for name in HEADERS:
        assert name.encode() in answer
    writer.close()


@served
async def test_one_address_cannot_take_all_places(house: House, port: int):
    Connection._held.clear()
    greedy = [await connected(port, "127.0.0.66") for _ in range(9)]
    await asyncio.sleep(0.05)
    open_ones = sum(not reader.at_eof() and reader.exception() is None for reader, _ in greedy)
    assert open_ones <= 5
    reader, writer = await connected(port)
    writer.write(b"GET /reach HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    for _, one in [*greedy, (reader, writer)]:
        one.close()
    await asyncio.sleep(0.5)
    assert Connection._held.total() == 0  # and every place is given back
