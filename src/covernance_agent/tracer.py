"""Record what this process and its children read, while they read it.

An audit hook (PEP 578) receives files that are opened, folders that are listed and processes that
are started. `os.stat` and similar functions raise no audit event and are wrapped. The state
recorded is that at the first use, so that an edit during the run counts as a later change.

Forked children inherit the hook; others call `start` when their interpreter starts (see
`covernance_agent/startup`). A child that records no start of its own was not traced.
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
"""The number of frames between the caller of a wrapped function and the call of `sys._getframe`."""

_PATHS = {
    *("genericpath", "glob", "posixpath"),
    *("pathlib", "pathlib._abc", "pathlib._local", "pathlib._os", "pathlib.types"),
}
_ASKING = {
    *("exists", "isdir", "isfile", "islink", "lexists"),
    *("is_dir", "is_file", "is_symlink"),
    *("_joinrealpath", "realpath", "_lexists"),
}
_PASSING_ON = {"stat", "lstat"}

_Argument = Any  # what a program handed to the operating system
_Arguments = tuple[Any, ...]
_Options = Mapping[str, Any]
_active: list[Tracer] = []


def start() -> None:
    """Trace this process from now on, as its environment requests; a second call does nothing."""
    if not _active:
        tracer = Tracer(decode(os.environ[SETTINGS]))
        _active.append(tracer)
        tracer.begin()


class Tracer:
    """Records what one process and its forks do."""

    def __init__(self, settings: Settings) -> None:
        """Prepare to record under `settings`."""
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
        """Record the start of this process and what it has read already, then trace it."""
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
        """Ignore the tracer's own calls, and never raise into the traced program."""
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
        """Record an opened file as read or, if it is truncated or write-only, not as read."""
        name = self._path(path, getattr(self._here, "folder", None) if mode is None else None)
        if name is None:
            return
        if states.is_folder(name):  # O_TMPFILE creates a file without a name there
            self._read(name)
            return
        if flags & os.O_EXCL:
            self._see(ASKED, name, states.kind)
        if flags & os.O_TRUNC or (flags & os.O_EXCL and not states.exists(name)):
            self._make(name)
        elif flags & os.O_ACCMODE != os.O_WRONLY:
            self._read(name)

    def _opening(self, _arguments: _Arguments, options: _Options) -> None:
        """Store the folder that `os.open` starts from; its audit event lacks it."""
        self._here.folder = options.get("dir_fd")

    def _asking(self, arguments: _Arguments, options: _Options) -> None:
        path = arguments[0] if arguments else options.get("path")
        name = self._path(path, options.get("dir_fd"))
        if name is None or (READ, name) in self._seen or (EXAMINED, name) in self._seen:
            return
        if _asks_only(sys._getframe(_CALLER)):  # noqa: SLF001 - there is no other way to find the caller
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
        """Record an extension module, or the searched folders; a missing one may appear later."""
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
        if name and name != ":memory:" and (database := self._path(name)):
            for file in (database, f"{database}-wal", f"{database}-journal"):
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

    def _path(self, path: _Argument, folder: int | None = None) -> str | None:
        """The absolute path, or None for a descriptor or a path that is not recorded."""
        if path is None or isinstance(path, int):
            return None
        name = fsdecode(path)
        if not name.startswith("/"):
            base = getcwd() if folder is None or folder == -1 else _descriptor(folder)
            name = base if name == "." else f"{base}/{name.removeprefix('./')}"
        normalized = f"{name}/"
        while "//" in normalized or "/./" in normalized:
            normalized = normalized.replace("//", "/").replace("/./", "/")
        name = normalized[:-1] or "/"
        if normalized.startswith(self._quiet) or any(part in normalized for part in _CACHES):
            return None
        return name

    def _see(self, kind: str, name: str, state: Callable[[str], str]) -> None:
        if (kind, name) in self._seen:
            return
        self._seen.add((kind, name))
        if f"{name}/".startswith(self.settings.installed):
            # What is left of bytecode here are the temporary names under which Python writes it.
            if kind == READ and _BYTECODE not in name:
                self._journal.note(INSTALLED, name, states.stamp(name))
        elif not self._is_made(name) and _BYTECODE not in f"{name}/":
            self._journal.note(kind, name, state(name))

    def _make(self, name: str) -> None:
        if name not in self._made:
            self._made.add(name)
            self._journal.note(MADE, name)

    def _is_made(self, name: str) -> bool:
        """Whether this process created a path, or a folder above it."""
        while name:
            if name in self._made:
                return True
            name = name.rpartition("/")[0]
        return False

    # Processes and sockets

    def _popen(
        self, program: _Argument, arguments: _Argument, cwd: _Argument, environ: _Argument
    ) -> None:
        is_single = isinstance(arguments, (str, bytes, os.PathLike))
        self._start("popen", program, [arguments] if is_single else list(arguments), cwd, environ)

    def _spawn(
        self, program: _Argument, arguments: Sequence[_Argument], environ: _Argument
    ) -> None:
        self._start("spawn", program, arguments, None, environ)

    def _shell(self, line: object) -> None:
        self._start("shell", "/bin/sh", ["sh", "-c", line], None, None)

    def _forking(self, arguments: _Arguments, _options: _Options) -> None:
        """Record what multiprocessing starts without an event; subprocess calls this too."""
        words = [fsdecode(word) for word in arguments[0]]
        program = self._which(words[0], os.environ)
        self._journal.note(STARTED, command(os.getpid(), words[1:]), f"fork{SEPARATOR}{program}")

    def _start(
        self,
        how: str,
        program: _Argument,
        words: Sequence[_Argument],
        cwd: _Argument,
        environ: _Argument,
    ) -> None:
        name = self._which(fsdecode(program), environ or os.environ)
        if cwd is not None and not name.startswith("/"):
            name = f"{fsdecode(cwd)}/{name}"
        if path := self._path(name):
            self._read(path)
        started = command(os.getpid(), [fsdecode(word) for word in words[1:]])
        self._journal.note(STARTED, started, f"{how}{SEPARATOR}{name}")

    def _which(self, program: str, environ: Mapping[Any, Any]) -> str:
        """The path of a program found on PATH, or its name if there is none.

        A program of that name in an earlier folder would be started in its place.
        """
        if "/" in program:
            return program
        path = next((value for name, value in environ.items() if fsdecode(name) == "PATH"), None)
        for folder in fsdecode(path or os.defpath).split(os.pathsep):
            candidate = f"{folder or '.'}/{program}"
            if states.exists(candidate):
                return candidate
            if asked := self._path(candidate):
                self._see(ASKED, asked, states.kind)
        return program

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
    """Replaces a function of a module. Stored as a class attribute, it does not become a method."""

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
    """Replace a function by a wrapper, also in the sets by which `os` lists capabilities."""
    original = getattr(module, name)
    wrapped = _Wrapped(original, before)
    for capable_functions in (
        os.supports_dir_fd,
        os.supports_effective_ids,
        os.supports_fd,
        os.supports_follow_symlinks,
    ):
        if original in capable_functions:
            capable_functions.add(wrapped)
    setattr(module, name, wrapped)
    # Up to Python 3.10, pathlib calls the functions that it found when it was imported, which a
    # `.pth` file may have done before.
    accessor = getattr(sys.modules.get("pathlib"), "_NormalAccessor", None)
    if getattr(accessor, name, None) is original:
        setattr(accessor, name, wrapped)


