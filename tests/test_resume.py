"""A study of the tiny random checkpoint goes on where its last checkpoint was written, to the same weights."""

from pathlib import Path
from typing import Any

import pytest

from circadian.errors import UserError
from tests.studies import setup, weights
from tests.tiny import write_tiny_model

pytestmark = pytest.mark.mlx


def test_a_study_killed_and_resumed_ends_with_the_same_weights(tmp_path: Path) -> None:
    import mlx.core as mx

    model = write_tiny_model(tmp_path / "model")
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    setup(model, checkpoint_every=3)(tmp_path / "whole").run(tmp_path / "whole.safetensors")

    class Killed(BaseException):
        pass

    def kill(event: dict[str, Any]) -> None:
        if event.get("loss") is not None and event["step"] == 5:
            raise Killed

    with pytest.raises(Killed):
        setup(model, checkpoint_every=3)(tmp_path / "cut", kill).run(tmp_path / "cut.safetensors")
    resumed = setup(model, checkpoint_every=3)(tmp_path / "cut")
    assert resumed.load_checkpoint()
    assert (resumed.state.step, resumed.state.batch_number) == (3, 1)  # inside a pass, whose replay was chosen by KL
    assert max(resumed.state.replay_kl) > 1e-3
    resumed.run(tmp_path / "cut.safetensors")
    whole, cut = weights(tmp_path / "whole.safetensors"), weights(tmp_path / "cut.safetensors")
    assert whole.keys() == cut.keys()
    assert all(mx.array_equal(whole[k], cut[k]).item() for k in whole)


def test_a_checkpoint_of_the_very_last_step_still_ends_with_a_look_at_the_result(tmp_path: Path) -> None:
    import mlx.core as mx

    model = write_tiny_model(tmp_path / "model")
    study = setup(model, passes=1_000, iters=4)(tmp_path)
    whole = study.run(tmp_path / "whole.safetensors")
    assert (whole.step, whole.stopped) == (4, "iterations spent")
    resumed = setup(model, passes=1_000, iters=4)(tmp_path)
    assert resumed.load_checkpoint() and resumed.state.step == 4
    state = resumed.run(tmp_path / "again.safetensors")
    assert (state.step, state.stopped, state.best_step) == (4, "iterations spent", whole.best_step)
    one, two = weights(tmp_path / "whole.safetensors"), weights(tmp_path / "again.safetensors")
    assert one.keys() == two.keys() and all(mx.array_equal(one[k], two[k]).item() for k in one)


def test_resuming_with_other_settings_is_refused(tmp_path: Path) -> None:
    model = write_tiny_model(tmp_path / "model")
    setup(model)(tmp_path).run(tmp_path / "a.safetensors")
    with pytest.raises(UserError, match="other settings"):
        setup(model, learning_rate=1e-3)(tmp_path).load_checkpoint()
