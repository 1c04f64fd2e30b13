"""The top of a device's error tree; an area adds its own below where a caller can use them."""


class DeviceError(Exception):
    """Something on this device went wrong and the caller may handle it."""


class LinkLost(DeviceError):
    """The cable or radio went away; open it again."""


class LinkBusy(DeviceError):
    """Another program holds this port; ask a technician, or wait."""
