"""Early stopping: a training ends some epochs after its best one, whose weights are put back."""

from nn import MLP, SGD, EarlyStopping, fit, losses


def trained(model, X, y, loss, **settings):
    """A short eager training, with the model and the history."""
    return model, fit(model, X, y, loss=loss, engine="eager", progress=False, **settings)


def test_patience_stops_when_validation_gets_worse_and_puts_the_best_weights_back():
    model = MLP(1, [1], init="zeros")
    held_out = [[1.0]], [0.3]  # passed on the way to the training target of 1
    model, history = trained(
        model, [[1.0]], [1.0], "half_mse", validation=held_out, callbacks=[EarlyStopping(2)], epochs=50,
        optimizer=SGD(model.parameters(), lr=0.05),
    )  # fmt: skip
    worst = history["val_loss"]
    assert history.best_epoch == worst.index(min(worst)) + 1 == len(history) - 2
    assert "no lower loss in 2 epochs" in history.stopped
    assert losses.half_mse(model([1.0]), 0.3).data == min(worst)


def test_patience_without_validation_watches_the_training_loss():
    model = MLP(1, [1], init="zeros")
    optimizer = SGD(model.parameters(), lr=0.9)  # 2·lr·x² near the edge: it overshoots and settles
    model, history = trained(
        model, [[1.0]], [1.0], "mse", optimizer=optimizer, callbacks=[EarlyStopping(1)], epochs=20
    )
    assert history.best_epoch is not None
    assert len(history) < 20 or history.best_epoch == 20
