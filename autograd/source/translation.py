"""The language that `autograd.tape.native` compiles, translated into one with braces.

>>> from autograd.source.javascript import JAVASCRIPT
>>> text = "def f(x: float) -> float:\\n    if x > 0.0:\\n        return exp(x)\\n    return x"
>>> print(translated(text, JAVASCRIPT))
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


def translated(text: str, language: Language) -> str:
    """Return the functions of a text in another language; those that only send gradients are left out.

    Raises:
        NotImplementedError: if something is in the text that cannot be translated.
    """
    functions = [f for f in ast.parse(text).body if isinstance(f, ast.FunctionDef)]
    different = {ast.unparse(f): f for f in functions if f.args.args[0].arg not in ("upstream", "gradient")}
    return "\n".join("\n".join(_Translator(language).function(f)) for f in different.values())


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
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                for target, value in zip(targets, values, strict=True):
                    yield self._assigned(target, value)
            case ast.Assign(targets=[target], value=value):
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
            return f"{self._language.counter} {target.id} = {text};"
        return self._language.variable.format(target.id, text)

    def _text(self, node: ast.expr) -> str:
        match node:
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
