"""Connection points, and the register of the keys that sign and open what travels between them.

`points` keeps the two connection points, `register` reads the keys, `choosing` says which of them may be used for what,
`creating` makes one, `unlocking` opens it with its password, `delivering` brings its public part to the bank, and
`banks` pins the bank's. The cryptography is in the sealing room.
"""
