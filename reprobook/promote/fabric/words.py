"""The names of the helpers that a script of this style may hold."""

LAUNCH = "launch"
SET_UP = "set_up_model"
SHARD = "shard"
WHOLE = "whole"
WRITE_ONCE = "write_once"
