# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which rules apply to which type, in their order."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    API_SERVICES,
    CLAIMS,
    CONFIG_MAPS,
    CRDS,
    CRON_JOBS,
    DAEMON_SETS,
    DATA_UPLOADS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    ENDPOINTS,
    IP_ADDRESSES,
    JOBS,
    MUTATING_WEBHOOKS,
    POD_TEMPLATES,
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICE_CIDRS,
    SERVICES,
    STATEFUL_SETS,
    VALIDATING_WEBHOOKS,
    VOLUME_SNAPSHOT_CLASSES,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.argo import APPLICATION_SETS
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.kinds import OWNER_TYPES
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.accounts import (
    drop_token_reference,
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
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.gitops import (
    restore_paused,
    strip_ownership,
    warn_of_set,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.images import (
    map_cron_job_images,
    map_pod_images,
    map_pod_template_images,
    map_template_images,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.jobs import reset_job, skip_finished_job
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.pods import (
    await_pod_data,
    replace_init_containers,
    reset_pod,
    skip_finished_pod,
    skip_mirror_pod,
    skip_pod_of_job,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.rebuilt import skip_rebuilt
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.services import (
    reset_service,
    skip_address_of_service,
    skip_default_service_cidr,
    skip_rebuilt_endpoints,
    skip_slice_of_api_server,
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
    PODS: (
        skip_finished_pod,
        skip_mirror_pod,
        skip_pod_of_job,
        reset_pod,
        replace_init_containers,
        map_pod_images,
    ),
    JOBS: (skip_finished_job, reset_job, map_template_images),
    CRON_JOBS: (map_cron_job_images,),
    DAEMON_SETS: (map_template_images,),
    DEPLOYMENTS: (map_template_images,),
    REPLICA_SETS: (map_template_images,),
    STATEFUL_SETS: (map_template_classes, map_template_images),
    REPLICATION_CONTROLLERS: (map_template_images,),
    POD_TEMPLATES: (map_pod_template_images,),
    SERVICES: (reset_service,),
    ENDPOINTS: (skip_rebuilt_endpoints,),
    ENDPOINT_SLICES: (skip_slice_of_api_server,),
    IP_ADDRESSES: (skip_address_of_service,),
    SERVICE_CIDRS: (skip_default_service_cidr,),
    SERVICE_ACCOUNTS: (drop_token_reference,),
    SECRETS: (reset_token_secret,),
    CONFIG_MAPS: (skip_published_authority,),
    CLAIMS: (reset_claim, map_storage_class),
    VOLUMES: (reset_volume, map_storage_class),
    VOLUME_SNAPSHOT_CLASSES: (
        skip_without_volume_data,
        skip_class_without_api,
    ),
    VOLUME_SNAPSHOTS: (skip_without_volume_data, restore_snapshot),
    VOLUME_SNAPSHOT_CONTENTS: (
        skip_without_volume_data,
        restore_snapshot_content,
    ),
    DATA_UPLOADS: (skip_data_upload,),
    CRDS: (preserve_unknown_fields,),
    API_SERVICES: (skip_automanaged_api_service,),
    MUTATING_WEBHOOKS: (repair_side_effects,),
    VALIDATING_WEBHOOKS: (repair_side_effects,),
    APPLICATION_SETS: (warn_of_set,),
    **{owner: (restore_paused(owner),) for owner in OWNER_TYPES},
}

#: After the user's own changes (``resource_modifiers``), which see objects without what the restore itself needs.
LAST_RULES: dict[GroupResource, tuple[Rule, ...]] = {PODS: (await_pod_data,)}

_IMAGE_RULES = frozenset({map_pod_images, map_template_images, map_pod_template_images, map_cron_job_images})
#: What has images.
IMAGE_TYPES = tuple(kind for kind, rules in ITEM_RULES.items() if not _IMAGE_RULES.isdisjoint(rules))


def apply_item_rules(group_resource: GroupResource, draft: Draft, context: RuleContext) -> None:
    """Run the rules of all types and the type's own on ``draft`` until one of them skips it."""
    for rule in (skip_rebuilt, strip_ownership, *ITEM_RULES.get(group_resource, ())):
        rule(draft, context)
        if draft.skip:
            return


def apply_last_rules(group_resource: GroupResource, draft: Draft, context: RuleContext) -> None:
    """Run those of the type on a ``draft`` that is restored, and that the user has changed as he wants it."""
    for rule in LAST_RULES.get(group_resource, ()):
        rule(draft, context)


__all__ = ("IMAGE_TYPES", "ITEM_RULES", "LAST_RULES", "apply_item_rules", "apply_last_rules")
