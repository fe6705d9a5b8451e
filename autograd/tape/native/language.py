"""A compiler from a small part of Python to LLVM's assembly language.

The language has whole numbers, floats, truth values and pointers to rows of numbers; assignments, ``if``,
``while``, ``for … in range(…)``; arithmetic, comparisons and calls.  Annotations give the types of what a
function takes and returns:

* ``int``, ``float``, and pointers by the names in POINTERS, such as ``Numbers``;
* a class whose attributes are annotated with these: eight bytes per attribute, a whole number or an address,
  and then eight bytes more for each, its length: ``len(arguments.V)``.

``V[i]`` is a number, and ``V[i:]`` the pointer moved on.  ``and``, ``or`` and ``where(c, a, b)`` compute all
that they are given.  Whole numbers are divided towards zero; a ``range`` runs down if its step is written
with a minus.  Functions of floats alone are inlined.  Run as Python, on arrays, a function does the same:
what is compiled can be read, and tested, as Python.

>>> print(assembly("def twice(x: float) -> float:\\n    return x + x", ["twice"], "float64"))
... # doctest: +ELLIPSIS
define double @twice(double %x.in) nounwind alwaysinline {
  %x = alloca double
  store double %x.in, ptr %x
  %.1 = load double, ptr %x
  %.2 = load double, ptr %x
  %.3 = fadd double %.1, %.2
  ret double %.3
}
...
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from autograd.tape.native.values import APART, NOT_ALIASED, TAGS, Module, Typed, Values, items


def assembly(text: str, roots: Sequence[str], dtype: str) -> str:
    """Return functions, and those that they call, in LLVM's assembly language.

    Args:
        text: a module in the language; what the roots do not need may be any Python.
        roots: the functions that are to be called from outside.
        dtype: "float64" or "float32", the precision of all floats.

    Raises:
        NotImplementedError: if something is not in the language; the message names the line.
    """
    module = Module(text, dtype)
    parts: dict[str, str] = {}
    wanted = list(roots)
    while wanted:
        name = wanted.pop()
        if name not in parts:
            function = _Function(module, module.functions[name])
            parts[name] = function.text(exported=name in roots)
            wanted.extend(function.called)
    return "\n".join([*parts.values(), *sorted(module.declared), NOT_ALIASED, *module.loops])


class _Function(Values):
    """One function on its way to the assembly."""

    def text(self, exported: bool) -> str:
        """Return the whole function; an exported one can be called from outside."""
        node, written = self.node, self.module.written
        parameters = [(a.arg, ast.unparse(a.annotation) if a.annotation else "?") for a in node.args.args]
        for name, kind in parameters:
            self.set_local(name, Typed(f"%{name}.in", kind))
        body = node.body[1:] if ast.get_docstring(node) else node.body
        self._block(body)
        self.emit("ret void" if self.result == "None" else "unreachable")
        head = ", ".join(f"{written(kind)} %{name}.in" for name, kind in parameters)
        linkage = "" if exported else "internal "
        inlined = " alwaysinline" if all(kind == "float" for _, kind in parameters) else ""
        first = f"define {linkage}{written(self.result)} @{node.name}({head}) nounwind{inlined} {{"
        return "\n".join([first, *self.rooms, *self.lines, "}"])

    def _branch(self, condition: ast.expr, then: str, otherwise: str) -> None:
        text = self.converted(self.expression(condition), "bool")
        self.emit(f"br i1 {text}, label %{then}, label %{otherwise}")

    # ------------------------------------------------------------------------------ statements

    def _block(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            if self.open:
                self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=[target], value=value):
                values = [self.expression(x) for x in items(value)]
                for place, x in zip(items(target), values, strict=True):
                    self._store(place, x)
            case ast.AnnAssign(target=target, value=ast.expr() as value):  # checked by others
                self._store(target, self.expression(value))
            case ast.AugAssign(target=target, op=op, value=value):
                self._store(target, self.operation(node, op, self.expression(target), self.expression(value)))
            case ast.If(test=test, body=body, orelse=orelse):
                then, otherwise, after = self.labels("then", "else", "after")
                self._branch(test, then, otherwise)
                for label, block in ((then, body), (otherwise, orelse)):
                    self.begin(label)
                    self._block(block)
                    self.emit(f"br label %{after}")
                self.begin(after)
            case ast.While(test=test, body=body):
                head, inside, after = self.labels("while", "do", "after")
                self.begin(head)
                self._branch(test, inside, after)
                self._loop(inside, body, head, after)
                self.begin(after)
            case ast.For(
                target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range" | "each" as kind), args=args)
            ):
                self._for(name, args, node.body, apart=kind == "each")
            case ast.Return(value=None):
                self.emit("ret void")
            case ast.Return(value=ast.expr() as value):
                text = self.converted(self.expression(value), self.result)
                self.emit(f"ret {self.module.written(self.result)} {text}")
            case ast.Continue():
                self.emit(f"br label %{self.loops[-1][0]}")
            case ast.Break():
                self.emit(f"br label %{self.loops[-1][1]}")
            case ast.Expr(value=value):
                self.expression(value)
            case _:
                raise self.refused(node, f"{type(node).__name__} is not in the language")

    def _for(self, name: str, args: Sequence[ast.expr], body: Sequence[ast.stmt], apart: bool) -> None:
        bounds = [self.converted(self.expression(x), "int") for x in args]
        start, stop, step = (
            [*bounds, "1"] if len(bounds) == 2 else bounds if args[1:] else ["0", *bounds, "1"]
        )
        compare = "sgt" if len(args) == 3 and isinstance(args[2], ast.UnaryOp) else "slt"
        head, inside, following, after = self.labels("for", "do", "next", "after")
        counter = f".{head}"
        self.set_local(counter, Typed(start, "int"))
        self.begin(head)
        now = self.value(f"load i64, ptr %{counter}", "int")
        more = self.value(f"icmp {compare} i64 {now.text}, {stop}", "bool")
        self.emit(f"br i1 {more.text}, label %{inside}, label %{after}")
        self.begin(inside)
        self.set_local(name, now)
        self.group = f", !llvm.access.group {APART}" if apart else ""
        self._loop("", body, following, after)
        self.group = ""
        self.begin(following)
        now = self.value(f"load i64, ptr %{counter}", "int")
        self.set_local(counter, self.value(f"add nsw i64 {now.text}, {step}", "int"))
        self.emit(f"br label %{head}{self.module.loop_of_its_own() if apart else ''}")
        self.begin(after)

    def _loop(self, label: str, body: Sequence[ast.stmt], following: str, after: str) -> None:
        if label:
            self.begin(label)
        self.loops.append((following, after))
        self._block(body)
        self.loops.pop()
        self.emit(f"br label %{following}")

    def _store(self, place: ast.expr, x: Typed) -> None:
        if isinstance(place, ast.Name):
            self.set_local(place.id, x)
            return
        at, kind = self.place(place)
        held = self.module.held(kind)
        if held in ("double", "float"):
            number = self.module.number
            text = self.converted(x, "float")
            if held != number:
                cast = "fptrunc" if held == "float" else "fpext"
                text = self.value(f"{cast} {number} {text} to {held}", "float").text
        elif held == "i8":
            text = self.value(f"zext i1 {self.converted(x, 'bool')} to i8", "int").text
        else:
            text = self.converted(x, "int")
            if held == "i32":
                text = self.value(f"trunc i64 {text} to i32", "int").text
        self.emit(f"store {held} {text}, ptr {at}, !tbaa {TAGS[held]}{self.group}")
