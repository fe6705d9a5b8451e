"""Recurrent cells: PyTorch's numbers, their own equations, and what they refuse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, draw, gradient_path, gradients, no_grad
from nn import GRUCell, LSTMCell, Recurrent, RNNCell, losses

CELLS = (RNNCell, LSTMCell, GRUCell)
numbers = st.floats(-3, 3)

STEPS = [[0.5, -1.0], [1.5, 0.25], [-0.75, 2.0], [0.1, 0.9]]
READ = [1.0, -2.0, 3.0]

# Cells of 2 inputs and 3 units with weights of two digits, and what PyTorch 2 gives in float64 after
# STEPS: the state, and the gradients of Σ READ·h, for an LSTM + Σ c², in its own order of the gates.
PYTORCH = {
    "RNNCell": {
        "W_ih": [[-0.54, -0.25], [0.32, -0.38], [0.29, 0.12]],
        "W_hh": [[-0.35, -0.08, -0.11], [0.32, -0.36, 0.11], [-0.06, -0.18, 0.54]],
        "b_ih": [-0.48, -0.44, 0.04],
        "b_hh": [0.52, -0.43, 0.18],
        "h": [-0.27019460455037425, -0.6202159627558765, 0.6934582390974662],
        "c": None,
        "dW_ih": [
            [0.8671282465708575, -0.6674585961289095],
            [-0.15302862767821568, -1.0617875502540575],
            [0.12665614725192942, 2.124994934443422],
        ],
        "dW_hh": [
            [0.6731546040398788, -0.6704073273500093, 0.045938991566444],
            [-0.1692113028449013, 1.1755737546747689, -0.7560659371977516],
            [-0.04584460542021233, -1.6568916060555536, 1.2592737571888637],
        ],
        "db_ih": [0.20825633258734783, -1.2604225428061253, 2.138082109191604],
        "db_hh": [0.20825633258734783, -1.2604225428061253, 2.138082109191604],
    },
    "LSTMCell": {
        "W_ih": [
            [-0.54, -0.25],
            [0.32, -0.38],
            [0.29, 0.12],
            [-0.35, -0.08],
            [-0.11, 0.32],
            [-0.36, 0.11],
            [-0.06, -0.18],
            [0.54, -0.48],
            [-0.44, 0.04],
            [0.52, -0.43],
            [0.18, 0.05],
            [-0.52, -0.27],
        ],
        "W_hh": [
            [-0.07, -0.48, -0.08],
            [0.08, 0.08, 0.25],
            [0.39, -0.53, -0.57],
            [-0.46, -0.43, 0.42],
            [-0.36, -0.05, -0.02],
            [0.48, 0.06, -0.13],
            [-0.12, 0.11, -0.18],
            [-0.15, 0.17, 0.1],
            [-0.23, -0.5, 0.21],
            [-0.09, 0.28, 0.17],
            [-0.13, 0.27, -0.18],
            [-0.19, -0.16, -0.07],
        ],
        "b_ih": [-0.42, -0.18, -0.57, -0.48, -0.29, 0.18, -0.56, 0.58, 0.4, -0.3, -0.41, -0.37],
        "b_hh": [0.15, 0.56, 0.54, -0.4, 0.12, 0.0, -0.56, -0.56, 0.34, -0.45, 0.17, 0.47],
        "h": [-0.10571096977192769, -0.0464025955825585, 0.22163565895256035],
        "c": [-0.42696308220719864, -0.10289704195542089, 0.5417258510135816],
        "dW_ih": [
            [-0.01601726774548489, 0.18427674009302492],
            [-0.2858978745997065, 0.4566919857401988],
            [-0.09358471881414515, 0.6897236945423222],
            [-0.002226689104445103, 0.06624311802616431],
            [-0.014008358694989106, -0.31884095009093066],
            [0.055958702784603825, 0.263522013539377],
            [0.005715183783680128, -0.07977916503729625],
            [-0.4587283176090798, -0.5512561644516801],
            [0.553027790028873, 0.9069880034888269],
            [-0.016405677210258533, -0.08100589477373528],
            [-0.04173841619151607, 0.023886145382160315],
            [0.0470226235972982, 0.2989993949791145],
        ],
        "dW_hh": [
            [-0.010638470242632413, 0.01715597231260338, 0.025139157472375256],
            [-0.012579501542119018, 0.03971994426201858, 0.012266781990839103],
            [-0.04447402273818674, 0.08251081261568678, 0.07265828080822229],
            [-0.0037825254075354257, 0.005511934447937316, 0.010428642954997477],
            [0.02985095461561563, -0.05712787474788497, -0.019831615066339774],
            [-0.02027687295595079, 0.027578234183099, 0.046825586732574],
            [0.004586523025116779, -0.00718766897281839, -0.011371994780413537],
            [0.07659159919647937, -0.1045754561073162, -0.1334781077388664],
            [-0.11246583763873337, 0.1646774878969734, 0.16681804104534326],
            [0.005682502459938072, -0.006978191050320307, -0.01591757940126808],
            [0.004847364549303119, -0.009752485653370235, 0.005167101394751808],
            [-0.01658904746340405, 0.014833798336100032, 0.06913945492636096],
        ],
        "db_ih": [
            0.16019660262825547,
            0.11913620879146414,
            0.5862740158225025,
            0.062037899596408805,
            -0.242719918688195,
            0.2841792117543117,
            -0.07084602584562706,
            -1.0335846596093274,
            1.2992134465602183,
            -0.09000201460900063,
            -0.029024661516947083,
            0.35267924880879636,
        ],
        "db_hh": [
            0.16019660262825547,
            0.11913620879146414,
            0.5862740158225025,
            0.062037899596408805,
            -0.242719918688195,
            0.2841792117543117,
            -0.07084602584562706,
            -1.0335846596093274,
            1.2992134465602183,
            -0.09000201460900063,
            -0.029024661516947083,
            0.35267924880879636,
        ],
    },
    "GRUCell": {
        "W_ih": [
            [-0.54, -0.25],
            [0.32, -0.38],
            [0.29, 0.12],
            [-0.35, -0.08],
            [-0.11, 0.32],
            [-0.36, 0.11],
            [-0.06, -0.18],
            [0.54, -0.48],
            [-0.44, 0.04],
        ],
        "W_hh": [
            [0.52, -0.43, 0.18],
            [0.05, -0.52, -0.27],
            [-0.07, -0.48, -0.08],
            [0.08, 0.08, 0.25],
            [0.39, -0.53, -0.57],
            [-0.46, -0.43, 0.42],
            [-0.36, -0.05, -0.02],
            [0.48, 0.06, -0.13],
            [-0.12, 0.11, -0.18],
        ],
        "b_ih": [-0.15, 0.17, 0.1, -0.23, -0.5, 0.21, -0.09, 0.28, 0.17],
        "b_hh": [-0.13, 0.27, -0.18, -0.19, -0.16, -0.07, -0.42, -0.18, -0.57],
        "h": [-0.34976960103957566, -0.2194639700194434, -0.1043246426388981],
        "c": None,
        "dW_ih": [
            [-0.0037730763098396424, -0.026857603383870738],
            [0.005438820482652717, 0.09768485396160481],
            [-0.046885454890554824, -0.250780379777479],
            [0.0024605164777056028, -0.020566694099793822],
            [0.18220661917804848, -0.5816963486652059],
            [0.44043403476085674, -0.7510946815911577],
            [0.06661345372160092, 0.4394139765103065],
            [-0.005181292938621515, -1.2417709735677174],
            [0.2759880213100543, 2.3214352757416488],
        ],
        "dW_hh": [
            [0.01206416497006122, 0.007216821291997026, 0.0012232101718156086],
            [-0.03774458164669522, -0.008529751368113904, -0.01164313939705202],
            [0.0759179673270681, -0.044654732067878025, 0.05222874196596675],
            [0.005203164624515983, -0.003633415198260637, 0.004264019863924492],
            [0.0897959326125503, -0.15767242384236568, 0.12911637174905824],
            [0.07624766079618434, -0.20028939040388574, 0.16113411235046193],
            [-0.06632665582688928, -0.03422157815777483, -0.00964069628650065],
            [0.23722997280307162, 0.05051592481736665, 0.07540621373570656],
            [-0.32137174595684526, 0.20992397935619414, -0.23058609455657508],
        ],
        "db_ih": [
            -0.025933257221436794,
            0.10187236350683576,
            -0.2825827547226832,
            -0.018658379671164033,
            -0.3370693515764721,
            -0.24206269753640336,
            0.4664888128403771,
            -1.2165772892449698,
            2.384301745301298,
        ],
        "db_hh": [
            -0.025933257221436794,
            0.10187236350683576,
            -0.2825827547226832,
            -0.018658379671164033,
            -0.3370693515764721,
            -0.24206269753640336,
            0.1516709635556657,
            -0.6384323762170285,
            1.1975442030823626,
        ],
    },
}


def gates(cell):
    """The layers of a cell in the order of PyTorch's rows."""
    if isinstance(cell, RNNCell):
        return [cell.hidden]
    if isinstance(cell, LSTMCell):
        return [cell.input, cell.forget, cell.candidate, cell.output]
    return [cell.reset, cell.update]


