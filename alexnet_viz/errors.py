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
