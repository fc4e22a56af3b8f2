"""Secrets do not get through, and harmless text does."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprobook.capture.redact import is_secret_name, strip_credentials

PLANTED = "s3cr3t-Zq8"
TOKEN = "ghp_" + "a1B2" * 9


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://user:ghp_x@github.com/a/b.git", "https://github.com/a/b.git"),
        ("https://ghp_x@github.com/a/b.git", "https://github.com/a/b.git"),
        ("git+https://bob:ghp_SECRET@github.com/a/b.git@v1.0#egg=b", "git+https://github.com/a/b.git@v1.0#egg=b"),
        ("HTTPS://u:p@Host:8443/x", "HTTPS://Host:8443/x"),
        ("http://:p@host/", "http://host/"),
        ("http://u:@host/", "http://host/"),
        ("https://u:p@ss@host/x", "https://host/x"),
        ("https://u:p%40ss%2F@host/x", "https://host/x"),
        ("https://u:pa/ss@host/x", "https://host/x"),
        ("https://u:p#a?ss@host/x", "https://host/x"),
        ('https://u:p"q@host/x', "https://host/x"),
        ("https://u:p@[2001:db8::1]:8080/x", "https://[2001:db8::1]:8080/x"),
        ("postgresql://u:p@db:5432/app", "postgresql://db:5432/app"),
        ("ssh://git@host:22/a/b.git", "ssh://git@host:22/a/b.git"),
        ("ssh://git:pw@host/a/b.git", "ssh://git@host/a/b.git"),
        ("git+ssh://git@github.com/a/b@main", "git+ssh://git@github.com/a/b@main"),
        ("https://host/x?token=abc&page=2", "https://host/x?token=***&page=2"),
        ("https://host/x?a=1&access_token=abc#frag", "https://host/x?a=1&access_token=***#frag"),
        ("https://host/x?private_token=abc", "https://host/x?private_token=***"),
        ("https://host/x?api_key=abc;apikey=def", "https://host/x?api_key=***;apikey=***"),
        ("https://host/#access_token=abc", "https://host/#access_token=***"),
        ("https://b.blob.core.windows.net/c?sv=2024&sig=a%2Fb", "https://b.blob.core.windows.net/c?sv=2024&sig=***"),
        ("s3://b/k?X-Amz-Signature=ff&X-Amz-Date=1", "s3://b/k?X-Amz-Signature=***&X-Amz-Date=1"),
        ("https://conda.anaconda.org/t/tk-123/main", "https://conda.anaconda.org/t/***/main"),
        (
            "https://repo.corp/t/xy-01234567-89ab-cdef-0123-456789abcdef/main",
            "https://repo.corp/t/***/main",
        ),
        (r'{"url":"https:\/\/u:p@host\/x"}', r'{"url":"https:\/\/host\/x"}'),
        (f"cloned with {TOKEN} today", "cloned with *** today"),
        (f"ssh://{TOKEN}@host/x", "ssh://***@host/x"),
    ],
)
def test_credentials_go(text: str, expected: str) -> None:
    assert strip_credentials(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "git@github.com:org/repo.git",
        "https://github.com/org/repo.git@v1.2",
        "https://host:8080/a@b",
        "https://host:8080",
        "https://host/#egg=pkg&subdirectory=src",
        "https://host/x?monkey=1&keypoints=2&page=3",
        "https://discuss.example/t/how-to-seed-a-dataloader/123",
        "mail me@example.org: see https://example.org/a and b@c",
        "a?token=b",
        '{"url":"https://host","user":"bob@example.org"}',
        "file:///home/bob/project",
        "C:\\Users\\bob",
    ],
)
def test_harmless_text_stays(text: str) -> None:
    assert strip_credentials(text) == text


def test_every_url_of_a_text_is_cleaned() -> None:
    text = f"--index-url https://a:{PLANTED}@one/simple\n-e git+https://{PLANTED}@two/x#egg=x\nhttps://three/?token={PLANTED}"
    cleaned = strip_credentials(text)
    assert PLANTED not in cleaned
    assert [line.split("/")[2] for line in cleaned.splitlines()] == ["one", "two", "three"]


_part = st.text(st.characters(exclude_categories=("Z", "C"), exclude_characters='/?#"'), min_size=1, max_size=20)
# "u:a@b/c@host" is also a good URL of the host b; short of that, every character may stand in a password.
_password = st.text(st.characters(codec="ascii", exclude_categories=("Z", "C"), exclude_characters='"@'), min_size=1)


@given(user=_part, password=_part)
def test_no_userinfo_survives(user: str, password: str) -> None:
    assert strip_credentials(f"https://{user}:{password}@host/path") == "https://host/path"


@given(password=_password)
def test_a_password_with_delimiters_does_not_survive(password: str) -> None:
    cleaned = strip_credentials(f"https://user:x{password}@host/path")
    assert cleaned == "https://host/path"


@given(user=_part, password=_part)
def test_a_url_inside_json_is_cleaned_and_the_json_stays_whole(user: str, password: str) -> None:
    text = json.dumps({"url": f"https://{user}:{password}@host/", "mail": "me@host"}, ensure_ascii=False)
    assert json.loads(strip_credentials(text)) == {"url": "https://host/", "mail": "me@host"}


@given(st.text(st.sampled_from('ab:/@?#&=;"\\ 0kKeytoken.t-'), max_size=60))
def test_idempotent(text: str) -> None:
    once = strip_credentials(f"https://{text}")
    assert strip_credentials(once) == once


@given(st.text().filter(lambda text: ":" not in text and "_" not in text and "-" not in text and "A" not in text))
def test_text_without_url_or_token_is_untouched(text: str) -> None:
    assert strip_credentials(text) == text


@pytest.mark.parametrize("text", ["a" * 300_000, "https://" * 30_000, "https://a:b" + "@" * 100_000, "?token" * 50_000])
def test_linear_in_the_length_of_the_text(text: str) -> None:
    started = time.process_time()
    strip_credentials(text)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "name",
    [
        "api_key",
        "apiKey",
        "APIKey",
        "apikey",
        "api-key",
        "OPENAI_API_KEY",
        "openai_key",
        "openai_apikey",
        "api_key_2",
        "api_keys",
        "wandb_api_key",
        "secret",
        "client_secret",
        "clientSecret",
        "aws_secret_access_key",
        "AWS_ACCESS_KEY_ID",
        "password",
        "db_password",
        "dbpassword",
        "passwd",
        "passphrase",
        "db_pass",
        "token",
        "TOKEN",
        "hf_token",
        "HF_TOKEN",
        "hfToken",
        "github_token",
        "auth_token",
        "access_token",
        "use_auth_token",
        "bearer_token",
        "my_token",
        "token2",
        "access_tokens",
        "private_key",
        "ssh_key",
        "encryption_key",
        "credentials",
        "gcp_creds",
        "auth",
        "basic_auth",
        "config.api_key",
    ],
)
def test_secret_names(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "_",
        "num_tokens",
        "max_tokens",
        "n_tokens",
        "tokens",
        "tokens_per_batch",
        "max_new_tokens",
        "cls_token",
        "clsToken",
        "pad_token",
        "pad_token_id",
        "eos_token",
        "image_token_id",
        "token_id",
        "token_type_ids",
        "token_embedding",
        "loss_per_token",
        "tokenizer",
        "tokenizer_name",
        "subtoken",
        "key",
        "keys",
        "keypoints",
        "num_keys",
        "key_dim",
        "sort_key",
        "primary_key",
        "prng_key",
        "query_key_value",
        "keyword",
        "monkey",
        "secretary",
        "secret_length",
        "password_file",
        "num_passwords",
        "forward_pass",
        "n_pass",
        "passes",
        "bypass",
        "author",
        "authors",
        "auth_type",
        "lr",
        "batch_size",
        "seed",
    ],
)
def test_harmless_names(name: str) -> None:
    assert not is_secret_name(name)
