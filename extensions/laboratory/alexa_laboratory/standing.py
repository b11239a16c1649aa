# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The laboratory that stays up: a process holds it with the simulator, Amazon's edge and a phone that answers.

Where it is stands below /run, so that nothing is believed to be up after the machine was restarted.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from alexa_simulator.launcher import Simulator

from . import inventory
from .calls import Side, show
from .laboratory import REGISTRAR, TONES, Laboratory, password

REPOSITORY = Path(__file__).resolve().parents[3]
ACTIVATION_DELAY = "3"  # seconds; Amazon takes about ten minutes
REGISTER_EVERY = 1800.0  # seconds, half of what the phone asks for
PHONE = "1234"
LONGEST_CALL = 60.0  # seconds
STOP_TIMEOUT = 30.0  # seconds


@dataclass(frozen=True)
class Standing:
    """A laboratory that is up: the process that holds it, told from a later one of its id by its start; its files."""

    pid: int
    started: str
    folder: str

    @classmethod
    def find(cls, instance: str) -> Standing | None:
        """Return what is noted of an instance, whether it still runs or not."""
        try:
            return cls(**json.loads(_note(instance).read_text()))
        except FileNotFoundError:
            return None

    @property
    def runs(self) -> bool:
        return _start_of(self.pid) == self.started

    def end(self) -> None:
        """Have the process end, which takes the laboratory down; kill it when it takes too long."""
        deadline = time.monotonic() + STOP_TIMEOUT
        if self.runs:
            os.kill(self.pid, signal.SIGTERM)
        while self.runs:
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(0.1)


def _note(instance: str) -> Path:
    return Path("/run") / f"alexa-{instance}.json"


def _socket_path(instance: str) -> str:
    return f"/run/alexa-{instance}.sock"


def _start_of(pid: int) -> str:
    """Return when a process started, in the kernel's ticks; nothing for one that is gone or a mere zombie."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return ""
    return "" if state == "Z" else rest[18]


def clear(instance: str) -> bool:
    """End an instance and remove all that is left of it; returns whether it was noted as up."""
    found = Standing.find(instance)
    if found:
        found.end()
    Laboratory(instance, Path(found.folder) if found else None).close()
    for path in (_note(instance), Path(_socket_path(instance))):
        path.unlink(missing_ok=True)
    return found is not None


def hold(instance: str, ready: int) -> None:
    """Bring the laboratory up and keep it until SIGTERM.

    :param ready: a file descriptor that gets a line once all is up.
    """
    signal.signal(signal.SIGTERM, _leave)
    with ExitStack() as held:
        laboratory = Laboratory(instance)
        _note(instance).write_text(
            json.dumps(asdict(Standing(os.getpid(), _start_of(os.getpid()), str(laboratory.folder))))
        )
        held.callback(_note(instance).unlink, missing_ok=True)
        held.enter_context(laboratory)
        simulator = held.enter_context(
            Simulator(["--activation-delay", ACTIVATION_DELAY], state_dir=laboratory.folder / "simulator")
        )
        _seed(simulator)
        _write_environment(laboratory, simulator)
        edge, phone = laboratory.edge(name="alexa"), laboratory.phone(PHONE)
        sides = {
            "alexa": Side(edge, TONES["edge"], "SRTP"),
            "phone": Side(phone, TONES["phone"], "RTP"),
            "stranger": Side(laboratory.stranger(), TONES["stranger"], "SRTP"),
        }
        for agent in (edge, phone):
            agent.answers()
        server = held.enter_context(socket.socket(socket.AF_UNIX))
        server.bind(_socket_path(instance))
        held.callback(Path(_socket_path(instance)).unlink, missing_ok=True)
        server.listen()
        os.write(ready, b"ready\n")
        os.close(ready)
        threading.Thread(target=_serve, args=(server, sides), daemon=True).start()
        while True:
            time.sleep(REGISTER_EVERY)
            phone.register(REGISTRAR, PHONE, password(PHONE))


def _leave(_number: int, _frame: FrameType | None) -> None:
    # A second one must not interrupt what the first one began.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(0)


def _seed(simulator: Simulator) -> None:
    """Let the account have the rooms of the inventory."""
    rooms = {inventory.unit_id(extension): extension for extension in inventory.ROOMS}
    units = [{"id": unit, "name": f"Room {extension[1:]}"} for unit, extension in rooms.items()]
    simulator.control("POST", "/units", units)
    profiles = [{"unitId": unit, "profileId": inventory.profile_id(extension)} for unit, extension in rooms.items()]
    simulator.control("POST", "/profiles", profiles)


def environment_file(laboratory: Laboratory) -> Path:
    """Return the file that has a shell use this laboratory."""
    return laboratory.folder / "env.sh"


def _write_environment(laboratory: Laboratory, simulator: Simulator) -> None:
    build = REPOSITORY / ".build"
    variables = {
        **simulator.environment,
        "ANSIBLE_COLLECTIONS_PATH": str(build / "collections"),
        "ANSIBLE_INVENTORY": str(laboratory.inventory),
        "ANSIBLE_HOME": str(laboratory.folder / "ansible"),
        "ANSIBLE_PIPELINING": "true",
        "ALEXA_STATE_DIR": str(laboratory.folder / "state"),
        "PYTHONPATH": f"{REPOSITORY}/extensions/laboratory:{REPOSITORY}/extensions/simulator",
    }
    lines = [f"export {name}={shlex.quote(text)}\n" for name, text in variables.items()]
    lines.append(f"export PATH={shlex.quote(str(build / 'venv' / 'bin'))}:\"$PATH\"\n")
    path = environment_file(laboratory)
    path.touch(mode=0o600)
    path.write_text("".join(lines))


def _serve(server: socket.socket, sides: dict[str, Side]) -> None:
    """Make the calls that are asked for, one after the other."""
    while True:
        connection, _address = server.accept()
        with connection, connection.makefile("rw") as lines:
            try:
                answer = _called(sides, json.loads(lines.readline()))
            except Exception as error:  # whatever it is, the one who asked is told, and the next one may ask
                answer = {"good": False, "text": f"{type(error).__name__}: {error}"}
            lines.write(json.dumps(answer) + "\n")


def _called(sides: dict[str, Side], wish: dict[str, Any]) -> dict[str, Any]:
    inside = wish["caller"] == "phone"
    callee = sides["alexa" if inside else "phone"]
    good, text = show(sides[wish["caller"]], callee, wish["number"], wish["seconds"], inside=inside)
    return {"good": good, "text": text}


def ask(instance: str, caller: str, number: str, seconds: float) -> tuple[bool, str]:
    """Have the standing laboratory make a call; ConnectionError or FileNotFoundError where none is up."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(seconds + LONGEST_CALL)
        client.connect(_socket_path(instance))
        with client.makefile("rw") as lines:
            lines.write(json.dumps({"caller": caller, "number": number, "seconds": seconds}) + "\n")
            lines.flush()
            answer = json.loads(lines.readline())
    return bool(answer["good"]), str(answer["text"])
