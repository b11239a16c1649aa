# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One module run in a process of its own: options as JSON on stdin, its peak memory in MB on stderr."""

from __future__ import annotations

import importlib
import json
import resource
import sys

from ansible.module_utils.testing import patch_module_args

PACKAGE = "ansible_collections.alexa.smart_properties.plugins.modules"


def main(module: str) -> None:
    options = json.load(sys.stdin)
    try:
        with patch_module_args(options):
            importlib.import_module(f"{PACKAGE}.{module}").main()
    finally:
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1])
