"""
Delays and fails the file operations of processes that run already, by ptrace(2). Started by io-plane.ts, one for each
container with a disk fault. Reads a JSON object a line and answers each with a line:

  {"root": "/…", "volume": "/…"}  once: where the container's root is on this machine, where its volume is in the container
  {"faults": [{"pattern": regex or null, "calls": [names], "percent": 0..100, "errno": n or null, "delayMs": n}]}
  {"attach": [pid, …]}            these processes, their threads, and all that they start from now on

Ends, having let go of everything, when its input ends. When it is killed the kernel lets go. x86-64 only.
"""
import ctypes, heapq, json, os, random, re, select, signal, sys, time

SEIZE, INTERRUPT, LISTEN, SYSCALL, DETACH, POKEUSER, GETEVENTMSG, SYSCALL_INFO = (
    0x4206, 0x4207, 0x4208, 24, 17, 6, 0x4201, 0x420E)
# Marks system call stops with 0x80; follows fork, vfork, clone and exec.
OPTIONS = 0x01 | 0x02 | 0x04 | 0x08 | 0x10
EVENT_FORK, EVENT_VFORK, EVENT_CLONE, EVENT_STOP = 1, 2, 3, 128
WALL = 0x40000000
RAX, ORIG_RAX = 10 * 8, 15 * 8  # offsets in struct user_regs_struct
AT_FDCWD = -100

# Numbers of x86-64 (asm/unistd_64.h), and where the file is: a descriptor, a path, or a path below a descriptor.
FD, PATH, AT = "fd", "path", "at"
CALLS = {
    "read": (0, FD), "write": (1, FD), "open": (2, PATH), "stat": (4, PATH), "fstat": (5, FD), "lstat": (6, PATH),
    "pread64": (17, FD), "pwrite64": (18, FD), "readv": (19, FD), "writev": (20, FD), "access": (21, PATH),
    "fsync": (74, FD), "fdatasync": (75, FD), "truncate": (76, PATH), "ftruncate": (77, FD), "rename": (82, PATH),
    "mkdir": (83, PATH), "rmdir": (84, PATH), "creat": (85, PATH), "link": (86, PATH), "unlink": (87, PATH),
    "readlink": (89, PATH), "fchmod": (91, FD), "fchown": (93, FD), "statfs": (137, PATH), "fstatfs": (138, FD),
    "getdents64": (217, FD), "openat": (257, AT), "mkdirat": (258, AT), "fchownat": (260, AT),
    "newfstatat": (262, AT), "unlinkat": (263, AT), "renameat": (264, AT), "linkat": (265, AT),
    "readlinkat": (267, AT), "fchmodat": (268, AT), "faccessat": (269, AT), "utimensat": (280, AT),
    "fallocate": (285, FD), "preadv": (295, FD), "pwritev": (296, FD), "renameat2": (316, AT), "preadv2": (327, FD),
    "pwritev2": (328, FD), "statx": (332, AT), "faccessat2": (439, AT),
}

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


class SyscallInfo(ctypes.Structure):
    """struct ptrace_syscall_info, as it is at the entry of a call (op 1); at its exit op is 2."""
    _fields_ = [("op", ctypes.c_uint8), ("pad", ctypes.c_uint8 * 3), ("arch", ctypes.c_uint32),
                ("ip", ctypes.c_uint64), ("sp", ctypes.c_uint64), ("nr", ctypes.c_uint64),
                ("args", ctypes.c_uint64 * 6), ("more", ctypes.c_uint64)]


info = SyscallInfo()
INFO_SIZE, INFO = ctypes.sizeof(info), ctypes.addressof(info)
root, volume = "", ""
faults = {}  # call number -> (where the file is, [(pattern, percent, errno, delay in seconds)])
known = set()  # every thread that is traced
failing = {}  # thread -> errno that the call it is in shall return
delayed, due = set(), []
leaving = False


def ptrace(request, tid, address=0, data=0):
    """True when it was done; a thread that is gone is no error, its end is told by waitpid."""
    return libc.ptrace(request, tid, address, data) != -1


def go_on(tid, number=0):
    # Inside a call that shall fail: it must be seen at its end before it is let go.
    letting_go = leaving and tid not in failing
    ptrace(DETACH if letting_go else SYSCALL, tid, 0, number)
    if letting_go:
        known.discard(tid)


def inside(path):
    return path[len(root):] or "/" if path.startswith(root) else path


def link(path):
    try:
        return inside(os.readlink(path))
    except OSError:
        return ""


def text_at(tid, address):
    try:
        with open(f"/proc/{tid}/mem", "rb", 0) as memory:
            memory.seek(address)
            # Not across the end of a page, beyond which there may be nothing.
            text = memory.read(4096 - address % 4096)
            if b"\0" not in text:
                text += memory.read(4096)
        return os.fsdecode(text.split(b"\0")[0])
    except (OSError, ValueError, OverflowError):
        return ""


def file_of(tid, where):
    """Absolute path, as the container sees it, of the file that a call is about."""
    args = info.args
    if where == FD:
        return link(f"/proc/{tid}/fd/{ctypes.c_int(args[0]).value}")
    folder = ctypes.c_int(args[0]).value if where == AT else AT_FDCWD
    at = f"/proc/{tid}/cwd" if folder == AT_FDCWD else f"/proc/{tid}/fd/{folder}"
    name = text_at(tid, args[1 if where == AT else 0])
    if name == "":  # the descriptor itself (AT_EMPTY_PATH)
        return link(at) if where == AT else ""
    return os.path.normpath(name if name.startswith("/") else os.path.join(link(at), name))


