# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""What a restore is asked to do."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec, validate_restore_name

MissingVolumeData: t.TypeAlias = t.Literal["fail", "warn"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRequest:
    """Velero's spec, and what Velero has flags or no word for. Timeouts in seconds.

    ``name`` empty means ``<backup>-<YYYYMMDDhhmmss>``; the same name again resumes. ``terminating_timeout`` is how
    long a namespace that is being deleted is waited for, ``resource_timeout`` how long a new CRD may take.
    ``want_diff`` keeps YAML of what changes, ``max_diffs`` objects of it.
    """

    spec: RestoreSpec
    name: str = ""
    velero_namespace: str = "velero"
    on_missing_volume_data: MissingVolumeData = "fail"
    restore_managed_fields: bool = False
    legacy_labels: bool = False
    keep_wait_containers: bool = False
    terminating_timeout: float = 600.0
    resource_timeout: float = 600.0
    workers: int = 16
    want_diff: bool = False
    max_diffs: int = 500
    write_records: bool = True

    def validate(self) -> None:
        """Raise ``ValidationError``; needs neither a cluster nor a store."""
        self.spec.validate()
        if self.name:
            validate_restore_name(self.name)
        if self.on_missing_volume_data not in ("fail", "warn"):
            raise ValidationError(
                f"on_missing_volume_data is '{self.on_missing_volume_data}'; it must be fail or warn."
            )
        if self.workers < 1:
            raise ValidationError(f"workers is {self.workers}; it must be at least 1.")


__all__ = ("MissingVolumeData", "RestoreRequest")
