# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command line: python -m alexa_laboratory up|down|status|call."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from . import machine, standing
from .commands import LaboratoryError
from .laboratory import FOLDER, Laboratory
from .root import prepared_root

STARTS_HERE = """\
The laboratory is up: {folder}

  . {environment}
  ansible-playbook alexa.smart_properties.link_pbx      # links the PBX, over SSH, with the simulator
  python -m alexa_laboratory call alexa 1234            # a room's Echo calls a phone
  python -m alexa_laboratory call phone 7201            # the phone calls the room's Echo
  python -m alexa_laboratory call stranger 1234         # somebody from elsewhere tries

make lab-down ends it.\
"""


def main() -> int:
    """Do what the command line asks for; returns the exit code."""
    options = _options()
    try:
        return int(options.command(options))
    except LaboratoryError as error:
        print(f"The laboratory: {error}", file=sys.stderr)
        return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="alexa_laboratory", description="A property on this machine, with its PBX.")
    parser.add_argument("--instance", default="lab", help="which laboratory, should there be several (default: lab)")
    commands = parser.add_subparsers(required=True, metavar="command")
    commands.add_parser("up", help="start it, and keep it up").set_defaults(command=up)
    commands.add_parser("down", help="end it, and leave nothing behind").set_defaults(command=down)
    commands.add_parser("status", help="say whether it is up").set_defaults(command=status)
    call_options = commands.add_parser("call", help="make a call, and say who heard what")
    call_options.add_argument("caller", choices=("alexa", "phone", "stranger"))
    call_options.add_argument("number", help="1234 is the phone; 7201, 7202 and 7203 are rooms at Alexa")
    call_options.add_argument("--seconds", type=float, default=5, help="how long both talk (default: 5)")
    call_options.set_defaults(command=call)
    hold_options = commands.add_parser("hold", help="what `up` starts in the background")
    hold_options.add_argument("ready", type=int)
    hold_options.set_defaults(command=hold)
    return parser.parse_args()


def up(options: argparse.Namespace) -> int:
    """Start the laboratory in the background, unless it is up."""
    found = standing.Standing.find(options.instance)
    if found and found.runs:
        return status(options)
    # What one that was killed has left.
    standing.clear(options.instance)
    started = time.monotonic()
    # Here, as these may take minutes, and say so.
    machine.prepare()
    prepared_root()
    _start(options.instance)
    print(f"Started in {time.monotonic() - started:.1f} s.")
    return status(options)


def _start(instance: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    log_path = FOLDER / f"{instance}.log"
    reading, writing = os.pipe()
    with open(log_path, "wb") as log, os.fdopen(reading) as ready:
        command = [sys.executable, "-m", "alexa_laboratory", "--instance", instance, "hold", str(writing)]
        # A session of its own: Ctrl-C ends what waits here, which then ends the laboratory.
        holder = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[writing], start_new_session=True
        )
        os.close(writing)
        try:
            if ready.readline():
                return
        except BaseException:
            holder.terminate()
            holder.wait()
            raise
    holder.wait()
    raise LaboratoryError(f"it did not start:\n{log_path.read_text(errors='replace')[-3000:]}")


def hold(options: argparse.Namespace) -> int:
    """Hold the laboratory until SIGTERM."""
    standing.hold(options.instance, options.ready)
    return 0


def down(options: argparse.Namespace) -> int:
    """End the laboratory; well if there is none."""
    if reason := machine.why_not():
        raise LaboratoryError(reason)
    was_up = standing.clear(options.instance)
    (FOLDER / f"{options.instance}.log").unlink(missing_ok=True)
    print("The laboratory is gone; the prepared root stays." if was_up else "No laboratory was up.")
    return 0


def status(options: argparse.Namespace) -> int:
    """Say what is up, and what to do with it; 1 if nothing is."""
    found = standing.Standing.find(options.instance)
    if not (found and found.runs):
        print("No laboratory is up; make lab starts one.")
        return 1
    laboratory = Laboratory(options.instance)
    print(STARTS_HERE.format(folder=laboratory.folder, environment=standing.environment_file(laboratory)))
    return 0


def call(options: argparse.Namespace) -> int:
    """Make a call; 1 if the two did not hear each other."""
    try:
        good, text = standing.ask(options.instance, options.caller, options.number, options.seconds)
    except (FileNotFoundError, ConnectionError):
        raise LaboratoryError("none is up; make lab starts one") from None
    print(text)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
