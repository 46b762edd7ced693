"""RNN, GRU, LSTM. The evaluator of onnx knows few activations, and neither clip, sequence_lens nor
input_forget, so most results are those of `layer`, which writes the specification down in NumPy.
"""
import numpy as np

from reference.case import node_case, random

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
DEFAULTS = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}
WHY = "onnx's evaluator ignores or refuses the attributes or inputs of this case"

# Default alpha and beta; None where a function has none.
ACTIVATIONS = {
    "relu": (lambda x, a, b: np.maximum(x, 0), None, None),
    "tanh": (lambda x, a, b: np.tanh(x), None, None),
    "sigmoid": (lambda x, a, b: 1 / (1 + np.exp(-x)), None, None),
    "affine": (lambda x, a, b: a * x + b, 1.0, 0.0),
    "leakyrelu": (lambda x, a, b: np.where(x >= 0, x, a * x), 0.01, None),
    "thresholdedrelu": (lambda x, a, b: np.where(x >= a, x, 0), 1.0, None),
    "scaledtanh": (lambda x, a, b: a * np.tanh(b * x), 1.0, 1.0),
    "hardsigmoid": (lambda x, a, b: np.clip(a * x + b, 0, 1), 0.2, 0.5),
    "elu": (lambda x, a, b: np.where(x >= 0, x, a * np.expm1(np.minimum(x, 0))), 1.0, None),
    "softsign": (lambda x, a, b: x / (1 + np.abs(x)), None, None),
    "softplus": (lambda x, a, b: np.log1p(np.exp(x)), None, None),
}


def functions(names, alphas, betas, clip):
    alphas, betas = list(alphas), list(betas)
    made = []
    for name in names:
        function, alpha, beta = ACTIVATIONS[name.lower()]
        if alpha is not None and alphas:
            alpha = alphas.pop(0)
        if beta is not None and betas:
            beta = betas.pop(0)
        made.append(lambda x, f=function, a=alpha, b=beta: f(np.clip(x, -clip, clip), a, b))
    return made


def step_rnn(gates, h, c, r, rb, p, f, options):
    return f[0](gates + r @ h + rb), c


def step_gru(gates, h, c, r, rb, p, f, options):
    xz, xr, xh = np.split(gates, 3)
    rz, rr, rh = np.split(r, 3)
    bz, br, bh = np.split(rb, 3)
    update = f[0](xz + rz @ h + bz)
    reset = f[0](xr + rr @ h + br)
    if options.get("linear_before_reset", 0):
        hidden = f[1](xh + reset * (rh @ h + bh))
    else:
        hidden = f[1](xh + rh @ (reset * h) + bh)
    return (1 - update) * hidden + update * h, c


def step_lstm(gates, h, c, r, rb, p, f, options):
    i, o, forget, cell = np.split(gates + r @ h + rb, 4)
    pi, po, pf = np.split(p, 3)
    i = f[0](i + pi * c)
    forget = 1 - i if options.get("input_forget", 0) else f[0](forget + pf * c)
    c = forget * c + i * f[1](cell)
    return f[0](o + po * c) * f[2](c), c


STEPS = {"RNN": step_rnn, "GRU": step_gru, "LSTM": step_lstm}


def layer(op, x, w, r, b=None, lens=None, h0=None, c0=None, p=None, **options):
    if options.get("layout", 0):
        x = np.swapaxes(x, 0, 1)
        h0, c0 = (None if v is None else np.swapaxes(v, 0, 1) for v in (h0, c0))
    kind = x.dtype
    x, w, r, b, h0, c0, p = (None if v is None else v.astype(np.float64)
                             for v in (x, w, r, b, h0, c0, p))
    steps, batch, _ = x.shape
    directions, _, hidden = r.shape
    names = options.get("activations", DEFAULTS[op] * directions)
    every = functions(names, options.get("activation_alpha", []),
                      options.get("activation_beta", []), options.get("clip", np.inf))
    count = len(DEFAULTS[op])
    y = np.zeros((steps, directions, batch, hidden))
    last_h = np.zeros((directions, batch, hidden)) if h0 is None else h0.copy()
    last_c = np.zeros((directions, batch, hidden)) if c0 is None else c0.copy()
    for d in range(directions):
        backward = d == 1 or options.get("direction") == "reverse"
        wb, rb = (np.zeros((2, GATES[op] * hidden)) if b is None else np.split(b[d], 2))
        peepholes = np.zeros(3 * hidden) if p is None else p[d]
        for n in range(batch):
            length = steps if lens is None else lens[n]
            h, c = last_h[d, n], last_c[d, n]
            if length == 0:  # as ONNX Runtime has it; the specification does not say
                h, c = np.zeros_like(h), np.zeros_like(c)
            for t in reversed(range(length)) if backward else range(length):
                h, c = STEPS[op](w[d] @ x[t, n] + wb, h, c, r[d], rb, peepholes,
                                 every[d * count:d * count + count], options)
                y[t, d, n] = h
            last_h[d, n], last_c[d, n] = h, c
    if options.get("layout", 0):
        y = y.transpose(2, 0, 1, 3)
        last_h, last_c = np.swapaxes(last_h, 0, 1), np.swapaxes(last_c, 0, 1)
    results = [y, last_h, last_c][:3 if op == "LSTM" else 2]
    return [v.astype(kind) for v in results]


