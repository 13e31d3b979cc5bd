"use strict";

// Runs JavaScript programs for test_node.py. Reads {"names": [...], "programs": [[code, [inputs]], …]} from standard
// input; writes a list with, for each program, {"value": described} or {"error": name}. Given {"numbers": [text, …]}
// instead, writes a list of the JSON texts of these numbers.

// The reference has no such method.
delete String.prototype.concat;

const PRELUDE = `
  var absent = undefined;
  function sum(list) {
    var total = 0;
    for (var i = 0; i < list.length; i += 1) {
      if (list[i] == null) continue;
      if (typeof list[i] !== "number") throw new TypeError("The reference adds up numbers only.");
      total += list[i];
    }
    return total;
  }
  function contains(list, value) { return list.indexOf(value) >= 0; }
  function if_absent(value, fallback) { return value == null ? fallback : value; }
  function sort(list, order) {
    var proper = list.filter(function (x) { return x != null; });
    var texts = proper.every(function (x) { return typeof x === "string"; });
    if (!texts && !proper.every(function (x) { return typeof x === "number"; })) {
      throw new TypeError("The reference sorts numbers, or texts.");
    }
    var nans = proper.filter(function (x) { return x !== x; });
    function up(a, b) { return a < b ? -1 : a > b ? 1 : 0; }
    return proper
      .filter(function (x) { return x === x; })
      .sort(order === "ascending" ? up : function (a, b) { return up(b, a); })
      .concat(nans)
      .concat(list.filter(function (x) { return x === null; }))
      .concat(list.filter(function (x) { return x === undefined; }));
  }
`;

// JSON has neither undefined nor NaN nor -0, so every value is a list that begins with its kind.
function described(value) {
  if (value === undefined) return ["absent"];
  if (value === null) return ["null"];
  if (typeof value === "number") return ["number", Object.is(value, -0) ? "-0" : String(value)];
  if (typeof value !== "object") return [typeof value, value];
  if (Array.isArray(value)) return ["list", Array.from(value, described)];
  return ["object", Object.entries(value).map(([key, member]) => [key, described(member)])];
}

let text = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (part) => {
  text += part;
});
process.stdin.on("end", () => {
  const { names, programs, numbers } = JSON.parse(text);
  if (numbers) {
    process.stdout.write(JSON.stringify(numbers.map((number) => JSON.stringify(Number(number)))));
    return;
  }
  const results = programs.map(([code, inputs]) => {
    try {
      return { value: described(new Function(...names, PRELUDE + code)(...inputs)) };
    } catch (error) {
      return { error: error.name };
    }
  });
  process.stdout.write(JSON.stringify(results));
});
