"""Reports on the command line, end to end, and what it says of mistakes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.report import reported


def service_culture(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "sim.cli", *map(str, arguments)], capture_output=True, text=True, cwd=cwd, timeout=300,
        env={**os.environ, "COLUMNS": "160"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli") / "story"
    reported.saved(folder, runs=2)
    return folder


def test_a_report_is_written_and_said_where_and_not_written_over(results, tmp_path):
    out = tmp_path / "deep" / "board.html"
    done = service_culture("report", results, "--out", out, "--title", "For & <all>", "--for", "The board", "--pdf")
    assert done.returncode == 0, done.stderr
    assert str(out) in done.stdout
    assert "For &amp; &lt;all&gt;" in out.read_text(encoding="utf-8")
    assert out.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
    again = service_culture("report", results, "--out", out)
    assert again.returncode == 2
    assert "--overwrite" in again.stderr
    assert "Traceback" not in again.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["report", "nowhere"], "there are no results here"),
        (["report", "nowhere", "--format", "odt"], "html, docx, xlsx, pdf"),
        (["report", "nowhere", "--out", "report.odt"], "names no format"),
        (["assumptions", "nowhere"], "there are no results here"),
    ],
)
def test_mistakes_end_with_code_2_and_say_what_is_allowed(arguments, said, tmp_path):
    done = service_culture(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_table_that_is_missing_is_named(results, tmp_path):
    import shutil

    broken = tmp_path / "broken"
    shutil.copytree(results, broken)
    (broken / "money.csv").unlink()
    done = service_culture("report", broken, "--out", tmp_path / "r.html")
    assert done.returncode == 2
    assert "money" in done.stderr
    assert not (tmp_path / "r.html").exists()


@pytest.mark.slow
def test_word_workbook_and_assumptions_from_results_to_report(results, tmp_path):
    for form in ("docx", "xlsx"):
        done = service_culture("report", results, "--out", tmp_path / f"r.{form}", "--quiet")
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""
        assert (tmp_path / f"r.{form}").read_bytes().startswith(b"PK")
    before = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    done = service_culture("assumptions", results, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    after = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    about = after.pop("assumptions")
    assert after == before
    assert about["sha256"] == found["sha256"]
    assert about["scenario"].startswith("Better")
    assert (results / "assumptions.png").exists()
    done = service_culture("report", results, "--out", tmp_path / "r.html", "--assumptions")
    assert done.returncode == 0, done.stderr
    page = reported.Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert "in 90 % of them" in page.text
    assert len(page.all("img")) == 4
    again = service_culture("assumptions", results)
    assert again.returncode == 2
    assert "looked at already" in again.stderr
