"""Imported by the fork server before it forks workers: what each of them would otherwise load for itself."""

import gc
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start threads that no fork inherits

import bs4

import archiver.prepare
from archiver.clean.language import detect

detect("A few words of plain English, so that the language model is loaded here, once, and shared by all.")
gc.freeze()  # what is loaded stays: no worker need look through it for garbage, nor take a copy of it thereby

__all__ = ["archiver", "bs4"]
