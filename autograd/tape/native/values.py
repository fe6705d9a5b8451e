"""Values of the language `autograd.tape.native.language` in LLVM's assembly."""

from __future__ import annotations

import ast
import inspect
import struct
from typing import NamedTuple

from autograd.core.arithmetic import FUNCTIONS
from autograd.tape.native import elementary

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
!9 = distinct !{}
!10 = !{!"llvm.loop.parallel_accesses", !9}
"""
"""Says that what is written as one type is never read as another, and what rounds of a loop keep apart."""
APART = "!9"


class Typed(NamedTuple):
    """A value in the assembly, and its type in the language."""

    text: str
    type: str


class Module:
    """The names of a module: functions, constants, and classes of arguments."""

    def __init__(self, text: str, dtype: str) -> None:
        self.number = "double" if dtype == "float64" else "float"
        self.lines = (inspect.getsource(elementary) + text).splitlines()
        self.functions: dict[str, ast.FunctionDef] = {}
        overflows, vanishes = (711.0, -746.0) if dtype == "float64" else (90.0, -104.0)
        self.constants: dict[str, float] = {
            "inf": float("inf"), "nan": float("nan"), "EXP_OVERFLOWS": overflows, "EXP_VANISHES": vanishes
        }  # fmt: skip
        self.classes: dict[str, dict[str, str]] = {}
        self.declared: set[str] = set()
        self.loops: list[str] = []
        for node in ast.parse(inspect.getsource(elementary) + text).body:
            match node:
                case ast.FunctionDef():
                    self.functions[node.name] = node
                case ast.ClassDef():
                    fields = [field for field in node.body if isinstance(field, ast.AnnAssign)]
                    self.classes[node.name] = {
                        ast.unparse(field.target): ast.unparse(field.annotation) for field in fields
                    }
                case ast.Assign(targets=[target], value=value):
                    for name, x in zip(items(target), items(value), strict=False):
                        if isinstance(x, ast.Constant) and isinstance(x.value, (int, float)):
                            self.constants[ast.unparse(name)] = x.value

    def held(self, pointer: str) -> str:
        """Return what a pointer of this type points to, in the assembly."""
        return POINTERS[pointer] if pointer != "Numbers" else self.number

    def written(self, kind: str) -> str:
        """Return a type of the language in the assembly."""
        return {"int": "i64", "float": self.number, "bool": "i1", "None": "void"}.get(kind, "ptr")

    def loop_of_its_own(self) -> str:
        """Return what marks a loop as one whose rounds have nothing to do with each other."""
        name = f"!{len(self.loops) + 11}"
        self.loops.append(f"{name} = distinct !{{{name}, !10}}")
        return f", !llvm.loop {name}"

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


def items(node: ast.expr) -> list[ast.expr]:
    """Return the expressions of a tuple; of anything else, itself."""
    return node.elts if isinstance(node, ast.Tuple) else [node]


def _single(x: float) -> float:
    try:
        rounded: float = struct.unpack("f", struct.pack("f", x))[0]
    except OverflowError:
        return float("inf") if x > 0 else -float("inf")
    return rounded


class Values:
    """What computes values, of one function on its way to the assembly."""

    def __init__(self, module: Module, node: ast.FunctionDef) -> None:
        self.module, self.node = module, node
        self.called: list[str] = []
        self.result = ast.unparse(node.returns) if node.returns else "None"
        self.fast = "".join(
            f" {ast.literal_eval(flag)}"
            for mark in node.decorator_list
            if isinstance(mark, ast.Call)  # @fast("contract", "reassoc")
            for flag in mark.args
        )
        self.types: dict[str, str] = {}
        self.rooms: list[str] = []
        self.lines: list[str] = []
        self._count = 0
        self.open = True  # whether the current block of instructions has no end yet
        self.group = ""  # what marks the reads and writes of a loop whose rounds are kept apart
        self.loops: list[tuple[str, str]] = []  # where `continue` and `break` lead

    # -------------------------------------------------------------------------------- writing

    def emit(self, line: str) -> None:
        """Write an instruction, unless the block has ended."""
        if self.open:
            self.lines.append(f"  {line}")
            self.open = not line.startswith(("br ", "ret ", "unreachable"))

    def value(self, line: str, kind: str) -> Typed:
        """Write an instruction that computes a value of a type; return it."""
        self._count += 1
        self.emit(f"%.{self._count} = {line}")
        return Typed(f"%.{self._count}", kind)

    def labels(self, *names: str) -> list[str]:
        """Return labels made of these names that no other block has."""
        self._count += 1
        return [f"{name}.{self._count}" for name in names]

    def begin(self, label: str) -> None:
        """Begin a block; the one before leads to it."""
        self.emit(f"br label %{label}")
        self.lines.append(f"{label}:")
        self.open = True

    def refused(self, node: ast.AST, what: str) -> NotImplementedError:
        """Return the error for something that is not in the language."""
        line = self.module.lines[getattr(node, "lineno", 1) - 1].strip()
        return NotImplementedError(f"{what}, in {self.node.name}: {line}")

    def set_local(self, name: str, x: Typed) -> None:
        """Set a variable, whose type is that of its first value."""
        if name not in self.types:
            self.types[name] = x.type
            self.rooms.append(f"  %{name} = alloca {self.module.written(x.type)}")
        kind = self.types[name]
        self.emit(f"store {self.module.written(kind)} {self.converted(x, kind)}, ptr %{name}")

    def converted(self, x: Typed, kind: str) -> str:
        """Return the value converted to a type."""
        number = self.module.number
        match x.type, kind:
            case (a, b) if a == b or self.module.written(a) == self.module.written(b) == "ptr":
                return x.text
            case "int", "float":
                return self.value(f"sitofp i64 {x.text} to {number}", kind).text
            case "bool", "float":
                return self.value(f"uitofp i1 {x.text} to {number}", kind).text
            case "bool", "int":
                return self.value(f"zext i1 {x.text} to i64", kind).text
            case "int", "bool":
                return self.value(f"icmp ne i64 {x.text}, 0", kind).text
            case "float", "bool":
                return self.value(f"fcmp une {number} {x.text}, 0.0", kind).text
            case "int", _ if kind in POINTERS or kind in self.module.classes:
                return self.value(f"inttoptr i64 {x.text} to ptr", kind).text
        raise NotImplementedError(f"there is no way from {x.type} to {kind}, in {self.node.name}")

    # ------------------------------------------------------------------------------ expressions

    def expression(self, node: ast.expr) -> Typed:
        """Compute an expression."""
        match node:
            case ast.Constant(value=int() | float() as number):
                return self.module.constant(number)
            case ast.Name(id=name) if name in self.types:
                return self.value(
                    f"load {self.module.written(self.types[name])}, ptr %{name}", self.types[name]
                )
            case ast.Name(id=name) if name in self.module.constants:
                return self.module.constant(self.module.constants[name])
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.value(f"xor i1 {self.converted(self.expression(operand), 'bool')}, true", "bool")
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                x = self.expression(operand)
                if x.type == "float":
                    return self.value(f"fneg {self.module.number} {x.text}", "float")
                return self.value(f"sub nsw i64 0, {self.converted(x, 'int')}", "int")
            case ast.BinOp(left=left, op=op, right=right):
                return self.operation(node, op, self.expression(left), self.expression(right))
            case ast.BoolOp(op=op, values=values):
                texts = [self.converted(self.expression(x), "bool") for x in values]
                word = "and" if isinstance(op, ast.And) else "or"
                for text in texts[1:]:
                    texts[0] = self.value(f"{word} i1 {texts[0]}, {text}", "bool").text
                return Typed(texts[0], "bool")
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARISONS:
                a, b = self.expression(left), self.expression(right)
                floats = "float" in (a.type, b.type)
                kind, compare = ("float", "fcmp") if floats else ("int", "icmp")
                first, second = self.converted(a, kind), self.converted(b, kind)
                how = COMPARISONS[type(op)][floats]
                return self.value(f"{compare} {how} {self.module.written(kind)} {first}, {second}", "bool")
            case ast.Subscript(slice=ast.Slice()):
                return Typed(*self.place(node))
            case ast.Subscript():
                return self._read(*self.place(node))
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if self._fields(name):
                kind = self._fields(name)[attribute]
                return Typed(self.converted(self._word(name, attribute), kind), kind)
            case ast.Call(
                func=ast.Name(id="len"), args=[ast.Attribute(value=ast.Name(id=name), attr=attribute)]
            ):
                return self._word(name, attribute, length=True)
            case ast.Call(func=ast.Name(id=name), args=args):
                return self._call(node, name, [self.expression(x) for x in args])
        raise self.refused(node, f"{ast.unparse(node)} is not in the language")

    def place(self, node: ast.expr) -> tuple[str, str]:
        """Return the address of ``V[i]`` or ``V[i:]``, and the type of the pointer V."""
        if not isinstance(node, ast.Subscript):
            raise self.refused(node, "nothing can be stored there")
        pointer = self.expression(node.value)
        if pointer.type not in POINTERS:
            raise self.refused(node, f"{ast.unparse(node.value)} is not a pointer")
        at = node.slice.lower if isinstance(node.slice, ast.Slice) else node.slice
        place = self.converted(self.expression(at or ast.Constant(0)), "int")
        held = self.module.held(pointer.type)
        return self.value(
            f"getelementptr inbounds {held}, ptr {pointer.text}, i64 {place}", ""
        ).text, pointer.type

    def _read(self, at: str, pointer: str) -> Typed:
        held, number = self.module.held(pointer), self.module.number
        x = self.value(f"load {held}, ptr {at}, !tbaa {TAGS[held]}{self.group}", "int")
        match held:
            case "i64":
                return x
            case "i32":
                return self.value(f"sext i32 {x.text} to i64", "int")
            case "i8":
                return self.value(f"icmp ne i8 {x.text}, 0", "bool")
        if held != number:
            x = self.value(
                f"{'fpext' if held == 'float' else 'fptrunc'} {held} {x.text} to {number}", "float"
            )
        return Typed(x.text, "float")

    def _fields(self, name: str) -> dict[str, str]:
        """Return the fields of arguments, with their types; of anything else, none."""
        return self.module.classes.get(self.types.get(name, ""), {})

    def _word(self, name: str, attribute: str, length: bool = False) -> Typed:
        fields = list(self._fields(name))
        place = fields.index(attribute) + length * len(fields)
        words = self.value(f"load ptr, ptr %{name}", "Rows")
        return self._read(self.value(f"getelementptr i64, ptr {words.text}, i64 {place}", "").text, "Rows")

    def operation(self, node: ast.AST, op: ast.operator, a: Typed, b: Typed) -> Typed:
        """Compute ``a op b``."""
        whole, floating = OPERATORS.get(type(op), ("", ""))
        if "float" not in (a.type, b.type) and whole:
            return self.value(f"{whole} i64 {self.converted(a, 'int')}, {self.converted(b, 'int')}", "int")
        if not floating:
            raise self.refused(node, f"{type(op).__name__} of {a.type} and {b.type} is not in the language")
        number = self.module.number
        x, y = self.converted(a, "float"), self.converted(b, "float")
        result = self.value(f"{floating}{self.fast} {number} {x}, {y}", "float")
        return self._modulo(result.text, y) if floating == "frem" else result

    def _modulo(self, rest: str, divisor: str) -> Typed:
        """Return the rest of C's division with the sign of the divisor, as Python has it."""
        number = self.module.number
        signs = [self.value(f"fcmp olt {number} {x}, 0.0", "").text for x in (rest, divisor)]
        differ = self.value(f"xor i1 {signs[0]}, {signs[1]}", "").text
        other = self.value(f"fadd {number} {rest}, {divisor}", "").text
        moved = self.value(f"select i1 {differ}, {number} {other}, {number} {rest}", "").text
        copysign = self.module.function("copysign", 2)
        zero = self.value(f"call {number} @{copysign}({number} 0.0, {number} {divisor})", "").text
        none = self.value(f"fcmp oeq {number} {rest}, 0.0", "").text
        return self.value(f"select i1 {none}, {number} {zero}, {number} {moved}", "float")

    def _call(self, node: ast.AST, name: str, args: list[Typed]) -> Typed:
        module = self.module
        if name in module.functions:
            function = module.functions[name]
            kinds = [ast.unparse(a.annotation) for a in function.args.args if a.annotation]
            if len(kinds) != len(args):
                raise self.refused(node, f"{name} takes {len(kinds)} arguments")
            self.called.append(name)
            result = ast.unparse(function.returns) if function.returns else "None"
            given = ", ".join(
                f"{module.written(kind)} {self.converted(x, kind)}"
                for x, kind in zip(args, kinds, strict=True)
            )
            text = f"call {module.written(result)} @{name}({given})"
            if result != "None":
                return self.value(text, result)
            self.emit(text)
            return Typed("", "None")
        match name:
            case "call":  # a C function at an address
                address = self.value(f"inttoptr i64 {args[0].text} to ptr", "")
                given = ", ".join(f"{module.written(x.type)} {x.text}" for x in args[1:])
                self.emit(f"call void {address.text}({given})")
                return Typed("", "None")
            case "where":
                kind = "float" if "float" in (args[1].type, args[2].type) else args[1].type
                a, b = [f"{module.written(kind)} {self.converted(x, kind)}" for x in args[1:]]
                return self.value(f"select i1 {self.converted(args[0], 'bool')}, {a}, {b}", kind)
            case "min" | "max":
                a, b = [self.converted(x, "int") for x in args]
                less = self.value(f"icmp {'slt' if name == 'min' else 'sgt'} i64 {a}, {b}", "")
                return self.value(f"select i1 {less.text}, i64 {a}, i64 {b}", "int")
            case "room":  # for so many numbers, until the function returns
                return self.value(f"alloca {module.number}, i64 {self.converted(args[0], 'int')}", "Numbers")
            case "power_of_two":  # of a whole number, by the bits of a float's exponent
                whole = self.value(f"fptosi {module.number} {args[0].text} to i32", "").text
                if module.number == "double":
                    whole = self.value(f"sext i32 {whole} to i64", "").text
                kind, ones, places = ("i64", 1023, 52) if module.number == "double" else ("i32", 127, 23)
                whole = self.value(f"add {kind} {whole}, {ones}", "").text
                bits = self.value(f"shl {kind} {whole}, {places}", "").text
                return self.value(f"bitcast {kind} {bits} to {module.number}", "float")
            case "exponent_of":  # by the same bits
                kind, ones, places = ("i64", 1023, 52) if module.number == "double" else ("i32", 127, 23)
                bits = self.value(f"bitcast {module.number} {args[0].text} to {kind}", "").text
                bits = self.value(f"lshr {kind} {bits}, {places}", "").text
                bits = self.value(f"and {kind} {bits}, {2 * ones + 1}", "").text
                if kind == "i64":
                    bits = self.value(f"trunc i64 {bits} to i32", "").text
                bits = self.value(f"sub i32 {bits}, {ones}", "").text
                return self.value(f"sitofp i32 {bits} to {module.number}", "float")
            case "int" if args[0].type == "float":  # towards zero; of nan 0
                name = f"llvm.fptosi.sat.i64.f{64 if module.number == 'double' else 32}"
                module.declared.add(f"declare i64 @{name}({module.number})")
                return self.value(f"call i64 @{name}({module.number} {args[0].text})", "int")
            case "float" | "int":
                return Typed(self.converted(args[0], name), name)
        if name in POINTERS:
            return Typed(self.converted(args[0], name), name)
        if name in FUNCTIONS or name in ("abs", "copysign"):
            given = ", ".join(f"{module.number} {self.converted(x, 'float')}" for x in args)
            return self.value(
                f"call{self.fast} {module.number} @{module.function(name, len(args))}({given})", "float"
            )
        raise self.refused(node, f"{name} is not in the language")
