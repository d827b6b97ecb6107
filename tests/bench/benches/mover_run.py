# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One copy of volumes in the cluster of ARKIVE_TEST_*: ``python -m benches.mover_run ACTION ...``.

An action is ``make CLAIM SIZE SCRIPT``, ``upload CONCURRENCY PREFIX CLAIM...``, ``by_hand PREFIX CLAIM`` or ``remove``.

``upload`` is the mover's, ``by_hand`` a pod that runs kopia on the same volume, with the same options and nothing
around it. Both go to the repository at PREFIX, which the first of them makes. Prints one JSON object: ``seconds`` from
the call to its end, for ``by_hand`` those of the snapshot alone; ``probe_seconds``: those of what comes before it in a
backup, where the first run at a place makes its repository; ``rss_kb``: the most that this process had.
"""

from __future__ import annotations

import json
import os
import resource
import secrets
import sys
import time
import typing as t

import boto3
import urllib3
from botocore.client import Config

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import MoverSettings, Probe, Upload
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.mover import Mover
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.target import MoverTarget
from benches.in_cluster import create, delete, make_namespace, wait

#: The client imports it late, and imports are not what is measured.
IMPORTED = (urllib3.PoolManager,)
NAMESPACE = "arkive-bench-mover"
BUCKET = "arkive-bench-mover"
PASSWORD = "the password of the bench"
#: As the mover runs it (docs/compatibility 18.2). Prints the seconds of the snapshot last.
_BY_HAND = r"""
set -eu
export KOPIA_CONFIG_PATH=/tmp/kopia.config KOPIA_CACHE_DIRECTORY=/tmp/cache
k() { kopia --no-auto-maintenance --disable-file-logging "$@" 2>/tmp/said || { cat /tmp/said >&2; exit 1; }; }
k repository "$VERB" s3 --bucket="$BUCKET" --prefix="$PREFIX" --endpoint="$ENDPOINT" --disable-tls --region=us-east-1 \
  --override-username=default --override-hostname=default --no-check-for-updates >/dev/null
