# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin for properties and rooms."""

from __future__ import annotations

DOCUMENTATION = r"""
name: alexa_units
short_description: Properties and rooms of Alexa Smart Properties
version_added: 0.2.0
author:
  - The alexa.smart_properties contributors (!UNKNOWN)
description:
  - Reads the units of an organization, to the last page, and makes a host of each property, in the group
    C(alexa_pbx), with its rooms in C(alexa_rooms) as the role P(alexa.smart_properties.extensions#role) wants them.
  - Further variables of a host are C(alexa_unit_id), C(alexa_unit_name) and C(alexa_unit_path), the names of the
    units above the property.
  - The API knows nothing of the PBXs. Their addresses come from another source of the same inventory, such as a
    C(hosts.yml) beside this file, whose hosts bear the same names.
  - The file's name must end with C(alexa_units.yml) or C(alexa_units.yaml).
  - Everything but O(compose), O(groups) and O(keyed_groups) is checked before the inventory gets its first host.
    What is wrong with units is told together, the first 20 problems.
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [alexa.smart_properties.alexa_units]
  parent_id:
    description: The organization, or the unit, whose properties are wanted.
    type: str
    required: true
  properties:
    description:
      - Condition that tells which units are properties. The units below a property are part of it, and not asked.
      - Like all expressions it knows of a unit C(name), C(unit_id), C(parent_id), C(path) (the names of the units
        above it, from the top), C(level) (1 for those right below O(parent_id)) and C(leaf) (whether no unit is
        below it).
    type: str
    default: level == 1
  rooms:
    description:
      - Condition that tells which of the units below a property are rooms. It also knows C(property_name) and
        C(property_id).
      - By default it is each unit without units of its own, so also a floor that has no rooms yet. Where there are
        such, say so, as in C(leaf and name is not match('Floor')).
    type: str
    default: leaf
  hostname:
    description:
      - Expression that yields the name of a property's host. Letters lose their accents, and whatever else is no
        ASCII letter, digit, dot, hyphen or underscore becomes a hyphen. Two properties of one name are an error.
    type: str
    default: name
  extension:
    description:
      - Expression that yields the extension of a room, 1 to 32 of the characters V(0-9*#+). It knows what O(rooms)
        knows.
      - A room for which it yields nothing (V(none) or an empty text) is left out, and named at verbosity 1.
    type: str
    default: name | regex_search('[0-9]+$')
  read_profiles:
    description:
      - Whether the rooms' communication profiles are read, so that C(alexa_rooms) holds a C(comms_profile_id) for
        each in place of its C(unit_id). A room without a profile is an error.
      - It takes a request for each room, unless O(cache) has kept the profile. Without it the role
        P(alexa.smart_properties.extensions#role) reads the profiles of the properties that it links, and makes those
        that are missing. Reading them here pays where one cache serves many runs, and for runs that have no refresh
        token.
    type: bool
    default: false
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
  - alexa.smart_properties._api
  - alexa.smart_properties._api.management
notes:
  - Credentials may be templates, such as a lookup in a vault. Best leave them to the environment, since Ansible quotes
    lines of a file that it can't read.
  - A source that fails is only a warning to Ansible, unless E(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED) is V(true).
  - An entry of the cache is used only for the account and the O(parent_id) that it was made with. No secret is in it.
  - O(strict) is about O(compose), O(groups) and O(keyed_groups). An error in the other expressions is always fatal.
seealso:
  - module: alexa.smart_properties.alexa_unit_info
  - module: alexa.smart_properties.alexa_comms_profiles
"""

EXAMPLES = r"""
# inventory/alexa_units.yml, with the credentials in the environment.
# The rooms "201" and "Room 201" get the extension 201.
plugin: alexa.smart_properties.alexa_units
parent_id: amzn1.alexa.unit.did.ORGANIZATION
properties: level == 1 and name is match('Hotel ')
hostname: name | regex_replace('^Hotel ', '') | lower
rooms: leaf and name is not search('Lobby')
extension: name | regex_search('[0-9]+$')
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.ansible/alexa_units
compose:
  room_count: alexa_rooms | length
groups:
  large: alexa_rooms | length > 300
keyed_groups:
  - key: alexa_unit_name.split(' ') | first | lower
    prefix: kind
"""

