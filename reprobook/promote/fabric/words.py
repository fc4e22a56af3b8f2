"""The names of the helpers that a script of this style may hold."""

LAUNCH = "launch"
SHARD = "shard"
WHOLE = "whole"
WRITE_ONCE = "write_once"
