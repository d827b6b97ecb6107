# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The group-resources that the collection knows by name, each written once."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource

PODS = GroupResource("pods")
CLAIMS = GroupResource("persistentvolumeclaims")
VOLUMES = GroupResource("persistentvolumes")
NAMESPACES = GroupResource("namespaces")
SERVICES = GroupResource("services")
SERVICE_ACCOUNTS = GroupResource("serviceaccounts")
SECRETS = GroupResource("secrets")
CONFIG_MAPS = GroupResource("configmaps")
ENDPOINTS = GroupResource("endpoints")
LIMIT_RANGES = GroupResource("limitranges")
RESOURCE_QUOTAS = GroupResource("resourcequotas")
NODES = GroupResource("nodes")
EVENTS = GroupResource("events")
REPLICATION_CONTROLLERS = GroupResource("replicationcontrollers")
POD_TEMPLATES = GroupResource("podtemplates")

DEPLOYMENTS = GroupResource("deployments", "apps")
DAEMON_SETS = GroupResource("daemonsets", "apps")
REPLICA_SETS = GroupResource("replicasets", "apps")
STATEFUL_SETS = GroupResource("statefulsets", "apps")
CONTROLLER_REVISIONS = GroupResource("controllerrevisions", "apps")

JOBS = GroupResource("jobs", "batch")
CRON_JOBS = GroupResource("cronjobs", "batch")

AUTOSCALERS = GroupResource("horizontalpodautoscalers", "autoscaling")

ROLES = GroupResource("roles", "rbac.authorization.k8s.io")
CLUSTER_ROLES = GroupResource("clusterroles", "rbac.authorization.k8s.io")
ROLE_BINDINGS = GroupResource("rolebindings", "rbac.authorization.k8s.io")
CLUSTER_ROLE_BINDINGS = GroupResource("clusterrolebindings", "rbac.authorization.k8s.io")

STORAGE_CLASSES = GroupResource("storageclasses", "storage.k8s.io")
CSI_DRIVERS = GroupResource("csidrivers", "storage.k8s.io")
CSI_NODES = GroupResource("csinodes", "storage.k8s.io")
VOLUME_ATTACHMENTS = GroupResource("volumeattachments", "storage.k8s.io")

VOLUME_SNAPSHOTS = GroupResource("volumesnapshots", "snapshot.storage.k8s.io")
VOLUME_SNAPSHOT_CONTENTS = GroupResource("volumesnapshotcontents", "snapshot.storage.k8s.io")
VOLUME_SNAPSHOT_CLASSES = GroupResource("volumesnapshotclasses", "snapshot.storage.k8s.io")

PRIORITY_CLASSES = GroupResource("priorityclasses", "scheduling.k8s.io")

LEASES = GroupResource("leases", "coordination.k8s.io")

IP_ADDRESSES = GroupResource("ipaddresses", "networking.k8s.io")
SERVICE_CIDRS = GroupResource("servicecidrs", "networking.k8s.io")

ENDPOINT_SLICES = GroupResource("endpointslices", "discovery.k8s.io")

NEW_EVENTS = GroupResource("events", "events.k8s.io")

CRDS = GroupResource("customresourcedefinitions", "apiextensions.k8s.io")

API_SERVICES = GroupResource("apiservices", "apiregistration.k8s.io")

MUTATING_WEBHOOKS = GroupResource("mutatingwebhookconfigurations", "admissionregistration.k8s.io")
VALIDATING_WEBHOOKS = GroupResource("validatingwebhookconfigurations", "admissionregistration.k8s.io")

BACKUPS = GroupResource("backups", "velero.io")
RESTORES = GroupResource("restores", "velero.io")
DATA_UPLOADS = GroupResource("datauploads", "velero.io")
RESTIC_REPOSITORIES = GroupResource("resticrepositories", "velero.io")
BACKUP_REPOSITORIES = GroupResource("backuprepositories", "velero.io")

CLUSTER_CLASSES = GroupResource("clusterclasses", "cluster.x-k8s.io")
CLUSTERS = GroupResource("clusters", "cluster.x-k8s.io")

CLUSTER_BOOTSTRAPS = GroupResource("clusterbootstraps", "run.tanzu.vmware.com")

CLUSTER_RESOURCE_SETS = GroupResource("clusterresourcesets", "addons.cluster.x-k8s.io")

APPS = GroupResource("apps", "kappctrl.k14s.io")

PACKAGE_INSTALLS = GroupResource("packageinstalls", "packaging.carvel.dev")

__all__ = (
    "API_SERVICES",
    "APPS",
    "AUTOSCALERS",
    "BACKUPS",
    "BACKUP_REPOSITORIES",
    "CLAIMS",
    "CLUSTERS",
    "CLUSTER_BOOTSTRAPS",
    "CLUSTER_CLASSES",
    "CLUSTER_RESOURCE_SETS",
    "CLUSTER_ROLES",
    "CLUSTER_ROLE_BINDINGS",
    "CONFIG_MAPS",
    "CONTROLLER_REVISIONS",
    "CRDS",
    "CRON_JOBS",
    "CSI_DRIVERS",
    "CSI_NODES",
    "DAEMON_SETS",
    "DATA_UPLOADS",
    "DEPLOYMENTS",
    "ENDPOINTS",
    "ENDPOINT_SLICES",
    "EVENTS",
    "IP_ADDRESSES",
    "JOBS",
    "LEASES",
    "LIMIT_RANGES",
    "MUTATING_WEBHOOKS",
    "NAMESPACES",
    "NEW_EVENTS",
    "NODES",
    "PACKAGE_INSTALLS",
    "PODS",
    "POD_TEMPLATES",
    "PRIORITY_CLASSES",
    "REPLICATION_CONTROLLERS",
    "REPLICA_SETS",
    "RESOURCE_QUOTAS",
    "RESTIC_REPOSITORIES",
    "RESTORES",
    "ROLES",
    "ROLE_BINDINGS",
    "SECRETS",
    "SERVICES",
    "SERVICE_ACCOUNTS",
    "SERVICE_CIDRS",
    "STATEFUL_SETS",
    "STORAGE_CLASSES",
    "VALIDATING_WEBHOOKS",
    "VOLUMES",
    "VOLUME_ATTACHMENTS",
    "VOLUME_SNAPSHOTS",
    "VOLUME_SNAPSHOT_CLASSES",
    "VOLUME_SNAPSHOT_CONTENTS",
)
