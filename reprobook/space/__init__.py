"""Parameters and search spaces, read from a notebook's source."""

from reprobook.space.declare import declared_parameters, is_parameter_name, parameters_cell
from reprobook.space.model import Choice, Float, Int, Parameter, Position, Space
from reprobook.space.override import check_value, find_parameter, lite_values, override, parse_value

__all__ = [
    "Choice",
    "Float",
    "Int",
    "Parameter",
    "Position",
    "Space",
    "check_value",
    "declared_parameters",
    "find_parameter",
    "is_parameter_name",
    "lite_values",
    "override",
    "parameters_cell",
    "parse_value",
]
