# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do about an error: the results files of Velero and of ours have the reason, and never a remedy."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re

#: What an error says, and what helps; the first that fits counts.
_REMEDIES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), remedy)
    for pattern, remedy in (
        (
            r"x509|certificate",
            "Compare the certificate of the server with the CA that is trusted (ca_cert).",
        ),
        (
            r"\bforbidden\b|may not|lacks? the right",
            "Give the caller the right: k8s_access_info returns the role for the task.",
        ),
        (
            r"thaw is not proven|not thawed|still frozen",
            "Look for what is frozen with k8s_hook_exec and state: swept before anything else.",
        ),
        (
            r"does not support|no (volume ?)?snapshot ?class|cannot be snapshotted|has no snapshots",
            "Give the storage class a VolumeSnapshotClass, or back the data up by a hook and leave the volume out.",
        ),
        (
            r"not ready|readyToUse|snapshot.*tim(ed|e) ?out",
            "Look at the VolumeSnapshot and at the log of the CSI driver, then raise csi_snapshot_timeout.",
        ),
        (
            r"executable file not found|no such file|not found in \$?PATH",
            "Correct the command, or the container that it runs in: k8s_hook_exec with state: linted says which.",
        ),
        (
            r"timed? ?out|deadline exceeded|did not end (in|within)",
            "See what it waits for, then raise the timeout of the hook or of the task.",
        ),
        (
            r"exit (code|status)|ended with|command terminated",
            "Run the command in the container by hand: the log of the backup has what it printed.",
        ),
        (
            r"no tarball|tarball.*empty|is missing|had \d+ when it was written|damaged|checksum|digest",
            "Restore from another backup, and read this one back with k8s_backup_verify.",
        ),
        (r"deletion was begun", "Delete it again, so that the rest goes."),
        (
            r"connection refused|unreachable|no such host|connection reset|no route to host",
            "See whether the API server, or the storage, is reached from where the task runs.",
        ),
        (
            r"access ?denied|invalidaccesskey|credentials",
            "Check the credentials, and what they may do in the bucket.",
        ),
    )
)


def remedy_of(message: str, otherwise: str = "") -> str:
    """Empty where nothing is known."""
    return next((remedy for pattern, remedy in _REMEDIES if pattern.search(message)), otherwise)


__all__ = ("remedy_of",)
