"""Runs a graph that was made for one picture over many, layer by layer."""

import onnx
from onnx import TensorProto, helper

def cuts(model: onnx.ModelProto, part: int) -> list[int]:
    """Returns after how many nodes the graph can be cut, so that nothing but the last value goes on, and parts are large enough."""
    g = model.graph
    constants = {t.name: len(t.raw_data) for t in g.initializer}
    last = {name: i for i, n in enumerate(g.node) for name in n.input if name not in constants}
    for o in g.output:
        last[o.name] = len(g.node)
    found, alive, weight = [], {i.name for i in g.input}, 0
    for i, n in enumerate(g.node):
        weight += sum(constants.get(name, 0) for name in n.input)
        alive = {name for name in alive | set(n.output) if last.get(name, -1) > i}
        if weight >= part and len(alive) == 1 and alive == {n.output[0]} or i + 1 == len(g.node):
            found.append(i + 1)
            weight = 0
    return found


def for_each(model: onnx.ModelProto, batch: str, part: int) -> onnx.ModelProto:
    """Returns a graph of many pictures out of one of one picture, the first axis of its input and output.

    It is cut into parts, mostly a layer each, and a part is a loop over the pictures (Scan):
    the weights of a layer come from memory once, and not once a picture. Each picture is
    computed by itself, scales of its activations included, so that it cannot matter what
    shares its call.
    """
    g = model.graph
    opset = next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))
    initializers, nodes = list(g.initializer), []
    if opset >= 13:
        initializers.append(helper.make_tensor("scan/axis", TensorProto.INT64, [1], [0]))

    def axis(op: str, source: str, target: str) -> onnx.NodeProto:
        if opset >= 13:
            return helper.make_node(op, [source, "scan/axis"], [target])
        return helper.make_node(op, [source], [target], axes=[0])

    begin, value = 0, g.input[0].name
    for number, end in enumerate(cuts(model, part)):
        result = g.node[end - 1].output[0]
        one, done = f"scan{number}/picture", f"scan{number}/result"
        inside = []
        for n in g.node[begin:end]:  # names within must not be those of the graph around
            inner = onnx.NodeProto()
            inner.CopyFrom(n)
            inner.input[:] = [f"scan{number}/in" if name == value else name for name in n.input]
            inner.output[:] = [f"scan{number}/out" if name == result else name for name in n.output]
            inside.append(inner)
        body = helper.make_graph(
            [axis("Unsqueeze", one, f"scan{number}/in"), *inside, axis("Squeeze", f"scan{number}/out", done)], f"part{number}",
            [helper.make_tensor_value_info(one, TensorProto.FLOAT, None)], [helper.make_tensor_value_info(done, TensorProto.FLOAT, None)])
        nodes.append(helper.make_node("Scan", [value], [result], f"scan{number}", body=body, num_scan_inputs=1))
        begin, value = end, result
    loop = helper.make_graph(nodes, g.name, g.input, g.output, initializers)
    for io in (*loop.input, *loop.output):
        io.type.tensor_type.shape.dim[0].dim_param = batch
    made = helper.make_model(loop, opset_imports=model.opset_import, ir_version=model.ir_version, producer_name="sightline")
    return made
