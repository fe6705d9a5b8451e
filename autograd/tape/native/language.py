"""A compiler from a small part of Python to LLVM's assembly language.

The language has whole numbers, floats, truth values and pointers to rows of numbers; assignments, ``if``,
``while``, ``for … in range(…)``; arithmetic, comparisons and calls.  Annotations give the types of what a
function takes and returns:

* ``int``, ``float``, and pointers by the names in POINTERS, such as ``Numbers``;
* a class whose attributes are annotated with these: eight bytes per attribute, a whole number or an address,
  and then eight bytes more for each, its length: ``len(arguments.V)``.

Functions of floats alone are inlined.  ``V[i]`` is a number, and ``V[i:]`` the pointer moved on.  ``and``, ``or`` and ``where(c, a, b)`` compute all
that they are given.  Whole numbers are divided towards zero;
a ``range`` runs down if its step is written with a minus.  Run as Python, on arrays, a function does the
same: what is compiled can be read, and tested, as Python.

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
import struct
from collections.abc import Sequence
from typing import NamedTuple

from autograd.core.arithmetic import FUNCTIONS

POINTERS = {
    "Rows": "i64",
    "Shorts": "i32",
    "Mask": "i8",
    "Numbers": "number",
    "Doubles": "double",
    "Singles": "float",
}
"""What a pointer of each type points to: whole numbers, truth values, or floats, which become ``float`` when
they are read.  A ``float`` and Numbers have the precision that is compiled for."""

INTRINSIC = {"exp", "log", "log2", "log10", "sqrt", "sin", "cos", "pow", "floor", "fabs", "copysign", "rint"}
"""Functions that LLVM knows by itself, under these names; the others are the C library's."""

OPERATORS: dict[type, tuple[str, str]] = {
    ast.Add: ("add nsw", "fadd"), ast.Sub: ("sub nsw", "fsub"), ast.Mult: ("mul nsw", "fmul"),
    ast.Div: ("", "fdiv"), ast.Mod: ("srem", "frem"), ast.FloorDiv: ("sdiv", ""), ast.RShift: ("ashr", ""),
    ast.BitAnd: ("and", ""),
}  # fmt: skip
COMPARISONS: dict[type, tuple[str, str]] = {
    ast.Lt: ("slt", "olt"), ast.LtE: ("sle", "ole"), ast.Gt: ("sgt", "ogt"), ast.GtE: ("sge", "oge"),
    ast.Eq: ("eq", "oeq"), ast.NotEq: ("ne", "une"),
}  # fmt: skip
"""The instructions for whole numbers and for floats."""

TAGS = {"i64": "!2", "i32": "!4", "i8": "!6", "float": "!8", "double": "!8"}
NOT_ALIASED = """!0 = !{!"memory"}
!1 = !{!"i64", !0, i64 0}
!2 = !{!1, !1, i64 0}
!3 = !{!"i32", !0, i64 0}
!4 = !{!3, !3, i64 0}
!5 = !{!"i8", !0, i64 0}
!6 = !{!5, !5, i64 0}
!7 = !{!"floats", !0, i64 0}
!8 = !{!7, !7, i64 0}
"""
"""Says that what is written as one type is never read as another."""


class Typed(NamedTuple):
    """A value in the assembly, and its type in the language."""

    text: str
    type: str


def assembly(text: str, roots: Sequence[str], dtype: str) -> str:
    """Return functions, and those that they call, in LLVM's assembly language.

    Args:
        text: a module in the language; what the roots do not need may be any Python.
        roots: the functions that are to be called from outside.
        dtype: "float64" or "float32", the precision of all floats.

    Raises:
        NotImplementedError: if something is not in the language; the message names the line.
    """
    module = _Module(text, dtype)
    parts: dict[str, str] = {}
    wanted = list(roots)
    while wanted:
        name = wanted.pop()
        if name not in parts:
            function = _Function(module, module.functions[name], name in roots)
            parts[name] = function.text()
            wanted.extend(function.called)
    return "\n".join([*parts.values(), *sorted(module.declared), NOT_ALIASED])


