# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make or refresh .build/venv: ``make_venv.py run`` for the demo, ``lab`` for the laboratory too, ``dev`` for the tests
as well; ``bench`` for the demo and the benchmark.

A stamp holds the hash of the requirement files, so a second call does nothing. Kept readable for old
Pythons, which are told what is missing instead of failing on the syntax.
"""
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = os.path.join(ROOT, ".build", "venv")
PYTHON = os.path.join(VENV, "bin", "python")
LOG = os.path.join(ROOT, ".build", "logs", "setup.log")
OLDEST_PYTHON = (3, 11)
STAGES = {
    "run": ["requirements.txt", "requirements-demo.txt"],
    "bench": ["requirements.txt", "requirements-demo.txt", "requirements-bench.txt"],
    "lab": ["requirements.txt", "requirements-demo.txt", "requirements-lab.txt"],
    "dev": ["requirements.txt", "requirements-demo.txt", "requirements-lab.txt", "requirements-dev.txt"],
}


def check_python():
    """Stop with the remedy when this Python cannot make the environment."""
    if sys.version_info < OLDEST_PYTHON:
        have = ".".join(str(part) for part in sys.version_info[:2])
        sys.exit(f"Python {have} is too old, 3.11 or newer is needed. Name one: make PYTHON=python3.11 ...")
    if not (importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv")):
        sys.exit(f"{sys.executable} cannot make virtual environments. On Debian: apt-get install python3-venv")


def wanted_stamp(stage):
    """Return the hash of all that the environment depends on: its place, the Python, the requirements."""
    digest = hashlib.sha256((VENV + sys.version).encode())
    for name in STAGES[stage]:
        with open(os.path.join(ROOT, name), "rb") as requirements:
            digest.update(requirements.read())
    return digest.hexdigest()


def stamp_path(stage):
    """Return the file that tells for what the environment was last made."""
    return os.path.join(VENV, ".stamp-" + stage)


def is_current(stage):
    """Tell whether the environment is there and made of the present requirements."""
    if not (os.path.exists(PYTHON) and os.path.exists(stamp_path(stage))):
        return False
    with open(stamp_path(stage)) as stamp:
        return stamp.read() == wanted_stamp(stage)


def run_logged(command):
    """Run a command with its output in the log; stop with the log's end when it fails."""
    with open(LOG, "ab") as log:
        status = subprocess.call(command, stdout=log, stderr=log)
    if status:
        with open(LOG, errors="replace") as log:
            sys.exit("".join(log.readlines()[-20:]) + f"Set-up failed, the whole log is {LOG}")


def install(stage):
    """Make the environment if the first stage changed, then install the stage's requirements."""
    os.makedirs(os.path.dirname(LOG), exist_ok=True)
    if stage == "run":
        shutil.rmtree(VENV, ignore_errors=True)
        run_logged([sys.executable, "-m", "venv", VENV])
    requirements = os.path.join(ROOT, STAGES[stage][-1])
    # --no-compile: Ansible brings thousands of modules of which a run needs few.
    run_logged([PYTHON, "-m", "pip", "install", "--no-compile", "-r", requirements])
    with open(stamp_path(stage), "w") as stamp:
        stamp.write(wanted_stamp(stage))


def main():
    """Bring the environment up to the stage that the command line names."""
    check_python()
    wanted = sys.argv[1] if len(sys.argv) > 1 else "run"
    for stage in STAGES:
        if set(STAGES[stage]) <= set(STAGES[wanted]) and not is_current(stage):
            started = time.monotonic()
            print(f"Installing {STAGES[stage][-1]} into .build/venv ...", flush=True)
            install(stage)
            print(f"... done in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
