"""The syntax tree as JSON."""

from typing import Any

from leapter.veritas import ast


def syntax_tree(document: ast.Document) -> dict[str, Any]:
    """The Blueprint and its helpers with node ids, labels and lines; expressions are the text of the source.

    `{"id", "name", "label", "description", "line", "inputs", "outputs", "body", "helpers"}`; a statement is
    `{"kind", "nodeId", "label", "description", "line", …}` with members of its kind.
    """
    tree = _function(document, document.main)
    tree["id"] = document.main.notes.blueprint_id
    tree["helpers"] = [_function(document, function) for function in document.functions[:-1]]
    return tree


def _function(document: ast.Document, function: ast.Function) -> dict[str, Any]:
    return {
        "nodeId": function.notes.node_id,
        "name": function.name,
        "label": function.notes.label or function.name,
        "description": function.notes.description,
        "line": function.line,
        "inputs": [_parameter(document, parameter) for parameter in function.inputs],
        "outputs": [_parameter(document, parameter) for parameter in function.outputs],
        "body": _body(document, function.body),
    }


def _parameter(document: ast.Document, parameter: ast.Parameter) -> dict[str, Any]:
    result = _node(parameter.notes, parameter.line)
    result |= {"name": parameter.name, "type": str(parameter.type)}
    if parameter.choices is not None:
        result["choices"] = [document.text_of(choice) for choice in parameter.choices]
    if parameter.default is not None:
        result["default"] = document.text_of(parameter.default)
    return result


def _node(notes: ast.Notes, line: int) -> dict[str, Any]:
    return {"nodeId": notes.node_id, "label": notes.label, "description": notes.description, "line": line}


def _body(document: ast.Document, body: list[ast.Statement]) -> list[dict[str, Any]]:
    return [_statement(document, statement) for statement in body]


def _assignment(document: ast.Document, assignment: ast.Assignment) -> dict[str, Any]:
    return {
        "target": document.text_of(assignment.target),
        "operator": assignment.operator,
        "value": document.text_of(assignment.value),
    }


def _statement(document: ast.Document, statement: ast.Statement) -> dict[str, Any]:
    result: dict[str, Any] = {"kind": _KINDS[type(statement)], **_node(statement.notes, statement.line)}
    if isinstance(statement, ast.Var):
        result["variables"] = [
            _node(declarator.notes, declarator.line)
            | {"name": declarator.name, "type": str(declarator.type)}
            | ({} if declarator.initial is None else {"value": document.text_of(declarator.initial)})
            for declarator in statement.declarators
        ]
    elif isinstance(statement, ast.Assignment):
        result |= _assignment(document, statement)
    elif isinstance(statement, ast.ExpressionStatement):
        result["expression"] = document.text_of(statement.expression)
    elif isinstance(statement, ast.Section):
        result["title"] = statement.title
        result["body"] = _body(document, statement.body)
    elif isinstance(statement, ast.Choose):
        result["branches"] = [
            _node(branch.notes, branch.line)
            | {
                "condition": None if branch.condition is None else document.text_of(branch.condition),
                "body": _body(document, branch.body),
            }
            for branch in statement.branches
        ]
    elif isinstance(statement, ast.Decide):
        result["inputs"] = [document.text_of(header) for header in statement.inputs]
        result["outputs"] = [document.text_of(target) for target in statement.targets]
        result["rows"] = [
            _node(row.notes, row.line)
            | {
                "conditions": ["any" if cell is None else document.text_of(cell) for cell in row.conditions],
                "values": [document.text_of(output) for output in row.outputs],
            }
            for row in statement.rows
        ]
    elif isinstance(statement, ast.For):
        result["initial"] = None if statement.initial is None else _assignment(document, statement.initial)
        result["condition"] = None if statement.condition is None else document.text_of(statement.condition)
        result["update"] = None if statement.update is None else _assignment(document, statement.update)
        result["body"] = _body(document, statement.body)
    elif isinstance(statement, ast.ForIn):
        result["variable"] = statement.variable
        result["values"] = document.text_of(statement.values)
        result["body"] = _body(document, statement.body)
    elif isinstance(statement, ast.While):
        result["condition"] = document.text_of(statement.condition)
        result["body"] = _body(document, statement.body)
    elif isinstance(statement, ast.Throw):
        result["value"] = document.text_of(statement.value)
    return result


_KINDS: dict[type[ast.Statement], str] = {
    ast.Var: "var",
    ast.Assignment: "assign",
    ast.ExpressionStatement: "expression",
    ast.Section: "section",
    ast.Choose: "choose",
    ast.Decide: "decide",
    ast.For: "for",
    ast.ForIn: "forIn",
    ast.While: "while",
    ast.Break: "break",
    ast.Continue: "continue",
    ast.Throw: "throw",
    ast.Return: "return",
}
