# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Temporary pods come and go: made for certain, removed for certain, and what dead runs left is swept."""

# Private: not for use outside of this collection.

from __future__ import annotations

import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.marks import TEMPORARY_POD, is_left
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.waiting import ask_patiently, await_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need, find_forbidden
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import delete_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rights import rights_text, rules_text
from ansible_collections.arkive.k8s.plugins.module_utils._kube.sure_creates import CreateUnknown, create_surely

PODS = ApiResource.known("", "pods", "Pod")
#: How long an API server that is away is waited for when a pod is to be removed, and then the pod itself, in seconds.
_REMOVE_SECONDS = 120.0
#: Questions about rights are asked again for so long while the API server is away, in seconds.
_REVIEW_SECONDS = 60.0

_HINTS = (
    ("exceeded quota", "Free some of the quota or raise it; podOverride can ask for less."),
    ("failed quota", "The quota wants requests or limits: set them for container 'container' in podOverride."),
    ("PodSecurity", "Set the securityContext that the namespace wants in podOverride, or run it in another namespace."),
    ("error looking up service account", "Name one that exists: in podOverride, or as hook_service_account."),
    ("LimitRange", "Set requests and limits within the range of the namespace in podOverride."),
)


def create_pod(call: FunctionCall, body: Object) -> Object:
    """Make the pod. Raises ``BlueprintError`` in words, and ``Cancelled``; then there is none."""
    metadata = body["metadata"]
    name, namespace = metadata["name"], metadata["namespace"]
    what = _what(call, namespace)

    def is_ours(found: Object) -> bool:
        annotations = found["metadata"].get("annotations") or {}
        return all(annotations.get(key) == value for key, value in metadata["annotations"].items())

    try:
        return create_surely(call.client, PODS, body, namespace=namespace, is_ours=is_ours)
    except CreateUnknown as exc:
        # Its name has eight random letters: nobody else's pod has it.
        _remove(call, namespace, name, uid="")
        call.run.cancel.check()
        raise BlueprintError(f"{what} could not be made: {exc.message}", hint=exc.hint) from exc
    except KubeError as exc:
        raise BlueprintError(f"{what} could not be made: {exc.message}", hint=_hint(exc)) from exc


def check_rights(call: FunctionCall, namespace: str) -> None:
    """A pod that could not be followed and removed again is not made. Raises ``BlueprintError``."""
    what = _what(call, namespace)
    needs = [Need(verb, "", "pods", namespace=namespace) for verb in ("create", "get", "delete")]
    needs.append(Need("get", "", "pods", "log", namespace))
    try:
        missing = ask_patiently(
            call.client, lambda: find_forbidden(call.client, needs, workers=1), timeout=_REVIEW_SECONDS
        )
    except KubeError as exc:
        raise BlueprintError(f"{what} could not be made: {exc.message}", hint=exc.hint) from exc
    if missing:
        raise BlueprintError(
            f"{what} was not made: the caller may not {rights_text(missing)}.", hint=rules_text(missing)
        )


def remove_pod(call: FunctionCall, pod: ObjectView) -> None:
    """Take it away at once and see it gone, also in a run that was cancelled. What does not work is a warning."""
    metadata = pod["metadata"]
    _remove(call, str(metadata["namespace"]), str(metadata["name"]), uid=str(metadata["uid"]))


def sweep_pods(client: KubeClient, namespaces: t.Iterable[str]) -> tuple[list[str], list[str]]:
    """Remove the temporary pods that dead runs have left; their names, and what did not work, as sentences."""
    swept, notes = [], []
    for namespace in dict.fromkeys(filter(None, namespaces)):
        try:
            found = client.get(PODS.path(namespace), query={"labelSelector": TEMPORARY_POD}).get("items") or []
            for pod in found:
                metadata = pod["metadata"]
                if is_left(pod, client.server_now()) and delete_object(
                    client, PODS, metadata["name"], namespace, grace_seconds=0, uid=metadata["uid"]
                ):
                    swept.append(f"{namespace}/{metadata['name']}")
        except KubeError as exc:
            notes.append(
                f"Temporary pods that earlier runs left in namespace {namespace} were not swept: {exc.message}"
            )
    return swept, notes


def _remove(call: FunctionCall, namespace: str, name: str, *, uid: str) -> None:
    client = call.run.client.with_cancel(CancelToken())
    end = time.monotonic() + _REMOVE_SECONDS
    try:
        ask_patiently(
            client,
            lambda: delete_object(client, PODS, name, namespace, grace_seconds=0, uid=uid),
            timeout=_REMOVE_SECONDS,
        )
        await_object(
            client,
            PODS,
            name,
            namespace,
            lambda pod: pod is None or bool(uid and pod["metadata"].get("uid") != uid),
            timeout=max(1.0, end - time.monotonic()),
        )
    except KubeError as exc:
        late = isinstance(exc, KubeTimeout) and "wanted state" in exc.message
        why = f"it was still there after {_REMOVE_SECONDS:g} s" if late else exc.message
        call.run.issues.warning(
            f"Pod {namespace}/{name} of {call.place.function} could not be removed: {why.rstrip('.')}. It ends by "
            "itself, and the next run in this namespace removes it."
        )


def _what(call: FunctionCall, namespace: str) -> str:
    return f"The pod of {call.place.function} in namespace {namespace}"


def _hint(exc: KubeError) -> str | None:
    if exc.not_found:
        return "Name a namespace that exists: as argument namespace of the function, or as hook_default_namespace."
    return next((hint for words, hint in _HINTS if words in exc.message), exc.hint)


__all__ = ("PODS", "check_rights", "create_pod", "remove_pod", "sweep_pods")
