"""all-MiniLM-L6-v2 at build time: the class vectors and colours are its embeddings."""

from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer


def normalised(vectors: np.ndarray) -> np.ndarray:
    """Scales each vector to length one."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def indefinite(noun: str) -> str:
    """Puts "a" or "an" before a noun."""
    return ("an " if noun[0].lower() in "aeiou" else "a ") + noun


class TextModel:
    """Embeds texts with the original float32 weights, mean pooling and L2."""

    def __init__(self, graph: Path, tokenizer: Path) -> None:
        self.session = onnxruntime.InferenceSession(graph)
        self.tokenizer = Tokenizer.from_file(str(tokenizer))
        self.tokenizer.no_padding()
        self._known: dict[str, np.ndarray] = {}

    def embed(self, texts: list[str]) -> np.ndarray:
        """Returns one row a text."""
        return np.stack([self._embed_one(text) for text in texts])

    def _embed_one(self, text: str) -> np.ndarray:
        # One at a time, so that no vector depends on which texts stand beside it.
        if text not in self._known:
            encoding = self.tokenizer.encode(text)
            ids = np.array([encoding.ids], np.int64)
            inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
            hidden = self.session.run(None, inputs)[0][0]
            pooled = hidden.astype(np.float64).mean(0)
            self._known[text] = normalised(pooled).astype(np.float32)
        return self._known[text]