def side_by_side(left, right):
    return [[*a, *b] for a, b in zip(left, right, strict=True)]


def filled(cell, stored):
    """The cell with PyTorch's weights; where it has two biases and we have one, with their sum."""
    n = cell.n
    W, b = (
        side_by_side(stored["W_ih"], stored["W_hh"]),
        [x + y for x, y in zip(stored["b_ih"], stored["b_hh"], strict=True)],
    )
    for k, layer in enumerate(gates(cell)):
        layer.W, layer.b = W[k * n : (k + 1) * n], b[k * n : (k + 1) * n]
    if isinstance(cell, GRUCell):
        cell.candidate_x.W, cell.candidate_x.b = stored["W_ih"][2 * n :], stored["b_ih"][2 * n :]
        cell.candidate_h.W, cell.candidate_h.b = stored["W_hh"][2 * n :], stored["b_hh"][2 * n :]
    return cell


def slopes_of(layer):
    return [[w.grad for w in neuron.w] for neuron in layer.neurons], [
        neuron.b.grad for neuron in layer.neurons
    ]


def run(cell, steps):
    state = None
    for x in steps:
        state = cell(x, state)
    h, c = state if isinstance(cell, LSTMCell) else (state, [])
    loss = sum(k * v for k, v in zip(READ, h, strict=True)) + sum(v**2 for v in c)
    return h, c, loss


