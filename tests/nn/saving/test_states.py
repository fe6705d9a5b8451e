"""Any state of a training or of a generator, kept in a checkpoint."""

import random
from array import array

from hypothesis import given
from hypothesis import strategies as st

from nn import (
    MLP,
    Checkpoint,
    save,
)
from nn.saving.checkpoint import from_bytes, packed

STATES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.lists(st.floats(allow_nan=False)).map(lambda xs: array("d", xs)),
    lambda inside: (
        st.lists(inside, max_size=4)
        | st.lists(inside, max_size=4).map(tuple)
        | st.dictionaries(st.text(min_size=1), inside, max_size=4)
        | st.lists(st.floats(allow_nan=False), min_size=30, max_size=40)
    ),
    max_leaves=12,
)


@given(STATES, st.dictionaries(st.text(min_size=1), STATES, max_size=3))
def test_a_training_s_state_and_notes_come_back_as_they_were(training, notes):
    checkpoint = from_bytes(packed(MLP(1, [1], seed=0), training=training, notes=notes))
    assert repr(checkpoint.training) == repr(training)
    assert repr(checkpoint.notes) == repr(notes)


def test_a_generator_goes_on_from_where_it_was(tmp_path):
    rng = random.Random(3)
    rng.gauss(0, 1)
    save(MLP(1, [1]), tmp_path / "m", training={"rng": rng.getstate()})
    again = random.Random()
    again.setstate(Checkpoint.read(tmp_path / "m").training["rng"])
    assert [again.gauss(0, 1) for _ in range(5)] == [rng.gauss(0, 1) for _ in range(5)]
