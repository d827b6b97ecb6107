# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of a repository in each state (docs/compatibility 18.6), and what keeps it from being changed."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories import work
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.in_location import find_repositories
from ansible_collections.arkive.k8s.plugins.module_utils._store.lock_record import LockRecord
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._catalog.moved_backups import (
    claim,
    put_moved,
    upload,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.repositories.repository_lab import (
    EARLIER,
    FOLDER,
    NEVER,
    RepositoryLab,
    held,
    info,
    run_of,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.mover.mover_cluster import failed

SAMPLES = Path(__file__).parents[2] / "_volumes" / "mover" / "samples"
OF_ANOTHER_PASSWORD = (SAMPLES / "kopia.repository-pbkdf2.json").read_bytes()
A, B, C = "a" * 32, "b" * 32, "c" * 32


@pytest.fixture
def lab(tmp_path: Path) -> RepositoryLab:
    (tmp_path / "location").mkdir()
    (tmp_path / "copy").mkdir()
    found = RepositoryLab(tmp_path)
    found.make_repository()
    return found


@pytest.fixture(autouse=True)
def _nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "who_maintains", lambda *_words, **_more: "")


def nothing_is_left(lab: RepositoryLab) -> bool:
    locks = [found.key for found in lab.store.list("kopia/").objects if found.key.endswith(".lock")]
    return not lab.cluster.left() and not locks


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("state", ["present", "listed", "maintained", "verified", "copied", "pruned"])
def test_a_namespace_that_is_gone_is_told_with_the_option(lab: RepositoryLab, state: t.Any, check_mode: bool) -> None:
    lab.cluster.api.kept.remove(("namespaces", "", "shop"))
    with pytest.raises(ArkiveError, match="Namespace shop is not there, in which a pod would work") as caught:
        lab.carry_out(state, check_mode=check_mode)
    assert caught.value.sentence.endswith("Name one that is there as mover_namespace.")
    assert (lab.did, nothing_is_left(lab)) == ([], True)


def test_one_is_made_and_then_it_is_there(lab: RepositoryLab) -> None:
    lab.store.delete_many([FOLDER + "kopia.repository", FOLDER + "udmrepo.Repository"])
    planned = lab.carry_out("present", check_mode=True)
    assert (planned.changed, planned.repository_state, lab.did) == (True, "absent", [])
    # As it is, not as it would be.
    there = {
        "namespace": "shop",
        "location": f"{lab.store.location.describe}/{FOLDER}",
        "state": "absent",
        "size": 0,
    }
    assert planned.to_return()["repository"] == there
    made = lab.carry_out("present")
    assert (made.changed, made.repository_state, lab.did) == (True, "usable", ["create", "open"])
    again = lab.carry_out("present")
    assert (again.changed, lab.did[2:]) == (False, ["open"])
    # In check mode the password is tried, by a pod that reads.
    unchanged = lab.carry_out("present", check_mode=True)
    assert (unchanged.changed, unchanged.to_return()["repository"]["state"]) == (False, "usable")
    assert lab.did[3:] == ["look"]
    assert nothing_is_left(lab)


def test_one_that_has_another_password_than_the_others_wants_force(lab: RepositoryLab) -> None:
    """The other one is of kopia itself, and has another password than this run."""
    lab.store.delete_many([FOLDER + "kopia.repository", FOLDER + "udmrepo.Repository"])
    lab.store.put("kopia/other/kopia.repository", OF_ANOTHER_PASSWORD)
    for check_mode in (True, False):
        with pytest.raises(ArkiveError, match="No repository is made for namespace shop: the password does not open"):
            lab.carry_out("present", check_mode=check_mode)
        assert (lab.did, nothing_is_left(lab)) == ([], True)
    assert lab.carry_out("present", check_mode=True, force=True).changed
    made = lab.carry_out("present", force=True)
    assert (made.changed, made.repository_state, lab.did) == (True, "usable", ["create", "open"])
    assert not lab.carry_out("present").changed, "from now on it opens by itself"


def test_what_is_there_is_listed_with_the_backups_that_name_it(lab: RepositoryLab) -> None:
    lab.held = [held(B, "b", made="2026-02-01T00:00:00Z"), held(A, incomplete="canceled")]
    lab.put_backup("b1", A)
    lab.put_backup("b2", A, C)
    lab.put_backup("of-another", "d" * 32, namespace="other")
    lab.put_backup("of-restic", "e" * 32, uploader="restic")
    found = lab.carry_out("listed").to_return()
    assert [(each["id"], each["claim"], each["backups"], each["whole"]) for each in found["snapshots"]] == [
        (A, "files", ["b1", "b2"], False),
        (B, "b", [], True),
    ]
    assert found["missing"] == [{"id": C, "backup": "b2", "volume": "files"}]
    assert found["maintenance"]["owner"] == "default@default"
    assert nothing_is_left(lab)


def test_a_repository_that_is_gone_is_missed_by_its_backups(lab: RepositoryLab) -> None:
    lab.store.delete_many([FOLDER + "kopia.repository", FOLDER + "udmrepo.Repository"])
    lab.put_backup("b1", A)
    found = lab.carry_out("listed")
    assert (found.repository_state, lab.did, len(found.missing)) == ("absent", [], 1)
    assert "it cannot be restored" in found.warnings[0]
    for state in ("maintained", "verified", "copied", "pruned"):
        with pytest.raises(ArkiveError, match="There is no repository at"):
            lab.carry_out(t.cast("t.Any", state))


#: State of kopia, ``full``, and what runs. docs/compatibility 18.6.
DUE = [
    pytest.param(info(), False, "", id="nothing-is-due"),
    pytest.param(info(), True, "full", id="asked-for"),
    pytest.param(info(quick=EARLIER), False, "quick", id="quick"),
    pytest.param(info(full=EARLIER, quick=EARLIER), False, "full", id="full-does-all"),
    pytest.param(info(full=NEVER, quick=NEVER), False, "full", id="never-was"),
    # The schedule goes on before the work begins.
    pytest.param(info(runs={"snapshot-gc": run_of(error="killed")}), False, "full", id="the-last-one-failed"),
]


@pytest.mark.parametrize(("state", "full", "ran"), DUE)
def test_it_is_maintained_when_it_is_due(lab: RepositoryLab, state: dict[str, t.Any], full: bool, ran: str) -> None:
    lab.state = state
    lab.maintained = info(full="2099-02-01T00:00:00Z", quick="2099-02-01T00:00:00Z", runs={"snapshot-gc": run_of()})
    planned = lab.carry_out("maintained", full=full, check_mode=True)
    assert (planned.changed, planned.ran, lab.did) == (bool(ran), ran, ["look"])
    done = lab.carry_out("maintained", full=full)
    assert (done.changed, done.ran, done.problems) == (bool(ran), ran, ())
    assert lab.did[1:] == ["look", *([f"maintain {ran}"] if ran else [])]
    assert nothing_is_left(lab)


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (info(full=NEVER), "kopia does not say that it has maintained"),
        (info(runs={"snapshot-gc": run_of(), "cleanup-logs": run_of(error="no room")}), "cleanup-logs: no room"),
    ],
)
def test_an_exit_code_is_no_maintenance(lab: RepositoryLab, after: dict[str, t.Any], words: str) -> None:
    lab.state, lab.maintained = info(full=NEVER), after
    [problem] = lab.carry_out("maintained").problems
    assert words in problem


