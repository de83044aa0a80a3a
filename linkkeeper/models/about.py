"""What we call ourselves."""

VERSION = "0.1.0"
PROJECT_URL = "https://github.com/linkkeeper/linkkeeper"
USER_AGENT = f"linkkeeper/{VERSION} (+{PROJECT_URL})"
