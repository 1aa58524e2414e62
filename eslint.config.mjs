// Only the type-aware rules that matter in an async runtime; format and everything else is Biome's.
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/**", "node_modules/**", ".petrel/**"] },
  {
    files: ["src/**/*.ts", "src/**/*.tsx", "test/**/*.ts"],
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "@typescript-eslint": tseslint.plugin },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { arguments: false } }],
      "@typescript-eslint/await-thenable": "error",
      "max-lines": ["error", 500],
    },
  },
  {
    files: ["src/**/*.ts"],
    rules: {
      // As one object it comes whole, with the words of its errors in fifty languages: 0.6 MB that each command would read.
      "no-restricted-syntax": [
        "error",
        {
          selector: "ImportDeclaration[importKind=value][source.value=zod] > ImportSpecifier[imported.name=z]",
          message: 'Write import * as z from "zod".',
        },
      ],
    },
  },
);
