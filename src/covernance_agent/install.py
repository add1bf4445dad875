"""How tracing reaches every process of an environment, from its first moment on.

Python runs the `import` lines of `.pth` files when an interpreter starts: coverage.py measures
children by one of its own. This one does nothing unless the environment asks for a trace, and comes
first by its name. It leaves no module of the layer behind: what the layer's own tests import has to
be imported while coverage.py looks.
"""

from __future__ import annotations

import sysconfig
from pathlib import Path

import covernance
from covernance.errors import MachineError
from covernance.files import write_atomic
from covernance_agent.journal import SETTINGS

NAME = "a0_covernance.pth"

# `site` may come to a folder twice, hence the mark.
_START = """\
import sys
if not hasattr(sys, "covernance_traces"):
 sys.covernance_traces = True
 sys.path.append({package!r})
 try:
  from covernance_agent.tracer import start
  start()
 except ImportError:
  pass
 finally:
  sys.path.remove({package!r})
  for name in [name for name in sys.modules if name.partition(".")[0] == "covernance"]:
   del sys.modules[name]
"""


def prepare(folder: Path | None = None) -> str:
    """Put the `.pth` file into the environment; say why where that can't be done, else nothing."""
    folder = folder or Path(sysconfig.get_path("purelib"))
    # An editable package is not on the path yet when this line runs.
    package = str(Path(covernance.__file__).parents[1])
    code = _START.format(package=package)
    line = f"import os; os.environ.get({SETTINGS!r}) and exec({code!r})\n".encode()
    target = folder / NAME
    if target.is_file() and target.read_bytes() == line:
        return ""
    try:
        write_atomic(target, line)
    except MachineError as error:
        return str(error)
    return ""
