"""From confirmed orders to signed batches for the bank."""
