// SPDX-License-Identifier: Apache-2.0
// Compares our FHIRPath with npm `fhirpath` on the same resources and expressions.
//   node peer.js mutate SEED < resources.ndjson > mutated.ndjson
//   node peer.js compare resources.ndjson < results of fhirpath_results
"use strict";
const fs = require("fs");
const fhirpath = require("fhirpath");
const r4 = require("fhirpath/fhir-context/r4");

// A small generator, so that a seed makes the same resources everywhere.
function generator(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * below);
  };
}

function places(value, out, depth) {
  if (value === null || typeof value !== "object" || depth > 12) return out;
  for (const key of Object.keys(value)) {
    if (key !== "resourceType") out.push([value, key]);
    places(value[key], out, depth + 1);
  }
  return out;
}

// Takes away, empties, doubles and exchanges; what comes out is JSON, not always FHIR.
function mutate(resource, random) {
  const out = JSON.parse(JSON.stringify(resource));
  for (let i = 0; i < 3; ++i) {
    const all = places(out, [], 0);
    const [holder, key] = all[random(all.length)];
    const other = all[random(all.length)];
    switch (random(6)) {
      case 0:
        if (Array.isArray(holder)) holder.splice(Number(key), 1);
        else delete holder[key];
        break;
      case 1:
        if (Array.isArray(holder)) holder.push(JSON.parse(JSON.stringify(holder[key])));
        else if (Array.isArray(holder[key])) holder[key] = holder[key].concat(holder[key]);
        break;
      case 2:
        if (typeof holder[key] === "string") holder[key] = other[0][other[1]];
        if (typeof holder[key] !== "string") holder[key] = "#x";
        break;
      case 3:
        if (!Array.isArray(holder) && typeof holder[key] === "string") {
          holder["_" + key] = {extension: [{url: "urn:x", valueCode: "y"}]};
          if (random(2)) delete holder[key];
        }
        break;
      case 4:
        if (!Array.isArray(holder)) holder.extension = [{url: "urn:x"}];
        break;
      default:
        if (typeof holder[key] === "string" && /^\d{4}-/.test(holder[key]))
          holder[key] = holder[key].slice(0, [4, 7, 10][random(3)]);
    }
  }
  return out;
}

// References are resolved as far as their type, which is all that the expressions ask.
const options = {
  traceFn: () => {},
  userInvocationTable: {
    resolve: {
      fn: (items) => items.flatMap((item) => {
        const text = typeof item === "string" ? item : (item && item.reference) || "";
        const type = /(?:^|\/)([A-Z][A-Za-z]+)\/[A-Za-z0-9.-]+$/.exec(text);
        const name = type ? type[1] : item && item.type;
        return typeof name === "string" ? [{resourceType: name}] : [];
      }),
      arity: {0: []},
    },
  },
};

// `as` of several items is an error in the peer, and a filter with us; so is the type of what
// resolve() finds a type with us and a resource of the test's in the peer.
function adapted(expression) {
  return expression
    .replace(/\(([A-Za-z.]+) as ([A-Za-z]+)\)/g, "($1.ofType($2))")
    .replace(/\bas\(/g, "ofType(")
    .replace(/resolve\(\) is ([A-Za-z]+)/g, "(resolve().resourceType = '$1')");
}

const compiled = new Map();
function evaluate(expression, resource) {
  if (!compiled.has(expression))
    compiled.set(expression, fhirpath.compile(adapted(expression), r4, options));
  return compiled.get(expression)(resource, {resource, rootResource: resource});
}

// What the specification leaves open, or R4's own expressions need otherwise. docs/fhir.md says so.
function excused(expression, ours) {
  if (expression.includes("answer is Boolean")) return "boolean";
  if (expression.includes("resolve()") && JSON.stringify(ours).includes('"#')) return "contained";
  // A primitive with extensions alone: the peer sees no children below it.
  if (expression.startsWith("descendants().select(hasValue()") && !JSON.stringify(ours).includes("false"))
    return "companion";
  return null;
}

function compare(path) {
  const resources = fs.readFileSync(path, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  const excuses = {};
  let count = 0, different = 0, filled = 0;
  for (const line of fs.readFileSync(0, "utf8").trim().split("\n")) {
    const [number, expression, ours] = JSON.parse(line);
    let theirs;
    try {
      theirs = evaluate(expression, resources[number]);
      theirs = JSON.parse(JSON.stringify(theirs.filter((item) => item !== null && item !== undefined)));
    } catch (error) {
      theirs = "error";
    }
    ++count;
    if (theirs.length) ++filled;
    if (JSON.stringify(ours) === JSON.stringify(theirs)) continue;
    const excuse = excused(expression, ours);
    if (excuse) {
      excuses[excuse] = (excuses[excuse] || 0) + 1;
      continue;
    }
    if (++different <= 20)
      console.error(`${resources[number].resourceType} in line ${Number(number) + 1}: ${expression}\n` +
        `  ours   ${JSON.stringify(ours).slice(0, 300)}\n` +
        `  theirs ${JSON.stringify(theirs).slice(0, 300)}`);
  }
  console.log(JSON.stringify({count, filled, different, excuses}));
  process.exit(different ? 1 : 0);
}

if (process.argv[2] === "mutate") {
  const random = generator(Number(process.argv[3]));
  for (const line of fs.readFileSync(0, "utf8").trim().split("\n"))
    console.log(JSON.stringify(mutate(JSON.parse(line), random)));
} else {
  compare(process.argv[3]);
}
