"""exhaust.py memory|file|open NUMBER: takes as much as it gets, and gives it back."""
import os
import resource
import signal
import sys

what, number = sys.argv[1], int(sys.argv[2])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def memory():
    data = [bytearray(b"x" * (1 << 20)) for _ in range(number)]
    return len(data), len(data) == number


def file():
    size = 0
    with open("exhaust-file", "wb", buffering=0) as out:
        for _ in range(number):
            size += out.write(b"x" * (1 << 20))
    os.unlink("exhaust-file")
    return size, size == number << 20


def open_files():
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    got = []
    try:
        while len(got) < number:
            got.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    return len(got), len(got) == number


got, enough = {"memory": memory, "file": file, "open": open_files}[what]()
print("reached:" if enough else "held:", got)