class _Module:
    """The names of a module: functions, constants, and classes of arguments."""

    def __init__(self, text: str, dtype: str) -> None:
        self.number = "double" if dtype == "float64" else "float"
        self.lines = text.splitlines()
        self.functions: dict[str, ast.FunctionDef] = {}
        self.constants: dict[str, float] = {"inf": float("inf"), "nan": float("nan")}
        self.classes: dict[str, dict[str, str]] = {}
        self.declared: set[str] = set()
        for node in ast.parse(text).body:
            match node:
                case ast.FunctionDef():
                    self.functions[node.name] = node
                case ast.ClassDef():
                    fields = [field for field in node.body if isinstance(field, ast.AnnAssign)]
                    self.classes[node.name] = {
                        ast.unparse(field.target): ast.unparse(field.annotation) for field in fields
                    }
                case ast.Assign(targets=[target], value=value):
                    for name, x in zip(_items(target), _items(value), strict=False):
                        if isinstance(x, ast.Constant) and isinstance(x.value, (int, float)):
                            self.constants[ast.unparse(name)] = x.value

    def held(self, pointer: str) -> str:
        """Return what a pointer of this type points to, in the assembly."""
        return POINTERS[pointer] if pointer != "Numbers" else self.number

    def written(self, kind: str) -> str:
        """Return a type of the language in the assembly."""
        return {"int": "i64", "float": self.number, "bool": "i1", "None": "void"}.get(kind, "ptr")

    def constant(self, x: float) -> Typed:
        """Return a number in the assembly; a float as the bits of a double."""
        if isinstance(x, int):
            return Typed(str(x).lower(), type(x).__name__)
        if self.number == "float":
            x = _single(x)
        return Typed(f"0x{struct.unpack('Q', struct.pack('d', x))[0]:016X}", "float")

    def function(self, name: str, inputs: int) -> str:
        """Declare an elementary function; return its name in the assembly."""
        kind = ", ".join([self.number] * inputs)
        name = {"round": "rint", "abs": "fabs"}.get(name, name)
        if name in INTRINSIC:
            name = f"llvm.{name}.f{64 if self.number == 'double' else 32}"
            self.declared.add(f"declare {self.number} @{name}({kind})")
        else:
            name += "" if self.number == "double" else "f"
            self.declared.add(f"declare {self.number} @{name}({kind}) nounwind willreturn memory(none)")
        return name


def _items(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]


def _single(x: float) -> float:
    try:
        rounded: float = struct.unpack("f", struct.pack("f", x))[0]
    except OverflowError:
        return float("inf") if x > 0 else -float("inf")
    return rounded


