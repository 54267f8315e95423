"""The file of a lab: database, migrations, owner, backup, checks."""
