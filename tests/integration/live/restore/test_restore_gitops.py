# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restore of what Argo CD or Flux owns: who is named, what is refused, paused and resumed."""

from __future__ import annotations

import json
import re
import shlex
import threading
import typing as t
from pathlib import Path

import pytest
import yaml
from gitops_lab import APPLICATION, PAUSED, Owners, config, install_types, tracked
from play_runner import PlayRunner, text_of
from restore_lab import Cluster

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.errors import GitOpsError
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.terms import GitOpsTerms
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

if t.TYPE_CHECKING:
    from cluster_access import Kubectl
    from restore_lab import Backups

pytestmark = pytest.mark.fault


@pytest.fixture(scope="module")
def gitops_types(state: t.Any, client: KubeClient, kubectl: Kubectl) -> None:
    """``state``: definitions are put into the project's own cluster only."""
    install_types(kubectl, Cluster(client))


@pytest.fixture
def owners(gitops_types: None, cluster: Cluster) -> Owners:
    return Owners(cluster.client, _made(cluster))


@pytest.fixture
def home(cluster: Cluster) -> str:
    return _made(cluster)


def _made(cluster: Cluster) -> str:
    name = cluster.new_name()
    cluster.client.post("/api/v1/namespaces", {"metadata": {"name": name}})
    return name


def paused(**more: t.Any) -> Object:
    return {"gitops": GitOpsTerms(on_owned="pause", **more), "existing_resource_policy": "update"}


def put(cluster: Cluster, obj: tuple[str, Object], *, manager: str = "kustomize-controller", **data: str) -> None:
    """The object in the cluster, as the tool applied it."""
    kind, body = obj
    where = body["metadata"]["namespace"]
    live = body | {"data": data} if data else body
    cluster.client.post(f"/api/v1/namespaces/{where}/{kind}", live, query={"fieldManager": manager})


#: Every write of a test is older than this.
RECONCILED: Object = {
    "conditions": [
        {
            "type": "Ready",
            "status": "True",
            "reason": "ReconciliationSucceeded",
            "message": "",
            "lastTransitionTime": "2026-06-01T02:00:00Z",
        }
    ],
    "history": [
        {
            "digest": "sha256:1",
            "firstReconciled": "2999-01-01T00:00:00Z",
            "lastReconciled": "2999-01-01T00:00:00Z",
            "lastReconciledDuration": "1s",
            "lastReconciledStatus": "ReconciliationSucceeded",
            "totalReconciliations": 1,
        }
    ],
}


def test_flux_is_paused_and_resumed(home: str, owners: Owners, cluster: Cluster, backups: Backups) -> None:
    owners.kustomization(status=RECONCILED)
    stored = config(home, labels=owners.labels(), mine="1", theirs="1")
    put(cluster, stored, theirs="1", mine="0")
    cluster.client.patch(
        f"/api/v1/namespaces/{home}/configmaps/web", {"data": {"mine": "2"}}, query={"fieldManager": "app"}
    )
    backups.write("b", [stored])
    options = paused()
    plan = backups.plan("b", **options)
    [entry] = [each for each in plan.plan_items if each["resource"] == "configmaps"]
    assert (entry["action"], entry["managed_by"]) == ("update", f"Kustomization {owners.namespace}/shop")
    [owner] = plan.gitops.to_return()["owners"]
    assert (owner["suspended"], owner["self_heal"], owner["prune"], owner["action"]) == (False, True, True, "pause")
    assert "suspend" not in owners.get("Kustomization")["spec"]
    before = owners.get("Kustomization")
    done = backups.restore("b", **options)
    assert done.phase == "Completed", done.errors_list
    after = owners.get("Kustomization")
    assert done.gitops.to_return()["resumed"] == [f"Kustomization {owners.namespace}/shop"], done.gitops
    assert (after["spec"], after["metadata"].get("annotations")) == (before["spec"], None)
    assert after["metadata"]["generation"] == before["metadata"]["generation"] + 2


def test_a_restore_that_would_be_undone_is_refused(
    home: str, owners: Owners, cluster: Cluster, backups: Backups
) -> None:
    owners.kustomization()
    backups.write("b", [config(home, labels=owners.labels(), a="1")])
    with pytest.raises(GitOpsError, match=rf"undone by what owns it: Kustomization {owners.namespace}/shop \(1 obj"):
        backups.restore("b", gitops=GitOpsTerms(on_owned="refuse"))
    plan = backups.plan("b", gitops=GitOpsTerms(on_owned="refuse"))
    assert plan.refusal is not None
    assert "on_gitops_owned: pause" in plan.refusal.sentence
    assert cluster.get("configmaps", "web", home) is None
    owners.patch("Kustomization", "shop", {"spec": {"suspend": True}})
    assert backups.restore("b", gitops=GitOpsTerms(on_owned="refuse")).phase == "Completed"
    assert PAUSED not in json.dumps(owners.get("Kustomization"))