class _Function:
    """One function on its way to the assembly."""

    def __init__(self, module: _Module, node: ast.FunctionDef, exported: bool) -> None:
        self.module, self.node, self.exported = module, node, exported
        self.called: list[str] = []
        self.result = ast.unparse(node.returns) if node.returns else "None"
        self.fast = "".join(
            f" {ast.literal_eval(flag)}"
            for mark in node.decorator_list
            if isinstance(mark, ast.Call)  # @fast("contract", "reassoc")
            for flag in mark.args
        )
        self._types: dict[str, str] = {}
        self._rooms: list[str] = []
        self._lines: list[str] = []
        self._count = 0
        self._open = True  # whether the current block of instructions has no end yet
        self._loops: list[tuple[str, str]] = []

    def text(self) -> str:
        """Return the whole function."""
        node, written = self.node, self.module.written
        parameters = [(a.arg, ast.unparse(a.annotation) if a.annotation else "?") for a in node.args.args]
        for name, kind in parameters:
            self._set(name, Typed(f"%{name}.in", kind))
        body = node.body[1:] if ast.get_docstring(node) else node.body
        self._block(body)
        self._emit("ret void" if self.result == "None" else "unreachable")
        head = ", ".join(f"{written(kind)} %{name}.in" for name, kind in parameters)
        linkage = "" if self.exported else "internal "
        inlined = " alwaysinline" if all(kind == "float" for _, kind in parameters) else ""
        first = f"define {linkage}{written(self.result)} @{node.name}({head}) nounwind{inlined} {{"
        return "\n".join([first, *self._rooms, *self._lines, "}"])

    # -------------------------------------------------------------------------------- writing

    def _emit(self, line: str) -> None:
        if self._open:
            self._lines.append(f"  {line}")
            self._open = not line.startswith(("br ", "ret ", "unreachable"))

    def _value(self, line: str, kind: str) -> Typed:
        self._count += 1
        self._emit(f"%.{self._count} = {line}")
        return Typed(f"%.{self._count}", kind)

    def _labels(self, *names: str) -> list[str]:
        self._count += 1
        return [f"{name}.{self._count}" for name in names]

    def _begin(self, label: str) -> None:
        self._emit(f"br label %{label}")
        self._lines.append(f"{label}:")
        self._open = True

    def _branch(self, condition: ast.expr, then: str, otherwise: str) -> None:
        self._emit(
            f"br i1 {self._as(self._expression(condition), 'bool')}, label %{then}, label %{otherwise}"
        )

    def _refused(self, node: ast.AST, what: str) -> NotImplementedError:
        line = self.module.lines[getattr(node, "lineno", 1) - 1].strip()
        return NotImplementedError(f"{what}, in {self.node.name}: {line}")

    def _set(self, name: str, x: Typed) -> None:
        if name not in self._types:
            self._types[name] = x.type
            self._rooms.append(f"  %{name} = alloca {self.module.written(x.type)}")
        kind = self._types[name]
        self._emit(f"store {self.module.written(kind)} {self._as(x, kind)}, ptr %{name}")

    def _as(self, x: Typed, kind: str) -> str:
        """Return the value converted to a type."""
        number = self.module.number
        match x.type, kind:
            case (a, b) if a == b or self.module.written(a) == self.module.written(b) == "ptr":
                return x.text
            case "int", "float":
                return self._value(f"sitofp i64 {x.text} to {number}", kind).text
            case "bool", "float":
                return self._value(f"uitofp i1 {x.text} to {number}", kind).text
            case "bool", "int":
                return self._value(f"zext i1 {x.text} to i64", kind).text
            case "int", "bool":
                return self._value(f"icmp ne i64 {x.text}, 0", kind).text
            case "float", "bool":
                return self._value(f"fcmp une {number} {x.text}, 0.0", kind).text
            case "int", _ if kind in POINTERS or kind in self.module.classes:
                return self._value(f"inttoptr i64 {x.text} to ptr", kind).text
        raise NotImplementedError(f"there is no way from {x.type} to {kind}, in {self.node.name}")

    # ------------------------------------------------------------------------------ statements

    def _block(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            if self._open:
                self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=[target], value=value):
                values = [self._expression(x) for x in _items(value)]
                for place, x in zip(_items(target), values, strict=True):
                    self._store(place, x)
            case ast.AugAssign(target=target, op=op, value=value):
                self._store(
                    target, self._operation(node, op, self._expression(target), self._expression(value))
                )
            case ast.If(test=test, body=body, orelse=orelse):
                then, otherwise, after = self._labels("then", "else", "after")
                self._branch(test, then, otherwise)
                for label, block in ((then, body), (otherwise, orelse)):
                    self._begin(label)
                    self._block(block)
                    self._emit(f"br label %{after}")
                self._begin(after)
            case ast.While(test=test, body=body):
                head, inside, after = self._labels("while", "do", "after")
                self._begin(head)
                self._branch(test, inside, after)
                self._loop(inside, body, head, after)
                self._begin(after)
            case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=args)):
                self._for(name, args, node.body)
            case ast.Return(value=None):
                self._emit("ret void")
            case ast.Return(value=ast.expr() as value):
                self._emit(
                    f"ret {self.module.written(self.result)} {self._as(self._expression(value), self.result)}"
                )
            case ast.Continue():
                self._emit(f"br label %{self._loops[-1][0]}")
            case ast.Break():
                self._emit(f"br label %{self._loops[-1][1]}")
            case ast.Expr(value=value):
                self._expression(value)
            case _:
                raise self._refused(node, f"{type(node).__name__} is not in the language")

    def _for(self, name: str, args: Sequence[ast.expr], body: Sequence[ast.stmt]) -> None:
        bounds = [self._as(self._expression(x), "int") for x in args]
        start, stop, step = [*bounds, "1"] if len(bounds) == 2 else bounds if args[1:] else ["0", *bounds, "1"]
        compare = "sgt" if len(args) == 3 and isinstance(args[2], ast.UnaryOp) else "slt"
        head, inside, following, after = self._labels("for", "do", "next", "after")
        counter = f".{head}"
        self._set(counter, Typed(start, "int"))
        self._begin(head)
        now = self._value(f"load i64, ptr %{counter}", "int")
        more = self._value(f"icmp {compare} i64 {now.text}, {stop}", "bool")
        self._emit(f"br i1 {more.text}, label %{inside}, label %{after}")
        self._begin(inside)
        self._set(name, now)
        self._loop("", body, following, after)
        self._begin(following)
        now = self._value(f"load i64, ptr %{counter}", "int")
        self._set(counter, self._value(f"add nsw i64 {now.text}, {step}", "int"))
        self._emit(f"br label %{head}")
        self._begin(after)

    def _loop(self, label: str, body: Sequence[ast.stmt], following: str, after: str) -> None:
        if label:
            self._begin(label)
        self._loops.append((following, after))
        self._block(body)
        self._loops.pop()
        self._emit(f"br label %{following}")

    def _store(self, place: ast.expr, x: Typed) -> None:
        if isinstance(place, ast.Name):
            self._set(place.id, x)
            return
        at, kind = self._place(place)
        held = self.module.held(kind)
        if held in ("double", "float"):
            number = self.module.number
            text = self._as(x, "float")
            if held != number:
                cast = "fptrunc" if held == "float" else "fpext"
                text = self._value(f"{cast} {number} {text} to {held}", "float").text
        elif held == "i8":
            text = self._value(f"zext i1 {self._as(x, 'bool')} to i8", "int").text
        else:
            text = self._as(x, "int")
            if held == "i32":
                text = self._value(f"trunc i64 {text} to i32", "int").text
        self._emit(f"store {held} {text}, ptr {at}, !tbaa {TAGS[held]}")

    # ------------------------------------------------------------------------------ expressions

    def _expression(self, node: ast.expr) -> Typed:
        match node:
            case ast.Constant(value=int() | float() as x):
                return self.module.constant(x)
            case ast.Name(id=name) if name in self._types:
                return self._value(
                    f"load {self.module.written(self._types[name])}, ptr %{name}", self._types[name]
                )
            case ast.Name(id=name) if name in self.module.constants:
                return self.module.constant(self.module.constants[name])
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._value(f"xor i1 {self._as(self._expression(operand), 'bool')}, true", "bool")
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                x = self._expression(operand)
                if x.type == "float":
                    return self._value(f"fneg {self.module.number} {x.text}", "float")
                return self._value(f"sub nsw i64 0, {self._as(x, 'int')}", "int")
            case ast.BinOp(left=left, op=op, right=right):
                return self._operation(node, op, self._expression(left), self._expression(right))
            case ast.BoolOp(op=op, values=values):
                texts = [self._as(self._expression(x), "bool") for x in values]
                word = "and" if isinstance(op, ast.And) else "or"
                for text in texts[1:]:
                    texts[0] = self._value(f"{word} i1 {texts[0]}, {text}", "bool").text
                return Typed(texts[0], "bool")
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                a, b = self._expression(left), self._expression(right)
                floats = "float" in (a.type, b.type)
                kind, compare = ("float", "fcmp") if floats else ("int", "icmp")
                written = self.module.written(kind)
                text = f"{compare} {COMPARISONS[type(op)][floats]} {written} {self._as(a, kind)}, {self._as(b, kind)}"
                return self._value(text, "bool")
            case ast.Subscript(slice=ast.Slice()):
                return Typed(*self._place(node))
            case ast.Subscript():
                return self._read(*self._place(node))
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                kind = self.module.classes[self._types[name]][attribute]
                return Typed(self._as(self._word(name, attribute), kind), kind)
            case ast.Call(
                func=ast.Name(id="len"), args=[ast.Attribute(value=ast.Name(id=name), attr=attribute)]
            ):
                return self._word(name, attribute, length=True)
            case ast.Call(func=ast.Name(id=name), args=args):
                return self._call(node, name, [self._expression(x) for x in args])
        raise self._refused(node, f"{ast.unparse(node)} is not in the language")

    def _place(self, node: ast.expr) -> tuple[str, str]:
        """Return the address of ``V[i]`` or ``V[i:]``, and the type of the pointer V."""
        if not isinstance(node, ast.Subscript):
            raise self._refused(node, "nothing can be stored there")
        pointer = self._expression(node.value)
        if pointer.type not in POINTERS:
            raise self._refused(node, f"{ast.unparse(node.value)} is not a pointer")
        at = node.slice.lower if isinstance(node.slice, ast.Slice) else node.slice
        place = self._as(self._expression(at or ast.Constant(0)), "int")
        held = self.module.held(pointer.type)
        return self._value(
            f"getelementptr inbounds {held}, ptr {pointer.text}, i64 {place}", ""
        ).text, pointer.type

    def _read(self, at: str, pointer: str) -> Typed:
        held, number = self.module.held(pointer), self.module.number
        x = self._value(f"load {held}, ptr {at}, !tbaa {TAGS[held]}", "int")
        match held:
            case "i64":
                return x
            case "i32":
                return self._value(f"sext i32 {x.text} to i64", "int")
            case "i8":
                return self._value(f"icmp ne i8 {x.text}, 0", "bool")
        if held != number:
            x = self._value(
                f"{'fpext' if held == 'float' else 'fptrunc'} {held} {x.text} to {number}", "float"
            )
        return Typed(x.text, "float")

    def _word(self, name: str, attribute: str, length: bool = False) -> Typed:
        fields = list(self.module.classes[self._types[name]])
        place = fields.index(attribute) + length * len(fields)
        words = self._value(f"load ptr, ptr %{name}", "Rows")
        return self._read(self._value(f"getelementptr i64, ptr {words.text}, i64 {place}", "").text, "Rows")

    def _operation(self, node: ast.AST, op: ast.operator, a: Typed, b: Typed) -> Typed:
        whole, floating = OPERATORS.get(type(op), ("", ""))
        if "float" not in (a.type, b.type) and whole:
            return self._value(f"{whole} i64 {self._as(a, 'int')}, {self._as(b, 'int')}", "int")
        if not floating:
            raise self._refused(node, f"{type(op).__name__} of {a.type} and {b.type} is not in the language")
        number = self.module.number
        x, y = self._as(a, "float"), self._as(b, "float")
        result = self._value(f"{floating}{self.fast} {number} {x}, {y}", "float")
        return self._modulo(result.text, y) if floating == "frem" else result

    def _modulo(self, rest: str, divisor: str) -> Typed:
        """Return the rest of C's division with the sign of the divisor, as Python has it."""
        number = self.module.number
        signs = [self._value(f"fcmp olt {number} {x}, 0.0", "").text for x in (rest, divisor)]
        differ = self._value(f"xor i1 {signs[0]}, {signs[1]}", "").text
        other = self._value(f"fadd {number} {rest}, {divisor}", "").text
        moved = self._value(f"select i1 {differ}, {number} {other}, {number} {rest}", "").text
        copysign = self.module.function("copysign", 2)
        zero = self._value(f"call {number} @{copysign}({number} 0.0, {number} {divisor})", "").text
        none = self._value(f"fcmp oeq {number} {rest}, 0.0", "").text
        return self._value(f"select i1 {none}, {number} {zero}, {number} {moved}", "float")

    def _call(self, node: ast.AST, name: str, args: list[Typed]) -> Typed:
        module = self.module
        if name in module.functions:
            function = module.functions[name]
            kinds = [ast.unparse(a.annotation) for a in function.args.args if a.annotation]
            if len(kinds) != len(args):
                raise self._refused(node, f"{name} takes {len(kinds)} arguments")
            self.called.append(name)
            result = ast.unparse(function.returns) if function.returns else "None"
            given = ", ".join(
                f"{module.written(kind)} {self._as(x, kind)}" for x, kind in zip(args, kinds, strict=True)
            )
            text = f"call {module.written(result)} @{name}({given})"
            if result != "None":
                return self._value(text, result)
            self._emit(text)
            return Typed("", "None")
        match name:
            case "call":  # a C function at an address
                address = self._value(f"inttoptr i64 {args[0].text} to ptr", "")
                given = ", ".join(f"{module.written(x.type)} {x.text}" for x in args[1:])
                self._emit(f"call void {address.text}({given})")
                return Typed("", "None")
            case "where":
                kind = "float" if "float" in (args[1].type, args[2].type) else args[1].type
                a, b = [f"{module.written(kind)} {self._as(x, kind)}" for x in args[1:]]
                return self._value(f"select i1 {self._as(args[0], 'bool')}, {a}, {b}", kind)
            case "min" | "max":
                a, b = [self._as(x, "int") for x in args]
                less = self._value(f"icmp {'slt' if name == 'min' else 'sgt'} i64 {a}, {b}", "")
                return self._value(f"select i1 {less.text}, i64 {a}, i64 {b}", "int")
            case "room":  # for so many numbers, until the function returns
                return self._value(f"alloca {module.number}, i64 {self._as(args[0], 'int')}", "Numbers")
            case "float" | "int":
                return Typed(self._as(args[0], name), name)
        if name in POINTERS:
            return Typed(self._as(args[0], name), name)
        if name in FUNCTIONS or name in ("abs", "copysign"):
            given = ", ".join(f"{module.number} {self._as(x, 'float')}" for x in args)
            return self._value(
                f"call{self.fast} {module.number} @{module.function(name, len(args))}({given})", "float"
            )
        raise self._refused(node, f"{name} is not in the language")
