"""Note what this process and its children read, while they read it.

An audit hook (PEP 578) sees files that are opened, folders that are listed and processes that are
started; `os.stat` and its like raise no audit event and are wrapped. What is noted is the state at
first sight, so that an edit during the run is an edit since.

Forked children inherit the hook; others call `start` themselves when their interpreter starts (see
`covernance_agent/startup`). A child that does not announce itself was not reached.
"""

from __future__ import annotations

import _posixsubprocess
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib.util import source_from_cache
from os import fsdecode, getcwd, readlink
from threading import local
from types import FrameType, ModuleType
from typing import Any

from covernance_agent import states
from covernance_agent.journal import (
    ASKED,
    BEGAN,
    BOUND,
    CONNECTED,
    EXAMINED,
    INSTALLED,
    LISTED,
    LOOPBACK,
    MADE,
    READ,
    SCHEMA,
    SEPARATOR,
    SETTINGS,
    STARTED,
    Journal,
    Settings,
    command,
    decode,
)

_VOLATILE = ("/proc/", "/sys/", "/dev/")
_CACHES = ("/.hypothesis/", "/.pytest_cache/")
_BYTECODE = "/__pycache__/"
_LOOPBACK_HOSTS = ("127.", "::1", "localhost")

_CALLER = 3
"""How many frames lie between the caller of a wrapped function and the look at it."""

_PATHS = {
    *("genericpath", "glob", "pathlib", "pathlib._local", "pathlib._os", "pathlib.types"),
    "posixpath",
}
_ASKING = {
    *("exists", "isdir", "isfile", "islink", "lexists"),
    *("is_dir", "is_file", "is_symlink"),
    *("_joinrealpath", "realpath", "_lexists"),
}
_PASSING_ON = {"stat", "lstat"}

_Given = Any  # what a program handed to the operating system
_Arguments = tuple[Any, ...]
_Options = Mapping[str, Any]
_active: list[Tracer] = []


def start() -> None:
    """Trace this process from here on, as its environment says; a second call does nothing."""
    if not _active:
        tracer = Tracer(decode(os.environ[SETTINGS]))
        _active.append(tracer)
        tracer.begin()


