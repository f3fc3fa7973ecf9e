"""Turns into a Milvus server, or waits until one answers.

    milvus_server.py run standalone|lite FOLDER PORT    becomes the server
    milvus_server.py wait standalone|lite PORT PID      returns when it answers

It is called by scripts/milvus, in the virtual environment of
requirements-milvus.txt.
"""

import os
import sys
import time

# How long a server may take to answer. A small machine that is busy otherwise
# needs most of it for the first start, which unpacks the binaries.
PATIENCE = 180


def run_standalone(folder: str, port: int) -> None:
    """Writes the configuration of the packaged server and becomes it."""
    import milvus

    # The package itself starts the server as a child and polls a port that may be
    # anybody's; all that is wanted of it is the binary and the configuration.
    server = milvus.MilvusServer(milvus.MilvusServerConfig())
    server.set_base_dir(folder)
    # Ports of its own for each part, in a row: those that the package chooses may
    # belong to another server, since it looks at the loopback address alone.
    parts = sorted(k for k in server.config.configurable_items if k.endswith("_port"))
    parts.remove("proxy_port")
    for number, part in enumerate(["proxy_port", *parts]):
        server.config.configs[part] = port + number
    settings = {
        # How long a read that must see the last write waits. Tests do little else.
        "proxy.timeTickInterval": os.environ.get("SIGHTLINE_MILVUS_TICK_MS", "200"),
        "log.level": "warn",
    }
    for key, value in settings.items():
        server.config.set(key, value)
    server.config.resolve()
    give_etcd_ports(folder, port + len(parts) + 2)
    milvus._initialize_data_files(folder)  # pylint: disable=protected-access
    environment = dict(
        os.environ,
        DEPLOY_MODE="STANDALONE",
        METRICS_PORT=str(port + len(parts) + 1),
        MILVUS_RUN_DIR=os.path.join(folder, "run"),
        LD_LIBRARY_PATH=os.path.join(folder, "bin"),
        DYLD_LIBRARY_PATH=os.path.join(folder, "bin"),
    )
    os.chdir(folder)
    binary = server.get_milvus_executable_path()
    os.execve(binary, [binary, "run", "standalone"], environment)


def give_etcd_ports(folder: str, port: int) -> None:
    """Moves the etcd inside the server away from its usual ports, so that several
    servers run beside each other. The package has no setting for it."""
    etcd = os.path.join(folder, "configs", "etcd.yaml")
    client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"
    with open(etcd, "w", encoding="utf-8") as file:
        file.write(
            f"name: default\nlisten-client-urls: {client}\nadvertise-client-urls: {client}\n"
            f"listen-peer-urls: {peer}\ninitial-advertise-peer-urls: {peer}\n"
            f"initial-cluster: default={peer}\n"
        )
    config = os.path.join(folder, "configs", "milvus.yaml")
    with open(config, encoding="utf-8") as file:
        text = file.read()
    text = text.replace("\netcd:\n", f"\netcd:\n  config:\n    path: {etcd}\n", 1)
    with open(config, "w", encoding="utf-8") as file:
        file.write(text)


def run_lite(folder: str, port: int) -> None:
    """Becomes Milvus Lite."""
    command = os.path.join(os.path.dirname(sys.executable), "milvus-lite")
    data = os.path.join(folder, "data")
    os.execv(command, [command, "server", "--data-dir", data, "--port", str(port)])


def wait(kind: str, port: int, pid: int) -> None:
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
            MilvusClient(uri=f"http://127.0.0.1:{port}", timeout=2).list_collections(timeout=2)
            return
        except Exception as error:  # pylint: disable=broad-except
            problem = str(error)  # whatever it says while it starts
        time.sleep(0.3)
    sys.exit(f"{kind} does not answer: {problem}")


def main() -> None:
    command, kind, *rest = sys.argv[1:]
    if command == "wait":
        wait(kind, int(rest[0]), int(rest[1]))
        return
    os.setsid()  # so that a Ctrl-C at the terminal does not reach the server
    if kind == "lite":
        run_lite(rest[0], int(rest[1]))
    else:
        run_standalone(rest[0], int(rest[1]))


if __name__ == "__main__":
    main()
