"""py3langid's model, asked about a whole text at once: numpy walks the automaton for all bytes in parallel.

The library walks it byte by byte in Python, which took five times as long. Same model, same formula.

Its file is packed so tightly that unpacking it takes most of the time in which workers start. A copy that is
not, of the languages that are asked for, is kept in the user's cache (4 MB in `$XDG_CACHE_HOME/archiver`), if
that can be written.
"""

import io
import math
import os
import unicodedata
from collections.abc import Mapping, Set
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
import zstandard
from numpy.lib.format import read_array_header_1_0, read_magic

_LONGEST = 6
"""Bytes in the model's longest feature: the automaton's state depends on no more than the last six bytes."""


_TABLES = ("features", "labels", "priors", "table", "rows", "root")
"""Of the copy. `rows` and `features` have a place for each step of the automaton, `row * 256 + byte`: the row
that it leads to, and the feature that ends there, or -1. Wide numbers go first, so that all are aligned where
they lie: numpy would copy a whole table to look something up in it."""
_LARGEST = 200_000_000
"""Bytes of an unpacked model."""


class LanguageModel:
    """Some tenths of a second to load, and some hundred megabytes."""

    def __init__(self, languages: Set[str]) -> None:
        model = _model(languages)
        self._rows = model["rows"]
        self._features = model["features"]
        self._root = model["root"][0]
        self._table = model["table"].astype(np.float32)
        self._priors = model["priors"]
        self._labels = tuple(model["labels"].tolist())

    def probabilities(self, text: str) -> dict[str, float]:
        """How likely each language is; all the same where the text has nothing that the model knows."""
        source = unicodedata.normalize("NFC", text.lower() if text.isupper() else text)
        data = source.encode("utf-8", "surrogatepass")
        # As the library has it: the root of the length keeps long texts from being all too sure.
        scores = self._scores(data) * (1.0 / math.sqrt(len(data) or 1))
        shares = np.exp(scores - scores.max())
        found: dict[str, float] = {}
        for label, share in zip(self._labels, (shares / shares.sum()).tolist(), strict=True):
            found[label] = found.get(label, 0.0) + share  # one language in two scripts
        return found

    def _scores(self, data: bytes) -> np.ndarray:
        features = self._features_of(data)
        if not len(features):
            return np.zeros(len(self._priors), dtype=np.float32)
        features.sort()
        changes = np.flatnonzero(features[1:] != features[:-1])
        ends = np.concatenate(([-1], changes, [len(features) - 1]))
        counts = (ends[1:] - ends[:-1]).astype(np.float32)
        scores: np.ndarray = np.log1p(counts) @ self._table.take(features[ends[1:]], axis=0) + self._priors
        return scores

    def _features_of(self, data: bytes) -> np.ndarray:
        """The feature that ends at each byte, where one does."""
        letters = np.frombuffer(data, dtype=np.uint8).astype(np.int32)
        rows = np.full(len(letters), self._root, dtype=np.int32)
        for back in range(min(_LONGEST, len(letters)) - 1, 0, -1):
            rows[back:] = self._rows.take((rows[back:] << 8) + letters[:-back])
        found = self._features.take((rows << 8) + letters)
        features: np.ndarray = found[found >= 0]
        return features


def _model(languages: Set[str]) -> Mapping[str, np.ndarray]:
    """The model's tables for these languages: the copy, or else made of the library's, and kept as one."""
    copy = _place(languages)
    with suppress(OSError, ValueError, EOFError, zstandard.ZstdError):
        if copy is not None:
            packed = copy.read_bytes()
            return _read(zstandard.ZstdDecompressor().decompress(packed, max_output_size=_LARGEST))
    tables = _made(languages)
    if copy is not None:
        _keep(copy, tables)
    return tables


def _made(languages: Set[str]) -> Mapping[str, np.ndarray]:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # slow to load: only where there is no copy

    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    states = np.frombuffer(model.tk_nextmove, dtype=f"u{model.tk_nextmove.itemsize}")
    rows = np.frombuffer(model.tk_row, dtype=f"u{model.tk_row.itemsize}")
    labels = np.asarray(model.nb_classes)
    chosen = [at for at, label in enumerate(labels.tolist()) if label in languages]
    return {
        "root": rows[:1],
        "rows": rows.take(states),
        "features": np.asarray(model.tk_output, dtype=np.int32).take(states),
        "table": np.ascontiguousarray(np.asarray(model.nb_ptc)[:, chosen]),
        "priors": np.asarray(model.nb_pc, dtype=np.float32)[chosen],
        "labels": labels[chosen],
    }


def _read(data: bytes) -> dict[str, np.ndarray]:
    """The tables as `np.save` wrote them one after the other, where they lie: reading would copy them."""
    tables, stream = {}, io.BytesIO(data)
    for name in _TABLES:
        read_magic(stream)
        shape, _, kind = read_array_header_1_0(stream)
        tables[name] = np.frombuffer(data, kind, math.prod(shape), stream.tell()).reshape(shape)
        stream.seek(tables[name].nbytes, io.SEEK_CUR)
    return tables


def _place(languages: Set[str]) -> Path | None:
    """Where the copy is kept, another one for every model that was ever installed; None for the homeless.

    The name begins with the number of the copy's form.
    """
    try:
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return None
    chosen = sha256(" ".join(sorted(languages)).encode()).hexdigest()[:8]
    return caches / "archiver" / f"languages-2-{version('py3langid')}-{chosen}.zst"


def _keep(copy: Path, tables: Mapping[str, np.ndarray]) -> None:
    """Write the copy whole or not at all."""
    data = io.BytesIO()
    for name in _TABLES:
        np.save(data, tables[name], allow_pickle=False)
    packed = zstandard.ZstdCompressor(level=3, write_checksum=True).compress(data.getbuffer())
    with suppress(OSError):
        copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with NamedTemporaryFile(dir=copy.parent, delete=False) as file:
            file.write(packed)
        Path(file.name).replace(copy)
