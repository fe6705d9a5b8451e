"""Networks as PyTorch's modules, and back: the same numbers, by every way."""

import copy

import numpy as np
import pytest

import nn
from nn import (
    MLP,
    CheckpointError,
    Embedding,
    GRUCell,
    Lambda,
    Layer,
    LayerNorm,
    LSTMCell,
    Module,
    Recurrent,
    RNNCell,
    Sequential,
    from_torch,
    save,
    to_torch,
)  # fmt: skip
from nn.predictions import predict
from tests.nn.exporting.modules import MODULES, ONLY_TORCH, outputs_of

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def run(module, X):
    """What a module of PyTorch gives for samples, one row each."""
    X = torch.from_numpy(np.array(X))
    with torch.no_grad():
        y = module.eval()(X)
    y = torch.cat(y, 1) if isinstance(y, tuple) else y
    return y.double().reshape(len(X), -1).numpy()


def same(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("make", "X"), [*MODULES.values(), *ONLY_TORCH.values()], ids=[*MODULES, *ONLY_TORCH]
)
def test_every_module_goes_there_and_back(make, X):
    model = make().eval()
    module = to_torch(model)
    wanted = outputs_of(model, X)
    same(run(module, X), wanted)
    again = from_torch(module)
    same(outputs_of(again, X), wanted)
    same(run(to_torch(again), X), wanted)
    assert not again.training
    assert not module.training


class Net(torch.nn.Module):
    """What a user of PyTorch has."""

    def __init__(self, kind=torch.nn.GRU, **options):
        super().__init__()
        self.rnn = kind(2, 5, batch_first=True, **options)
        self.head = torch.nn.Linear(5, 1)

    def forward(self, x):
        return self.head(self.rnn(x)[0][:, -1])


@pytest.mark.parametrize(
    ("kind", "cell"), [(torch.nn.GRU, GRUCell), (torch.nn.LSTM, LSTMCell), (torch.nn.RNN, RNNCell)]
)
def test_a_trained_recurrent_network_of_one_s_own_class_there_and_back(kind, cell):
    torch.manual_seed(0)
    net = Net(kind)
    X = np.random.default_rng(0).normal(size=(20, 6, 2))
    y = X.sum(axis=(1, 2))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(5):
        loss = ((net(torch.tensor(X, dtype=torch.float32))[:, 0] - torch.tensor(y)) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    net = net.double()
    model = from_torch(net, into=Recurrent(cell(2, 5), 1), mapping={"rnn": "cell", "head": "readout"})
    same(outputs_of(model, X.tolist()), run(net, X.tolist()))
    nn.fit(model, X, y, loss=nn.losses.mse, epochs=2, seed=0)
    back = to_torch(model, into=Net(kind).double(), mapping={"cell": "rnn", "readout": "head"})
    same(run(back, X.tolist())[:, 0], predict(model, X))
    same(run(to_torch(model), X.tolist())[:, 0], predict(model, X))


def test_a_training_in_pytorch_comes_back():
    model = Recurrent(GRUCell(2, 3, seed=0), 1, seed=1)
    module, X = to_torch(model), np.random.default_rng(0).normal(size=(5, 4, 2))
    with torch.no_grad():
        for p in module.parameters():
            p += 0.1 * torch.randn_like(p, generator=None)
    same(outputs_of(from_torch(module), X.tolist()), run(module, X.tolist()))
    assert not np.allclose(outputs_of(model, X.tolist()), run(module, X.tolist()))


def test_the_layers_are_pytorchs_own():
    module = to_torch(MLP(2, [3, 1], "tanh", dropout=0.5))
    assert [type(part).__name__ for part in module] == ["Linear", "Tanh", "Dropout", "Linear"]
    assert [*module.state_dict()] == ["0.weight", "0.bias", "3.weight", "3.bias"]
    assert type(to_torch(Recurrent(LSTMCell(2, 3), 1)).cell) is torch.nn.LSTM
    assert type(from_torch(module)) is MLP
    assert from_torch(module).dropout.p == 0.5


@pytest.mark.parametrize(("make", "X"), MODULES.values(), ids=MODULES)
def test_pytorch_reads_the_file_by_name(make, X, tmp_path):
    safetensors = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")
    model = make().eval()
    if not model.parameters():
        return
    save(model, tmp_path / "net")
    tensors = safetensors.load_file(tmp_path / "net")
    kept = nn.saving.parameters.groups_of(model)
    assert {name: tuple(x.shape) for name, x in tensors.items()} == {n: g.shape for n, g in kept.items()}
    assert all(x.dtype == torch.float64 for x in tensors.values())


def test_modules_of_pytorch_that_users_build():
    torch.manual_seed(0)
    t = torch.nn
    for module, shape in (
        (t.Sequential(t.Linear(3, 4), t.ReLU(inplace=True), t.Linear(4, 2), t.Softplus()), (5, 3)),
        (t.Sequential(t.Unflatten(1, (1, 6, 6)), t.Conv2d(1, 2, 3, stride=2, padding=1),
                      t.MaxPool2d(2, 1), t.LeakyReLU(), t.Flatten(), t.Linear(8, 2)), (4, 36)),
        (t.Sequential(t.Linear(3, 4), t.LayerNorm(4), t.GELU(), t.Linear(4, 1, bias=False)), (5, 3)),
        (t.Sequential(t.Sequential(t.Linear(3, 3), t.Tanh()), t.PReLU(), t.Identity(), t.RMSNorm(3)), (5, 3)),
    ):  # fmt: skip
        X = np.random.default_rng(1).normal(size=shape).tolist()
        same(outputs_of(from_torch(module.double()), X), run(module, X))


def test_attention_of_pytorch():
    torch.manual_seed(0)
    theirs = torch.nn.MultiheadAttention(4, 2, batch_first=True).double()
    X = torch.randn(3, 5, 4, dtype=torch.float64)
    ours = from_torch(theirs)
    same(outputs_of(ours, X.tolist()), theirs(X, X, X)[0].detach().reshape(3, -1).numpy())


def test_a_layer_that_comes_twice_is_one_there_and_back():
    layer = Layer(2, 2, "tanh", seed=0)
    module = to_torch(Sequential(layer, Layer(2, 2, "linear", seed=1), layer))
    assert len([*module.parameters()]) == 4
    again = from_torch(module)
    assert len(again.parameters()) == 12
    same(outputs_of(again, [[0.1, 0.2]]), run(module, [[0.1, 0.2]]))


def test_tied_weights_stay_tied():
    module = to_torch(MODULES["Transformer tied"][0]())
    assert module.output.weight is module.tokens.weight
    assert from_torch(module).tied


# -------------------------------------------------------------------------------------------- errors


class Mine(Module):
    def forward(self, x):
        return x


class Louder(Layer):
    def __call__(self, x):
        return [2 * v for v in super().__call__(x)]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Sequential(Layer(2, 2), Mine()), r"^steps.1 \(Mine\) of Sequential: .*to_torch\(model, into=module"),
        (Sequential(Layer(2, 2), Lambda(sum)), r"^steps.1 \(Lambda\) of Sequential: what it computes"),
        (Louder(2, 2), r"^Louder: what it computes"),
        (
            MLP(2, [3, 1], lambda z: z * z),
            r"^layers.0 \(Layer\) of MLP: its activation <lambda> is a function",
        ),
        (
            Recurrent(RNNCell(2, 3, "sin"), 1),
            r"^cell \(RNNCell\) of Recurrent: the activation of its hidden is sin; .* tanh or relu",
        ),
        (LayerNorm(3, gain=False), r"^LayerNorm: it has a bias without a gain"),
    ],
)
def test_what_has_no_counterpart_there_is_named_by_its_path(model, message):
    with pytest.raises(TypeError, match=message):
        to_torch(model)


