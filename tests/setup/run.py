# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``make`` runs: ``tests/setup/run TARGET``. Standard library only, Python 3.11 or newer."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pathlib
import shutil
import signal
import sys
import types
import typing as t

from checks import ansible_test, cluster, docs, environments, golden, matrix, pytests, shares, tested
from checks.console import CheckError, must_run, note, run, say
from checks.lanes import Lanes, steps_of, write_steps
from checks.lint import lint
from checks.paths import CACHE, CHECKOUT, COLLECTIONS, LANE, TREE, WORK, work_of
from checks.processors import Processors
from checks.report import Report, Step
from checks.tree import copy_tree

#: Campaigns that need no cluster.
_WITHOUT_CLUSTER: tuple[list[str], ...] = (["archives"], ["operations"], ["templates"])

#: Beside the lane of the integration targets, which takes a share of the live tests after them, and that of checks.
#: Live tests wait more than they compute, and a cluster that does nothing takes a twentieth of a core.
_LIVE_LANES = 3

#: They begin while the cluster is still being built.
_LANES_WITHOUT_CLUSTER = ("checks", "node", "sanity", "units")

_NICENESS = 5

_Target: t.TypeAlias = t.Callable[[list[str]], int]


def make_lint(_arguments: list[str]) -> int:
    report = Report()
    lint(report)
    return report.close()


def make_units(_arguments: list[str]) -> int:
    report = Report()
    pytests.units(report)
    ansible_test.units(report)
    return report.close()


def make_sanity(_arguments: list[str]) -> int:
    report = Report()
    ansible_test.sanity(report)
    return report.close()


def make_matrix(arguments: list[str]) -> int:
    """The units and the import test on each Python with each ansible-core; on those pairs that are asked for."""
    report = Report()
    matrix.run_matrix(report, arguments)
    return report.close()


def make_live(_arguments: list[str]) -> int:
    report = Report()
    cluster.build_others()
    with cluster.cluster() as variables:
        pytests.live(report, variables)
    return report.close()


def make_integration(arguments: list[str]) -> int:
    report = Report()
    with cluster.cluster() as variables:
        _integration(report, variables, arguments)
    return report.close()


def make_conformance(_arguments: list[str]) -> int:
    report = Report()
    with cluster.cluster():
        cluster.conformance(report)
    return report.close()


def make_test(_arguments: list[str]) -> int:
    """Everything, in lanes that run side by side. The cluster is built beside the checks that do not need it."""
    report, before = Report(), Processors.read()
    environments.tools()
    ansible_test.install_programs()  # before the build, which uses apt-get as well
    pytests.install_browser()
    if cluster.is_foreign():
        return _test_on_foreign_cluster(report)
    pytests.install_shells()
    pytests.install_java()
    environments.rulebook()
    building = [cluster.build()]
    try:
        with Lanes() as running:
            for name in _LANES_WITHOUT_CLUSTER:
                running.start(name)
            with report.step("cluster: build") as step:
                building[0].join()
                step.count(True)
            if not step.failed:
                building.append(cluster.build_later())
                for name in ("integration", *_live_lanes()):
                    running.start(name)
            running.join(report)
    finally:
        for each in building:
            each.end()
    _say_what_took_longest()
    note(f"the processors of this machine were busy for {Processors.read().busy_since(before):.0%} of the run")
    return report.close()


def _live_lanes() -> list[str]:
    return [f"live-{number}" for number in range(1, _LIVE_LANES + 1)]


def _test_on_foreign_cluster(report: Report) -> int:
    lint(report)
    pytests.units(report)
    ansible_test.units(report)
    ansible_test.sanity(report)
    with cluster.cluster() as variables:
        pytests.live(report, variables)
        _integration(report, variables, [])
    note("not run on a cluster that is not ours: the conformance checks")
    return report.close()


def make_lane(arguments: list[str]) -> int:
    """One lane of ``make test``: what it does is written to a file for the run that it is part of."""
    name, result = arguments
    report = Report()
    try:
        _LANES[name.partition("-")[0]](report)
    except CheckError as exc:
        note(str(exc))
        report.steps.append(Step("set-up", failed=1, failures=[str(exc)]))
    write_steps(report, result)
    return report.close()


