# pyright: basic, reportIndexIssue=false, reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportOperatorIssue=false
"""The optimizer of a study: Adam, clipped, that leaves general directions alone."""

from typing import Any

import mlx.optimizers as optim
from mlx.utils import tree_flatten, tree_unflatten

from circadian.backend.subspace import Directions, spare


class ClippedAdam(optim.Adam):
    """Adam (Kingma and Ba 2015) on gradients whose global norm is clipped first (Pascanu et al. 2013).

    What a step would change along `directions` is left out of it, after Adam, which would bring it back.
    """

    def __init__(self, learning_rate: Any, clip: float, directions: Directions) -> None:
        super().__init__(learning_rate=learning_rate)
        self.clip, self.directions = clip, directions

    def apply_gradients(self, gradients: Any, parameters: Any) -> Any:
        gradients, _ = optim.clip_grad_norm(gradients, self.clip)
        after = super().apply_gradients(gradients, parameters)
        if not self.directions:
            return after
        before = dict(tree_flatten(parameters))
        return tree_unflatten(
            [
                (k, before[k] + spare(self.directions, k, v - before[k]) if k.endswith(".lora_a") else v)
                for k, v in tree_flatten(after)
            ]
        )