def close(numbers):
    return pytest.approx(numbers, rel=1e-12, abs=1e-14)


def check_against(stored, cell, steps):
    n = cell.n
    h, c, loss = run(filled(cell, stored), steps)
    assert [v.data for v in h] == close(stored["h"])
    if stored["c"] is not None:
        assert [v.data for v in c] == close(stored["c"])
    loss.backward()
    dW, db = side_by_side(stored["dW_ih"], stored["dW_hh"]), stored["db_hh"]
    for k, layer in enumerate(gates(cell)):
        slopes, of_biases = slopes_of(layer)
        for row, wanted in zip(slopes, dW[k * n : (k + 1) * n], strict=True):
            assert row == close(wanted)
        assert of_biases == close(db[k * n : (k + 1) * n])
    if isinstance(cell, GRUCell):
        for layer, matrix, bias in ((cell.candidate_x, "W_ih", "b_ih"), (cell.candidate_h, "W_hh", "b_hh")):
            slopes, of_biases = slopes_of(layer)
            for row, wanted in zip(slopes, stored["d" + matrix][2 * n :], strict=True):
                assert row == close(wanted)
            assert of_biases == close(stored["d" + bias][2 * n :])


@pytest.mark.parametrize("kind", CELLS)
def test_states_and_gradients_equal_the_numbers_kept_from_pytorch(kind):
    check_against(PYTORCH[kind.__name__], kind(2, 3), STEPS)


@pytest.mark.parametrize("kind", CELLS)
@given(st.integers(0, 1000), st.lists(st.lists(numbers, min_size=2, max_size=2), min_size=1, max_size=6))
def test_states_and_gradients_equal_pytorch(kind, seed, steps):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    torch.manual_seed(seed)
    theirs = getattr(torch.nn, kind.__name__)(2, 3).double()
    state = None
    for x in torch.tensor(steps, dtype=torch.float64):
        state = theirs(x, state)
    h, c = state if kind is LSTMCell else (state, None)
    loss = (h * torch.tensor(READ, dtype=torch.float64)).sum() + (0.0 if c is None else (c**2).sum())
    loss.backward()
    stored = {"h": h.tolist(), "c": None if c is None else c.tolist()}
    for ours, name in (
        ("W_ih", "weight_ih"),
        ("W_hh", "weight_hh"),
        ("b_ih", "bias_ih"),
        ("b_hh", "bias_hh"),
    ):
        parameter = getattr(theirs, name)
        stored[ours], stored["d" + ours] = parameter.tolist(), parameter.grad.tolist()
    check_against(stored, kind(2, 3), steps)


# ------------------------------------------------------------------------------------ over a sequence


