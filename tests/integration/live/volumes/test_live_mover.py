# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mover on a real cluster, with a real kopia: what goes in comes out, and whatever is killed leaves nothing."""

from __future__ import annotations

import dataclasses
import signal
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from mover_lab import FILL, LOOK, PASSWORD, MoverLab, kill_pod_of, kopia_of, set_attributes
from volume_lab import until

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import (
    Download,
    Probe,
    Probed,
    WorkloadPlace,
)

if t.TYPE_CHECKING:
    from cluster_access import Kubectl, S3Access

pytestmark = pytest.mark.node

#: Bytes a second: the upload of a volume takes so long that it can be ended in the middle. Kopia lets pass at once what
#: comes through in 6 seconds (a tenth of its window); the rest of the 6 MiB waits for 10 s.
SLOW = 400_000
_RANDOM = "head -c 6M /dev/urandom >/data/random; sync"


@pytest.fixture(scope="module")
def lab(
    client: KubeClient, kubectl: Kubectl, s3: S3Access, module_namespace: str, pod_s3_url: str, kopia_image: str
) -> t.Iterator[MoverLab]:
    found = MoverLab(client, kubectl, s3, namespace=module_namespace, pod_s3_url=pod_s3_url)
    assert kopia_image
    with found.with_bucket():
        found.claim("files")
        found.in_volume("files", FILL, then=set_attributes)
        found.claim("slow")
        found.in_volume("slow", _RANDOM)
        yield found


@pytest.fixture(scope="module")
def repository(lab: MoverLab) -> list[Probed]:
    """What two runs say that want to make the repository at once."""
    probe = Probe(namespace=lab.namespace, source_namespace=lab.namespace)
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda mover: mover.probe([probe])[0], [lab.mover(), lab.mover()]))


def test_two_runs_at_once_make_one_repository(repository: list[Probed]) -> None:
    """It opens, for a pod that has cached nothing of it (docs/compatibility 18.5)."""
    assert [each.error for each in repository] == ["", ""]
    assert sorted(each.created for each in repository) == [False, True]


