# SPDX-License-Identifier: Apache-2.0
"""Tries, from inside a container, what a profile denies. One line each: the name, then "allowed" or the errno's name."""
import ctypes
import errno
import fcntl
import mmap
import os
import platform
import shutil
import socket
import subprocess
import termios

libc = ctypes.CDLL(None, use_errno=True)
numbers = {
    "x86_64": {"keyctl": 250, "bpf": 321, "perf_event_open": 298, "userfaultfd": 323},
    "aarch64": {"keyctl": 219, "bpf": 280, "perf_event_open": 241, "userfaultfd": 282},
}.get(platform.machine(), {})
numbers |= {"io_uring_setup": 425, "open_tree": 428, "clone3": 435, "memfd_secret": 447, "number 600": 600}
NEWUSER = 0x10000000


def call(function, *args):
    if function(*args) < 0:
        raise OSError(ctypes.get_errno(), "")


def system_call(number):
    call(libc.syscall, ctypes.c_long(number), 0, 0, 0, 0, 0)


def write(path):
    with open(path, "w") as f:
        f.write("x")


def run_from(directory):
    program = os.path.join(directory, "probe-program")
    shutil.copy("/bin/busybox", program)
    os.chmod(program, 0o755)
    subprocess.run(["busybox", "true"], executable=program, check=True)


def write_and_run_memory():
    """Memory that is written first and run later, as a compiler at run time has it."""
    memory = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    call(libc.mprotect, ctypes.c_void_p(address), ctypes.c_size_t(mmap.PAGESIZE), mmap.PROT_READ | mmap.PROT_EXEC)


def type_into_terminal():
    master, slave = os.openpty()
    try:
        fcntl.ioctl(slave, termios.TIOCSTI, b"x")
    finally:
        os.close(master)
        os.close(slave)


def become_root_by_file():
    """A set-uid program of root's: EPERM when it is still whoever we are."""
    if os.geteuid() == 0 or subprocess.run(["/srv/set-uid", "id", "-u"], capture_output=True, text=True).stdout.strip() != "0":
        raise OSError(errno.EPERM, "")


attempts = {
    "raw socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
    "packet socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0),
    "AF_ALG": lambda: socket.socket(38, socket.SOCK_SEQPACKET, 0),
    "AF_VSOCK": lambda: socket.socket(40, socket.SOCK_STREAM, 0),
    "netlink audit": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9),
    "TIOCSTI": type_into_terminal,
    "remount": lambda: call(libc.mount, None, b"/", None, 32 | 4096, None),
    "block device": lambda: os.mknod("/tmp/probe-device", 0o60600, os.makedev(8, 0)),
    "user namespace": lambda: call(libc.unshare, NEWUSER),
    "namespace of another": lambda: call(libc.setns, os.open("/proc/self/ns/uts", os.O_RDONLY), 0),
    "ptrace": lambda: call(libc.ptrace, 0, 0, 0, 0),
    "host name": lambda: call(libc.sethostname, b"x", 1),
    "set-uid file": become_root_by_file,
    "write to /": lambda: write("/probe-file"),
    "write to /usr/bin": lambda: write("/usr/bin/probe-file"),
    "write to /proc/sys": lambda: write("/proc/sys/kernel/core_pattern"),
    "exec from /tmp": lambda: run_from("/tmp"),
    "write and run memory": write_and_run_memory,
    "exec from /dev/shm": lambda: run_from("/dev/shm"),
    "become another": lambda: os.setresuid(4242, 4242, 4242),
} | {name: lambda n=number: system_call(n) for name, number in numbers.items()}

for name, attempt in attempts.items():
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        continue
    try:
        attempt()
        print(f"{name}: allowed", flush=True)
    except OSError as e:
        print(f"{name}: {errno.errorcode.get(e.errno, e.errno)}", flush=True)
    os._exit(0)
