"""py3langid's model, asked about a whole text at once: numpy walks the automaton for all bytes in parallel.

The library walks it byte by byte in Python, which took five times as long. Same model, same formula.

Its file is packed so tightly that unpacking it takes most of the time in which workers start. A copy that is
not is kept in the user's cache (`$XDG_CACHE_HOME/archiver`, 7 MB), where that can be written.
"""

import io
import math
import os
import unicodedata
from collections.abc import Mapping, Set
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
import zstandard
from numpy.lib.format import read_array
from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

_LONGEST = 6
"""Bytes in the model's longest feature: the automaton's state depends on no more than the last six bytes."""


_TABLES = ("states", "rows", "features", "table", "priors", "labels")
_LARGEST = 200_000_000
"""Bytes of an unpacked model."""


class LanguageModel:
    """Some tenths of a second to load, and some hundred megabytes."""

    def __init__(self, languages: Set[str]) -> None:
        model = _model()
        labels = model["labels"].tolist()
        chosen = [at for at, label in enumerate(labels) if label in languages]
        self._states = model["states"]
        """The state that follows, by `row * 256 + byte`."""
        rows = model["rows"]
        self._rows = rows.take(self._states)
        """The row of the state that follows, in the same places."""
        self._root = rows[0]
        self._features = model["features"]
        self._table = np.ascontiguousarray(model["table"][:, chosen], dtype=np.float32)
        self._priors = model["priors"][chosen]
        self._labels = tuple(labels[at] for at in chosen)

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
        found = self._features.take(self._states.take((rows << 8) + letters))
        features: np.ndarray = found[found >= 0]
        return features


def _model() -> Mapping[str, np.ndarray]:
    """The model's tables: the copy, or else the library's, of which a copy is made."""
    copy = _place()
    with suppress(OSError, ValueError, EOFError, zstandard.ZstdError):
        if copy is not None:
            packed = copy.read_bytes()
            data = io.BytesIO(zstandard.ZstdDecompressor().decompress(packed, max_output_size=_LARGEST))
            return {name: read_array(data, allow_pickle=False) for name in _TABLES}
    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    tables = {
        "states": np.frombuffer(model.tk_nextmove, dtype=f"u{model.tk_nextmove.itemsize}"),
        "rows": np.frombuffer(model.tk_row, dtype=f"u{model.tk_row.itemsize}"),
        "features": np.asarray(model.tk_output, dtype=np.int32),
        "table": np.asarray(model.nb_ptc),
        "priors": np.asarray(model.nb_pc, dtype=np.float32),
        "labels": np.asarray(model.nb_classes),
    }
    if copy is not None:
        _keep(copy, tables)
    return tables


def _place() -> Path | None:
    """Where the copy is kept, another one for every model that was ever installed; None for the homeless.

    The name begins with the number of the copy's form.
    """
    facts = (MODEL_DIR / MODEL_FILE).stat()
    try:
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return None
    return caches / "archiver" / f"languages-1-{facts.st_size:x}-{facts.st_mtime_ns:x}.zst"


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