def test_a_volume_goes_up_and_comes_back_as_it_was(lab: MoverLab, repository: list[Probed]) -> None:
    assert repository
    mover = lab.mover()
    [up] = mover.upload([lab.upload("files", tags={"snapshot-uploader": "kopia"})])
    assert not up.error
    assert up.snapshot_id
    assert [loss.partition(" such")[0] for loss in up.losses] == [
        "2 of its files with hard links are kept as files of their own,",
        "1 named pipe is left out: pipe.",
        "POSIX ACLs of 1 entry are not kept,",
        "Extended attributes of 1 entry are not kept,",
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
    # The run that had it filled may have died before it could say so.
    [resumed] = mover.download([dataclasses.replace(down, again=True)])
    assert (resumed.error, resumed.files) == ("", up.files)
    assert lab.objects() == []


def test_a_run_that_is_cancelled_forgets_what_it_had(
    lab: MoverLab, repository: list[Probed], kopia_program: str, tmp_path: Path
) -> None:
    assert repository
    before = lab.snapshots(kopia_program, tmp_path)
    cancel = CancelToken()
    run, _lines = lab.run(cancel=cancel)

    def stop() -> None:
        until(lambda: kopia_of(lab.namespace), "kopia uploads", seconds=60)
        cancel.cancel("the test says so")

    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(Cancelled):
        lab.mover(run, bandwidth=SLOW).upload([lab.upload("slow")])
    stopper.join()
    assert lab.objects() == []
    assert lab.snapshots(kopia_program, tmp_path) == before


def test_pods_that_are_killed_leave_nothing_and_the_next_goes_on(
    lab: MoverLab, repository: list[Probed], kubectl: Kubectl, kopia_program: str, tmp_path: Path
) -> None:
    """The second gets SIGTERM, which kopia answers with a snapshot and exit code 0 (docs/compatibility 18.3).

    What it has uploaded by then is there for the next one, which has nothing left to do.
    """
    assert repository
    before = {each["id"] for each in lab.snapshots(kopia_program, tmp_path)}
    # What a run that was cancelled has uploaded would have nothing left to do for any of them.
    lab.in_volume("slow", _RANDOM)
    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(lambda: lab.mover(bandwidth=SLOW).upload([lab.upload("slow")]))
        first = until(lambda: kopia_of(lab.namespace), "kopia uploads", seconds=60)
        kill_pod_of(first[0], signal.SIGKILL)
        until(lambda: set(kopia_of(lab.namespace)) - set(first), "the next one uploads", seconds=90)
        kubectl("-n", lab.namespace, "delete", "pods", "-l", "arkive.k8s/mover=upload", "--wait=false")
        told = lab.told(kubectl)
        [up] = going.result(timeout=120)
    assert not up.error
    after = lab.snapshots(kopia_program, tmp_path)
    assert {each["id"] for each in after} - before == {up.snapshot_id}
    assert not [each for each in after if each.get("incomplete")]
    assert lab.objects() == []
    assert "MV_SOURCE" in told
    assert not [secret for secret in lab.secrets if secret in told]


def test_what_the_user_of_the_workload_may_not_read_is_an_error_that_names_it(
    lab: MoverLab, repository: list[Probed]
) -> None:
    """One volume has a folder that only root lists; of the other only ``lost+found`` is root's alone."""
    assert repository
    place = WorkloadPlace(security_context={"runAsUser": 1234, "runAsGroup": 5678})
    mover = lab.mover(security_context="workload")
    [refused, up] = mover.upload([lab.upload("files", place=place), lab.upload("slow", place=place)])
    assert "many" in refused.error
    assert not refused.snapshot_id
    assert up.error == ""
    assert (up.files, up.losses[0]) == (
        1,
        "The folder lost+found of the file system is left out, which only root can read.",
    )
    assert lab.objects() == []


def test_an_entry_that_cannot_be_read_is_no_success_and_its_snapshot_is_forgotten(
    lab: MoverLab, repository: list[Probed], kopia_program: str, tmp_path: Path
) -> None:
    """Kopia saves the rest of it all the same (docs/compatibility 18.3)."""
    assert repository
    before = lab.snapshots(kopia_program, tmp_path)
    lab.in_volume("slow", "touch /data/no.kopia-entry")
    [up] = lab.mover().upload([lab.upload("slow")])
    assert "not all of it can be read, such as no: " in up.error
    assert lab.snapshots(kopia_program, tmp_path) == before


@pytest.mark.parametrize(
    ("level", "kind", "sentence"),
    [
        ("restricted", "root", "Set mover.security_context to 'workload'"),
        ("restricted", "workload", ""),
        ("baseline", "root", ""),
    ],
)
def test_check_mode_knows_what_pod_security_says(
    lab: MoverLab, kubectl: Kubectl, namespace: str, level: str, kind: str, sentence: str
) -> None:
    kubectl("label", "namespace", namespace, f"pod-security.kubernetes.io/enforce={level}")
    probes = [Probe(namespace=namespace, source_namespace="another")]
    [probed] = lab.mover(security_context=kind).preview(probes)
    assert sentence in probed.error
    assert bool(probed.error) is bool(sentence)


def test_a_new_repository_wants_the_password_of_the_others(lab: MoverLab, repository: list[Probed]) -> None:
    """It is tried on what a pod's kopia wrote, and by no pod."""
    assert repository
    new = Probe(namespace=lab.namespace, source_namespace="new")
    [foreseen] = lab.mover(password="another").preview([new])
    [probed] = lab.mover(password="another").probe([new])
    assert "No repository is made for namespace new: the password does not open that at" in probed.error
    assert probed.error == foreseen.error
    assert not lab.store.list("kopia/new").objects
    [insists] = lab.mover(password="another").preview([dataclasses.replace(new, any_password=True)])
    assert insists.error == ""
    assert [each.error for each in lab.mover().preview([new])] == [""]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"password": "another"}, "does not open with this password"),
        ({"s3_url": "http://198.18.0.1:1"}, "do not reach the S3 server 198.18.0.1:1"),
        ({"image": "docker.io/kopia/kopia:none", "pod_start_timeout": 5.0}, "Check mover.image"),
    ],
)
def test_what_pods_cannot_do_is_one_sentence_before_anything_is_frozen(
    lab: MoverLab, repository: list[Probed], settings: dict[str, t.Any], sentence: str
) -> None:
    assert repository
    probe = Probe(namespace=lab.namespace, source_namespace=lab.namespace)
    [probed] = lab.mover(**settings).probe([probe])
    assert sentence in probed.error
    assert "\n" not in probed.error
    assert PASSWORD not in probed.error
    assert lab.objects() == []