class Tracer:
    """Notes what one process does, and what its forks do."""

    def __init__(self, settings: Settings) -> None:
        """Prepare to note as `settings` say."""
        self.settings = settings
        self._journal = Journal(settings.file)
        self._here = local()
        self._seen: set[tuple[str, str]] = set()
        self._made: set[str] = set()
        self._searched: set[str] = set()
        self._quiet = (*settings.known, *settings.own, *_VOLATILE)
        self._handlers: dict[str, Callable[..., None]] = {
            "open": self._open,
            "os.listdir": self._list,
            "os.scandir": self._list,
            "import": self._import,
            "ctypes.dlopen": self._library,
            "sqlite3.connect": self._database,
            "os.mkdir": self._folder,
            "os.rename": self._move,
            "os.link": self._link,
            "os.symlink": self._link,
            "socket.bind": self._bind,
            "socket.connect": self._connect,
            "socket.sendto": self._connect,
            "subprocess.Popen": self._popen,
            "os.posix_spawn": self._spawn,
            "os.exec": self._spawn,
            "os.system": self._shell,
        }

    def begin(self) -> None:
        """Announce this process, note what it has read already, and watch from here on."""
        self._guarded(self._journal.note, BEGAN, command(os.getppid(), _command_line()), SCHEMA)
        for module in list(sys.modules.values()):
            spec = getattr(module, "__spec__", None)
            if spec is not None and spec.has_location and isinstance(spec.origin, str):
                self._guarded(self._open, spec.origin, None, 0)
        for folder in (*sys.path, *sys.path_importer_cache):
            self._guarded(self._list, folder)
        for name in ("stat", "lstat", "access", "readlink"):
            _wrap(os, name, partial(self._guarded, self._asking))
        _wrap(os, "open", partial(self._guarded, self._opening))
        _wrap(_posixsubprocess, "fork_exec", partial(self._guarded, self._forking))
        sys.addaudithook(self.hook)

    def hook(self, event: str, arguments: _Arguments) -> None:
        """Handle one audit event."""
        handle = self._handlers.get(event)
        if handle is not None:
            self._guarded(handle, *arguments)

    def _guarded(self, handle: Callable[..., None], *arguments: object) -> None:
        """Look away from what the tracer does itself, and never break what is traced."""
        if getattr(self._here, "busy", False):
            return
        self._here.busy = True
        try:
            handle(*arguments)
        except Exception as error:  # noqa: BLE001 - the traced program must go on
            self._journal.give_up(error)
        finally:
            self._here.busy = False

    # Paths

    def _open(self, path: object, mode: str | None, flags: int) -> None:
        """Take a truncating or write-only descriptor for what it is: nothing is read through it."""
        name = self._path(path, getattr(self._here, "folder", None) if mode is None else None)
        if name is None:
            return
        if states.is_folder(name):  # where O_TMPFILE makes a file without a name
            self._read(name)
            return
        if flags & os.O_EXCL:
            self._see(ASKED, name, states.kind)
        if flags & os.O_TRUNC or (flags & os.O_EXCL and not states.exists(name)):
            self._make(name)
        elif flags & os.O_ACCMODE != os.O_WRONLY:
            self._read(name)

    def _opening(self, _arguments: _Arguments, options: _Options) -> None:
        """Keep the folder that `os.open` starts from, which its audit event leaves out."""
        self._here.folder = options.get("dir_fd")

    def _asking(self, arguments: _Arguments, options: _Options) -> None:
        path = arguments[0] if arguments else options.get("path")
        name = self._path(path, options.get("dir_fd"))
        if name is None or (READ, name) in self._seen or (EXAMINED, name) in self._seen:
            return
        if _asks_only(sys._getframe(_CALLER)):  # noqa: SLF001 - there is no other way to the caller
            self._see(ASKED, name, states.kind)
        else:
            self._see(EXAMINED, name, states.metadata)

    def _read(self, name: str) -> None:
        if _BYTECODE in name and name.endswith(".pyc"):
            with suppress(ValueError):
                # pytest's own bytecode carries its version: test_x.cpython-311-pytest-9.2.0.pyc
                name = source_from_cache(
                    f"{name.partition('-pytest-')[0].removesuffix('.pyc')}.pyc"
                )
        self._see(READ, name, states.content)

    def _list(self, path: object = None) -> None:
        name = self._path(_descriptor(path) if isinstance(path, int) else path or ".")
        if name is not None:
            self._see(LISTED, name, states.names)

    def _import(
        self, _module: str, file: str | None, path: Iterable[object] | None, *_rest: object
    ) -> None:
        """An extension module, or a search: a folder that is not there can come into being."""
        if file:
            self._open(file, "r", os.O_RDONLY)
        for folder in path or ():
            if isinstance(folder, str) and folder not in self._searched:
                self._searched.add(folder)
                self._list(folder)

    def _library(self, name: object) -> None:
        if isinstance(name, str) and "/" in name:
            self._open(name, "r", os.O_RDONLY)

    def _database(self, path: object) -> None:
        name = fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
        name = _of_uri(name.removeprefix("file:")) if name.startswith("file:") else name
        if name and name != ":memory:" and (found := self._path(name)):
            for file in (found, f"{found}-wal", f"{found}-journal"):
                self._read(file)

    def _folder(self, path: object, _mode: int, folder: int) -> None:
        name = self._path(path, folder)
        if name is not None and not states.exists(name):
            self._make(name)

    def _move(self, source: object, target: object, before: int = -1, after: int = -1) -> None:
        if name := self._path(source, before):
            self._read(name)
        if name := self._path(target, after):
            self._make(name)

    def _link(self, _source: object, target: object, *folders: int) -> None:
        name = self._path(target, folders[-1] if folders else None)
        if name is not None and not states.exists(name):
            self._make(name)

    def _path(self, path: _Given, folder: int | None = None) -> str | None:
        """The absolute path, or None for a descriptor and for what need not be noted."""
        if path is None or isinstance(path, int):
            return None
        name = fsdecode(path)
        if not name.startswith("/"):
            base = getcwd() if folder is None or folder == -1 else _descriptor(folder)
            name = base if name == "." else f"{base}/{name.removeprefix('./')}"
        whole = f"{name}/"
        while "//" in whole or "/./" in whole:
            whole = whole.replace("//", "/").replace("/./", "/")
        name = whole[:-1] or "/"
        if whole.startswith(self._quiet) or any(part in whole for part in _CACHES):
            return None
        return name

    def _see(self, kind: str, name: str, state: Callable[[str], str]) -> None:
        if (kind, name) in self._seen:
            return
        self._seen.add((kind, name))
        if f"{name}/".startswith(self.settings.installed):
            if kind == READ:
                self._journal.note(INSTALLED, name, states.stamp(name))
        elif not self._is_made(name) and _BYTECODE not in f"{name}/":
            self._journal.note(kind, name, state(name))

    def _make(self, name: str) -> None:
        if name not in self._made:
            self._made.add(name)
            self._journal.note(MADE, name)

    def _is_made(self, name: str) -> bool:
        """Whether the process itself made a path, or a folder above it."""
        while name:
            if name in self._made:
                return True
            name = name.rpartition("/")[0]
        return False

    # Processes and sockets

    def _popen(self, program: _Given, arguments: _Given, cwd: _Given, environ: _Given) -> None:
        lone = isinstance(arguments, (str, bytes, os.PathLike))
        self._start("popen", program, [arguments] if lone else list(arguments), cwd, environ)

    def _spawn(self, program: _Given, arguments: Sequence[_Given], environ: _Given) -> None:
        self._start("spawn", program, arguments, None, environ)

    def _shell(self, line: object) -> None:
        self._start("shell", "/bin/sh", ["sh", "-c", line], None, None)

    def _forking(self, arguments: _Arguments, _options: _Options) -> None:
        """Take what multiprocessing starts, which raises no event; subprocess comes here too."""
        words = [fsdecode(word) for word in arguments[0]]
        program = _which(words[0], os.environ)
        self._journal.note(STARTED, command(os.getpid(), words[1:]), f"fork{SEPARATOR}{program}")

    def _start(
        self, how: str, program: _Given, words: Sequence[_Given], cwd: _Given, environ: _Given
    ) -> None:
        name = fsdecode(program)
        name = _which(name, environ or os.environ)
        if cwd is not None and not name.startswith("/"):
            name = f"{fsdecode(cwd)}/{name}"
        if path := self._path(name):
            self._read(path)
        started = command(os.getpid(), [fsdecode(word) for word in words[1:]])
        self._journal.note(STARTED, started, f"{how}{SEPARATOR}{name}")

    def _bind(self, _socket: object, address: object) -> None:
        if isinstance(address, tuple):
            self._journal.note(BOUND, str(address[1]))
        elif isinstance(address, (str, bytes)) and (name := self._path(address)):
            self._make(name)

    def _connect(self, _socket: object, address: object) -> None:
        if isinstance(address, tuple):
            host = LOOPBACK if str(address[0]).startswith(_LOOPBACK_HOSTS) else str(address[0])
            self._once(CONNECTED, f"{host}{SEPARATOR}{address[1]}")
        elif isinstance(address, (str, bytes)):
            name = self._path(address)
            if name is not None and not self._is_made(name):
                self._once(CONNECTED, name)

    def _once(self, kind: str, what: str) -> None:
        if (kind, what) not in self._seen:
            self._seen.add((kind, what))
            self._journal.note(kind, what)


