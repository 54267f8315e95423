"""What travels between a client and a bank, signed and sealed: pure, without lab, clock or network.

`identity` says which batch something is, `certificates` and `keys` whose key signs, `private_keys` keeps keys under
a password, `cms` signs and encrypts by the Cryptographic Message Syntax (RFC 5652), `container` puts a batch into one.
`requests` signs what a bank's service is asked, `identification` what a client hands over, `key_change` a new key.
"""
