"""The only door to MLX and mlx-lm. Importing anything behind it prepares this machine first.

Nothing outside this package imports mlx or mlx_lm, and nothing imports this package at the top of a file: `--help`
must not pay for it.
"""

from circadian.backend.device import prepare
from circadian.backend.quick_import import prepare_import

prepare()
prepare_import()
