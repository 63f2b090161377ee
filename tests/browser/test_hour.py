"""The whole hour in a real browser, on a machine that can reach nobody."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.conftest import chromium

STEPS = {
    "host-join", "phone-code", "phone-join", "screen-join", "phone-score", "host-score", "phone-predict", "screen-prediction",
    "screen-gap", "host-gap", "screen-verdict", "screen-chain", "screen-bottleneck", "screen-disagree", "host-verdict",
    "phone-reveal", "host-change", "screen-change", "phone-change", "phone-commit", "host-commit", "print",
}  # fmt: skip


def test_the_hour_is_played_without_any_network_and_nobody_complains(tmp_path):
    chromium()
    if sys.platform != "linux" or shutil.which("unshare") is None:
        pytest.skip("network namespaces are Linux's")
    alone = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    played = subprocess.run(
        [*alone, sys.executable, "-m", "tests.browser.hour", str(tmp_path), "--alone"],
        capture_output=True, text=True, timeout=600, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert played.returncode == 0, played.stderr[-4000:]
    found = json.loads(played.stdout)
    assert found["elsewhere"] == []
    assert found["complaints"] == []
    assert {path.stem.removeprefix("workshop-") for path in tmp_path.glob("*.png")} == STEPS
