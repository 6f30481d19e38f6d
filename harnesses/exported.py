"""Policies as `cors policy export` writes them: what the harnesses serve in the place of their own reading of a policy.

It is on if `CORS_EXPORT` names the program `cors`.
"""

import json
import os
import subprocess

PROGRAM = os.environ.get("CORS_EXPORT")


class Missing(Exception):
    """The stack cannot say a field of the policy."""

    def __init__(self, field, reason):
        super().__init__(reason)
        self.field, self.reason = field, reason


def export(stack, policy):
    """The configuration of a stack for a policy of the harness protocol. Raises `Missing` if it leaves something out."""
    command = [PROGRAM, "policy", "export", "--to", stack, "--format", "json", "-"]
    done = subprocess.run(command, input=json.dumps(_file(policy)), capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    exported = json.loads(done.stdout)
    for limit in exported["limits"]:
        # A stack that allows more is played nevertheless, but for the guard: it has nothing like it.
        if limit["kind"] == "left-out" or limit["field"] == "guard":
            raise Missing(limit["field"], limit["text"])
    return exported["text"]


def _file(policy):
    """The policy as a file has it."""
    table = _table(policy)
    table["rules"] = [_table(rule) for rule in policy["rules"]]
    return table


def _table(fields):
    table = {name: value for name, value in fields.items() if value is not None}
    table["allow_origins"] = [entry["pattern"] for entry in fields["allow_origins"]]
    return table
