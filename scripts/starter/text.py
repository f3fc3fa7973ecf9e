"""The text tower: all-MiniLM-L6-v2 with its pooling inside the graph."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import graph

DIMENSION = 384
CONTEXT = 77  # tokens; CLIP's, and more than a query ever has

# Smaller matrices stay float32.
QUANTISE_FROM = 20000


def build(source: Path) -> onnx.ModelProto:
    """Returns the model with int8 weights and the output text_embeds."""
    model = onnx.load(source)
    body = model.graph
    _store_weights_as_int8(body)
    hidden = body.output[0].name
    del body.output[:]
    _name_inputs(body)
    _add_pooling(body, hidden)
    del body.value_info[:]
    model.producer_name = "starter"
    return model


def _store_weights_as_int8(body: onnx.GraphProto) -> None:
    """Replaces the large matrices: a scale for each column, for each row of a table."""
    restore = []
    for tensor in list(body.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.ndim != 2 or values.size < QUANTISE_FROM:
            continue
        # A table is looked up by row; a MatMul's matrix has one output a column.
        constants, nodes = graph.stored_as_int8(tensor, (1,) if "embeddings" in tensor.name else (0,))
        body.initializer.remove(tensor)
        body.initializer.extend(constants)
        restore += nodes
    for position, node in enumerate(restore):
        body.node.insert(position, node)


def _name_inputs(body: onnx.GraphProto) -> None:
    """Keeps input_ids and attention_mask, [N, S]; the segment ids are always zero."""
    for value in list(body.input):
        if value.name == "token_type_ids":
            body.input.remove(value)
        else:
            dimensions = value.type.tensor_type.shape.dim
            dimensions[0].dim_param, dimensions[1].dim_param = "N", "S"
    zeros = helper.make_node("Sub", ["input_ids", "input_ids"], ["token_type_ids"], name="st_tti")
    body.node.insert(0, zeros)


def _add_pooling(body: onnx.GraphProto, hidden: str) -> None:
    """Adds the mean over the tokens that the mask keeps, of length one.

    The mean's division by the number of tokens is left out: it cancels in the length.
    """
    node = helper.make_node
    body.initializer.append(numpy_helper.from_array(np.float32(1e-12), "st_eps"))
    body.node.extend(
        [
            node("Cast", ["attention_mask"], ["st_mf"], name="st_c", to=TensorProto.FLOAT),
            node("Unsqueeze", ["st_mf"], ["st_m3"], name="st_u", axes=[2]),
            node("Mul", [hidden, "st_m3"], ["st_hm"], name="st_mul"),
            node("ReduceSum", ["st_hm"], ["st_sum"], name="st_rs", axes=[1], keepdims=0),
            node("ReduceL2", ["st_sum"], ["st_l2"], name="st_l2n", axes=[1], keepdims=1),
            node("Max", ["st_l2", "st_eps"], ["st_l2e"], name="st_max"),
            node("Div", ["st_sum", "st_l2e"], ["text_embeds"], name="st_div"),
        ]
    )
    body.output.append(helper.make_tensor_value_info("text_embeds", TensorProto.FLOAT, ["N", DIMENSION]))


def write_tokenizer(source: Path, target: Path) -> None:
    """Copies tokenizer.json without its padding to 128, which costs five times the work."""
    tokenizer = json.loads(source.read_text(encoding="utf-8"))
    tokenizer["padding"] = None
    tokenizer["truncation"]["max_length"] = CONTEXT
    target.write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")
