"""Results appear whole or not at all, and are recognised by the hash of their numbers."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from sim import results
from sim.errors import InputError


def half_write(draft):
    (draft / "table.csv").write_text("half")
    raise RuntimeError


def test_a_folder_takes_its_place_only_when_all_is_written(tmp_path):
    out = tmp_path / "deep" / "out"
    with pytest.raises(RuntimeError), results.folder(out) as draft:
        half_write(draft)
    assert not out.exists()
    assert list(out.parent.iterdir()) == []
    with results.folder(out) as draft:
        (draft / "manifest.json").write_text("{}")
        assert not out.exists()
    assert [path.name for path in out.iterdir()] == ["manifest.json"]


def test_old_results_stay_when_new_ones_fail(tmp_path):
    out = tmp_path / "out"
    with results.folder(out) as draft:
        (draft / "manifest.json").write_text("old")
    with pytest.raises(KeyboardInterrupt), results.folder(out, overwrite=True) as draft:
        raise KeyboardInterrupt
    assert (out / "manifest.json").read_text() == "old"


def test_a_folder_below_a_file_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"), results.folder(tmp_path / "file" / "out"):
        pass


def test_a_text_file_is_not_overwritten_unasked(tmp_path):
    results.write_text(tmp_path / "a.toml", "one")
    with pytest.raises(InputError, match="this file exists"):
        results.write_text(tmp_path / "a.toml", "two")
    results.write_text(tmp_path / "a.toml", "two", overwrite=True)
    assert (tmp_path / "a.toml").read_text() == "two"
    assert len(list(tmp_path.iterdir())) == 1


def test_the_fingerprint_sees_the_last_bit_and_not_the_order_of_tables():
    table = pd.DataFrame({"day": [1, 2], "value": [0.1, np.nan], "name": ["a", "b"]})
    other = table.copy()
    other.loc[0, "value"] = np.nextafter(0.1, 1)
    assert results.fingerprint({"a": table, "b": other}) == results.fingerprint({"b": other, "a": table})
    assert results.fingerprint({"a": table}) != results.fingerprint({"a": other})
    assert results.fingerprint({"a": table}) != results.fingerprint({"a": table.rename(columns={"name": "names"})})


def test_tables_go_to_csv_and_parquet_with_the_same_numbers(tmp_path):
    table = pd.DataFrame({"day": [1, 2], "value": [0.123456789012, np.nan]})
    results.write_table(tmp_path / "a", table, "csv")
    results.write_table(tmp_path / "a", table, "parquet")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "a.csv"), pd.read_parquet(tmp_path / "a.parquet"))


def test_a_manifest_is_json_whatever_numbers_it_holds(tmp_path):
    results.write_manifest(tmp_path, {"a": np.float64(1.5), "b": (1, 2), "c": {3}, "d": tmp_path, "e": np.int64(7)})
    assert json.loads((tmp_path / "manifest.json").read_text())["a"] == 1.5
    with pytest.raises(TypeError):
        results.plain(object())
