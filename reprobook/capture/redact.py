"""Keep secrets out of what is written down: credentials in URLs, and names that mean a secret.

URL syntax is RFC 3986; the rules lean to the safe side where a text is no valid URL.
"""

from __future__ import annotations

import re

MASK = "***"

# Quotes end a URL in JSON and in source text; inside a password they do not stand before a delimiter.
_CHAR = r"""(?:[^\s/?#"@]|"(?![,:}\]\s]))"""
# Repetitions are bounded where a long text without a URL would make the search quadratic.
_URL = re.compile(
    rf"""
    (?P<scheme>[A-Za-z][A-Za-z0-9+.-]{{0,30}})
    (?P<slashes>:(?:\\?/){{2}})                                   # JSON may escape a slash
    (?P<userinfo>(?:
        {_CHAR}*@                                                # up to the last @ before the path
      | [^\s/?#:"@]*:(?!\d*(?:[/?\#]|$))[^\s"@]{{1,256}}@         # no port: a password with a raw / ? or #
    )+)
    """,
    re.VERBOSE,
)
# OAuth and API tokens, and the signatures of AWS, Google Cloud and Azure pre-signed URLs.
_PARAMETER = re.compile(
    r"""
    (?P<name>[?&;\#]
        (?: [a-z0-9_.-]{0,60}(?:token|password|passwd|secret)
          | (?:[a-z0-9]{1,30}[_-])?(?:api|access|secret|private)[_-]?key
          | key | auth | jwt | sig | signature | sas | credentials?
          | awsaccesskeyid | x-(?:amz|goog)-(?:credential|signature) )
    =) [^\s&;\#"'<>]+
    """,
    re.VERBOSE | re.IGNORECASE,
)
# conda writes its token into the path: /t/TOKEN/channel. Forums have /t/ too, hence the host or the exact shape.
_CONDA_TOKEN = re.compile(
    r"""
    (?P<before>://[^\s/"]*conda[^\s/"]*/t/)[^\s/"]+
  | (?P<start>://[^\s/"]*/t/)(?:[a-z]{2}-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Shapes that are nothing but a token: GitHub, GitLab, Hugging Face, OpenAI and Anthropic, AWS, Slack, PyPI.
_TOKEN = re.compile(
    r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|hf_[A-Za-z0-9]{30,}|sk-[\w-]{20,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}|xox[abprs]-[\w-]{10,}|pypi-AgE[\w-]{20,})"
)


_RUN = re.compile(r"\S+")


def strip_credentials(text: str) -> str:
    """Return the text with the credentials of every URL in it removed or masked.

    User and password go, but ssh keeps its user (it is part of the address); values of secret query parameters,
    conda channel tokens and well-known token shapes become ``***``. Other text stays as it is. Idempotent.
    """
    return _TOKEN.sub(MASK, _RUN.sub(lambda run: _clean(run[0]), text))


def _clean(run: str) -> str:
    """Clean the URLs in a run of text without white space."""
    if "://" not in run and r":\/\/" not in run:
        return run
    run = _URL.sub(_without_userinfo, run)
    run = _PARAMETER.sub(rf"\g<name>{MASK}", run)
    return _CONDA_TOKEN.sub(lambda match: f"{match['before'] or match['start']}{MASK}", run)


def _without_userinfo(match: re.Match[str]) -> str:
    """Return the scheme of a URL, with the user only where it is ssh's."""
    user = match["userinfo"][:-1].partition(":")[0]
    keeps_user = match["scheme"].lower().endswith("ssh") and user and "@" not in user
    return f"{match['scheme']}{match['slashes']}{f'{user}@' if keeps_user else ''}"


def _words(text: str) -> frozenset[str]:
    """Return the words of a text, for the lists below."""
    return frozenset(text.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SECRET_WORDS = _words(
    "secret secrets credential credentials creds password passwords passwd passphrase passcode pwd "
    "authorization bearer jwt mnemonic"
)
# Words run together, as in OPENAI_APIKEY, clientsecret or dbpassword.
_SECRET_ENDINGS = tuple(
    sorted(
        _words(
            "password passwd apikey secretkey accesskey privatekey clientsecret "
            "authtoken accesstoken apitoken bearertoken refreshtoken"
        )
    )
)
_SERVICES = _words(
    "anthropic aws azure cohere comet databricks gcp github gitlab google hf huggingface kaggle mistral mlflow "
    "neptune openai pinecone replicate slack snowflake stripe telegram twilio wandb"
)
_KEY_QUALIFIERS = _SERVICES | _words(
    "access account api app application auth client consumer deploy encryption gpg license master private rsa "
    "service shared signing ssh storage subscription"
)
_TOKEN_QUALIFIERS = _SERVICES | _words(
    "access api app auth bearer bot csrf deploy id identity oauth personal private refresh sas security service "
    "session user"
)
# A lone "token" is an API token unless one of these says that it is a piece of text.
_TEXT_QUALIFIERS = _words(
    "added all begin bos by byte class cls context count current decoder each empty end eos eot extra fim first "
    "fixed forced frame generated image in input keep label last latent left limit mask masked max mean media min n "
    "new next no null num number of oov original out output pad padding patch per placeholder pool position prefix "
    "prev previous prompt query rare register right second sep separator single space special start stop sub suffix "
    "target text total unk unknown video vision vocab with word zero"
)
_PASS_QUALIFIERS = _words("admin db database email ftp login mail mysql pg postgres redis root smtp ssh user")
_AUTH_QUALIFIERS = _words("basic http proxy")
_COUNTS = _words("max min n nb num number len length")
# The last word says what is held: something about the secret, not the secret.
_ABOUTNESS = _words(
    "age attempts column count dim dir enabled env expiry field file length len limit location max min name path "
    "policy prompt required size type url"
)
# Ignored behind a qualified noun: access_key_id is as secret as access_key.
_FORMS = frozenset({"id", "raw", "str", "string", "value"})


def is_secret_name(name: str) -> bool:
    """Say whether a parameter of this name holds a secret: ``api_key`` yes; ``num_tokens`` and ``cls_token`` no.

    Understands snake, kebab, dotted and camel case; judges the name alone, never a value.
    """
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or words[0] in _COUNTS or (len(words) > 1 and words[-1] in _ABOUTNESS):
        return False
    if any(word in _SECRET_WORDS or word.endswith(_SECRET_ENDINGS) for word in words):
        return True
    if words[-1] in _FORMS and words[2:]:
        words.pop()
    return _is_secret_noun(words[-1], frozenset(words[:-1]))


def _is_secret_noun(noun: str, qualifiers: frozenset[str]) -> bool:
    """Judge the last word of a name by the words before it."""
    match noun:
        case "key":
            return bool(qualifiers & _KEY_QUALIFIERS)
        case "keys":
            return bool(qualifiers & (_KEY_QUALIFIERS - {"shared", "master"}))
        case "token":
            return not qualifiers or bool(qualifiers & _TOKEN_QUALIFIERS) or not qualifiers & _TEXT_QUALIFIERS
        case "tokens":
            return bool(qualifiers & (_TOKEN_QUALIFIERS - {"id", "user", "session"}))
        case "pass" | "pw":
            return bool(qualifiers & _PASS_QUALIFIERS)
        case "auth":
            return not qualifiers or bool(qualifiers & _AUTH_QUALIFIERS)
        case _:
            return False
