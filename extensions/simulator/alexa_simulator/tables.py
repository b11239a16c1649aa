# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables whose pages cost the page and not the table, and which can show how they were a while ago."""

from __future__ import annotations

import bisect
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Table(Generic[Item]):
    """Items in the order of their keys."""

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}
        self._keys: list[str] = []
        self.version = 0

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def get(self, key: str) -> Item | None:
        """The item, or None."""
        return self._items.get(key)

    def put(self, key: str, item: Item) -> None:
        """Adds or replaces an item."""
        if key not in self._items:
            bisect.insort(self._keys, key)
        self._items[key] = item
        self.version += 1

    def remove(self, key: str) -> None:
        """Removes an item if it is there."""
        if self._items.pop(key, None) is not None:
            del self._keys[bisect.bisect_left(self._keys, key)]
            self.version += 1

    def keys(self) -> list[str]:
        """The keys in order; not to be changed."""
        return self._keys

    def items(self) -> Iterator[tuple[str, Item]]:
        """Keys and items in order."""
        return ((key, self._items[key]) for key in self._keys)

    def copy(self) -> Table[Item]:
        """A table of its own with the same items."""
        other: Table[Item] = Table()
        other._items = dict(self._items)
        other._keys = list(self._keys)
        return other


class LaggingTable(Table[Item]):
    """A table that can also be seen as it was `lag()` seconds ago.

    A second table follows behind; it exists only while the lag is on, so that without it nothing is paid.
    """

    def __init__(self, clock: Callable[[], float], lag: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._lag = lag
        self._follower: Table[Item] | None = None
        self._to_follow: deque[tuple[float, str, Item | None]] = deque()

    def put(self, key: str, item: Item) -> None:
        """Adds or replaces an item."""
        self._note(key, item)
        super().put(key, item)

    def remove(self, key: str) -> None:
        """Removes an item if it is there."""
        self._note(key, None)
        super().remove(key)

    def listed(self) -> Table[Item]:
        """The table as lists show it now."""
        lag = self._lag()
        if lag <= 0:
            return self
        if self._follower is None:
            self._follower = self.copy()
        horizon = self._clock() - lag
        while self._to_follow and self._to_follow[0][0] <= horizon:
            _moment, key, item = self._to_follow.popleft()
            if item is None:
                self._follower.remove(key)
            else:
                self._follower.put(key, item)
        return self._follower

    def _note(self, key: str, item: Item | None) -> None:
        if self._lag() <= 0:
            self._follower = None
            self._to_follow.clear()
            return
        if self._follower is None:
            self._follower = self.copy()
        self._to_follow.append((self._clock(), key, item))
