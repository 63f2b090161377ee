"""Every example of docs/other_tools.md runs as it stands, in the order of the page."""

from __future__ import annotations

import re
from pathlib import Path

import mesa
import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "other_tools.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"(?:<!-- mesa (\d)\.(\d) -->\n)?```python\n(.*?)```", PAGE, re.DOTALL)
NEWER = tuple(int(part) for part in mesa.__version__.split(".")[:2]) >= (3, 5)


@pytest.mark.slow
def test_the_code_of_the_page_runs(capsys):
    pytest.importorskip("ema_workbench")
    pytest.importorskip("SALib")
    names: dict[str, object] = {}
    for major, minor, code in BLOCKS:
        if major and ((int(major), int(minor)) >= (3, 5)) != NEWER:
            continue
        exec(compile(code, "docs/other_tools.md", "exec"), names)
        if major:
            rows = names["rows"]
            assert isinstance(rows, list)
            assert len({row["external_satisfaction"] for row in rows}) == 6, "not every seed is another run"
    shapes = re.findall(r"^(\(\d+,.*\))$", capsys.readouterr().out, re.MULTILINE)
    assert shapes == ["(6,)", "(6, 2)", "(6, 100)"]


def test_the_page_has_code_for_every_tool_and_every_supported_mesa():
    text = "".join(code for _, _, code in BLOCKS)
    for used in ("perform_experiments", "batch_run(", "analysis.analyze(", "Story("):
        assert used in text
    assert [(major, minor) for major, minor, _ in BLOCKS if major] == [("3", "3"), ("3", "5")]
