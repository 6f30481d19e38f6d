"""A policy as the values of the headers that a recipe sets."""

from dataclasses import dataclass, field

SIMPLE_METHODS = ["GET", "HEAD", "POST"]


class Cannot(Exception):
    """The recipe has no way to say a field of the policy."""

    def __init__(self, field, reason):
        super().__init__(reason)
        self.field, self.reason = field, reason


@dataclass
class Cors:
    """What to write into a recipe. A value that is None stands for a header that is not sent."""

    # `any`, `exact`, `regex`, `prefix` or `reflect`, and the text that goes with it.
    origins: list[tuple[str, str]]
    # All origins as regular expressions, exact ones too, for the recipes that have nothing else. Empty for any origin.
    regexes: list[str] = field(default_factory=list)
    methods: str = "GET, HEAD, POST"
    headers: str | None = None
    expose: str | None = None
    credentials: bool = False
    max_age: int | None = None
    preflight_status: int = 204

    @property
    def any(self):
        return ("any", "*") in self.origins


def cors_of(policy):
    """Translates a policy. Raises `Cannot` for what no recipe of a web server says."""
    for name, empty in (("diagnostics", False), ("rules", []), ("guard", None)):
        if policy[name] != empty:
            raise Cannot(name, "the recipe has nothing like it")
    credentials = policy["allow_credentials"]

    def names(name):
        # A recipe sends fixed texts, and browsers take `*` for the name of a header or method if credentials are sent.
        if "*" in policy[name] and credentials:
            raise Cannot(name, "the recipe sends fixed values, and `*` is no wildcard with credentials")
        return policy[name]

    methods = names("allow_methods")
    methods = ["*"] if "*" in methods else SIMPLE_METHODS + [m for m in methods if m not in SIMPLE_METHODS]
    return Cors(
        origins=[_origin(entry) for entry in policy["allow_origins"]],
        regexes=[entry["regex"] for entry in policy["allow_origins"] if entry["kind"] != "any"],
        methods=", ".join(methods),
        headers=", ".join(names("allow_headers")) or None,
        expose=", ".join(names("expose_headers")) or None,
        credentials=credentials,
        max_age=policy["max_age"],
        preflight_status=policy["preflight_status"],
    )


def _origin(entry):
    if entry["kind"] == "any":
        return ("any", "*")
    if entry["kind"] == "exact":
        return ("exact", entry["origin"])
    return ("regex", entry["regex"])


UNSAFE = {
    "any-origin-with-credentials": ("any", "*"),
    "reflected-origin": ("reflect", "^.*$"),
    "null-origin": ("exact", "null"),
    "prefix": ("prefix", "https://app.example"),
    "unescaped-dot": ("regex", "^https://.*.example.org$"),
}


def unsafe(name):
    """One of the configurations that a policy never has."""
    kind, text = UNSAFE[name]
    regexes = {"exact": f"^{text}$", "prefix": "^https://app\\.example.*", "any": None}.get(kind, text)
    return Cors(origins=[(kind, text)], regexes=[regexes] if regexes else [], credentials=True)