class _Wrapped:
    """Stands for a function of a module. Kept as a class's attribute it becomes no method."""

    def __init__(
        self,
        original: Callable[..., Any],
        before: Callable[[_Arguments, _Options], None],
    ) -> None:
        self.__wrapped__ = original
        self.__name__ = original.__name__
        self.__doc__ = original.__doc__
        self._original = original
        self._before = before

    def __call__(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as the original
        self._before(arguments, options)
        return self._original(*arguments, **options)


def _wrap(module: ModuleType, name: str, before: Callable[[_Arguments, _Options], None]) -> None:
    """Put a wrapper in a function's place, also where `os` says what its functions can do."""
    original = getattr(module, name)
    wrapped = _Wrapped(original, before)
    for able in (
        os.supports_dir_fd,
        os.supports_effective_ids,
        os.supports_fd,
        os.supports_follow_symlinks,
    ):
        if original in able:
            able.add(wrapped)
    setattr(module, name, wrapped)


def _asks_only(frame: FrameType | None) -> bool:
    """Whether a function of the standard library asks, which tells its caller no more than yes."""
    while frame is not None and frame.f_globals.get("__name__") in _PATHS:
        if frame.f_code.co_name in _ASKING:
            return True
        if frame.f_code.co_name not in _PASSING_ON:
            return False
        frame = frame.f_back
    return False


def _command_line() -> list[str]:
    """What the interpreter was started with, after its own name."""
    words = getattr(sys, "orig_argv", None)  # from Python 3.10 on
    if words is None:
        with open("/proc/self/cmdline", "rb") as stream:
            words = [fsdecode(word) for word in stream.read().split(b"\0")[:-1]]
    return list(words[1:])


def _of_uri(rest: str) -> str:
    """The path in an SQLite URI without its scheme (https://sqlite.org/uri.html)."""
    quoted = rest.partition("#")[0].partition("?")[0]
    if quoted.startswith("//"):
        quoted = f"/{quoted[2:].partition('/')[2]}"
    first, *others = quoted.encode("utf-8", "surrogateescape").split(b"%")
    parts = [bytes.fromhex(part[:2].decode()) + part[2:] for part in others]
    return fsdecode(b"".join((first, *parts)))


def _descriptor(number: int) -> str:
    """The path of an open file or folder."""
    return readlink(f"/proc/self/fd/{number}")


def _which(program: str, environ: Mapping[Any, Any]) -> str:
    """The program that a bare name stands for, or the name where there is none."""
    if "/" in program:
        return program
    path = next((value for name, value in environ.items() if fsdecode(name) == "PATH"), None)
    for folder in fsdecode(path or os.defpath).split(os.pathsep):
        if states.exists(f"{folder or '.'}/{program}"):
            return f"{folder or '.'}/{program}"
    return program
