"""Services of the bank: requests for standing orders and permitted collections, and the records that the bank has."""
