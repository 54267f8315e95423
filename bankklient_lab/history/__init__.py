"""What banks report, taken over from files: reading, staging, importing, and what of it counts."""
