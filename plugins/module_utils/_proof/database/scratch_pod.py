# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pod of a proof: the image, the claims and the user of the original, and nothing of it that acts by itself.

The image's own program is never started. The pod sleeps, and what runs in it is what the proof starts.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import math
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import claim_of_volume
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.request import ProofRequest
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.scratch_namespace import proof_labels
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.subject import Subject

#: Ours, for sockets, settings and the log of the server.
WORK = "/arkive-proof"
_WORK_VOLUME = "arkive-proof"
#: It does not heed the end of its pod, and so is given no time for it.
_SLEEP = 'exec sleep "$1"'
_KEPT_POD = ("nodeSelector", "tolerations", "runtimeClassName", "imagePullSecrets", "os")
_KEPT_POD_SECURITY = (
    "runAsUser",
    "runAsGroup",
    "runAsNonRoot",
    "fsGroup",
    "fsGroupChangePolicy",
    "supplementalGroups",
    "seccompProfile",
    "seLinuxOptions",
)
_KEPT_SECURITY = ("runAsUser", "runAsGroup", "runAsNonRoot", "seccompProfile", "seLinuxOptions")
#: Volumes that are the pod's own: whatever else there is, an empty directory stands in for it.
_OWN_VOLUMES = ("emptyDir", "downwardAPI")


class ScratchPod(t.NamedTuple):
    """``replaced``: a sentence for each volume with an empty directory in its place."""

    body: Object
    replaced: tuple[str, ...]


def pod_body(subject: Subject, request: ProofRequest, namespace: str) -> ScratchPod:
    """Named as the original, so that what is named after the pod is found."""
    original = subject.pod.get("spec") or {}
    replaced: list[str] = []
    tokens = {str(each.get("name")) for each in original.get("volumes") or () if _has_token(each)}
    mounts = [each for each in subject.container.get("volumeMounts") or () if each["name"] not in tokens]
    volumes = [
        _volume(subject, request, name, replaced) for name in dict.fromkeys(str(each["name"]) for each in mounts)
    ]
    container: Object = {
        "name": subject.container["name"],
        "image": subject.container["image"],
        "command": ["/bin/sh", "-c", _SLEEP, "arkive", str(math.ceil(request.limits.whole))],
        "env": _environment(subject.container, request),
        "volumeMounts": [*mounts, {"name": _WORK_VOLUME, "mountPath": WORK}],
        "securityContext": _kept(subject.container.get("securityContext"), _KEPT_SECURITY),
    }
    sources = [each for each in subject.container.get("envFrom") or () if _is_brought(each, request)]
    if sources:
        container["envFrom"] = sources
    if subject.container.get("resources"):
        container["resources"] = {
            key: value for key, value in subject.container["resources"].items() if key in ("limits", "requests")
        }
    if subject.container.get("imagePullPolicy"):
        container["imagePullPolicy"] = subject.container["imagePullPolicy"]
    spec: Object = {
        **{key: original[key] for key in _KEPT_POD if original.get(key)},
        "containers": [container],
        "volumes": [*volumes, {"name": _WORK_VOLUME, "emptyDir": {}}],
        "restartPolicy": "Never",
        "serviceAccountName": "default",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 1,
        "activeDeadlineSeconds": math.ceil(request.limits.whole),
        "securityContext": _kept(original.get("securityContext"), _KEPT_POD_SECURITY),
    }
    metadata = {"name": subject.pod_name, "namespace": namespace, "labels": proof_labels(namespace)}
    return ScratchPod({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}, tuple(replaced))


def copied(obj: ObjectView, namespace: str) -> Object:
    """A Secret or a ConfigMap as it is made in the namespace of the proof."""
    kept = {key: obj[key] for key in ("type", "data", "binaryData", "stringData") if key in obj}
    metadata = {"name": obj["metadata"]["name"], "namespace": namespace, "labels": proof_labels(namespace)}
    return {"apiVersion": "v1", "kind": obj["kind"], "metadata": metadata, **kept}


def _kept(found: t.Any, keys: t.Sequence[str]) -> Object:
    return {key: found[key] for key in keys if key in found} if isinstance(found, dict) else {}


def _environment(container: ObjectView, request: ProofRequest) -> list[Object]:
    """Without what comes from Secrets and ConfigMaps that are not brought along."""
    kept = []
    for entry in container.get("env") or ():
        source = entry.get("valueFrom") or {}
        secret = (source.get("secretKeyRef") or {}).get("name")
        settings = (source.get("configMapKeyRef") or {}).get("name")
        if (secret and secret not in request.secrets) or (settings and settings not in request.config_maps):
            continue
        kept.append(dict(entry))
    return kept


def _is_brought(source: ObjectView, request: ProofRequest) -> bool:
    secret, settings = ((source.get(kind) or {}).get("name") for kind in ("secretRef", "configMapRef"))
    return secret in request.secrets or settings in request.config_maps


def _volume(subject: Subject, request: ProofRequest, name: str, replaced: list[str]) -> Object:
    volumes = (subject.pod.get("spec") or {}).get("volumes") or ()
    found: Object = next((dict(each) for each in volumes if each.get("name") == name), {"name": name})
    claim = claim_of_volume(subject.pod_name, found)
    if claim and claim not in subject.lacking:
        return {"name": name, "persistentVolumeClaim": {"claimName": claim}}
    secret = str((found.get("secret") or {}).get("secretName") or "")
    settings = str((found.get("configMap") or {}).get("name") or "")
    if (secret and secret in request.secrets) or (settings and settings in request.config_maps):
        return found
    if not any(kind in found for kind in _OWN_VOLUMES):
        why = subject.lacking.get(claim, "") if claim else ""
        what = f"claim {claim} ({why})" if claim else f"volume {name} ({_kind_of(found)})"
        replaced.append(f"An empty directory stands in for {what}.")
        return {"name": name, "emptyDir": {}}
    return found


def _has_token(volume: ObjectView) -> bool:
    """Of a ServiceAccount: nothing that a database needs, and the last thing that a copy of it should have."""
    sources = (volume.get("projected") or {}).get("sources") or ()
    return any("serviceAccountToken" in source for source in sources)


def _kind_of(volume: ObjectView) -> str:
    kind = next((key for key in volume if key != "name"), "unknown")
    names = {"secret": "secretName", "configMap": "name"}
    name = str((volume.get(kind) or {}).get(names.get(kind, ""), "")) if isinstance(volume.get(kind), dict) else ""
    return f"{kind} {name}".strip()


__all__ = ("WORK", "ScratchPod", "copied", "pod_body")
