"""What an intruder in the daemon could do. Run in its unit in place of sendmail; prints one line of JSON: what was tried, and what came of it.

Where the sandbox had a hole, nothing would come of it all the same: the calls have arguments with which the kernel does nothing.
Nothing but the standard library: it is run by whatever Python the host has, with the daemon's user, capabilities, mounts and system calls.
"""

import ctypes
import errno
import json
import mmap
import os
import platform
import resource
import socket
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
# Numbers of system calls that the library has no function for, or none that passes the error on.
NUMBERS = {"x86_64": {"init_module": 175, "finit_module": 313, "bpf": 321, "perf_event_open": 298, "keyctl": 250, "kexec_load": 246, "userfaultfd": 323,
                      "clock_settime": 227, "open_by_handle_at": 304, "pivot_root": 155, "io_uring_setup": 425, "personality": 135, "reboot": 169},
           "aarch64": {"init_module": 105, "finit_module": 273, "bpf": 280, "perf_event_open": 241, "keyctl": 219, "kexec_load": 104, "userfaultfd": 282,
                       "clock_settime": 112, "open_by_handle_at": 265, "pivot_root": 41, "io_uring_setup": 425, "personality": 92, "reboot": 142}}


def said(code):
    return errno.errorcode.get(code, str(code))


def call(name, *words):
    """A function of the C library, or the system call of that number."""
    ctypes.set_errno(0)
    number = NUMBERS.get(platform.machine(), {}).get(name)
    done = LIBC.syscall(number, *words) if number else getattr(LIBC, name)(*words)
    return "done" if done != -1 else said(ctypes.get_errno())


def attempt(function, *words):
    """The outcome of a function of Python's."""
    try:
        function(*words)
    except OSError as exc:
        return said(exc.errno)
    except (AttributeError, ValueError) as exc:
        return "no way: %s" % exc
    return "done"


def write(directory):
    path = os.path.join(directory, "mailjail-tried")
    with open(path, "w") as target:
        target.write("x")
    os.unlink(path)


def read(path):
    with open(path, "rb") as source:
        if not source.read(1):
            raise OSError(errno.EACCES, "empty")


def set_id(directory):
    path = os.path.join(directory, "mailjail-tried")
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o700))
    try:
        os.chmod(path, 0o4755)
    finally:
        os.unlink(path)


def device(directory):
    path = os.path.join(directory, "mailjail-tried")
    os.mknod(path, 0o20600, os.makedev(1, 1))
    os.unlink(path)


def execute(path):
    """Run a program in a child that does nothing else."""
    child = os.fork()
    if not child:
        try:
            os.execv(path, [path])
        except OSError as exc:
            os._exit(exc.errno)
    code = os.WEXITSTATUS(os.waitpid(child, 0)[1])
    if code in (errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOEXEC):
        raise OSError(code, "not run")


def execute_own(directory):
    """Run a program that this very process wrote."""
    path = os.path.join(directory, "mailjail-tried")
    handle = os.open(path, os.O_CREAT | os.O_WRONLY, 0o700)
    os.write(handle, open(sys.executable, "rb").read(1 << 24))
    os.close(handle)
    try:
        execute(path)
    finally:
        os.unlink(path)


def in_child(function, *words):
    """What changes the process itself is tried in a child."""
    child = os.fork()
    if not child:
        try:
            function(*words)
        except OSError as exc:
            os._exit(exc.errno or 255)
        os._exit(0)
    code = os.WEXITSTATUS(os.waitpid(child, 0)[1])
    if code:
        raise OSError(code, "failed in the child")


def bind(port):
    link = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    link.bind(("127.0.0.1", port))
    link.close()


def opened(*words):
    socket.socket(*words).close()


def processes():
    """Process numbers that can be seen, and those among them that are not of this very user."""
    seen = [name for name in os.listdir("/proc") if name.isdigit()]
    return {"first": "1" in seen, "others": sorted(int(name) for name in seen if os.stat("/proc/" + name).st_uid != os.getuid())}


def main():
    queue = sys.argv[1]
    page = ctypes.c_char_p(b"probe")
    report = {"write " + place: attempt(write, place) for place in (
        "/", "/usr", "/usr/lib", "/etc", "/etc/mail", "/etc/systemd/system", "/home", "/root", "/var/lib", "/var/log", "/var/mail", "/run", "/run/systemd",
        "/boot", "/opt", "/srv", "/sys/fs/cgroup", "/dev/shm", "/tmp", queue)}
    report.update({"read " + path: attempt(read, path) for path in (
        "/etc/shadow", "/etc/ssh/ssh_host_ed25519_key", "/etc/sudoers", "/dev/kmsg", "/dev/mem", "/proc/kallsyms", "/proc/1/environ",
        "/proc/sys/kernel/osrelease")})
    report["homes"] = sum((os.listdir(place) for place in ("/home", "/root") if os.access(place, os.R_OK | os.X_OK)), [])
    report.update({
        "set-user-ID file": attempt(set_id, queue), "device file": attempt(device, queue), "run own program, queue": attempt(execute_own, queue),
        "run own program, /tmp": attempt(execute_own, "/tmp"), "run itself": attempt(execute, sys.executable), "run /bin/true": attempt(execute, "/bin/true"),
        "load a module": call("init_module", page, 5, page), "load a module from a file": call("finit_module", 0, page, 0),
        "kexec": call("kexec_load", 0, 0, 0, 0),
        "raw socket": attempt(opened, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP), "packet socket": attempt(opened, 17, socket.SOCK_RAW, 0x300),
        "netlink socket": attempt(opened, 16, socket.SOCK_RAW, 0), "vsock": attempt(opened, 40, socket.SOCK_STREAM, 0),
        "tcp socket": attempt(opened, socket.AF_INET, socket.SOCK_STREAM), "unix socket": attempt(opened, socket.AF_UNIX, socket.SOCK_STREAM),
        "port below 1024": attempt(bind, 26), "trace a process": call("ptrace", 0x4206, os.getppid(), 0, 0), "trace itself": call("ptrace", 0, 0, 0, 0),
        "signal process 1": attempt(os.kill, 1, 0), "mount": call("mount", b"none", b"/tmp", b"tmpfs", 0, None), "pivot root": call("pivot_root", b"/", b"/"),
        "new namespace": call("unshare", 0x10000000), "new mount namespace": call("unshare", 0x00020000),
        "clock": call("clock_settime", 0, None), "host name": call("sethostname", b"probe", -1),
        "reboot": call("reboot", 0, 0, 0, 0), "bpf": call("bpf", 0, None, 0), "perf": call("perf_event_open", None, 0, -1, -1, 0),
        "keyring": call("keyctl", 0, -3, 0, 0, 0), "userfault": call("userfaultfd", 0), "io_uring": call("io_uring_setup", 1, None),
        "file by handle": call("open_by_handle_at", -1, None, 0), "personality": call("personality", 0x0040000),
        "real time": attempt(os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1)), "swap off": call("swapoff", b"/none"),
        "lock memory": call("mlock", page, 1), "raise a limit": attempt(resource.setrlimit, resource.RLIMIT_NPROC, (1 << 20, 1 << 20)),
        "writable and executable memory": attempt(mmap.mmap, -1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS,
                                                  mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC),
        "chroot": attempt(in_child, os.chroot, "/tmp"), "become another user": attempt(in_child, os.setresuid, 4242, 4242, 4242),
        "become root": attempt(in_child, os.setresuid, 0, 0, 0),
    })
    report["processes"] = processes()
    report["status"] = dict(line.rstrip("\n").split(":\t", 1) for line in open("/proc/self/status") if ":\t" in line)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