from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.module_utils.basic import missing_required_lib
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ansible_collections.alexa.smart_properties.plugins.module_utils._client import Client
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._module import (
    Connections,
    Job,
    management_options,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Result
from ansible_collections.alexa.smart_properties.plugins.module_utils._profiles import Profiles
from ansible_collections.alexa.smart_properties.plugins.module_utils._units import units_below
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._account import (
    SECRETS,
    mark_of,
    refuse_incomplete_credential,
)
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._control_node import plain
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._data import as_data
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._expressions import Expressions, refuse_bad_syntax
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._known_units import Known, UnitsCache
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._properties import (
    Property,
    give_profiles,
    properties_with_rooms,
)
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._unit_tree import tree_of

GROUP = "alexa_pbx"
SUFFIXES = ("alexa_units.yml", "alexa_units.yaml")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):  # type: ignore[misc]
    """Joins the API, the expressions and Ansible's inventory."""

    NAME = "alexa.smart_properties.alexa_units"

    def verify_file(self, path: str) -> bool:
        """Whether the file's name is one of this plugin's."""
        return bool(super().verify_file(path)) and path.endswith(SUFFIXES)

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Add the hosts.

        :raises AnsibleParserError: something can't be used, or the API refused.
        """
        super().parse(inventory, loader, path, cache)
        config = self._config(path)
        self._may_load = cache
        job = Job(management_options(), self._read)
        missing = job.missing_library()
        if missing:
            raise AnsibleParserError(missing_required_lib(missing[0]))
        given = {name: self._evaluated(name, config[name]) for name in job.argument_spec if name in config}
        checked = ArgumentSpecValidator(job.argument_spec).validate(plain(given))
        if checked.error_messages:
            raise AnsibleParserError(f"{path}: {'; '.join(checked.error_messages)}")
        unknown = set(config) - set(self.get_options())
        if unknown:
            raise AnsibleParserError(f"{path}: {', '.join(sorted(map(str, unknown)))} is no option. Correct the name.")
        outcome, warnings = job.carry_out(checked.validated_parameters, check_mode=False)
        for warning in warnings:
            self.display.warning(warning)
        if outcome.get("failed"):
            raise AnsibleParserError(f"{path}: {outcome['msg']}")
        for found in outcome["properties"]:
            self._add(found)

    def _config(self, path: str) -> Any:
        """The file, whose values have become the plugin's options."""
        try:
            return self._read_config_data(path)
        except AnsibleError as error:
            # Ansible quotes the value.
            shown = [name for name in SECRETS if name in str(error)]
            if shown:
                raise AnsibleParserError(f"{path}: {shown[0]} is no text. Put it in quotes.") from None
            raise

    def _evaluated(self, name: str, value: Any) -> Any:
        """The value of an option that may be a template."""
        try:
            return self.templar.template(value)
        except Exception as error:  # pylint: disable=broad-exception-caught
            # Not as it is: Ansible would show the lines of the file around it.
            raise AnsibleParserError(f"{name} can't be evaluated: {error}") from None

    def _read(self, params: dict[str, Any], connections: Connections, _check_mode: bool) -> Result:
        """The properties with their rooms, as {properties: [...]}."""
        refuse_bad_syntax(self.get_options())
        refuse_incomplete_credential(params)
        store = self.cache if self.get_option("cache") else None
        cache = UnitsCache(store, mark_of(params, self.get_option("parent_id")), self.display.warning)
        client = connections.management()
        known, properties = self._kept(cache) or self._fresh(client)
        wants_profiles = self.get_option("read_profiles")
        try:
            if wants_profiles:
                rooms = [room["unit_id"] for found in properties for room in found.rooms]
                known.read_profiles(Profiles(client, connections.concurrency), rooms)
        finally:
            cache.save(known)
        if wants_profiles:
            give_profiles(properties, known.profiles)
        return Result(False, {"properties": properties})

    def _kept(self, cache: UnitsCache) -> tuple[Known, list[Property]] | None:
        known = cache.load() if self._may_load else None
        try:
            return (known, self._properties(known)) if known else None
        except InputError:
            # What is wrong with them may have been mended since.
            return None

    def _fresh(self, client: Client) -> tuple[Known, list[Property]]:
        known = Known(units_below(client, self.get_option("parent_id"), None))
        return known, self._properties(known)

    def _properties(self, known: Known) -> list[Property]:
        tops = tree_of(known.units, self.get_option("parent_id"))
        return properties_with_rooms(tops, Expressions(self._compose, self.get_options()))

    def _add(self, found: Property) -> None:
        """A property as a host, with the groups and variables that the user constructs."""
        told = found.told()
        if told:
            self.display.v(told)
        self.inventory.add_group(GROUP)
        self.inventory.add_host(found.host, group=GROUP)
        for name, value in as_data(found.variables()).items():
            self.inventory.set_variable(found.host, name, value)
        strict = self.get_option("strict")
        known = self.inventory.get_host(found.host).get_vars()
        self._set_composite_vars(self.get_option("compose"), known, found.host, strict)
        known = self.inventory.get_host(found.host).get_vars()
        self._add_host_to_composed_groups(self.get_option("groups"), known, found.host, strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), known, found.host, strict)
