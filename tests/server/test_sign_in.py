"""The brake for wrong tokens, in virtual time."""

import pytest

from monitor.config import Settings
from monitor.config.sections import ServerSection
from monitor.config.tokens import NamedToken
from monitor.errors import TooManyError
from monitor.server.authenticator import TokenAuthenticator
from monitor.server.sign_in import WITHIN, WRONG_TOKENS, Failure, SignIn, WrongTokenError
from tests.server.service import TOKEN

RIGHT, WRONG = TOKEN.encode(), b"fedcba9876543210"
HERE, THERE = "192.0.2.1", "192.0.2.2"


class Door:
    """A sign-in whose clock stands until it is set."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.told: list[Failure] = []
        settings = Settings(server=ServerSection(tokens=(NamedToken(name="Kim", role="viewer", token=TOKEN),)))
        self.sign_in = SignIn(TokenAuthenticator(settings), self.told.append, lambda: self.now)

    def try_token(self, token: bytes, address: str = HERE) -> str:
        """What becomes of a token."""
        try:
            return str(self.sign_in.identity(address, [token]).name)
        except (WrongTokenError, TooManyError) as error:
            return type(error).__name__

    def try_wrong_ones(self, count: int, address: str = HERE) -> list[str]:
        return [self.try_token(WRONG, address) for _ in range(count)]


@pytest.fixture
def door() -> Door:
    return Door()


def test_after_so_many_wrong_tokens_an_address_is_not_heard_for_a_minute(door: Door) -> None:
    assert door.try_wrong_ones(WRONG_TOKENS + 2) == ["WrongTokenError"] * WRONG_TOKENS + ["TooManyError"] * 2
    assert door.try_token(RIGHT) == "TooManyError"
    door.now += WITHIN
    assert door.try_token(RIGHT) == "Kim"


def test_another_address_is_heard_all_the_same(door: Door) -> None:
    door.try_wrong_ones(WRONG_TOKENS)
    assert door.try_token(RIGHT, THERE) == "Kim"


def test_who_was_let_in_before_is_not_shut_out_by_others_at_the_address(door: Door) -> None:
    door.try_token(RIGHT)
    door.try_wrong_ones(WRONG_TOKENS)
    assert (door.try_token(WRONG), door.try_token(RIGHT)) == ("TooManyError", "Kim")


def test_all_addresses_of_one_subscriber_of_ipv6_are_one(door: Door) -> None:
    door.try_wrong_ones(WRONG_TOKENS, "2001:db8::1")
    assert door.try_token(RIGHT, "2001:db8::2") == "TooManyError"


def test_a_request_without_a_token_is_no_wrong_one(door: Door) -> None:
    for _ in range(WRONG_TOKENS + 1):
        with pytest.raises(WrongTokenError, match="a bearer token is needed"):
            door.sign_in.identity(HERE, [])
    assert door.try_token(RIGHT) == "Kim"


def test_the_first_wrong_token_and_the_brake_are_told_and_no_more(door: Door) -> None:
    door.try_wrong_ones(500)
    assert door.told == [Failure(HERE, braked=False), Failure(HERE, braked=True)]
