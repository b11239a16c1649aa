# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The property's PBX: systemd, Asterisk and sshd in a container, as a user has them before the collection comes."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
import uuid
from pathlib import Path

from . import authority, network
from .commands import LaboratoryError, run
from .container import Container

FILES = Path(__file__).resolve().parents[1] / "files"
NAME = "pbx.example.com"
HOSTS = f"""\
127.0.0.1 localhost
{network.PBX} {NAME} pbx
{network.EDGE} {authority.EDGE_NAME}
"""
SERVICES = ("asterisk", "ssh")
START_TIMEOUT = 60.0  # seconds
WRITE = 'mkdir -p "$(dirname "$1")" && cat >"$1"'


class Pbx:
    """A PBX from `start` to `stop`; `stop` is to be called always and may be called again.

    :param folder: where its changes to the prepared root, its keys and `known_hosts` go.
    """

    def __init__(self, instance: str, host: network.Host, folder: Path) -> None:
        self.folder = folder
        self._host = host
        self.key = folder / "id_ed25519"
        self.known_hosts = folder / "known_hosts"
        self._mounted = folder / "root"
        self._container = Container(f"alexa-{instance}", host.path, folder / "podman")

    def start(self, prepared: Path) -> None:
        """Start it from a prepared root, which stays as it is; returns before all services are up."""
        for name in ("upper", "work", "root"):
            (self.folder / name).mkdir(parents=True)
        layers = f"lowerdir={prepared},upperdir={self.folder}/upper,workdir={self.folder}/work"
        run("mount", "-t", "overlay", "overlay", "-o", layers, str(self._mounted))
        self._set_up(self._mounted)
        self._container.start(self._mounted, hostname="pbx")

    def _set_up(self, root: Path) -> None:
        """Lay the user's configuration and the way in for Ansible on the root, before anything runs."""
        (root / "etc" / "hosts").write_text(HOSTS)
        (root / "etc" / "machine-id").write_text(uuid.uuid4().hex + "\n")
        (root / "etc" / "resolv.conf").write_text("# No name server: the laboratory has no way out.\n")
        wanted = root / "etc" / "systemd" / "system" / "multi-user.target.wants"
        wanted.mkdir(exist_ok=True)
        for service in SERVICES:
            (wanted / f"{service}.service").unlink(missing_ok=True)
            (wanted / f"{service}.service").symlink_to(f"/usr/lib/systemd/system/{service}.service")
        owner = (root / "etc" / "asterisk").stat()
        for path in (FILES / "asterisk").iterdir():
            target = root / "etc" / "asterisk" / path.name
            shutil.copy(path, target)
            os.chown(target, owner.st_uid, owner.st_gid)
            target.chmod(0o640)
        shutil.copy(FILES / "sshd.conf", root / "etc" / "ssh" / "sshd_config.d" / "laboratory.conf")
        own = root / "etc" / "ssh" / "ssh_host_ed25519_key"
        for key in (own, self.key):
            key.unlink(missing_ok=True)
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "laboratory", "-f", str(key))
        self.known_hosts.write_text(f"{network.PBX_INSIDE} {_public(own)}")
        (root / "root" / ".ssh").mkdir(mode=0o700, exist_ok=True)
        (root / "root" / ".ssh" / "authorized_keys").write_text(_public(self.key))

    def await_running(self) -> None:
        """Return once all services are up and Asterisk takes calls; LaboratoryError when one fails."""
        self.await_output("running", "systemctl", "is-system-running", also=("degraded",))
        if failed := self.run("systemctl", "--failed", "--plain", "--no-legend").stdout:
            raise LaboratoryError(f"Services of the PBX failed:\n{failed}")
        self.run("asterisk", "-rx", "core waitfullybooted")

    def await_output(self, text: str, *argv: str, also: tuple[str, ...] = (), timeout: float = START_TIMEOUT) -> str:
        """Run a command on the PBX again and again until its output has the text; LaboratoryError after the timeout."""
        deadline = time.monotonic() + timeout
        while True:
            done = self.run(*argv, check=False)
            if any(each in done.stdout for each in (text, *also)):
                return done.stdout
            if time.monotonic() > deadline:
                raise LaboratoryError(f"{shlex.join(argv)} on the PBX says after {timeout:.0f} s: {_said(done)}")
            time.sleep(0.1)

    def reboot(self) -> None:
        """Restart the whole PBX: what is only in memory is lost, firewall rules too. Returns once it runs."""
        self._container.halt()
        self._host.run("nft", "flush", "ruleset")
        self._container.resume()
        self.await_running()

    def run(self, *argv: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command as root on the PBX; LaboratoryError when it fails, unless told."""
        return self._container.execute(*argv, stdin=stdin, check=check)

    def asterisk(self, command: str) -> str:
        """Return what Asterisk's command line says to a command."""
        return self.run("asterisk", "-rx", command).stdout

    def read(self, path: str) -> str:
        """Return a text file of the PBX."""
        return self.run("cat", path).stdout

    def write(self, path: str, text: str) -> None:
        """Write a text file of the PBX as root, keeping owner and mode of one that is there."""
        self.run("sh", "-c", WRITE, "sh", path, stdin=text)

    def stop(self) -> None:
        """End it and forget all that it changed."""
        self._container.remove()
        if os.path.ismount(self._mounted):
            run("umount", str(self._mounted))
        shutil.rmtree(self.folder, ignore_errors=True)


def _public(key: Path) -> str:
    return key.with_name(f"{key.name}.pub").read_text()


def _said(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stdout + done.stderr).strip()
