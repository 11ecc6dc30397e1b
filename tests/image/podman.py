"""Build and run the image with podman, on machines that offer neither a container engine nor a registry.

The choices follow from what such machines allow: runc, because crun refuses mixed control-group versions;
host networking, because bridges need kernel modules; chroot isolation while building; docker format, because
the OCI format drops HEALTHCHECK; limits given explicitly, because podman's defaults may exceed the machine's.

The base image is made of Debian's packages with debootstrap, once, and kept in podman's store under
`build/image`. IMAGE_BASE names another base (`IMAGE_BASE=python:3.11-slim`) where a registry can be reached.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("podman", "runc", "debootstrap")  # each is named like its command
BASE_PACKAGES = "python3,python3-venv,ca-certificates"
LEFT_OUT = ("./var/cache/apt", "./var/lib/apt/lists", "./usr/share/doc", "./usr/share/man", "./dev/*")
HARDENED = (
    "--network=host",
    "--read-only",
    "--read-only-tmpfs=false",  # podman would add a writable /tmp and /run; clusters do not
    "--user=10001:10001",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--ulimit=nofile=1024:4096",
    "--ulimit=nproc=512:512",
    "--memory=512m",
    "--pids-limit=100",
)


def attempt(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    """Run to the end, whatever the outcome."""
    return subprocess.run(command, check=False, capture_output=True, text=True)


def run(command: Sequence[str]) -> str:
    """Run to the end and return what it printed; on failure show both streams in the error."""
    done = attempt(command)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed ({done.returncode}):\n{done.stdout}\n{done.stderr}")
    return done.stdout.strip()


def install_packages() -> None:
    missing = [package for package in PACKAGES if shutil.which(package) is None]
    if missing:
        install = ["apt-get", "-o", "DPkg::Lock::Timeout=600", "-yq", "install", "--no-install-recommends"]
        run(["apt-get", "update", "-q"])
        run(["env", "DEBIAN_FRONTEND=noninteractive", *install, *missing])


@dataclass(frozen=True)
class Podman:
    """Podman with a store of its own under `folder`, an absolute path: podman refuses a store that moved."""

    folder: Path

    def command(self, *arguments: str) -> list[str]:
        store, running = str(self.folder / "store"), str(self.folder / "run")
        options = ["--storage-driver=overlay", "--cgroup-manager=cgroupfs", "--runtime=runc"]
        return ["podman", "--root", store, "--runroot", running, *options, *arguments]

    def __call__(self, *arguments: str) -> str:
        return run(self.command(*arguments))

    def succeeds(self, *arguments: str) -> bool:
        return attempt(self.command(*arguments)).returncode == 0

    def base(self, release: str = "bookworm") -> str:
        """The name of the base image; made from Debian's packages where it is not there yet."""
        if given := os.environ.get("IMAGE_BASE"):
            return given
        image = f"localhost/python-base:{release}"
        if not self.succeeds("image", "exists", image):
            self._import_debian(release, image)
        return image

    def _import_debian(self, release: str, image: str) -> None:
        root = self.folder / "rootfs"
        shutil.rmtree(root, ignore_errors=True)
        run(["debootstrap", "--variant=minbase", f"--include={BASE_PACKAGES}", release, str(root)])
        archive = ["tar", "-C", str(root), *(f"--exclude={pattern}" for pattern in LEFT_OUT), "-cf", "-", "."]
        with subprocess.Popen(archive, stdout=subprocess.PIPE) as tar:
            subprocess.run(self.command("import", "-q", "-", image), stdin=tar.stdout, check=True)
        shutil.rmtree(root)

    def build(self, context: Path, image: str) -> None:
        """Build the Dockerfile; a certificate bundle named by PIP_CERT is lent to the build, not copied."""
        arguments = [f"--build-arg=BASE_IMAGE={self.base()}"]
        if certificates := os.environ.get("PIP_CERT"):
            arguments += [
                f"--build-arg=PIP_CERT={certificates}",
                f"--volume={certificates}:{certificates}:ro",
            ]
        isolation = ["--isolation=chroot", "--format=docker", "--network=host"]
        self("build", "--quiet", *isolation, *arguments, f"--tag={image}", str(context))

    @contextmanager
    def running(self, image: str, *options: str) -> Iterator[str]:
        """A hardened container of the image with its default command; gone afterwards."""
        container = self("run", "--detach", *HARDENED, *options, image)
        try:
            yield container
        finally:
            self("rm", "--force", "--time=3", "--volumes", container)

    def shell(self, image: str, script: str) -> str:
        """What a shell script prints inside a fresh hardened container."""
        return self("run", "--rm", *HARDENED, "--entrypoint=/bin/sh", image, "-c", script)

    def logs(self, container: str) -> str:
        """The end of both streams of a container."""
        done = attempt(self.command("logs", "--tail=50", container))
        return done.stdout + done.stderr
