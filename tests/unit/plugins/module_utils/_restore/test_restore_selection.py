# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._restore.contents import BackupContents
from ansible_collections.arkive.k8s.plugins.module_utils._restore.selection import select
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec

Object = dict[str, t.Any]


class Reader:
    """A tarball reader over objects in memory."""

    def __init__(self, objects: dict[tuple[str, str | None, str], Object]) -> None:
        self.objects = {
            ItemRef(GroupResource.parse(kind), "", ns, name): obj for (kind, ns, name), obj in objects.items()
        }
        self.warnings: list[str] = []

    @property
    def items(self) -> list[ItemRef]:
        return list(self.objects)

    def read(self, ref: ItemRef) -> Object:
        return copy.deepcopy(self.objects[ref])

    def find(self, kind: GroupResource, namespace: str | None, name: str) -> ItemRef | None:
        ref = ItemRef(kind, "", namespace, name)
        return ref if ref in self.objects else None


def labelled(**labels: str) -> Object:
    return {"metadata": {"labels": labels}}


WEB = labelled(app="web") | {
    "spec": {
        "priorityClassName": "high",
        "volumes": [{"persistentVolumeClaim": {"claimName": "data"}}, {"emptyDir": {}}],
    }
}
OBJECTS: dict[tuple[str, str | None, str], Object] = {
    ("namespaces", None, "a"): labelled(app="web"),
    ("namespaces", None, "b"): labelled(),
    ("pods", "a", "web"): WEB,
    ("pods", "b", "db"): labelled(app="db"),
    ("configmaps", "a", "conf"): labelled(app="web"),
    ("persistentvolumeclaims", "a", "data"): labelled() | {"spec": {"volumeName": "pv1"}, "status": {"phase": "Bound"}},
    ("persistentvolumes", None, "pv1"): labelled(),
    ("persistentvolumes", None, "pv2"): labelled(app="web"),
    ("priorityclasses.scheduling.k8s.io", None, "high"): labelled(),
    ("events", "a", "e"): labelled(app="web"),
    ("deployments.apps", "b", "db"): labelled(app="db"),
}
SHORT = {"pods": "po", "deployments": "deploy", "persistentvolumes": "pv"}
ALL = {"a/conf", "a/data", "a/web", "b/db", "high", "pv1", "pv2"}


def api() -> Discovery:
    found = []
    for kind, namespace, _name in OBJECTS:
        gr = GroupResource.parse(kind)
        found.append(
            ApiResource(
                group=gr.group,
                version="v1",
                plural=gr.resource,
                singular=gr.resource.rstrip("s"),
                kind=gr.resource,
                namespaced=namespace is not None,
                verbs=frozenset(),
                short_names=(SHORT.get(gr.resource, ""),),
                preferred=True,
            )
        )
    return Discovery(dict.fromkeys(found))


@pytest.mark.parametrize(
    ("options", "names", "namespaces"),
    [
        pytest.param({}, ALL, {"a", "b"}, id="everything but events"),
        pytest.param(
            {"included_namespaces": ["a"]}, {"a/conf", "a/data", "a/web", "high", "pv1"}, {"a"}, id="one namespace"
        ),
        pytest.param(
            {"excluded_namespaces": ["b"]}, {"a/conf", "a/data", "a/web", "high", "pv1"}, {"a"}, id="all but one"
        ),
        pytest.param({"included_namespaces": ["[b-z]"]}, {"b/db"}, {"b"}, id="glob"),
        pytest.param(
            {"included_namespaces": ["a"], "include_cluster_resources": False},
            {"a/conf", "a/data", "a/web"},
            {"a"},
            id="no cluster resources, not even needed ones",
        ),
        pytest.param(
            {"included_namespaces": ["a"], "include_cluster_resources": True},
            {"a/conf", "a/data", "a/web", "high", "pv1", "pv2"},
            {"a"},
            id="all cluster resources, one namespace (12.3)",
        ),
        pytest.param({"included_resources": ["po", "deploy"]}, {"a/web", "b/db"}, {"a", "b"}, id="short names"),
        pytest.param({"included_resources": ["*.apps"]}, {"b/db"}, {"b"}, id="glob on resources"),
        pytest.param(
            {"excluded_resources": ["pods", "pv"]}, {"a/conf", "a/data", "b/db", "high"}, {"a", "b"}, id="excluded"
        ),
        pytest.param(
            {"label_selector": "app=web"},
            {"a/conf", "a/web", "a/data", "high", "pv1", "pv2"},
            {"a"},
            id="selector, with what the pod needs",
        ),
        pytest.param(
            {"label_selector": "app=web", "excluded_resources": ["persistentvolumeclaims"]},
            {"a/conf", "a/web", "high", "pv2"},
            {"a"},
            id="needed but excluded",
        ),
        pytest.param(
            {"or_label_selectors": ["app=db", "app=none"]},
            {"b/db"},
            {"b"},
            id="or selectors",
        ),
        pytest.param({"included_resources": ["nothing"]}, set(), set(), id="nothing"),
    ],
)
def test_selection(options: Object, names: set[str], namespaces: set[str]) -> None:
    """Spec 5.4 and the additional items of 5.6 step 9."""
    spec = RestoreSpec.from_options({"backup_name": "b", **options})
    selection = select(BackupContents(t.cast("t.Any", Reader(OBJECTS))), spec, api())
    found = {
        f"{ref.namespace}/{ref.name}" if ref.namespace else ref.name for refs in selection.refs.values() for ref in refs
    }
    assert found == names
    assert set(selection.namespaces) == namespaces


def test_namespaces_are_mapped_to_their_sources() -> None:
    spec = RestoreSpec.from_options({"backup_name": "b", "namespace_mapping": {"a": "b"}})
    selection = select(BackupContents(t.cast("t.Any", Reader(OBJECTS))), spec, api())
    assert selection.namespaces == {"b": "b"}
