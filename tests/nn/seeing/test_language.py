"""Pictures of language models: attention and beliefs."""

import pytest

from autograd import Value, mean
from nn import Transformer, losses, seeing
from nn.seeing.style import CELL
from nn.texts import Characters, beliefs

LETTERS = Characters(["emma"])
MODEL = Transformer(len(LETTERS), 4, heads=2, blocks=2, context=6, seed=0)
TOKENS = ("·", *"emma")


def loss():
    (X,), (y,) = LETTERS.samples(["emma"], 6)
    return mean([losses.cross_entropy(row, t) for row, t in zip(MODEL(X), y, strict=True)])


def panels(plot):
    return [axes for axes in plot.figure().axes if axes.images]


def test_a_loss_shows_shares_and_gradients_of_every_head():
    shown = panels(seeing.attention(loss(), TOKENS))
    titles = [axes.get_title() for axes in shown]
    assert titles[0] == "block 1 · attention, head 1"
    assert len(titles) == 8
    assert sum(title.startswith("its gradient, up to") for title in titles) == 4
    shares = shown[0].images[0].get_array()
    assert shares.shape == (5, 5)
    assert shares[3].sum() == pytest.approx(1)
    assert shares.mask[0].tolist() == [False, True, True, True, True]


def test_each_picture_of_attention_has_its_scale():
    figure = seeing.attention(loss(), TOKENS).figure()
    shown = [axes for axes in figure.axes if axes.images]
    for axes in shown:
        picture = axes.images[0]
        assert picture.colorbar.mappable is picture
        low, high = picture.colorbar.ax.get_ylim()
        assert (low, high) == (picture.norm.vmin, picture.norm.vmax)
        is_share = "gradient" not in axes.get_title()
        assert (low, high) == (0, 1) if is_share else low in (0, -high)


def test_one_letter_shows_the_one_position_that_looks_in_the_last_block():
    (X,), (y,) = LETTERS.samples(["emma"], 6)
    shown = panels(seeing.attention(losses.cross_entropy(MODEL(X)[3], y[3]), TOKENS))
    last = shown[4].images[0].get_array()
    assert last.shape == (1, 4)
    assert [t.get_text() for t in shown[4].get_yticklabels()] == ["m"]


def test_logits_show_the_shares_alone_and_positions_have_numbers():
    (X,), _ = LETTERS.samples(["emma"], 6)
    shown = panels(seeing.attention(MODEL(X)[-1]))
    assert len(shown) == 4
    assert [t.get_text() for t in shown[0].get_xticklabels()] == ["1", "2", "3", "4", "5"]


def test_what_has_no_attention_is_refused():
    with pytest.raises(ValueError, match="no head of attention"):
        seeing.attention(Value(2.0) * 3)
    with pytest.raises(ValueError, match="no head of attention"):
        seeing.attention(loss(), TOKENS, document=2)


def test_beliefs_and_their_change():
    now = beliefs(MODEL, LETTERS, "emma")
    assert len(panels(seeing.beliefs(now))) == 1
    _, change = panels(seeing.beliefs(now, now))
    assert not change.images[0].get_array().any()
    with pytest.raises(ValueError, match="one text"):
        seeing.beliefs(now, beliefs(MODEL, LETTERS, "em"))


@pytest.mark.parametrize("letters", [2, 20, 26, 35])
def test_beliefs_fit_into_a_notebooks_cell(letters):
    text = "abcdefghijklmnopqrstuvwxyzäöüßéèçñø"[:letters]
    model = Transformer(letters + 1, 4, 1, 1, 4, seed=0)
    shown = seeing.beliefs(beliefs(model, Characters([text]), text[:3]))._repr_mimebundle_()["image/svg+xml"]
    assert int(shown.split('width="')[1].split('"')[0]) <= CELL