class Doubled(torch.nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


T = torch.nn


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (
            T.Sequential(T.Linear(2, 2), T.BatchNorm1d(2)),
            r"^1 \(BatchNorm1d\) of Sequential: it is not known",
        ),
        (Net(), r"^Net: it is not known here.*from_torch\(module, into=model, mapping"),
        (Doubled(2, 2), r"^Doubled: it is not known"),
        (
            T.Sequential(T.Sequential(T.ELU(0.5))),
            r"^0.0 \(ELU\) of Sequential: its alpha is 0.5; ours has 1.0",
        ),
        (T.Conv2d(2, 2, 3, dilation=2), r"^Conv2d: its dilation is \(2, 2\); Conv2d has only \(1, 1\)"),
        (T.Conv1d(2, 2, 3, padding="same"), r"^Conv1d: its padding is 'same'"),
        (T.MaxPool2d(3, padding=1), r"^MaxPool2d: its padding is 1; MaxPool2d has only 0"),
        (T.GRU(2, 3, num_layers=2), r"^GRU: its num_layers is 2; GRUCell has only 1"),
        (T.LSTM(2, 3, bidirectional=True), r"^LSTM: its bidirectional is True"),
        (T.Embedding(3, 2, max_norm=1.0), r"^Embedding: its max_norm is 1.0; Embedding has only None"),
        (
            T.MultiheadAttention(4, 2, dropout=0.5),
            r"^MultiheadAttention: its dropout is not what Attention has",
        ),
        (T.LayerNorm((2, 2)), r"^LayerNorm: it norms the shape \(2, 2\)"),
        (T.Unflatten(2, (2, 2)), r"^Unflatten: its dim is 2"),
    ],
)
def test_what_is_not_known_here_is_named_by_its_path(module, message):
    with pytest.raises(TypeError, match=message):
        from_torch(module)


def test_shapes_that_differ_are_told_and_nothing_is_set():
    net, model = Net(), Recurrent(GRUCell(2, 4, seed=0), 1, seed=0)
    before, there = model.state_dict(), copy.deepcopy(net.state_dict())
    with pytest.raises(
        CheckpointError, match=r"weight_hh is 15 × 5 in the module and 12 × 4 in this network"
    ):
        from_torch(net, into=model, mapping={"rnn": "cell", "head": "readout"})
    with pytest.raises(CheckpointError, match=r"head.weight is 1 × 4 in the network and 1 × 5 in the module"):
        to_torch(model, into=net, mapping={"cell": "rnn", "readout": "head"})
    with pytest.raises(
        CheckpointError, match=r"rnn.weight_ih_l0 is not in the network; .* cell.*only in the"
    ):
        to_torch(model, into=net)
    assert model.state_dict() == before
    assert all(torch.equal(x, there[name]) for name, x in net.state_dict().items())


def test_wrong_kinds():
    with pytest.raises(TypeError, match=r"to_torch carries an nn.Module; got 3"):
        to_torch(3)
    with pytest.raises(TypeError, match=r"from_torch carries a torch.nn.Module; got Embedding"):
        from_torch(Embedding(2, 2))
    with pytest.raises(TypeError, match=r"into is a torch.nn.Module; got 3"):
        to_torch(Embedding(2, 2), into=3)
    with pytest.raises(TypeError, match=r"into is an nn.Module; got 3"):
        from_torch(torch.nn.Linear(2, 2), into=3)
