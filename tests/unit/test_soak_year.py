# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""By what the campaign ``make soak SOAK=year`` judges: that each judge objects to what it is there for."""

from __future__ import annotations

import os
import random
import typing as t
from pathlib import Path

import pytest

SOAK = Path(__file__).parents[1] / "soak"
MEGABYTE = 1_000_000


@pytest.fixture(autouse=True)
def _campaigns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SOAK))


def spoil_time(file: Path) -> None:
    os.utime(file, ns=(1, 1))


SPOILT: list[tuple[t.Callable[[Path], object], str]] = [
    (lambda root: (root / "a" / "file").write_bytes(b"tExt"), "'a/file' has content"),
    (lambda root: (root / "a" / "file").chmod(0o600), "'a/file' has mode 384 and not 416"),
    (lambda root: spoil_time(root / "a" / "file"), "'a/file' has moment 1 and not"),
    (lambda root: (root / "a").chmod(0o700), "'a' has mode 448 and not 457"),
    (lambda root: (root / "link").unlink(), "'link' is not there"),
    (lambda root: (root / "more").touch(), "'more' should not be there"),
    (lambda root: (root / "empty").rmdir(), "'empty' is not there"),
]


@pytest.mark.parametrize(("spoil", "said"), SPOILT, ids=[said for _spoil, said in SPOILT])
def test_a_copy_that_is_not_as_it_was(tmp_path: Path, spoil: t.Callable[[Path], object], said: str) -> None:
    from campaigns.year_files import difference, look

    (tmp_path / "a").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "a" / "file").write_bytes(b"text")
    (tmp_path / "a" / "file").chmod(0o640)
    (tmp_path / "a").chmod(0o711)
    (tmp_path / "link").symlink_to("nowhere")
    model = look(tmp_path)
    assert difference(model, look(tmp_path)) == ""
    spoil(tmp_path)
    assert said in difference(model, look(tmp_path))


def test_an_owner_and_a_target_are_compared() -> None:
    from campaigns.year_files import Entry, difference

    mine, theirs = Entry("link", 0, (1, 2), "x"), Entry("link", 0, (1, 3), "y")
    assert difference({"l": mine}, {"l": theirs}) == "'l' has owner (1, 3) and not (1, 2), content 'y' and not 'x'"


def test_files_change_by_their_seed_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from campaigns.year_files import LiveFiles, bytes_of, look

    # Who is not root runs the tests, too: none gives files away, none reads what nobody may read.
    monkeypatch.setattr(os, "lchown", lambda *_arguments: None)
    monkeypatch.setattr("campaigns.year_files._MODES", (0o644, 0o755))
    found = []
    for name in ("one", "other"):
        root = tmp_path / name
        root.mkdir()
        chance = random.Random(7)
        files = LiveFiles(root)
        files.begin(chance)
        for _day in range(6):
            files.change(chance)
        found.append({path: (entry.kind, entry.mode, entry.content) for path, entry in look(root).items()})
        assert bytes_of(look(root)) > MEGABYTE
    assert found[0] == found[1]


def test_the_space_of_a_repository() -> None:
    """Each rule of ``year_space``, by what it is there for."""
    from campaigns.year_files import Entry
    from campaigns.year_space import Content, Space, bound_of, what_is_wrong

    model = {
        "one": Entry("file", 0o644, (0, 0), "1" * 64, size=MEGABYTE),
        "same": Entry("file", 0o644, (0, 0), "1" * 64, size=MEGABYTE),
        "large": Entry("file", 0o644, (0, 0), "2" * 64, size=5 * MEGABYTE),
    }
    assert bound_of([model, model]) == (6 * MEGABYTE + 28 * (1 + 3), 600 * 6 + (256 << 10))
    files = Content("1" * 32, "p1", 6 * MEGABYTE + 84)
    folders = Content("k" + "1" * 32, "q1", 5000)
    good = {"p1": 7 * MEGABYTE, "q1": 9000, "xn0": 5000}

    def judged(blobs: dict[str, int], *contents: Content) -> str:
        return what_is_wrong(Space(blobs=blobs, contents=contents, written=2), [model])

    assert judged(good, files, folders) == ""
    assert judged(good, Content("1" * 32, "p1", 7 * MEGABYTE), folders).startswith("contents of files take 7000000 ")
    assert judged(good, files, Content("k" + "1" * 32, "q1", MEGABYTE)).startswith("folders and manifests take ")
    assert judged({**good, "p2": 13 * MEGABYTE}, files, folders) == ("1 objects hold nothing that is named, such as p2")
    more = Content("2" * 32, "p2", 0)
    assert judged({**good, "p2": MEGABYTE}, files, folders, more) == "2 objects 'p' are below 12582912 bytes"
    assert judged({**good, "_log": MEGABYTE}, files, folders).startswith("the bucket has 8014000 bytes, and ")
