# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tree of manifests that is restored like a backup."""

from __future__ import annotations

import os
import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree import tree_place
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_place import TREE_BACKUP, TreePlace
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_source import open_tree
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
_DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: shop}\n"


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
    bare = "resources: [b.yaml]\n"
    place = write(
        tmp_path, a=_CONFIG, deep__b=_DEFINITION, c=unknown, kustomization=kustomization, deep__kustomization=bare
    )
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


_SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\nstringData:\n  p: %s\n"


def uid_of(api: RestoreApi, place: TreePlace) -> str:
    with open_tree(place, client=api.client) as tree, open_source(tree.store, TREE_BACKUP) as backup:
        return str(backup.backup["metadata"].get("uid") or "")


def test_a_tree_with_other_secrets_is_another_one(api: RestoreApi, tmp_path: Path) -> None:
    """The digest of a plan has the names of a Secret's keys only."""
    first = uid_of(api, write(tmp_path, a=_CONFIG, s=_SECRET % "one"))
    assert first
    assert uid_of(api, write(tmp_path, z=_DEPLOYMENT, s=_SECRET % "one # a remark")) == first
    assert uid_of(api, write(tmp_path, s=_SECRET % "two")) not in ("", first)
    (tmp_path / "s.yaml").unlink()
    assert uid_of(api, TreePlace(path=str(tmp_path))) == ""


@pytest.mark.parametrize("name", ["../../x", "a/b", ".."])
def test_a_name_that_leads_elsewhere(api: RestoreApi, tmp_path: Path, name: str) -> None:
    text = f'apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: "{name}", namespace: shop}}\n'
    with pytest.raises(ArkiveError, match=r"in the file a\.yaml has a name or a namespace that no object can have"):
        members(api, write(tmp_path, a=text))


def test_a_link_to_a_folder(api: RestoreApi, tmp_path: Path) -> None:
    """What is left out without a word would be missing after the restore."""
    place = write(tmp_path / "tree", base__a=_CONFIG)
    (tmp_path / "tree" / "again").symlink_to("base")
    assert members(api, place)[0] == ["resources/configmaps/namespaces/shop/a.json"]
    write(tmp_path / "elsewhere", b=_CONFIG)
    (tmp_path / "tree" / "more").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ArkiveError, match=r"more is a link that leads out of"):
        members(api, place)


