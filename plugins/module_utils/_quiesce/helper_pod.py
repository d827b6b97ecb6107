# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A short-lived pod that thaws one claim's file system on one node, where no container can.

It mounts the claim, or, where it may not (it lives in another namespace, or the claim is ReadWriteOncePod and in use),
finds the claim's volume among the mounts of its node. It compares the device before it thaws, ends by itself, and is
removed whatever happens; what a killed run leaves is found by its label.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import HelperPod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.scripts import THAW_MOUNT, THAW_ON_NODE
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.thaw_answer import ThawElsewhere, read_answer

HELPER_LABEL = "arkive.k8s/helper"
_LABELS = {"app.kubernetes.io/managed-by": "arkive.k8s", HELPER_LABEL: "thaw"}
#: After this long the kubelet ends it.
_DEADLINE_SECONDS = 90
_POLL_SECONDS = 0.5
#: A leftover is this much older than any helper can be.
_LEFTOVER_AGE = dt.timedelta(seconds=_DEADLINE_SECONDS + 120)
_STUCK = ("ErrImagePull", "ErrImageNeverPull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError",
          "CreateContainerError", "RunContainerError", "StartError")  # fmt: skip
_RWOP = "ReadWriteOncePod"


class HelperRun:
    """Runs helper pods of one kind."""

    def __init__(self, client: KubeClient, helper: HelperPod) -> None:
        self._client = client
        self._helper = helper

    def thaw(self, *, claim: str, node: str, device: str, users: t.Sequence[t.Mapping[str, t.Any]]) -> ThawElsewhere:
        """Thaw ``claim`` on ``node``; ``users`` are the pods that mount it there. Raises nothing: it is a last try."""
        namespace, _slash, name = claim.partition("/")
        place = self._helper.namespace or namespace
        where = f"a helper pod in namespace {place} on node {node}"
        try:
            found = self._client.get(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}")
            volume = str((found.get("spec") or {}).get("volumeName") or "")
            exclusive = _RWOP in ((found.get("spec") or {}).get("accessModes") or []) and bool(users)
            self._check_rights(place)
            by_claim = place == namespace and not exclusive
            if not by_claim and not (volume and users):
                return _failed(
                    where,
                    f"nothing mounts claim {claim} on the node, and a pod of another namespace cannot mount it; leave "
                    "helper_pod.namespace unset",
                )
            body = self._body(node, by_claim=by_claim, claim=name, volume=volume, device=device)
            answer = self._run(place, body, where=where, device=device)
        except KubeError as exc:
            return _failed(where, f"{exc.message}{self._explain(place, exc)}")
        if answer.state == "failed" and exclusive:
            note = f"claim {claim} is {_RWOP} and in use, so that no second pod can mount it"
            return ThawElsewhere("failed", tries=(*answer.tries, note))
        return answer

    def remove_leftovers(self, namespaces: t.Sequence[str] | None) -> list[str]:
        """Delete what killed runs have left there. Returns what did not work."""
        if self._helper.namespace:
            namespaces = [self._helper.namespace]
        places = ["/api/v1/pods"] if namespaces is None else [f"/api/v1/namespaces/{name}/pods" for name in namespaces]
        failures = []
        for place in places:
            try:
                selector = ",".join(f"{name}={value}" for name, value in _LABELS.items())
                pods = self._client.get(place, query={"labelSelector": selector}).get("items") or []
                for pod in pods:
                    if _is_leftover(pod, self._client.server_now()):
                        self._delete(pod["metadata"]["namespace"], pod["metadata"]["name"])
            except KubeError as exc:
                failures.append(f"Helper pods that earlier runs left could not be removed: {exc.message}")
        return failures

    def _check_rights(self, namespace: str) -> None:
        """One that could not be removed again is not made."""
        missing = [
            verb
            for verb in ("create", "get", "delete")
            if not self._client.can_i(verb, resource="pods", namespace=namespace)
        ]
        if missing:
            raise KubeError(
                f"the caller may not {', '.join(missing)} pods in namespace {namespace}.",
                status=403,
                reason="Forbidden",
            )

    def _run(self, namespace: str, body: Object, *, where: str, device: str) -> ThawElsewhere:
        made = self._client.post(f"/api/v1/namespaces/{namespace}/pods", body)
        name = str(made["metadata"]["name"])
        try:
            answer = self._await(namespace, made, where=where, device=device)
        finally:
            left = self._try_delete(namespace, name)
        if left:
            answer = ThawElsewhere(answer.state, answer.where, (*answer.tries, left), left, answer.remedy)
        return answer

    def _await(self, namespace: str, made: Object, *, where: str, device: str) -> ThawElsewhere:
        path = f"/api/v1/namespaces/{namespace}/pods/{made['metadata']['name']}"
        end = time.monotonic() + _DEADLINE_SECONDS
        pod = made
        while time.monotonic() < end:
            pod = self._client.get(path)
            state = _container_state(pod)
            if "terminated" in state:
                ended = state["terminated"]
                text = str(ended.get("message") or "").strip()
                return read_answer(int(ended.get("exitCode", 1)), text, where=where, device=device)
            waiting = state.get("waiting") or {}
            if waiting.get("reason") in _STUCK:
                return _failed(where, f"{waiting['reason']}: {str(waiting.get('message') or '')[:200]}")
            status = pod.get("status") or {}
            if status.get("phase") == "Failed":
                return _failed(where, f"{status.get('reason', 'it failed')}: {status.get('message', '')}")
            time.sleep(_POLL_SECONDS)
        return _failed(where, f"it did not run within {_DEADLINE_SECONDS} s: {self._last_event(namespace, pod)}")

    def _last_event(self, namespace: str, pod: Object) -> str:
        """What the node says about a pod that does not start: who may not ask only hears that it waits."""
        selector = f"involvedObject.uid={pod['metadata'].get('uid', '')},type=Warning"
        try:
            answer = self._client.get(f"/api/v1/namespaces/{namespace}/events", query={"fieldSelector": selector})
        except KubeError:
            answer = {}
        messages = [str(event.get("message") or "") for event in answer.get("items") or []]
        waiting = (_container_state(pod).get("waiting") or {}).get("reason", "Pending")
        return messages[-1][:300] if messages else str(waiting)

    def _try_delete(self, namespace: str, name: str) -> str:
        try:
            self._delete(namespace, name)
        except KubeError as exc:
            return f"helper pod {namespace}/{name} could not be removed, it ends by itself: {exc.message}"
        return ""

    def _delete(self, namespace: str, name: str) -> None:
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 1}
        try:
            self._client.delete(f"/api/v1/namespaces/{namespace}/pods/{name}", body=options)
        except KubeError as exc:
            if not exc.not_found:
                raise

    def _explain(self, namespace: str, exc: KubeError) -> str:
        if "PodSecurity" in exc.message:
            return f" (namespace {namespace} admits no privileged pods: name one that does as helper_pod.namespace)"
        return f" (quota of namespace {namespace})" if "exceeded quota" in exc.message else ""

    def _body(self, node: str, *, by_claim: bool, claim: str, volume: str, device: str) -> Object:
        mount: Object = {"name": "frozen", "mountPath": "/frozen"}
        source: Object
        if by_claim:
            script = [THAW_MOUNT, "arkive-thaw", device, "/frozen"]
            source = {"persistentVolumeClaim": {"claimName": claim}}
        else:
            script = [THAW_ON_NODE, "arkive-thaw", device, volume]
            source = {"hostPath": {"path": "/", "type": "Directory"}}
            mount |= {"mountPropagation": "HostToContainer", "readOnly": True}
        small = {"cpu": "50m", "memory": "32Mi"}
        spec: Object = {
            "nodeName": node,
            "restartPolicy": "Never",
            "activeDeadlineSeconds": _DEADLINE_SECONDS,
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "tolerations": [{"operator": "Exists"}],
            "containers": [
                {
                    "name": "thaw",
                    "image": self._helper.image,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["/bin/sh", "-c", *script],
                    "securityContext": {"privileged": True, "runAsUser": 0},
                    "terminationMessagePolicy": "FallbackToLogsOnError",
                    "resources": {"requests": small, "limits": small},
                    "volumeMounts": [mount],
                }
            ],
            "volumes": [{"name": "frozen"} | source],
        }
        if self._helper.service_account:
            spec["serviceAccountName"] = self._helper.service_account
        metadata = {"generateName": "arkive-thaw-", "labels": dict(_LABELS)}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _container_state(pod: t.Mapping[str, t.Any]) -> Object:
    statuses = (pod.get("status") or {}).get("containerStatuses") or [{}]
    return dict(statuses[0].get("state") or {})


def _is_leftover(pod: t.Mapping[str, t.Any], now: dt.datetime) -> bool:
    try:
        made = parse_rfc3339(str(pod["metadata"].get("creationTimestamp", "")))
    except ValidationError:
        return False
    return now - made > _LEFTOVER_AGE


def _failed(where: str, why: str) -> ThawElsewhere:
    return ThawElsewhere("failed", tries=(f"{where}: {why}",))


__all__ = ("HELPER_LABEL", "HelperRun")
