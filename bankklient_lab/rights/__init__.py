"""What every call meets before it runs: who calls, what they may do, and who is at work on the same records."""