begun=$(date +%s.%N)
k snapshot create /data --override-source=default@default:by-hand --json >/dev/null
echo "$begun $(date +%s.%N)" | awk '{ printf "%.3f\n", $2 - $1 }' >/dev/termination-log
"""


def _location() -> S3Location:
    return S3Location(
        bucket=BUCKET,
        prefix="",
        region="us-east-1",
        endpoint_url=os.environ["ARKIVE_TEST_S3_ENDPOINT"],
        access_key=os.environ["ARKIVE_TEST_S3_ACCESS_KEY"],
        secret_key=os.environ["ARKIVE_TEST_S3_SECRET_KEY"],
    )


def upload(client: KubeClient, prefix: str, claims: t.Sequence[str], *, concurrency: int) -> Object:
    """By the mover, all at once. ``prefix`` is the namespace that the repository is called after."""
    run = ClusterRun(client=client, run_id=secrets.token_hex(6))
    location = _location()
    settings = MoverSettings(
        s3_url=os.environ["ARKIVE_TEST_S3_POD_ENDPOINT"],
        credentials="static",
        concurrency=concurrency,
        per_node=concurrency,
    )
    mover = Mover(run, MoverTarget(location=location, store=open_store(location), password=PASSWORD), settings)
    probed_at = time.monotonic()
    [probed] = mover.probe([Probe(namespace=NAMESPACE, source_namespace=prefix)])
    uploads = [
        Upload(namespace=NAMESPACE, claim=claim, source_path=f"bench/{claim}", source_namespace=prefix)
        for claim in claims
    ]
    begun = time.monotonic()
    done = mover.upload(uploads)
    return {
        "seconds": time.monotonic() - begun,
        "probe_seconds": begun - probed_at,
        "bytes": sum(each.bytes for each in done),
        "files": sum(each.files for each in done),
        "errors": [error for error in (probed.error, *(each.error for each in done)) if error],
    }


def by_hand(client: KubeClient, prefix: str, claim: str) -> Object:
    """In a pod that is there for it. The repository is the mover's, or one of its own."""
    name = f"by-hand-{secrets.token_hex(3)}"
    there = open_store(_location()).list(f"kopia/{prefix}/").objects
    environment = {
        "VERB": "connect" if there else "create",
        "BUCKET": BUCKET,
        "PREFIX": f"kopia/{prefix}/",
        "ENDPOINT": os.environ["ARKIVE_TEST_S3_POD_ENDPOINT"].partition("://")[2],
        "KOPIA_PASSWORD": PASSWORD,
        "AWS_ACCESS_KEY_ID": os.environ["ARKIVE_TEST_S3_ACCESS_KEY"],
        "AWS_SECRET_ACCESS_KEY": os.environ["ARKIVE_TEST_S3_SECRET_KEY"],
    }
    container = {
        "name": "kopia",
        "image": MoverSettings().image,
        "command": ["/bin/sh", "-c", _BY_HAND],
        "env": [{"name": key, "value": value} for key, value in environment.items()],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    spec = {"restartPolicy": "Never", "containers": [container], "volumes": [_volume(claim)]}
    ended = _run_pod(client, name, spec)
    return {"seconds": float(ended["message"]), "errors": []}


def make(client: KubeClient, claim: str, size: str, script: str) -> Object:
    """A claim, filled by ``script`` in ``/data``, unless it is there."""
    make_namespace(client, NAMESPACE)
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    claims = f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims"
    if create(client, claims, {"metadata": {"name": claim}, "spec": spec}):
        container = {
            "name": "fill",
            "image": "debian",
            "command": ["/bin/sh", "-ec", f"cd /data\n{script}\nsync"],
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        }
        pod = {"restartPolicy": "Never", "containers": [container], "volumes": [_volume(claim)]}
        _run_pod(client, f"fill-{secrets.token_hex(3)}", pod)
    return {}


def remove(client: KubeClient) -> Object:
    """The namespace. The bucket goes with the S3 server of the local cluster."""
    delete(client, f"/api/v1/namespaces/{NAMESPACE}")
    return {}


def _volume(claim: str) -> Object:
    return {"name": "data", "persistentVolumeClaim": {"claimName": claim}}


def _run_pod(client: KubeClient, name: str, spec: Object) -> Object:
    """What its container ended with. The pod is gone afterwards."""
    pods = f"/api/v1/namespaces/{NAMESPACE}/pods"
    create(client, pods, {"metadata": {"name": name}, "spec": {"terminationGracePeriodSeconds": 0, **spec}})
    try:
        pod = wait(client, f"{pods}/{name}", lambda found: found["status"].get("phase") in ("Succeeded", "Failed"))
        ended: Object = pod["status"]["containerStatuses"][0]["state"]["terminated"]
        if ended["exitCode"] != 0:
            raise SystemExit(f"Pod {name} failed: {client.get_bytes(f'{pods}/{name}/log')[-2000:]!r}")
        return ended
    finally:
        client.delete(f"{pods}/{name}")


def _make_bucket() -> None:
    """The one that all runs share."""
    location = _location()
    s3 = boto3.client(
        "s3",
        endpoint_url=location.endpoint_url,
        region_name=location.region,
        aws_access_key_id=location.access_key,
        aws_secret_access_key=location.secret_key,
        config=Config(s3={"addressing_style": "path"}),
    )
    if BUCKET not in {each["Name"] for each in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=BUCKET)


def main() -> None:
    action, *arguments = sys.argv[1:]
    client = connect(KubeAuth(kubeconfig=os.environ["ARKIVE_TEST_KUBECONFIG"]))
    if action == "make":
        _make_bucket()
        result = make(client, *arguments)
    elif action == "upload":
        concurrency, prefix, *claims = arguments
        result = upload(client, prefix, claims, concurrency=int(concurrency))
    elif action == "by_hand":
        result = by_hand(client, *arguments)
    else:
        result = remove(client)
    result["rss_kb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps(result))


if __name__ == "__main__":
    main()
