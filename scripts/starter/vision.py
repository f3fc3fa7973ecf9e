"""The image tower: a classifier whose answer is turned into a text vector.

It is ConSE (Norouzi et al. 2013, arXiv:1312.5650): the classes that EfficientNet-Lite2
finds most probable, each as the vector of its words, averaged by probability.
"""

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

import colours
import graph
from efficientnet import EfficientNetLite
from textmodel import TextModel, indefinite, normalised
from vocabulary import Class

DIMENSION = 384
SIDE = 224
TOP_CLASSES = 20
TEMPERATURE = 1.5  # over one: a second and third guess should count
HYPERNYM_WEIGHT = 0.5

# The normalisation of the input is CLIP's, so that its preprocessing serves unchanged.
CLIP_MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float64)
CLIP_STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float64)

# Smaller tensors stay float32: they cost nothing and some are sensitive.
QUANTISE_FROM = 2000


def class_vectors(classes: list[Class], model: TextModel) -> np.ndarray:
    """Returns one vector a class: its names and a photo of it, leaning to its hypernyms."""
    vectors = []
    for entry in classes:
        names = normalised(model.embed([entry.name, *entry.synonyms]).mean(0))
        photo = model.embed(["a photo of " + indefinite(entry.name)])[0]
        vector = normalised((names + photo) / 2).astype(np.float64)
        if entry.hypernyms:
            vector += HYPERNYM_WEIGHT * model.embed(entry.hypernyms).astype(np.float64).mean(0)
        vectors.append(normalised(vector))
    return np.stack(vectors).astype(np.float32)


def build(weights: dict[str, np.ndarray], classes: np.ndarray, moves: np.ndarray) -> ModelProto:
    """Assembles the tower from the classifier's weights, class vectors and colours."""
    b = graph.Builder()
    # From CLIP's normalisation to the classifier's, (value - 127) / 128.
    gain = (CLIP_STD * 255 / 128).astype(np.float32).reshape(1, 3, 1, 1)
    shift = ((CLIP_MEAN * 255 - 127) / 128).astype(np.float32).reshape(1, 3, 1, 1)
    x = b.add("Mul", "pixel_values", b.constant(gain))
    x = b.add("Add", x, b.constant(shift))

    logits = EfficientNetLite(b, weights).logits(x)
    logits = b.add("Mul", logits, b.constant(np.float32(1 / TEMPERATURE)))
    probabilities = b.add("Softmax", logits, axis=-1)
    top, indices = b.name("t"), b.name("t")
    b.add_named("TopK", [probabilities, b.axes(TOP_CLASSES)], [top, indices], "topk", axis=-1, largest=1, sorted=1)
    vectors = b.add("Gather", b.constant(classes, "classes"), indices, axis=0)
    row = b.add("Unsqueeze", top, b.axes(1))
    x = b.add("MatMul", row, vectors)
    x = b.add("Squeeze", x, b.axes(1))
    x = b.add("Div", *b.normalise(x))
    x = b.add("Add", x, colours.add_branch(b, "pixel_values", CLIP_MEAN, CLIP_STD, moves))
    b.add_named("Div", b.normalise(x), ["image_embeds"], "l2")
    return _with_int8_weights(b)


def _with_int8_weights(b: graph.Builder) -> ModelProto:
    """Makes the model; large weights get one scale an output channel."""
    constants, restore = [], []
    for tensor in b.constants:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.ndim >= 2 and values.size > QUANTISE_FROM:
            stored, nodes = graph.stored_as_int8(tensor, tuple(range(1, values.ndim)))
            constants += stored
            restore += nodes
        else:
            constants.append(tensor)
    body = helper.make_graph(
        restore + b.nodes,
        "starter_image",
        [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("image_embeds", TensorProto.FLOAT, ["N", DIMENSION])],
        constants,
    )
    return helper.make_model(
        body,
        opset_imports=[helper.make_opsetid("", graph.OPSET)],
        ir_version=graph.IR_VERSION,
        producer_name="starter",
        doc_string=f"EfficientNet-Lite2 ConSE T={TOP_CLASSES} tau={TEMPERATURE}; "
        "Apache-2.0 weights (ml-illustrated / Google)",
    )
