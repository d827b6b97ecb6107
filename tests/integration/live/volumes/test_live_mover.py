# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mover on a real cluster, with a real kopia: what goes in comes out, and whatever is killed leaves nothing."""

from __future__ import annotations

import signal
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from mover_lab import FILL, LOOK, PASSWORD, MoverLab, kill_pod_of, kopia_of
from volume_lab import until

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import Download, Probe

if t.TYPE_CHECKING:
    from cluster_access import Kubectl, S3Access

pytestmark = pytest.mark.node

#: Bytes a second: the upload of the random file takes so long that it can be killed.
SLOW = 1_500_000


@pytest.fixture(scope="module")
def lab(
    client: KubeClient, kubectl: Kubectl, s3: S3Access, module_namespace: str, pod_s3_url: str, kopia_image: str
) -> t.Iterator[MoverLab]:
    found = MoverLab(client, kubectl, s3, namespace=module_namespace, pod_s3_url=pod_s3_url)
    assert kopia_image
    with found.with_bucket():
        found.claim("files")
        found.in_volume("files", FILL)
        yield found


def test_a_volume_goes_up_and_comes_back_as_it_was(lab: MoverLab) -> None:
    """Also the repository is made: by two runs at once, of which none breaks it (docs/compatibility 18.5)."""
    probe = Probe(namespace=lab.namespace, source_namespace=lab.namespace)
    with ThreadPoolExecutor(2) as pool:
        probed = list(pool.map(lambda mover: mover.probe([probe])[0], [lab.mover(), lab.mover()]))
    assert [each.error for each in probed] == ["", ""]
    assert sorted(each.created for each in probed) == [False, True]
    mover = lab.mover()
    [up] = mover.upload([lab.upload("files", tags={"snapshot-uploader": "kopia"})])
    assert not up.error
    assert up.snapshot_id
    assert [loss.partition(" such")[0] for loss in up.losses] == [
        "2 of its files with hard links are kept as files of their own,",
        "1 named pipe is left out: pipe.",
    ]
    lab.claim("back")
    down = Download(namespace=lab.namespace, claim="back", source_namespace=lab.namespace, snapshot_id=up.snapshot_id)
    [restored] = mover.download([down])
    assert not restored.error
    assert (restored.bytes, restored.files) == (up.bytes, up.files)
    assert restored.owners_checked > 5
    assert lab.in_volume("back", LOOK) == lab.in_volume("files", LOOK)
    [again] = mover.download([down])
    assert "the volume is not empty" in again.error
    assert lab.objects() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_pod_that_is_killed_leaves_nothing_and_the_next_goes_on(
    lab: MoverLab, kubectl: Kubectl, number: signal.Signals, kopia_program: str, tmp_path: Path
) -> None:
    lab.in_volume("files", "head -c 12M /dev/urandom >/data/random; sync")
    lab.mover().probe([Probe(namespace=lab.namespace, source_namespace=lab.namespace)])
    before = {each["id"] for each in lab.snapshots(kopia_program, tmp_path)}
    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(lambda: lab.mover(bandwidth=SLOW).upload([lab.upload("files")]))
        pid = until(lambda: kopia_of(lab.namespace), "kopia uploads", seconds=60)[0]
        if number == signal.SIGKILL:
            kill_pod_of(pid, number)
        else:
            kubectl("-n", lab.namespace, "delete", "pods", "-l", "arkive.k8s/mover=upload", "--wait=false")
        [up] = going.result(timeout=120)
    assert not up.error
    after = lab.snapshots(kopia_program, tmp_path)
    assert {each["id"] for each in after} - before == {up.snapshot_id}
    assert not [each for each in after if each.get("incomplete")]
    assert lab.objects() == []


def test_a_run_that_is_cancelled_ends_at_once_and_forgets_what_it_had(
    lab: MoverLab, kopia_program: str, tmp_path: Path
) -> None:
    lab.in_volume("files", "head -c 12M /dev/urandom >/data/random; sync")
    lab.mover().probe([Probe(namespace=lab.namespace, source_namespace=lab.namespace)])
    before = len(lab.snapshots(kopia_program, tmp_path))
    cancel = CancelToken()
    run, _lines = lab.run(cancel=cancel)

    def stop() -> None:
        until(lambda: kopia_of(lab.namespace), "kopia uploads", seconds=60)
        cancel.cancel("the test says so")

    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(Cancelled):
        lab.mover(run, bandwidth=SLOW).upload([lab.upload("files")])
    stopper.join()
    assert lab.objects() == []
    assert len(lab.snapshots(kopia_program, tmp_path)) == before


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"password": "another"}, "does not open with this password"),
        ({"s3_url": "http://198.18.0.1:1"}, "do not reach the S3 server 198.18.0.1:1"),
        ({"image": "docker.io/kopia/kopia:none", "pod_start_timeout": 5.0}, "Check mover.image"),
    ],
)
def test_what_pods_cannot_do_is_one_sentence_before_anything_is_frozen(
    lab: MoverLab, settings: dict[str, t.Any], sentence: str
) -> None:
    probe = Probe(namespace=lab.namespace, source_namespace=lab.namespace)
    lab.mover().probe([probe])
    [probed] = lab.mover(**settings).probe([probe])
    assert sentence in probed.error
    assert "\n" not in probed.error
    assert PASSWORD not in probed.error
    assert lab.objects() == []
