"""How far somebody gets, by what they proved. Pure.

A code proves control of a contact detail, and no person (promise 12). It opens choices where the detail is
one person's alone and known to be theirs; where several share it, or it was merely named beside somebody, it
opens what can only reduce. What shows or takes away more than choices needs a second proof.
"""

from enum import IntEnum


class Reach(IntEnum):
    """Ordered: who may do more may do less."""

    STOP = 1
    """Stop messages to this contact detail."""
    CHOICES = 2
    """See and change choices."""
    PERSON = 3
    """Everything: copies, history, erasure, corrections."""


def reach_by_code(*, holders: int, verified: bool) -> Reach:
    """`holders`: how many people have the contact detail. `verified`: it was not merely named beside one.

    The answer for several says nothing that the answer for a weakly known one does not.
    """
    return Reach.CHOICES if holders == 1 and verified else Reach.STOP
