# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first stage: which objects of a backup this restore is about, and the API that they go to."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._archive.member_gate import BadMembers
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.open_backup import OpenBackup
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.api_versions import choose_versions
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.chosen_items import (
    ChosenItems,
    choose_items,
    leave_out_bad,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.contents import BackupContents
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.unfit_names import check_names, report_empty
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.version_priorities import (
    read_version_priorities,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import ApiTypes
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.choice import ObjectChoice
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """``items`` among the ``contents`` of a ``backup``, for a cluster that serves ``api``."""

    backup: OpenBackup
    contents: BackupContents
    items: ChosenItems
    discovery: Discovery
    api: ApiTypes


def choose_objects(run: RestoreRun, backup: OpenBackup) -> Chosen:
    """Read the API, and the names of the stored objects: an object itself only where a filter has to see it.

    Raises ``ValidationError`` for names in the request that the backup does not hold.
    """
    request, spec, issues = run.request, run.request.spec, run.issues
    contents = BackupContents(backup.items)
    discovery = Discovery.read(run.client)
    for failed in discovery.failed_groups:
        issues.warning(f"The API group {failed}")
    api = ApiTypes(discovery)
    if request.all_api_versions and backup.has_api_versions:
        choose_versions(contents, discovery, read_version_priorities(run.client, discovery, request))
    contents.know_types(api)
    if request.convert_api_versions:
        spec = _convert(contents, api, spec)
        request = dataclasses.replace(request, spec=spec)
    if request.on_bad_member == "skip":
        bad = leave_out_bad(contents, spec, discovery)
        _report_bad_members(bad, issues)
        if bad.count:
            # What the filters fit was there, and is told of.
            request = dataclasses.replace(request, fail_on_empty=False)
    choice = ObjectChoice(request.names, request.select)
    items = choose_items(contents, spec, discovery, choice)
    unfit = check_names(request, contents, discovery, unused=choice.unused)
    for warning in (*unfit, *items.warnings):
        issues.warning(warning)
    if not items.count and not items.namespaces:
        report_empty(request, contents, issues)
    return Chosen(backup=backup, contents=contents, items=items, discovery=discovery, api=api)


def _convert(contents: BackupContents, api: ApiTypes, spec: RestoreSpec) -> RestoreSpec:
    """``spec`` with the types that it includes under the names that they have now."""
    from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.converter import Converter

    converter = Converter(lambda api_version, kind: api.find_kind(api_version, kind) is not None)
    moved = contents.convert(converter, leave=frozenset(spec.excluded_resources))
    names = {str(old): str(new) for old, new in moved.items()}
    return dataclasses.replace(
        spec, included_resources=tuple(dict.fromkeys(names.get(name, name) for name in spec.included_resources))
    )


def _report_bad_members(bad: BadMembers, issues: Issues) -> None:
    for sentence in bad.sentences:
        issues.error(f"{sentence} It was left out.")
    rest = bad.count - len(bad.sentences)
    if rest:
        issues.error(f"{rest} more members of the archive are bad and were left out.")


__all__ = ("Chosen", "choose_objects")
