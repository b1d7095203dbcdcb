import { expect, test } from "vitest";
import { internList, remember } from "./remember.ts";

test("the same objects and values give the same answer, computed once", () => {
  let computed = 0;
  const pair = remember((left: object, right: object, port: number) => {
    computed += 1;
    return { left, right, port };
  });
  const [a, b] = [{}, {}];
  expect(pair(a, b, 1)).toBe(pair(a, b, 1));
  expect(computed).toBe(1);
  expect(pair(a, b, 2)).not.toBe(pair(a, b, 1));
  expect(pair(b, a, 1)).not.toBe(pair(a, b, 1));
});

test("objects count by who they are, not by what they hold", () => {
  const wrap = remember((input: object) => ({ input }));
  expect(wrap({ same: 1 })).not.toBe(wrap({ same: 1 }));
});

test("an answer of undefined is an answer too", () => {
  let computed = 0;
  const nothing = remember((_input: object): undefined => {
    computed += 1;
  });
  const input = {};
  nothing(input);
  nothing(input);
  expect(computed).toBe(1);
});

test("lists of the same members in the same order become the same list", () => {
  const [a, b] = [{}, {}];
  const list = internList([a, b]);
  expect(internList([a, b])).toBe(list);
  expect(internList([b, a])).not.toBe(list);
  expect(internList([a])).not.toBe(list);
  expect(internList([a, b])).toEqual([a, b]);
  expect(internList([])).toBe(internList([]));
});
