# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to change at a trunk, and what the control node remembers for APIs that do not return the chain."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._certificates import fingerprints
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Peer, Trunk
from ansible_collections.alexa.smart_properties.plugins.module_utils._registered import remember, remembered
from ansible_collections.alexa.smart_properties.plugins.module_utils._trunk_plan import plan_present
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.certs import family

NAME = "pbx.example.com"
RECORDS = "registered-chains.json"
PEERS = (Peer("203.0.113.10", 5061),)
OTHER_PEERS = (Peer("203.0.113.11", 5061),)
FQDN = Peer(NAME, 5061)
OLD, NEW = tuple(family().pems), tuple(family().pems)
WISH = Trunk(tls_name=NAME, chain=OLD, peers=PEERS)
CURRENT = replace(WISH, trunk_id="t1", status="ACTIVE")


def test_no_trunk_is_to_be_made_with_all_that_was_wished() -> None:
    plan = plan_present(None, [], WISH)
    assert (plan.changed, plan.wanted, plan.before, plan.warnings) == (True, WISH, {}, [])
    assert plan.after["tls_name"] == NAME and len(plan.after["certificates"]) == 3


def test_a_namesake_with_other_peers_is_warned_of() -> None:
    namesakes = [Trunk("t7", tls_name=NAME, peers=OTHER_PEERS), Trunk("t8", tls_name=NAME, fqdn_peer=FQDN)]
    first, second = plan_present(None, namesakes, WISH).warnings
    assert "t7 (203.0.113.11:5061)" in first and "trunk_id" in first
    assert f"t8 ({NAME}:5061)" in second


def test_a_pinned_trunk_that_does_not_exist_is_an_error_and_not_made() -> None:
    with pytest.raises(InputError, match="There is no SIP trunk t9"):
        plan_present(None, [], replace(WISH, trunk_id="t9"))


def test_a_trunk_that_is_as_wished_stays() -> None:
    plan = plan_present(CURRENT, [], WISH)
    assert (plan.changed, plan.wanted, plan.warnings) == (False, CURRENT, [])
    assert plan.before == plan.after


@pytest.mark.parametrize(
    ("wish", "changed"),
    [
        (Trunk("t1"), {}),
        (Trunk("t1", tls_name=NAME.upper()), {"tls_name": NAME.upper()}),
        (Trunk("t1", tls_name="other.example.com"), {"tls_name": "other.example.com"}),
        (Trunk("t1", peers=OTHER_PEERS), {"peers": OTHER_PEERS}),
        (Trunk("t1", peers=PEERS + OTHER_PEERS), {"peers": PEERS + OTHER_PEERS}),
        (Trunk("t1", fqdn_peer=FQDN), {"peers": (), "fqdn_peer": FQDN}),
        (Trunk("t1", tls_name=NAME, chain=NEW), {"chain": NEW}),
    ],
)
def test_what_was_not_given_stays_as_it_is(wish: Trunk, changed: dict[str, Any]) -> None:
    plan = plan_present(CURRENT, [], wish)
    assert plan.wanted == replace(CURRENT, **changed)
    assert plan.changed == bool(set(changed) - {"tls_name"} or wish.tls_name == "other.example.com")


def test_an_fqdn_peer_gives_way_to_ip_peers() -> None:
    current = replace(CURRENT, peers=(), fqdn_peer=FQDN)
    plan = plan_present(current, [], Trunk("t1", peers=PEERS))
    assert plan.changed and plan.wanted == CURRENT


@pytest.mark.parametrize(
    "returned",
    [OLD, ("".join(OLD),), tuple(pem.replace("\n", "\r\n") for pem in OLD), tuple(pem.strip() for pem in OLD)],
    ids=["list", "one text", "line ends", "stripped"],
)
def test_another_spelling_of_the_same_chain_is_no_change(returned: tuple[str, ...]) -> None:
    assert not plan_present(replace(CURRENT, chain=returned), [], WISH).changed
    assert plan_present(replace(CURRENT, chain=returned), [], replace(WISH, chain=NEW)).changed


@pytest.mark.parametrize("returned", [None, ("unreadable",)])
def test_a_chain_that_the_api_does_not_return_is_compared_with_the_record(returned: Any) -> None:
    remember("t1", OLD)
    current = replace(CURRENT, chain=returned)
    same = plan_present(current, [], WISH)
    assert (same.changed, same.warnings) == (False, [])
    renewed = plan_present(current, [], replace(WISH, chain=NEW))
    assert renewed.changed and renewed.wanted.chain == NEW


