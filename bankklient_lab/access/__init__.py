"""Administration of who may do what: users, roles, logins, tokens, configuration and the application log."""
