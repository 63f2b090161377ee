"""The guided notebook runs from top to bottom, and is kept without outputs."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "docs" / "guide.ipynb"


@pytest.fixture
def guide():
    return nbformat.read(GUIDE, as_version=4)


def test_the_guide_is_a_valid_notebook_without_outputs_whose_code_is_short_and_explained(guide):
    nbformat.validate(guide)
    assert 15 <= len(guide.cells) <= 40
    assert guide.cells[0].cell_type == "markdown"
    for cell in guide.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
            assert len(cell.source.splitlines()) <= 14
    words = sum(len(cell.source.split()) for cell in guide.cells if cell.cell_type == "markdown")
    assert words > 250


def test_links_of_the_guide_lead_to_files_that_are_there(guide):
    import re

    for cell in guide.cells:
        if cell.cell_type == "markdown":
            for target in re.findall(r"\]\(([^)#\s]+)", cell.source):
                assert (GUIDE.parent / target).exists(), target


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the machinery that runs notebooks
def test_the_guide_runs_from_top_to_bottom(guide, monkeypatch):
    nbclient = pytest.importorskip("nbclient")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    nbclient.NotebookClient(
        guide, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}
    ).execute()
    printed = "".join(
        output.get("text", "") for cell in guide.cells if cell.cell_type == "code" for output in cell.outputs
    )
    assert "extra profit:" in printed
    assert "customers' satisfaction" in printed.lower()