def enter(tid):
    """At the entry of a call: says how long it waits, and marks it if it shall fail."""
    found = faults.get(info.nr)
    if found is None:
        return 0
    where, tampering = found
    path = file_of(tid, where)
    if path != volume and not path.startswith(volume + "/"):
        return 0
    wait = 0
    for pattern, percent, error, delay in tampering:
        if pattern is not None and pattern.match(path) is None:
            continue
        if random.random() * 100 >= percent:
            continue
        wait += delay
        if error is not None and ptrace(POKEUSER, tid, ORIG_RAX, ctypes.c_ulong(-1).value):
            failing[tid] = error
    return wait


def stopped(tid, status):
    number, event = os.WSTOPSIG(status), status >> 16
    known.add(tid)
    if number == signal.SIGTRAP | 0x80:
        libc.ptrace(SYSCALL_INFO, tid, INFO_SIZE, INFO)
        if info.op == 1 and not leaving:
            wait = enter(tid)
            if wait > 0:
                delayed.add(tid)
                heapq.heappush(due, (time.monotonic() + wait, tid))
                return
        elif tid in failing:
            ptrace(POKEUSER, tid, RAX, ctypes.c_ulong(-failing.pop(tid)).value)
        go_on(tid)
    elif event in (EVENT_FORK, EVENT_VFORK, EVENT_CLONE):
        child = ctypes.c_ulong(0)
        if ptrace(GETEVENTMSG, tid, 0, ctypes.addressof(child)):
            known.add(child.value)
        go_on(tid)
    elif event == EVENT_STOP and number != signal.SIGTRAP and not leaving:
        ptrace(LISTEN, tid)  # stopped by a signal: it stays so until it is continued
    elif event != 0:
        go_on(tid)
    else:
        go_on(tid, number)


def gone(tid):
    known.discard(tid)
    failing.pop(tid, None)
    delayed.discard(tid)


def reap():
    while True:
        try:
            tid, status = os.waitpid(-1, os.WNOHANG | WALL)
        except ChildProcessError:
            return
        if tid == 0:
            return
        if os.WIFSTOPPED(status):
            stopped(tid, status)
        else:
            gone(tid)


def numbers(path):
    try:
        with open(path) as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def tree(pid):
    """Threads of a process and of all below it."""
    try:
        threads = [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []
    below = [child for tid in threads for child in numbers(f"/proc/{pid}/task/{tid}/children")]
    return threads + [tid for child in below for tid in tree(child)]


def attach(pids):
    """Until nothing new is found: one that is being attached to may start others meanwhile."""
    fresh = True
    tried = set()
    while fresh:
        fresh = [tid for pid in pids for tid in tree(pid) if tid not in known and tid not in tried]
        for tid in fresh:
            tried.add(tid)
            if ptrace(SEIZE, tid, 0, OPTIONS):
                known.add(tid)
                ptrace(INTERRUPT, tid)


def is_dead(tid):
    try:
        with open(f"/proc/{tid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def missed(pids):
    """Threads that run and are not traced: somebody else traces them, or it is not allowed."""
    return [tid for pid in pids for tid in tree(pid) if tid not in known and not is_dead(tid)]


def set_faults(wanted):
    faults.clear()
    for fault in wanted:
        pattern = None if fault["pattern"] is None else re.compile(fault["pattern"], re.S)
        tampering = (pattern, fault["percent"], fault["errno"], fault["delayMs"] / 1000)
        for name in fault["calls"]:
            number, where = CALLS[name]
            faults.setdefault(number, (where, []))[1].append(tampering)


def leave():
    """Lets go of those that wait, at once, and of the others as they stop."""
    global leaving
    if leaving:
        return
    leaving = True
    for tid in delayed:
        go_on(tid)
    delayed.clear()
    for tid in list(known):
        if not ptrace(INTERRUPT, tid):
            gone(tid)


def obey(command):
    global root, volume
    if "root" in command:
        root, volume = command["root"], command["volume"]
    if "faults" in command:
        set_faults(command["faults"])
    if "attach" in command:
        attach(command["attach"])
    print(json.dumps({"missed": len(missed(command.get("attach", [])))}), flush=True)


def main():
    awake, waker = os.pipe()
    for end in (awake, waker):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    os.set_blocking(0, False)
    pending = b""
    listening = True
    while not (leaving and not known):
        reap()
        if ended:
            leave()
        now = time.monotonic()
        while due and due[0][0] <= now:
            tid = heapq.heappop(due)[1]
            if tid in delayed:
                delayed.discard(tid)
                ptrace(SYSCALL, tid)
        if leaving and not known:
            break
        timeout = max(0, due[0][0] - time.monotonic()) if due else 1
        ready, _, _ = select.select([awake] + ([0] if listening else []), [], [], timeout)
        if awake in ready:
            os.read(awake, 4096)
        if 0 in ready:
            data = os.read(0, 1 << 20)
            if data == b"":
                listening = False
                leave()
            pending += data
            *lines, pending = pending.split(b"\n")
            for line in lines:
                obey(json.loads(line))


main()
sys.exit(0)
