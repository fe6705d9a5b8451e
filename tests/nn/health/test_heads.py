"""What is read off the heads of attention, eagerly and on the tape, and the signs that they show."""

import math

import pytest

from nn import Adam, Monitor, Transformer, fit
from nn.health.heads import HeadFacts, Heads
from nn.health.records import RUN, Record, Records
from nn.health.signs import SIGNS
from nn.health.units import Inside, look_inside
from nn.texts import Characters

NAMES = ["anna", "hann", "nana", "anah"]
LETTERS = Characters(NAMES)


def a_model(**options):
    return Transformer(len(LETTERS), 8, heads=2, blocks=1, context=5, seed=0, **options)


def of_one_block(*heads):
    """The facts of heads that look from position 3 as given."""
    read = Heads()
    looks = [("b", 1, 3, h) for h, shares in enumerate(heads, 1) for _ in shares]
    read.see(looks, [a for shares in heads for a in shares])
    return read.facts()


def test_entropy_is_1_for_looking_everywhere_and_0_for_staring():
    even, staring = of_one_block([0.25] * 4, [0.0, 1.0, 0.0, 0.0])
    assert even.entropy == pytest.approx(1)
    assert staring.entropy == 0
    (half,) = of_one_block([0.5, 0.5, 0.0, 0.0])
    assert half.entropy == pytest.approx(math.log(2) / math.log(4))


def test_a_twin_is_the_head_of_the_same_attention_that_differs_least():
    first, second, third = of_one_block([0.7, 0.3], [0.6, 0.4], [0.0, 1.0])
    assert (first.twin, second.twin, third.twin) == ("b · head 2", "b · head 1", "b · head 2")
    assert first.difference == pytest.approx(0.1)
    assert third.difference == pytest.approx(0.6)
    (alone,) = of_one_block([0.7, 0.3])
    assert (alone.twin, alone.difference) == ("", 1.0)


def test_a_position_that_sees_itself_alone_does_not_count():
    read = Heads()
    read.see([("b", 1, 1, 1), ("b", 1, 2, 1), ("b", 1, 2, 1)], [1.0, 0.5, 0.5])
    assert read.facts() == (HeadFacts("b · head 1", pytest.approx(1.0)),)
    only_one = Heads()
    only_one.see([("b", 1, 1, 1)], [1.0])
    assert only_one.facts() == ()


def test_the_tape_and_the_eager_engine_read_the_same():
    found = []
    for engine in ("eager", "tape"):
        model, monitor = a_model(), Monitor()
        fit(
            model, *LETTERS.samples(NAMES, 5), loss="cross_entropy", epochs=2, batch_size=2,
            optimizer=Adam(model.parameters(), lr=0.05), engine=engine, callbacks=[monitor], progress=False,
        )  # fmt: skip
        found.append(monitor.records)
    for eager, tape in zip(*found, strict=True):
        assert [h.name for h in tape.heads] == [
            "block 1 · attention · head 1",
            "block 1 · attention · head 2",
        ]
        for one, other in zip(eager.heads, tape.heads, strict=True):
            assert one.entropy == pytest.approx(other.entropy, rel=1e-12)
            assert one.difference == pytest.approx(other.difference, rel=1e-9)


def test_two_heads_of_one_start_do_the_same_and_are_told_once():
    model = a_model()
    attention = model.blocks[0].attention
    for layer in (attention.queries, attention.keys):
        for k in range(4):  # the second head's rows are the first one's, and large enough to choose
            for a, b in zip(layer.neurons[k].w, layer.neurons[k + 4].w, strict=True):
                a.data *= 4
                b.data = a.data
    monitor, (X, _) = Monitor(), LETTERS.samples(NAMES, 5)
    monitor.watch(model, X)
    for k in range(2 * RUN):
        monitor.record(1.0 / (k + 1))
    (finding,) = monitor.findings
    assert finding.sign == "heads do the same"
    assert "Block 1 · attention · head 1 and block 1 · attention · head 2" in finding.fact
    assert "0.0%" in finding.fact


def records(*heads, losses):
    log = Records(inside=Inside(heads=heads))
    log.records = [Record(k, loss, (), heads) for k, loss in enumerate(losses)]
    return log


def test_staring_is_told_while_the_cost_does_not_fall():
    head = HeadFacts("head 1", 0.001)
    sign = SIGNS["attention stares"]
    assert not list(sign.seen(records(head, losses=[1.0 / (k + 1) for k in range(RUN)])))
    assert not list(sign.seen(records(head, losses=[1.0] * (RUN - 1))))
    ((place, fact),) = sign.seen(records(head, losses=[1.0] * RUN))
    assert place is None
    assert "Head 1 looks at one position only" in fact


def test_heads_that_look_everywhere_alike_are_no_twins():
    sign = SIGNS["heads do the same"]
    assert not list(sign.seen(records(HeadFacts("a", 0.99, "b", 0.0), losses=[1.0] * RUN)))
    assert list(sign.seen(records(HeadFacts("a", 0.5, "b", 0.0), losses=[1.0] * RUN)))


def test_the_plot_shows_entropy_by_head():
    model, monitor = a_model(), Monitor()
    fit(
        model, *LETTERS.samples(NAMES, 5), loss="cross_entropy", epochs=2, callbacks=[monitor],
        progress=False, optimizer=Adam(model.parameters(), lr=0.05),
    )  # fmt: skip
    panel = monitor.plot().figure().axes[3]
    assert panel.get_title(loc="left") == "share of the greatest entropy of attention"
    told = [text.get_text() for text in panel.get_legend().get_texts()]
    assert told == ["block 1 · attention · head 1", "block 1 · attention · head 2"]


def test_what_has_no_attention_has_no_heads():
    from nn import MLP

    assert look_inside(MLP(2, [2, 1], seed=0), [[0.5, 1.0]]).heads == ()
