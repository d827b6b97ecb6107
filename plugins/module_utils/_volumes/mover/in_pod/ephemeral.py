# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The container that reads a volume inside of its pod, as an object: it stays listed there for ever.

So it says nothing but its image, a constant program and the volume that it mounts: where the repository is, the keys
and the password are handed over to the running program (docs/compatibility 18.7).
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.ephemeral_scripts import (
    EPHEMERAL_DIR,
    ephemeral_script,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.manifest import (
    JobPlan,
    kopia_environment,
    task_environment,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.scripts import DATA_DIR, MESSAGE_PATH
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import (
    InPod,
    MoverSettings,
    RepositoryPlace,
)

#: Of kopia's caches, of contents and of metadata. They count as disk space of the application's pod, which may be
#: limited; an upload reads little of what there is.
_CONTENT_CACHE = 16 << 20
_METADATA_CACHE = 64 << 20


def ephemeral_patch(name: str, inside: InPod, settings: MoverSettings) -> Object:
    """A strategic merge patch of ``pods/ephemeralcontainers``: one more, called ``name``, in that pod and no later one.

    The kubelet gives it neither resources nor a restart, and it mounts whole volumes only.
    """
    container: Object = {
        "name": name,
        "image": settings.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "-euc", ephemeral_script()],
        "volumeMounts": [{"name": inside.volume, "mountPath": DATA_DIR, "readOnly": True}],
        "terminationMessagePath": MESSAGE_PATH,
        "terminationMessagePolicy": "File",
        "securityContext": _security(inside),
    }
    metadata = {"uid": inside.uid} if inside.uid else {}
    return {"metadata": metadata, "spec": {"ephemeralContainers": [container]}}


def handed_over(
    plan: JobPlan, settings: MoverSettings, secrets: t.Mapping[str, str], *, folder: str = EPHEMERAL_DIR
) -> str:
    """The lines that its program reads: its environment. ``secrets``: keys and password. It works in ``folder``."""
    (task,) = plan.tasks
    environment = {
        **kopia_environment(folder, folder),
        **task_environment(settings, task),
        "MV_CONFIG": json.dumps(
            kopia_config(plan.repository, folder, write=plan.action == "upload"), separators=(",", ":")
        ),
        **secrets,
    }
    lines = (f"{name}={base64.b64encode(value.encode()).decode()}\n" for name, value in sorted(environment.items()))
    return "".join(lines) + ".\n"


def kopia_config(place: RepositoryPlace, folder: str = EPHEMERAL_DIR, *, write: bool = True) -> Object:
    """What ``kopia repository connect`` would write, without the keys: kopia 0.22 takes these from its environment."""
    storage: Object = {"bucket": place.bucket, "prefix": place.prefix, "endpoint": place.endpoint}
    if place.region:
        storage["region"] = place.region
    if not place.tls:
        storage["doNotUseTLS"] = True
    if not place.verify:
        storage["doNotVerifyTLS"] = True
    if place.ca:
        storage["rootCA"] = base64.b64encode(place.ca.encode()).decode()
    storage |= {"accessKeyID": "", "secretAccessKey": "", "sessionToken": ""}
    caching = {
        "cacheDirectory": f"{folder}/cache",
        "maxCacheSize": _CONTENT_CACHE,
        "contentCacheSizeLimitBytes": 2 * _CONTENT_CACHE,
        "maxMetadataCacheSize": _METADATA_CACHE,
        "metadataCacheSizeLimitBytes": 2 * _METADATA_CACHE,
    }
    return {
        "storage": {"type": "s3", "config": storage},
        "caching": caching,
        "hostname": "default",
        "username": "default",
        "enableActions": False,
        **({} if write else {"readonly": True}),
    }


def _security(inside: InPod) -> Object:
    """Root with the one capability that it takes, whatever the pod says of itself (see ``job_manifest``)."""
    found: Object = {
        "runAsUser": 0,
        "runAsGroup": 0,
        "runAsNonRoot": False,
        "allowPrivilegeEscalation": False,
        "seccompProfile": {"type": "RuntimeDefault"},
        "capabilities": {"drop": ["ALL"], "add": ["DAC_OVERRIDE"]},
    }
    return found | ({"seLinuxOptions": dict(inside.labels)} if inside.labels else {})


__all__ = ("ephemeral_patch", "handed_over", "kopia_config")
