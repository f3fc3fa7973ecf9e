"""Turns into a Milvus server, or waits until one answers.

    milvus_server.py run standalone|lite FOLDER FIRST PORT
    milvus_server.py wait standalone|lite FOLDER PID

run becomes the server, on PORT or, if that is empty, on the first free one from FIRST on,
and writes it to FOLDER/port. wait returns when the server answers there.

It is called by scripts/milvus, in the virtual environment of
requirements-milvus.txt.
"""

import fcntl
import json
import os
import socket
import sys
import tempfile
import time

# How long a server may take to answer. A small machine that is busy otherwise
# needs most of it for the first start, which unpacks the binaries.
PATIENCE = 180

# How many ports in a row a server listens on, from that of its address on.
PORTS = {"standalone": 16, "lite": 1}

# Settings of the standalone, by the name of the environment variable that Milvus
# takes for each of its settings. With its own defaults a collection takes two seconds
# longer to load, and a read that must see the last write waits 200 ms. Tests do little
# else than to wait for these.
SETTINGS = {
    "LOG_LEVEL": "warn",
    "PROXY_TIMETICKINTERVAL": "20",
    "QUERYCOORD_CHECKINTERVAL": "50",
    "QUERYCOORD_CHECKSEGMENTINTERVAL": "50",
    "QUERYCOORD_CHECKCHANNELINTERVAL": "50",
    "QUERYCOORD_DISTPULLINTERVAL": "50",
}


def take_ports(kind: str, first: int) -> int:
    """Finds as many free ports in a row as the server needs, from first on, and keeps
    them from other calls of this script for as long as the process lives: a server
    listens only seconds after it was started. A byte of the file stands for a port."""
    path = os.path.join(tempfile.gettempdir(), f"sightline-milvus-ports-{os.getuid()}")
    ports = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(ports, True)  # the lock is lost when the file is closed
    port = first
    while port + PORTS[kind] < 65536:
        try:
            fcntl.lockf(ports, fcntl.LOCK_EX | fcntl.LOCK_NB, PORTS[kind], port)
        except OSError:
            port += 1
            continue
        taken = [p for p in range(port, port + PORTS[kind]) if not is_free(p)]
        if not taken:
            return port
        fcntl.lockf(ports, fcntl.LOCK_UN, PORTS[kind], port)
        port = taken[-1] + 1
    sys.exit(f"there are no {PORTS[kind]} free ports in a row from {first} on")


def is_free(port: int) -> bool:
    with socket.socket() as listener:
        # A port whose last connections are only just closed is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("", port))
        except OSError:
            return False
    return True


def run_standalone(folder: str, port: int) -> None:
    """Writes the configuration of the packaged server and becomes it."""
    import milvus

    # The package itself starts the server as a child and polls a port that may be
    # anybody's; all that is wanted of it is the binary and the configuration.
    server = milvus.MilvusServer(milvus.MilvusServerConfig())
    server.set_base_dir(folder)
    # Ports of its own for each part, in a row. The package would choose them by binding
    # each without reuse, and so refuse to start for a minute after a server was killed.
    ports = iter(range(port, port + PORTS["standalone"]))
    server.config.set("proxy_port", next(ports))
    for part in sorted(server.config.configurable_items):
        if part.endswith("_port") and part != "proxy_port":
            server.config.set(part, next(ports))
    server.config.resolve_storage()
    server.config.write_config()
    milvus._initialize_data_files(folder)  # pylint: disable=protected-access
    environment = SETTINGS | {
        "DEPLOY_MODE": "STANDALONE",
        "METRICS_PORT": str(next(ports)),
        "ETCD_CONFIG_PATH": write_etcd_config(folder, next(ports), next(ports)),
        "MILVUS_RUN_DIR": os.path.join(folder, "run"),
        "LD_LIBRARY_PATH": os.path.join(folder, "bin"),
        "DYLD_LIBRARY_PATH": os.path.join(folder, "bin"),
    }
    os.chdir(folder)
    binary = server.get_milvus_executable_path()
    os.execve(binary, [binary, "run", "standalone"], environment | os.environ)


def write_etcd_config(folder: str, client_port: int, peer_port: int) -> str:
    """Moves the etcd inside the server away from its usual ports, so that several
    servers run beside each other. The package has no setting for it."""
    client, peer = f"http://127.0.0.1:{client_port}", f"http://127.0.0.1:{peer_port}"
    path = os.path.join(folder, "configs", "etcd.yaml")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(  # JSON is YAML too
            {
                "name": "default",
                "listen-client-urls": client,
                "advertise-client-urls": client,
                "listen-peer-urls": peer,
                "initial-advertise-peer-urls": peer,
                "initial-cluster": f"default={peer}",
            },
            file,
            indent=2,
        )
    return path


def run_lite(folder: str, port: int) -> None:
    """Becomes Milvus Lite."""
    command = os.path.join(os.path.dirname(sys.executable), "milvus-lite")
    data = os.path.join(folder, "data")
    os.execv(command, [command, "server", "--data-dir", data, "--port", str(port)])


def wait(kind: str, folder: str, pid: int) -> None:
    """Waits until a server can list its collections, or its process is gone."""
    from pymilvus import MilvusClient

    end = time.monotonic() + PATIENCE
    problem = "it took too long"
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            sys.exit(f"{kind} ended by itself")
        try:
            with open(os.path.join(folder, "port"), encoding="utf-8") as file:
                port = int(file.read())
            # Where nobody has to log in, what is given to log in with is ignored.
            MilvusClient(
                uri=f"http://127.0.0.1:{port}", token="root:Milvus", timeout=2
            ).list_collections(timeout=2)
            return
        except Exception as error:  # pylint: disable=broad-except
            problem = str(error)  # whatever it says while it starts
        time.sleep(0.3)
    sys.exit(f"{kind} does not answer: {problem}")


def main() -> None:
    command, kind, folder, *rest = sys.argv[1:]
    if command == "wait":
        wait(kind, folder, int(rest[0]))
        return
    os.setsid()  # so that a Ctrl-C at the terminal does not reach the server
    first, port = rest
    number = int(port) if port else take_ports(kind, int(first))
    with open(os.path.join(folder, "port"), "w", encoding="utf-8") as file:
        file.write(f"{number}\n")
    if kind == "lite":
        run_lite(folder, number)
    else:
        run_standalone(folder, number)


if __name__ == "__main__":
    main()
