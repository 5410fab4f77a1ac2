"""What others wrote, put on a terminal or into a text of ours. Upholds promise 16."""


def one_line(text: str) -> str:
    """The text on one line, without what could move a cursor or turn the writing round: somebody's words
    cannot pass for ours.
    """
    return "".join(map(_shown, text))


def _shown(char: str) -> str:
    if char.isprintable():
        return char
    return " " if char.isspace() else "\N{REPLACEMENT CHARACTER}"
