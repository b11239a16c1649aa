#!/usr/bin/python
# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pbx_info
short_description: Read files, units and commands of a PBX in one go
version_added: 0.2.0
description:
  - Reads in one module execution what a role compares with its wishes, so that a second run of a role costs one
    look instead of a task for each file, unit and command.
  - Needs Python's standard library only.
options:
  files:
    description:
      - The paths of files and folders to describe.
    type: list
    elements: path
    default: []
  contents:
    description:
      - The paths of text files whose content is returned. Of a private key among it only the first line is.
    type: list
    elements: path
    default: []
  units:
    description:
      - The names of systemd units.
    type: list
    elements: str
    default: []
  commands:
    description:
      - Commands that only read, each a name and its words. They run without a shell, one after another, in the
        locale C, and find the Python that runs the module as C($PBX_INFO_PYTHON).
      - A command that does not exist has the exit code 127, one that took longer than O(command_timeout) 124.
    type: dict
    default: {}
  command_timeout:
    description:
      - Seconds after which a command is ended.
    type: int
    default: 20
extends_documentation_fragment:
  - alexa.smart_properties._attributes.info
  - alexa.smart_properties._attributes.host
author:
  - The alexa.smart_properties contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Look at the PBX
  alexa.smart_properties.pbx_info:
    files: [/etc/asterisk/pjsip.conf]
    contents: [/etc/hostname]
    units: [asterisk.service]
    commands:
      version: [asterisk, -V]
  register: pbx

- name: Show its version
  ansible.builtin.debug:
    msg: "{{ pbx.commands.version.stdout }}"
"""

RETURN = r"""
files:
  description: By path, what O(files) and O(contents) are.
  returned: success
  type: dict
  sample:
    /etc/asterisk/pjsip.conf:
      exists: true
      kind: file
      owner: asterisk
      group: asterisk
      mode: "0640"
      sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
contents:
  description: By path, the text of those of O(contents) that exist.
  returned: success
  type: dict
  sample: {/etc/hostname: "pbx\n"}
units:
  description: By name, what systemd says. All are V(inactive) and V(not-found) where systemd does not run.
  returned: success
  type: dict
  sample: {asterisk.service: {active: active, enabled: enabled}}
commands:
  description: By name, the exit code and the output.
  returned: success
  type: dict
  sample: {version: {rc: 0, stdout: "Asterisk 22.10.1\n", stderr: ""}}
systemd:
  description: Whether systemd runs the host.
  returned: success
  type: bool
  sample: true
"""

import grp
import hashlib
import os
import pwd
import re
import stat
import sys
from typing import Any

from ansible.module_utils.basic import AnsibleModule

# Programs of administration are here, where not every way to become root looks.
SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"
PRIVATE_KEY = re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END|\Z)", re.DOTALL)
KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link"}


def name_of(number: int, database: Any) -> str:
    """The name of a user or group; its number if it has none."""
    try:
        return str(database(number)[0])
    except KeyError:
        return str(number)


def described(path: str) -> dict[str, Any]:
    """What a path is, links followed; C(exists) alone if it is nothing."""
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return {"exists": False}
    facts = {
        "exists": True,
        "kind": KINDS.get(stat.S_IFMT(status.st_mode), "other"),
        "owner": name_of(status.st_uid, pwd.getpwuid),
        "group": name_of(status.st_gid, grp.getgrgid),
        "mode": f"{stat.S_IMODE(status.st_mode):04o}",
    }
    if facts["kind"] == "file":
        with open(path, "rb") as file:
            facts["sha256"] = hashlib.sha256(file.read()).hexdigest()
    return facts


def text_of(path: str) -> str:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        # At -vvvv Ansible prints all that a module returns.
        return PRIVATE_KEY.sub(r"\1\n(left out)\n\2", file.read())


def answer_of(module: AnsibleModule, command: list[str], timeout: int) -> dict[str, Any]:
    """The exit code, stdout and stderr of a command: 127 where there is none, 124 where it was not done in time."""
    # Ansible's own way has no limit of time, and a terminal as standard input where the connection has one.
    limited = ["timeout", str(timeout), "sh", "-c", 'exec "$@" </dev/null', "sh", *command]
    path = f"{os.environ.get('PATH', '/usr/bin:/bin')}:{SYSTEM_PATH}"
    environment = {"LC_ALL": "C", "PATH": path, "PBX_INFO_PYTHON": sys.executable}
    code, stdout, stderr = module.run_command(
        limited, environ_update=environment, errors="replace", expand_user_and_vars=False)
    told = {124: f"{command[0]}: not done after {timeout} s", 127: f"{command[0]}: not found"}
    return {"rc": code, "stdout": stdout, "stderr": told.get(code, stderr) if not stdout else stderr}


def unit_states(module: AnsibleModule, units: list[str], systemd: bool) -> dict[str, dict[str, str]]:
    """What systemd says of units, in as many words as systemctl."""
    states = {unit: {"active": "inactive", "enabled": "not-found"} for unit in units}
    for verb, fact in (("is-active", "active"), ("is-enabled", "enabled")):
        for unit in units if systemd else []:
            said = answer_of(module, ["systemctl", verb, unit], 20)["stdout"].strip()
            states[unit][fact] = said or states[unit][fact]
    return states


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "files": {"type": "list", "elements": "path", "default": []},
            "contents": {"type": "list", "elements": "path", "default": []},
            "units": {"type": "list", "elements": "str", "default": []},
            "commands": {"type": "dict", "default": {}},
            "command_timeout": {"type": "int", "default": 20},
        },
        supports_check_mode=True)
    wanted = module.params
    systemd = os.path.isdir("/run/systemd/system")
    try:
        files = {path: described(path) for path in wanted["files"] + wanted["contents"]}
        contents = {path: text_of(path) for path in wanted["contents"] if files[path]["exists"]}
    except OSError as error:
        remedy = "Name readable files, and give Ansible the rights (ansible_become)."
        module.fail_json(msg=f"Reading {error.filename} failed: {error.strerror}. {remedy}")
    answers = {
        name: answer_of(module, [str(word) for word in words], wanted["command_timeout"])
        for name, words in wanted["commands"].items()}
    module.exit_json(
        changed=False, files=files, contents=contents, units=unit_states(module, wanted["units"], systemd),
        commands=answers, systemd=systemd)


if __name__ == "__main__":
    main()
