"""The systems whose records are kept in agreement: one package each."""
