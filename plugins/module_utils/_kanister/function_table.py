# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which functions there are: the arguments of each, and who carries it out. One row a function."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.signature import FunctionSignature
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import near_names

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import BlueprintFunction

#: Arguments of all functions that make a pod.
POD_ARGUMENTS = ("podOverride", "podAnnotations", "podLabels")

_USE_CSI = (
    "Use the functions CreateCSISnapshot, RestoreCSISnapshot and DeleteCSISnapshot, or the snapshots of the backup."
)
_USE_BACKUP = "Let the backup keep the data of the volumes: k8s_backup snapshots them."
_USE_DUMP = "Dump with KubeTask or KubeExec into a volume that is backed up."
_USE_EBS = "Snapshot the database with the tools of AWS, for instance amazon.aws.rds_instance_snapshot."


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRow:
    """``load`` imports what carries it out, when it is called; None where nothing does."""

    signature: FunctionSignature
    load: t.Callable[[], BlueprintFunction] | None = None


def _row(
    name: str,
    required: str,
    optional: str = "",
    *,
    load: t.Callable[[], BlueprintFunction] | None = None,
    pod: bool = False,
    itself: bool = False,
) -> FunctionRow:
    known = (*optional.split(), *(POD_ARGUMENTS if pod else ()))
    return FunctionRow(
        signature=FunctionSignature(
            name=name, required=tuple(required.split()), optional=known, renders_itself=itself
        ),
        load=load,
    )  # fmt: skip


def _refused(name: str, required: str, optional: str = "", *, why: str, instead: str) -> FunctionRow:
    known = tuple(optional.split())
    return FunctionRow(
        signature=FunctionSignature(
            name=name, required=tuple(required.split()), optional=known, refused_reason=why, instead=instead
        )
    )


def _profile(name: str, required: str, optional: str = "", *, instead: str = _USE_BACKUP) -> FunctionRow:
    return _refused(name, required, optional, why="it needs a location profile", instead=instead)


def _aws(name: str, required: str, optional: str = "") -> FunctionRow:
    return _refused(name, required, optional, why="it needs an account of AWS", instead=_USE_EBS)


def _removed(name: str, required: str, optional: str = "", *, since: str, instead: str) -> FunctionRow:
    return _refused(
        name, required, optional, why=f"Kanister itself has no such function since {since}", instead=instead
    )


def _kube_exec() -> BlueprintFunction:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.kube_exec import (
        KubeExec,
    )

    return KubeExec()


def _kube_exec_all() -> BlueprintFunction:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.kube_exec_all import (
        KubeExecAll,
    )

    return KubeExecAll()


def _kube_task() -> BlueprintFunction:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.kube_task import (
        KubeTask,
    )

    return KubeTask()


def _kube_ops() -> BlueprintFunction:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.kube_ops import (
        KubeOps,
    )

    return KubeOps()


def _scale_workload() -> BlueprintFunction:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.scale_workload import (
        ScaleWorkload,
    )

    return ScaleWorkload()


def _prepare_data() -> BlueprintFunction:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.prepare_data import (
        PrepareData,
    )

    return PrepareData()


def _multi_container_run() -> BlueprintFunction:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.multi_container_run import (
        MultiContainerRun,
    )

    return MultiContainerRun()


def _create_csi_snapshot() -> BlueprintFunction:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.create_csi_snapshot import (
        CreateCSISnapshot,
    )

    return CreateCSISnapshot()


def _create_csi_snapshot_static() -> BlueprintFunction:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.create_csi_snapshot_static import (
        CreateCSISnapshotStatic,
    )

    return CreateCSISnapshotStatic()


def _restore_csi_snapshot() -> BlueprintFunction:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.restore_csi_snapshot import (
        RestoreCSISnapshot,
    )

    return RestoreCSISnapshot()


def _delete_csi_snapshot() -> BlueprintFunction:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.delete_csi_snapshot import (
        DeleteCSISnapshot,
    )

    return DeleteCSISnapshot()


def _delete_csi_snapshot_content() -> BlueprintFunction:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.delete_csi_snapshot_content import (
        DeleteCSISnapshotContent,
    )

    return DeleteCSISnapshotContent()


def _wait() -> BlueprintFunction:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.wait import (
        Wait,
    )

    return Wait()


def _wait_v2() -> BlueprintFunction:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.wait_v2 import (
        WaitV2,
    )

    return WaitV2()


_POD = "podOverride podAnnotations podLabels"
_RDS = "credentialsSource credentialsSecret region"
_RDS_RESTORE = (
    "snapshotID dbEngine backupArtifactPrefix backupID username password namespace securityGroupID dbSubnetGroup"
)
_KOPIA = "repositoryServerUserHostname"

