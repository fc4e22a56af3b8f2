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
ENTROPY = frozenset(
    """os.urandom os.getrandom secrets.token_bytes secrets.token_hex secrets.token_urlsafe secrets.randbelow
    secrets.randbits secrets.choice random.SystemRandom secrets.SystemRandom ssl.RAND_bytes""".split()  # noqa: SIM905
)
UUIDS = frozenset({"uuid.uuid1", "uuid.uuid4", "uuid.uuid6", "uuid.uuid7"})
PIDS = frozenset({"os.getpid", "os.getppid", "threading.get_ident", "threading.get_native_id", "threading.current_thread"})
PIDS |= {"multiprocessing.current_process"}
HOSTS = frozenset({"socket.gethostname", "platform.node", "os.uname", "platform.uname", "socket.getfqdn", "uuid.getnode"})
HOSTS |= {"socket.gethostbyname", "getpass.getuser", "os.getlogin"}


def kind_of_source(dotted: str) -> str:
    """Return the cause that a call or attribute brings in; empty for all that is no such source."""
    plain = dotted.replace("()", "")
    if plain in CLOCKS:
        return "wall_clock.time_seed"
    if plain in ENTROPY or plain.startswith(("random.SystemRandom.", "secrets.SystemRandom.")):
        return "os_entropy"
    if plain in UUIDS:
        return "os_entropy.uuid"
    if plain in PIDS:
        return "process_identity.pid"
    return "machine_identity" if plain in HOSTS else ""


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
