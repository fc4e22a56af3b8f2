import pytest

from reprobook.ambient.environment import may_hold_secret, plain_value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRAIN_LR", "0.02"),
        ("BATCH", "-1e-3"),
        ("VERBOSE", ""),
        ("MODE", "fast"),
        ("DEBUG", "True"),
        ("LANG", "C.UTF-8"),
        ("LC_ALL", "de_DE.UTF-8"),
        ("TZ", "Europe/Berlin"),
        ("OMP_NUM_THREADS", "2,1"),
        ("JPY_SESSION_NAME", "/home/jovyan/train.ipynb"),
    ],
)
def test_plain_values_are_kept(name: str, value: str) -> None:
    assert plain_value(name, value) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_KEY", "1234"),
        ("MY_TOKEN", "fast"),
        ("DB_PASSWORD", "hunter"),
        ("PGPASS", "0"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("DATABASE_URL", "1"),
        ("HOME", "/home/me"),
        ("NAME", "Ada Lovelace"),
        ("MODE", "fast\n"),
        ("ID", "a1b2c3d4e5"),
        ("NUMBER", "1234567890123"),
    ],
)
def test_what_may_be_a_secret_is_not(name: str, value: str) -> None:
    assert plain_value(name, value) is None


def test_names() -> None:
    assert [may_hold_secret(each) for each in ("GITHUB_TOKEN", "user_auth", "BATCH_SIZE", "LC_ALL")] == [
        True,
        True,
        False,
        False,
    ]
