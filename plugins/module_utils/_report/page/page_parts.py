# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all views of the page are made of, in JavaScript: elements, values in words, tables that draw what is seen.

Text becomes part of the page as text only: nothing here, or in the views, parses markup.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

PARTS = r"""
const data = JSON.parse(document.getElementById("data").textContent);
const main = document.getElementById("main");
const links = document.getElementById("sections");

const filled = (made, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== null && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
};
const element = (name, attributes = {}, ...children) => filled(document.createElement(name), attributes, children);
const shape = (name, attributes = {}, ...children) =>
  filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);

const counted = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
const bytes = (size) => {
  if (size === null || size === undefined) return "";
  const units = ["", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  for (; size >= 1024 && unit < units.length - 1; unit++) size /= 1024;
  return unit ? `${size.toFixed(1)} ${units[unit]}` : counted(size, "byte");
};
const lasted = (seconds) => {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 60) return `${Number(seconds.toFixed(2))} s`;
  const whole = Math.round(seconds);
  const parts = [
    [Math.floor(whole / 86400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ];
  return parts
    .filter(([number]) => number)
    .slice(0, 2)
    .map(([number, unit]) => `${number} ${unit}`)
    .join(" ");
};
const time = (text) => (text ? text.replace("T", " ").replace("Z", " UTC") : "");

const section = (id, title, ...children) => {
  const heading = element("h2", { id: `${id}-title` }, title);
  main.append(element("section", { id, "aria-labelledby": `${id}-title` }, heading, ...children));
  links.append(element("li", {}, element("a", { href: `#${id}` }, title)));
};
const facts = (pairs) =>
  element(
    "dl",
    {},
    ...pairs
      .filter(([, value]) => value !== "" && value !== null && value !== undefined)
      .map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))),
  );
const faint = (text) => element("p", { class: "faint" }, text);
const leftOut = (name) =>
  data.left_out[name] ? faint(`Left out, as too many for a page: ${counted(data.left_out[name], "row")}.`) : null;
const marked = (text, kind) => element("span", { class: kind }, text);
const phase = (text) =>
  marked(text, text === "Completed" ? "good" : /Failed|Deleting/.test(text) ? "bad" : "careful");

const messages = () => {
  const errors = data.messages.filter((entry) => entry.severity === "error").length;
  const summary = data.messages.length
    ? `${counted(errors, "error")}, ${counted(data.messages.length - errors, "warning")}.`
    : "Nothing went wrong.";
  const items = data.messages.map((entry) =>
    element(
      "li",
      { class: entry.severity },
      element(
        "div",
        { class: "where" },
        `${entry.severity === "error" ? "Error" : "Warning"}${entry.where ? `: ${entry.where}` : ""}`,
      ),
      element("p", {}, entry.text),
      entry.remedy ? element("p", {}, element("strong", {}, "What to do: "), entry.remedy) : null,
    ),
  );
  const first = element("ul", { class: "messages" }, ...items.slice(0, SHOWN_MESSAGES));
  const more = items.slice(SHOWN_MESSAGES);
  section(
    "messages",
    "Errors and warnings",
    element("p", {}, summary),
    first,
    more.length
      ? element(
          "details",
          {},
          element("summary", {}, `${counted(more.length, "more message")}`),
          element("ul", { class: "messages" }, ...more),
        )
      : null,
  );
};

// A table. Of many rows only those are drawn that are seen, which all have one height then.
// A column has a title, value(row), and maybe text(row), number, width and a choice of its values.
const SHOWN_MESSAGES = 100,
  DRAWN_FROM = 200,
  AROUND = 20,
  PRINTED = 5000,
  MOST_CHOICES = 500;
let tables = 0;
class Table {
  constructor(caption, columns, rows) {
    Object.assign(this, { columns, rows, found: rows, sorted: -1, falling: false, first: -1 });
    this.isDrawn = rows.length > DRAWN_FROM;
    this.words = null;
    const id = `table-${++tables}`;
    this.heads = columns.map((column, number) => {
      const head = element(
        "th",
        { scope: "col", "aria-sort": "none" },
        element("button", { type: "button" }, column.title),
      );
      head.firstChild.addEventListener("click", () => this.sort(number));
      return head;
    });
    this.body = element("tbody");
    const total = columns.reduce((sum, column) => sum + (column.width || 20), 0);
    const shares = columns.map((column) => `${((column.width || 20) * 100) / total}%`);
    const widths = this.isDrawn ? shares.map((width) => element("col", { width })) : [];
    this.grid = element(
      "table",
      {},
      element("colgroup", {}, ...widths),
      element("thead", {}, element("tr", {}, ...this.heads)),
      this.body,
    );
    this.box = element(
      "div",
      { class: this.isDrawn ? "rows drawn" : "rows", tabindex: "0", role: "region", "aria-label": caption },
      this.grid,
    );
    this.box.addEventListener("scroll", () => requestAnimationFrame(() => this.draw()), { passive: true });
    this.count = element("output", { for: id, class: "faint" });
    this.search = element("input", { type: "search", id, autocomplete: "off", spellcheck: "false" });
    this.search.addEventListener("input", () => this.filter());
    this.choices = columns.flatMap((column) => this.choiceOf(column));
    this.whole = element(
      "div",
      {},
      element(
        "div",
        { class: "tools" },
        element("label", {}, `Search ${caption.toLowerCase()}`, this.search),
        ...this.choices.map((choice) => choice.label),
        this.count,
      ),
      this.box,
    );
    addEventListener("beforeprint", () => this.draw(true));
    addEventListener("afterprint", () => this.draw());
    addEventListener("resize", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.box);
    this.filter();
  }
  choiceOf(column) {
    if (!column.choice) return [];
    const values = [...new Set(this.rows.map(column.value))].sort();
    if (values.length > MOST_CHOICES) return [];
    const select = element(
      "select",
      {},
      element("option", { value: "" }, "all"),
      ...values.map((value, number) => element("option", { value: number + 1 }, value || "none")),
    );
    select.addEventListener("change", () => this.filter());
    return [
      {
        label: element("label", {}, column.title, select),
        fits: (row) => !select.value || column.value(row) === values[select.value - 1],
      },
    ];
  }
  text(column, row) {
    const value = column.text ? column.text(row) : column.value(row);
    return value === null || value === undefined ? "" : value;
  }
  filter() {
    const wanted = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = this.rows.filter((row) => this.choices.every((choice) => choice.fits(row)));
    if (wanted.length && !this.words) {
      const textOf = (row) =>
        this.columns
          .map((column) => {
            const text = this.text(column, row);
            return text.nodeType ? text.textContent : text;
          })
          .join("\n")
          .toLowerCase();
      this.words = new Map(this.rows.map((row) => [row, textOf(row)]));
    }
    this.found = wanted.length
      ? chosen.filter((row) => wanted.every((word) => this.words.get(row).includes(word)))
      : chosen;
    this.order();
  }
  sort(number) {
    this.falling = this.sorted === number && !this.falling;
    this.sorted = number;
    this.heads.forEach((head, place) =>
      head.setAttribute("aria-sort", place !== number ? "none" : this.falling ? "descending" : "ascending"),
    );
    this.filter();
  }
  order() {
    if (this.sorted >= 0) {
      const { value } = this.columns[this.sorted];
      const compare = new Intl.Collator("en", { numeric: true }).compare;
      const keyed = this.found.map((row) => [value(row) ?? "", row]);
      keyed.sort(([one], [other]) =>
        typeof one === "number" && typeof other === "number" ? one - other : compare(String(one), String(other)),
      );
      this.found = keyed.map(([, row]) => row);
      if (this.falling) this.found.reverse();
    }
    this.count.textContent =
      this.found.length === this.rows.length
        ? counted(this.rows.length, "row")
        : `${counted(this.found.length, "row")} of ${this.rows.length.toLocaleString("en")}`;
    this.grid.setAttribute("aria-rowcount", this.found.length + 1);
    this.first = -1;
    this.box.scrollTop = 0;
    this.draw();
  }
  draw(onPaper = false) {
    if (!this.isDrawn) {
      if (this.first === 0) return;
      this.first = 0;
      this.body.replaceChildren(...this.found.map((row) => this.row(row)));
      return;
    }
    const height = 2.25 * parseFloat(getComputedStyle(document.documentElement).fontSize);
    const seen = Math.ceil((this.box.clientHeight || 600) / height);
    const first = onPaper ? 0 : Math.max(0, Math.floor(this.box.scrollTop / height) - AROUND);
    const last = Math.min(this.found.length, onPaper ? PRINTED : first + seen + 2 * AROUND);
    if (!onPaper && first === this.first && last === this.last) return;
    Object.assign(this, { first: onPaper ? -1 : first, last });
    const gap = (rows) => {
      const cell = element("td", { colspan: this.columns.length });
      cell.style.height = `${rows * height}px`;
      return element("tr", { class: "gap", "aria-hidden": "true" }, cell);
    };
    const rows = this.found.slice(first, last).map((row, place) => {
      const drawn = this.row(row);
      drawn.setAttribute("aria-rowindex", first + place + 2);
      drawn.style.height = onPaper ? "" : `${height}px`;
      return drawn;
    });
    const rest = this.found.length - last;
    const after = onPaper
      ? rest
        ? [element("tr", {}, element("td", { colspan: this.columns.length }, `... and ${counted(rest, "more row")}`))]
        : []
      : [gap(rest)];
    this.body.replaceChildren(...(onPaper ? [] : [gap(first)]), ...rows, ...after);
  }
  row(row) {
    return element(
      "tr",
      {},
      ...this.columns.map((column) => {
        const text = this.text(column, row);
        const whole = this.isDrawn ? (text.nodeType ? text.textContent : String(text)) : null;
        return element(
          "td",
          { class: column.number ? "number" : column.time ? "time" : null, title: whole || null },
          text,
        );
      }),
    );
  }
}
const table = (caption, columns, rows) =>
  rows.length ? new Table(caption, columns, rows).whole : faint("There are none.");
"""

__all__ = ("PARTS",)
