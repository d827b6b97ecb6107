# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cache entry is whole or absent, and its key says what it was made of."""

from __future__ import annotations

from pathlib import Path

import pytest
from kubelab.cache import cache_root, cached, digest_of


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_made_once() -> None:
    calls: list[Path] = []

    def make(into: Path) -> None:
        calls.append(into)
        (into / "file").write_text("made", encoding="utf-8")

    first = cached("thing", "k1", make)
    assert first == cached("thing", "k1", make) == cache_root() / "thing-k1"
    assert (first / "file").read_text(encoding="utf-8") == "made"
    assert len(calls) == 1


def test_failure_leaves_nothing() -> None:
    def make(into: Path) -> None:
        (into / "half").touch()
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        cached("thing", "k1", make)
    assert [p.name for p in cache_root().iterdir()] == ["locks"]


def test_rest_of_an_interrupted_run_is_removed() -> None:
    rest = cache_root() / ".thing-abc"
    rest.mkdir()
    cached("thing", "k1", lambda into: None)
    assert not rest.exists()


def _tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("files", "text", "same"),
    [
        pytest.param({"a": "1", "d/b": "2"}, "x", True, id="equal"),
        pytest.param({"a": "1", "d/b": "3"}, "x", False, id="contents"),
        pytest.param({"a": "1", "d/c": "2"}, "x", False, id="name"),
        pytest.param({"a": "1"}, "x", False, id="file missing"),
        pytest.param({"a": "1", "d/b": "2"}, "y", False, id="string"),
    ],
)
def test_digest(tmp_path: Path, files: dict[str, str], text: str, same: bool) -> None:
    one = digest_of(_tree(tmp_path / "one", {"a": "1", "d/b": "2"}), "x")
    assert (one == digest_of(_tree(tmp_path / "two", files), text)) is same
