# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of one backup, in their order, from the lists to the last object."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.spool import Spool
from ansible_collections.arkive.k8s.plugins.module_utils._backup.access import (
    forbidden_error,
)
from ansible_collections.arkive.k8s.plugins.module_utils._backup.blocks import Block, HookedPod, build_blocks
from ansible_collections.arkive.k8s.plugins.module_utils._backup.collect import Collector
from ansible_collections.arkive.k8s.plugins.module_utils._backup.custom_types import store_definitions
from ansible_collections.arkive.k8s.plugins.module_utils._backup.deferred_pods import DeferredPods
from ansible_collections.arkive.k8s.plugins.module_utils._backup.empty_selection import HINT, SENTENCE, is_empty
from ansible_collections.arkive.k8s.plugins.module_utils._backup.held_claims import HeldClaims
from ansible_collections.arkive.k8s.plugins.module_utils._backup.item_sink import ItemSink, ItemWriter
from ansible_collections.arkive.k8s.plugins.module_utils._backup.ordered import (
    OrderedItem,
    names_of,
    of_type,
    resolve_ordered,
    store_ordered,
)
from ansible_collections.arkive.k8s.plugins.module_utils._backup.pod_step import PodStep
from ansible_collections.arkive.k8s.plugins.module_utils._backup.related import RelatedItems
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._backup.resolve import Resolved
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volume_plan import VolumePlanner
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volume_snapshots import VolumeSnapshots
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volumes import VolumeNotes
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS, NAMESPACES, PODS
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import count_sink
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.spec_hooks import not_used
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import find_forbidden
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rights import rights_text
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hooked_pods import PodWork
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.sweeping import sweep_namespaces

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._backup.block_runner import BlockRunner
    from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import DatabaseDeclaration
    from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import HookResult
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import RawItem
    from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeRecord
    from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.planned import PlannedPod