def _units_lane(report: Report) -> None:
    """The longest step of all: with the other checks before and after it, it would end minutes after all else."""
    pytests.units(report)


def _checks_lane(report: Report) -> None:
    """It computes and never waits: it takes what the others leave, for some live tests look at the clock."""
    os.nice(_NICENESS)
    lint(report)
    ansible_test.units(report)


def _sanity_lane(report: Report) -> None:
    """As the one before."""
    os.nice(_NICENESS)
    ansible_test.sanity(report)


def _integration_lane(report: Report) -> None:
    with cluster.cluster() as variables:
        _integration(report, variables, [])
        cluster.conformance(report)
        _live_share(report, variables, _LIVE_LANES + 1)


def _live_lane(report: Report) -> None:
    with cluster.cluster() as variables:
        _live_share(report, variables, int(LANE.rpartition("-")[2]))


def _live_share(report: Report, variables: cluster.Variables, number: int) -> None:
    if share := shares.share_out(_LIVE_LANES + 1)[number - 1]:
        pytests.live(report, variables, share)
    cluster.check_frozen(report)


def _node_lane(report: Report) -> None:
    """Live tests that need no cluster."""
    pytests.live(report, {}, shares.WITHOUT_CLUSTER)


def _say_what_took_longest() -> None:
    say("What took longest")
    seconds = shares.case_seconds(_live_results())
    for (module, name), taken in sorted(seconds.items(), key=lambda entry: -entry[1])[:15]:
        note(f"{taken:>7.1f} s  {module.rpartition('.')[2]}::{name}")


def _live_results() -> list[pathlib.Path]:
    found = [work_of(name) / pytests.LIVE_RESULTS for name in (*_live_lanes(), "integration", "node")]
    return [file for file in found if file.exists()]


def make_durations(_arguments: list[str]) -> int:
    """Keep what the live tests took in the last whole run, by which they are shared out, and how they went."""
    targets = sum(step.seconds for step in steps_of("integration") if not step.name.startswith("pytest"))
    note(f"{shares.renew(_live_results(), targets)} files measured: {shares.MEASURED}")
    tested.write_page(_live_results())
    note(str(tested.PAGE))
    return 0


def _integration(report: Report, variables: cluster.Variables, targets: list[str]) -> None:
    cluster.write_integration_config(variables)
    excluded = _local_only_targets() if cluster.is_foreign() else []
    for name in excluded:
        note(f"not run on a cluster that is not ours: {name}")
    ansible_test.integration(report, targets, excluded)


def _local_only_targets() -> list[str]:
    """The integration targets whose aliases say that they break things."""
    aliases = sorted((TREE / "tests" / "integration" / "targets").glob("*/aliases"))
    return [file.parent.name for file in aliases if "local_cluster" in file.read_text().split()]


def make_demo(_arguments: list[str]) -> int:
    tools = environments.tools()
    with cluster.cluster() as variables:
        say("The demo")
        demo = [tools.python, str(TREE / "tests" / "demo" / "run.py")]
        code, _printed = run(demo, cwd=WORK, env={**tools.variables, **variables})
    return code


def make_bench(arguments: list[str]) -> int:
    """The last line that is printed is one JSON object."""
    tools = environments.tools()
    name, objects, *options = arguments or ["backup", "30000"]
    result = WORK / "bench.json"
    result.unlink(missing_ok=True)
    with cluster.cluster() as variables:
        # What is stopped afterwards needs no cleaning.
        keep = ["keep"] if options or cluster.ends_afterwards() else []
        bench = [tools.python, "-m", "benches", name, objects, str(result), *keep]
        code, _printed = run(bench, cwd=TREE / "tests" / "bench", env={**tools.variables, **variables})
    if code == 0:
        print(result.read_text().strip(), flush=True)
    return code


def make_soak(arguments: list[str]) -> int:
    """A campaign. The last line that is printed says how many cases failed."""
    tools = environments.tools()
    with contextlib.ExitStack() as running:
        variables = {} if arguments[:1] in _WITHOUT_CLUSTER else running.enter_context(cluster.cluster())
        soak = [tools.python, "-m", "campaigns", *(arguments or [""])]
        code, _printed = run(soak, cwd=TREE / "tests" / "soak", env={**tools.variables, **variables})
    return code


