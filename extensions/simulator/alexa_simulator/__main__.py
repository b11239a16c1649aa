# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command line: python -m alexa_simulator [options]."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import json
import logging
import os
import shlex
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

from .account import Credentials
from .answers import Refusal
from .app import ACCESS_LOG, Simulator
from .lwa import TOKEN_PATH
from .settings import Settings, add_options, from_options
from .tls import server_context, write_private

PARENT_CHECK_INTERVAL = 0.5


def main() -> None:
    """Serves until SIGTERM, SIGINT or the end of the parent."""
    options, settings = _options()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    ACCESS_LOG.propagate = False
    if options.access_log:
        handler = logging.FileHandler(options.access_log)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        ACCESS_LOG.addHandler(handler)
        ACCESS_LOG.setLevel(logging.INFO)
    with _state_directory(options.state_dir) as directory:
        asyncio.run(_serve(options, settings, directory))


def _options() -> tuple[argparse.Namespace, Settings]:
    parser = argparse.ArgumentParser(
        prog="alexa_simulator", description="Login with Amazon and the Alexa Smart Properties PBX API on this machine.")
    parser.add_argument("--listen", default="127.0.0.1", type=_address, metavar="ADDRESS",
                        help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", default=0, type=int, help="port to listen on; 0: a free one (default: 0)")
    parser.add_argument("--state-dir", type=Path, metavar="DIR",
                        help="where simulator.json, environment.sh and ca.pem go (default: a new temporary directory)")
    parser.add_argument("--access-log", metavar="FILE", help="write a line for each request: no query, no header")
    parser.add_argument("--exit-with-parent", type=int, metavar="PID", help="end when this process has ended")
    parser.add_argument("--client-id", help="client ID of the security profile (default: a random one)")
    parser.add_argument("--client-secret", help="its client secret (default: a random one)")
    parser.add_argument("--refresh-token", help="refresh token for the management APIs (default: a random one)")
    parser.add_argument("--account", type=Path, metavar="FILE",
                        help="what is there at the start, as control/state returns it (default: nothing)")
    add_options(parser)
    options = parser.parse_args()
    try:
        return options, from_options(options)
    except ValueError as error:
        parser.error(str(error))


def _simulator(settings: Settings, credentials: Credentials, account: Path | None) -> Simulator:
    """The account as the file says. Ends the program with a message for a file that says something else."""
    try:
        return Simulator(settings, credentials, json.loads(account.read_bytes()) if account else {})
    except (OSError, ValueError, Refusal) as error:
        sys.exit(f"--account {account}: {error}")


def _address(text: str) -> str:
    return str(ipaddress.ip_address(text))


@contextlib.contextmanager
def _state_directory(chosen: Path | None) -> Iterator[Path]:
    if chosen is None:
        with tempfile.TemporaryDirectory(prefix="alexa-simulator-") as directory:
            yield Path(directory)
        return
    chosen.mkdir(mode=0o700, parents=True, exist_ok=True)
    yield chosen.absolute()


async def _serve(options: argparse.Namespace, settings: Settings, directory: Path) -> None:
    random = Credentials.random()
    credentials = Credentials(options.client_id or random.client_id, options.client_secret or random.client_secret,
                              options.refresh_token or random.refresh_token)
    simulator = _simulator(settings, credentials, options.account)
    told = [directory / "simulator.json", directory / "environment.sh"]
    for path in told:
        path.unlink(missing_ok=True)
    context = server_context(directory, options.listen)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    runner = web.AppRunner(simulator.app, access_log=None, keepalive_timeout=60)
    await runner.setup()
    listener = socket.create_server((options.listen, options.port), backlog=256, family=(
        socket.AF_INET6 if ":" in options.listen else socket.AF_INET))
    await web.SockSite(runner, listener, ssl_context=context, shutdown_timeout=0.1).start()
    try:
        _tell(directory, _own_url(options.listen, listener.getsockname()[1]), credentials)
        await _until_over(ended, options.exit_with_parent)
    finally:
        for path in told:
            path.unlink(missing_ok=True)
        await runner.cleanup()


def _own_url(address: str, port: int) -> str:
    ip = ipaddress.ip_address(address)
    if ip.is_unspecified:
        return f"https://localhost:{port}"
    return f"https://[{ip}]:{port}" if ip.version == 6 else f"https://{ip}:{port}"


def _tell(directory: Path, url: str, credentials: Credentials) -> None:
    """Writes simulator.json and environment.sh, and one line to standard output."""
    facts = {
        "api_url": url, "token_url": url + TOKEN_PATH, "control_url": url + "/control",
        "ca_path": str(directory / "ca.pem"), "pid": os.getpid(), "client_id": credentials.client_id,
        "client_secret": credentials.client_secret, "refresh_token": credentials.refresh_token}
    names = ("api_url", "token_url", "ca_path", "client_id", "client_secret", "refresh_token")
    write_private(directory / "environment.sh", "".join(
        f"export ALEXA_{name.upper()}={shlex.quote(str(facts[name]))}\n" for name in names))
    write_private(directory / "simulator.json", json.dumps(facts, indent=2) + "\n")
    print(f"The simulator listens at {url}; to use it: . {shlex.quote(str(directory / 'environment.sh'))}", flush=True)


async def _until_over(ended: asyncio.Event, parent: int | None) -> None:
    """Returns at a signal, or when the parent is gone."""
    is_own_parent = parent == os.getppid()
    while not ended.is_set():
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(ended.wait(), PARENT_CHECK_INTERVAL if parent else None)
        if parent and (os.getppid() != parent if is_own_parent else not _lives(parent)):
            return


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    main()
