"""A run as JUnit XML: a suite per post, a case per link. Valid for Jenkins (junit-10.xsd) and Ant (JUnit.xsd)."""

from xml.sax.saxutils import quoteattr

from linkkeeper.models.document import FileProblem
from linkkeeper.models.run import Run
from linkkeeper.models.verdict import Verdict
from linkkeeper.report import github, places, safe

NAME = "junit"

_SKIPPED = (Verdict.SKIPPED, Verdict.UNCHECKED, Verdict.BLOCKED, Verdict.SUSPECT)
"""Neither passed nor failed: shown, and they do not break the build."""


def render(run: Run) -> str:
    """Return one `testsuites` document. Dead and invalid links are failures."""
    run = safe.shown(run)
    accepted = places.accepted(run)
    known = {id(place): places.why_accepted(one) for place, one in accepted}
    all_places = [*places.places(run, tuple(Verdict)), *(place for place, _ in accepted)]
    all_places.sort(key=lambda place: (place.link.file, place.link.start, place.row.url))
    suites = places.by_file(all_places)
    bodies = [_suite(at, file, found, run, known) for at, (file, found) in enumerate(suites.items())]
    bodies += [_problem(len(suites) + at, problem, run) for at, problem in enumerate(run.files)]
    return '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n' + "".join(bodies) + "</testsuites>\n"


def _suite(at: int, file: str, found: list[places.Place], run: Run, known: dict[int, str]) -> str:
    failures = sum(place.row.verdict in places.FAILS and id(place) not in known for place in found)
    skipped = sum(place.row.verdict in _SKIPPED or id(place) in known for place in found)
    cases = "".join(_case(place, run, known.get(id(place), "")) for place in found)
    return _whole_suite(at, file, cases, run, tests=len(found), failures=failures, skipped=skipped)


def _whole_suite(
    at: int, name: str, cases: str, run: Run, *, tests: int, failures: int = 0, errors: int = 0, skipped: int = 0
) -> str:
    started = run.started.replace(tzinfo=None, microsecond=0).isoformat()
    counts = f'tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}" time="0"'
    named = name if name.strip() else "(blank)"  # a file may be called " ", a suite must be called something
    head = (
        f'name={_attribute(named)} package="linkkeeper" id="{at}" hostname="localhost" timestamp="{started}" {counts}'
    )
    return f"<testsuite {head}>\n<properties/>\n{cases}<system-out/>\n<system-err/>\n</testsuite>\n"


def _case(place: places.Place, run: Run, accepted: str) -> str:
    """accepted: why a broken link is no failure; empty: it is one."""
    row, link = place.row, place.link
    name = f"{link.line}:{link.column} {link.raw or '(empty)'}"
    head = f'<testcase name={_attribute(name)} classname={_attribute(link.file)} time="{row.elapsed_ms / 1000:.3f}"'
    text = github.message(place, run)
    if accepted:
        body = f"<skipped message={_attribute(f'{text}; {accepted}')}/>"
    elif row.verdict in places.FAILS:
        body = (
            f'<failure type="{row.verdict}" message={_attribute(text)}>{_content(f"{place.where}: {text}")}</failure>'
        )
    elif row.verdict in _SKIPPED:
        body = f"<skipped message={_attribute(text)}/>"
    else:
        return f"{head}/>\n"
    return f"{head}>{body}</testcase>\n"


def _problem(at: int, problem: FileProblem, run: Run) -> str:
    error = f'<error type="file" message={_attribute(problem.problem)}>{_content(problem.problem)}</error>'
    case = f'<testcase name="file" classname={_attribute(problem.file)} time="0">{error}</testcase>\n'
    return _whole_suite(at, problem.file, case, run, tests=1, errors=1)


def _attribute(text: str) -> str:
    return quoteattr(text, {"\n": "&#10;"})


def _content(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