def test_nobody_maintains_beside_velero(lab: RepositoryLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/compatibility 18.6: both would be the same user."""
    monkeypatch.setattr(work, "who_maintains", lambda *_words, **_more: "The Velero in namespace velero does.")
    lab.state = info(full=NEVER)
    for check_mode in (True, False):
        with pytest.raises(ArkiveError, match="The Velero in namespace velero does"):
            lab.carry_out("maintained", check_mode=check_mode)
    assert lab.did == []
    forced = lab.carry_out("maintained", force=True)
    assert forced.changed
    assert "(force)" in forced.warnings[0]


def test_the_maintenance_of_somebody_else_is_left_alone(lab: RepositoryLab) -> None:
    lab.state = info(full=NEVER, owner="me@laptop")
    with pytest.raises(ArkiveError, match="belongs to me@laptop"):
        lab.carry_out("maintained")
    assert lab.did == ["look"]


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("state", ["maintained", "pruned"])
def test_one_run_at_a_time_writes(lab: RepositoryLab, state: t.Any, check_mode: bool) -> None:
    with (
        WriteLock.acquire(lab.store, "kopia/shop.arkive.lock", run_id="other"),
        pytest.raises(ArkiveError, match=r"is being worked on by .*other"),
    ):
        lab.carry_out(state, check_mode=check_mode)
    assert lab.did == []


def test_the_claim_of_a_dead_run_is_waited_for(lab: RepositoryLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """What its pod had begun has ended by then; the user need not come again."""
    monkeypatch.setattr(LockRecord, "is_gone", property(lambda record: record.run == "other"))
    monkeypatch.setattr(work, "_LOOK_SECONDS", 0.01)
    record = LockRecord.make("other", "vm", 1, utc_now(), 0.2)
    lab.store.put("kopia/shop.arkive.lock", record.encode())
    assert lab.carry_out("maintained", full=True).changed
    assert utc_now() > record.expires
    assert [line for line in lab.lines if "has died over the repository" in line] == [
        f"run other on vm (pid 1) has died over the repository: its claim ends at {record.expires_text}"
    ]


def test_what_no_backup_names_goes(lab: RepositoryLab) -> None:
    lab.held = [held(A), held(B), held(C, made=rfc3339(utc_now()))]
    lab.put_backup("b1", A)
    planned = lab.carry_out("pruned", older_than=3600.0, check_mode=True)
    assert planned.changed
    assert planned.to_return()["forgotten"] == [B]
    assert lab.did == ["look"]
    done = lab.carry_out("pruned", older_than=3600.0)
    # What another run may be about to name is too young.
    assert (done.changed, done.to_return()["forgotten"], lab.did[1:]) == (True, [B], ["look", "forget"])
    assert not lab.carry_out("pruned", older_than=3600.0).changed
    assert nothing_is_left(lab)


def test_what_only_the_objects_of_a_backup_name_stays(lab: RepositoryLab) -> None:
    """docs/compatibility 19.3: the DataUploads of others that a backup of a whole cluster has name nothing."""
    lab.held = [held(A), held(B)]
    put_moved(lab.store, "b1", claim(A), upload(A, backup="b1"), upload(B, backup="gone"))
    found = lab.carry_out("pruned")
    assert found.to_return()["forgotten"] == [B]
    assert [(each.held.id, each.backups) for each in found.snapshots] == [(A, ("b1",)), (B, ())]


def test_nothing_goes_where_objects_cannot_be_read(lab: RepositoryLab) -> None:
    lab.held = [held(A)]
    put_moved(lab.store, "b1", claim(B), upload(B, backup="b1"))
    lab.store.put("backups/b1/b1.tar.gz", b"damaged")
    with pytest.raises(ArkiveError, match="backup 'b1' cannot be read"):
        lab.carry_out("pruned")
    assert lab.did == ["look"]


def test_nothing_goes_while_a_backup_is_made(lab: RepositoryLab) -> None:
    lab.held = [held(A)]
    with WriteLock.acquire(lab.store, "backups/b9/b9-arkive-claim.json", run_id="other"):
        found = lab.carry_out("pruned")
    assert (found.changed, lab.did) == (False, ["look"])
    assert "Backup 'b9' is being worked on by" in found.warnings[0]
    assert "Nothing is forgotten meanwhile" in found.warnings[0]


def test_nothing_goes_while_a_velero_moves_data(lab: RepositoryLab) -> None:
    lab.held = [held(A)]
    lab.put_backup("b9", phase="WaitingForPluginOperations")
    found = lab.carry_out("pruned")
    assert not found.changed
    assert "WaitingForPluginOperations" in found.warnings[0]


@pytest.mark.parametrize("check_mode", [True, False])
def test_nothing_goes_where_a_backup_cannot_be_read(lab: RepositoryLab, check_mode: bool) -> None:
    lab.held = [held(A)]
    lab.put_backup("b1")
    lab.store.put("backups/b1/b1-volumeinfo.json.gz", b"no gzip")
    with pytest.raises(ArkiveError, match=r"backup 'b1' cannot be read"):
        lab.carry_out("pruned", check_mode=check_mode)
    assert "forget" not in lab.did


def test_what_only_an_unfinished_backup_names_stays(lab: RepositoryLab) -> None:
    """Its run is dead and it has no Backup object, but files that name snapshots."""
    lab.held = [held(A)]
    lab.put_backup("b1", A)
    lab.store.delete_many(["backups/b1/velero-backup.json"])
    assert not lab.carry_out("pruned").changed


def test_everything_is_read_back(lab: RepositoryLab) -> None:
    lab.held = [held(A)]
    lab.put_backup("b1", A)
    found = lab.carry_out("verified", percentage=30)
    assert (found.problems, found.verified["sound"], found.verified["bytes_read"]) == ((), True, 10)
    assert lab.did == ["verify 30"]
    assert not found.changed


def test_what_is_damaged_is_told_by_snapshots_and_backups(lab: RepositoryLab) -> None:
    lab.held = [held(A), held(B, "b", incomplete="canceled"), held(C, "c", incomplete="canceled")]
    lab.put_backup("b1", A, B, "d" * 32)
    object_id = "4cc2e1eafe95c763bf0f8380a3569c0e"
    lab.stats = {"stats": {}, "errorCount": 1, "errorStrings": ["x"]}
    lab.damage = (
        f"bad {A} {object_id}   {A}/sub/a file\n"
        f"bad {C} {object_id}   {C}/x\n"
        "error error processing default@default:p@2026-11-29 09:39:32 UTC/sub/a file: "
        f"error reading object {object_id}: unexpected content error\n"
    )
    found = lab.carry_out("verified")
    assert list(found.problems) == [
        f"Snapshot {A} (claim files) of backup b1 is damaged in sub/a file: error reading object {object_id}: "
        "unexpected content error.",
        f"Snapshot {C} (claim c) that no backup names is damaged in x: error reading object {object_id}: unexpected "
        "content error.",
        f"Backup 'b1' names snapshot {'d' * 32}, which the repository does not have.",
        f"Snapshot {B} (claim b) of backup b1 is not whole: the snapshot is incomplete (canceled).",
    ]
    assert found.to_return()["damage"][0]["backups"] == ["b1"]
    assert not found.verified["sound"]


def test_a_copy_is_made_and_kept_up(lab: RepositoryLab) -> None:
    lab.make_repository(p1=b"12345")
    planned = lab.carry_out("copied", check_mode=True)
    assert (planned.changed, planned.copied["objects"], lab.did) == (True, 3, [])
    assert not lab.copy_store.list("").objects
    done = lab.carry_out("copied")
    # The pod has the keys of two locations, and is one.
    assert ["which do not end by themselves" in each.message for each in lab.issues.warnings] == [True]
    assert (done.changed, done.problems, lab.did) == (True, (), ["copy"])
    assert not lab.carry_out("copied").changed
    lab.make_repository(p2=b"1")
    lab.store.delete_many([FOLDER + "p1"])
    more = lab.carry_out("copied")
    assert (more.copied["objects"], more.copied["extra"], more.copied["deleted"]) == (3, 1, 0)
    assert lab.copy_store.exists(FOLDER + "p1")
    last = lab.carry_out("copied", delete=True)
    assert (last.changed, last.copied["deleted"]) == (True, 1)
    assert not lab.copy_store.exists(FOLDER + "p1")
    assert nothing_is_left(lab)


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ({"other": b"x"}, "lie objects, but no repository"),
        ({"kopia.repository": b'{"uniqueID": "b3RoZXI="}'}, "lies another repository, which a copy would destroy"),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_copy_replaces_nothing_else(
    lab: RepositoryLab, there: dict[str, bytes], words: str, check_mode: bool
) -> None:
    for name, data in there.items():
        lab.copy_store.put(FOLDER + name, data)
    with pytest.raises(ArkiveError, match=words):
        lab.carry_out("copied", check_mode=check_mode)
    assert lab.did == []


def test_of_which_place_an_error_of_a_copy_is(lab: RepositoryLab) -> None:
    text = "at copy\nThe request signature we calculated does not match the signature you provided"
    lab.ends["copy"] = failed(text, "copy")
    with pytest.raises(
        ArkiveError, match=r"^The second location \(copy_to\), s3://copies/p/kopia/shop/: The secret key"
    ):
        lab.carry_out("copied")
    lab.ends["copy"] = failed("at copy\ndial tcp 127.0.0.1:1: connect: connection refused", "copy")
    with pytest.raises(ArkiveError, match=r"Give the address by which pods reach it as copy_to\.s3_url, and"):
        lab.carry_out("copied")


@pytest.mark.parametrize("state", ["listed", "maintained", "pruned", "verified"])
def test_an_answer_that_did_not_arrive_whole_is_none(lab: RepositoryLab, state: t.Any) -> None:
    lab.held = [held(A)]
    lab.cluster.api.logs = lambda _request: [b"arkive-told snapshots H4sI\n"]
    with pytest.raises(ArkiveError, match="did not arrive whole"):
        lab.carry_out(state)
    assert nothing_is_left(lab)


def test_repositories_of_a_location_are_found_without_a_cluster(lab: RepositoryLab) -> None:
    lab.store.put("kopia/other/x", b"12")
    lab.store.put("kopia/gone.arkive.lock", b"{}")
    assert [(each["namespace"], each["state"]) for each in find_repositories(lab.store)] == [
        ("other", "foreign"),
        ("shop", "usable"),
    ]
