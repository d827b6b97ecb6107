# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_backup_report
short_description: Write a page about a backup, or about a storage location
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - Writes one HTML file that needs nothing else. It loads nothing from a network, and a policy in it keeps a browser
    from running anything but its own script.
  - Of a backup it shows what went wrong and what to do about it, a timeline of hooks, freezes and snapshots, the
    volumes and where their data is, and the names of all objects, which can be searched and sorted.
  - Of a location it shows the backups over time, whether each schedule keeps what it promises, what retention deletes
    next, the backups that are held, and the restores with what they took.
  - Of objects it has the types and names only, and nothing that is in them. Of hooks it has the commands, so that
    passwords do not belong into these.
  - Everything comes from the storage location. No cluster is needed.
extends_documentation_fragment:
  - arkive.k8s._attributes
  - arkive.k8s._attributes.actiongroup_backup
  - arkive.k8s._auth
  - arkive.k8s._mover.unused
  - arkive.k8s._progress
  - arkive.k8s._requirements
  - arkive.k8s._requirements.s3
  - arkive.k8s._results.without_store
  - arkive.k8s._storage
attributes:
  check_mode:
    support: full
    details:
      - Everything is read, and no file is written.
  diff_mode:
    support: none
  idempotent:
    support: full
    details:
      - The files are the same as long as the location is, and as no promise of a schedule is broken and no time to
        live ends. The time when they were made is not in them.
options:
  name:
    description:
      - The backup. Without O(name) and O(schedule), the report is of the whole location.
      - Mutually exclusive with O(schedule).
    type: str
  schedule:
    description:
      - The schedule whose newest C(Completed) backup is meant.
      - Mutually exclusive with O(name).
    type: str
  html_path:
    description:
      - The page. Its folder must be there. Whoever may enter that folder may read the file, like those of the other
        options.
      - At least one of O(html_path), O(json_path) and O(junit_path) is needed.
    type: path
  json_path:
    description:
      - The same as JSON, for programs.
    type: path
  junit_path:
    description:
      - The same as JUnit, for pipelines. A backup that is not C(Completed), a schedule that is late, and each error are
        failures; a volume that was left out and a schedule that is paused are skipped.
    type: path
  log:
    description:
      - Whether the end of the log is in the report of a backup, 256 KB at most. It has what hooks have printed, which
        not everybody may be meant to read.
    type: bool
    default: false
notes:
  - The next deletions are those that M(arkive.k8s.k8s_backup_prune) would make by the rules that its last run has
    recorded in the location, with the defaults of its other options.
seealso:
  - module: arkive.k8s.k8s_backup_info
  - module: arkive.k8s.k8s_backup_prune
  - module: arkive.k8s.k8s_backup_schedule
"""

EXAMPLES = r"""
- name: Write a page about the newest backup of the shop
  arkive.k8s.k8s_backup_report:
    schedule: shop
    html_path: report.html
    storage_location:
      bucket: backups
      prefix: production

- name: Write a page about all that the location holds, and a report for the pipeline
  arkive.k8s.k8s_backup_report:
    html_path: backups.html
    json_path: backups.json
    junit_path: backups.xml
    storage_location:
      path: /srv/backups

- name: Write a page with the log of the backup
  arkive.k8s.k8s_backup_report:
    name: shop-20260601023000
    html_path: /srv/www/shop.html
    log: true
    storage_location:
      path: /srv/backups
"""

RETURN = r"""
backup:
  description: The backup that the report is of; empty when it is of the whole location.
  returned: always
  type: str
  sample: shop-20260601023000
phase:
  description: The phase of that backup.
  returned: always
  type: str
  sample: Completed
written:
  description: The files that were written, or would be. A file that is the same already is not written.
  returned: always
  type: list
  elements: str
  sample: [report.html]
message_counts:
  description: How many errors and warnings the report tells of.
  returned: always
  type: dict
  sample: {errors: 0, warnings: 1}
late_schedules:
  description: The schedules whose newest C(Completed) backup is older than they promise, or that have none.
  returned: always
  type: list
  elements: str
  sample: []
location:
  description: The storage location.
  returned: always
  type: str
  sample: s3://backups/production
left_out:
  description:
    - What is not in this result whole, because it is too large, and of how many entries of each part something is
      missing.
  returned: always
  type: dict
  sample: {}
result_path:
  description: The file with the parts of RV(left_out) as JSON, readable by its owner only. Null without one.
  returned: always
  type: str
  sample: null
warnings_list:
  description:
    - What was noticed, each with C(resource), C(namespace), C(name), C(message), C(reason) and C(hint). The first of
      them are shown as warnings of the task, too.
  returned: always
  type: list
  elements: dict
  sample: []
errors_list:
  description:
    - What went wrong, in the form of RV(warnings_list). The first of them are in C(msg), too.
    - What went wrong in the backup is in the report, and does not fail the task.
  returned: always
  type: list
  elements: dict
  sample: []
error_details:
  description:
    - What is known about the error that ended the task beside its sentence. Empty when the task did not end by an
      error, or nothing more is known.
  returned: always
  type: dict
  sample: {}
"""

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.group_options import MOVER_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.page_options import REPORT, make_report
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_BACKUP_REPORT
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import PROGRESS, RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issue

SPEC = REPORT.merge(AUTH, STORAGE, PROGRESS, RESULT, MOVER_UNUSED)


def work(task: Task) -> Result:
    made = make_report(task)
    severities = [entry["severity"] for entry in made.report["messages"]]
    schedules = made.report.get("schedules", [])
    return {
        "changed": bool(made.written),
        "backup": made.backup,
        "phase": made.report["overview"].get("phase", ""),
        "written": made.written,
        "message_counts": {"errors": severities.count("error"), "warnings": severities.count("warning")},
        "late_schedules": [schedule["name"] for schedule in schedules if schedule["promise"] == "broken"],
        "location": made.location,
        "warnings_list": [Issue(message=sentence).to_return() for sentence in made.warnings],
    }


def main() -> t.NoReturn:
    run_task(SPEC, K8S_BACKUP_REPORT, work)


if __name__ == "__main__":
    main()
