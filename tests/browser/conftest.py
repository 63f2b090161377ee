"""A real browser, a real server, and who is in the room."""

from __future__ import annotations

import io
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.browser.room import leave

AXE = "axe-core@4.10.3"
PHONE = {"width": 375, "height": 740}
LAPTOP = {"width": 1280, "height": 800}
SCREEN = {"width": 1920, "height": 1080}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in Path(item.fspath).parts:
            item.add_marker(pytest.mark.slow)


def chromium() -> str:
    """Return where the browser is; without one, tests fail in CI and are skipped elsewhere."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    if os.environ.get("CI"):
        pytest.fail("there is no chromium here: apt-get install chromium")
    pytest.skip("there is no chromium here")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        one = play.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield one
        one.close()


@dataclass
class Watched:
    """A browser context that keeps what went wrong: requests elsewhere, errors on the console, failed answers."""

    context: BrowserContext
    home: str
    elsewhere: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.on("request", self._request)
        self.context.on("console", self._console)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _request(self, request: object) -> None:
        url = str(request.url)  # type: ignore[attr-defined]
        if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).netloc != urlsplit(self.home).netloc:
            self.elsewhere.append(url)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def page(self, path: str) -> Page:
        """Open a page."""
        page = self.context.new_page()
        page.goto(path if path.startswith("http") else self.home + path)
        return page


@pytest.fixture
def people(browser: Browser) -> Iterator[object]:
    """Make browsers of people in the room; at the end nobody may have sent a request elsewhere or heard a complaint."""
    made: list[Watched] = []

    def make(home: str, *, viewport: dict[str, int] | None = None, clean: bool = True, **more: object) -> Watched:
        context = browser.new_context(viewport=viewport or PHONE, locale="en-GB", **more)
        one = Watched(context, home)
        if clean:
            made.append(one)
        return one

    yield make
    for one in made:
        assert one.elsewhere == []
        assert one.complaints == []
        one.context.close()


@dataclass
class Server:
    """A workshop that runs as a process of its own."""

    folder: Path
    arguments: tuple[str, ...] = ()
    port: int = 0
    process: subprocess.Popen[str] | None = None
    host: str = ""
    code: str = ""
    said: str = ""

    @property
    def home(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *more: str) -> Server:
        """Start it and wait until it has said where the facilitator's page is."""
        self.port = self.port or free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sim.cli", "workshop", *self.arguments, *more, "--port", str(self.port), "--folder",
             str(self.folder), "--no-browser"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "COLUMNS": "200"},
        )  # fmt: skip
        assert self.process.stdout
        end = time.monotonic() + 60
        self.said = ""
        while time.monotonic() < end and self.process.poll() is None:
            self.said += self.process.stdout.readline()
            found = re.search(r"http://[^\s]+/host/(\w+)\?key=[\w-]+", self.said)
            if found:
                self.host, self.code = found[0].replace("localhost", "127.0.0.1"), found[1]
                break
        else:
            raise AssertionError(self.said)
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.05)
        raise AssertionError(f"nobody answers: {self.said}")

    def kill(self) -> None:
        """Kill it as a crash would."""
        assert self.process
        self.process.kill()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()

    def stop(self) -> None:
        """End it, if it runs."""
        if self.process and self.process.poll() is None:
            self.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[object]:
    """Start workshops; they end with the test."""
    started: list[Server] = []

    def start(*arguments: str, folder: Path | None = None, port: int = 0) -> Server:
        one = Server(folder or tmp_path / "sessions", arguments, port)
        started.append(one)
        return one.start()

    yield start
    leave()
    for one in started:
        one.stop()


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the checker of accessibility as JavaScript; it comes as a package and is never part of this project."""
    home = tmp_path_factory.mktemp("axe")
    npm = shutil.which("npm")
    if npm is None:
        if os.environ.get("CI"):
            pytest.fail("there is no npm here: apt-get install npm")
        pytest.skip("there is no npm here")
    packed = subprocess.run([npm, "pack", AXE, "--silent"], cwd=home, capture_output=True, text=True, timeout=120)
    archive = home / packed.stdout.strip()
    if packed.returncode or not archive.is_file():
        if os.environ.get("CI"):
            pytest.fail(f"axe-core could not be had: {packed.stderr}")
        pytest.skip("axe-core could not be had")
    with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as opened:
        member = opened.extractfile("package/axe.min.js")
        assert member
        return member.read().decode()
