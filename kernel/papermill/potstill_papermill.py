"""Teaches papermill the language TypeScript: `papermill in.ipynb out.ipynb -p lr 0.01` for Potstill's kernel.

Installing this package is all there is to do. papermill imports it for the engine that it names (which is papermill's
own, under another name), and the import registers the translator.
"""

import json
import math
import threading

from papermill.engines import NBClientEngine
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

from potstill_parameters import declarations, is_name

_largest_safe_integer = 2**53 - 1


class PotstillEngine(NBClientEngine):
    """papermill's own engine: `--engine potstill` changes nothing."""


class TypeScriptTranslator(Translator):
    """Writes parameters as TypeScript declarations.

    Integers beyond 2**53 become bigint literals, None null, NaN and infinities NaN, Infinity and -Infinity. A parameter
    is declared again the way the parameters cell declared it: `let` stays `let`, and its type annotation stays.
    """

    # What the parameters cell declares; papermill inspects it just before it writes the parameters.
    _known = threading.local()

    @classmethod
    def translate_none(cls, val):
        return "null"

    @classmethod
    def translate_str(cls, val):
        # JSON with ASCII escapes is TypeScript too; lone surrogates stay escapes.
        return json.dumps(val)

    @classmethod
    def translate_escaped_str(cls, str_val):
        return json.dumps(str(str_val))

    @classmethod
    def translate_int(cls, val):
        return f"{val}n" if abs(val) > _largest_safe_integer else str(val)

    @classmethod
    def translate_float(cls, val):
        if math.isnan(val):
            return "NaN"
        if math.isinf(val):
            return "Infinity" if val > 0 else "-Infinity"
        return repr(val)

    @classmethod
    def translate_list(cls, val):
        return f"[{', '.join(cls.translate(each) for each in val)}]"

    @classmethod
    def translate_dict(cls, val):
        entries = ", ".join(f"{cls._key(str(name))}: {cls.translate(each)}" for name, each in val.items())
        return f"{{ {entries} }}" if entries else "{}"

    @classmethod
    def _key(cls, name):
        # `__proto__: x` would set the prototype.
        return name if is_name(name, reserved=True) and name != "__proto__" else f"[{json.dumps(name)}]"

    @classmethod
    def comment(cls, cmt_str):
        return f"// {cmt_str}"

    @classmethod
    def assign(cls, name, str_val):
        if not is_name(name):
            raise ValueError(
                f"Parameter name {name!r} is no TypeScript variable name. Use letters, digits, _ and $, and no reserved word."
            )
        declaration = getattr(cls._known, "declarations", {}).get(name)
        if declaration is None:
            return f"const {name} = {str_val};"
        annotation = f": {declaration.annotation}" if declaration.annotation else ""
        return f"{declaration.keyword} {name}{annotation} = {str_val};"

    @classmethod
    def codify(cls, parameters, comment="Parameters"):
        try:
            return super().codify(parameters, comment)
        finally:
            cls._known.declarations = {}

    @classmethod
    def inspect(cls, parameters_cell):
        found = declarations(parameters_cell["source"])
        cls._known.declarations = {each.name: each for each in found}
        return [
            Parameter(
                name=each.name,
                inferred_type_name=each.annotation or "None",
                default=each.default or "undefined",
                help=each.help,
            )
            for each in found
        ]


for _name in ("typescript", "potstill"):
    papermill_translators.register(_name, TypeScriptTranslator)
