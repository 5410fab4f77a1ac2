"""The company's rules: reading them from files, checking, comparing, testing and activating them."""
