from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprobook.promote.layout import formatted, same_code
from reprobook.promote.layout.escape import docstring, visible

LONG = "a_rather_long_name_of_a_variable_that_fills_the_line"
CODE = [
    f"{LONG}[layer - 1] = indicator_function(values[layer - 1]) * all_other_values[layer]\n",
    f"print('Layer %d, standard deviation of the gradients = %3.3f' % (layer, deviation({LONG}[layer].ravel())))\n",
    f"print({LONG} + 'a text of some length' + other_value)\n",
    f"print({LONG} and not function_of_some_length(argument) or other_value)\n",
    f"def f({LONG}: int) -> tuple[int, str]:\n    pass\n",
    f"def f({LONG}: int, b: int) -> tuple[{LONG}, another, one_more, and_another_one]:\n    pass\n",
    f"def f(a) -> tuple[{LONG}, {LONG}]:\n    pass\n",
    "x=1;y = 2 # hi\n",
    "if (x==1): print( 'a' )\n",
    "b = perm[i:i + batch_size]\nc = perm[i : j]\nd = x[f(a):f(b), ::2]\n",
    "X = X ** 2 + a.b**-1 - f(x)**2\n",
    "topics = {'sport': ['ball', 'goal', 'team', 'coach'],\n   'tech': ['chip', 'code', 'cloud', 'robot', 'x']}\n",
    "X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=test_size, stratify=y, random_state=seed)\n",
    f"{LONG} = first_function(argument) + second_function(argument, other_argument) * third_one\n",
    f"print(f'epoch {{epoch}}: loss {{total / len(loader.dataset):.4f}} acc {{correct / n:.3f}}', {LONG})\n",
    "frame = (pd.read_csv('some/long/path/to/the/data.csv').dropna().query('x > 3').reset_index())\n",
    f"assert isinstance(value, int), f'the value must be an integer but it is {{value!r}} {{{LONG}}}'\n",
    f"if {LONG} and other_condition_of_some_length or yet_another_condition_of_length:\n    pass\n",
    "vocab = {w: i for i, w in enumerate(sorted(set(w for d in docs for w in d if w not in stop_words_list)))}\n",
    f"z = {LONG} if some_condition_that_is_long(enough) else another_value_of_length\n",
    "a, b, c, d = first_array[:1300], second_array[:1300], first_array[1300:], second_array[1300:]\n",
    "from torch.utils.data import DataLoader, Dataset, TensorDataset, random_split, Subset, Sampler\n",
    "model = nn.Sequential(\n    nn.Linear(64, 32),   # hidden\n    nn.ReLU(),\n)\n",
    "fig, ax = plt.subplots(1, 3, figsize=(12, 4), )\n",
    "t = (1,)\nu = [1,]\n",
    "g = lambda x,y=1: x\nh = f(*a,**k)\n",
    "x = 1E5 + .5 + 1.\ns = 'say \"hi\"'\n",
    "try: import a\nexcept ImportError: a = None\n",
    "try:\n    a()\nexcept:\n    raise\nfinally:\n    b()\n",
    f"for {LONG}, other in zip(first_sequence_of_values, second_sequence_of_values):\n    continue\n",
    f"torch.save({{'model': model.state_dict(), 'epoch': epoch + 1, 'x': {LONG}}}, 'ckpt.pt')\n",
    f"x: Annotated[float, 'what it means',] = 0.2\ny: dict[str, int] = f({LONG}, {LONG})\n",
    f"x: Annotated[int, '{LONG}, in other words'] = 10\ny: Annotated[int, '{LONG}, in words'] = -1\n",
    f"x: Annotated[int, '{LONG}, in a word'] = 1000000\n{LONG}: list[int] = {LONG}\n",
    f"raise ValueError('a message that is quite long, to be sure', {LONG}, other)\n",
    f"text = (\n  'the first part of {LONG} '\n  'and the second part of a long text'\n)\n",
    f"raise ValueError('the first part of {LONG} '\n    'and the second part of a long text')\n",
]
DEFINITIONS = [
    f"def train(model, loader, optimizer, criterion, device, {LONG}=None, clip=1.0):\n    return (clip)\n",
    "class A():\n    x=1\n    def f(self):\n\n\n        return self\n    def g(self): return 1\n",
    "@torch.no_grad()\ndef f(a, b = 1, *, c:int=3)->int:\n    # why\n    return a+b\n",
]


@pytest.mark.parametrize("code", CODE + DEFINITIONS)
def test_layout_is_that_of_ruff(code: str) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    command = [str(ruff), "format", "--isolated", "-"]
    result = formatted(code)
    assert subprocess.run(command, input=result, capture_output=True, text=True, check=True).stdout == result


@pytest.mark.parametrize(
    "code",
    [
        f"print(f'{LONG} {{a:.4f}} and {LONG} {{b:.4f}}')\n",
        f"x = ['{LONG} and {LONG}']\n",
        f"df = df.column['{LONG} and {LONG}']\n",
        f"model.fit(function(key='{LONG} and {LONG}'))\n",
    ],
)
def test_a_lone_argument_gets_no_comma(code: str) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    command = [str(ruff), "format", "--isolated", "-"]
    wanted = subprocess.run(command, input=code, capture_output=True, text=True, check=True).stdout
    assert "," not in wanted
    assert formatted(code) == wanted


@given(st.lists(st.sampled_from(CODE), min_size=1, max_size=4))
@settings(max_examples=40)
def test_layout_changes_no_code_and_is_stable(parts: list[str]) -> None:
    source = "def f():\n" + "".join(f"    {line}\n" for part in parts for line in part.splitlines())
    once = formatted(source)
    assert same_code(source, once)
    assert formatted(once) == once


def test_comment_that_no_longer_fits_moves_above() -> None:
    comment = "# a comment that has a lot to say about this line, and some more"
    assert formatted(f"value = function(argument)  {comment}\n") == f"{comment}\nvalue = function(argument)\n"


def test_texts_over_several_lines_stay_as_they_are() -> None:
    code = 'sql = """select *\n  from t"""\n'
    assert formatted(code) == code


def test_quotes_inside_an_fstring_stay_valid_before_python_312() -> None:
    assert formatted("""x = f'{d["a"]}'\n""") == """x = f'{d["a"]}'\n"""


@pytest.mark.parametrize(
    "text", ['"', '"""', "\\", '\\"""', "a\\N{BULLET}", "{x}", "\u202eab", "\x00", "'''\"", "é\u2028"]
)
def test_docstrings_are_literals_of_any_text(text: str) -> None:
    literal = docstring(text)
    assert ast.literal_eval(literal) == visible(text)
    assert all(char.isprintable() for char in literal)


def test_bidirectional_controls_become_visible() -> None:
    assert formatted("s = 'a\u202eb'  # c\u202ed\n") == 's = "a\\u202eb"  # c\\u202ed\n'
    assert formatted("s = r'a\u202eb'\n") == 's = r"a\u202eb"\n'
    assert visible("a\u202e\nb") == "a\\u202e b"


def test_a_mark_for_linters_stands_where_its_statement_begins() -> None:
    values = ", ".join(f'"value number {n}"' for n in range(8))
    text = formatted(f"def f():\n    x = g({values})  # noqa: F841\n")
    assert text.splitlines()[1] == "    x = g(  # noqa: F841"


def test_parentheses_that_hold_commented_lines_together_stay() -> None:
    code = "def f(d):\n    return (1 if d # one\n       else 2)  # two\n"
    text = formatted(code)
    assert same_code(code, text)
    assert "# one\n" in text
    assert "# two\n" in text
