"""Imported by the fork server before it forks workers: what each of them would otherwise load for itself."""

import gc
import os
from importlib import import_module
from threading import Thread

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start threads that no fork inherits

import archiver.clean.language_model
from archiver.clean.language import detect
from archiver.without import without

_ENGLISH = "A few words of plain English, so that the language model is loaded here, once, and shared by all."

# To unpack the model lets other threads go on. None is left when the first worker is forked.
_model = Thread(target=detect, args=[_ENGLISH])
_model.start()
with without("soupsieve"):  # CSS selectors for Beautiful Soup, a fifth of all there is to load: none is used
    import_module("bs4")
for name in ("pebble", "archiver.prepare"):
    import_module(name)
_model.join()
gc.freeze()  # what is loaded stays: no worker need look through it for garbage, nor take a copy of it thereby

__all__ = ["archiver"]
