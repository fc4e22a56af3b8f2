"""The text that starts a script through hydra: its schema, and ``@hydra.main``.

Structured configs as in https://hydra.cc/docs/tutorials/structured_config/schema/ (hydra 1.3).
"""

from __future__ import annotations

from reprobook.promote.model import Entry, Import, Plan


def entry(plan: Plan) -> Entry:
    """Return how a script with a hydra configuration is started."""
    tuples = [field.name for field in plan.fields if field.type is tuple]
    imports = [
        Import("hydra", "", "hydra"),
        Import("hydra.core.config_store", "ConfigStore", "ConfigStore"),
        Import("hydra.core.hydra_config", "HydraConfig", "HydraConfig"),
        Import("omegaconf", "DictConfig", "DictConfig"),
        Import("omegaconf", "OmegaConf", "OmegaConf"),
        Import("sys", "", "sys"),
        Import("typing", "cast", "cast"),
    ]
    imports += [Import("dataclasses", "replace", "replace")] if tuples else []
    schema = _SCHEMA.replace("{Config}", plan.words.config_class)
    return Entry(tuple(imports), "start()", after_config=(schema,), after_main=(_start(plan, tuples),))


def _start(plan: Plan, tuples: list[str]) -> str:
    words = plan.words
    call = f"{words.main}({words.config}, Path(HydraConfig.get().runtime.output_dir))"
    as_tuples = ", ".join(f"{name}=tuple({words.config}.{name})" for name in tuples)
    return _START.format(
        config=words.config,
        Config=words.config_class,
        call=f"asyncio.run({call})" if plan.is_async else call,
        tuples=f"    {words.config} = replace({words.config}, {as_tuples})\n" if tuples else "",
    )


_SCHEMA = """
# What hydra checks values against. It takes a frozen dataclass for a read-only
# configuration, but the file and the command line are to change these values.
SCHEMA = OmegaConf.structured({Config})
OmegaConf.set_readonly(SCHEMA, False)
ConfigStore.instance().store(name="schema", node=SCHEMA)
"""
_START = '''
@hydra.main(version_base=None, config_path="conf", config_name="config")
def start(settings: DictConfig) -> None:
    """Check the parameters and run; the results go to hydra's output folder."""
    try:
        {config} = cast({Config}, OmegaConf.to_object(settings))
    except ValueError as error:
        sys.exit(f"error: {{error}}")
{tuples}    {call}
'''
