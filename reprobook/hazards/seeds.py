"""Where a seed comes from: a constant, a parameter, or something that differs in every run."""

from __future__ import annotations

import ast

from reprobook.hazards.book import Book
from reprobook.hazards.spread import origins

CLOCKS = frozenset(
    """time.time time.time_ns time.monotonic time.monotonic_ns time.perf_counter time.perf_counter_ns
    time.process_time time.process_time_ns time.thread_time time.ctime time.localtime time.gmtime time.asctime
    timeit.default_timer datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today datetime.date.today
    pandas.Timestamp.now pandas.Timestamp.today pandas.Timestamp.utcnow pandas.to_datetime.now
    time.clock_gettime time.strftime os.times""".split()  # noqa: SIM905 - so many words read best as a text
)
_SOURCES = {
    "os_entropy": """os.urandom os.getrandom secrets.token_bytes secrets.token_hex secrets.token_urlsafe
        secrets.randbelow secrets.randbits secrets.choice random.SystemRandom secrets.SystemRandom ssl.RAND_bytes""",
    "os_entropy.uuid": "uuid.uuid1 uuid.uuid4 uuid.uuid6 uuid.uuid7",
    "process_identity.pid": """os.getpid os.getppid threading.get_ident threading.get_native_id
        threading.current_thread multiprocessing.current_process""",
    "machine_identity": """socket.gethostname platform.node os.uname platform.uname socket.getfqdn uuid.getnode
        socket.gethostbyname getpass.getuser os.getlogin socket.socket.getsockname""",
    "tempfile_names": """tempfile.mkdtemp tempfile.mkstemp tempfile.mktemp tempfile.NamedTemporaryFile
        tempfile.TemporaryDirectory tempfile.TemporaryFile tempfile.gettempdir tempfile._get_candidate_names""",
    "machine_state": """psutil.virtual_memory psutil.swap_memory psutil.disk_usage shutil.disk_usage
        torch.cuda.mem_get_info torch.cuda.memory_allocated torch.cuda.max_memory_allocated os.getloadavg
        psutil.cpu_percent psutil.getloadavg resource.getrusage os.sysconf psutil.Process""",
    "machine_shape.cpu_count": """os.cpu_count multiprocessing.cpu_count os.process_cpu_count os.sched_getaffinity
        psutil.cpu_count joblib.cpu_count torch.get_num_threads torch.cuda.device_count psutil.Process.cpu_affinity""",
}
_CAUSES = {path: cause for cause, paths in _SOURCES.items() for path in paths.split()}


def kind_of_source(dotted: str) -> str:
    """Return the cause that a call or attribute brings in; empty for all that is no such source."""
    plain = dotted.replace("()", "")
    if plain in CLOCKS:
        return "wall_clock.time_seed"
    if plain.startswith(("random.SystemRandom.", "secrets.SystemRandom.")):
        return "os_entropy"
    return _CAUSES.get(plain, "")


def varying_source(book: Book, seed: ast.expr) -> tuple[str, ast.AST] | None:
    """Return the cause and the place for which a seed differs from run to run; None for one that does not."""
    for dotted, node in origins(book, seed):
        if found := kind_of_source(dotted):
            return found, node
        if dotted == "id":
            return "object_identity", node
        if dotted == "hash" and isinstance(node, ast.Call):
            return "hash_randomization.hash_split", node
    return None
