"""A command that does not end by itself: started, asked for its page, and stopped as somebody would with Ctrl-C."""

from __future__ import annotations

import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

PATIENCE = 180.0
"""Seconds until it has to say where its page is: the first start compiles the rules."""


def tried(words: Sequence[str], folder: Path, variables: Mapping[str, str]) -> str:
    """Start the workshop on a free port, without a browser; return what is wrong, or nothing."""
    said = folder / "workshop.log"
    with said.open("w") as log:
        process = subprocess.Popen(
            [*words, "--no-browser", "--port", "0"], cwd=folder, env=dict(variables), stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
    try:
        address = _address(said, process)
        if not address:
            return f"no address after {PATIENCE:.0f} seconds\n{said.read_text()}"
        with urllib.request.urlopen(address, timeout=30) as page:
            if b"<html" not in page.read().lower():
                return f"no page at {address}"
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=60)
        return f"exit code {code} after Ctrl-C\n{said.read_text()}" if code else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{error}\n{said.read_text()}"
    finally:
        process.kill()


def _address(said: Path, process: subprocess.Popen[bytes]) -> str:
    """Return the address of the page that phones open, as the program prints it, but on this machine."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(r"http://[^\s/]+:(\d+)/j/\S+", said.read_text()):
            return found[0].replace(found[0].split("/")[2], f"127.0.0.1:{found[1]}")
        time.sleep(0.3)
    return ""