def test_what_flux_would_write_back_stays_paused(home: str, owners: Owners, cluster: Cluster, backups: Backups) -> None:
    owners.kustomization(suspend=False)
    stored = config(home, labels=owners.labels(), theirs="old")
    put(cluster, stored, theirs="new")
    backups.write("b", [stored])
    done = backups.restore("b", **paused())
    found = done.gitops.to_return()
    assert found["conflicts"] == [
        {
            "owner": f"Kustomization {owners.namespace}/shop",
            "resource": "configmaps",
            "namespace": home,
            "name": "web",
            "why": "these fields are git's as far as is known, and written back",
            "fields": ["data.theirs"],
        }
    ]
    assert found["resumed"] == []
    assert owners.get("Kustomization")["spec"]["suspend"] is True
    mark = json.loads(owners.get("Kustomization")["metadata"]["annotations"][PAUSED])
    assert (mark["run"], mark["was"]) == (done.name, False)
    [left] = found["left_paused"]
    assert backups.lines[-1].endswith(left["command"])


def test_the_root_is_paused_where_git_has_the_field(
    home: str, owners: Owners, cluster: Cluster, backups: Backups
) -> None:
    """A Kustomization above writes ``suspend`` back only if git has it, which the field's manager says."""
    owners.kustomization("root", labels=owners.labels("root"))
    owners.kustomization("free", labels=owners.labels("root"), manager="kustomize-controller")
    owners.kustomization("held", labels=owners.labels("root"), manager="kustomize-controller", suspend=False)
    stored = [config(home, name, labels=owners.labels(name), a="1") for name in ("free", "held")]
    backups.write("b", stored)
    one = backups.restore("b", names=(f"configmap/{home}/free",), **paused())
    assert one.gitops.to_return()["paused"] == [f"Kustomization {owners.namespace}/free"]
    two = backups.restore("b", names=(f"configmap/{home}/held",), **paused()).gitops.to_return()
    where = owners.namespace
    assert two["paused"] == [f"Kustomization {where}/root", f"Kustomization {where}/held"]
    assert two["resumed"] == [f"Kustomization {where}/held", f"Kustomization {where}/root"]
    assert owners.get("Kustomization", "held")["spec"]["suspend"] is False
    assert "suspend" not in owners.get("Kustomization", "root")["spec"]


AUTOMATED = {"prune": True, "selfHeal": True, "allowEmpty": False}


def test_an_application_without_its_controller_stays_paused(home: str, owners: Owners, backups: Backups) -> None:
    """Argo CD itself says whether it would undo anything: where nobody answers, nobody knows."""
    made = owners.application(automated=AUTOMATED)
    kind, body = config(home, a="1")
    body["metadata"]["annotations"] = tracked(f"{owners.namespace}_shop", home)
    backups.write("b", [(kind, body)])
    done = backups.restore("b", **paused(compare_timeout=1.0))
    assert done.phase == "Completed", done.errors_list
    [left] = done.gitops.to_return()["left_paused"]
    assert "did not compare it within 1 s" in left["why"]
    there = owners.get("Application")
    assert there["spec"]["syncPolicy"] == {"syncOptions": ["CreateNamespace=true"]}
    assert json.loads(there["metadata"]["annotations"][PAUSED])["was"] == AUTOMATED
    command = shlex.split(left["command"])
    assert command[:4] == ["kubectl", "-n", owners.namespace, "patch"]
    owners.patch("Application", "shop", json.loads(command[-1]))
    there = owners.get("Application")
    assert there["spec"] == made["spec"]
    assert PAUSED not in there["metadata"]["annotations"]


class Comparer(threading.Thread):
    """Answers a refresh as the application-controller does; what it says is the test's."""

    def __init__(self, owners: Owners, resources: list[Object]) -> None:
        super().__init__(daemon=True)
        self._owners = owners
        self._resources = resources
        self.ended = threading.Event()

    def run(self) -> None:
        refresh = "argocd.argoproj.io/refresh"
        while not self.ended.wait(0.2):
            if refresh in (self._owners.get("Application")["metadata"].get("annotations") or {}):
                status = {"resources": self._resources, "sync": {"status": "OutOfSync"}}
                self._owners.patch(
                    "Application", "shop", {"metadata": {"annotations": {refresh: None}}, "status": status}
                )


