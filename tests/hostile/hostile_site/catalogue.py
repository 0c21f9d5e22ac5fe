"""Every misbehaviour: importing the rooms fills the list."""

from hostile_site import charsets, coding, documents, framing, healthy, pace, status, ways
from hostile_site.scenario import SCENARIOS

__all__ = ["ROOMS", "SCENARIOS"]

ROOMS = (charsets, coding, documents, framing, healthy, pace, status, ways)