_ROWS = (
    _row("KubeExec", "namespace pod command", "container", load=_kube_exec),
    _row("KubeExecAll", "namespace pods containers command", load=_kube_exec_all),
    _row("KubeTask", "image command", "namespace", pod=True, load=_kube_task),
    _row("KubeOps", "operation", "spec namespace objectReference", load=_kube_ops),
    _row("ScaleWorkload", "replicas", "namespace name kind waitForReady", load=_scale_workload),
    _row("Wait", "timeout conditions", itself=True, load=_wait),
    _row("WaitV2", "timeout conditions", itself=True, load=_wait_v2),
    _row("PrepareData", "namespace image command", "volumes serviceaccount failOnError", pod=True, load=_prepare_data),
    _row(
        "MultiContainerRun",
        "backgroundImage backgroundCommand outputImage outputCommand",
        "namespace initImage initCommand sharedVolumeMedium sharedVolumeSizeLimit sharedVolumeDir",
        pod=True,
        load=_multi_container_run,
    ),
    _row("CreateCSISnapshot", "pvc namespace snapshotClass", "name labels", load=_create_csi_snapshot),
    _row(
        "CreateCSISnapshotStatic",
        "name namespace driver snapshotHandle snapshotClass",
        load=_create_csi_snapshot_static,
    ),
    _row(
        "RestoreCSISnapshot",
        "name pvc namespace storageClass restoreSize",
        "accessModes volumeMode labels",
        load=_restore_csi_snapshot,
    ),
    _row("DeleteCSISnapshot", "name namespace", load=_delete_csi_snapshot),
    _row("DeleteCSISnapshotContent", "name", load=_delete_csi_snapshot_content),
    _profile("BackupData", "namespace pod container includePath backupArtifactPrefix", "encryptionKey insecureTLS"),
    _profile("BackupDataAll", "namespace container includePath backupArtifactPrefix", "pods encryptionKey insecureTLS"),
    _profile("BackupDataStats", "namespace backupArtifactPrefix backupID", f"image statsMode encryptionKey {_POD}"),
    _profile("CheckRepository", "backupArtifactPrefix", f"image encryptionKey insecureTLS {_POD}"),
    _profile(
        "CopyVolumeData", "namespace volume dataArtifactPrefix", f"image encryptionKey mountPath insecureTLS {_POD}"
    ),
    _profile(
        "RestoreData",
        "namespace image backupArtifactPrefix",
        f"restorePath encryptionKey pod volumes backupTag backupIdentifier backupPath insecureTLS {_POD}",
        instead="Let k8s_restore bring the volumes back.",
    ),
    _profile(
        "RestoreDataAll",
        "namespace image backupArtifactPrefix backupInfo",
        f"restorePath encryptionKey pods insecureTLS {_POD}",
        instead="Let k8s_restore bring the volumes back.",
    ),
    _profile(
        "DeleteData",
        "namespace backupArtifactPrefix",
        f"image backupID backupTag encryptionKey reclaimSpace insecureTLS {_POD}",
        instead="Delete the backup: k8s_backup with state absent.",
    ),
    _profile(
        "DeleteDataAll",
        "namespace backupArtifactPrefix backupInfo",
        f"image encryptionKey reclaimSpace insecureTLS {_POD}",
        instead="Delete the backup: k8s_backup with state absent.",
    ),
    _profile("LocationDelete", "artifact", instead="Delete the object with the tools of the storage."),
    _aws("CreateRDSSnapshot", "instanceID", f"dbEngine {_RDS}"),
    _aws("RestoreRDSSnapshot", "instanceID", f"{_RDS_RESTORE} podAnnotations podLabels {_RDS}"),
    _aws("DeleteRDSSnapshot", "snapshotID", f"dbEngine {_RDS}"),
    _aws(
        "ExportRDSSnapshotToLocation",
        "namespace instanceID snapshotID dbEngine",
        f"username password backupArtifactPrefix databases securityGroupID dbSubnetGroup {_RDS} "
        "podAnnotations podLabels",
    ),
    _removed("CreateVolumeSnapshot", "namespace", "pvcs skipWait", since="0.115", instead=_USE_CSI),
    _removed("WaitForSnapshotCompletion", "snapshots", since="0.115", instead=_USE_CSI),
    _removed("CreateVolumeFromSnapshot", "namespace snapshots", "pvcNames", since="0.115", instead=_USE_CSI),
    _removed("DeleteVolumeSnapshot", "namespace snapshots", since="0.115", instead=_USE_CSI),
    _removed(
        "BackupDataUsingKopiaServer",
        "namespace pod container includePath",
        f"snapshotTags {_KOPIA}",
        since="its change of August 2026",
        instead=_USE_BACKUP,
    ),
    _removed(
        "RestoreDataUsingKopiaServer",
        "namespace image backupIdentifier restorePath",
        f"pod volumes {_KOPIA} {_POD}",
        since="its change of August 2026",
        instead=_USE_BACKUP,
    ),
    _removed(
        "DeleteDataUsingKopiaServer",
        "namespace backupID image",
        f"podAnnotations podLabels {_KOPIA}",
        since="its change of August 2026",
        instead=_USE_BACKUP,
    ),
)

FUNCTIONS: t.Mapping[str, FunctionRow] = {row.signature.name: row for row in _ROWS}


def find_signature(name: str) -> FunctionSignature | None:
    """What Kanister knows or knew under this name; the case of the letters counts."""
    row = FUNCTIONS.get(name)
    return row.signature if row else None


def unknown_function_hint(name: str) -> str:
    """What was probably meant, of the functions that are carried out."""
    return near_names(name, [row.signature.name for row in _ROWS if not row.signature.refused_reason]).replace(
        "Its fields are", "There are"
    )


def load_function(name: str) -> BlueprintFunction:
    """Who carries ``name`` out. Raises ``BlueprintError`` for one that nobody does."""
    row = FUNCTIONS.get(name)
    if row is None:
        raise BlueprintError(f"There is no function {name}.", hint=unknown_function_hint(name))
    signature = row.signature
    if signature.refused_reason:
        raise BlueprintError(
            f"The function {name} is not carried out here: {signature.refused_reason}.", hint=signature.instead
        )
    if row.load is None:
        raise BlueprintError(f"The function {name} is known, and nothing carries it out yet.")
    return row.load()


__all__ = ("FUNCTIONS", "POD_ARGUMENTS", "FunctionRow", "find_signature", "load_function", "unknown_function_hint")
