# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups whose data is in repositories, when they are to go: what is known before anything is begun, and said once."""

from __future__ import annotations

import datetime as dt
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import DeletedBackup, delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_outcome import PruneOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_run import PruneRequest, prune
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover import deletion
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.marks import (
    MOVER,
    RENEWED,
    RUN_ID,
    WORKS_ON,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import MoverSettings
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.mover import Mover
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.provider import MoverProvider
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import Moving
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._catalog.moved_backups import (
    claim,
    put_moved,
    upload,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.mover.mover_cluster import (
    MoverCluster,
    ended,
)

REAL = (Path(__file__).parent / "samples" / "kopia.repository-scrypt.json").read_bytes()
UNTRIED = REAL.replace(b"scrypt-65536-8-1", b"argon2-of-tomorrow")
IDS = tuple(letter * 32 for letter in "abc")
NO_PASSWORD = "There is no password for the repository: none is given, and no Secret velero/velero-repo-credentials."


class Lab:
    """One backup with three snapshots in the repository of namespace ``shop``; its password is the cluster's."""

    def __init__(self, cluster: MoverCluster) -> None:
        self.cluster = cluster
        self.password: str | None = "s3same-open"
        #: The option mover.namespace.
        self.namespace = ""
        self.issues = Issues()
        cluster.store.put("kopia/shop/kopia.repository", REAL)
        put_moved(cluster.store, "b1", claim(IDS[0]), *(upload(each, backup="b1") for each in IDS))

    def make_mover(self, _moving: Moving, _client: t.Any, cancel: t.Any) -> Mover:
        if self.password is None:
            raise MoverError(NO_PASSWORD)
        return self.cluster.mover(self.cluster.run().with_issues(self.issues), password=self.password)

    def delete(self, **how: t.Any) -> DeletedBackup:
        moving = Moving(settings=MoverSettings(namespace=self.namespace), store=self.cluster.store)
        context = VolumeContext(connect=lambda: self.cluster.api.client, moving=moving)
        return delete_backup("b1", store=self.cluster.store, providers=[MoverProvider(context)], **how)

    def prune(self) -> PruneOutcome:
        """All backups have expired."""
        moving = Moving(settings=MoverSettings(namespace=self.namespace), store=self.cluster.store)
        context = VolumeContext(connect=lambda: self.cluster.api.client, moving=moving)
        request = PruneRequest(providers=(MoverProvider(context),))
        return prune(request, self.cluster.store, context=RunContext())

    @property
    def is_there(self) -> bool:
        return self.cluster.store.exists("backups/b1/velero-backup.json")


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    lab = Lab(MoverCluster(tmp_path, _forgets))
    monkeypatch.setattr(deletion, "make_mover", lab.make_mover)
    return lab


def _forgets(job: dict[str, t.Any]) -> dict[str, t.Any]:
    gone = "".join(f"forgot {each}\n" for each in _ids(job))
    return ended(f"arkive-mover done forget 0\n{gone}")


def _ids(job: dict[str, t.Any]) -> list[str]:
    (container,) = job["spec"]["template"]["spec"]["containers"]
    (ids,) = (each["value"] for each in container["env"] if each["name"] == "MV_IDS")
    return str(ids).split()


def test_one_pod_takes_them_out(lab: Lab) -> None:
    outcome = lab.delete()
    assert (outcome.changed, len(outcome.deleted_snapshots), lab.is_there) == (True, 3, False)
    assert len(lab.cluster.made) == 1
    assert lab.cluster.left() == []


@pytest.mark.parametrize(
    ("check_mode", "format_blob", "said"),
    [
        pytest.param(True, REAL, [], id="nothing is done"),
        pytest.param(False, REAL, ["get the keys of the storage location itself"], id="a pod gets the given keys"),
        pytest.param(True, UNTRIED, ["was not tried without a pod"], id="a password that only kopia can try"),
        pytest.param(
            False,
            UNTRIED,
            ["was not tried without a pod", "get the keys of the storage location itself"],
            id="both",
        ),
    ],
)
def test_what_the_mover_warns_of_is_said_once(lab: Lab, check_mode: bool, format_blob: bytes, said: list[str]) -> None:
    """As in every other run that moves data, however many repositories there are."""
    other = upload("d" * 32, backup="b1")
    other["spec"]["sourceNamespace"] = "logs"
    put_moved(lab.cluster.store, "b1", claim(IDS[0]), upload(IDS[0], backup="b1"), other)
    lab.cluster.api.add("namespaces", "logs")
    for namespace in ("shop", "logs"):
        lab.cluster.store.put(f"kopia/{namespace}/kopia.repository", format_blob)
    assert lab.delete(check_mode=check_mode).changed
    assert len(lab.cluster.made) == (0 if check_mode else 2)
    warnings = [each.message for each in lab.issues.warnings]
    assert len(warnings) == len(said)
    assert all(part in each for part, each in zip(said, warnings, strict=True))


@pytest.mark.parametrize("is_there", [True, False])
def test_the_pod_is_in_the_namespace_that_is_named(lab: Lab, is_there: bool) -> None:
    """That of the volumes may be no more."""
    lab.namespace = "other"
    lab.cluster.api.add("namespaces", "other")
    if not is_there:
        lab.cluster.api.kept.remove(("namespaces", "", "shop"))
    lab.delete()
    assert [job["metadata"]["namespace"] for job in lab.cluster.made] == ["other"]
    assert not lab.is_there


def test_who_may_not_look_for_the_namespace_tries(lab: Lab) -> None:
    refusal = KubeError("no", status=403)
    lab.cluster.api.refuse = lambda verb, path, _dry: (
        refusal if (verb, path[-16:]) == ("GET", "/namespaces/shop") else None
    )
    lab.delete()
    assert not lab.is_there


def test_what_a_killed_deletion_has_left_goes_with_the_next(lab: Lab) -> None:
    """By its sign of life, as with every other run that moves data; one that is alive is left alone."""
    now = utc_now()
    for name, seen in (("dead", now - dt.timedelta(hours=1)), ("alive", now)):
        metadata = {"labels": {MOVER: "forget", RUN_ID: "x", WORKS_ON: name}, "annotations": {RENEWED: rfc3339(seen)}}
        lab.cluster.makes_pods = False
        lab.cluster.api.add("jobs", name, "shop", metadata=metadata)
    lab.cluster.makes_pods = True
    lab.cluster.made.clear()
    lab.delete()
    assert lab.cluster.api.names("jobs", "shop") == ["alive"]


def test_one_pod_takes_out_those_of_many_backups(lab: Lab) -> None:
    """A pod takes seconds to come and to open a repository, whatever it does there."""
    ids = [letter * 32 for letter in "123456789"]
    for number, each in enumerate(ids):
        put_moved(lab.cluster.store, f"more-{number}", claim(each), upload(each, backup=f"more-{number}"))
    outcome = lab.prune()
    gone = {backup.name: backup.snapshots for backup in outcome.backups if backup.state == "deleted"}
    assert gone == {"b1": 3, **{f"more-{number}": 1 for number in range(len(ids))}}
    (job,) = lab.cluster.made
    assert set(_ids(job)) == {*IDS, *ids}
    assert sum("maintenance" in warning for warning in outcome.warnings) == 1
    assert lab.cluster.left() == []


def test_what_a_pod_has_done_before_it_failed_counts(lab: Lab) -> None:
    """The ones that are gone take their backups along; the others keep theirs, with the reason."""
    put_moved(lab.cluster.store, "b2", claim("d" * 32), upload("d" * 32, backup="b2"))
    gone = "".join(f"forgot {each}\n" for each in IDS)
    lab.cluster.behave = lambda _job: ended(f"arkive-mover failed forget 1\n{gone}no\n", code=1)
    outcome = lab.prune()
    assert {backup.name: backup.state for backup in outcome.backups} == {"b1": "deleted", "b2": "failed"}
    lab.cluster.behave = _forgets
    assert lab.prune().to_return()["deleted"] == ["b2"]


def _away(lab: Lab, times: int) -> list[int]:
    """The API server does not answer for the password, ``times`` times; the list grows by one each time it is asked."""
    asked: list[int] = []
    make = lab.make_mover

    def fail(*given: t.Any, **how: t.Any) -> Mover:
        asked.append(1)
        if len(asked) <= times:
            raise MoverError("The password could not be read.") from KubeError("It is away.", status=503)
        return make(*given, **how)

    lab.make_mover = fail  # type: ignore[method-assign]
    return asked


@pytest.mark.parametrize(
    ("times", "failed"),
    [
        pytest.param(1, ["b1"], id="the next backup goes"),
        pytest.param(2, ["b1", "b2"], id="and the one after"),
        pytest.param(9, ["b1", "b2", "b3", "b4", "b5"], id="it is asked no more than three times"),
    ],
)
def test_a_refusal_that_passes_is_not_kept_for_the_whole_run(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, times: int, failed: list[str]
) -> None:
    for name, letter in zip(("b2", "b3", "b4", "b5"), "2345", strict=True):
        put_moved(lab.cluster.store, name, claim(letter * 32), upload(letter * 32, backup=name))
    asked = _away(lab, times)
    monkeypatch.setattr(deletion, "make_mover", lab.make_mover)
    outcome = lab.prune()
    assert [backup.name for backup in outcome.failed] == failed
    assert len(asked) == min(times + 1, 3)


def test_a_refusal_that_lasts_is_asked_for_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    put_moved(lab.cluster.store, "b2", claim("d" * 32), upload("d" * 32, backup="b2"))
    asked: list[int] = []
    make = lab.make_mover

    def count(*given: t.Any, **how: t.Any) -> Mover:
        asked.append(1)
        return make(*given, **how)

    lab.password = None
    monkeypatch.setattr(deletion, "make_mover", count)
    assert [backup.name for backup in lab.prune().failed] == ["b1", "b2"]
    assert len(asked) == 1


def _without_password(lab: Lab) -> None:
    lab.password = None


def _wrong_password(lab: Lab) -> None:
    lab.password = "another"


def _gone(lab: Lab) -> None:
    lab.cluster.api.kept.remove(("namespaces", "", "shop"))


def _other_gone(lab: Lab) -> None:
    lab.namespace = "other"


def _refused_pods(lab: Lab) -> None:
    refusal = KubeError('pods "x" is forbidden: violates PodSecurity "restricted:latest"', status=403)
    lab.cluster.api.refuse = lambda verb, path, _dry: refusal if (verb, path[-5:]) == ("POST", "/pods") else None


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(_without_password, NO_PASSWORD.rstrip("."), id="no password"),
        pytest.param(_wrong_password, "does not open with this password", id="a wrong password"),
        pytest.param(_gone, "Namespace shop is not there", id="the namespace is gone"),
        pytest.param(_other_gone, "Name one that is there as mover.namespace", id="the one that is named is gone"),
        pytest.param(_refused_pods, "violates PodSecurity", id="a namespace that lets no pod in"),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_what_is_known_before_is_said_once_and_nothing_is_begun(
    lab: Lab, spoil: t.Callable[[Lab], None], said: str, check_mode: bool
) -> None:
    spoil(lab)
    before = sorted(info.key for info in lab.cluster.store.list("").objects)
    with pytest.raises(ValidationError, match="records snapshots that would be left behind") as caught:
        lab.delete(check_mode=check_mode)
    assert caught.value.message.count(said) == 1
    assert all(each in caught.value.message for each in IDS)
    assert "changed" not in caught.value.details
    assert sorted(info.key for info in lab.cluster.store.list("").objects) == before
    assert lab.cluster.made == []


def test_what_is_left_behind_is_named_in_one_warning(lab: Lab) -> None:
    lab.password = None
    outcome = lab.delete(force=True)
    (warning,) = outcome.warnings_list
    assert warning["message"].startswith(f"The snapshots {IDS[0]} (repository")
    assert warning["message"].endswith(f"are left behind, and nothing refers to them any more: {NO_PASSWORD}")
    assert all(each in json.dumps(warning) for each in IDS)
    assert not lab.is_there
