# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.api_versions import (
    choose_version,
    choose_versions,
    parse_version_priorities,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.chosen_items import choose_items
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.contents import BackupContents
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.choice import ObjectChoice
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec


class Reader:
    """A tarball reader over objects in memory."""

    def __init__(self, objects: dict[tuple[str, str | None, str], Object]) -> None:
        self.objects = {
            ItemRef(GroupResource.parse(kind), "", ns, name): obj for (kind, ns, name), obj in objects.items()
        }
        self.warnings: list[str] = []
        self.versioned: list[ItemRef] = []

    @property
    def items(self) -> list[ItemRef]:
        return list(self.objects)

    def read(self, ref: ItemRef) -> Object:
        return copy.deepcopy(self.objects[ref])

    def versions(self, kind: GroupResource) -> dict[str, list[ItemRef]]:
        found: dict[str, list[ItemRef]] = {}
        for ref in self.versioned:
            if ref.group_resource == kind:
                found.setdefault(ref.version_dir, []).append(ref)
        return found


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


def test_records_of_the_data_mover_make_no_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    """They lie in Velero's namespace, and are never made (``pkg/restore``: its own is there wherever it runs)."""
    monkeypatch.setitem(OBJECTS, ("datauploads.velero.io", "velero", "du-1"), labelled())
    spec = RestoreSpec.from_options({})
    found = choose_items(BackupContents(t.cast("t.Any", Reader(OBJECTS))), spec, api())
    assert set(found.namespaces) == {"a", "b"}
    # What else is there of the namespace comes back with it.
    monkeypatch.setitem(OBJECTS, ("configmaps", "velero", "conf"), labelled())
    assert set(choose_items(BackupContents(t.cast("t.Any", Reader(OBJECTS))), spec, api()).namespaces) == {
        "a",
        "b",
        "velero",
    }


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
        pytest.param({"included_namespaces": ["z*"]}, set(), set(), id="a glob that fits nothing is not everything"),
        pytest.param({"included_namespaces": ["?"], "excluded_namespaces": ["a*"]}, {"b/db"}, {"b"}, id="globs"),
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
    """docs/compatibility 5.4, and the related objects of docs/compatibility 5.6.9."""
    spec = RestoreSpec.from_options({"backup_name": "b", **options})
    selection = choose_items(BackupContents(t.cast("t.Any", Reader(OBJECTS))), spec, api())
    found = {
        f"{ref.namespace}/{ref.name}" if ref.namespace else ref.name for refs in selection.refs.values() for ref in refs
    }
    assert found == names
    assert set(selection.namespaces) == namespaces


CHOICES = [
    pytest.param(["po/a/web"], None, {"a/web", "a/data", "high", "pv1"}, id="a pod with what it needs"),
    pytest.param(["ConfigMap/a/conf"], None, {"a/conf"}, id="one object by its kind"),
    pytest.param(["configmaps/b/conf"], None, set(), id="another namespace"),
    pytest.param(["*/a/c*"], None, {"a/conf"}, id="globs"),
    pytest.param(["deploy/db"], None, {"b/db"}, id="in any namespace"),
    pytest.param(["pv/pv2"], None, {"pv2"}, id="cluster-scoped"),
    pytest.param(["*.apps/*/*", "pv/pv2"], None, {"b/db", "pv2"}, id="several"),
    pytest.param([], lambda obj: obj["metadata"]["labels"].get("app") == "db", {"b/db"}, id="expression"),
    pytest.param(["po/*/*"], lambda obj: [], set(), id="an empty answer is no"),
]


@pytest.mark.parametrize(("names", "expression", "found"), CHOICES)
def test_choice_of_objects(names: list[str], expression: t.Any, found: set[str]) -> None:
    spec = RestoreSpec.from_options({"backup_name": "b"})
    contents = BackupContents(t.cast("t.Any", Reader(OBJECTS)))
    selection = choose_items(contents, spec, api(), ObjectChoice(names, expression))
    assert {
        f"{ref.namespace}/{ref.name}" if ref.namespace else ref.name for refs in selection.refs.values() for ref in refs
    } == found


