"""The simulated bank: the other party, with a file of its own."""

from bankklient_lab.bank.answers import Waiting
from bankklient_lab.bank.bank import Bank, State
from bankklient_lab.bank.contracts import Account
from bankklient_lab.bank.incoming import Incoming
from bankklient_lab.bank.letters import Taken, Wanted
from bankklient_lab.bank.parameters import Parameters, parameter_sets, parameters_of
from bankklient_lab.bank.receipt import Receipt

__all__ = [
    "Account",
    "Bank",
    "Incoming",
    "Parameters",
    "Receipt",
    "State",
    "Taken",
    "Waiting",
    "Wanted",
    "parameter_sets",
    "parameters_of",
]
