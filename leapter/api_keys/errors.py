"""What can go wrong with API keys besides what can go wrong with everything."""

from leapter.api_keys.records import KeyRecord
from leapter.errors import ChangedMeanwhileError, LeapterError


class AlreadyCreatedError(LeapterError):
    """The form that asks for a key was sent before, and made one then.

    Args:
        key: the key it made. Its secret went out in the answer to the first request and is gone.
    """

    def __init__(self, key: KeyRecord) -> None:
        super().__init__(f"The key {key.prefix} was already created.")
        self.key = key


class KeyChangedError(ChangedMeanwhileError):
    """The key was revoked, or its projects changed, after this person had looked at it.

    Args:
        key: its present state.
    """

    def __init__(self, key: KeyRecord) -> None:
        super().__init__("API key")
        self.key = key

    def __str__(self) -> str:
        if self.key.revoked_at is not None:
            return f"The key {self.key.prefix} was revoked; a revoked key cannot be changed."
        return f"The projects of the key {self.key.prefix} were changed meanwhile."