def make_cluster_start(_arguments: list[str]) -> int:
    cluster.start_and_keep()
    return 0


def make_cluster_stop(_arguments: list[str]) -> int:
    cluster.stop()
    return 0


def make_format(_arguments: list[str]) -> int:
    ruff = environments.tools().program("ruff")
    run([ruff, "check", "--no-cache", "--fix", "."], cwd=CHECKOUT)
    code, _printed = run([ruff, "format", "--no-cache", "."], cwd=CHECKOUT)
    return code


def make_golden(_arguments: list[str]) -> int:
    for file in golden.write_golden(CHECKOUT):
        note(str(file))
    return 0


def make_build(_arguments: list[str]) -> int:
    tools = environments.tools()
    galaxy = [tools.program("ansible-galaxy"), "collection", "build", "--force"]
    must_run([*galaxy, "--output-path", str(CHECKOUT / "dist")], cwd=TREE, env=tools.variables)
    for archive in sorted((CHECKOUT / "dist").glob("*.tar.gz")):
        note(str(archive))
    return 0


def make_docs(_arguments: list[str]) -> int:
    target = CHECKOUT / "dist" / "docs"
    if not docs.build_docs():
        return 1
    docs.keep_docs(target)
    note(str(target / "index.html"))
    return 0


def make_clean(_arguments: list[str]) -> int:
    cluster.stop()
    for name in ("", "integration", *_LANES_WITHOUT_CLUSTER, *_live_lanes()):
        shutil.rmtree(work_of(name), ignore_errors=True)
    shutil.rmtree(CHECKOUT / "dist", ignore_errors=True)
    note(f"shared by all checkouts, and left: {CACHE}")
    return 0


_TARGETS: dict[str, _Target] = {
    "bench": make_bench,
    "build": make_build,
    "clean": make_clean,
    "cluster-start": make_cluster_start,
    "cluster-stop": make_cluster_stop,
    "conformance": make_conformance,
    "demo": make_demo,
    "docs": make_docs,
    "durations": make_durations,
    "format": make_format,
    "golden": make_golden,
    "integration": make_integration,
    "lane": make_lane,
    "lint": make_lint,
    "live": make_live,
    "matrix": make_matrix,
    "sanity": make_sanity,
    "soak": make_soak,
    "test": make_test,
    "units": make_units,
}

_LANES: dict[str, t.Callable[[Report], None]] = {
    "checks": _checks_lane,
    "integration": _integration_lane,
    "live": _live_lane,
    "node": _node_lane,
    "sanity": _sanity_lane,
    "units": _units_lane,
}

_WITHOUT_TREE = ("clean", "cluster-start", "cluster-stop", "durations", "format", "golden")


@contextlib.contextmanager
def _alone() -> t.Iterator[None]:
    """Two runs in one checkout would pull the copied tree from under each other: the second waits."""
    WORK.mkdir(parents=True, exist_ok=True)
    with (WORK / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another run in this checkout")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _on_signal(number: int, _frame: types.FrameType | None) -> t.NoReturn:
    """Unwind once, so that everything started is stopped; what comes later must not disturb that."""
    for name in _SIGNALS:
        signal.signal(name, signal.SIG_IGN)
    raise SystemExit(128 + number)


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """The exit code."""
    if len(sys.argv) < 2 or sys.argv[1] not in _TARGETS:
        print(f"usage: {pathlib.Path(sys.argv[0]).with_suffix('')} {{{','.join(_TARGETS)}}}", file=sys.stderr)
        return 2
    for number in _SIGNALS:
        signal.signal(number, _on_signal)
    target, arguments = sys.argv[1], sys.argv[2:]
    try:
        if target in _WITHOUT_TREE:
            return _TARGETS[target](arguments)
        with _alone():
            say(f"Copying the sources to {COLLECTIONS}")
            copy_tree()
            return _TARGETS[target](arguments)
    except CheckError as exc:
        print(f"{exc}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
