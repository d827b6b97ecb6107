# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One proof: a namespace of its own, volumes from snapshots, a pod that is cut off, a server that is asked.

Whatever happens, the namespace and all that was made beside it is removed again; what a killed run leaves, the next one
sweeps.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import binascii
import contextlib
import datetime as dt
import math
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import remember_secrets
from ansible_collections.arkive.k8s.plugins.module_utils._core.timings import Timings
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import find_forbidden
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import create_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import namespaced_path
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pod_trouble import pod_trouble
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import claim_of_volume, is_finished, is_running
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rights import rights_text, rules_text
from ansible_collections.arkive.k8s.plugins.module_utils._kube.waits import wait_for_object
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.given_namespace import GivenNamespace
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.kinds import find_proof
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.live import ask_live
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.network import ScratchNetwork, refusal
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.outcome import ProofAccount, ProofOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.recovery import NeverServed, Recovery
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.request import ProofRequest
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.rights import proof_needs
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.scratch_namespace import (
    NewNamespace,
    ProofPlace,
    ScratchNamespaces,
)
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.scratch_pod import (
    ScratchPod,
    copied,
    pod_body,
)
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.scratch_volumes import ScratchVolumes
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.server_proof import ProofOrder, ServerProof
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.shell import Shell
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.subject import Subject, pull_secrets

_WORKERS = 8
_SECRET_NAMES = ("PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL")


