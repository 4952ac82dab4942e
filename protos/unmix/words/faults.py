"""What is wrong with a task or its options."""


class FieldError(ValueError):
    """One field has a value that it cannot have; `str()` is one sentence that says what it may be."""

    def __init__(self, field: str, sentence: str) -> None:
        """`field` is the path in the contract's specs, such as `task.overlap`."""
        super().__init__(sentence)
        self.field = field