def test_the_diff_of_a_renewed_chain_shows_what_is_known_of_the_old_one() -> None:
    remember("t1", OLD)
    current = replace(CURRENT, chain=None)
    renewed = plan_present(current, [], replace(WISH, chain=NEW))
    assert renewed.before["certificates"] == fingerprints(OLD)
    assert sorted(certificate["sha256"] for certificate in renewed.after["certificates"]) == fingerprints(NEW)
    same = plan_present(current, [], WISH)
    assert same.before["certificates"] == same.after["certificates"]


@pytest.mark.parametrize("returned", [None, OLD[:2], OLD])
def test_the_whole_chain_of_a_trunk_that_moves_is_known_for_the_way_back(returned: Any) -> None:
    remember("t1", OLD)
    plan = plan_present(replace(CURRENT, chain=returned), [], replace(WISH, trunk_id="t1", peers=OTHER_PEERS))
    assert plan.changed and plan.current == CURRENT
    renewed = plan_present(replace(CURRENT, chain=returned), [], replace(WISH, chain=NEW))
    assert renewed.current == replace(CURRENT, chain=returned)


def test_a_chain_that_nobody_knows_is_sent_with_a_warning() -> None:
    plan = plan_present(replace(CURRENT, chain=None), [], WISH)
    assert plan.changed and plan.before["certificates"] == "unknown"
    assert "so the given one is sent" in plan.warnings[0] and "ALEXA_STATE_DIR" in plan.warnings[0]


def test_a_chain_that_the_api_returns_in_part_is_judged_by_the_record() -> None:
    partly = replace(CURRENT, chain=OLD[:2])
    assert plan_present(partly, [], WISH).changed
    remember("t1", OLD)
    assert not plan_present(partly, [], WISH).changed
    assert plan_present(partly, [], replace(WISH, chain=NEW)).changed
    assert plan_present(replace(CURRENT, chain=NEW), [], WISH).changed


def test_a_change_without_a_chain_is_refused_where_the_api_returns_none() -> None:
    with pytest.raises(InputError, match="does not return its certificate chain.*Give certificate_chain too"):
        plan_present(replace(CURRENT, chain=None), [], Trunk("t1", peers=OTHER_PEERS))


def test_a_trunk_without_a_certificate_can_be_changed() -> None:
    current = Trunk("t1", "ACTIVE", peers=PEERS)
    assert plan_present(current, [], Trunk("t1", peers=OTHER_PEERS)).changed


def test_what_is_remembered_are_fingerprints_and_no_certificates(state_folder: Path) -> None:
    remember("t1", OLD)
    remember("t2", NEW)
    assert (remembered("t1"), remembered("t2")) == (fingerprints(OLD), fingerprints(NEW))
    file = state_folder / RECORDS
    assert "CERTIFICATE" not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_is_forgotten_is_gone_and_a_shorter_record_leaves_no_rest() -> None:
    remember("t1", OLD)
    remember("t2", OLD)
    remember("t2", None)
    remember("t3", None)
    assert (remembered("t1"), remembered("t2"), remembered("t3")) == (fingerprints(OLD), None, None)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"7", b'{"t1": 7}', b"\xff\xfe\x00", b'{"t1": "x"} rest']
)  # fmt: skip
def test_a_damaged_record_knows_nothing_and_is_put_right(state_folder: Path, content: bytes) -> None:
    remember("t1", OLD)
    file = state_folder / RECORDS
    file.write_bytes(content)
    assert remembered("t1") is None
    remember("t1", OLD)
    assert remembered("t1") == fingerprints(OLD)


def test_where_nothing_can_be_written_nothing_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ALEXA_STATE_DIR", str(tmp_path / "file" / "x"))
    remember("t1", OLD)
    assert remembered("t1") is None


def test_a_record_that_can_not_be_written_whole_leaves_the_old_ones(state_folder: Path) -> None:
    remember("t1", OLD)
    (state_folder / f"{RECORDS}.new").mkdir()
    remember("t1", NEW)
    assert remembered("t1") == fingerprints(OLD)


def test_trunks_that_are_made_at_the_same_time_are_all_remembered() -> None:
    ids = [f"t{number}" for number in range(20)]
    threads = [threading.Thread(target=remember, args=(trunk_id, OLD)) for trunk_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [remembered(trunk_id) for trunk_id in ids] == [fingerprints(OLD)] * 20
