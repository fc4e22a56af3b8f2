"""Parameters and search spaces, read from a notebook's source."""

from reprobook.space.declare import declared_parameters, is_parameter_name, parameters_cell
from reprobook.space.expression import Expression, parse_expression
from reprobook.space.model import Choice, Float, Int, Parameter, Position, Space
from reprobook.space.override import check_value, find_parameter, lite_values, override, parse_value
from reprobook.space.text import check_space, parse_space

__all__ = [
    "Choice",
    "Expression",
    "Float",
    "Int",
    "Parameter",
    "Position",
    "Space",
    "check_space",
    "check_value",
    "declared_parameters",
    "find_parameter",
    "is_parameter_name",
    "lite_values",
    "override",
    "parameters_cell",
    "parse_expression",
    "parse_space",
    "parse_value",
]
