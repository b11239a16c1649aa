# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator as a process: command line, files, signals, its end."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest

from alexa_simulator.launcher import Simulator
from simulator_client import PEERS, TRUNK_SCOPE, TRUNKS, Api, Lwa, until

PACKAGE = Path(__file__).parents[2] / "extensions" / "simulator"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PACKAGE)}


def run(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "alexa_simulator", *args], env=ENVIRONMENT, capture_output=True,
                          text=True, timeout=30, check=False)


def alive(pid: int) -> bool:
    """A process that is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_files_tell_how_to_reach_it(tmp_path: Path) -> None:
    with Simulator(state_dir=tmp_path / "state") as simulator:
        facts = json.loads((tmp_path / "state" / "simulator.json").read_text())
        assert set(facts) == {"api_url", "token_url", "ca_path", "control_url", "pid", "client_id", "client_secret",
                              "refresh_token"}
        assert alive(facts["pid"])
        shell = subprocess.run(["sh", "-c", ". ./environment.sh && env"], cwd=tmp_path / "state", env={"PATH": "/bin"},
                               capture_output=True, text=True, check=True)
        exported = dict(line.split("=", 1) for line in shell.stdout.splitlines() if line.startswith("ALEXA_"))
        assert exported == simulator.environment
    assert not (tmp_path / "state" / "simulator.json").exists()
    assert not (tmp_path / "state" / "environment.sh").exists()


def test_secrets_are_for_their_owner_only(tmp_path: Path) -> None:
    with Simulator(state_dir=tmp_path):
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    for name in ("simulator.json", "environment.sh", "server.key"):
        assert modes[name] == 0o600
    assert not [name for name in modes if name.endswith(".new")]


def test_credentials_and_port_may_be_given() -> None:
    with Simulator() as first:
        port = urllib.parse.urlsplit(first.api_url).port
    with Simulator(["--port", str(port), "--client-id", "ID", "--client-secret", "a 'b' $c", "--refresh-token",
                    "Atzr|x"]) as simulator:
        assert simulator.api_url == first.api_url
        assert simulator.environment["ALEXA_CLIENT_SECRET"] == "a 'b' $c"
        with Lwa(simulator) as lwa:
            lwa.token(TRUNK_SCOPE)


def test_options_become_settings() -> None:
    args = ("--activation-delay 2 --update-delay 3 --final-status FAILED --token-lifetime 5 --not-granted --country DE "
            "--page-size 7 --page-token position --last-page null-token --list-detail ids --list-lag 2.5 "
            "--duplicate-across-pages --repeat-page-token --no-chain-in-get --second-map overwrite --map-needs-active "
            "--write-answer empty --delete-status 200 --profile-shape plain --profile-name given --latency 0.01 "
            "--rate-limit 9 --rate-burst 4 --retry-after date").split()
    expected = {
        "activation_delay": 2.0, "update_delay": 3.0, "final_status": "FAILED", "token_lifetime": 5, "granted": False,
        "country": "DE", "page_size": 7, "page_token": "position", "last_page": "null-token", "list_detail": "ids",
        "list_lag": 2.5, "duplicate_across_pages": True, "repeat_page_token": True, "chain_in_get": False,
        "second_map": "overwrite", "map_needs_active": True, "write_answer": "empty", "delete_status": 200,
        "profile_shape": "plain", "profile_name": "given", "latency": 0.01, "rate_limit": 9.0, "rate_burst": 4.0,
        "retry_after": "date"}
    with Simulator(args) as simulator:
        assert simulator.control("GET", "/settings") == expected
        simulator.control("PUT", "/settings", {"page_size": 1})
        simulator.control("POST", "/reset")
        assert simulator.control("GET", "/settings") == expected


@pytest.mark.parametrize("args", [["--page-size", "0"], ["--second-map", "ignore"], ["--latency", "-1"],
                                  ["--listen", "pbx.example.com"], ["--unknown"]])
def test_wrong_options_are_refused(args: list[str]) -> None:
    ended = run(*args)
    assert ended.returncode == 2
    assert "error:" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_start_that_fails_is_told_with_its_reason() -> None:
    with pytest.raises(RuntimeError, match="invalid choice"):
        Simulator.start(["--delete-status", "202"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-m", "alexa_simulator", "--state-dir", str(tmp_path)], env=ENVIRONMENT,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and "environment.sh" in process.stdout.readline()
        process.send_signal(number)
        _output, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ca.pem", "server.key", "server.pem"]


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    starter = ("from alexa_simulator.launcher import Simulator; import os; "
               f"simulator = Simulator(state_dir={str(tmp_path)!r}); print(simulator.pid, flush=True); os.abort()")
    with subprocess.Popen([sys.executable, "-c", starter], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.DEVNULL) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.wait(10)
    try:
        until(lambda: not alive(pid))
    finally:
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
    assert not (tmp_path / "simulator.json").exists()


def test_it_ends_with_a_process_that_is_not_its_parent() -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        with Simulator(["--exit-with-parent", str(other.pid)]) as simulator:
            assert alive(simulator.pid)
            other.terminate()
            other.wait()
            until(lambda: not alive(simulator.pid))


def test_stop_ends_it_and_removes_its_directory() -> None:
    simulator = Simulator.start()
    assert alive(simulator.pid)
    simulator.stop()
    assert not alive(simulator.pid)
    assert not simulator.state_dir.exists()
    simulator.stop()


def test_a_client_that_goes_in_the_middle_of_its_request_is_no_fault_of_the_simulator() -> None:
    with Simulator() as simulator, Lwa(simulator) as lwa:
        url = urllib.parse.urlsplit(simulator.api_url)
        head = (f"POST {TRUNKS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {lwa.token(TRUNK_SCOPE)}\r\n"
                "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
        trust = ssl.create_default_context(cafile=simulator.ca_path)
        plain = socket.create_connection((url.hostname, url.port))
        with trust.wrap_socket(plain, server_hostname="localhost") as client:
            simulator.control("DELETE", "/stats")
            client.sendall(head.encode())
            until(lambda: simulator.control("GET", "/stats")["api_requests"] == 1)
        until(lambda: f"POST {TRUNKS}" in simulator.control("GET", "/stats")["by_route"])
        assert simulator.control("GET", "/state")["trunks"] == [] and simulator.log() == ""


def test_the_access_log_has_requests_and_no_secrets(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    with Simulator(["--access-log", str(log)]) as simulator:
        with Lwa(simulator) as lwa:
            token = lwa.token(TRUNK_SCOPE)
        with Api(simulator, token) as pbx:
            path = pbx.new_trunk(PEERS)
            request_id = pbx.get(path).headers["X-Amzn-RequestId"]
            pbx.get(TRUNKS, params={"maxResults": "SECRET"})
        lines = log.read_text().splitlines()
        secrets = [token, simulator.client_secret, simulator.refresh_token, "SECRET"]
    assert len(lines) == 4
    assert f"GET {path} 200" in lines[2] and request_id in lines[2]
    assert not [secret for secret in secrets if secret in log.read_text()]
