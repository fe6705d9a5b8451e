"""The command line: ``python -m autograd "a*b + c" a=2 b=-3 c=10`` walks through the chain rule."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO
from unicodedata import normalize

from autograd.command.expression import parse
from autograd.command.reader import ExpressionError
from autograd.command.screen import (
    Look,
    engine_name,
    gradient_lines,
    heading,
    legend_lines,
    no_slope,
    phase_of,
    state_lines,
    step_lines,
    walk_lines,
    wrapped,
)
from autograd.files.atomic_write import check_place, write_whole
from autograd.graph import topological_order
from autograd.mistakes import ENGINES, Engine
from autograd.notation.command_line import OneLineParser, in_one_line, interrupted, refuse, say
from autograd.notation.hints import did_you_mean
from autograd.notation.labels import shorten
from autograd.seeing.pages.frame import is_page
from autograd.seeing.walk import Walk, walk
from autograd.value import Value

ABOUT = """\
Takes a formula at given numbers and shows, step by step, how its value is
computed and how the chain rule finds its gradient.

FORMULA is typed with + - * / **, parentheses, numbers, names, and functions
such as sin, exp, log, tanh, relu, maximum or where(a > 0, b, c); in quotes, so
that the shell leaves it alone.  Several formulas are separated by a semicolon:
all but the last give a name to a value that is used further on.
"""

EXAMPLES = """\
examples:
  python -m autograd "(a*b + c) * f" a=2 b=-3 c=10 f=-2
  python -m autograd "(a*b + c) * f" a=2 b=-3 c=10 f=-2 --step
  python -m autograd "h = x*y; h * (h + y)" x=2 y=3 --beside depth-first
  python -m autograd "tanh(w*x + b)" w=0.5 x=2 b=-0.3 --save walk.html
  python -m autograd "x * sin(x) + exp(x*y)" x=1 y=0.5 --path x
  python -m autograd compile        compiles all that `autograd.tape` may need

