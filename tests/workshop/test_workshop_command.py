"""`service-culture workshop` as a process: it says where to go, survives being killed, stops at once."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]


class Server:
    """A running workshop and the addresses that it printed."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.clients: list[httpx.Client] = []
        self.output = folder / f"output-{time.monotonic_ns()}.txt"
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
        self.began = time.monotonic()
        with self.output.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sim.cli", "workshop", "--no-browser", "--port", "0",
                 "--folder", str(folder / "sessions"), *options],
                stdout=file, stderr=subprocess.STDOUT, cwd=folder, env=environment,
            )  # fmt: skip

    def ready(self) -> Server:
        while "Ctrl-C stops" not in self.text:
            assert self.process.poll() is None, self.text
            assert time.monotonic() - self.began < 60, self.text
            time.sleep(0.02)
        self.took = time.monotonic() - self.began
        self.host_url = re.search(r"Facilitator\s+(\S+)", self.text)[1]
        self.base, self.code = re.match(r"(http://[^/]+)/host/(\w+)", self.host_url).groups()
        self.host = self.phone()
        assert self.host.get(self.host_url).status_code == 303
        return self

    @property
    def text(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def act(self, do: str, **data):
        answer = self.host.post(f"/host/{self.code}/act", json={"do": do, **data})
        assert answer.is_success, answer.text
        return answer.json()

    def phone(self, **cookies: str) -> httpx.Client:
        self.clients.append(httpx.Client(base_url=self.base, cookies=cookies))
        return self.clients[-1]

    def close(self) -> None:
        for client in self.clients:
            client.close()
        self.process.kill()
        self.process.wait()

    def state(self, web: httpx.Client | None = None) -> dict:
        path = f"/j/{self.code}/events" if web else f"/host/{self.code}/events"
        with (web or self.host).stream("GET", path) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    return json.loads(line[5:])
        raise AssertionError("the stream ended")

    def until(self, ready, seconds: float = 120):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            state = self.state()
            if ready(state):
                return state
            time.sleep(0.2)
        raise AssertionError(f"this did not come about: {state['running']} {state['host']['warnings']}")

    def stop(self, number: int = signal.SIGINT) -> float:
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(20)
        return time.monotonic() - began


@pytest.fixture
def serve(tmp_path):
    begun: list[Server] = []

    def start(*options: str) -> Server:
        begun.append(Server(tmp_path, *options))
        return begun[-1].ready()

    yield start
    for one in begun:
        one.close()


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sim.cli", "workshop", *arguments], capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip


def test_a_port_that_is_taken_is_said_with_exit_code_2(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run("--port", port, "--folder", str(tmp_path))
    assert (done.returncode, port in done.stderr, "--port 0" in done.stderr) == (2, True, True)
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "no such organisation"),
        (["--language", "fr"], "no such language"),
        (["--resume"], "no session to go on with"),
        (["--open", "nothing.json"], "cannot be read"),
        (["retailer", "--resume"], "do not go together"),
        (["--minimum", "2"], "minimum"),
    ],
)
def test_mistakes_on_the_command_line_are_said_with_exit_code_2(tmp_path, arguments, said):
    done = run("--port", "0", "--no-browser", "--folder", str(tmp_path / "sessions"), *arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_without_the_extra_the_command_says_how_to_install_it(monkeypatch):
    import importlib.util

    from sim.cli import workshop
    from sim.errors import InputError

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r'pip install "service-culture\[workshop\]"'):
        workshop._check_extra()


def test_help_answers_without_the_page_or_the_model():
    code = (
        "import sys; sys.argv = ['service-culture', 'workshop', '--help']\nfrom sim import cli\n"
        "try: cli.main()\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'networkx', 'starlette', 'uvicorn', 'segno', 'mesa'} & set(sys.modules)\nassert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stderr
    assert "--lan" in done.stdout


@pytest.mark.slow
def test_a_server_that_is_killed_comes_back_where_it_was_and_phones_stay_joined(serve):
    first = serve("retailer")
    assert first.text.count(first.code) >= 2
    name = first.state()["departments"][0]["name"]
    phone = first.phone()
    assert phone.post(f"/j/{first.code}/join", json={"department": name}).is_success
    first.act("phase", to="score")
    first.act("lever", lever="training", where=name, to=0.15)
    assert phone.post(f"/j/{first.code}/score", json={"about": "given", "scores": {"empathy": 4}}).is_success
    before = first.state(phone)
    first.stop(signal.SIGKILL)
    second = serve("--resume")
    assert (second.code, second.host_url.split("/host/")[1]) == (first.code, first.host_url.split("/host/")[1])
    phone = second.phone(**phone.cookies)
    assert phone.get(f"/j/{second.code}/me").json()["me"]["given"] == {"empathy": 4}
    after = second.state(phone)
    assert after.pop("id") > before.pop("id")
    assert [one | {"running": None} for one in (after, before)] == [one | {"running": None} for one in (before, after)]
    assert second.host.get(f"/host/{second.code}").is_success
    assert second.stop() < 10


@pytest.mark.slow
def test_it_is_ready_before_the_model_and_stops_at_once_with_streams_open(serve):
    server = serve()
    print(f"ready after {server.took:.1f} s")
    with server.phone() as phone, phone.stream("GET", f"/j/{server.code}/events") as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("id: ")
        took = server.stop()
        assert list(lines)  # the rest of the message, and then the end
    assert took < 10  # not as long as a phone listens: that would be until the room is empty
    assert server.process.returncode == 0
    assert "Traceback" not in server.text


@pytest.mark.slow
def test_the_model_answers_a_rehearsal_and_a_change_and_the_share_file_makes_the_same_again(serve, tmp_path):
    server = serve("software_firm", "--runs", "4", "--language", "de")
    server.act("rehearse", people=40)
    server.until(lambda state: state["rehearsal"])
    server.act("phase", to="reveal")
    for part in ("gap", "verdict", "bottleneck", "effect", "chain", "disagree", "prediction"):
        server.act("show", what=part, on=True)
    state = server.until(
        lambda state: (
            state["reveal"]["verdicts"] and state["reveal"]["bottleneck"] and state["reveal"]["verdicts"][0]["should"]
        )
    )
    assert any(cell["received"] for cell in state["reveal"]["cells"])
    assert any(one["would"]["basis"] == "room" for one in state["reveal"]["verdicts"])
    assert state["reveal"]["chain"]["nodes"]
    unit = state["departments"][0]["name"]
    server.act("focus", department=unit)
    lever = server.until(lambda state: state["levers"])["levers"][0]
    server.act("lever", lever=lever["name"], where=lever["where"], to=lever["high"])
    done = server.until(lambda state: state["effect"] and state["effect"]["final"])
    file = tmp_path / "share.json"
    file.write_bytes(server.host.get(f"/host/{server.code}/export/share.json").content)
    server.stop()
    other = serve("--open", str(file))
    for part in ("verdict", "effect"):
        other.act("show", what=part, on=True)
    again = other.until(lambda state: state["effect"] and state["effect"]["final"] and state["reveal"]["verdicts"])
    assert again["effect"] == done["effect"]
    assert [one["would"] for one in again["reveal"]["verdicts"]] == [one["would"] for one in done["reveal"]["verdicts"]]
    assert again["host"]["warnings"] == []