Steps: t.TypeAlias = "tuple[tuple[str, t.Callable[[], None]], ...]"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What the steps of a backup came to. ``items``: stored objects by group-resource."""

    items: dict[str, int] = dataclasses.field(default_factory=dict)
    hooks: list[HookResult] = dataclasses.field(default_factory=list)
    freezes: list[FreezeRecord] = dataclasses.field(default_factory=list)
    quiesces: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    planned_hooks: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    swept: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    volumes: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)


class RunSpools(t.NamedTuple):
    """Where objects wait: pods for their block, claims for the data of their volumes (None where none is moved)."""

    pods: Spool
    claims: Spool | None = None


class BackupRun:
    """Does the steps; ``collected`` has what happened, also after an error. A dry run plans its hooks instead."""

    def __init__(
        self,
        request: BackupRequest,
        resolved: Resolved,
        context: ClusterRun,
        *,
        writer: ItemWriter,
        spools: RunSpools,
        snapshots: VolumeSnapshots,
    ) -> None:
        self._request = request
        self._context = context
        self._client = context.client
        self._resolved = resolved
        self._list_plan = resolved.list_plan
        self._issues = context.issues
        self._progress = context.progress
        preferred = {resource.group_resource: resource.version for resource in resolved.discovery.preferred()}
        self.sink = ItemSink(
            writer, self._list_plan, backup_name=request.name, preferred=preferred, counted=count_sink(context.progress)
        )
        self.collector = Collector(context, self._list_plan, workers=request.workers)
        self._related = RelatedItems(context, resolved.discovery, self._list_plan, self.sink)
        self._planner = VolumePlanner(context, request, resolved, self.sink, providers=snapshots.providers)
        self.snapshots = snapshots
        self.sink.change(CLAIMS, snapshots.mark_claim)
        if spools.claims is not None:
            self.sink.hold(CLAIMS, HeldClaims(spools.claims, snapshots.waits))
        self._volumes = VolumeNotes(self.sink, outcome_of=snapshots.describe)
        self._ordered = resolve_ordered(
            request.spec.ordered_resources,
            resolved.discovery,
            self._list_plan,
            context.issues,
            field=request.spell("ordered_resources"),
        )
        self._deferred = DeferredPods(spools.pods)
        self._pods = self._make_pod_step()
        self._runner: BlockRunner | None = None
        self._described: list[dict[str, t.Any]] = []
        self._planned_hooks: list[dict[str, t.Any]] = []
        self._planned_quiesces: list[dict[str, t.Any]] = []
        self._swept: list[dict[str, t.Any]] = []

    @property
    def collected(self) -> Collected:
        """What the steps have done so far."""
        runner = self._runner
        return Collected(
            items=self.sink.item_counts(),
            hooks=runner.results if runner is not None else [],
            freezes=runner.freezes if runner is not None else [],
            planned_hooks=self._planned_hooks,
            quiesces=runner.quiesces if runner is not None else self._planned_quiesces,
            swept=self._swept,
            volumes=self._described,
        )

    def steps(self, *, dry_run: bool = False, ended_run: str = "") -> Steps:
        """The steps, by the name under which their time is returned.

        ``ended_run``: the run of this name before, if it is known to be gone: what it has frozen is thawed.
        """
        hooks = self.plan_blocks if dry_run else lambda: self.run_blocks(ended_run)
        return (
            ("ordered", self.store_ordered),
            ("pods", self.collect_pods),
            ("volumes", lambda: self.plan_volumes(dry_run=dry_run)),
            ("hooks", hooks),
            *((("snapshots", self.take_snapshots),) if not dry_run else ()),
            ("items", self.collect_rest),
            ("related", self.collect_related),
            *((("snapshots_ready", self.finish_volumes),) if not dry_run else ()),
            ("namespaces", self.collect_namespaces),
            ("describe", lambda: self.describe(dry_run=dry_run)),
        )

    def late_steps(self) -> Steps:
        """What follows when the backup's own post hooks have run: nothing of it needs anything held."""
        if not self._request.moves:
            return ()
        return (("move", self.move_volumes), ("describe_moved", self.describe_volumes))

    def store_ordered(self) -> None:
        """What the spec wants first, except claims, whose snapshots are taken before they are stored."""
        self._store_ordered([item for item in self._ordered if item.resource.group_resource != CLAIMS])

    def collect_pods(self) -> None:
        """Store the pods without hooks; keep the others."""
        if self._pods is None:
            for rule in self._resolved.rules:
                self._issues.warning(not_used(rule))
            return
        self._pods.collect()
        for item in of_type(self._ordered, PODS):
            namespace, name = item.namespace, item.name
            if not (self._deferred.has(namespace, name) or self.sink.has(self._pods.resource, namespace, name)):
                self._issues.warning(item.not_there, resource="pods", namespace=namespace, name=name)
        for rule in self._pods.unused_rules:
            self._issues.warning(not_used(rule))
        pods = (found.pod for found in self._pods.with_databases)
        self._issues.add_warnings(self._request.databases.unused(pods, among="running pod of the backup"))
        count = len(self._pods.hooked)
        self._progress(f"pods: {self.sink.counts['pods'] + count} found, {count} with hooks")

    def run_blocks(self, ended_run: str = "") -> None:
        """Thaw what dead runs left frozen; quiesce, release and store the pods with hooks."""
        self._sweep(self._pods.marked if self._pods is not None else [], ended_run)
        if self._pods is None:
            return
        blocks = self._blocks(self._pods)
        if not blocks:
            return
        self._check_exec(blocks)
        blocks = self._with_roles(blocks)
        # Many backups have no hooks. Whatever thaws is loaded here, before anything is frozen.
        from ansible_collections.arkive.k8s.plugins.module_utils._backup.block_runner import BlockRunner
        from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import ApiObjectReader
        from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import Preflight
        from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_pod import SectionSettings

        request = self._request
        settings = SectionSettings(
            run=self._context, policy=request.freeze_policy, hooks=request.hook_policy, workers=request.workers
        )
        preflight = Preflight(self._client, ApiObjectReader(self._client), policy=request.freeze_policy)
        self._runner = BlockRunner(settings, preflight, volumes=self.snapshots)
        self._runner.run(blocks, self._pods.finish)

    def _with_roles(self, blocks: list[Block]) -> list[Block]:
        """The blocks with the databases that are held, by the roles that their servers have now."""
        pods = [hooked for block in blocks for hooked in block.pods]
        if all(hooked.database is None for hooked in pods):
            return blocks
        from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.database_choice import choose_databases

        chosen = iter(choose_databases(self._context, pods))
        return [dataclasses.replace(block, pods=[next(chosen) for _pod in block.pods]) for block in blocks]

    def plan_volumes(self, *, dry_run: bool = False) -> None:
        """Decide on every volume, before anything is quiesced."""
        hooked = self._pods.hooked if self._pods is not None else []
        self.snapshots.begin(self._planner.make(hooked), dry_run=dry_run)

    def take_snapshots(self) -> None:
        """The snapshots of volumes that belong to no pod with hooks; then the claims that the spec wants first."""
        self.snapshots.take_rest()
        self._store_ordered([item for item in self._ordered if item.resource.group_resource == CLAIMS])

    def finish_volumes(self) -> None:
        """Wait until the snapshots can be used, and store their objects."""
        self.snapshots.finish(self.sink)

    def move_volumes(self) -> None:
        """Move the data of snapshots; then store the claims, which say where theirs is."""
        self.snapshots.move(self.sink)
        self.sink.write_held()

    def describe_volumes(self) -> None:
        """Note what became of each volume."""
        self._described = [*self._volumes.describe(), *self.snapshots.describe_of_pods()]

    def describe(self, *, dry_run: bool = False) -> None:
        """Note what became of each volume, and say how many objects there are now that all are counted.

        Raises ``ValidationError`` for a backup without any, where that is an error.
        """
        self._check_selection()
        self.describe_volumes()
        left_out = self.sink.total - self.sink.stored
        beside = f", {left_out} left out after a hook that failed" if left_out else ""
        if dry_run and self.snapshots.planned:
            # The objects of snapshots are there when these are taken, and are stored too.
            beside += f", and {counted(self.snapshots.planned, 'volume')} snapshotted"
            beside += f", the data of {self.snapshots.to_move} of them moved" if self.snapshots.to_move else ""
        if dry_run and self.snapshots.to_copy:
            beside += f", and the files of {counted(self.snapshots.to_copy, 'volume')} copied"
        self._progress(f"{counted(self.sink.stored, 'item')} {'would be stored' if dry_run else 'collected'}{beside}")

    def _check_selection(self) -> None:
        if self.sink.total != self.sink.stored:
            return
        if not is_empty(self.sink.item_counts(), self._list_plan, self._resolved.discovery):
            return
        if self._request.fail_on_empty:
            raise ValidationError(f"{SENTENCE}: '{self._request.name}' was not made.", hint=HINT)
        self._issues.warning(f"{SENTENCE}.", hint=HINT)

    def plan_blocks(self) -> None:
        """Say which hooks would run, in their order; count their pods as stored."""
        if self._pods is None:
            return
        blocks = self._blocks(self._pods)
        if not blocks:
            return
        self._check_exec(blocks)
        blocks = self._with_roles(blocks)
        for block in blocks:
            planned = [self._plan_pod(hooked) for hooked in block.pods]
            if any(hooked.database is not None for hooked in block.pods) or any(pod.freezes for pod in planned):
                keys = [key for hooked in block.pods for key in self.snapshots.of_pod(hooked.key, hooked.claims)]
                self.snapshots.foresee_late(dict.fromkeys(keys))
            self._planned_hooks += [entry for pod in planned for entry in pod.pre]
            self._planned_hooks += [entry for pod in planned for entry in pod.post]
            for hooked, found in zip(block.pods, planned, strict=True):
                self._pods.finish(hooked.pod, found.stored)

    def _plan_pod(self, hooked: HookedPod) -> PlannedPod:
        """The hooks of one pod; what cannot run is reported as the run would report it."""
        from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.planned import plan_pod_hooks

        self._warn(hooked)
        default = self._request.hook_on_error_default
        planned = plan_pod_hooks(
            hooked.pod,
            hooked.pre,
            hooked.post,
            client=self._client,
            policy=self._request.freeze_policy,
            default_on_error=default,
        )
        namespace, name = hooked.key
        if hooked.database is not None:
            self._plan_database(hooked, hooked.database, planned)
        for hook, why in planned.failed:
            self._issues.error("Error executing hook", error=why, name=name, namespace=namespace)
            if hook.resolved_on_error(default) == "Fail":
                message = f"Error running {hook.phase} hooks for pod"
                self._issues.error(message, error=why, name=name, namespace=namespace, resource="pods")
        return planned

    def _plan_database(self, hooked: HookedPod, declared: DatabaseDeclaration, planned: PlannedPod) -> None:
        from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pod_database import (
            DatabaseSettings,
            foresee_database,
        )

        settings = DatabaseSettings(policy=self._request.freeze_policy, cuts=self.snapshots.cuts)
        database, statements = foresee_database(self._context, hooked.pod, declared, hooked.pre, settings)
        self._planned_quiesces.append(database.record.to_return() | {"statements": statements})
        namespace, name = hooked.key
        self._issues.add_warnings(database.warnings, resource="pods", namespace=namespace, name=name)
        if database.record.error:
            self._issues.error(
                "Error quiescing a database",
                error=database.record.error,
                name=name,
                namespace=namespace,
                resource="pods",
            )
            planned.stored = planned.stored and self._request.hook_on_error_default != "Fail"

    def collect_rest(self) -> None:
        """Everything else, from the pages straight into the tarball."""
        rest = [r for r in self._list_plan.types if r.group_resource not in (PODS, NAMESPACES) or not r.preferred]
        self._progress(f"listing {counted(len(rest), 'more type')}")
        self.collector.run(rest, self.sink.store_all)

    def collect_related(self) -> None:
        """What the stored objects need, and the definitions of their types."""
        self._related.collect()
        store_definitions(self._context, self._resolved.discovery, self._list_plan, self.sink)

    def collect_namespaces(self) -> None:
        """The Namespace objects that the lists mean or a selector picks, and those of stored objects (Velero 1.18)."""
        resource = self._resolved.discovery.find(NAMESPACES)
        if resource is None or not self._list_plan.filter.lists(NAMESPACES, namespaced=False):
            return
        chosen, selectors = self._list_plan.namespaces, self._list_plan.spec.selectors
        # A selector picks namespaces beside the lists too, and among all where there are no lists; never excluded ones.
        by_name = set() if selectors and chosen.matcher.is_everything else set(chosen.accepted)
        for name, entry in sorted(chosen.existing.items()):
            if chosen.matcher.excludes_name(name):
                continue
            by_label = bool(selectors) and self._list_plan.spec.selects_labels(entry.labels)
            if (entry.active and (name in by_name or by_label)) or name in self.sink.namespaces_with_items:
                self._store_namespace(resource, name, entry.item)

    def _store_namespace(self, resource: ApiResource, name: str, item: RawItem | None) -> None:
        if item is not None:
            self.sink.store_all(resource, [item])
            return
        self._issues.warning(
            "Unable to read the Namespace object, so that its labels and annotations are not stored",
            name=name,
            namespace="",
            resource=str(NAMESPACES),
            hint="Grant get on namespaces, or set include_cluster_resources: false.",
        )

    def _store_ordered(self, items: t.Sequence[OrderedItem]) -> None:
        if items:
            store_ordered(self._context, items, self._list_plan, self.sink)

    def _make_pod_step(self) -> PodStep | None:
        resource = self._list_plan.find(PODS)
        if resource is None:
            return None
        work = PodWork(tuple(self._resolved.rules), self._request.databases, not self._request.objects_only)
        return PodStep(resource, self._list_plan, self.sink, self.collector, self._deferred, work=work)

    def _blocks(self, pods: PodStep) -> list[Block]:
        # Lists end in any order; hooks run in one that people can foresee.
        hooked = sorted(pods.hooked, key=lambda each: each.key)
        return build_blocks(
            hooked, ordered_pods=names_of(self._ordered, PODS), ordered_claims=names_of(self._ordered, CLAIMS)
        )

    def _warn(self, hooked: HookedPod) -> None:
        namespace, name = hooked.key
        for warning in hooked.warnings:
            self._issues.warning(warning, name=name, namespace=namespace, resource="pods")

    def _check_exec(self, blocks: t.Sequence[Block]) -> None:
        namespaces = [hooked.key[0] for block in blocks for hooked in block.pods]
        if not namespaces:
            return
        from ansible_collections.arkive.k8s.plugins.module_utils._hooks.rights import exec_needs

        forbidden = find_forbidden(self._client, exec_needs(namespaces), workers=self._request.workers)
        if not forbidden:
            return
        if not self._request.skip_forbidden:
            raise forbidden_error(forbidden, server=self._client.server)
        # The hooks themselves then say, one by one, that they could not run.
        self._issues.warning(f"The API server does not let you: {rights_text(forbidden)}")

    def _sweep(self, marked: t.Sequence[dict[str, t.Any]], ended_run: str) -> None:
        if self._request.objects_only:
            return
        namespaces = self._list_plan.list_namespaces
        helper = self._request.freeze_policy.helper_pod
        sweeping = sweep_namespaces(self._client, marked, namespaces, helper=helper, ended_run=ended_run)
        for note in sweeping.unread:
            self._issues.info(note)
        for note in sweeping.notes:
            self._issues.warning(note)
        for swept in sweeping.ended:
            self._swept.append(swept.to_return())
            if swept.error:
                self._issues.warning(
                    f"a freeze of an earlier run: {swept.error}",
                    name=swept.pod,
                    namespace=swept.namespace,
                    resource="pods",
                )


__all__ = ("BackupRun", "Collected", "RunSpools")
