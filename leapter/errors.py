"""The errors that services raise: data for the layers above, which know how to say it."""


class LeapterError(Exception):
    """The root of every error the product raises on purpose."""


class SettingsError(LeapterError):
    """The configuration cannot be used; the text is one sentence for the operator."""


class NotFoundError(LeapterError):
    """What was asked for does not exist, or not for this person: the two are never told apart.

    Args:
        kind: the noun, as the page says it ("project", "API key").
    """

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class InvalidInputError(LeapterError):
    """Input that a person can mend.

    Args:
        errors: field name to the sentences that stand beside it; "" is the form as a whole.
    """

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("; ".join(sentence for sentences in errors.values() for sentence in sentences))
        self.errors = errors


class ChangedMeanwhileError(LeapterError):
    """Somebody else changed the thing after this person had looked at it.

    Args:
        kind: the noun, as the page says it.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind
