"""The language that `autograd.tape.native` compiles, translated into one with braces.

>>> from autograd.source.javascript import JAVASCRIPT
>>> text = "def f(x: float) -> float:\\n    if x > 0.0:\\n        return exp(x)\\n    return x"
>>> print(translated(text, JAVASCRIPT)["f"])
function f(x) {
  if ((x > 0)) {
    return Math.exp(x);
  }
  return x;
}
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from autograd.source.language import Language

SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


def translated(text: str, language: Language, sending: bool = False) -> dict[str, str]:
    """Return the functions of a text in another language, by name.

    Args:
        text: the functions, in the language of `autograd.tape.native`.
        language: that in which they are wanted.
        sending: whether those are wanted too that send gradients.

    Raises:
        NotImplementedError: if something is in the text that cannot be translated.
    """
    functions = [f for f in ast.parse(text).body if isinstance(f, ast.FunctionDef)]
    wanted = {f.name: f for f in functions if sending or f.args.args[0].arg != "upstream"}
    wanted.pop("nothing_sent", None)  # every language has a word for it
    kind = _Translator if language.braces else _Indented
    return {name: "\n".join(kind(language).function(f)) for name, f in wanted.items()}


class _Translator:
    """One function on its way into the other language."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._known: set[str] = set()

    def function(self, f: ast.FunctionDef) -> Iterator[str]:
        """Yield the lines of a function."""
        names = [a.arg for a in f.args.args]
        types = [ast.unparse(a.annotation) if a.annotation else "" for a in f.args.args]
        self._known.update(names)
        yield self._language.head(f.name, names, types, ast.unparse(f.returns) if f.returns else "")
        yield from self._block(f.body)
        yield "}"

    def _block(self, body: Sequence[ast.stmt]) -> Iterator[str]:
        for statement in body:
            for line in self._statement(statement):
                yield f"  {line}"

    def _statement(self, statement: ast.stmt) -> Iterator[str]:
        match statement:
            case ast.Return(value=value):
                yield "return;" if value is None else f"return {self._text(value)};"
            case ast.If(test=test, body=body, orelse=[]):
                yield f"if ({self._text(test)}) {{"
                yield from self._block(body)
                yield "}"
            case ast.For(target=ast.Name(id=name), iter=ast.Call(args=ends), body=body):
                first, last = (["0"] if len(ends) == 1 else []) + [self._text(x) for x in ends]
                yield f"for ({self._language.counter} {name} = {first}; {name} < {last}; {name}++) {{"
                yield from self._block(body)
                yield "}"
            case ast.Assign():
                for target, value in _assignments(statement):
                    yield self._assigned(target, value)
            case ast.AugAssign(target=target, op=op, value=value):
                yield f"{self._text(target)} {SIGNS[type(op)]}= {self._text(value)};"
            case _:
                raise NotImplementedError(f"{ast.unparse(statement)!r} cannot be translated")

    def _assigned(self, target: ast.expr, value: ast.expr) -> str:
        text = self._text(value)
        if not isinstance(target, ast.Name) or target.id in self._known:
            return f"{self._text(target)} = {text};"
        self._known.add(target.id)
        if isinstance(value, ast.Call) and ast.unparse(value.func) == "room":
            return self._language.room.format(target.id, self._text(value.args[0]))
        if isinstance(value, ast.Constant) and isinstance(value.value, int):
            return f"{self._language.counter} {target.id} = {text};".lstrip()
        return self._language.variable.format(target.id, text)

    def _text(self, node: ast.expr) -> str:
        match node:
            case ast.Name(id="inf" | "nan" as name):
                return self._language.constant(float(name))
            case ast.Name(id=name):
                return name
            case ast.Constant(value=int(n)):
                return str(n)
            case ast.Constant(value=float(x)):
                return self._language.constant(x)
            case ast.UnaryOp(op=ast.USub(), operand=x):
                return self._language.operation("neg", [self._text(x)])
            case ast.BinOp(left=a, op=op, right=b) if type(op) in SIGNS:
                return self._language.operation(SIGNS[type(op)], [self._text(a), self._text(b)])
            case ast.Compare(left=a, ops=[op], comparators=[b]) if type(op) in SIGNS:
                return self._language.operation(SIGNS[type(op)], [self._text(a), self._text(b)])
            case ast.Subscript(value=row, slice=i):
                return f"{self._text(row)}[{self._text(i)}]"
            case ast.Call(func=ast.Name(id="where"), args=[ast.Compare() as c, a, b]):
                return self._language.where.format(*map(self._text, (c, a, b)))
            case ast.Call(func=ast.Name(id="where"), args=[c, a, b]):
                condition = self._language.truth.format(self._text(c))
                return self._language.where.format(condition, self._text(a), self._text(b))
            case ast.Call(func=ast.Name(id=name), args=inputs):
                return self._language.operation(name, [self._text(x) for x in inputs])
        raise NotImplementedError(f"{ast.unparse(node)!r} cannot be translated")


class _Indented(_Translator):
    """A function on its way into Python, on arrays: a choice between numbers is made by ``where``."""

    def function(self, f: ast.FunctionDef) -> Iterator[str]:
        """Yield the lines of a function."""
        yield f"def {f.name}({', '.join(a.arg for a in f.args.args)}):"
        yield from self._block(f.body)

    def _block(self, body: Sequence[ast.stmt]) -> Iterator[str]:
        last = ""
        match body:
            case [*before, ast.If(test=test, body=[ast.Return(value=a)]), ast.Return(value=b)] if a and b:
                body, last = before, self._language.where.format(*map(self._text, (test, a, b)))
        for statement in body:
            for line in self._statement(statement):
                yield f"    {line}"
        if last:
            yield f"    return {last}"

    def _statement(self, statement: ast.stmt) -> Iterator[str]:
        match statement:
            case ast.Return(value=value):
                yield "return" if value is None else f"return {self._text(value)}"
            case ast.If(test=test, body=body) if all(
                isinstance(x, ast.Assign) for x in body
            ) and not _is_whole(test):
                yield f"chosen = {self._text(test)}"
                for target, value in (pair for x in body for pair in _assignments(x)):
                    texts = self._text(value), self._text(target)
                    yield f"{self._text(target)} = {self._language.where.format('chosen', *texts)}"
            case ast.If(test=test, body=body):
                yield f"if {self._text(test)}:"
                yield from self._block(body)
            case ast.For(target=ast.Name(id=name), iter=ast.Call(args=ends), body=body):
                yield f"for {name} in range({', '.join(map(self._text, ends))}):"
                yield from self._block(body)
            case _:
                yield from (line.removesuffix(";") for line in super()._statement(statement))


def _is_whole(test: ast.expr) -> bool:
    """Return whether a condition is on the number of inputs."""
    return {x.id for x in ast.walk(test) if isinstance(x, ast.Name)} == {"n"}


def _assignments(statement: ast.stmt) -> list[tuple[ast.expr, ast.expr]]:
    match statement:
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
            return list(zip(targets, values, strict=True))
        case ast.Assign(targets=[target], value=value):
            return [(target, value)]
    raise NotImplementedError(f"{ast.unparse(statement)!r} cannot be translated")
