"""What the clients know of the addresses, to choose what to try next. The checker uses none of it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Token:
    """A bearer token, and the call that gave it."""

    number: int
    text: str


@dataclass(slots=True)
class DeviceToken:
    """A device token, the call that gave it, and the client who has it."""

    number: int
    client: int
    text: str


@dataclass(slots=True)
class Address:
    """An address, with or without an account."""

    name: str
    # Registered for certain.
    is_known: bool = False
    # By who was told that they count now; the last one should.
    passwords: list[str] = field(default_factory=list)
    # Set by a call without an answer, or refused.
    doubtful: list[str] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    devices: list[DeviceToken] = field(default_factory=list)
    resets: list[str] = field(default_factory=list)
    confirms: list[str] = field(default_factory=list)

    def password(self) -> str:
        """The one that should work."""
        return self.passwords[-1] if self.passwords else "nobody1"

    def device_of(self, client: int) -> DeviceToken | None:
        """The newest token of the client's own device."""
        own = [token for token in self.devices if token.client == client]
        return own[-1] if own else None


@dataclass(slots=True)
class Addresses:
    """Those in use, in places; an old one makes room for a new one in its place."""

    prefix: str
    places: list[Address]
    by_name: dict[str, Address]

    @classmethod
    def some(cls, prefix: str, count: int) -> Addresses:
        """As many as there are places."""
        addresses = cls(prefix, [], {})
        for place in range(count):
            addresses.places.append(Address(""))
            addresses.renew(place)
        return addresses

    def renew(self, place: int) -> Address:
        """A new address in this place; the old one is still known by its name."""
        address = Address(f"{self.prefix}.{len(self.by_name)}@example.com")
        self.places[place] = self.by_name[address.name] = address
        return address
