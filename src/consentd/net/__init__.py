"""The way out: the one HTTP client and the one mailer, and which addresses they may reach (promise 15)."""
