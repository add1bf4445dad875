"""Runs when an interpreter starts under the tool: makes the agent importable and starts tracing.

Python imports a module of this name at every start (https://docs.python.org/3/library/site.html).
The tool adds only this file's folder to PYTHONPATH. A `sitecustomize` that this one hides is run
afterwards. Tests may start any version of Python, so this file must be valid in all of them.
"""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_AGENT = "covernance_agent"


def _make_importable():
    """Import the agent's package without adding its parent folder to `sys.path`."""
    from importlib.util import module_from_spec, spec_from_file_location

    folder = os.path.dirname(_HERE)
    spec = spec_from_file_location(
        _AGENT, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    module = module_from_spec(spec)
    sys.modules[_AGENT] = module
    spec.loader.exec_module(module)


def _trace():
    """Trace this process, then drop the modules, so that the agent's tests import them again."""
    from covernance_agent import tracer

    tracer.start()
    for name in [name for name in sys.modules if name.startswith(_AGENT + ".")]:
        del sys.modules[name]
    for name in ("tracer", "journal", "states"):
        if hasattr(sys.modules[_AGENT], name):
            delattr(sys.modules[_AGENT], name)


def _measure():
    """Measure this process as its parent requested, unless a `.pth` file already started that.

    Up to 7.10.2, coverage.py adds that file for a run and removes it afterwards, even if other
    runs at the same time still need it.
    """
    try:
        import coverage
    except ImportError:
        return
    coverage.process_startup()


def _run_hidden():
    """Run the `sitecustomize` that would have run without this one."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != _HERE]
if sys.version_info >= (3, 9):
    if _AGENT not in sys.modules:
        _make_importable()
    if os.environ.get("COVERAGE_PROCESS_START"):
        _measure()
    if os.environ.get("COVERNANCE_TRACE"):
        _trace()
    _run_hidden()
