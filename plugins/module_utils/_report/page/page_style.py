# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The style of the page: light and dark, from a telephone to a wall, and on paper."""

# Private: not for use outside of this collection.

from __future__ import annotations

STYLE = r"""
:root {
  color-scheme: light dark;
  --ground: #fdfdfc;
  --panel: #f3f4f5;
  --line: #c4c9cf;
  --text: #1a1f26;
  --faint: #525c67;
  --link: #0b57a4;
  --good: #1d6b3a;
  --bad: #b3261e;
  --careful: #8a5300;
  --backup: #8a94a0;
  --hook: #2f6fb5;
  --freeze: #7a4bb0;
  --database: #0f7a7a;
  --snapshot: #3c8045;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181d;
    --panel: #1e242b;
    --line: #46505b;
    --text: #e8ebee;
    --faint: #a9b3be;
    --link: #8cc1ff;
    --good: #7fd39a;
    --bad: #ff9d94;
    --careful: #f3bf6b;
    --backup: #77828e;
    --hook: #74aef0;
    --freeze: #bd98ea;
    --database: #5cc4c4;
    --snapshot: #80c68a;
  }
}
* {
  box-sizing: border-box;
}
html {
  font:
    clamp(15px, 0.55vw + 8px, 26px)/1.5 system-ui,
    sans-serif;
}
body {
  margin: 0;
  background: var(--ground);
  color: var(--text);
}
header,
nav,
main,
footer {
  padding: 0 clamp(0.75rem, 2.5vw, 4rem);
}
header {
  padding-top: 1rem;
}
h1 {
  font-size: 1.5rem;
  line-height: 1.25;
  margin: 0;
  overflow-wrap: anywhere;
}
h2 {
  font-size: 1.2rem;
  margin: 2rem 0 0.5rem;
}
h3 {
  font-size: 1rem;
  margin: 1rem 0 0.25rem;
}
p {
  margin: 0.4rem 0;
  max-width: 80ch;
  overflow-wrap: anywhere;
}
a {
  color: var(--link);
}
:focus-visible {
  outline: 3px solid var(--link);
  outline-offset: 2px;
}
.skip {
  position: absolute;
  left: -100vw;
}
.skip:focus {
  left: 0.5rem;
  top: 0.5rem;
  background: var(--ground);
  padding: 0.5rem;
  z-index: 2;
}
nav {
  position: sticky;
  top: 0;
  background: var(--ground);
  border-bottom: 1px solid var(--line);
  z-index: 1;
}
nav ul {
  display: flex;
  flex-wrap: wrap;
  gap: 0 1.25rem;
  list-style: none;
  margin: 0.5rem 0 0;
  padding: 0;
}
nav a {
  display: inline-block;
  padding: 0.25rem 0;
}
section {
  scroll-margin-top: 6rem;
}
.faint {
  color: var(--faint);
}
.good {
  color: var(--good);
}
.bad {
  color: var(--bad);
  font-weight: 600;
}
.careful {
  color: var(--careful);
  font-weight: 600;
}
dl {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr));
  gap: 0.5rem 1.5rem;
  margin: 1rem 0;
}
dt {
  color: var(--faint);
  font-size: 0.85rem;
}
dd {
  margin: 0;
  overflow-wrap: anywhere;
}
.messages {
  list-style: none;
  margin: 0;
  padding: 0;
}
.messages li {
  background: var(--panel);
  border-left: 0.3rem solid var(--careful);
  margin: 0.5rem 0;
  padding: 0.5rem 0.75rem;
}
.messages li.error {
  border-color: var(--bad);
}
.messages p {
  white-space: pre-wrap;
  overflow-wrap: anywhere;
  unicode-bidi: isolate;
}
.where {
  font-weight: 600;
  unicode-bidi: isolate;
  overflow-wrap: anywhere;
}
.tools {
  display: flex;
  flex-wrap: wrap;
  gap: 0.5rem 1rem;
  align-items: end;
  margin: 0.5rem 0;
}
.tools label {
  display: grid;
  font-size: 0.85rem;
  color: var(--faint);
}
input,
select,
button {
  font: inherit;
  color: inherit;
  background: var(--ground);
  border: 1px solid var(--faint);
  border-radius: 0.25rem;
}
input,
select {
  padding: 0.25rem 0.5rem;
  max-width: 100%;
  min-width: 12rem;
}
button {
  padding: 0.25rem 0.75rem;
  cursor: pointer;
}
.rows {
  overflow: auto;
  max-height: min(70vh, 60rem);
  border: 1px solid var(--line);
}
table {
  border-collapse: collapse;
  width: 100%;
}
.drawn table {
  table-layout: fixed;
  min-width: 40rem;
}
th {
  position: sticky;
  top: 0;
  background: var(--panel);
  text-align: left;
  vertical-align: bottom;
  padding: 0;
}
th button {
  all: unset;
  box-sizing: border-box;
  width: 100%;
  cursor: pointer;
  padding: 0.35rem 0.6rem;
  font-weight: 600;
}
th button:focus-visible {
  outline: 3px solid var(--link);
  outline-offset: -3px;
}
td {
  border-top: 1px solid var(--line);
  padding: 0.3rem 0.6rem;
  vertical-align: top;
  unicode-bidi: isolate;
  overflow-wrap: anywhere;
  min-width: 6rem;
}
.drawn td {
  height: 2.25rem;
  line-height: 1.6rem;
  white-space: nowrap;
  overflow: hidden;
  text-overflow: ellipsis;
  min-width: 0;
}
.drawn .gap td {
  border: 0;
  padding: 0;
  height: auto;
}
.time {
  white-space: nowrap;
}
.number {
  white-space: nowrap;
  text-align: right;
  font-variant-numeric: tabular-nums;
}
details {
  border-top: 1px solid var(--line);
  padding: 0.4rem 0;
}
summary {
  cursor: pointer;
  overflow-wrap: anywhere;
  unicode-bidi: isolate;
}
svg {
  display: block;
  width: 100%;
}
svg text {
  fill: var(--text);
  font-size: 0.8rem;
  unicode-bidi: isolate;
}
svg .axis {
  stroke: var(--line);
}
svg .faint {
  fill: var(--faint);
}
svg .backup {
  fill: var(--backup);
}
svg .hook {
  fill: var(--hook);
}
svg .freeze {
  fill: var(--freeze);
}
svg .database {
  fill: var(--database);
}
svg .snapshot {
  fill: var(--snapshot);
}
svg .wrong {
  fill: none;
  stroke: var(--bad);
  stroke-width: 2.5;
}
.picture {
  overflow: auto;
  max-height: 80vh;
  border: 1px solid var(--line);
  padding: 0.5rem;
}
.legend {
  display: flex;
  flex-wrap: wrap;
  gap: 0.25rem 1.25rem;
  list-style: none;
  margin: 0.5rem 0;
  padding: 0;
}
.legend svg {
  display: inline-block;
  width: 1rem;
  height: 1rem;
  vertical-align: -0.15rem;
  margin-right: 0.35rem;
}
footer {
  margin-top: 3rem;
  padding-bottom: 2rem;
}
@media print {
  :root {
    --ground: #fff;
    --panel: #f3f4f5;
    --text: #000;
    --faint: #444;
    --bad: #8f1b14;
    --careful: #6b4000;
    --line: #999;
  }
  nav,
  .skip,
  .tools {
    display: none;
  }
  .rows,
  .picture {
    max-height: none;
    overflow: visible;
    border: 0;
  }
  .drawn td {
    white-space: normal;
    height: auto;
  }
  th {
    position: static;
  }
  tr,
  .messages li {
    break-inside: avoid;
  }
}
@media (prefers-reduced-motion: no-preference) {
  html {
    scroll-behavior: smooth;
  }
}
"""

__all__ = ("STYLE",)
