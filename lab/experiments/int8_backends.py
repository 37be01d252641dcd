"""The int8 products of emotion2vec+ large beside those of onnxruntime and OpenVINO: who is quicker here, and how exact.

    python -m lab.experiments.int8_backends [--rows 110] [--threads 2] [--seconds 1]

Needs `pip install "emotion-monitor[lab]"` (onnx); OpenVINO takes part where it is installed (`pip install openvino`). The
four products of a transformer block, for the rows of one window (100 frames and 10 extra tokens), with all that belongs to
them: the input is made int8, multiplied, and scaled back. onnxruntime's dynamic quantisation takes one scale for the whole
input, with which one leg's loud frame would change what is said of another's; torch's here takes one a row, and so does
OpenVINO's where its groups are as long as a row. `error` is the root mean square difference from the product in float64, over
that of the product. Backends take turns, and the best turn counts.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from monitor.engines.emotion2vec.linear import Affine, make_linear

Array = NDArray[np.float32]
Product = Callable[[Array], Array]

LAYERS = {"attn.qkv": (1024, 3072), "attn.proj": (1024, 1024), "mlp.fc1": (1024, 4096), "mlp.fc2": (4096, 1024)}
"""Inputs and outputs of plus_large."""
TURNS = 5


def by_torch(weight: Array, bias: Array, precision: str) -> Product:
    """The product of the engine. `weight`: shape (N, K)."""
    linear = make_linear(Affine(torch.from_numpy(weight), torch.from_numpy(bias)), "int8" if precision == "int8" else "fp32")

    def run(x: Array) -> Array:
        with torch.inference_mode():
            product: Array = linear(torch.from_numpy(x)).numpy()
            return product

    return run


def by_onnxruntime(weight: Array, bias: Array, precision: str, threads: int) -> Product:
    """As `quantize_dynamic` makes it, a scale for each output; onnxruntime joins it into one operation."""
    outputs, inputs = weight.shape
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "weight"], ["product"]), helper.make_node("Add", ["product", "bias"], ["y"])],
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", inputs])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", outputs])],
        [numpy_helper.from_array(np.ascontiguousarray(weight.T), "weight"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "linear.onnx"
        onnx.save(model, path)
        if precision == "int8":
            quantize_dynamic(path, path, weight_type=QuantType.QInt8, per_channel=True)
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda x: np.asarray(session.run(None, {"x": x})[0], np.float32)


def by_openvino(weight: Array, bias: Array, threads: int) -> Product:
    """With inputs made int8 row by row, inside of the product."""
    import openvino

    op = openvino.opset13
    inputs = weight.shape[1]
    scales = np.abs(weight).max(axis=1, keepdims=True) / 127
    levels = op.convert(op.constant(np.round(weight / scales).astype(np.int8)), np.float32)
    x = op.parameter([-1, inputs], np.float32)
    product = op.matmul(x, op.multiply(levels, op.constant(scales)), transpose_a=False, transpose_b=True)
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": inputs,
    }
    model = openvino.Model([op.add(product, op.constant(bias[None]))], [x], "linear")
    request = openvino.compile_model(model, "CPU", settings).create_infer_request()

    def run(x: Array) -> Array:
        request.infer([openvino.Tensor(x, shared_memory=True)])
        return np.asarray(request.get_output_tensor(0).data, np.float32)

    return run


def seconds_a_call(product: Product, x: Array, seconds: float) -> float:
    """Mean of as many calls as come within `seconds`."""
    began, calls = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        product(x)
        calls += 1
    return (time.perf_counter() - began) / calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=110)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.3, help="of each turn")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    generator = np.random.default_rng(0)
    print(f"{args.rows} rows, {args.threads} threads, torch {torch.__version__}, onnxruntime {onnxruntime.__version__}")
    print("| product | backend | precision | ms | GOP/s | error |\n|---|---|---|---:|---:|---:|")
    for name, (inputs, outputs) in LAYERS.items():
        weight = (generator.standard_normal((outputs, inputs)) / np.sqrt(inputs)).astype(np.float32)
        bias = generator.standard_normal(outputs).astype(np.float32)
        # Rows of unlike size, as frames of speech and of silence are.
        x = (generator.standard_normal((args.rows, inputs)) * generator.uniform(0.3, 3, (args.rows, 1))).astype(np.float32)
        exact = x.astype(np.float64) @ weight.T.astype(np.float64) + bias
        products = {}
        for precision in ("fp32", "int8"):
            products["torch", precision] = by_torch(weight, bias, precision)
            products["onnxruntime", precision] = by_onnxruntime(weight, bias, precision, args.threads)
        if find_spec("openvino"):
            products["openvino", "int8"] = by_openvino(weight, bias, args.threads)
        best = dict.fromkeys(products, np.inf)
        for _ in range(TURNS):
            for key, product in products.items():
                best[key] = min(best[key], seconds_a_call(product, x, args.seconds))
        for (backend, precision), product in products.items():
            seconds = best[backend, precision]
            error = np.sqrt(((product(x) - exact) ** 2).mean() / (exact**2).mean())
            rate = 2 * args.rows * inputs * outputs / seconds / 1e9
            print(f"| {name} | {backend} | {precision} | {seconds * 1e3:.2f} | {rate:.0f} | {error:.1e} |", flush=True)


if __name__ == "__main__":
    main()
