# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The copy of the code from which modules run on this machine."""

from __future__ import annotations

import concurrent.futures
import os
import pathlib
import shutil
import threading
import time

import pytest

from ansible_collections.arkive.k8s.plugins.plugin_utils._code_copy import code_copy

DAY = 24 * 3600


@pytest.fixture
def home(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "home"


@pytest.fixture
def plugins(tmp_path: pathlib.Path) -> pathlib.Path:
    """A collection, as small as can be."""
    folder = tmp_path / "collection" / "plugins"
    for path in ("modules/k8s_backup.py", "module_utils/_core/__init__.py", "module_utils/_core/names.py"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"# {path}\n")
    return folder


def made(home: pathlib.Path, plugins: pathlib.Path) -> pathlib.Path:
    with code_copy(home, plugins=plugins) as copy:
        assert copy is not None
        return copy


def python_files(folder: pathlib.Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.py")}


def age(folder: pathlib.Path, seconds: float) -> None:
    os.utime(folder, (time.time() - seconds,) * 2)


def test_it_holds_what_the_collection_holds(home: pathlib.Path, plugins: pathlib.Path) -> None:
    assert python_files(made(home, plugins)) == python_files(plugins)


def test_of_the_shipped_collection() -> None:
    """What is not copied must be nothing that a module may import."""
    from ansible_collections.arkive.k8s.plugins.plugin_utils import _code_copy

    everything = pathlib.Path(_code_copy.__file__).parents[1]
    files = _code_copy._read(everything)
    on_disk = {f"{folder}/{path}" for folder in _code_copy.FOLDERS for path in python_files(everything / folder)}
    assert set(files) == on_disk
    others = [path for path in (everything / "module_utils").rglob("*") if path.is_file() and path.suffix != ".py"]
    assert [path for path in others if path.parent.name != "__pycache__"] == []


def test_one_that_is_there_is_used_again(home: pathlib.Path, plugins: pathlib.Path) -> None:
    first = made(home, plugins)
    compiled = first / "module_utils" / "_core" / "__pycache__" / "names.cpython-311.pyc"
    compiled.parent.mkdir()
    compiled.write_bytes(b"by Python")
    age(plugins / "modules" / "k8s_backup.py", 5)  # a copy is found by what is in files, not by their dates
    assert made(home, plugins) == first
    assert compiled.exists()


def test_an_upgrade_does_not_touch_what_is_in_use(home: pathlib.Path, plugins: pathlib.Path) -> None:
    before = python_files(plugins)
    with code_copy(home, plugins=plugins) as old:
        assert old is not None
        (plugins / "module_utils" / "_core" / "names.py").write_text("# module_utils/_core/NAMES.py\n")
        new = made(home, plugins)
        shutil.rmtree(plugins)
        assert new != old
        assert python_files(old) == before


def test_old_ones_are_removed_unless_a_task_runs_from_them(home: pathlib.Path, plugins: pathlib.Path) -> None:
    def upgraded(text: str) -> pathlib.Path:
        (plugins / "modules" / "k8s_backup.py").write_text(text)
        return made(home, plugins)

    long_ago, yesterday = upgraded("1"), upgraded("2")
    abandoned = yesterday.parent / ".unfinished-1"
    abandoned.mkdir()
    with code_copy(home, plugins=plugins) as in_use:
        assert in_use == yesterday
        for folder in (long_ago, yesterday, abandoned):
            age(folder, 2 * DAY)
        recent = upgraded("3")
        newest = upgraded("4")
        assert set(newest.parent.iterdir()) == {yesterday, recent, newest}


def test_a_use_counts(home: pathlib.Path, plugins: pathlib.Path) -> None:
    copy = made(home, plugins)
    age(copy, 2 * DAY)
    made(home, plugins)
    (plugins / "modules" / "k8s_backup.py").write_text("newer")
    made(home, plugins)
    assert copy.exists()


@pytest.mark.parametrize("damage", ["file gone", "file empty", "folder gone"])
def test_one_that_is_not_whole_is_not_used_and_made_anew(
    home: pathlib.Path, plugins: pathlib.Path, damage: str
) -> None:
    copy = made(home, plugins)
    file = copy / "module_utils" / "_core" / "names.py"
    if damage == "file gone":
        file.unlink()
    elif damage == "file empty":
        file.write_bytes(b"")
    else:
        shutil.rmtree(file.parent)
    with code_copy(home, plugins=plugins) as found:
        assert found is None
    assert python_files(made(home, plugins)) == python_files(plugins)


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_that_others_may_change_is_not_used(home: pathlib.Path, plugins: pathlib.Path, mode: int) -> None:
    copy = made(home, plugins)
    copy.parent.chmod(mode)
    with code_copy(home, plugins=plugins) as found:
        assert found is None


def test_nor_is_one_that_is_a_link(home: pathlib.Path, plugins: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    home.mkdir()
    (home / "arkive.k8s").symlink_to(tmp_path / "elsewhere")
    with code_copy(home, plugins=plugins) as found:
        assert found is None


def test_only_its_owner_may_look_into_it(home: pathlib.Path, plugins: pathlib.Path) -> None:
    assert made(home, plugins).parent.stat().st_mode & 0o777 == 0o700


def test_a_home_that_cannot_be_written(tmp_path: pathlib.Path, plugins: pathlib.Path) -> None:
    (tmp_path / "file").touch()
    with code_copy(tmp_path / "file", plugins=plugins) as found:
        assert found is None


def test_an_error_of_the_task_is_not_taken_for_one_of_the_copy(home: pathlib.Path, plugins: pathlib.Path) -> None:
    with pytest.raises(OSError, match="of the task"), code_copy(home, plugins=plugins):
        raise OSError("of the task")


def test_many_tasks_at_once(home: pathlib.Path, plugins: pathlib.Path) -> None:
    together = threading.Barrier(8)

    def task(_number: int) -> pathlib.Path:
        together.wait()
        return made(home, plugins)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        copies = set(pool.map(task, range(8)))
    assert len(copies) == 1
    assert list((home / "arkive.k8s").iterdir()) == list(copies)
