# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kasten's page on execution hooks: each of its blocks to the letter, through the modules."""

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

import pytest
import yaml
from phase_lab import IMAGE, shell
from play_runner import PlayRunner

if t.TYPE_CHECKING:
    from cluster_access import Kubectl

Result: t.TypeAlias = "dict[str, t.Any]"

LABEL_HOOK = """
apiVersion: cr.kanister.io/v1alpha1
kind: Blueprint
metadata:
  name: hook-blueprint
  namespace: kasten-io
actions:
  post-export:
    kind: Namespace
    phases:
    - func: KubeTask
      name: hookPhase
      args:
        podOverride:
          serviceAccountName: "k10-k10"
        image: bitnami/kubectl
        command:
        - /bin/sh
        - -c
        - |
          kubectl patch namespace "{{ .Namespace.Name }}" --type json %s
"""
PATCH = """-p='[{"op": "remove", "path": "/metadata/labels/migrate"}]'"""
WAIT_HOOK = """
apiVersion: cr.kanister.io/v1alpha1
kind: Blueprint
metadata:
  name: hook-blueprint
  namespace: kasten-io
actions:
  post-restore:
    phases:
    - func: Wait
      name: WaitForPod
      args:
        timeout: 120s
        conditions:
          anyOf:
          - condition: '{{ if { $.status.containerStatuses[].ready } }}true{{ else }}false{{ end }}'
            objectReference:
              apiVersion: v1
              resource: pods
              name: '{{ .StatefulSet.Name }}'
              namespace: '{{ .StatefulSet.Namespace }}'
"""
REFERENCE = """
hooks:
  preHook:
    blueprint: hook-blueprint
    actionName: pre-restore
  onSuccess:
    blueprint: hook-blueprint
    actionName: post-restore
    subject:
      name: mysql-statefulset
      namespace: mysql
      type: statefulset
  onFailure:
    blueprint: hook-blueprint
    actionName: post-restore-failed
"""
BLUEPRINTS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "blueprints.cr.kanister.io"},
    "spec": {
        "group": "cr.kanister.io",
        "scope": "Namespaced",
        "names": {"plural": "blueprints", "singular": "blueprint", "kind": "Blueprint"},
        "versions": [
            {
                "name": "v1alpha1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


class Kasten:
    """The cluster of someone who had Kasten, and tasks of the modules in it."""

    def __init__(self, kubectl: Kubectl, kubeconfig: str, directory: Path) -> None:
        self.kubectl = kubectl
        self._kubeconfig = kubeconfig
        self._runner = PlayRunner(directory, kubeconfig)
        self.location = {"path": str(directory / "store")}

    def play(self, **tasks: Result) -> dict[str, Result]:
        """Tasks by the names of their results; a module's name is the one key of each. None of them ends the play."""
        steps = [{"register": name, "ignore_errors": True, **task} for name, task in tasks.items()]
        return self._runner.results(steps, *tasks, KUBECONFIG=self._kubeconfig)

    def apply(self, *documents: t.Any) -> None:
        self.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(documents))


@pytest.fixture(scope="module")
def kasten(kubectl: Kubectl, kubeconfig: str, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Kasten]:
    directory = tmp_path_factory.mktemp("kasten")
    (directory / "store").mkdir()
    lab = Kasten(kubectl, kubeconfig, directory)
    lab.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kasten-io"}}, BLUEPRINTS)
    kubectl("wait", "--for=condition=Established", "crd/blueprints.cr.kanister.io", "--timeout=60s")
    yield lab
    kubectl("delete", "namespace", "kasten-io", "--wait=false")
    # Other tests compare the types of the cluster.
    kubectl("delete", "crd", "blueprints.cr.kanister.io", "--timeout=60s")


def test_a_label_is_taken_from_the_namespace(kasten: Kasten, namespace: str) -> None:
    """``post-export`` after a backup, as the ServiceAccount that the page pins, which is one of Kasten's namespace."""
    account = {"kind": "ServiceAccount", "name": "k10-k10", "namespace": "kasten-io"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    kasten.apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "k10-k10", "namespace": "kasten-io"}},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "k10-k10"},
            "subjects": [account],
            "roleRef": role,
        },
        yaml.safe_load(LABEL_HOOK % PATCH),
    )
    kasten.kubectl("label", "namespace", namespace, "migrate=yes")
    backup = {
        "name": "labelled",
        "included_namespaces": [namespace],
        "storage_location": kasten.location,
        "execution_hooks": {"onSuccess": {"blueprint": "hook-blueprint", "actionName": "post-export"}},
        "hook_default_namespace": "kasten-io",
    }
    results = kasten.play(
        told={"arkive.k8s.k8s_backup": backup, "check_mode": True}, done={"arkive.k8s.k8s_backup": backup}
    )
    kasten.kubectl("delete", "clusterrolebinding", "k10-k10")
    (planned,) = results["told"]["execution_hooks"]
    assert (planned["event"], planned["namespace"], planned["action_name"]) == ("on_success", namespace, "post-export")
    done = results["done"]
    assert not done.get("failed"), done.get("msg")
    (hook,) = done["execution_hooks"]
    assert (hook["event"], hook["state"], hook["subject"]) == ("on_success", "complete", f"Namespace {namespace}")
    labels = json.loads(kasten.kubectl("get", "namespace", namespace, "-o", "json"))["metadata"]["labels"]
    assert "migrate" not in labels
    assert kasten.kubectl("get", "pods", "-n", "kasten-io", "-o", "name") == ""


