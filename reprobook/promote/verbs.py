"""How authors call work: verbs, and what headings say in place of them."""

from __future__ import annotations

# What an author would call a function under such a heading.
USUAL = {
    "data": "load_data",
    "dataset": "load_data",
    "datasets": "load_data",
    "the_data": "load_data",
    "loading_data": "load_data",
    "data_loading": "load_data",
    "split": "split_data",
    "data_split": "split_data",
    "splits": "split_data",
    "train_test_split": "split_data",
    "preprocessing": "preprocess",
    "data_preprocessing": "preprocess",
    "features": "build_features",
    "feature_engineering": "build_features",
    "model": "build_model",
    "model_definition": "build_model",
    "network": "build_model",
    "architecture": "build_model",
    "optimization": "build_optimizer",
    "optimizer": "build_optimizer",
    "training": "train",
    "training_loop": "train",
    "train_loop": "train",
    "fit": "fit_model",
    "evaluation": "evaluate",
    "testing": "test",
    "test": "run_test",
    "validation": "validate",
    "prediction": "predict",
    "predictions": "predict",
    "inference": "predict",
    "choice": "choose_model",
    "result": "report",
    "results": "report",
    "metrics": "report",
    "summary": "report",
    "saving": "save_results",
    "save": "save_results",
    "export": "save_results",
    "seed": "set_seeds",
    "seeds": "set_seeds",
    "setup": "set_up",
    "set_up": "set_up",
    "scaling": "scale_data",
}
# How an author would call what a heading announces.
GERUNDS = {
    "building": "build",
    "calculating": "calculate",
    "checking": "check",
    "choosing": "choose",
    "cleaning": "clean",
    "comparing": "compare",
    "computing": "compute",
    "creating": "create",
    "defining": "define",
    "encoding": "encode",
    "evaluating": "evaluate",
    "exploring": "explore",
    "fitting": "fit",
    "generating": "generate",
    "implementing": "implement",
    "importing": "import",
    "initializing": "initialize",
    "loading": "load",
    "making": "make",
    "normalizing": "normalize",
    "plotting": "plot",
    "predicting": "predict",
    "preparing": "prepare",
    "preprocessing": "preprocess",
    "processing": "process",
    "reading": "read",
    "reloading": "reload",
    "sampling": "sample",
    "saving": "save",
    "scaling": "scale",
    "selecting": "select",
    "setting": "set",
    "splitting": "split",
    "testing": "test",
    "training": "train",
    "transforming": "transform",
    "tuning": "tune",
    "visualizing": "visualize",
}
# What an author would call work that a heading names by a noun: ``Model training via torch.nn`` is ``train_model``.
NOUNS = {
    "building": "build",
    "cleaning": "clean",
    "creation": "create",
    "evaluation": "evaluate",
    "fitting": "fit",
    "generation": "generate",
    "initialization": "initialize",
    "loading": "load",
    "preparation": "prepare",
    "preprocessing": "preprocess",
    "recap": "recap",
    "scaling": "scale",
    "selection": "select",
    "splitting": "split",
    "testing": "test",
    "training": "train",
    "tuning": "tune",
    "visualization": "visualize",
}
VERBS = frozenset(GERUNDS.values()) | frozenset(
    """build calculate check choose clean combine compare compute construct convert count create draw encode estimate
    evaluate extract fit generate get initialize load make measure normalize optimize plot predict prepare process read
    recap report run sample save scale score select set simulate solve sort split test tokenize train transform tune
    update validate vectorize visualize""".split()  # noqa: SIM905 - so many words read best as a text
)
# Others that a heading may begin with, which name too little for a comment to make a section.
PLAIN_VERBS = frozenset(
    """add apply ask do explore find go inspect keep learn look mend play put repeat see show start stop try use view
    watch write""".split()  # noqa: SIM905 - so many words read best as a text
)
