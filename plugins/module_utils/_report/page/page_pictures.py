# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pictures of the page, in JavaScript: spans of time in lanes, as SVG that is drawn for the width there is."""

# Private: not for use outside of this collection.

from __future__ import annotations

PICTURES = r"""
// Lanes of marks between two times in seconds. The name of a lane stands above it, so that a narrow page has room.
const NAME_HEIGHT = 18,
  LANE_HEIGHT = 40,
  AXIS_HEIGHT = 24,
  EDGE = 4;
const picture = (title, lanes, start, end, markOf, tick) => {
  const box = element("div", { class: "picture", tabindex: "0", role: "region", "aria-label": title });
  const length = Math.max(end - start, 0.001);
  const draw = () => {
    const width = Math.max(box.clientWidth - 18, 240);
    const place = (at) => EDGE + ((at - start) / length) * (width - 2 * EDGE);
    const height = AXIS_HEIGHT + lanes.length * LANE_HEIGHT;
    const drawn = shape("svg", {
      viewBox: `0 0 ${width} ${height}`,
      height,
      role: "img",
      "aria-label": `${title}; the tables have the same in words`,
    });
    const steps = Math.max(2, Math.min(8, Math.floor(width / 160)));
    for (let step = 0; step <= steps; step++) {
      const at = start + (length * step) / steps,
        x = place(at);
      const anchor = step === 0 ? "start" : step === steps ? "end" : "middle";
      drawn.append(
        shape("line", { x1: x, x2: x, y1: AXIS_HEIGHT - 4, y2: height, class: "axis" }),
        shape("text", { x, y: 14, "text-anchor": anchor, class: "faint" }, tick(at)),
      );
    }
    lanes.forEach((lane, number) => {
      const top = AXIS_HEIGHT + number * LANE_HEIGHT;
      drawn.append(shape("text", { x: EDGE, y: top + 13 }, lane.name));
      for (const mark of lane.marks)
        drawn.append(...markOf(mark, place, top + NAME_HEIGHT, LANE_HEIGHT - NAME_HEIGHT - 4, width));
    });
    box.replaceChildren(drawn);
  };
  new ResizeObserver(draw).observe(box);
  addEventListener("beforeprint", draw);
  return box;
};

// A bar, with a cross over it where something is wrong: colour alone says nothing.
const bar = (kind, x, width, top, height, bad, words) => {
  const across = bad
    ? shape("path", { d: `M${x} ${top}l${width} ${height}m0 ${-height}l${-width} ${height}`, class: "wrong" })
    : null;
  return shape("g", {}, shape("title", {}, words), shape("rect", { x, y: top, width, height, class: kind }), across);
};
const legend = (kinds) =>
  element(
    "ul",
    { class: "legend" },
    ...kinds.map(([kind, words]) => {
      const sample = shape(
        "svg",
        { viewBox: "0 0 16 16", "aria-hidden": "true" },
        bar(kind || "backup", 2, 12, 2, 12, !kind, words),
      );
      return element("li", {}, sample, words);
    }),
  );
const WRONG = ["", "something was wrong"];

const timeline = () => {
  const { started, seconds, lanes, left_out: more } = data.timeline;
  if (!started) return [faint("No times are recorded.")];
  const named = lanes.map((lane) => ({ name: lane.name, marks: lane.spans }));
  const draw = (span, place, top, height, width) => {
    const x = Math.min(place(span.offset), width - EDGE - 3);
    const long = Math.max(place(span.offset + span.seconds) - x, 3);
    const wrong = span.bad ? "; something was wrong" : "";
    const words = `${span.label}: from ${lasted(span.offset)} on, for ${lasted(span.seconds)}${wrong}`;
    const inner = span.kind === "hook" ? 5 : 0;
    return [bar(span.kind, x, long, top + inner, height - 2 * inner, span.bad, words)];
  };
  return [
    element("p", {}, `From ${time(started)} on, for ${lasted(seconds)}.`),
    legend([
      ["hook", "hook"],
      ["freeze", "file system frozen"],
      ["database", "database held"],
      ["snapshot", "snapshot"],
      ["backup", "the backup"],
      WRONG,
    ]),
    picture(
      "Hooks, freezes and snapshots over time",
      named,
      0,
      Math.max(seconds, 0.001),
      draw,
      (at) => lasted(at) || "0 s",
    ),
    more ? faint(`${counted(more, "more span")} would be too many for a picture.`) : null,
  ];
};

const DRAWN_BACKUPS = 3000,
  DRAWN_SCHEDULES = 100;
const overTime = () => {
  const dated = data.backups.filter((backup) => backup.started).slice(0, DRAWN_BACKUPS);
  if (!dated.length) return [faint("There are no backups.")];
  const at = (backup) => Date.parse(backup.started) / 1000;
  const bySchedule = new Map();
  for (const backup of dated) {
    const name = backup.schedule || "without a schedule";
    if (!bySchedule.has(name) && bySchedule.size < DRAWN_SCHEDULES) bySchedule.set(name, []);
    bySchedule.get(name)?.push(backup);
  }
  const lanes = [...bySchedule]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, found]) => {
      const largest = Math.max(...found.map((backup) => backup.size || 0), 1);
      return {
        name: `${name}, up to ${bytes(largest)}`,
        marks: found.map((backup) => ({ backup, part: (backup.size || 0) / largest })),
      };
    });
  const draw = ({ backup, part }, place, top, height, width) => {
    const x = Math.min(place(at(backup)), width - EDGE - 4),
      high = Math.max(part * height, 3);
    const bad = backup.phase !== "Completed";
    const held = backup.held ? ", held" : "";
    const words = `${backup.name}: ${time(backup.started)}, ${backup.phase}, ${bytes(backup.size)}${held}`;
    return [
      bar(
        backup.held ? "freeze" : "hook",
        x,
        4,
        top + height - (bad ? height : high),
        bad ? height : high,
        bad,
        words,
      ),
    ];
  };
  const drawn = lanes.reduce((sum, lane) => sum + lane.marks.length, 0);
  const start = Math.min(...dated.map(at)),
    end = Math.max(...dated.map(at));
  return [
    element("p", {}, "A bar is as high as the backup is large, beside the largest of its schedule."),
    legend([
      ["hook", "backup"],
      ["freeze", "held backup"],
      ["", "not Completed"],
    ]),
    picture("Backups over time by schedule", lanes, start, Math.max(end, start + 1), draw, (moment) =>
      new Date(moment * 1000).toISOString().slice(0, 10),
    ),
    drawn < data.backups.length
      ? faint(`The picture has ${counted(drawn, "backup")} of ${data.backups.length}; the table has them all.`)
      : null,
  ];
};
"""

__all__ = ("PICTURES",)
