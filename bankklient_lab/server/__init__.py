"""One owner, many processes: the owner's endpoint and the way of others to it."""
