# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which rules apply to which type, in their order."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.accounts import (
    drop_token_reference,
    map_subjects,
    reset_token_secret,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.apis import (
    preserve_unknown_fields,
    repair_side_effects,
    skip_automanaged_api_service,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.claims import reset_claim, reset_volume
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.configmaps import skip_published_authority
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import Draft, Rule, RuleContext
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.images import (
    map_cron_job_images,
    map_pod_images,
    map_pod_template_images,
    map_template_images,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.jobs import reset_job, skip_finished_job
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.pods import (
    replace_init_containers,
    reset_pod,
    skip_finished_pod,
    skip_mirror_pod,
    skip_pod_of_job,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.services import (
    reset_service,
    skip_rebuilt_endpoint_slice,
    skip_rebuilt_endpoints,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.snapshots import (
    restore_snapshot,
    restore_snapshot_content,
    skip_class_without_api,
    skip_data_upload,
    skip_without_volume_data,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.storage_classes import (
    map_storage_class,
    map_template_classes,
)

ITEM_RULES: dict[GroupResource, tuple[Rule, ...]] = {
    GroupResource("pods"): (
        skip_finished_pod,
        skip_mirror_pod,
        skip_pod_of_job,
        reset_pod,
        replace_init_containers,
        map_pod_images,
    ),
    GroupResource("jobs", "batch"): (skip_finished_job, reset_job, map_template_images),
    GroupResource("cronjobs", "batch"): (map_cron_job_images,),
    GroupResource("daemonsets", "apps"): (map_template_images,),
    GroupResource("deployments", "apps"): (map_template_images,),
    GroupResource("replicasets", "apps"): (map_template_images,),
    GroupResource("statefulsets", "apps"): (map_template_classes, map_template_images),
    GroupResource("replicationcontrollers"): (map_template_images,),
    GroupResource("podtemplates"): (map_pod_template_images,),
    GroupResource("services"): (reset_service,),
    GroupResource("endpoints"): (skip_rebuilt_endpoints,),
    GroupResource("endpointslices", "discovery.k8s.io"): (skip_rebuilt_endpoint_slice,),
    GroupResource("serviceaccounts"): (drop_token_reference,),
    GroupResource("secrets"): (reset_token_secret,),
    GroupResource("configmaps"): (skip_published_authority,),
    GroupResource("persistentvolumeclaims"): (reset_claim, map_storage_class),
    GroupResource("persistentvolumes"): (reset_volume, map_storage_class),
    GroupResource("volumesnapshotclasses", "snapshot.storage.k8s.io"): (
        skip_without_volume_data,
        skip_class_without_api,
    ),
    GroupResource("volumesnapshots", "snapshot.storage.k8s.io"): (skip_without_volume_data, restore_snapshot),
    GroupResource("volumesnapshotcontents", "snapshot.storage.k8s.io"): (
        skip_without_volume_data,
        restore_snapshot_content,
    ),
    GroupResource("datauploads", "velero.io"): (skip_data_upload,),
    GroupResource("rolebindings", "rbac.authorization.k8s.io"): (map_subjects,),
    GroupResource("clusterrolebindings", "rbac.authorization.k8s.io"): (map_subjects,),
    GroupResource("customresourcedefinitions", "apiextensions.k8s.io"): (preserve_unknown_fields,),
    GroupResource("apiservices", "apiregistration.k8s.io"): (skip_automanaged_api_service,),
    GroupResource("mutatingwebhookconfigurations", "admissionregistration.k8s.io"): (repair_side_effects,),
    GroupResource("validatingwebhookconfigurations", "admissionregistration.k8s.io"): (repair_side_effects,),
}

_IMAGE_RULES = frozenset({map_pod_images, map_template_images, map_pod_template_images, map_cron_job_images})
#: What has images.
IMAGE_TYPES = tuple(kind for kind, rules in ITEM_RULES.items() if not _IMAGE_RULES.isdisjoint(rules))


def apply_item_rules(group_resource: GroupResource, draft: Draft, context: RuleContext) -> None:
    """Run the type's rules on ``draft`` until one of them skips it."""
    for rule in ITEM_RULES.get(group_resource, ()):
        rule(draft, context)
        if draft.skip:
            return


__all__ = ("IMAGE_TYPES", "ITEM_RULES", "apply_item_rules")
