"""py3langid's model, asked about a whole text at once: numpy walks the automaton for all bytes in parallel.

The library walks it byte by byte in Python, which took five times as long. Same model, same formula.
"""

import math
import unicodedata
from collections.abc import Set

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier

_LONGEST = 6
"""Bytes in the model's longest feature: the automaton's state depends on no more than the last six bytes."""


class LanguageModel:
    """Half a second to load, and some hundred megabytes."""

    def __init__(self, languages: Set[str]) -> None:
        model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        model.set_languages(languages & set(model.labels))
        rows = np.frombuffer(model.tk_row, dtype=f"u{model.tk_row.itemsize}")
        self._states = np.frombuffer(model.tk_nextmove, dtype=f"u{model.tk_nextmove.itemsize}")
        """The state that follows, by `row * 256 + byte`."""
        self._rows = rows.take(self._states)
        """The row of the state that follows, in the same places."""
        self._root = rows[0]
        self._features = np.asarray(model.tk_output, dtype=np.int32)
        self._table = np.ascontiguousarray(model.nb_ptc, dtype=np.float32)
        self._priors = np.asarray(model.nb_pc, dtype=np.float32)
        self._labels = tuple(model.nb_classes)

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