def _asks_only(frame: FrameType | None) -> bool:
    """Whether the standard library asks only if a path exists, and of what kind it is."""
    while frame is not None and frame.f_globals.get("__name__") in _PATHS:
        if frame.f_code.co_name in _ASKING:
            return True
        if frame.f_code.co_name not in _PASSING_ON:
            return False
        frame = frame.f_back
    return False


def _command_line() -> list[str]:
    """The interpreter's command line without its own name."""
    words = getattr(sys, "orig_argv", None)  # from Python 3.10 on
    if words is None:
        with open("/proc/self/cmdline", "rb") as stream:
            words = [fsdecode(word) for word in stream.read().split(b"\0")[:-1]]
    return list(words[1:])


def _of_uri(rest: str) -> str:
    """The path in an SQLite URI whose scheme was removed (https://sqlite.org/uri.html)."""
    quoted = rest.partition("#")[0].partition("?")[0]
    if quoted.startswith("//"):
        quoted = f"/{quoted[2:].partition('/')[2]}"
    first, *others = quoted.encode("utf-8", "surrogateescape").split(b"%")
    parts = [bytes.fromhex(part[:2].decode()) + part[2:] for part in others]
    return fsdecode(b"".join((first, *parts)))


def _descriptor(number: int) -> str:
    """The path of an open file or folder."""
    return readlink(f"/proc/self/fd/{number}")
