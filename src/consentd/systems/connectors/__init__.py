"""How silos are reached: one contract, one folder or module for each way."""
