"""What comes in by AuthZEN 1.0 (OpenID Authorization API 1.0, sections 5 to 8), in the standard's own words.

Unknown members are ignored, as the standard orders; so no struct here refuses them (`web.lenient`). Our
vocabulary in its terms: `subject.type` is the scheme of an identifier and `subject.id` its value;
`action.name` is the purpose; `resource` is {"type": "channel", "id": "email"}.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

Properties = dict[str, object]  # object: any JSON
"""Accepted and not looked at: what a decision rests on is what was recorded, not what the caller says."""


class _Entity(msgspec.Struct, frozen=True, kw_only=True):
    properties: Properties = {}


class AccessSubject(_Entity, frozen=True):
    """A person, by one identifier: `type` is its scheme."""

    type: str
    id: str

    def __repr__(self) -> str:
        return f"AccessSubject({self.type})"


class AccessAction(_Entity, frozen=True):
    """What the contact is for: the purpose."""

    name: str


class AccessResource(_Entity, frozen=True):
    """The way of reaching them: type "channel" and the channel's id."""

    type: str
    id: str


class AccessKind(_Entity, frozen=True):
    """An entity that is searched for: its type alone; an id is ignored."""

    type: str


class AccessContactPoint(msgspec.Struct, frozen=True):
    """The address or number that would be used, written like a subject."""

    type: str
    id: str

    def __repr__(self) -> str:
        return f"AccessContactPoint({self.type})"


class AccessContext(msgspec.Struct, frozen=True):
    """Two members of ours; all others are ignored, `time` too, which the standard gives no meaning."""

    at: str | UnsetType = UNSET
    """A planned instant, up to 31 days ahead: RFC 3339 with an offset."""
    contact_point: AccessContactPoint | UnsetType = UNSET


class AccessEvaluation(msgspec.Struct, frozen=True):
    """One question (section 6)."""

    subject: AccessSubject
    action: AccessAction
    resource: AccessResource
    context: AccessContext = AccessContext()


Semantic = Literal["execute_all", "deny_on_first_deny", "permit_on_first_permit"]


class AccessOptions(msgspec.Struct, frozen=True):
    evaluations_semantic: Semantic = "execute_all"
    """Whether to stop at the first answer of a kind, which is then the last one told."""


class AccessEvaluations(msgspec.Struct, frozen=True):
    """Many questions (section 7). What stands at the top is the default of each; without `evaluations` it is
    the one question. What is wrong with one of them is told in its place.
    """

    subject: Properties | UnsetType = UNSET
    action: Properties | UnsetType = UNSET
    resource: Properties | UnsetType = UNSET
    context: Properties | UnsetType = UNSET
    evaluations: Annotated[tuple[object, ...], msgspec.Meta(max_length=10_000)] = ()
    options: AccessOptions = AccessOptions()


class AccessPage(msgspec.Struct, frozen=True):
    token: str = ""
    """`next_token` of the page before; the rest of the query must be the same."""
    limit: Annotated[float, msgspec.Meta(ge=0)] = 100
    """The most results wanted; more than 1,000 are never told at once, and fewer may be. A number, as in the
    standard's own schema: to JSON, 10.0 is ten.
    """


class _Search(msgspec.Struct, frozen=True, kw_only=True):
    context: AccessContext = AccessContext()
    page: AccessPage = AccessPage()


class SubjectSearch(_Search, frozen=True):
    """Who may be contacted for this, in this way? `subject.type`: by which identifiers to name them."""

    subject: AccessKind
    action: AccessAction
    resource: AccessResource


class ResourceSearch(_Search, frozen=True):
    """Through which channels may this person be contacted for this?"""

    subject: AccessSubject
    action: AccessAction
    resource: AccessKind


class ActionSearch(_Search, frozen=True):
    """For what may this person be contacted through this channel?"""

    subject: AccessSubject
    resource: AccessResource
