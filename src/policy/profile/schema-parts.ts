import * as z from "zod";

// What the schemas of a profile are made of. Every object is strict and says which keys it knows; every leaf says its right form.

export function object<Shape extends z.ZodRawShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `unknown key ${issue.keys.join(", ")}; known here: ${Object.keys(shape).join(", ")}`
        : `give a mapping with ${Object.keys(shape).join(", ")}`,
  });
}

export function list<Item extends z.ZodType>(item: Item): z.ZodArray<Item> {
  return z.array(item, { error: "give a list: [a, b]" }).max(2000, "at most 2,000 entries");
}

export function oneOf<const Values extends readonly [string, ...string[]]>(...values: Values) {
  return z.enum(values, { error: `give one of ${values.join(", ")}` });
}

export const text = z
  .string({ error: "give text; a number or true/false in quotes" })
  .min(1, "empty text")
  .max(4096, "too long")
  .refine((value) => !/[\0\n\r]/.test(value), "text of one line");
export const word = (what: string, form: RegExp) => text.regex(form, `not ${what}`);
export const whole = (most: number) =>
  z.int({ error: "give a whole number" }).min(0, "give 0 or more").max(most, `at most ${most}`);
export const name = word(
  "a name: letters, digits, dots, underscores and dashes",
  /^[A-Za-z0-9][\w.-]{0,63}$/,
);
export const variable = "[A-Za-z_][A-Za-z0-9_]*";
