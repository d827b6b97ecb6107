# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One object in the cluster that is nested too deeply keeps nobody from the others of its type."""

from __future__ import annotations

import json
import secrets
import typing as t

import pytest
from restore_lab import Backups, Cluster, action_of

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec

if t.TYPE_CHECKING:
    from cluster_access import Kubectl


@pytest.fixture
def deep_type(kubectl: Kubectl) -> t.Iterator[tuple[str, str]]:
    """Plural and group of a type that takes everything."""
    plural, group = f"arkive{secrets.token_hex(3)}s", "deep.arkive.test"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": plural, "singular": plural[:-1], "kind": plural.capitalize()}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }
    kubectl("create", "-f", "-", stdin=json.dumps(definition))
    kubectl("wait", "--for=condition=Established", f"crd/{plural}.{group}", "--timeout=60s")
    yield plural, group
    kubectl("delete", "crd", f"{plural}.{group}", "--wait=false")


@pytest.mark.parametrize("depth", [300, 2000])
def test_deep_object(
    cluster: Cluster, backups: Backups, kubectl: Kubectl, deep_type: tuple[str, str], depth: int
) -> None:
    plural, group = deep_type
    home = cluster.new_name()
    kubectl("create", "namespace", home)
    path = f"/apis/{group}/v1/namespaces/{home}/{plural}"
    made: list[Object] = []
    for name in ("a", "deep", "z"):
        obj = {"apiVersion": f"{group}/v1", "kind": plural.capitalize(), "metadata": {"name": name, "namespace": home}}
        made.append(obj)
        text = json.dumps(obj | {"spec": "DEEP" if name == "deep" else 1})
        text = text.replace('"DEEP"', '{"a":' * depth + "[]" + "}" * depth)
        kubectl("create", "--raw", path, "-f", "-", stdin=text)

    request = BackupRequest(name="b", spec=BackupSpec.from_options({"included_namespaces": [home]}))
    outcome = run_backup(request, client=cluster.client, store=backups.store)
    assert (outcome.phase, outcome.items[f"{plural}.{group}"]) == ("PartiallyFailed", 2)
    (error,) = outcome.errors_list
    assert f"{plural.capitalize()} {home}/deep is left out" in error["message"]
    assert "deep" in error["message"].rpartition("left out")[2]

    backups.write("shallow", [(f"{plural}.{group}", obj) for obj in made])
    kubectl("-n", home, "delete", f"{plural}.{group}", "z")
    done = backups.restore("shallow")
    assert done.phase == "PartiallyFailed"
    kind = f"{plural}.{group}"
    action, reason = action_of(done, kind, "deep")
    assert (action, "cannot be compared" in reason) == ("conflict", True)
    assert [action_of(done, kind, name)[0] for name in ("a", "z")] == ["skip", "create"]