Bad input ends with a message that says where it is and the exit code 2.
"""
MISTAKES = {name.replace("_", "-"): engine for name, engine in ENGINES.items() if name != "right"}
KEYS = "Enter next · b back · g N go to step N · q quit"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line, and return the exit code.

    Args:
        argv: the arguments after the program's name; those of this process by default.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    arguments = _parser().parse_intermixed_args(_shielded(given))
    try:
        if given == ["compile"]:
            _compile()
        else:
            _run(arguments, _look())
    except ExpressionError as error:
        return refuse(str(error), *error.pointer(_look().width - 2).splitlines())
    except (ValueError, OSError, ImportError) as error:
        return refuse(in_one_line(error))
    except KeyboardInterrupt as error:
        return interrupted(error)
    return 0


def _run(arguments: argparse.Namespace, look: Look) -> None:
    """Compute the formula, write the files that were asked for, then show the rest."""
    _check_places(arguments)
    output = parse(arguments.formula).evaluate(_numbers(arguments.numbers))
    steps = _walk(output, arguments)
    notes = list(_written(steps, arguments))
    if arguments.json:
        print(steps.trace.to_json())
    elif arguments.step:
        _step_through(steps, look)
    elif arguments.path:
        print(_ledger(steps, _named(steps, "--path", arguments.path), look))
    elif not notes:
        _print(legend_lines(steps.trace, look))
        _print(walk_lines(steps.trace.steps, look, steps.beside))
        _print(["", *_outcome(steps, look)])
    for note in notes:
        say(note, to=sys.stderr if arguments.json else sys.stdout)


def _compile() -> None:
    """Compile what the tape needs, for its cache; without a compiler, say so."""
    from autograd.tape.compiler import replay_note

    if replay_note():
        print(f"nothing to compile: tapes are {replay_note()}")
        return
    from autograd.tape.compiled import compile_all

    print(compile_all())


# ------------------------------------------------------------------------------- what is asked for


def _walk(output: Value, arguments: argparse.Namespace) -> Walk:
    steps = walk(output)
    if arguments.tangent:
        return walk(output, tangent=_named(steps, "--tangent", arguments.tangent))
    if arguments.beside:
        return walk(output, beside=arguments.beside)
    return steps


def _by_name(steps: Walk) -> dict[str, Value]:
    """Return the Values by the names that the walk gives them."""
    nodes = zip(topological_order(steps.output), steps.trace.nodes, strict=True)
    return {node.label: v for v, node in nodes if node.label}


def _named(steps: Walk, option: str, name: str) -> Value:
    """Return the Value of that name.

    Raises:
        ValueError: if there is none.
    """
    named = _by_name(steps)
    if name not in named:
        hint = did_you_mean(name, named, f"; the names are {', '.join(list(named)[:12])}")
        raise ValueError(f"{option} {shorten(name, 24)}: there is no such name{hint}")
    return named[name]


def _ledger(steps: Walk, variable: Value, look: Look) -> str:
    from autograd.seeing.paths import gradient_path

    text = gradient_path(steps.output, variable).ledger(names=_by_name(steps)).text(look.width)
    none = no_slope(steps.trace.nodes[-1])
    if not none:
        return text
    note = f"{none}. These numbers are by the rules alone."
    return "\n".join([text, "", *wrapped(note, look.width)])


def _check_places(arguments: argparse.Namespace) -> None:
    """Refuse to write where nothing can be written, or in place of what this program did not write."""
    if arguments.save:
        check_place(arguments.save, is_page)
    if arguments.svg:
        from autograd.seeing.drawing.renderer import is_drawing

        check_place(arguments.svg, is_drawing)


def _written(steps: Walk, arguments: argparse.Namespace) -> Iterator[str]:
    """Write the files that were asked for, with a line for each."""
    if arguments.save:
        steps.save(arguments.save)
        yield f"walk     {arguments.save}"
    if arguments.svg:
        from autograd.seeing.drawing import draw
        from autograd.seeing.drawing.limits import TooLargeError

        steps.output.backward()
        try:
            drawing = draw(steps.output, names=_by_name(steps))
        except TooLargeError as error:
            advice = "--path NAME lists the routes of one variable, and --save FILE the whole walk"
            raise ValueError(f"{error.fact}; {advice}") from None
        write_whole(arguments.svg, drawing.pipe("svg"))
        yield f"drawing  {arguments.svg}"


def _outcome(steps: Walk, look: Look) -> list[str]:
    """Return the lines of the gradients that a walk ends with; none in forward mode."""
    if steps[-1].phase == "tangent":
        return []
    lines = gradient_lines(steps.trace, look, steps.beside)
    if steps.beside is None:
        return lines
    engine, place = engine_name(steps.beside), steps.beside.parts_at
    if place is None:
        note = f"{engine} agrees with the right engine here: its mistake does not show."
    else:
        note = f"{engine} first goes wrong at step {place + 1}, marked ≠ above."
    return [*lines, "", *wrapped(note, look.width)]


# ------------------------------------------------------------------------------------ step by step


def _step_through(steps: Walk, look: Look) -> None:
    """Show one step at a time, as the typed lines say; until they end, or the steps do."""
    prompt = look.faint(f"{KEYS}  › ") if sys.stdin.isatty() else ""
    _print(legend_lines(steps.trace, look))
    steps.step()
    _show(steps, look)
    while True:
        print(prompt, end="", flush=True)
        typed = sys.stdin.readline()
        key = typed.strip().lower()
        if not typed:
            print()
        if not typed or key in ("q", "quit"):
            return
        if not key:
            if steps.step() is None:
                return
            _show(steps, look)
        elif key == "b":
            if steps.here is steps[0]:
                print("This is the first step.")
            else:
                steps.back()
                _show(steps, look)
        elif key.startswith("g") and (place := _place(key[1:], len(steps))) is not None:
            steps.goto(place)
            _show(steps, look)
        elif key.startswith("g"):
            print(f"There are steps 1 to {len(steps)}: g 3 goes to the third.")
        else:
            print(KEYS)


def _place(text: str, total: int) -> int | None:
    """Return the place of a step that is named by its number from 1; None if there is no such step."""
    text = text.strip()
    if not text.isdecimal() or not 1 <= int(text[:12]) <= total:
        return None
    return int(text) - 1


def _show(steps: Walk, look: Look) -> None:
    """Show the current step, what is known after it, and at the end the gradients."""
    step, facts = steps.here, steps.trace
    assert step is not None
    place = f"step {step.number + 1} of {len(steps)}"
    _print([look.faint("─" * look.width), heading(phase_of(step, facts.steps), look, place), ""])
    _print(step_lines(step, len(steps), look, steps.beside))
    if state := state_lines(facts, step.number, look):
        _print(["", *state])
    if step.number + 1 == len(steps) and (outcome := _outcome(steps, look)):
        _print(["", *outcome])
    print()


# ---------------------------------------------------------------------------------- the arguments


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog="python -m autograd", description=ABOUT, epilog=EXAMPLES)
    add = parser.add_argument
    add("formula", metavar="FORMULA", help='as in "(a*b + c) * f"')
    add("numbers", metavar="NAME=NUMBER", nargs="*", help="a number for each name in the formula")
    group = parser.add_argument_group("what is shown (the whole walk, if nothing else)")
    add = group.add_mutually_exclusive_group().add_argument
    add("--step", action="store_true", help="one step at a time: forth, back, to any step")
    add("--path", metavar="NAME", help="every route from a variable to the output, as a ledger")
    add("--json", action="store_true", help="the graph and all steps as JSON")
    group = parser.add_argument_group("which walk (forward pass, then reverse pass)")
    add = group.add_mutually_exclusive_group().add_argument
    add("--tangent", metavar="NAME", help="forward mode: one variable's change, followed to the end")
    about = f"next to the right engine one with a mistake: {', '.join(MISTAKES)}"
    add("--beside", metavar="ENGINE", type=_engine, help=about)
    add = parser.add_argument_group("files").add_argument
    add("--save", metavar="FILE", type=Path, help="the walk as a page for a browser, all in one file")
    add("--svg", metavar="FILE", type=Path, help="the graph as a picture")
    return parser


def _engine(name: str) -> Engine:
    if name not in MISTAKES:
        hint = did_you_mean(name, MISTAKES, f"; there are {', '.join(MISTAKES)}")
        raise argparse.ArgumentTypeError(f"there is no engine '{shorten(name, 24)}'{hint}")
    return MISTAKES[name]


def _shielded(arguments: Sequence[str]) -> list[str]:
    """Put a space before arguments that begin with a minus but are not options: ``-a*b``."""
    return [f" {x}" if x.startswith("-") and x[1:2] != "-" and x != "-h" else x for x in arguments]


def _numbers(arguments: Iterable[str]) -> dict[str, float]:
    """Return the numbers by name.

    Raises:
        ValueError: if an argument is not name=number, or a name is given twice.
    """
    numbers: dict[str, float] = {}
    for argument in arguments:
        name, sign, text = argument.partition("=")
        name = normalize("NFKC", name.strip())  # as Python reads the names in the formula
        shown = shorten(argument, 40)
        if not sign or not name.isidentifier():
            raise ValueError(f"'{shown}' is not NAME=NUMBER, as in a=2; a formula with spaces needs quotes")
        if name in numbers:
            raise ValueError(f"'{shown}': {name} has a number already")
        try:
            numbers[name] = float(text.replace("−", "-"))
        except ValueError:
            raise ValueError(f"'{shown}': {shorten(text, 24)!r} is not a number") from None
    return numbers


# ------------------------------------------------------------------------------------ the terminal


def _look() -> Look:
    """Return the look of this terminal: its width, within reason, and colour if it wants it."""
    width = max(60, min(shutil.get_terminal_size().columns, 100))
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Look(width, colour=wanted and sys.stdout.isatty())


def _print(lines: Iterable[str], to: TextIO | None = None) -> None:
    for line in lines:
        print(line, file=to)
