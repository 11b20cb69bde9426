"""What a user can cause and can mend. The text of each error is what the page and the shell show."""


class UserError(Exception):
    """One clear sentence that says what went wrong and what to do."""


class ImageError(UserError):
    """A photo that cannot be used."""


class DecoderBusy(ImageError):
    """A photo that could not be decoded now, because of too many others; later it can."""


class StoreError(ImageError):
    """A store of photos, shared by several servers, that cannot be used: says which, why and what to do."""


class ShapeError(UserError):
    """Sizes that do not fit together; names the layer at which they stop fitting."""


class WeightsError(UserError):
    """Weights that cannot be found, read or fitted into a network."""


class DeviceError(UserError):
    """A device that this machine does not have."""


class SettingError(UserError):
    """A value that a setting does not take, or a setting that does not exist."""


class RecipeError(UserError):
    """A training recipe that cannot work."""


class DataError(UserError):
    """A data set that cannot be found or used."""


class RunError(UserError):
    """A training run that cannot be found, started or resumed."""


class DamagedFile(RunError):
    """A file of a run that cannot be read: says which, what is wrong with it and what to do."""


class Busy(UserError):
    """Something that cannot be done now, because of too many others; later it can."""


class NotPermitted(UserError):
    """Something that the presenter alone can do."""


class AttributionError(UserError):
    """A question to an attribution method that has no answer."""


class UnitError(UserError):
    """A unit that a network does not have, or one about which nothing can be shown."""


class Stopped(Exception):
    """Raised in a progress callback by who no longer wants the answer; it comes out of the call that was stopped."""


# How PyTorch, CUDA's libraries and oneDNN say that memory ran out, where it is no class of its own.
_MEMORY = ("DefaultCPUAllocator", "out of memory", "ALLOC_FAILED", "bad_alloc", "Cannot allocate memory")


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether the machine's memory, or a GPU's, did not suffice; told without importing torch."""
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, (RuntimeError, OSError)) and any(words in str(error) for words in _MEMORY)


def as_user_error(error: BaseException) -> UserError | None:
    """An error as its user can mend it: itself, or a sentence where memory ran out. None for a bug."""
    if isinstance(error, UserError):
        return error
    if not ran_out_of_memory(error):
        return None
    where = "GPU" if any(name in str(error) for name in ("CUDA", "CUBLAS", "CUDNN", "MPS", "HIP")) else "machine"
    return UserError(
        f"The memory of this {where} is used up: ask for less at once, or try again when others have finished."
    )