def test_a_network_over_a_sequence_is_its_cell_step_by_step():
    model = Recurrent(LSTMCell(2, 3, seed=0), 2, "tanh", every_step=True, seed=1)
    state, wanted = None, []
    for x in STEPS:
        state = model.cell(x, state)
        wanted.append([v.data for v in model.readout(state[0])])
    assert [[v.data for v in output] for output in model(STEPS)] == wanted
    model.every_step = False
    assert [v.data for v in model(STEPS)] == wanted[-1]


def test_a_sequence_may_come_in_one_row_and_numbers_where_there_is_one_input():
    model = Recurrent(GRUCell(2, 3, seed=0), 1, seed=1)
    assert model([x for step in STEPS for x in step]).data == model(STEPS).data
    single = Recurrent(RNNCell(1, 2, seed=0), 1, seed=1)
    assert single([1.0, 2.0]).data == single([[1.0], [2.0]]).data


def test_states_carry_the_step_in_their_labels():
    model = Recurrent(LSTMCell(1, 2, seed=0), 1)
    _, state = model.unroll([(Value(1.0),), (Value(2.0),)])
    assert [v.label for v in state] == ["h1^2", "h2^2", "c1^2", "c2^2"]


def test_a_gradient_goes_back_through_time():
    model = Recurrent(RNNCell(1, 2, seed=0), 1, seed=1)
    x = [Value(0.5), Value(-1.0), Value(2.0)]
    eps = 1e-6
    slopes = gradients(model(x), x)
    for k, slope in enumerate(slopes):
        with no_grad():
            up, down = (
                model([Value(v.data + sign * eps * (i == k)) for i, v in enumerate(x)]).data
                for sign in (1, -1)
            )
        assert slope == pytest.approx((up - down) / (2 * eps), rel=1e-6)


def test_the_five_line_loop_trains_it():
    model = Recurrent(LSTMCell(1, 3, seed=0), 1, seed=1)
    first = None
    for _ in range(60):
        loss = losses.mse(model([1.0, 0.0, 0.0, 0.0]), 1.0) + losses.mse(model([0.0, 0.0, 0.0, 0.0]), 0.0)
        first = first or loss.data
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= 0.3 * p.grad
    assert loss.data < 0.05 * first


# ------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("kind", CELLS)
def test_shapes_are_named(kind):
    cell = kind(2, 3)
    with pytest.raises(ValueError, match=f"the {kind.__name__} takes 2 inputs per sample; got 3"):
        cell([1.0, 2.0, 3.0])
    state = ([0.0] * 2, [0.0] * 3) if kind is LSTMCell else [0.0] * 2
    with pytest.raises(ValueError, match=f"h of this {kind.__name__} has 3 numbers, one per unit; got 2"):
        cell([1.0, 2.0], state)


@pytest.mark.parametrize("state", [[0.0] * 3, 5, ([0.0] * 3,)])
def test_the_state_of_an_lstm_is_a_pair(state):
    with pytest.raises(ValueError, match=r"the state of an LSTMCell is a pair \(h, c\)"):
        LSTMCell(2, 3)([1.0, 2.0], state)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        ([], "at least one step; got none"),
        ([[1.0, 2.0], [1.0]], "2 inputs per step; step 2 has 1"),
        ([1.0, 2.0, 3.0], "3 numbers are not whole steps"),
    ],
)
def test_a_sequence_has_whole_steps(x, words):
    with pytest.raises(ValueError, match=words):
        Recurrent(RNNCell(2, 3), 1)(x)


def test_sizes_and_cells_are_checked():
    with pytest.raises(ValueError, match="n is at least 1; got 0"):
        LSTMCell(2, 0)
    with pytest.raises(TypeError, match="nin is a whole number"):
        GRUCell("2", 3)
    with pytest.raises(TypeError, match="cell is an RNNCell, LSTMCell or GRUCell; got 'lstm'"):
        Recurrent("lstm", 1)


# -------------------------------------------------------------------------------------------- pictures


@pytest.mark.parametrize("collapse", [None, "neuron"])
def test_a_network_in_time_is_drawn_with_the_steps_of_its_inputs(collapse):
    model = Recurrent(RNNCell(1, 2, seed=0), 1, seed=1)
    loss = losses.mse(model([0.5, -1.0, 2.0]), 1.0)
    loss.backward()
    svg = draw(loss, collapse=collapse).pipe("svg").decode()
    assert svg.count(">input</text>") == 3


def test_a_shared_weight_has_a_route_for_every_way_through_time():
    model = Recurrent(RNNCell(1, 1, seed=0), 1, seed=1)
    assert gradient_path(model([0.5, -1.0, 2.0]), model.parameter("u11")).count == 3
