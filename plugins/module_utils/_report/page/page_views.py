# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The views of the page, in JavaScript: those of one backup, and those of a location."""

# Private: not for use outside of this collection.

from __future__ import annotations

VIEWS = r"""
const names = (included, excluded) =>
  `${included.length ? included.join(", ") : "all"}${excluded.length ? `, without ${excluded.join(", ")}` : ""}`;
const seconds = {
  title: "Seconds",
  value: (row) => row.seconds,
  text: (row) => lasted(row.seconds),
  number: true,
  width: 10,
};
const started = {
  title: "Started",
  value: (row) => row.started,
  text: (row) => time(row.started),
  time: true,
  width: 20,
};
const size = { title: "Size", value: (row) => row.size, text: (row) => bytes(row.size), number: true, width: 10 };
const place = { title: "Where", value: (row) => row.place, width: 25 };
const proven = {
  title: "Consistent",
  value: (row) => (row.consistent ? "proven" : "not proven"),
  text: (row) => (row.consistent ? marked("proven", "good") : marked("not proven", "bad")),
  choice: true,
  width: 12,
};

const hook = (ran) =>
  element(
    "details",
    {},
    element(
      "summary",
      {},
      `${ran.phase} ${ran.place} `,
      ran.failed ? marked(ran.state, "bad") : ran.state,
      `, ${lasted(ran.seconds) || "no time recorded"}`,
    ),
    facts([
      ["Command", ran.command],
      ["Source", ran.source],
      ["Name", ran.name],
      ["Started", time(ran.started)],
      ["Exit status", ran.rc === null ? "" : String(ran.rc)],
      ["Error", ran.error],
    ]),
  );

const backupViews = () => {
  const about = data.overview;
  section(
    "overview",
    "Overview",
    facts([
      ["Phase", phase(about.phase)],
      ["Schedule", about.schedule],
      ["Started", time(about.started)],
      ["Took", lasted(about.seconds)],
      ["Expires", time(about.expiration) || "never"],
      ["Held", about.hold],
      ["Size of its files", bytes(about.size)],
      ["Objects", about.objects.toLocaleString("en")],
      ["Errors", String(about.errors)],
      ["Warnings", String(about.warnings)],
      ["Namespaces", names(about.namespaces, about.excluded_namespaces)],
      ["Resources", names(about.resources, about.excluded_resources)],
      ["Storage location", data.location],
    ]),
  );
  messages();
  section("timeline", "Timeline", ...timeline());
  section(
    "volumes",
    "Volumes",
    leftOut("volumes"),
    table(
      "Volumes",
      [
        { title: "Claim", value: (row) => row.claim || row.volume, width: 22 },
        { title: "Where the data is", value: (row) => row.data, choice: true, width: 18 },
        { title: "Place", value: (row) => row.place, width: 15 },
        { title: "Handle", value: (row) => row.handle, width: 18 },
        size,
        {
          title: "Result",
          value: (row) => row.result,
          text: (row) => (row.result === "failed" ? marked("failed", "bad") : row.result),
          width: 10,
        },
        { title: "Reason", value: (row) => row.reason, width: 17 },
      ],
      data.volumes,
    ),
  );
  section(
    "objects",
    "Objects",
    leftOut("objects"),
    table(
      "Objects",
      [
        { title: "Type", value: (row) => row[0], choice: true, width: 30 },
        { title: "Namespace", value: (row) => row[1], width: 25 },
        { title: "Name", value: (row) => row[2], width: 45 },
      ],
      data.objects.rows.map(([type, namespace, name]) => [
        data.objects.types[type],
        data.objects.namespaces[namespace],
        name,
      ]),
    ),
  );
  section("hooks", "Hooks", leftOut("hooks"), ...(data.hooks.length ? shownHooks() : [faint("No hook ran.")]));
  section(
    "freezes",
    "Freezes and databases",
    leftOut("freezes"),
    leftOut("databases"),
    element("h3", {}, "Freezes"),
    table(
      "Freezes",
      [
        place,
        { title: "Path", value: (row) => row.path },
        started,
        seconds,
        { title: "Timer", value: (row) => row.timer, width: 12 },
        { title: "Thawed by", value: (row) => row.thawed_by, width: 15 },
        proven,
        { title: "Error", value: (row) => row.error },
      ],
      data.freezes,
    ),
    element("h3", {}, "Databases"),
    table(
      "Databases",
      [
        place,
        { title: "Database", value: (row) => row.database },
        { title: "Mode", value: (row) => row.mode, width: 12 },
        started,
        seconds,
        { title: "Ended by", value: (row) => row.ended_by, width: 15 },
        proven,
        { title: "Error", value: (row) => row.error },
      ],
      data.databases,
    ),
  );
  if (data.log.length) logView();
};

const logView = () =>
  section(
    "log",
    "Log",
    data.log_is_whole ? null : faint("This is its end; k8s_backup_info takes the whole of it out."),
    table("Log", [{ title: "Line", value: (row) => row }], data.log),
  );

const SHOWN_HOOKS = 200;
const shownHooks = () => {
  const all = [...data.hooks].sort((one, other) => other.failed - one.failed);
  const rest = all.length - SHOWN_HOOKS;
  return [
    ...all.slice(0, SHOWN_HOOKS).map(hook),
    rest > 0 ? element("h3", {}, "The other hooks") : null,
    rest > 0
      ? table(
          "Other hooks",
          [
            place,
            { title: "When", value: (row) => row.phase, choice: true, width: 10 },
            { title: "Command", value: (row) => row.command, width: 30 },
            started,
            seconds,
            { title: "State", value: (row) => row.state, width: 10 },
          ],
          all.slice(SHOWN_HOOKS),
        )
      : null,
  ];
};

// What was kept when the report was made may be broken when it is read.
const promise = (row) => {
  if (row.promise === "kept" && row.late_at && Date.parse(row.late_at) < Date.now())
    return marked("kept when this was made, late by now", "careful");
  return marked(row.promise, { kept: "good", broken: "bad" }[row.promise] || "faint");
};

const locationViews = () => {
  const about = data.overview,
    last = about.last_restore;
  section(
    "overview",
    "Overview",
    facts([
      ["Backups", about.backups.toLocaleString("en")],
      ["Completed", about.completed.toLocaleString("en")],
      ["Size of all files", bytes(about.size)],
      ["Schedules", String(about.schedules)],
      ["Late schedules", about.broken_promises ? marked(String(about.broken_promises), "bad") : "none"],
      ["Held backups", String(about.held)],
      ["Last restore", last ? `${last.name}, of ${last.backup || "nobody knows which"}` : "none is recorded"],
      ["Last restore took", last ? `${lasted(last.seconds) || "0 s"}, ${last.phase}` : ""],
    ]),
  );
  messages();
  section(
    "schedules",
    "Recovery points",
    table(
      "Schedules",
      [
        { title: "Schedule", value: (row) => row.name },
        { title: "Promise", value: (row) => row.promise, text: promise, choice: true, width: 15 },
        { title: "When", value: (row) => row.schedule, width: 12 },
        { title: "Newest Completed backup", value: (row) => row.good, width: 25 },
        { title: "Made", value: (row) => row.good_made, text: (row) => time(row.good_made), time: true },
        { title: "Late from", value: (row) => row.late_at, text: (row) => time(row.late_at), time: true },
        {
          title: "Newest of any phase",
          value: (row) => row.newest,
          text: (row) => (row.newest ? `${row.newest}: ${row.newest_phase}` : ""),
        },
      ],
      data.schedules,
    ),
  );
  section("over-time", "Backups over time", ...overTime());
  section(
    "backups",
    "Backups",
    leftOut("backups"),
    table(
      "Backups",
      [
        { title: "Name", value: (row) => row.name, width: 28 },
        { title: "Schedule", value: (row) => row.schedule, choice: true, width: 14 },
        { title: "Phase", value: (row) => row.phase, text: (row) => phase(row.phase), choice: true, width: 14 },
        started,
        seconds,
        size,
        {
          title: "Expires",
          value: (row) => row.expiration,
          text: (row) => time(row.expiration),
          time: true,
          width: 18,
        },
        { title: "Held", value: (row) => (row.held ? "held" : ""), width: 8 },
      ],
      data.backups,
    ),
  );
  section(
    "deletions",
    "Next deletions",
    faint("By the rules that the last k8s_backup_prune has recorded, and by times to live."),
    table(
      "Deletions",
      [
        { title: "Backup", value: (row) => row.name, width: 28 },
        { title: "Schedule", value: (row) => row.schedule, width: 14 },
        {
          title: "When",
          value: (row) => (row.next_run ? "" : row.expires),
          text: (row) => (row.next_run ? marked("in the next run", "careful") : `not before ${time(row.expires)}`),
          width: 20,
        },
        size,
        { title: "Why", value: (row) => row.reasons.join("; "), width: 28 },
      ],
      data.deletions,
    ),
  );
  section(
    "holds",
    "Holds",
    table(
      "Holds",
      [
        { title: "Backup", value: (row) => row.name },
        { title: "By", value: (row) => row.by },
        { title: "Since", value: (row) => row.since },
        { title: "Reason", value: (row) => row.reason, width: 40 },
      ],
      data.holds,
    ),
  );
  section(
    "restores",
    "Restores",
    leftOut("restores"),
    table(
      "Restores",
      [
        { title: "Name", value: (row) => row.name, width: 25 },
        { title: "Backup", value: (row) => row.backup, width: 25 },
        { title: "Phase", value: (row) => row.phase, text: (row) => phase(row.phase), width: 15 },
        started,
        seconds,
        { title: "Errors", value: (row) => row.errors, number: true, width: 8 },
        { title: "Warnings", value: (row) => row.warnings, number: true, width: 8 },
      ],
      data.restores,
    ),
  );
};

({ backup: backupViews, location: locationViews })[data.kind]();
document.documentElement.dataset.ready = "yes";
"""

__all__ = ("VIEWS",)
