import { isScalar, parseDocument, visit } from "yaml";
import { maskProse, type Replace } from "./mask-text.js";
import { isHolderName, isSecretValue, isTokenLike } from "./secret-value.js";

/** YAML with what is secret replaced, as `maskJson` does it; comments go. Undefined where it is not YAML. */
export function maskYaml(
  text: string,
  replace: Replace,
  options: { readonly isCredentials: boolean },
): string | undefined {
  const document = parseDocument(text, { logLevel: "silent" });
  if (document.errors.length > 0) return undefined;
  document.commentBefore = null;
  document.comment = null;
  visit(document, {
    Node: (_, node) => {
      node.comment = null;
      node.commentBefore = null;
    },
  });
  visit(document, {
    Scalar: (key, node, path) => {
      if (key === "key" || typeof node.value !== "string") return;
      const names = path.flatMap((above) =>
        "key" in above && isScalar(above.key) ? [String(above.key.value)] : [],
      );
      const name = names.at(-1) ?? "";
      const isHeld = options.isCredentials || names.some(isHolderName);
      const isSecret = isSecretValue(name, node.value) || (isHeld && isTokenLike(node.value));
      node.value = isSecret ? replace(node.value, name) : maskProse(node.value, replace);
    },
  });
  return document.toString();
}