def inputs_of(op, name, steps=4, batch=3, size=2, hidden=5, directions=1, dtype=np.float32,
              layout=0, bias=True, initial=True, peepholes=False, lens=None):
    rng = random(name)

    def numbers(*shape):
        return rng.uniform(-1, 1, shape).astype(dtype)

    gates = GATES[op]
    state = (batch, directions, hidden) if layout else (directions, batch, hidden)
    inputs = [numbers(*((batch, steps, size) if layout else (steps, batch, size))),
              numbers(directions, gates * hidden, size),
              numbers(directions, gates * hidden, hidden),
              numbers(directions, 2 * gates * hidden) if bias else None,
              None if lens is None else np.array(lens, np.int32),
              numbers(*state) if initial else None]
    if op == "LSTM":
        inputs += [numbers(*state) if initial else None,
                   numbers(directions, 3 * hidden) if peepholes else None]
    while inputs[-1] is None:
        inputs.pop()
    return inputs


def written_down(name, op, inputs, outputs=None, opset=None, **options):
    every = layer(op, *inputs, **options)
    outputs = outputs or [f"y{i}" for i in range(len(every))]
    expected = [value for value, output in zip(every, outputs) if output]
    return node_case(name, op, inputs, outputs, opset=opset, expected=expected, why=WHY, **options)


def cases():
    for op in GATES:
        low = op.lower()
        count = 3 if op == "LSTM" else 2
        kinds = [("", {}), ("_reverse", {"direction": "reverse"}),
                 ("_bidirectional", {"direction": "bidirectional"})]
        for kind, options in kinds:
            directions = 2 if kind == "_bidirectional" else 1
            for layout in (0, 1):
                name = f"{low}{kind}_layout_{layout}"
                inputs = inputs_of(op, name, directions=directions, layout=layout)
                yield node_case(name, op, inputs, count, layout=layout, hidden_size=5, **options)
            name = f"{low}{kind}_lengths"
            inputs = inputs_of(op, name, directions=directions, lens=[4, 2, 1])
            yield written_down(name, op, inputs, **options)
            name = f"{low}{kind}_lengths_layout_1"
            inputs = inputs_of(op, name, directions=directions, lens=[0, 4, 3], layout=1,
                               peepholes=True)
            yield written_down(name, op, inputs, layout=1, **options)
        name = f"{low}_bare"
        yield node_case(name, op, inputs_of(op, name, bias=False, initial=False), 1)
        name = f"{low}_float64"
        yield node_case(name, op, inputs_of(op, name, dtype=np.float64), count)
        name = f"{low}_float16"
        yield written_down(name, op, inputs_of(op, name, dtype=np.float16))
        name = f"{low}_last_state_alone"
        yield written_down(name, op, inputs_of(op, name), ["", "y1"])
        name = f"{low}_last_state_alone_of_float16"
        yield written_down(name, op, inputs_of(op, name, dtype=np.float16), ["", "y1"], opset=14)
        name = f"{low}_opset_7"
        yield node_case(name, op, inputs_of(op, name), count, opset=7, hidden_size=5)
        name = f"{low}_opset_14"
        yield node_case(name, op, inputs_of(op, name, layout=1), count, opset=14, layout=1)
        name = f"{low}_no_steps"
        inputs = inputs_of(op, name, steps=0)
        yield written_down(name, op, inputs)
        name = f"{low}_no_sequences"
        yield written_down(name, op, inputs_of(op, name, batch=0))
        name = f"{low}_one_of_each"
        inputs = inputs_of(op, name, steps=1, batch=1, size=1, hidden=1)
        yield node_case(name, op, inputs, count)
        name = f"{low}_constant_weights"
        yield node_case(name, op, inputs_of(op, name), count, constants=(1, 2, 3))
        name = f"{low}_clip"
        yield written_down(name, op, inputs_of(op, name, peepholes=True), clip=0.25)
        per_direction = len(DEFAULTS[op])
        for activation in ACTIVATIONS:
            for parameters in (False, True):
                name = f"{low}_{activation}" + "_parameters" * parameters
                given = {"activations": [activation] * per_direction}
                if parameters:
                    given["activation_alpha"] = [0.3, 0.4, 0.5][:per_direction]
                    given["activation_beta"] = [0.6, 0.7, 0.8][:per_direction]
                yield written_down(name, op, inputs_of(op, name, steps=2), **given)
        name = f"{low}_activations_of_two_directions"
        mixed = ["Relu", "LeakyRelu", "HardSigmoid", "Softsign", "Elu", "Affine"]
        yield written_down(name, op, inputs_of(op, name, steps=3, directions=2),
                           direction="bidirectional", activations=mixed[:2 * per_direction],
                           activation_alpha=[0.3, 0.4, 0.2, 0.7], activation_beta=[0.6, 0.1])

    for linear in (0, 1):
        for kind in ("forward", "bidirectional"):
            name = f"gru_linear_before_reset_{linear}_{kind}"
            inputs = inputs_of("GRU", name, directions=2 if kind == "bidirectional" else 1)
            yield node_case(name, "GRU", inputs, 2, linear_before_reset=linear, direction=kind)
    name = "lstm_peepholes"
    yield node_case(name, "LSTM", inputs_of("LSTM", name, peepholes=True), 3)
    name = "lstm_peepholes_bidirectional"
    inputs = inputs_of("LSTM", name, peepholes=True, directions=2)
    yield node_case(name, "LSTM", inputs, 3, direction="bidirectional")
    name = "lstm_input_forget"
    yield written_down(name, "LSTM", inputs_of("LSTM", name, peepholes=True), input_forget=1)
    name = "lstm_cell_alone"
    yield written_down(name, "LSTM", inputs_of("LSTM", name), ["", "", "y2"])
