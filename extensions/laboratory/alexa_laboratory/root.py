# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file system from which PBXs are started: Debian with all that a property may run, made once and kept."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import ssl
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from .commands import LaboratoryError, run, run_logged

# Debian 13 and older have no Asterisk 22.
SUITE = "forky"
PACKAGES = (
    "asterisk asterisk-modules python3 python3-cryptography openssh-server systemd-sysv dbus nftables iproute2"
    " openssl procps python3-apt firewalld ufw iptables fail2ban python3-systemd kamailio kamailio-tls-modules"
    " rtpengine-daemon pebble"
).split()
# Changes when this file makes another root of the same packages.
RECIPE = 1
CACHE = Path(__file__).resolve().parents[3] / ".build" / "laboratory" / "roots"
NO_SERVICE_STARTS = "usr/sbin/policy-rc.d"
# What apt is lent of the machine, and for that time only.
LENT = ("etc/apt/apt.conf.d/99-lent", "etc/apt/auth.conf", "etc/ssl/lent.pem", "etc/resolv.conf", "etc/hosts")
FETCHING = ("Acquire::http", "Acquire::Check", "Acquire::Retries", "Acquire::Force")
FROM_ENVIRONMENT = ("http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
# Mounts and processes of its own, which end with this process: however a command ends, none is left.
ALONE = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
# debootstrap does not take a folder with a space in its path.
AT_MNT = (*ALONE, "sh", "-c", 'mount --bind "$0" /mnt && exec "$@"')
IN_ROOT = (*ALONE, "sh", "-c", 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"')
DISABLE_ALL = "usr/lib/systemd/system-preset/00-laboratory.preset"


def cache_folder() -> Path:
    """Return the folder of the prepared roots: ALEXA_LAB_CACHE, else one below .build."""
    return Path(os.environ.get("ALEXA_LAB_CACHE") or CACHE).absolute()


def prepared_root() -> Path:
    """Return a root with all packages and no service enabled, made now unless it is there; to be mounted read-only.

    Takes some minutes the first time. Raises LaboratoryError with the end of the log when it can't be made.
    """
    folder = cache_folder()
    wanted = hashlib.sha256(repr((RECIPE, SUITE, sorted(PACKAGES))).encode()).hexdigest()[:12]
    root = folder / f"{SUITE}-{wanted}"
    folder.mkdir(parents=True, exist_ok=True)
    # Only a root that is whole gets its name, and only one process makes it.
    with _locked(folder / "lock"):
        if not root.is_dir():
            half = folder / f"{root.name}.half"
            _make(half, folder / f"{root.name}.log")
            half.rename(root)
    return root


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with open(path, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(root: Path, log: Path) -> None:
    if root.exists():
        shutil.rmtree(root)
    log.unlink(missing_ok=True)
    inherited = {name: text for name, text in os.environ.items() if name in FROM_ENVIRONMENT}
    environment = {
        **inherited,
        "PATH": os.environ["PATH"],
        "HOME": "/",
        "LC_ALL": "C.UTF-8",
        "DEBIAN_FRONTEND": "noninteractive",
    }
    started = time.monotonic()
    print(f"Making the laboratory's root of Debian {SUITE}, once: the base ...", flush=True)
    # The script of unstable serves all newer suites; an older debootstrap does not know their names.
    script = "/usr/share/debootstrap/scripts/sid"
    base = ("debootstrap", "--variant=minbase", "--include=ca-certificates", SUITE, "/mnt", _mirror(), script)
    root.mkdir()
    run_logged(log, *AT_MNT, str(root), *base, environment={**environment, "SSL_CERT_FILE": _authorities()})
    print(f"... {time.monotonic() - started:.0f} s; {len(PACKAGES)} packages with all that they need ...", flush=True)
    with _apt_lent(root):
        for command in (("update",), ("install", "--no-install-recommends", *PACKAGES), ("clean",)):
            run_logged(log, *IN_ROOT, str(root), "apt-get", "-qq", *command, environment=environment)
    _settle(root, log, environment)
    print(f"... done in {time.monotonic() - started:.0f} s.", flush=True)


def _mirror() -> str:
    """Return the archive that this machine's own apt uses; nothing where it has none, for debootstrap's default."""
    asked = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Origin: Debian", "Label: Debian", check=False)
    return next(iter(asked.stdout.split()), "")


def _authorities() -> str:
    """Return the file of the authorities that this machine trusts."""
    known = ssl.get_default_verify_paths()
    return os.environ.get("SSL_CERT_FILE") or known.cafile or "/etc/ssl/certs/ca-certificates.crt"


@contextlib.contextmanager
def _apt_lent(root: Path) -> Iterator[None]:
    """Let apt in the root reach what this machine's apt reaches; afterwards nothing tells how."""
    settings, credentials, authorities, *same = (root / name for name in LENT)
    # How to fetch (proxies, retries, whether a clock can be trusted) is this machine's affair; what to fetch is not.
    known = run("apt-config", "dump", "--no-empty").stdout.splitlines()
    own = [line for line in known if line.startswith(FETCHING) and "Auto-Detect" not in line]
    settings.write_text("\n".join([*own, 'Acquire::https::CAInfo "/etc/ssl/lent.pem";', ""]))
    shutil.copy(_authorities(), authorities)
    if Path("/etc/apt/auth.conf").exists():
        shutil.copy("/etc/apt/auth.conf", credentials)
    for path in same:
        shutil.copy(Path("/") / path.relative_to(root), path)
    (root / NO_SERVICE_STARTS).write_text("#!/bin/sh\nexit 101\n")
    (root / NO_SERVICE_STARTS).chmod(0o755)
    try:
        yield
    finally:
        for name in (*LENT, NO_SERVICE_STARTS):
            (root / name).unlink(missing_ok=True)


def _settle(root: Path, log: Path, environment: Mapping[str, str]) -> None:
    """Bring the root into the state of a fresh machine on which somebody has yet to enable anything."""
    (root / DISABLE_ALL).write_text("disable *\n")
    run_logged(log, *IN_ROOT, str(root), "systemctl", "preset-all", environment=environment)
    (root / DISABLE_ALL).unlink()
    # Each PBX gets its own.
    for path in [root / "etc" / "machine-id", *root.glob("etc/ssh/ssh_host_*"), *root.glob("etc/apt/sources.list*")]:
        if path.is_file():
            path.write_text("") if path.name == "machine-id" else path.unlink()
    (root / "etc" / "resolv.conf").write_text("# No name server: the laboratory has no way out.\n")
    (root / "etc" / "hosts").write_text("127.0.0.1 localhost\n")
    # These name the archive that was used.
    for folder in ("var/lib/apt/lists", "var/log/apt"):
        shutil.rmtree(root / folder)
    (root / "var" / "log" / "bootstrap.log").unlink(missing_ok=True)
    for needed in ("usr/sbin/asterisk", "usr/sbin/sshd", "usr/bin/pebble"):
        if not (root / needed).exists():
            raise LaboratoryError(f"{needed} is not in the new root, see {log}")
