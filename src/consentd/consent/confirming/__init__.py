"""Double opt-in: a yes waits until a button is pressed on the page that a mail leads to."""
