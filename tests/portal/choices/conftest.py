"""People on their page of choices."""

import pytest

from support.builders import Company
from support.choosing import Choosing


@pytest.fixture
def choosing(company: Company) -> Choosing:
    return Choosing(company)