class DatabaseProofRun:
    """``prove`` or ``plan``, once. ``account`` tells all that is known, also after an error."""

    def __init__(self, request: ProofRequest, subject: Subject, run: ClusterRun) -> None:
        self._request = request
        self._subject = subject
        self._run = run
        self._discovery = Discovery.read(run.client)
        self._row = find_proof(subject.kind)
        self._volumes = self._volumes_of(run.client)
        self._place = self._find_place()
        self._timings = Timings()
        self.account = ProofAccount(subject=subject, started=run.now(), namespace=self._place.name)
        run.issues.add_warnings(subject.warnings)
        _remember(subject)

    def plan(self) -> ProofOutcome:
        """What would be made. Raises where the proof would, as far as that can be known."""
        pod = self._check()
        self._place.foresee(self._expires)
        account, subject = self.account, self._subject
        classes = self._volumes.class_names(subject)
        planned = [self._place.planned]
        for each in subject.snapshots:
            planned.append(f"claim {each.name} of class {classes[each.name]} from snapshot {each.handle}")
        planned += [f"{kind} {name}" for kind, name in self._copies()]
        planned.append(f"pod {subject.pod_name} with image {subject.container['image']}, asleep, without a token")
        planned.append("network policy arkive-proof: nothing in, nothing out but questions to the name service")
        planned += [f"check by {tool}" for tool in self._row.tools]
        account.planned = planned
        self._run.issues.add_warnings(pod.replaced)
        self._run.issues.warning("Whether the cluster enforces network policies is only known once the pod is there.")
        return ProofOutcome(account=account, issues=self._run.issues, changed=True)

    def prove(self) -> ProofOutcome:
        """Raises ``ArkiveError`` where it ended before it knew; else all is in the outcome."""
        account, run = self.account, self._run
        pod = self._check()
        account.swept, problems = self._place.make(self._expires)
        run.issues.add_warnings(problems)
        run.issues.add_warnings(pod.replaced)
        try:
            self._prove_in(account.namespace, pod)
            account.complete = True
        finally:
            with self._timings.measure("remove"):
                self._remove()
            account.timings = self._timings.to_dict()
        run.issues.add_warnings(account.server.warnings)
        run.issues.add_errors(account.problems)
        return ProofOutcome(account=account, issues=run.issues, changed=True)

    def _volumes_of(self, client: KubeClient) -> ScratchVolumes:
        request = self._request
        return ScratchVolumes(client, self._discovery, request.storage_classes, only_labelled=bool(request.scratch))

    def _find_place(self) -> ProofPlace:
        request, subject, run = self._request, self._subject, self._run
        if not request.scratch:
            namespaces = ScratchNamespaces(run.client, self._discovery)
            return NewNamespace(namespaces, self._volumes.let_go, source=subject.source, run_id=run.run_id)
        if request.scratch == subject.namespace:
            raise ProofError(
                f"The namespace {request.scratch} for the proof is that of the database.", hint="Name another one."
            )
        return GivenNamespace(run.client, self._volumes, request.scratch, source=subject.source, run_id=run.run_id)

    @property
    def _expires(self) -> dt.datetime:
        return self._run.client.server_now() + dt.timedelta(seconds=math.ceil(self._request.limits.whole))

    # -- before --------------------------------------------------------------------------------------------------------

    def _check(self) -> ScratchPod:
        """Whatever can be known beforehand. Raises ``ProofError``."""
        request, subject = self._request, self._subject
        missing = find_forbidden(self._run.client, proof_needs(request), workers=_WORKERS)
        if missing:
            raise ProofError(
                f"The proof was not begun: the API server does not let you {rights_text(missing)}.",
                hint=rules_text(missing),
            )
        self._volumes.check(subject, self.account.namespace)
        for kind, name in self._copies():
            if name not in pull_secrets(subject.pod) and subject.find(GroupResource(kind), name) is None:
                raise ProofError(
                    f"The {kind.removesuffix('s')} {name} is not in {subject.source}.",
                    hint="Leave it out, if the server starts without it.",
                )
        return pod_body(subject, request, self.account.namespace)

    def _copies(self) -> list[tuple[str, str]]:
        named = [*self._request.secrets, *pull_secrets(self._subject.pod)]
        settings = [("configmaps", name) for name in self._request.config_maps]
        return [*(("secrets", name) for name in dict.fromkeys(named)), *settings]

    # -- in the namespace ----------------------------------------------------------------------------------------------

    def _prove_in(self, namespace: str, pod: ScratchPod) -> None:
        subject, account = self._subject, self.account
        with self._timings.measure("volumes"):
            self._say(f"making the volumes of {subject.where} from {subject.source} in namespace {namespace}")
            self._copy_objects(namespace)
            self._volumes.create(subject, namespace)
            self._start_pod(namespace, pod.body)
            self._volumes.check_made(namespace)
        shell = Shell(self._run.client, namespace, subject.pod_name, str(subject.container["name"]))
        network = ScratchNetwork(self._run.client, shell, self._request)
        with self._timings.measure("network"):
            self._say("cutting the pod off, and looking whether it is")
            account.network = network.cut(namespace)
        if account.network.verdict != "enforced":
            error = refusal(account.network)
            if not self._request.allow_unenforced_network:
                raise error
            self._run.issues.warning(f"The network of the proof was open: {account.network.reason}.")
        self._prove_server(shell)
        if account.network.verdict == "enforced":
            # What was cut off at the beginning is looked at once more, so that it was all the time.
            account.network = network.look()
            if account.network.verdict != "enforced":
                account.problems.append(f"The pod was not cut off all the time: {account.network.reason}.")

    def _copy_objects(self, namespace: str) -> None:
        for kind, name in self._copies():
            try:
                found = self._subject.find(GroupResource(kind), name)
                if found is None:
                    raise ProofError(f"It is not in {self._subject.source}.")
                _remember_object(found)
                self._run.client.post(namespaced_path("v1", namespace, kind), copied(found, namespace))
            except (KubeError, ProofError) as exc:
                if name not in pull_secrets(self._subject.pod):
                    raise
                # The node may have the image, or another way to it.
                what = f"The secret {name}, by which its image is pulled, did not come along"
                self._run.issues.warning(f"{what}: {exc.message}")
                continue
            self.account.brought.append(f"{kind.removesuffix('s')} {name}")

    def _start_pod(self, namespace: str, body: Object) -> None:
        client, limit = self._run.client, self._request.limits.volumes
        resource = self._discovery.find(PODS)
        if resource is None:
            raise ProofError("The API server does not say how it serves pods.", hint="Try again.")
        create_object(client, resource, body, namespace=namespace)
        name = str(body["metadata"]["name"])
        try:
            found = wait_for_object(
                client, resource, name, namespace, lambda pod: pod is None or _has_come(pod), timeout=limit
            )
        except KubeTimeout as exc:
            seen = client.get(namespaced_path("v1", namespace, "pods", name))
            raise ProofError(
                f"The pod of the proof did not run within {limit:g} s: {pod_trouble(seen)}.",
                hint="volume_timeout gives volumes and image more time.",
            ) from exc
        if found is None or not is_running(found):
            raise ProofError(f"The pod of the proof ended: {pod_trouble(found or {})}.")

    def _prove_server(self, shell: Shell) -> None:
        subject, request, account = self._subject, self._request, self.account
        server = self._row.make(
            ProofOrder(
                shell=shell,
                mounts=_mounts(subject),
                user=request.user,
                facts=subject.facts,
                arguments=request.server_arguments,
                check_seconds=request.limits.check,
            )
        )
        account.server = server.known
        try:
            self._look_at(server, shell)
        finally:
            with contextlib.suppress(ArkiveError):
                account.log = shell.log_end()
        if request.compare_live:
            self._compare_live(server)

    def _look_at(self, server: ServerProof, shell: Shell) -> None:
        account = self.account
        server.find()
        with self._timings.measure("checks"):
            account.checks += server.check_files()
        self._judge()
        with self._timings.measure("recovery"):
            self._recover(server, shell)
        server.check_isolation()
        account.problems += server.problems()
        with self._timings.measure("checks"):
            self._say("the server serves; checking its data")
            for check in server.checks():
                account.checks.append(check)
                self._say(f"{check.name}: {check.state} after {check.seconds:.0f} s")
            server.stop()
            account.checks += server.check_stopped()
        self._judge()
        account.require_checks()

    def _recover(self, server: ServerProof, shell: Shell) -> None:
        self._say(f"starting {self._row.title}, and waiting for its recovery")
        recovery = Recovery(self._request.limits.recovery, self._subject.where, tell=self._say, cancel=self._run.cancel)
        try:
            self.account.recovery_seconds = recovery.await_end(server, shell)
        except NeverServed as exc:
            # That is known of the backup.
            self.account.problems.append(exc.message)
            raise

    def _judge(self) -> None:
        account = self.account
        for check in account.checks:
            sentence = f"{check.tool} complains: {'; '.join(check.found[:3])}"
            if check.state == "failed" and not any(sentence in each for each in account.problems):
                account.problems.append(f"{sentence}.")

    def _compare_live(self, server: ServerProof) -> None:
        try:
            self.account.lost = server.lost_since(ask_live(self._run.client, self._subject, self._request.user))
        except ArkiveError as exc:
            self._run.issues.warning(f"How far the live server is ahead is unknown: {exc.sentence}")

    # -- after ---------------------------------------------------------------------------------------------------------

    def _remove(self) -> None:
        """All of it, also in a run that was cancelled; what does not work is a warning."""
        issues, name = self._run.issues, self.account.namespace
        client = self._run.client.with_cancel(CancelToken())
        volumes = self._volumes_of(client)
        steps: tuple[t.Callable[[], list[str]], ...] = (
            lambda: volumes.remove_claims(name, [self._subject.pod_name]),
            lambda: volumes.take_out(name),
        )
        for step in steps:
            try:
                issues.add_warnings(step())
            except ProofError as exc:
                # The namespace would take with it what must not go.
                issues.warning(f"The namespace {name} of the proof was left: {exc.sentence}")
                return
            except KubeError as exc:
                issues.warning(f"Not all of the proof in namespace {name} could be removed: {exc.sentence}")
        problem = self._place.remove()
        if problem:
            issues.warning(problem)

    def _say(self, line: str) -> None:
        self._run.progress(f"proof: {line}")


def _has_come(pod: Object) -> bool:
    return is_finished(pod) or (is_running(pod) and not pod_trouble(pod))


def _mounts(subject: Subject) -> tuple[str, ...]:
    """Where the container has the volumes that come from snapshots."""
    names = {each.name for each in subject.snapshots}
    volumes = (subject.pod.get("spec") or {}).get("volumes") or ()
    ours = {each["name"] for each in volumes if claim_of_volume(subject.pod_name, each) in names}
    mounts: t.Iterable[t.Any] = subject.container.get("volumeMounts") or ()
    return tuple(str(mount["mountPath"]) for mount in mounts if mount.get("name") in ours)


def _remember(subject: Subject) -> None:
    """What looks like a secret in the environment is in no log line that we return."""
    for entry in subject.container.get("env") or ():
        if any(word in str(entry.get("name")).upper() for word in _SECRET_NAMES):
            remember_secrets([str(entry.get("value") or "")])


def _remember_object(found: Object) -> None:
    if found.get("kind") != "Secret":
        return
    for value in (found.get("data") or {}).values():
        with contextlib.suppress(binascii.Error, ValueError):
            remember_secrets([base64.b64decode(str(value)).decode("utf-8", "replace").strip()])


__all__ = ("DatabaseProofRun",)
