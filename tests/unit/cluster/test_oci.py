# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry's tree: every blob is named by its digest, and every link leads to one."""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path

import pytest
from kubelab.oci import RegistryTree, copy_tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    content = tmp_path / "content"
    (content / "bin").mkdir(parents=True)
    (content / "bin/program").write_text("#!/bin/sh\n", encoding="utf-8")
    (content / "bin/program").chmod(0o4755)
    (content / "bin/link").symlink_to("program")
    tree = RegistryTree(tmp_path / "registry")
    layer = tree.add_layer(content)
    tree.add_image(["library/thing:1", "library/thing:latest"], [layer], {"Cmd": ["program"]})
    return tmp_path / "registry/docker/registry/v2"


def _blob(root: Path, digest: str) -> Path:
    value = digest.removeprefix("sha256:")
    return root / "blobs/sha256" / value[:2] / value / "data"


def test_blobs_have_their_digests(root: Path) -> None:
    blobs = list((root / "blobs/sha256").glob("*/*/data"))
    assert len(blobs) == 3  # layer, configuration, manifest
    assert [hashlib.sha256(b.read_bytes()).hexdigest() for b in blobs] == [b.parent.name for b in blobs]


def test_links_lead_to_blobs(root: Path) -> None:
    links = list((root / "repositories").rglob("link"))
    assert len(links) == 7  # 2 layers (one is the configuration), 1 revision, 2 for each tag
    assert all(_blob(root, link.read_text(encoding="ascii")).is_file() for link in links)


@pytest.mark.parametrize("tag", ["1", "latest"])
def test_image(root: Path, tag: str) -> None:
    link = root / f"repositories/library/thing/_manifests/tags/{tag}/current/link"
    manifest = json.loads(_blob(root, link.read_text(encoding="ascii")).read_bytes())
    config = json.loads(_blob(root, manifest["config"]["digest"]).read_bytes())
    assert config["config"]["Cmd"] == ["program"]
    assert config["rootfs"]["diff_ids"] == [x["digest"] for x in manifest["layers"]]
    assert [_blob(root, x["digest"]).stat().st_size for x in manifest["layers"]] == [
        x["size"] for x in manifest["layers"]
    ]


def test_layer_keeps_modes_and_links_but_no_times(root: Path) -> None:
    layer = max((root / "blobs/sha256").glob("*/*/data"), key=lambda p: p.stat().st_size)
    with tarfile.open(layer) as tar:
        members = {m.name: m for m in tar}
    assert sorted(members) == ["bin", "bin/link", "bin/program"]
    assert members["bin/program"].mode == 0o4755
    assert members["bin/link"].linkname == "program"
    assert {(m.mtime, m.uname, m.gname) for m in members.values()} == {(0, "", "")}


def test_a_copied_tree_shares_files_and_changes_none(tmp_path: Path) -> None:
    """The cache is shared by all clusters: what one of them adds must not be in it."""
    cached, served = tmp_path / "cached", tmp_path / "served"
    tree = RegistryTree(cached)
    first = tree.add_layer(layer_of(tmp_path, "first"))
    tree.add_image(["library/app:1"], [first], {"Cmd": ["a"]})
    before = contents(cached)
    copy_tree(cached, served)
    assert contents(served) == before
    served_tree = RegistryTree(served)
    second = served_tree.add_layer(layer_of(tmp_path, "second"))
    served_tree.add_image(["library/app:1", "library/app:2"], [first, second], {"Cmd": ["b"]})
    assert contents(cached) == before
    assert set(contents(served)) > set(before)


def layer_of(folder: Path, name: str) -> Path:
    root = folder / name
    root.mkdir()
    (root / "file").write_text(name)
    return root


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
