"""SeaweedFS, a real S3 that checks signatures, on free loopback ports: what `seaweedfs.py` and all
scripts with `--storage s3` start.

The server ends with whoever started it, also when that fails or is interrupted. It may be killed and
started again on its ports and its folder. Without `weed` on the PATH a script fails: a test that is
skipped proves nothing.
"""

import contextlib
import http.client
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import time

BUCKET = "labbucket"
CREDENTIALS = {
    "access_key_id": "AKLABLABLAB",
    "secret_access_key": "lab/secret+key=0123456789abcdef",
    "session_token": None,
}
START_SECONDS = 60
STOP_SECONDS = 6
# What of `weed mini` listens, each at one port for HTTP and one for gRPC.
SERVICES = ["master", "volume", "filer", "s3", "admin"]
GRPC_OFFSET = 10_000


class Failure(Exception):
    pass


def find():
    weed = shutil.which("weed")
    if weed is None:
        sys.exit("`weed` is not on the PATH: requirements.txt brings it, into a venv's bin folder")
    return weed


def free_ports(count):
    """Ports that are free now, they and those 10,000 above. All are held at once, so that no two
    are the same."""
    ports = []
    with contextlib.ExitStack() as stack:
        for _ in range(1000):
            port = random.randrange(20_000, 32_000)
            try:
                for number in (port, port + GRPC_OFFSET):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", number))
            except OSError:
                continue
            ports.append(port)
            if len(ports) == count:
                return ports
    raise Failure("there are no free ports")


class Weed:
    """One SeaweedFS, which may be killed and started again."""

    def __init__(self, binary, folder):
        self.binary, self.folder, self.process = binary, folder, None
        self.ports = dict(zip(SERVICES, free_ports(len(SERVICES))))
        self.port = self.ports["s3"]
        (folder / "data").mkdir()
        self.start()

    def start(self):
        folder = self.folder
        command = [
            self.binary, "mini", f"-dir={folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
            f"-bucket={BUCKET}", "-master.telemetry=false", "-webdav=false", "-admin.ui=false",
            "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.domainName=s3.localhost",
            f"-s3.localSocket={folder / 's3.sock'}", f"-filer.localSocket={folder / 'filer.sock'}"]
        for service, port in self.ports.items():
            command += [f"-{service}.port={port}", f"-{service}.port.grpc={port + GRPC_OFFSET}"]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "AWS_ACCESS_KEY_ID": CREDENTIALS["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": CREDENTIALS["secret_access_key"],
        }
        with open(folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)

    def await_writable(self, put):
        """Waits until `put()` says 200, which is later than that the port is open."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                answer = put()
            except (OSError, http.client.HTTPException) as error:
                answer = error
            if answer == 200:
                return
            if self.process.poll() is not None:
                raise Failure(f"weed ended with {self.process.returncode}")
            if time.monotonic() > deadline:
                raise Failure(f"the bucket was not writable after {START_SECONDS} s: {answer}")
            time.sleep(0.2)

    def kill(self):
        """Ends it as a power cut would end a process."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        try:
            # The end is near: being told so again shall not leave things behind.
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            self.process.terminate()
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.kill()
            # It makes these wherever TMPDIR is, and leaves some of them behind.
            for service, port in self.ports.items():
                name = f"seaweedfs-{service}-grpc-{port + GRPC_OFFSET}.sock"
                pathlib.Path("/tmp", name).unlink(missing_ok=True)


@contextlib.contextmanager
def running(weed, folder):
    """Runs SeaweedFS, and yields its process and its S3 port."""
    server = Weed(weed, folder)
    try:
        yield server.process, server.port
    finally:
        server.stop()
