# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.contract import StoreContract


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "store").mkdir()
    return tmp_path / "store"


@pytest.fixture
def store(root: Path) -> LocalStore:
    return LocalStore(LocalLocation(path=str(root), prefix="team/a"))


class TestLocalContract(StoreContract):
    """The directory against the table."""


def test_a_name_that_no_directory_takes_is_refused(store: LocalStore) -> None:
    with pytest.raises(StoreError, match="is not a plain relative path"):
        store.put("backups/" + "x" * 256, b"x")


def test_modes(store: LocalStore, root: Path) -> None:
    before = os.umask(0)
    try:
        store.put("backups/b/x", b"secret")
        store.put_if_absent("backups/b/y", b"secret")
    finally:
        os.umask(before)
    for path in root.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_unfinished_files_are_not_seen(store: LocalStore, root: Path) -> None:
    store.put("d/a", b"x")
    (root / "team/a/d/.arkive-tmp-123").write_bytes(b"half")
    (root / "team/a/half").mkdir()
    (root / "team/a/half/.arkive-tmp-456").write_bytes(b"half")
    assert [info.key for info in store.list().objects] == ["d/a"]
    assert store.list("", "/").prefixes == ["d/"]


@pytest.mark.parametrize(("age", "left"), [(7200, False), (60, True)], ids=["of a dead run", "maybe in use"])
def test_delete_removes_old_unfinished_files(store: LocalStore, root: Path, age: int, *, left: bool) -> None:
    store.put("d/a", b"x")
    half = root / "team/a/d/.arkive-tmp-123"
    half.write_bytes(b"half")
    os.utime(half, (time.time() - age,) * 2)
    store.delete_many(["d/a"])
    assert half.exists() is left
    assert (root / "team/a/d").exists() is left


def test_emptied_directories_go(store: LocalStore, root: Path) -> None:
    for key in ("d/e/f/a", "d/g/b"):
        store.put(key, b"x")
    store.delete_many(["d/e/f/a"])
    assert os.listdir(root / "team/a/d") == ["g"]
    assert store.list("d/", "/").prefixes == ["d/g/"]


def test_the_location_itself_stays(root: Path) -> None:
    store = LocalStore(LocalLocation(path=str(root)))
    store.put("a", b"x")
    store.delete_many(["a"])
    assert root.is_dir()


def test_symbolic_links_are_not_followed(store: LocalStore, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"x")
    (root / "team/a").mkdir(parents=True)
    (root / "team/a/link").symlink_to(outside)
    (root / "team/a/file").symlink_to(outside / "secret")
    acts: list[t.Callable[[], object]] = [
        lambda: store.get("link/secret"),
        lambda: store.put("link/new", b"x"),
        lambda: store.get("file"),
        lambda: store.put("file", b"x"),
        lambda: store.delete_many(["link/secret"]),
    ]
    for act in acts:
        with pytest.raises(StoreError, match="symbolic link"):
            act()
    assert store.list().objects == []
    assert [path.name for path in outside.iterdir()] == ["secret"]


def test_put_if_absent_without_hard_links(store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    assert store.put_if_absent("d/a", b"one")
    assert not store.put_if_absent("d/a", b"two")
    assert store.get("d/a") == b"one"
    assert os.listdir(root / "team/a/d") == ["a"]


def _missing(root: Path) -> None:
    root.rmdir()


def _file(root: Path) -> None:
    root.rmdir()
    root.write_bytes(b"")


@pytest.mark.parametrize(
    ("prepare", "message"), [(_missing, "does not exist"), (_file, "is not a directory")], ids=["missing", "file"]
)
def test_check_says_what_is_wrong(root: Path, prepare: t.Callable[[Path], None], message: str) -> None:
    prepare(root)
    store = LocalStore(LocalLocation(path=str(root)))
    with pytest.raises(StoreError, match=message) as caught:
        store.check(write=True)
    assert str(root) in caught.value.message
    with pytest.raises(StoreError, match="does not exist"):
        store.put("a", b"x")
    with pytest.raises(StoreError, match="does not exist"):
        store.list()


def test_a_full_disk(store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: object, _chunk: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ansible_collections.arkive.k8s.plugins.module_utils._store.local.store.write_all", full)
    with pytest.raises(StoreError, match="No space left on device") as caught:
        store.put("d/a", b"x")
    assert "Free some space" in caught.value.sentence
    assert caught.value.failure == "full"
    assert not (root / "team/a/d").exists()


@pytest.mark.parametrize("touch", [True, False])
def test_a_place_that_cannot_be_written_to(root: Path, monkeypatch: pytest.MonkeyPatch, *, touch: bool) -> None:
    """Looking at it is enough, as in check mode: nothing is made there."""
    store = LocalStore(LocalLocation(path=str(root)))
    store.check(write=True, touch=touch)
    monkeypatch.setattr(os, "access", lambda *_given, **_more: False)
    if touch:
        store.check(write=True, touch=True)
        return
    with pytest.raises(StoreError, match="cannot be written to: Permission denied") as caught:
        store.check(write=True, touch=False)
    assert caught.value.failure == "denied"
    store.check(write=False)
