"""Two reports in, one verdict out. Pure: no I/O, no MLX."""