@pytest.mark.parametrize("would_prune", [True, False])
def test_argo_is_asked_before_it_is_resumed(home: str, owners: Owners, backups: Backups, would_prune: bool) -> None:
    made = owners.application(automated=AUTOMATED)
    kind, body = config(home, a="1")
    body["metadata"]["annotations"] = tracked(f"{owners.namespace}_shop", home)
    backups.write("b", [(kind, body)])
    entry = {"kind": "ConfigMap", "version": "v1", "namespace": home, "name": "web"}
    said = {**entry, "status": "OutOfSync", "requiresPruning": True} if would_prune else {**entry, "status": "Synced"}
    other = {**entry, "name": "other", "status": "OutOfSync"}
    comparer = Comparer(owners, [said, other])
    comparer.start()
    found = backups.restore("b", **paused()).gitops.to_return()
    comparer.ended.set()
    comparer.join()
    if would_prune:
        assert [(each["name"], each["why"]) for each in found["conflicts"]] == [
            ("web", "git does not have it, and it would be pruned")
        ]
        assert (found["resumed"], len(found["left_paused"])) == ([], 1)
    else:
        assert (found["conflicts"], found["left_paused"]) == ([], [])
        assert owners.get("Application")["spec"] == made["spec"]


def test_an_application_of_a_set_is_not_paused(home: str, owners: Owners, backups: Backups) -> None:
    template = {"metadata": {"name": "shop"}, "spec": {"project": "default", "destination": {}}}
    spec: Object = {"generators": [{"list": {"elements": []}}], "template": template}
    made = owners.make("ApplicationSet", "fleet", spec)
    reference = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "name": "fleet",
        "uid": made["metadata"]["uid"],
        "controller": True,
    }
    before = owners.application(automated=AUTOMATED, ownerReferences=[reference])
    kind, body = config(home, a="1")
    body["metadata"]["annotations"] = tracked(f"{owners.namespace}_shop", home)
    backups.write("b", [(kind, body)])
    with pytest.raises(GitOpsError, match="made by ApplicationSet") as caught:
        backups.restore("b", **paused())
    assert "ignoreApplicationDifferences" in caught.value.sentence
    plan = backups.plan("b", **paused())
    assert plan.refusal is not None
    assert plan.gitops.to_return()["owners"][0]["parents"] == [f"ApplicationSet {owners.namespace}/fleet"]
    assert owners.get("Application")["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    ignored = {"ignoreApplicationDifferences": [{"jsonPointers": ["/spec/syncPolicy"]}]}
    owners.patch("ApplicationSet", "fleet", {"spec": ignored})
    assert backups.restore("b", **paused(resume="always")).gitops.resumed
    assert owners.get("Application")["spec"] == before["spec"]


def _mark(owners: Owners, run: str, until: str, was: t.Any = None) -> None:
    text = json.dumps({"run": run, "until": until, "was": was})
    owners.patch("Kustomization", "shop", {"spec": {"suspend": True}, "metadata": {"annotations": {PAUSED: text}}})


def test_a_live_run_is_respected_and_a_dead_one_is_resumed(home: str, owners: Owners, backups: Backups) -> None:
    owners.kustomization(suspend=False)
    backups.write("b", [config(home, labels=owners.labels(), a="1")])
    _mark(owners, "other", "2999-01-01T00:00:00Z", was=False)
    with pytest.raises(GitOpsError, match="is paused by run 'other' until 2999-01-01T00:00:00Z"):
        backups.restore("b", **paused())
    named = backups.plan("b", gitops=GitOpsTerms(on_owned="refuse"))
    assert named.refusal is None
    assert any("is paused by run 'other'" in each["message"] for each in named.warnings_list)
    _mark(owners, "other", "2026-01-01T00:00:00Z", was=False)
    done = backups.restore("b", **paused(resume="always"))
    assert done.gitops.to_return()["resumed"] == [f"Kustomization {owners.namespace}/shop"]
    there = owners.get("Kustomization")
    assert there["spec"]["suspend"] is False
    assert PAUSED not in (there["metadata"].get("annotations") or {})


def test_the_next_run_of_a_killed_restore_resumes(home: str, owners: Owners, backups: Backups) -> None:
    """All is restored already; only the pause is left."""
    owners.kustomization()
    backups.write("b", [config(home, labels=owners.labels(), a="1")])
    assert backups.restore("b", name="again", gitops=GitOpsTerms(on_owned="ignore")).phase == "Completed"
    _mark(owners, "again", "2999-01-01T00:00:00Z")
    done = backups.restore("b", name="again", **paused())
    assert done.gitops.to_return()["resumed"] == [f"Kustomization {owners.namespace}/shop"], done.issues.warnings
    assert "suspend" not in owners.get("Kustomization")["spec"]


def test_what_a_person_has_suspended_stays_so(home: str, owners: Owners, backups: Backups) -> None:
    before = owners.kustomization(suspend=True)
    backups.write("b", [config(home, labels=owners.labels(), a="1")])
    done = backups.restore("b", **paused(resume="always"))
    assert (done.gitops.paused, done.gitops.resumed) == ((), ())
    assert owners.get("Kustomization")["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


def test_a_copy_carries_no_marks(home: str, owners: Owners, cluster: Cluster, backups: Backups) -> None:
    owners.kustomization()
    owners.application(automated=AUTOMATED)
    kind, body = config(home, labels={**owners.labels(), "argocd.argoproj.io/instance": "shop", "app": "web"}, a="1")
    body["metadata"]["annotations"] = tracked(f"{owners.namespace}_shop", home)
    backups.write("b", [(kind, body)])
    target = cluster.new_name()
    mapped: Object = {"namespace_mapping": {home: target}}
    done = backups.restore("b", gitops=GitOpsTerms(on_owned="refuse"), **mapped)
    live = cluster.get("configmaps", "web", target)
    assert live is not None
    assert (done.phase, live["metadata"]["labels"]["app"]) == ("Completed", "web")
    text = json.dumps(live["metadata"].get("labels")) + json.dumps(live["metadata"].get("annotations"))
    assert "fluxcd" not in text
    assert "argocd" not in text
    cluster.delete("configmaps", "web", target)
    backups.restore("b", gitops=GitOpsTerms(on_owned="ignore"), **mapped)
    kept = cluster.get("configmaps", "web", target)
    assert kept is not None
    assert kept["metadata"]["annotations"] == tracked(f"{owners.namespace}_shop", home)


def test_owners_come_back_paused(owners: Owners, cluster: Cluster, backups: Backups) -> None:
    """With their finalizers, and without their status and their operation."""
    where = owners.namespace
    inventory = {"inventory": {"entries": [{"id": f"{where}_web__ConfigMap", "v": "v1"}]}}
    owners.kustomization(status=inventory, finalizers=["finalizers.fluxcd.io"])
    owners.application(automated=AUTOMATED, finalizers=["resources-finalizer.argocd.argoproj.io"])
    app = owners.patch("Application", "shop", {"operation": {"sync": {}}})
    stored = [("kustomizations.kustomize.toolkit.fluxcd.io", owners.get("Kustomization"))]
    stored.append(("applications.argoproj.io", app))
    backups.write("b", stored)
    for kind, plural in (("Kustomization", stored[0][0]), ("Application", stored[1][0])):
        owners.patch(kind, "shop", {"metadata": {"finalizers": None}})
        cluster.delete(plural, "shop", where)
    done = backups.restore("b", restore_status={"included_resources": ["*"]})
    assert done.phase == "Completed", done.errors_list
    assert sum("comes back paused" in each["message"] for each in done.warnings_list) == 2
    flux, argo = owners.get("Kustomization"), owners.get("Application")
    assert flux["spec"]["suspend"] is True
    assert "inventory" not in (flux.get("status") or {})
    assert flux["metadata"]["finalizers"] == ["finalizers.fluxcd.io"]
    assert argo["spec"]["syncPolicy"] == {"syncOptions": ["CreateNamespace=true"]}
    assert "operation" not in argo
    assert argo["metadata"]["finalizers"] == ["resources-finalizer.argocd.argoproj.io"]
    again = backups.restore("b", name=done.name, existing_resource_policy="update")
    assert (again.changed, again.phase) == (False, "Completed"), again.plan_items
    for kind in ("Kustomization", "Application"):
        patch = {"metadata": {"finalizers": None}}
        owners.patch(kind, "shop", patch)


def test_a_field_that_is_written_back_ends_the_restore(home: str, owners: Owners, backups: Backups) -> None:
    """Somebody, such as an ApplicationSet, resumes it at once: nothing is restored, and nothing stays paused."""
    owners.kustomization()
    backups.write("b", [config(home, labels=owners.labels(), a="1")])
    ended = threading.Event()

    def write_back() -> None:
        while not ended.wait(0.05):
            if owners.get("Kustomization")["spec"].get("suspend"):
                owners.patch("Kustomization", "shop", {"spec": {"suspend": False}})

    writer = threading.Thread(target=write_back, daemon=True)
    writer.start()
    done = backups.restore("b", **paused())
    ended.set()
    writer.join()
    assert done.phase == "Failed"
    assert any("writes its spec.suspend back" in each["message"] for each in done.errors_list)
    assert PAUSED not in json.dumps(owners.get("Kustomization"))
    assert done.states.get("created", 0) == 0


def test_role_and_module(owners: Owners, kubeconfig: str, tmp_path: Path) -> None:
    """The role resumes although the tasks fail; the module takes over, lists and sweeps."""
    owners.kustomization(suspend=False)
    plays = PlayRunner(tmp_path, kubeconfig)
    seen = tmp_path / "seen.json"
    listed = {"arkive.k8s.k8s_gitops": {"state": "listed"}, "register": "seen"}
    keep = {"ansible.builtin.copy": {"dest": str(seen), "content": "{{ seen.owners | to_json }}"}}
    fail = {"name": "Break", "ansible.builtin.fail": {"msg": "broken on purpose"}}
    (tmp_path / "tasks.yml").write_text(json.dumps([listed, keep, fail]))
    named = [{"kind": "Kustomization", "namespace": owners.namespace, "name": "shop"}]
    role = {
        "ansible.builtin.include_role": {"name": "arkive.k8s.gitops_pause"},
        "vars": {"gitops_pause_owners": named, "gitops_pause_tasks_file": str(tmp_path / "tasks.yml")},
    }
    done = plays.run([role])
    assert done.returncode == 2
    assert "Break: broken on purpose" in text_of(done)
    [during] = [each for each in json.loads(seen.read_text()) if each["namespace"] == owners.namespace]
    assert during["suspended"] is True
    assert during["resume_command"]
    assert owners.get("Kustomization")["spec"]["suspend"] is False
    assert PAUSED not in json.dumps(owners.get("Kustomization"))
    gitops = "arkive.k8s.k8s_gitops"
    tasks = [
        {gitops: {"state": "paused", "owners": named, "run": "a"}, "check_mode": True, "register": "planned"},
        {gitops: {"state": "paused", "owners": named, "run": "a"}, "register": "first"},
        {gitops: {"state": "paused", "owners": named, "run": "a"}, "register": "second"},
        {gitops: {"state": "paused", "owners": named, "run": "b"}, "register": "other", "ignore_errors": True},
        {gitops: {"state": "resumed", "only_overdue": True, "run": "a"}, "register": "early"},
        {gitops: {"state": "resumed", "run": "a"}, "register": "last"},
    ]
    names = ("planned", "first", "second", "other", "early", "last")
    found = plays.results(tasks, *names)
    ref = f"Kustomization {owners.namespace}/shop"
    assert [found[name]["paused"] for name in names] == [[ref], [ref], [], [], [], []]
    assert [found[name]["changed"] for name in names] == [True, True, False, False, False, True]
    assert "is paused by run 'a'" in found["other"]["msg"]
    assert found["last"]["resumed"] == [ref]
    assert owners.get("Kustomization")["spec"]["suspend"] is False


@pytest.mark.parametrize("name", ["argocd-presync-backup.yml", "flux-backup-before-release.yml", "flux-backup-job.yml"])
def test_the_examples_are_what_the_types_take(owners: Owners, kubectl: Kubectl, name: str) -> None:
    text = (Path(__file__).parents[4] / "examples" / "gitops" / name).read_text(encoding="utf-8")
    text = text.replace("namespace: flux-system", f"namespace: {owners.namespace}")
    text = text.replace("namespace: shop\n", f"namespace: {owners.namespace}\n")
    kubectl("create", "--dry-run=server", "--validate=strict", "-f", "-", stdin=text)


def test_the_application_set_of_the_guide_is_one(owners: Owners, kubectl: Kubectl) -> None:
    """By the definition of argo-cd: with a generator and a template, which the guide leaves out."""
    guide = (Path(__file__).parents[4] / "docs" / "docsite" / "rst" / "guide_gitops.rst").read_text(encoding="utf-8")
    blocks = re.findall(r"^\.\. code-block:: yaml\n\n((?: {4}.*\n|\s*\n)+)", guide, re.MULTILINE)
    [block] = [yaml.safe_load(text) for text in blocks if "kind: ApplicationSet" in text]
    block["metadata"]["namespace"] = owners.namespace
    template = {"metadata": {"name": "{{.name}}"}, "spec": APPLICATION}
    for way in (block["spec"], {"syncPolicy": {"applicationsSync": "create-only"}}):
        block["spec"] = {"generators": [{"list": {"elements": [{"name": "shop"}]}}], "template": template, **way}
        kubectl("create", "--dry-run=server", "--validate=strict", "-f", "-", stdin=json.dumps(block))
