"""What somebody chose, when and how, with the text that was shown; and who looked at their data."""
