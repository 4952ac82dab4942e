"""A filter of system calls that asks another process before each of a few: seccomp's user notification.

    python -m faults.filter DESCRIPTOR COMMAND…

installs it, sends the listener over the socket DESCRIPTOR, and becomes COMMAND, whose children inherit the filter. It
needs no root. Constants are those of linux/seccomp.h, linux/audit.h and asm/unistd.h; see seccomp_unotify(2).
"""

import ctypes
import os
import platform
import socket
import struct
import sys

_ARCHITECTURES = {
    "x86_64": (
        0xC000003E,
        317,
        {"write": 1, "pwrite64": 18, "fsync": 74, "fdatasync": 75, "mkdir": 83, "openat": 257},
    ),
    "aarch64": (
        0xC00000B7,
        277,
        {"write": 64, "pwrite64": 68, "fsync": 82, "fdatasync": 83, "mkdirat": 34, "openat": 56},
    ),
}
_SET_NO_NEW_PRIVS = 38
_SET_MODE_FILTER = 1
_NEW_LISTENER = 8
_ALLOW = 0x7FFF_0000
_ASK = 0x7FC0_0000
_LOAD, _IF_EQUAL, _ANSWER = 0x20, 0x15, 0x06
_OFFSET_OF_ARCHITECTURE = 4


def calls_by_number() -> dict[int, str]:
    """What is asked about; empty where this machine is not known here."""
    _, _, calls = _ARCHITECTURES.get(platform.machine(), (0, 0, {}))
    return {number: name for name, number in calls.items()} if sys.platform == "linux" else {}


def install() -> int:
    """Filter this process from now on; return the listener. Raises OSError where the kernel refuses."""
    architecture, seccomp, calls = _ARCHITECTURES[platform.machine()]
    program = [
        (_LOAD, 0, 0, _OFFSET_OF_ARCHITECTURE),
        (_IF_EQUAL, 1, 0, architecture),
        (_ANSWER, 0, 0, _ALLOW),
        (_LOAD, 0, 0, 0),
    ]
    for number in calls.values():
        program += [(_IF_EQUAL, 0, 1, number), (_ANSWER, 0, 0, _ASK)]
    program.append((_ANSWER, 0, 0, _ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    description = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    listener = libc.syscall(
        seccomp, _SET_MODE_FILTER, _NEW_LISTENER, ctypes.c_void_p(ctypes.addressof(description))
    )
    if listener < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(listener)


def main(descriptor: int, command: list[str]) -> None:
    with socket.socket(fileno=descriptor) as parent:
        try:
            listener = install()
        except OSError as error:
            parent.sendall(f"this kernel refuses a listener: {error.strerror}".encode())
            raise SystemExit(1) from error
        socket.send_fds(parent, [b"+"], [listener])
    os.close(listener)
    os.execv(command[0], command)  # noqa: S606  # it is to be this process


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
