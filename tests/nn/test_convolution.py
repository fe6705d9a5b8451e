"""Convolutions and pooling: their sums written out, and PyTorch's modules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import gradients, mean
from autograd.tape import Tape
from nn import AvgPool1d, AvgPool2d, Conv1d, Conv2d, Flatten, Layer, MaxPool1d, MaxPool2d, Reshape, Sequential
from tests.nn.compared import check_equal, flat, numbers, pytorch


def data_of(x):
    return [data_of(part) for part in x] if isinstance(x, list) else x.data


def convolved(conv, x):
    """The planes that the definition gives, with an index for everything."""
    (h, w), (down, right), (top, left) = conv.size, conv.stride, conv.padding
    rows, columns = len(x[0]), len(x[0][0])

    def at(c, i, j):
        return x[c][i][j] if 0 <= i < rows and 0 <= j < columns else 0.0

    def sum_under(kernel, i, j):
        return kernel.b.data + sum(
            kernel.w[(c * h + a) * w + b].data * at(c, i + a, j + b)
            for c in range(len(x)) for a in range(h) for b in range(w)
        )  # fmt: skip

    return [
        [
            [
                sum_under(kernel, i * down - top, j * right - left)
                for j in range((columns + 2 * left - w) // right + 1)
            ]
            for i in range((rows + 2 * top - h) // down + 1)
        ]
        for kernel in conv.kernels.neurons
    ]


pair = st.tuples(st.integers(1, 3), st.integers(1, 3))
none_or_some = st.tuples(st.integers(0, 2), st.integers(0, 2))


@given(
    st.integers(1, 2), st.integers(1, 3), pair, pair, st.tuples(st.integers(0, 2), st.integers(0, 2)), pair
)
def test_a_convolution_is_its_definition(nin, nout, size, stride, padding, more):
    conv = Conv2d(nin, nout, size, stride=stride, padding=padding, seed=0)
    conv.kernels.b = [0.5 * k for k in range(nout)]
    x = numbers((nin, size[0] + more[0], size[1] + more[1]))
    ours, wanted = data_of(conv(x)), convolved(conv, x)
    assert [list(map(len, plane)) for plane in ours] == [list(map(len, plane)) for plane in wanted]
    assert list(flat(ours)) == pytest.approx(list(flat(wanted)), abs=1e-12)


def test_a_signal_is_a_picture_of_one_row():
    signal, picture = (
        Conv1d(2, 3, 3, stride=2, padding=1),
        Conv2d(2, 3, (1, 3), stride=(1, 2), padding=(0, 1)),
    )
    for a, b in zip(signal.parameters(), picture.parameters(), strict=True):
        a.data = b.data
    x = numbers((2, 6))
    assert data_of(signal(x)) == [plane[0] for plane in data_of(picture([[channel] for channel in x]))]


@pytest.mark.parametrize(
    "options",
    [{}, {"stride": 2}, {"padding": 1}, {"stride": (2, 1), "padding": (0, 2), "bias": False}],
    ids=str,
)
def test_conv2d_equals_pytorch(options):
    theirs = pytorch().nn.Conv2d(2, 3, (3, 2), **options).double()
    check_equal(Conv2d(2, 3, (3, 2), **options), theirs, numbers((2, 6, 5)))


@pytest.mark.parametrize("options", [{}, {"stride": 2, "padding": 2}, {"bias": False}], ids=str)
def test_conv1d_equals_pytorch(options):
    check_equal(Conv1d(2, 3, 3, **options), pytorch().nn.Conv1d(2, 3, 3, **options).double(), numbers((2, 7)))


@pytest.mark.parametrize("kind", [MaxPool2d, AvgPool2d])
@pytest.mark.parametrize("sizes", [(2,), (3, 2), ((2, 1), (1, 2))], ids=str)
def test_pooling_equals_pytorch(kind, sizes):
    check_equal(kind(*sizes), getattr(pytorch().nn, kind.__name__)(*sizes), numbers((2, 7, 5)))


@pytest.mark.parametrize("kind", [MaxPool1d, AvgPool1d])
def test_pooling_of_signals_equals_pytorch(kind):
    check_equal(kind(2, 3), getattr(pytorch().nn, kind.__name__)(2, 3), numbers((2, 7)))


def test_a_lenet_equals_pytorch():
    torch = pytorch().nn
    theirs = torch.Sequential(
        torch.Unflatten(0, (1, 8, 8)), torch.Conv2d(1, 3, 3, padding=1), torch.Tanh(), torch.AvgPool2d(2),
        torch.Conv2d(3, 4, 3), torch.Tanh(), torch.Flatten(0), torch.Linear(16, 10),
    ).double()  # fmt: skip
    ours = Sequential(
        Reshape(1, 8, 8), Conv2d(1, 3, 3, padding=1, activation="tanh"), AvgPool2d(2),
        Conv2d(3, 4, 3, activation="tanh"), Flatten(), Layer(16, 10, "linear"),
    )  # fmt: skip
    check_equal(ours, theirs, numbers((64,)), mapping={"1": "steps.1", "4": "steps.3", "7": "steps.5"})


def test_a_tape_of_a_lenet_gives_the_eager_outputs_and_gradients():
    model = Sequential(
        Reshape(1, 6, 6), Conv2d(1, 2, 3, padding=1, activation="relu", seed=0), MaxPool2d(2),
        Conv2d(2, 3, 2, activation="tanh", seed=1), AvgPool2d(2), Flatten(), Layer(3, 1, "linear", seed=2),
    )  # fmt: skip
    samples = numbers((4, 36))
    tape = Tape.record(model, samples[0])
    outputs = [model(x) for x in samples]
    assert tape.forward(samples) == pytest.approx(data_of(outputs), abs=1e-12)
    loss, slopes = tape.gradients(samples)
    assert loss == pytest.approx(mean(outputs).data, abs=1e-12)
    assert slopes == pytest.approx(gradients(mean(outputs), tape.parameters), abs=1e-12)


def test_the_kernels_are_shared_by_all_places():
    assert len(Conv2d(3, 8, 5).parameters()) == 8 * (3 * 5 * 5 + 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Conv2d(2, 1, 3)(numbers((1, 4, 4))), "this Conv2d takes 2 planes; got 1"),
        (
            lambda: Conv2d(1, 1, 3)(numbers((1, 2, 4))),
            "of this Conv2d are 3 × 3; got a plane of 2 × 4",
        ),
        (lambda: Conv2d(1, 1, 1)([[[1.0], [1.0, 2.0]]]), "planes of equal rows, .* rows of 1 or 2 numbers"),
        (lambda: Conv2d(1, 1, 1)([]), "planes of equal rows, .* got 0 planes with rows of no numbers"),
        (
            lambda: Conv2d(1, 1, 1)([1.0, 2.0]),
            r"takes planes of rows, such as nn.Reshape gives; got \[1.0, 2.0\]",
        ),
        (lambda: Conv2d(1, 1, 2.5), "size is a whole number; got 2.5"),
        (lambda: Conv2d(1, 1, (1, 2, 3)), "size has 2 numbers, or one for all"),
        (lambda: Conv1d(1, 1, 0), "size is at least 1"),
        (lambda: Conv1d(1, 1, 1, padding=-1), "padding is at least 0"),
        (lambda: MaxPool1d(2, 0), "stride is at least 1"),
        (lambda: Reshape(), "a shape has at least one size"),
        (lambda: Reshape(2, 2)([1.0] * 3), "takes 4 inputs per sample; got 3"),
    ],
)
def test_bad_arguments_are_refused(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


SETTINGS = st.fixed_dictionaries({
    "nin": st.integers(1, 2), "nout": st.integers(1, 2), "size": st.tuples(*[st.integers(1, 2)] * 2),
    "stride": st.tuples(*[st.integers(1, 2)] * 2), "padding": st.tuples(*[st.integers(0, 1)] * 2),
    "activation": st.sampled_from(["linear", "relu"]),
})  # fmt: skip


@given(SETTINGS, SETTINGS)
def test_what_one_says_of_itself_tells_its_settings_apart(settings, others):
    one, other = Conv2d(**settings), Conv2d(**others)
    assert (one.in_brief() == other.in_brief()) == (settings == others)
    assert repr(one).startswith(f"Conv2d({one.in_brief()}, ")
    pools = [MaxPool2d(own["size"], own["stride"]) for own in (settings, others)]
    alike = all(settings[name] == others[name] for name in ("size", "stride"))
    assert (repr(pools[0]) == repr(pools[1])) == alike


def test_what_is_usual_is_not_said():
    assert repr(Conv2d(1, 4, 3)) == "Conv2d(1 → 4, 3×3, 40 parameters)"
    assert repr(Conv2d(1, 4, 3, stride=2, padding=(1, 0))).startswith(
        "Conv2d(1 → 4, 3×3, stride 2, padding 1×0"
    )
    assert [repr(MaxPool2d(2)), repr(AvgPool1d(3, 1))] == ["MaxPool2d(2×2)", "AvgPool1d(3, stride 1)"]
