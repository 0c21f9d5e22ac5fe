"""Identity: what an entry is recognised by in its feed, and which entries of all feeds tell one story. Pure.

`identify` one document's entries, `recognise` them among the known ones, `same_post` for the new.
"""

from archiver.identify.keys import identify, title_key
from archiver.identify.posts import Siblings, same_post
from archiver.identify.recognise import Recognised, Recognition, recognise
from archiver.identify.sketch import sketch_of
from archiver.identify.words import folded_words

__all__ = [
    "Recognised",
    "Recognition",
    "Siblings",
    "folded_words",
    "identify",
    "recognise",
    "same_post",
    "sketch_of",
    "title_key",
]