def test_names_that_fit_nothing_are_told() -> None:
    spec = RestoreSpec.from_options({"backup_name": "b", "included_namespaces": ["q*"]})
    contents = BackupContents(t.cast("t.Any", Reader(OBJECTS)))
    selection = choose_items(contents, spec, api(), ObjectChoice(["po/a/typo"], None))
    assert selection.warnings == ["The backup holds nothing that fits 'po/a/typo' in names."]


@pytest.mark.parametrize("name", ["pods", "po//web", "a/b/c/d", "", "po/a/[", "/a/b"])
def test_malformed_names(name: str) -> None:
    with pytest.raises(ValidationError, match="is not the name of an object"):
        ObjectChoice([name], None)


@pytest.mark.parametrize(
    ("dirs", "target", "preferred", "wanted", "chosen"),
    [
        pytest.param(["v1-preferredversion", "v1beta1"], ["v1", "v1beta1"], "v1", [], "v1-preferredversion", id="1"),
        pytest.param(["v1beta1-preferredversion", "v1"], ["v1", "v1beta1"], "v1", [], "v1", id="1 not the source's"),
        pytest.param(
            ["v1-preferredversion", "v1beta1"], ["v2", "v1", "v1beta1"], "v2", [], "v1-preferredversion", id="2"
        ),
        pytest.param(
            ["v1-preferredversion", "v2beta1", "v2beta2"], ["v3", "v2beta2", "v2beta1"], "v3", [], "v2beta2", id="3"
        ),
        pytest.param(["v1-preferredversion", "v1beta1"], ["v2"], "v2", [], "v1-preferredversion", id="4"),
        pytest.param(["v1beta1", "v1alpha1"], [], "", [], "v1alpha1", id="4 nothing preferred"),
        pytest.param(["v1-preferredversion", "v1beta1"], ["v1", "v1beta1"], "v1", ["v1beta1"], "v1beta1", id="0"),
        pytest.param(
            ["v1-preferredversion", "v1beta1"], ["v1"], "v1", ["v1beta1"], "v1-preferredversion", id="0 not served"
        ),
        pytest.param(
            ["v1-preferredversion", "v1beta1"],
            ["v1", "v1beta1", "v2"],
            "v1",
            ["v2", "v1beta1"],
            "v1beta1",
            id="0 second",
        ),
    ],
)
def test_choice_of_versions(dirs: list[str], target: list[str], preferred: str, wanted: list[str], chosen: str) -> None:
    """docs/compatibility 2.5, by the last number of the step."""
    assert choose_version(dirs, target=target, preferred=preferred, wanted=wanted) == chosen


def test_objects_are_read_in_the_chosen_version() -> None:
    reader = Reader({("widgets.example.org", "a", "old"): labelled(), ("pods", "a", "web"): labelled()})
    kind = GroupResource("widgets", "example.org")
    versioned = ItemRef(kind, "v1-preferredversion", "a", "new")
    reader.versioned.append(versioned)
    contents = BackupContents(t.cast("t.Any", reader))
    choose_versions(contents, Discovery([]), {})
    assert list(contents.refs(kind)) == [versioned]
    assert contents.find(kind, "a", "new") == versioned
    assert contents.find(kind, "a", "old") is None
    assert contents.find(GroupResource("pods"), "a", "web") == ItemRef(GroupResource("pods"), "", "a", "web")


def test_lines_of_version_priorities() -> None:
    text = "rockbands.music.example.io = v2beta1, v2beta2\n\norchestras.music.example.io=v2\n"
    assert parse_version_priorities(text, source="x") == {
        "rockbands.music.example.io": ("v2beta1", "v2beta2"),
        "orchestras.music.example.io": ("v2",),
    }


@pytest.mark.parametrize("line", ["pods", "pods=", "=v1", "a=b=c"])
def test_malformed_version_priorities(line: str) -> None:
    with pytest.raises(ValidationError, match="no priority of versions"):
        parse_version_priorities(line, source="x")


def test_namespaces_are_mapped_to_their_sources() -> None:
    spec = RestoreSpec.from_options({"backup_name": "b", "namespace_mapping": {"a": "b"}})
    selection = choose_items(BackupContents(t.cast("t.Any", Reader(OBJECTS))), spec, api())
    assert selection.namespaces == {"b": "b"}
