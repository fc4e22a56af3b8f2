"""Draws that shift a stream for others: in logging, in timing, in samplers of searches."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from reprobook.hazards import generators
from reprobook.hazards.book import Book
from reprobook.hazards.estimators import takes_random_state
from reprobook.hazards.fixes import give
from reprobook.hazards.generators import is_given, is_none, keyword
from reprobook.hazards.model import Generator
from reprobook.hazards.report import Report
from reprobook.hazards.spread import is_harmless, origins

_SIDE = re.compile(
    r"(?:^|_)(?:log|logging|eval|evaluate|plot|verbose|debug|print|show|report|every|monitor|sample|viz|visuali[sz]e|val|preview)(?:_|$)",
    re.IGNORECASE,
)
_OPTUNA = frozenset(
    {
        "TPESampler",
        "RandomSampler",
        "CmaEsSampler",
        "NSGAIISampler",
        "NSGAIIISampler",
        "QMCSampler",
        "GPSampler",
        "BoTorchSampler",
        "BruteForceSampler",
        "PartialFixedSampler",
    }
)
_SEARCHES = {
    "hyperopt.fmin": "rstate",
    "skopt.gp_minimize": "random_state",
    "skopt.forest_minimize": "random_state",
    "skopt.dummy_minimize": "random_state",
    "skopt.BayesSearchCV": "random_state",
    "bayes_opt.BayesianOptimization": "random_state",
    "scipy.optimize.differential_evolution": "seed",
    "scipy.optimize.dual_annealing": "seed",
    "scipy.optimize.basinhopping": "seed",
    "scipy.stats.qmc.Sobol": "seed",
    "scipy.stats.qmc.Halton": "seed",
    "scipy.stats.qmc.LatinHypercube": "seed",
    "cma.CMAEvolutionStrategy": "seed",
    "nevergrad.optimizers.OnePlusOne": "seed",
    "ax.service.ax_client.AxClient": "random_seed",
    "ax.AxClient": "random_seed",
}


def find(report: Report) -> None:
    """Report samplers without a seed, and draws for side effects from the stream of the training."""
    for call in report.book.all(ast.Call):
        _tell_sampler(report, call)
    _tell_coupling(report)
    _tell_timing(report)


def _tell_sampler(report: Report, call: ast.Call) -> None:
    """``optuna.create_study()`` without a sampler, or one without a seed."""
    dotted = report.book.dotted(call.func)
    name = dotted.rpartition(".")[2]
    text = report.book.text(call.func)
    if dotted.startswith("optuna.") and name in _OPTUNA:
        seed = keyword(call, "seed")
        if seed is None or is_none(seed):
            report.add(
                call,
                "unseeded_rng.sampler",
                f"`{text}` without a seed proposes other trials in every run",
                f"{text}(seed=seed)",
                generator="own",
                edits=give(report.book, call, "seed", report.seed),
            )
    elif dotted in {"optuna.create_study", "optuna.study.create_study"} and not is_given(call, "sampler"):
        message = f"`{text}` takes a TPE sampler without a seed: it proposes other trials in every run"
        package, dot, _ = text.partition(".")
        sampler = f"{package}.samplers.TPESampler(seed={report.seed})"
        edits = give(report.book, call, "sampler", sampler) if dot else ()
        report.add(
            call,
            "unseeded_rng.sampler",
            message,
            "sampler=optuna.samplers.TPESampler(seed=seed)",
            generator="own",
            edits=edits,
        )
    elif dotted in _SEARCHES and not is_given(call, _SEARCHES[dotted]) and not is_given(call, "rng"):
        word = _SEARCHES[dotted]
        message = f"`{text}` without {word} proposes other points in every run"
        edits = give(report.book, call, word, report.seed) if word != "rstate" else ()
        report.add(call, "unseeded_rng.sampler", message, f"{word}=seed", generator="own", edits=edits)


def _tell_coupling(report: Report) -> None:
    """A draw in a branch for logging, from a stream that the training draws from too."""
    book = report.book
    told: set[ast.AST] = set()
    for branch in book.all(ast.If):
        loop = next((each for each in book.parents(branch) if isinstance(each, (ast.For, ast.While))), None)
        if loop is None or not _is_side_branch(book, branch):
            continue
        inside = [each for statement in branch.body for each in _calls(statement)]
        others = _drawn_beside(report, loop, set(inside))
        for call in inside:
            if call not in told and others & set(_all_draws(book, call)):
                told.add(call)
                test = book.text(branch.test)
                message = f"`{book.text(call)}` draws from the stream that training draws from: `{test}` shifts it"
                fix = "give it a generator of its own: torch.Generator().manual_seed(seed)"
                report.add(call, "rng_coupling", message, fix)


def _drawn_beside(report: Report, loop: ast.For | ast.While, inside: set[ast.Call]) -> set[str]:
    """Return what the rest of a loop draws from, and all that runs after it."""
    book = report.book
    found = {which for call in _calls(loop) if call not in inside for which in _all_draws(book, call)}
    end = (book.cell(loop), loop.end_lineno or 0, 0)
    for step in report.course.steps:
        later = step.cell > end[0] or (step.cell == book.cell(step.node) and book.at(step.node) > end)
        if isinstance(step.node, ast.Call) and later:
            found.update(_own_draws(book, step.node))
    return found


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    return (each for each in ast.walk(node) if isinstance(each, ast.Call))


def _is_side_branch(book: Book, branch: ast.If) -> bool:
    """Tell whether a branch is run now and then, or only when somebody wants to see something."""
    nodes = list(ast.walk(branch.test))
    words = [each.id if isinstance(each, ast.Name) else getattr(each, "attr", "") for each in nodes]
    if any(_SIDE.search(word) for word in words):
        return True
    rates = [each.right for each in nodes if isinstance(each, ast.BinOp) and isinstance(each.op, ast.Mod)]
    shows = any(is_harmless(book, call) for statement in branch.body for call in _calls(statement))
    return any(shows or not isinstance(rate, ast.Constant) for rate in rates)


def _own_draws(book: Book, call: ast.Call) -> tuple[str, ...]:
    """Return the global generators that a call draws from, or the generator object it is a method of."""
    dotted = book.dotted(call.func)
    found: tuple[str, ...] = generators.draws(dotted, call)
    if takes_random_state(dotted, call):
        found += ("numpy",)
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        kind = book.dotted(call.func.value)
        if kind in {f"{each}()" for each in generators.OWN}:
            found += (f"own {call.func.value.id}",)
    for word in call.keywords:
        if (
            word.arg in {"generator", "random_state", "rng"}
            and isinstance(word.value, ast.Name)
            and book.dotted(word.value) != "int()"
        ):
            found += (f"own {word.value.id}",)
    return found


def _all_draws(book: Book, call: ast.Call, depth: int = 4) -> tuple[str, ...]:
    """Return what a call draws from, the functions of the notebook that it calls included."""
    found = _own_draws(book, call)
    definition = book.definition(call.func)
    bodies: list[ast.AST] = [definition] if isinstance(definition, (ast.FunctionDef, ast.AsyncFunctionDef)) else []
    for inner in (each for body in bodies for each in _calls(body)):
        if depth:
            found += _all_draws(book, inner, depth - 1)
    return found


def _tell_timing(report: Report) -> None:
    """``%timeit`` runs its code as often as it likes, and each round draws."""
    book = report.book
    for tree, cell in book.timed:
        drawn: list[str] = []
        for call in _calls(tree):
            drawn += _all_draws(book, call)
        names = [each.id for each in ast.walk(tree) if isinstance(each, ast.Name)]
        sure = bool(drawn)
        line = min((each.lineno for each in ast.walk(tree) if isinstance(each, ast.stmt)), default=1)
        message = (
            "%timeit runs this as often as the speed of the machine suggests, and each time it draws random numbers"
        )
        if not sure:
            message = "%timeit runs this as often as the speed of the machine suggests"
        fix = "time it with a generator of its own, or with fixed -n and -r, and seed again after it"
        report.add_line(
            cell,
            line,
            "rng_consumed_by_timing",
            message,
            fix,
            certain=sure,
            shown=sure,
            names=tuple(dict.fromkeys(names)),
            generator=_global(drawn),
        )
    for call in book.all(ast.Call):
        dotted = book.dotted(call.func)
        if dotted in {"timeit.timeit", "timeit.repeat", "timeit.Timer().autorange"}:
            timed = [each for _, each in origins(book, call) if isinstance(each, ast.Call)]
            sure = dotted.endswith("autorange") and any(_all_draws(book, each) for each in timed)
            message = "timing runs code as often as the speed of the machine suggests, and each time it draws"
            report.add(call, "rng_consumed_by_timing", message, "seed again after it", certain=sure, shown=sure)


def _global(drawn: list[str]) -> Generator:
    """Return the first global generator among those drawn from, else that it is one of the notebook's own."""
    found = [each for each in generators.ALL if each in drawn]
    return found[0] if found else "own" if drawn else ""
