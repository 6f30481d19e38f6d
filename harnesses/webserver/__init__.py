"""What the harnesses of nginx, Apache, Caddy and HAProxy share.

Each web server is a proxy with a CORS recipe in its configuration, in front of a specimen application in this process.
"""

from .harness import Recipe, run
from .policy import Cannot, Cors, cors_of, unsafe

__all__ = ["Cannot", "Cors", "Recipe", "cors_of", "run", "unsafe"]