def test_hooks_around_a_restore(kasten: Kasten) -> None:
    """The triple of the page, its block as it stands: a workload is waited for, and the failure hook stays away."""
    blueprint = yaml.safe_load(WAIT_HOOK)
    blueprint["actions"] |= {
        "pre-restore": {"phases": [kube_ops("before", "pre-restore")]},
        "post-restore-failed": {"phases": [kube_ops("failed", "post-restore-failed")]},
    }
    kasten.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "mysql"}}, blueprint)
    meta = {"name": "mysql-statefulset", "namespace": "mysql", "labels": {"app": "mysql"}}
    spec = {"containers": [{"name": "main", "image": IMAGE, "command": shell("sleep 86400")}]}
    spec["terminationGracePeriodSeconds"] = 0
    kasten.apply(
        {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": meta,
            "spec": {
                "serviceName": "mysql",
                "replicas": 1,
                "selector": {"matchLabels": {"app": "mysql"}},
                "template": {"metadata": {"labels": {"app": "mysql"}}, "spec": spec},
            },
        },
        # The page looks at a pod of the set's own name.
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "mysql-statefulset", "namespace": "mysql"},
            "spec": spec,
        },
    )
    names = ("statefulset/mysql-statefulset", "pod/mysql-statefulset")
    backup = {"name": "mysql", "included_namespaces": ["mysql"], "storage_location": kasten.location}
    restore = {
        "backup": "mysql",
        "name": "again",
        "storage_location": kasten.location,
        "execution_hooks": yaml.safe_load(REFERENCE),
    }
    delete = [os.environ["ARKIVE_TEST_KUBECTL"], "delete", "-n", "mysql", *names]
    results = kasten.play(
        made={"arkive.k8s.k8s_backup": backup},
        lost={"ansible.builtin.command": {"argv": delete}},
        done={"arkive.k8s.k8s_restore": restore},
    )
    assert results["lost"]["rc"] == 0
    done = results["done"]
    assert not done.get("failed"), done.get("msg")
    assert [(hook["event"], hook["state"]) for hook in done["execution_hooks"]] == [
        ("pre_hook", "complete"),
        ("on_success", "complete"),
    ]
    assert done["execution_hooks"][1]["subject"] == "StatefulSet mysql/mysql-statefulset"
    made = kasten.kubectl("get", "configmaps", "-n", "mysql", "-o", "name")
    assert "configmap/pre-restore" in made
    assert "configmap/post-restore-failed" not in made
    kasten.kubectl("delete", "namespace", "mysql", "--wait=false")


def kube_ops(name: str, configmap: str) -> Result:
    """A phase that makes a ConfigMap, to be seen afterwards."""
    spec = (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {configmap}\n  namespace: '{{{{ .Namespace.Name }}}}'\n"
    )
    return {"func": "KubeOps", "name": name, "args": {"operation": "create", "spec": spec}}
