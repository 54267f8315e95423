"""Exchange with a bank: batches sent once in effect, batches received and applied once, and their protocol."""
