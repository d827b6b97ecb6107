# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tree of manifests that is restored like a backup."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_documents import TreePlace
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_source import TREE_BACKUP, open_tree
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.source import open_source
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import RestoreApi

_CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\ndata: {b: '1'}\n"
_DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: policies.example.org}
spec: {group: example.org, scope: Cluster, names: {kind: Policy, plural: policies}}
---
apiVersion: example.org/v1
kind: Policy
metadata: {name: p}
"""


@pytest.fixture
def api() -> RestoreApi:
    return RestoreApi()


def members(api: RestoreApi, place: TreePlace) -> tuple[list[str], tuple[str, ...]]:
    with open_tree(place, client=api.client) as tree, open_source(tree.store, TREE_BACKUP) as backup:
        return sorted(ref.path for ref in backup.items.items), tree.warnings


def write(folder: Path, **files: str) -> TreePlace:
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return TreePlace(path=str(folder))


def test_objects_by_what_the_server_and_the_tree_say_of_their_types(api: RestoreApi, tmp_path: Path) -> None:
    unknown = "apiVersion: other.org/v1\nkind: Thing\nmetadata: {name: x, namespace: shop}\n"
    kustomization = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n"
    place = write(tmp_path, a=_CONFIG, deep__b=_DEFINITION, c=unknown, kustomization=kustomization)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.yaml").write_text("no object")
    (tmp_path / "README.md").write_text("no object")
    assert members(api, place) == (
        [
            "resources/configmaps/namespaces/shop/a.json",
            "resources/customresourcedefinitions.apiextensions.k8s.io/cluster/policies.example.org.json",
            "resources/policies.example.org/cluster/p.json",
            "resources/things.other.org/namespaces/shop/x.json",
        ],
        (),
    )


def test_a_list_is_its_items(api: RestoreApi, tmp_path: Path) -> None:
    place = write(tmp_path, a="apiVersion: v1\nkind: List\nitems:\n- " + _CONFIG.replace("\n", "\n  "))
    assert members(api, place)[0] == ["resources/configmaps/namespaces/shop/a.json"]


def test_what_sops_has_encrypted_is_told(api: RestoreApi, tmp_path: Path) -> None:
    sealed = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\nsops: {mac: ENC}\n"
    found, warnings = members(api, write(tmp_path, a=_CONFIG, s=sealed))
    assert found == ["resources/configmaps/namespaces/shop/a.json"]
    assert "s.yaml is encrypted by sops and left out" in warnings[0]


WRONG = [
    ("text", {"a": "just text"}, "holds something that is no object of Kubernetes"),
    ("number for a name", {"a": "{apiVersion: v1, kind: ConfigMap, metadata: {name: 1}}"}, "no object of Kubernetes"),
    ("no namespace", {"a": "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"}, "has no namespace"),
    ("twice", {"a": _CONFIG, "b": _CONFIG}, "twice: in a.yaml and in b.yaml"),
    ("no YAML", {"a": "a: ["}, "is not valid YAML"),
    ("nothing", {}, "There are no manifests"),
]


@pytest.mark.parametrize(("files", "said"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_no_tree(api: RestoreApi, tmp_path: Path, files: dict[str, str], said: str) -> None:
    with pytest.raises(ArkiveError) as caught:
        members(api, write(tmp_path, **files))
    assert said in caught.value.sentence


def test_a_folder_that_is_not_there(api: RestoreApi, tmp_path: Path) -> None:
    with pytest.raises(ArkiveError, match="is no folder"):
        members(api, TreePlace(path=str(tmp_path), subpath="no"))


@pytest.mark.parametrize(
    "options", [{"ref": "--output=/etc/x"}, {"ref": "a b"}, {"ref": "a:b"}, {"subpath": "../x"}, {"subpath": "/x"}]
)
def test_what_is_given_to_git_is_looked_at(options: dict[str, t.Any]) -> None:
    with pytest.raises(ArkiveError):
        TreePlace(path="tree", **options)


def test_a_commit_of_a_repository(api: RestoreApi, tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", str(tmp_path), *who, *arguments], check=True, capture_output=True)

    git("init", "--quiet")
    write(tmp_path, tree__a=_CONFIG, other__b=_DEFINITION)
    git("add", ".")
    git("commit", "--quiet", "--message=one")
    git("tag", "one")
    (tmp_path / "tree" / "a.yaml").write_text(_CONFIG.replace("name: a", "name: later"))
    here = TreePlace(path=str(tmp_path), subpath="tree")
    then = TreePlace(path=str(tmp_path), ref="one", subpath="tree")
    assert members(api, here)[0] == ["resources/configmaps/namespaces/shop/later.json"]
    assert members(api, then)[0] == ["resources/configmaps/namespaces/shop/a.json"]
    with pytest.raises(ArkiveError, match="git cannot read"):
        members(api, TreePlace(path=str(tmp_path), ref="no-such-tag"))
