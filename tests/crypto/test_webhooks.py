"""Signatures of webhooks: what the specification's library signs, we take, and nothing else."""

import base64
import datetime as dt
from uuid import UUID

import pytest
from standardwebhooks import Webhook

from consentd.base.clock import now as wall_clock
from consentd.crypto.secrets import Secret
from consentd.crypto.webhooks import TOLERANCE, is_signed, secrets_of, sign
from consentd.kernel.instants import SECOND, Instant

ID = UUID("01980000-abcd-7000-8000-000000000001")
OTHER = UUID("01980000-0000-7000-8000-000000000002")
NOW = Instant(1_795_000_000_000_000)
OLD, NEW = bytes(range(32)), bytes(range(100, 132))
BODY = '{"verdict":"done","detail":"été"}'.encode()


def setting(*secrets: bytes) -> str:
    return ",".join("whsec_" + base64.b64encode(secret).decode() for secret in secrets)


def test_the_specifications_vector_is_signed_as_it_says() -> None:
    """The example of the Standard Webhooks repository."""
    secrets = secrets_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    webhook = Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = sign(secrets, ID, b'{"test": 2432232314}', NOW)
    when = dt.datetime.fromtimestamp(NOW / SECOND, dt.UTC)
    assert signed["webhook-signature"] == webhook.sign(str(ID), when, '{"test": 2432232314}')


def test_what_we_sign_any_receiver_verifies_with_either_secret() -> None:
    headers = sign(secrets_of(setting(NEW, OLD)), ID, BODY, wall_clock())
    for secret in (OLD, NEW):
        assert Webhook(secret).verify(BODY, headers)["verdict"] == "done"


def test_what_either_secret_signed_is_taken_while_one_is_replaced() -> None:
    both = secrets_of(setting(NEW, OLD))
    for secret in (OLD, NEW):
        assert is_signed(both, ID, sign([Secret(secret)], ID, BODY, NOW), BODY, NOW)
        # Whoever signs with a third as well is not refused for it.
        headers = sign([Secret(bytes(32)), Secret(secret)], ID, BODY, NOW)
        assert is_signed(both, ID, headers, BODY, NOW)
    assert not is_signed(both, ID, sign([Secret(bytes(32))], ID, BODY, NOW), BODY, NOW)


def test_a_signature_holds_for_its_id_its_body_and_its_time_alone() -> None:
    secrets = secrets_of(setting(OLD))
    headers = sign(secrets, ID, BODY, NOW)
    assert not is_signed(secrets, OTHER, headers, BODY, NOW)
    assert not is_signed(secrets, OTHER, headers | {"webhook-id": str(OTHER)}, BODY, NOW)
    assert not is_signed(secrets, ID, headers, BODY + b" ", NOW)
    assert not is_signed(secrets, ID, headers | {"webhook-timestamp": "1795000001"}, BODY, NOW)
    for off in (-TOLERANCE, 0, TOLERANCE):
        assert is_signed(secrets, ID, headers, BODY, Instant(NOW + off))
    for off in (-TOLERANCE - 1, TOLERANCE + 1):
        assert not is_signed(secrets, ID, headers, BODY, Instant(NOW + off))


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v2,{}"},
        {"webhook-signature": "{}"},
        {"webhook-signature": "v1,{}\n"},
        {"webhook-signature": "v1, {}"},
        {"webhook-signature": "v1,!{}"},
        {"webhook-signature": "v1,é{}"},
        {"webhook-signature": "x " * 8 + "v1,{}"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "1795000000.0"},
        {"webhook-timestamp": "1.795e9"},
        {"webhook-timestamp": "+1795000000"},
        {"webhook-timestamp": "1_795_000_000"},
        {"webhook-timestamp": "١٧٩٥٠٠٠٠٠٠"},
        {"webhook-timestamp": " 1795000000"},
        {"webhook-timestamp": "01795000000"},
        {"webhook-timestamp": "nan"},
        {"webhook-id": str(ID).upper()},
        {"webhook-id": ""},
    ],
)
def test_what_is_not_spelt_as_it_should_be_is_not_signed(changed: dict[str, str]) -> None:
    secrets = secrets_of(setting(OLD))
    headers = sign(secrets, ID, BODY, NOW)
    signature = headers["webhook-signature"].removeprefix("v1,")
    bent = headers | {name: value.replace("{}", signature) for name, value in changed.items()}
    assert not is_signed(secrets, ID, bent, BODY, NOW)
    for name in headers:
        assert not is_signed(secrets, ID, {n: v for n, v in headers.items() if n != name}, BODY, NOW)


def test_bytes_that_are_no_text_are_not_signed() -> None:
    assert not is_signed([Secret(OLD)], ID, sign([Secret(OLD)], ID, BODY, NOW), b"\xff", NOW)


def test_secrets_are_read_strictly_and_never_shown() -> None:
    assert [one.reveal() for one in secrets_of(f" {setting(NEW)} , {setting(OLD)} ,")] == [NEW, OLD]
    for wrong in ("", " , ", "hunter2", setting(bytes(23)), setting(bytes(65)), "whsec_!" + "A" * 40):
        with pytest.raises(ValueError, match="holds") as caught:
            secrets_of(wrong)
        assert "hunter2" not in str(caught.value)
    # One that is wrong spoils the setting: it would be missed when the other goes.
    with pytest.raises(ValueError, match="no secret"):
        secrets_of(setting(OLD) + ",hunter2")