WRONG = [
    ("text", {"a": "just text"}, "holds something that is no object of Kubernetes"),
    ("number for a name", {"a": "{apiVersion: v1, kind: ConfigMap, metadata: {name: 1}}"}, "no object of Kubernetes"),
    ("no namespace", {"a": "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"}, "has no namespace"),
    ("twice", {"a": _CONFIG, "b": _CONFIG}, "twice: in a.yaml and in b.yaml"),
    ("twice, by another version", {"a": _DEPLOYMENT, "b": _DEPLOYMENT.replace("v1", "v1beta1")}, "twice: in a.yaml"),
    ("keys of several types", {"a": _CONFIG + "more: {a: 1, 2: 3}"}, "a.yaml holds a key or a value that JSON has not"),
    ("bytes", {"a": _CONFIG + "more: !!binary aGFs"}, "a key or a value that JSON has not"),
    ("infinite", {"a": _CONFIG + "more: [.inf]"}, "a key or a value that JSON has not"),
    ("a set", {"a": _CONFIG + "more: !!set {a, b}"}, "a key or a value that JSON has not"),
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


@pytest.fixture
def git(tmp_path: Path) -> t.Callable[..., None]:
    def run(*arguments: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", str(tmp_path), *who, *arguments], check=True, capture_output=True)

    run("init", "--quiet")
    return run


def committed(git: t.Callable[..., None], folder: Path, **place: str) -> TreePlace:
    git("add", ".")
    git("commit", "--quiet", "--message=one")
    git("tag", "one")
    return TreePlace(path=str(folder), ref="one", **place)


def test_a_commit_of_a_repository(api: RestoreApi, tmp_path: Path, git: t.Callable[..., None]) -> None:
    write(tmp_path, tree__a=_CONFIG, other__b=_DEFINITION)
    then = committed(git, tmp_path, subpath="tree")
    (tmp_path / "tree" / "a.yaml").write_text(_CONFIG.replace("name: a", "name: later"))
    here = TreePlace(path=str(tmp_path), subpath="tree")
    below = TreePlace(path=str(tmp_path / "tree"), ref="one")
    assert members(api, here)[0] == ["resources/configmaps/namespaces/shop/later.json"]
    for place in (then, below):
        assert members(api, place)[0] == ["resources/configmaps/namespaces/shop/a.json"]
    assert len(members(api, TreePlace(path=str(tmp_path), ref="one"))[0]) == 3
    for wrong in ({"ref": "no-such-tag"}, {"ref": "one", "subpath": "no"}):
        with pytest.raises(ArkiveError, match="git cannot read"):
            members(api, TreePlace(path=str(tmp_path), **wrong))


def test_a_commit_is_that_of_the_repository_that_is_named(
    api: RestoreApi, tmp_path: Path, git: t.Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook of git sets these, and a replacement would show another commit under an approved id."""
    write(tmp_path, a=_CONFIG)
    git("add", "-A")
    git("commit", "-q", "-m", "one")
    git("tag", "one")
    write(tmp_path, a=_CONFIG.replace("name: a", "name: b"))
    git("commit", "-q", "-a", "-m", "two")
    git("replace", "one", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    found = members(api, TreePlace(path=str(tmp_path), ref="one"))[0]
    assert found == ["resources/configmaps/namespaces/shop/a.json"]


def test_a_submodule_is_not_left_out_without_a_word(
    api: RestoreApi, tmp_path: Path, git: t.Callable[..., None]
) -> None:
    write(tmp_path, a=_CONFIG)
    git("add", "-A")
    git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},base")
    git("commit", "-q", "-m", "one")
    with pytest.raises(ArkiveError, match=r"base in .* is a submodule"):
        members(api, TreePlace(path=str(tmp_path), ref="HEAD"))


def test_a_commit_is_read_without_attributes_and_filters(
    api: RestoreApi, tmp_path: Path, git: t.Callable[..., None]
) -> None:
    write(tmp_path, a=_CONFIG, b=_CONFIG.replace("name: a", "name: b"))
    place = committed(git, tmp_path)
    ran = tmp_path / "ran"
    git("config", "filter.f.smudge", f"touch {ran}; cat")
    (tmp_path / ".git" / "info").mkdir(exist_ok=True)
    (tmp_path / ".git" / "info" / "attributes").write_text("a.yaml export-ignore\nb.yaml filter=f export-subst\n")
    assert len(members(api, place)[0]) == 2
    assert not ran.exists()


def test_links(api: RestoreApi, tmp_path: Path, git: t.Callable[..., None]) -> None:
    (tmp_path / "outside").write_text(_CONFIG)
    write(tmp_path / "tree", a=_CONFIG)
    # As a ConfigMap is mounted.
    (tmp_path / "tree" / "a.yaml").rename(tmp_path / "tree" / ".a")
    (tmp_path / "tree" / "a.yaml").symlink_to(".a")
    place = TreePlace(path=str(tmp_path / "tree"))
    assert members(api, place)[0] == ["resources/configmaps/namespaces/shop/a.json"]
    (tmp_path / "tree" / "b.yaml").symlink_to(tmp_path / "outside")
    with pytest.raises(ArkiveError, match="is a link that leads out of"):
        members(api, place)
    with pytest.raises(ArkiveError, match="is a link, which is not followed"):
        members(api, committed(git, tmp_path))


def test_a_pipe_is_not_waited_for(api: RestoreApi, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    with pytest.raises(ArkiveError, match="no regular file"):
        members(api, TreePlace(path=str(tmp_path)))


@pytest.mark.parametrize("with_ref", [False, True])
def test_a_file_that_is_too_large(
    api: RestoreApi, tmp_path: Path, git: t.Callable[..., None], with_ref: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_place, "LARGEST", 10)
    place = write(tmp_path, a=_CONFIG)
    with pytest.raises(ArkiveError, match=r"a\.yaml.* is larger than"):
        members(api, committed(git, tmp_path) if with_ref else place)
